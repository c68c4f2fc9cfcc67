//! What goes over the wire.

use std::time::Duration;

use serde_json::{Value, json};
use unbent_core::{AssistantMessage, Message, ReplySchema, Sampling, ToolCall, ToolChoice};
use unbent_providers::{ConfigError, Endpoint, Flavour, HttpModel, OpenAiChat, Secret};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Asked, one_string};
use crate::{KEY, config, dialect, provider};

/// The request that an ask becomes, as the server got it.
async fn sent(asked: &Asked, configure: impl FnOnce(&mut Endpoint)) -> Request {
    sent_as(asked, dialect(), configure).await
}

/// The request that an ask becomes in this reading of the dialect.
async fn sent_as(asked: &Asked, dialect: OpenAiChat, configure: impl FnOnce(&mut Endpoint)) -> Request {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"choices": [{"message": {"content": "Hm."}}]})),
        )
        .mount(&server)
        .await;
    let mut config = config(&format!("{}/v1", server.uri()));
    configure(&mut config);
    let provider = HttpModel::new(config, dialect).expect("a good configuration");
    asked.put_to(&provider).await.expect("the server answers");
    let mut requests = server.received_requests().await.expect("requests are recorded");
    assert_eq!(requests.len(), 1, "one ask is one request");
    requests.remove(0)
}

#[tokio::test]
async fn a_plain_question_is_sent_with_nothing_that_was_not_asked_for() {
    let request =
        sent(&Asked::of(vec![Message::system("Be brief."), Message::user("Who are \"you\", ü?")]), |_| {})
            .await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"model":"org/model:free","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Who are \"you\", ü?"}]}"#
    );
    assert_eq!(request.url.path(), "/v1/chat/completions");
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["user-agent"], "unbent/0.1.0");
}

#[tokio::test]
async fn a_full_ask_is_sent_field_by_field() {
    let mut asked = Asked::of(vec![
        Message::system("Speak through the tool."),
        Message::user("[start]"),
        Message::Assistant(AssistantMessage {
            content: None,
            tool_calls: vec![ToolCall {
                id: "hmsg00001".into(),
                name: "send_message_to_human".into(),
                arguments: "{\"message\": \"H\\u00e9".into(),
            }],
            reasoning: Some("kept to ourselves".into()),
            extra: json!({"signature": "kept too"}).as_object().unwrap().clone(),
        }),
        Message::tool("hmsg00001", "And now?"),
        Message::Assistant(AssistantMessage::default()),
        Message::assistant("Plain."),
    ])
    .with_tool("send_message_to_human", one_string("message"));
    asked.ask.reply_schema = Some(ReplySchema {
        name: "grade".into(),
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}}),
    });
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        max_tokens: Some(2048),
        reasoning_effort: Some("low".into()),
        seed: Some(42),
        ..Sampling::default()
    };
    let request = sent(&asked, |_| {}).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        concat!(
            r#"{"model":"org/model:free","messages":["#,
            r#"{"role":"system","content":"Speak through the tool."},"#,
            r#"{"role":"user","content":"[start]"},"#,
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"hmsg00001","type":"function","#,
            r#""function":{"name":"send_message_to_human","arguments":"{\"message\": \"H\\u00e9"}}]},"#,
            r#"{"role":"tool","tool_call_id":"hmsg00001","content":"And now?"},"#,
            r#"{"role":"assistant","content":""},"#,
            r#"{"role":"assistant","content":"Plain."}],"#,
            r#""tools":[{"type":"function","function":{"name":"send_message_to_human","#,
            r#""description":"Calls send_message_to_human.","parameters":{"type":"object","#,
            r#""properties":{"message":{"type":"string"}},"required":["message"]}}}],"#,
            r#""response_format":{"type":"json_schema","json_schema":{"name":"grade","strict":false,"#,
            r#""schema":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}}}}},"#,
            r#""temperature":0.7,"max_tokens":2048,"reasoning_effort":"low","seed":42}"#,
        )
    );
}

