//! Keys, rates and what requests are refused for.

use serde_json::json;
use unbent_mock::{MockServer, Options};

use crate::client::{APIS, Api, send, server};

#[test]
fn a_key_opens_wherever_its_api_wants_it_and_no_other_does() {
    let server = MockServer::start(Options { key: Some("k1".to_owned()), ..Options::default() });
    let status =
        |headers: &str| Api::Chat.call_with(&server, "text", &Api::Chat.request("hi"), headers, false).status;
    for header in ["authorization: Bearer k1\r\n", "x-api-key: k1\r\n", "x-goog-api-key: k1\r\n"] {
        assert_eq!(status(header), 200, "{header}");
    }
    for header in ["", "authorization: Bearer k2\r\n", "authorization: k1\r\n"] {
        assert_eq!(status(header), 401, "{header}");
    }
    let body = Api::Gemini.request("hi").to_string();
    assert_eq!(send(&server, "POST", "/v1beta/models/text:generateContent?key=k1", "", &body).status, 200);
    assert_eq!(server.ledger().faults["key"], 3);
}

#[test]
fn a_rate_is_kept_and_told_in_headers() {
    let server = MockServer::start(Options { rpm: Some(2), ..Options::default() });
    let chat = |said: &str| Api::Chat.call(&server, "text", &Api::Chat.request(said));
    let first = chat("a");
    assert_eq!(first.header("x-ratelimit-limit-requests"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("1"));
    assert_eq!(first.header("x-ratelimit-reset-requests"), Some("30s"));
    chat("b");
    let refused = chat("c");
    assert_eq!((refused.status, server.ledger().faults["rpm"]), (429, 1));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((28..=31).contains(&wait), "{wait}");
    let anthropic = Api::Messages.call(&server, "text", &Api::Messages.request("d"));
    assert!(anthropic.header("anthropic-ratelimit-requests-reset").unwrap().ends_with('Z'));
}

#[test]
fn no_more_calls_are_answered_at_once_than_allowed() {
    let server = MockServer::start(Options { max_in_flight: Some(1), latency_ms: 100, ..Options::default() });
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let call = |body: usize| {
            let server = &server;
            move || Api::Chat.call(server, "text", &Api::Chat.request(&body.to_string())).status
        };
        let calls: Vec<_> = (0..8).map(|body| scope.spawn(call(body))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    assert!(server.ledger().faults["max-in-flight"] >= 1);
}

#[test]
fn a_strict_model_refuses_the_parameter_that_its_name_says() {
    let server = server();
    let with = |name: &str, more| Api::Chat.call(&server, name, &Api::Chat.with("hi", &more));
    let refused = with("strict-temperature", json!({"temperature": 0}));
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json()["error"],
        json!({"message": "Unsupported parameter: 'temperature' is not supported with this model.",
            "type": "invalid_request_error", "param": "temperature", "code": "unsupported_parameter"})
    );
    let limit = with("strict-max_tokens", json!({"max_tokens": 5})).json();
    assert!(limit["error"]["message"].as_str().unwrap().ends_with("Use 'max_completion_tokens' instead."));
    assert_eq!(with("strict-max_tokens", json!({"max_completion_tokens": 5})).status, 200);
    let nested = json!({"generationConfig": {"temperature": 0}});
    assert_eq!(Api::Gemini.call(&server, "strict-temperature", &Api::Gemini.with("hi", &nested)).status, 400);
}

#[test]
fn what_an_api_requires_must_be_there() {
    let server = server();
    for api in APIS.into_iter().filter(|api| !matches!(api, Api::OllamaChat | Api::OllamaGenerate)) {
        let got = api.call(&server, "text", &json!({"max_tokens": 5}));
        assert_eq!(got.status, 400, "{api:?}");
    }
    let request = json!({"messages": [{"role": "user", "content": "hi"}]});
    let unlimited = Api::Messages.call(&server, "text", &request);
    assert_eq!(unlimited.json()["error"]["message"], "max_tokens: Field required");
    let body = Api::Messages.with("hi", &json!({"model": "text"})).to_string();
    assert_eq!(send(&server, "POST", "/v1/messages", "", &body).status, 400);
    assert_eq!(send(&server, "POST", "/v1/chat/completions", "", "{\"model\"").status, 400);
    assert_eq!(send(&server, "POST", "/v1/embeddings", "", "{}").status, 404);
}

#[test]
fn models_are_listed_as_each_api_lists_them() {
    let server = server();
    let get = |path: &str, headers: &str| send(&server, "GET", path, headers, "").json();
    assert_eq!(get("/v1/models", "")["data"][0]["id"], "text");
    assert_eq!(get("/v1/models", "anthropic-version: 1\r\n")["data"][0]["type"], "model");
    assert_eq!(get("/v1beta/models", "")["models"][0]["name"], "models/text");
    assert_eq!(get("/api/tags", "")["models"][0]["name"], "text");
    assert_eq!(get("/health", "")["status"], "ok");
}
