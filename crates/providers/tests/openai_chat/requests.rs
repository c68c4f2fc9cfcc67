//! What goes over the wire.

use std::time::Duration;

use serde_json::{Value, json};
use unbent_core::{AssistantMessage, Message, ReplySchema, Sampling, ToolCall};
use unbent_providers::{ConfigError, OpenAiChat, OpenAiChatConfig, Secret};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Asked, one_string};
use crate::{KEY, config, provider};

/// The request that an ask becomes, as the server got it.
async fn sent(asked: &Asked, configure: impl FnOnce(&mut OpenAiChatConfig)) -> Request {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"choices": [{"message": {"content": "Hm."}}]})),
        )
        .mount(&server)
        .await;
    let mut config = config(&format!("{}/v1", server.uri()));
    configure(&mut config);
    let provider = OpenAiChat::new(config).expect("a good configuration");
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

#[tokio::test]
async fn settings_fill_only_what_the_ask_leaves_open() {
    let mut asked = Asked::hello();
    asked.ask.sampling.temperature = Some(0.0);
    let request = sent(&asked, |config| {
        config.default_settings =
            Sampling { temperature: Some(1.0), max_tokens: Some(64), ..Sampling::default() };
    })
    .await;
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["temperature"], json!(0.0));
    assert_eq!(body["max_tokens"], json!(64));
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
        assert_eq!(provider(base_url).endpoint(), endpoint);
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
        let error = OpenAiChat::new(config(base_url)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("hunter22"), "{error}");
    }
    let build = |change: fn(&mut OpenAiChatConfig)| {
        let mut config = config("http://host/v1");
        change(&mut config);
        OpenAiChat::new(config).unwrap_err()
    };
    assert_eq!(build(|config| config.model = " ".into()), ConfigError::NoModel);
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
    let shown = format!("{config:?} {:?}", OpenAiChat::new(config.clone()).unwrap());
    assert!(!shown.contains("sk-live") && !shown.contains("another-key"), "{shown}");
    assert!(shown.contains("https://host/v1/chat/completions"), "{shown}");
}