/// Every parameter that there is.
fn everything() -> Asked {
    let mut asked = Asked::hello();
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.9),
        top_k: Some(30),
        repeat_penalty: Some(1.5),
        max_tokens: Some(512),
        reasoning_effort: Some("high".into()),
        reasoning_tokens: Some(256),
        stop: Some(vec!["END".into()]),
        seed: Some(42),
        logprobs: Some(2),
    };
    asked
}

async fn fields_and_unsent(flavour: Flavour, refuses: &[&str]) -> (Value, Vec<String>) {
    let refuses = refuses.iter().map(|name| (*name).to_owned()).collect();
    let dialect = OpenAiChat { flavour, refuses, ..dialect() };
    let mut body: Value = serde_json::from_slice(&sent_as(&everything(), dialect.clone(), |_| {}).await.body)
        .expect("a request is JSON");
    body.as_object_mut()
        .expect("a request is an object")
        .retain(|name, _| name != "model" && name != "messages");
    let provider = HttpModel::new(config("http://host/v1"), dialect).expect("a good configuration");
    (body, unbent_core::Provider::unsent(&provider, &everything().ask))
}

#[tokio::test]
async fn each_flavour_sends_its_own_names_and_says_what_it_cannot_send() {
    let common = json!({"temperature": 0.7, "top_p": 0.9, "stop": ["END"], "seed": 42, "logprobs": true, "top_logprobs": 2});
    let with = |more: Value| {
        let mut all = common.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    assert_eq!(
        fields_and_unsent(Flavour::OpenAi, &[]).await,
        (
            with(json!({"max_completion_tokens": 512, "reasoning_effort": "high"})),
            vec!["top_k".to_owned(), "repeat_penalty".to_owned(), "reasoning_tokens".to_owned()]
        )
    );
    assert_eq!(
        fields_and_unsent(Flavour::Compatible, &[]).await,
        (
            with(json!({"max_tokens": 512, "reasoning_effort": "high", "top_k": 30, "repeat_penalty": 1.5})),
            vec!["reasoning_tokens".to_owned()]
        )
    );
    let routed = json!({
        "max_tokens": 512, "reasoning": {"max_tokens": 256}, "top_k": 30, "repetition_penalty": 1.5,
        "usage": {"include": true}
    });
    assert_eq!(fields_and_unsent(Flavour::OpenRouter, &[]).await, (with(routed), vec![]));
}

#[tokio::test]
async fn what_a_model_refuses_is_left_out_and_told() {
    let (body, unsent) = fields_and_unsent(Flavour::OpenAi, &["temperature", "top_p"]).await;
    assert_eq!((body.get("temperature"), body.get("top_p")), (None, None));
    assert_eq!(unsent[..2], ["temperature", "top_p"]);
}

#[tokio::test]
async fn a_pin_allows_no_other_provider_and_reasoning_goes_back_to_a_router_as_it_came() {
    let details = json!([{"type": "reasoning.encrypted", "data": "gAAA", "id": "r1"}]);
    let turn = AssistantMessage {
        extra: json!({"reasoning_details": details}).as_object().unwrap().clone(),
        ..AssistantMessage::text("Hm.")
    };
    let asked = Asked::of(vec![Message::user("Hello?"), Message::Assistant(turn), Message::user("And?")]);
    let routed = OpenAiChat { flavour: Flavour::OpenRouter, pin: Some("fireworks".into()), ..dialect() };
    let body: Value = serde_json::from_slice(&sent_as(&asked, routed, |_| {}).await.body).unwrap();
    assert_eq!(body["provider"], json!({"order": ["fireworks"], "allow_fallbacks": false}));
    assert_eq!(body["messages"][1]["reasoning_details"], details);
    let body: Value = serde_json::from_slice(&sent(&asked, |_| {}).await.body).unwrap();
    assert_eq!((body.get("provider"), body["messages"][1].get("reasoning_details")), (None, None));
}

#[tokio::test]
async fn a_tool_can_be_demanded() {
    for (choice, wire) in [
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::Tool("say".into()), json!({"type": "function", "function": {"name": "say"}})),
    ] {
        let mut asked = Asked::hello().with_tool("say", one_string("text"));
        asked.ask.tool_choice = choice;
        let body: Value = serde_json::from_slice(&sent(&asked, |_| {}).await.body).unwrap();
        assert_eq!(body["tool_choice"], wire);
    }
}

