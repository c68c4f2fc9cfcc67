//! What goes over the wire.

use serde_json::{Value, json};
use unbent_core::{
    Ask, AssistantMessage, FaultKind, Message, Provider as _, ReplySchema, Sampling, ToolCall, ToolChoice,
};
use unbent_providers::Ollama;

use crate::support::{Asked, one_string};
use crate::{chat, generate, model};

fn text(ask: &Ask, dialect: Ollama) -> String {
    String::from_utf8(model(dialect).request_body(ask).expect("a request")).expect("it is JSON")
}

fn body(ask: &Ask, dialect: Ollama) -> Value {
    serde_json::from_str(&text(ask, dialect)).expect("it is JSON")
}

#[test]
fn a_plain_question_is_sent_with_nothing_that_was_not_asked_for() {
    let ask = Asked::of(vec![Message::system("Be brief."), Message::user("Who are \"you\", ü?")]).ask;
    assert_eq!(
        text(&ask, chat()),
        concat!(
            r#"{"model":"qwen3:8b","messages":[{"role":"system","content":"Be brief."},"#,
            r#"{"role":"user","content":"Who are \"you\", ü?"}],"stream":false}"#
        )
    );
    assert_eq!(
        text(&ask, generate()),
        r#"{"model":"llama3.2","system":"Be brief.","prompt":"Who are \"you\", ü?","stream":false}"#
    );
    assert_eq!(
        text(&Asked::hello().ask, generate()),
        r#"{"model":"llama3.2","prompt":"Hello?","stream":false}"#
    );
    assert_eq!(model(chat()).address(), "http://localhost:11434/api/chat");
    assert_eq!(model(generate()).address(), "http://localhost:11434/api/generate");
}

#[test]
fn a_full_ask_is_sent_field_by_field() {
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: format!("weather_{id}"),
        arguments: arguments.into(),
    };
    let mut asked = Asked::of(vec![
        Message::user("[start]"),
        Message::Assistant(AssistantMessage {
            content: None,
            tool_calls: vec![call("c1", "{\"town\": \"Bergen\"}"), call("c2", "{\"town\": \"Ly")],
            reasoning: Some("Two towns.".into()),
            ..AssistantMessage::default()
        }),
        Message::tool("c2", "No such town."),
        Message::tool("c1", "Rain."),
        Message::tool("c9", "Lost."),
    ])
    .with_tool("weather", one_string("town"));
    asked.ask.reply_schema = Some(ReplySchema {
        name: "grade".into(),
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}}),
    });
    asked.ask.sampling = everything();
    assert_eq!(
        text(&asked.ask, Ollama { num_ctx: Some(8192), ..chat() }),
        concat!(
            r#"{"model":"qwen3:8b","messages":[{"role":"user","content":"[start]"},"#,
            r#"{"role":"assistant","content":"","thinking":"Two towns.","tool_calls":["#,
            r#"{"function":{"name":"weather_c1","arguments":{"town":"Bergen"}}},"#,
            r#"{"function":{"name":"weather_c2","arguments":{}}}]},"#,
            r#"{"role":"tool","content":"No such town.","tool_name":"weather_c2"},"#,
            r#"{"role":"tool","content":"Rain.","tool_name":"weather_c1"},"#,
            r#"{"role":"tool","content":"Lost."}],"#,
            r#""tools":[{"type":"function","function":{"name":"weather","description":"Calls weather.","#,
            r#""parameters":{"type":"object","properties":{"town":{"type":"string"}},"required":["town"]}}}],"#,
            r#""format":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}}},"#,
            r#""think":"high","options":{"temperature":0.7,"top_p":0.9,"top_k":30,"repeat_penalty":1.5,"#,
            r#""num_predict":512,"seed":42,"stop":["END"],"num_ctx":8192},"#,
            r#""logprobs":true,"top_logprobs":2,"stream":false}"#
        )
    );
}

fn everything() -> Sampling {
    Sampling {
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
    }
}

#[test]
fn what_has_no_field_and_what_a_model_refuses_is_left_out_and_told() {
    let mut ask = Asked::hello().ask;
    ask.sampling = everything();
    ask.tool_choice = ToolChoice::Required;
    let refuses = ["temperature", "reasoning_effort", "logprobs"].map(str::to_owned).into();
    let dialect = Ollama { refuses, ..chat() };
    assert_eq!(
        model(dialect.clone()).unsent(&ask),
        ["temperature", "reasoning_effort", "logprobs", "reasoning_tokens", "tool_choice"]
    );
    let body = body(&ask, dialect);
    assert_eq!(
        (body["options"].get("temperature"), body.get("think"), body.get("logprobs")),
        (None, None, None)
    );
}

#[test]
fn thinking_is_switched_off_or_graded_or_left_to_the_server() {
    for (effort, think) in [
        ("none", Some(json!(false))),
        ("Off", Some(json!(false))),
        ("low", Some(json!("low"))),
        ("Medium", Some(json!("medium"))),
        ("high", Some(json!("high"))),
        ("utmost", None),
    ] {
        let mut ask = Asked::hello().ask;
        ask.sampling.reasoning_effort = Some(effort.into());
        let unsent = model(generate()).unsent(&ask);
        assert_eq!(unsent.is_empty(), think.is_some(), "{effort}");
        assert_eq!(body(&ask, generate()).get("think").cloned(), think, "{effort}");
    }
}

#[test]
fn generate_takes_one_user_turn_and_no_tools() {
    let conversation = vec![Message::user("a"), Message::assistant("b"), Message::user("c")];
    for (asked, story) in [
        (Asked::of(conversation), "not a conversation"),
        (Asked::of(vec![Message::user("a"), Message::user("b")]), "not a conversation"),
        (Asked::of(vec![Message::system("a")]), "there is none"),
        (Asked::hello().with_tool("say", one_string("text")), "takes no tools"),
    ] {
        let fault = model(generate()).request_body(&asked.ask).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected);
        assert!(fault.message.contains(story), "{fault}");
    }
}
