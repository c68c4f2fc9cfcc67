//! What goes over the wire.

use serde_json::{Value, json};
use unbent_core::{
    Ask, AssistantMessage, FaultKind, Message, Provider as _, ReplySchema, Sampling, ToolCall,
};
use unbent_providers::{Completions, Template};

use crate::support::{Asked, one_string};
use crate::{dialect, model};

fn body(ask: &Ask, dialect: Completions) -> Value {
    serde_json::from_slice(&model(dialect).request_body(ask).expect("a request")).expect("it is JSON")
}

#[test]
fn a_single_user_message_is_the_prompt_verbatim() {
    let asked = Asked::of(vec![Message::user("  Once upon a time,\n")]);
    assert_eq!(
        String::from_utf8(model(dialect()).request_body(&asked.ask).unwrap()).unwrap(),
        r#"{"model":"base-7b","prompt":"  Once upon a time,\n","max_tokens":512}"#
    );
    assert_eq!(model(dialect()).address(), "http://host/v1/completions");
}

#[test]
fn a_conversation_is_a_transcript_that_stops_at_the_next_user_turn() {
    let asked = Asked::of(vec![
        Message::system("Be brief."),
        Message::user("Who are you?"),
        Message::assistant("Nobody."),
        Message::user("And now?"),
    ]);
    assert_eq!(
        body(&asked.ask, dialect()),
        json!({
            "model": "base-7b",
            "prompt": "System: Be brief.\n\nUser: Who are you?\n\nAssistant: Nobody.\n\nUser: And now?\n\nAssistant:",
            "max_tokens": 512,
            "stop": ["\nUser:"],
        })
    );
}

#[test]
fn labels_can_be_changed_and_an_open_turn_is_gone_on_with() {
    let asked = Asked::of(vec![Message::user("Who?"), Message::assistant("It was")]);
    let template = Template { user: "Q".into(), assistant: "A".into(), ..Template::default() };
    let body = body(&asked.ask, Completions { template, ..dialect() });
    assert_eq!((&body["prompt"], &body["stop"]), (&json!("Q: Who?\n\nA: It was"), &json!(["\nQ:"])));
}

fn everything() -> Ask {
    let mut ask = Asked::of(vec![Message::user("Who?"), Message::assistant("Me.")]).ask;
    ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.9),
        top_k: Some(30),
        repeat_penalty: Some(1.5),
        max_tokens: Some(64),
        reasoning_effort: Some("high".into()),
        reasoning_tokens: Some(256),
        stop: Some(vec!["END".into()]),
        seed: Some(42),
        logprobs: Some(2),
    };
    ask.reply_schema = Some(ReplySchema { name: "grade".into(), schema: json!({"type": "object"}) });
    ask
}

#[test]
fn every_parameter_is_sent_under_its_name_and_the_rest_is_told() {
    assert_eq!(
        String::from_utf8(model(dialect()).request_body(&everything()).unwrap()).unwrap(),
        concat!(
            r#"{"model":"base-7b","prompt":"User: Who?\n\nAssistant: Me.","max_tokens":64,"temperature":0.7,"#,
            r#""top_p":0.9,"top_k":30,"repeat_penalty":1.5,"stop":["END"],"seed":42,"logprobs":2}"#
        )
    );
    assert_eq!(
        model(dialect()).unsent(&everything()),
        ["reasoning_effort", "reasoning_tokens", "reply_schema"]
    );
}

#[test]
fn what_a_model_refuses_is_left_out_and_told_and_no_default_stands_in() {
    let refuses = ["stop", "max_tokens", "seed"].map(str::to_owned).into();
    let dialect = Completions { refuses, ..dialect() };
    let unsent = model(dialect.clone()).unsent(&everything());
    assert_eq!(unsent[..3], ["max_tokens", "stop", "seed"]);
    let sent = body(&everything(), dialect);
    assert_eq!((sent.get("stop"), sent.get("max_tokens"), sent.get("seed")), (None, None, None));
}

#[test]
fn tools_and_an_empty_conversation_are_rejected() {
    let called = AssistantMessage {
        tool_calls: vec![ToolCall { id: "c1".into(), name: "say".into(), arguments: "{}".into() }],
        ..AssistantMessage::default()
    };
    for (asked, story) in [
        (Asked::hello().with_tool("say", one_string("text")), "a raw completion model calls no tools"),
        (
            Asked::of(vec![Message::user("a"), Message::tool("c1", "b")]),
            "a raw completion model calls no tools",
        ),
        (Asked::of(vec![Message::Assistant(called)]), "a raw completion model calls no tools"),
        (Asked::of(vec![]), "there is no text to complete"),
    ] {
        let fault = model(dialect()).request_body(&asked.ask).unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Rejected, story));
    }
}