#[tokio::test]
async fn no_effort_is_sent_for_none_or_off() {
    for effort in ["none", "off", "Off"] {
        let mut asked = Asked::hello();
        asked.ask.sampling.reasoning_effort = Some(effort.into());
        let request = sent(&asked, |_| {}).await;
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body.get("reasoning_effort"), None, "{effort}");
    }
}

#[tokio::test]
async fn extra_headers_are_sent_and_an_absent_key_is_not() {
    let request = sent(&Asked::hello(), |config| {
        config.api_key = Some(Secret::new(" \n"));
        config.extra_headers = vec![("X-Title".into(), Secret::new("unbent"))];
    })
    .await;
    assert_eq!(request.headers["x-title"], "unbent");
    assert!(!request.headers.contains_key("authorization"));
}

#[test]
fn the_path_is_appended_to_any_base_url() {
    for (base_url, endpoint) in [
        ("http://127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1/chat/completions"),
        ("http://127.0.0.1:1234/v1/", "http://127.0.0.1:1234/v1/chat/completions"),
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234/chat/completions"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        (" http://[::1]:8000/a%20b/ ", "http://[::1]:8000/a%20b/chat/completions"),
    ] {
        assert_eq!(provider(base_url).address(), endpoint);
    }
}

#[test]
fn a_useless_configuration_is_refused_before_anything_is_sent() {
    for (base_url, reason) in [
        ("127.0.0.1:1234/v1", "is not a URL"),
        ("ftp://host/v1", "does not begin with http"),
        ("http://user:hunter22@host/v1", "user name or password"),
        ("http://host/v1?key=hunter22", "query"),
        ("http://host/v1/chat/completions/", "leave that away"),
    ] {
        let error = HttpModel::new(config(base_url), dialect()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("hunter22"), "{error}");
    }
    let build = |change: fn(&mut Endpoint)| {
        let mut config = config("http://host/v1");
        change(&mut config);
        HttpModel::new(config, dialect()).unwrap_err()
    };
    assert_eq!(build(|config| config.api_key = Some(Secret::new("two\nlines"))), ConfigError::ApiKey);
    assert_eq!(
        build(|config| config.extra_headers = vec![("a b".into(), Secret::new("c"))]),
        ConfigError::Header { name: "a b".into() }
    );
}

#[test]
fn a_key_shows_in_no_debug_output() {
    let mut config = config("https://host/v1");
    config.extra_headers = vec![("api-key".into(), Secret::new("another-key"))];
    config.timeout = Duration::from_secs(1);
    let shown = format!("{config:?} {:?}", HttpModel::new(config.clone(), dialect()).unwrap());
    assert!(!shown.contains("sk-live") && !shown.contains("another-key"), "{shown}");
    assert!(shown.contains("https://host/v1/chat/completions"), "{shown}");
}

#[test]
fn a_turn_of_tool_calls_alone_is_sent_with_an_empty_text_where_the_server_refuses_null() {
    let call = ToolCall { id: "c1".into(), name: "say".into(), arguments: "{}".into() };
    let turn = AssistantMessage { tool_calls: vec![call], ..AssistantMessage::default() };
    let ask = Asked::of(vec![Message::user("Hi"), Message::Assistant(turn)]).ask;
    let content = |fills_null| {
        let model = HttpModel::new(config("http://host/v1"), OpenAiChat { fills_null, ..dialect() }).unwrap();
        let body: Value = serde_json::from_slice(&model.request_body(&ask).unwrap()).unwrap();
        body["messages"][1]["content"].clone()
    };
    assert_eq!((content(false), content(true)), (Value::Null, json!("")));
}
