//! What goes over the wire.

use serde_json::{Value, json};
use unbent_core::{
    Ask, AssistantMessage, Message, Provider as _, ReplySchema, Sampling, ToolCall, ToolChoice,
};
use unbent_providers::OpenAiResponses;

use crate::support::{Asked, one_string};
use crate::{dialect, model, reply};

fn body(ask: &Ask, dialect: OpenAiResponses) -> Value {
    serde_json::from_slice(&model(dialect).request_body(ask).expect("a request")).expect("it is JSON")
}

#[test]
fn a_plain_question_is_sent_with_nothing_that_was_not_asked_for() {
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user("Who are \"you\", ü?")]);
    assert_eq!(
        String::from_utf8(model(dialect()).request_body(&asked.ask).unwrap()).unwrap(),
        concat!(
            r#"{"model":"gpt-5.1","input":[{"role":"system","content":"Be brief."},"#,
            r#"{"role":"user","content":"Who are \"you\", ü?"}],"store":false}"#
        )
    );
    assert_eq!(model(dialect()).address(), "http://host/v1/responses");
}

#[test]
fn a_full_ask_is_sent_field_by_field() {
    let mut asked = Asked::of(vec![
        Message::user("[start]"),
        Message::Assistant(AssistantMessage {
            content: Some("Let me look.".into()),
            tool_calls: vec![
                ToolCall { id: "call_A".into(), name: "weather".into(), arguments: "{\"town\": \"Be".into() },
                ToolCall { id: "call_B".into(), name: "weather".into(), arguments: "{}".into() },
            ],
            reasoning: Some("kept to ourselves".into()),
            ..AssistantMessage::default()
        }),
        Message::tool("call_A", "Rain."),
        Message::tool("call_B", "No such town."),
        Message::Assistant(AssistantMessage::default()),
    ])
    .with_tool("weather", one_string("town"));
    asked.ask.reply_schema = Some(ReplySchema {
        name: "grade".into(),
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}}),
    });
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.9),
        max_tokens: Some(2048),
        reasoning_effort: Some("low".into()),
        logprobs: Some(2),
        ..Sampling::default()
    };
    let dialect = OpenAiResponses { streams: true, ..dialect() };
    assert_eq!(
        String::from_utf8(model(dialect).request_body(&asked.ask).unwrap()).unwrap(),
        concat!(
            r#"{"model":"gpt-5.1","input":[{"role":"user","content":"[start]"},"#,
            r#"{"role":"assistant","content":"Let me look."},"#,
            r#"{"type":"function_call","call_id":"call_A","name":"weather","arguments":"{\"town\": \"Be"},"#,
            r#"{"type":"function_call","call_id":"call_B","name":"weather","arguments":"{}"},"#,
            r#"{"type":"function_call_output","call_id":"call_A","output":"Rain."},"#,
            r#"{"type":"function_call_output","call_id":"call_B","output":"No such town."},"#,
            r#"{"role":"assistant","content":""}],"store":false,"#,
            r#""include":["reasoning.encrypted_content","message.output_text.logprobs"],"#,
            r#""tools":[{"type":"function","name":"weather","description":"Calls weather.","#,
            r#""parameters":{"type":"object","properties":{"town":{"type":"string"}},"required":["town"]},"#,
            r#""strict":false}],"#,
            r#""text":{"format":{"type":"json_schema","name":"grade","strict":false,"#,
            r#""schema":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}}}}},"#,
            r#""temperature":0.7,"top_p":0.9,"max_output_tokens":2048,"#,
            r#""reasoning":{"effort":"low","summary":"auto"},"top_logprobs":2,"stream":true}"#,
        )
    );
}

#[test]
fn what_has_no_field_and_what_a_model_refuses_is_left_out_and_told() {
    let mut ask = Asked::hello().ask;
    ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.9),
        top_k: Some(30),
        repeat_penalty: Some(1.5),
        max_tokens: Some(512),
        reasoning_effort: Some("high".into()),
        reasoning_tokens: Some(256),
        stop: Some(vec!["END".into()]),
        seed: Some(42),
        logprobs: Some(0),
    };
    let refuses = ["temperature", "reasoning_effort", "seed"].map(str::to_owned).into();
    let dialect = OpenAiResponses { refuses, ..dialect() };
    assert_eq!(
        model(dialect.clone()).unsent(&ask),
        ["temperature", "reasoning_effort", "top_k", "repeat_penalty", "reasoning_tokens", "stop", "seed"]
    );
    let mut body = body(&ask, dialect);
    body.as_object_mut().unwrap().remove("input");
    assert_eq!(
        body,
        json!({
            "model": "gpt-5.1", "store": false, "include": ["message.output_text.logprobs"], "top_p": 0.9,
            "max_output_tokens": 512
        })
    );
}

#[test]
fn no_reasoning_is_asked_for_with_the_effort_none() {
    let mut ask = Asked::hello().ask;
    ask.sampling.reasoning_effort = Some("none".into());
    let body = body(&ask, dialect());
    assert_eq!((&body["reasoning"], body.get("include")), (&json!({"effort": "none"}), None));
}

#[test]
fn a_tool_can_be_demanded() {
    for (choice, wire) in [
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::Tool("say".into()), json!({"type": "function", "name": "say"})),
    ] {
        let mut asked = Asked::hello().with_tool("say", one_string("text"));
        asked.ask.tool_choice = choice;
        assert_eq!(body(&asked.ask, dialect())["tool_choice"], wire);
    }
}

#[tokio::test]
async fn a_turn_with_reasoning_goes_back_item_by_item_as_it_came() {
    let fixture = include_str!("../fixtures/openai_responses/reasoning_and_calls.json");
    let turn = reply(fixture).await.message;
    let asked = Asked::of(vec![
        Message::user("Bergen or Lyon?"),
        Message::Assistant(turn),
        Message::tool("call_A", "Rain."),
        Message::tool("call_B", "Cut off."),
    ]);
    let given: Value = serde_json::from_str(fixture).unwrap();
    let mut input = vec![json!({"role": "user", "content": "Bergen or Lyon?"})];
    input.extend(given["output"].as_array().unwrap().clone());
    for (call_id, output) in [("call_A", "Rain."), ("call_B", "Cut off.")] {
        input.push(json!({"type": "function_call_output", "call_id": call_id, "output": output}));
    }
    // As text, so that the order of the fields counts too.
    assert_eq!(body(&asked.ask, dialect())["input"].to_string(), Value::Array(input).to_string());
}

#[test]
fn reasoning_that_only_the_server_could_read_is_not_sent_back() {
    let turn = AssistantMessage {
        extra:
            json!({"output_items": [{"type": "reasoning", "id": "rs_1", "summary": []}, {"type": "message"}]})
                .as_object()
                .unwrap()
                .clone(),
        ..AssistantMessage::text("Hm.")
    };
    let asked = Asked::of(vec![Message::user("Hello?"), Message::Assistant(turn)]);
    assert_eq!(body(&asked.ask, dialect())["input"][1], json!({"role": "assistant", "content": "Hm."}));
}
