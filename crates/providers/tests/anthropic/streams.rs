//! Answers that come event by event.

use serde_json::{Value, json};
use unbent_core::{FaultKind, FinishReason, Returned, ToolCall, Usage};
use unbent_providers::Anthropic;
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{dialect, exchange, fixture, message};

fn events() -> Vec<Value> {
    serde_json::from_value(fixture(include_str!("../fixtures/anthropic/stream.json")))
        .expect("a list of events")
}

fn stream(events: &[Value]) -> String {
    let told =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type"));
    events.iter().map(told).collect::<Vec<_>>().concat()
}

async fn streamed(body: impl Into<Vec<u8>>) -> Returned {
    let answer = ResponseTemplate::new(200).set_body_raw(body, "text/event-stream");
    exchange(&Asked::hello(), Anthropic { streams: true, ..dialect() }, answer).await.0
}

#[tokio::test]
async fn a_whole_stream_is_the_answer_that_it_is_the_pieces_of() {
    let reply = streamed(stream(&events())).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Let me look."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Hmm."));
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [call("toolu_03", "look", "{\"where\":\"attic\"}"), call("toolu_04", "rest", "{}")]
    );
    assert_eq!(
        reply.message.extra["content_blocks"],
        json!([
            {"type": "thinking", "thinking": "Hmm.", "signature": "c2ln"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_03", "name": "look", "input": {"where": "attic"}},
            {"type": "tool_use", "id": "toolu_04", "name": "rest", "input": {}},
        ])
    );
    assert_eq!(reply.finish, FinishReason::ToolCalls);
    assert_eq!(reply.usage, Usage { input: 30, output: 40, cached_input: 5, ..Usage::default() });
    assert_eq!(reply.served.response_id.as_deref(), Some("msg_01C"));
}

#[tokio::test]
async fn a_stream_cut_at_any_event_is_cut_and_costs_what_it_told() {
    let events = events();
    for end in 0..events.len() {
        let returned = streamed(stream(&events[..end])).await;
        assert_eq!(returned.result.unwrap_err().kind, FaultKind::Cut, "after {end} events");
        let output = match end {
            0 => 0,
            19 => 40,
            _ => 1,
        };
        assert_eq!(returned.wasted.usage.output, output, "after {end} events");
        assert_eq!(returned.wasted.usage.input, if end == 0 { 0 } else { 30 });
    }
}

#[tokio::test]
async fn an_error_among_the_events_is_told_by_its_type_and_costs_what_was_told_before() {
    for (kind, fault) in [
        ("overloaded_error", FaultKind::RateLimited),
        ("rate_limit_error", FaultKind::RateLimited),
        ("api_error", FaultKind::Server),
    ] {
        let mut events = events();
        events.truncate(9);
        events.push(json!({"type": "error", "error": {"type": kind, "message": "a story"}}));
        let returned = streamed(stream(&events)).await;
        let met = returned.result.unwrap_err();
        assert_eq!(met.kind, fault);
        assert!(met.message.contains("broke off with an error: a story"), "{met}");
        assert_eq!(returned.wasted.usage.input, 30);
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_object_are_kept_as_they_were_written() {
    let mut events = events();
    events[14] = json!({"type": "content_block_delta", "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": "ic"}});
    let reply = streamed(stream(&events)).await.result.unwrap();
    assert_eq!(reply.message.tool_calls[0].arguments, "{\"where\": \"attic");

    let asked =
        Asked::of(vec![unbent_core::Message::user("Look."), unbent_core::Message::Assistant(reply.message)]);
    let answer = message(&json!([{"type": "text", "text": "Hm."}]), "end_turn");
    let answer = ResponseTemplate::new(200).set_body_json(answer);
    let (_, request) = exchange(&asked, dialect(), answer).await;
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let blocks = &body["messages"][1]["content"];
    assert_eq!(blocks[0]["signature"], "c2ln");
    assert_eq!(blocks[2]["input"], json!({"_malformed": "{\"where\": \"attic"}));
}

#[tokio::test]
async fn an_event_that_is_not_json_makes_the_stream_malformed() {
    let returned = streamed(format!("{}data: {{\"type\": \"cont\n\n", stream(&events()[..3]))).await;
    assert_eq!(returned.result.unwrap_err().kind, FaultKind::Malformed);
    assert_eq!(returned.wasted.usage.input, 30);
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_all_the_same() {
    let body = message(&json!([{"type": "text", "text": "In one piece."}]), "end_turn");
    let reply = streamed(body.to_string()).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("In one piece."));
}

#[tokio::test]
async fn what_llama_cpp_streamed_is_read() {
    let reply = streamed(include_str!("../fixtures/anthropic/llama_cpp_stream.txt")).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Hello! I'm here"));
    assert_eq!(reply.usage, Usage { input: 32, output: 5, cached_input: 31, ..Usage::default() });
    assert_eq!(reply.finish, FinishReason::Length);
}
