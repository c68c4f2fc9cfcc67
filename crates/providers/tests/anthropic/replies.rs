//! What becomes of answers.

use serde_json::json;
use unbent_core::{FinishReason, Served, ToolCall, Usage};

use crate::{fixture, message, ok};

#[tokio::test]
async fn every_field_finds_its_place() {
    let reply = ok(fixture(include_str!("../fixtures/anthropic/text.json"))).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("No, I would rather not."));
    assert_eq!(reply.message.reasoning, None);
    assert!(reply.message.extra.is_empty());
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(
        reply.usage,
        Usage { input: 3210, output: 20, cached_input: 3000, cache_write: 200, reasoning: 0 }
    );
    assert_eq!(
        reply.served,
        Served {
            model: Some("claude-somewhat-2026-01-01".into()),
            response_id: Some("msg_01A".into()),
            ..Served::default()
        }
    );
    assert_eq!(
        json!(reply.extra),
        json!({"native_finish_reason": "end_turn", "usage": {
            "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
        }})
    );
    assert_eq!(reply.cost, None);
    assert!(reply.latency_ms.is_some());
}

#[tokio::test]
async fn thoughts_are_reasoning_and_parallel_calls_are_calls() {
    let came = fixture(include_str!("../fixtures/anthropic/thinking_and_tools.json"));
    let reply = ok(came.clone()).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("\n\nI look in both."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Two places, two looks."));
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "look".into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [call("toolu_01", r#"{"where":"attic","also":[1,2.5]}"#), call("toolu_02", "{}")]
    );
    assert_eq!(reply.finish, FinishReason::ToolCalls);
    assert_eq!(reply.message.extra["content_blocks"], came["content"]);
    assert_eq!(reply.usage, Usage { input: 30, output: 90, reasoning: 12, ..Usage::default() });
}

#[tokio::test]
async fn reasons_are_mapped_and_foreign_ones_kept() {
    for (reason, finish, kept) in [
        ("end_turn", FinishReason::Stop, Some("end_turn")),
        ("stop_sequence", FinishReason::Stop, Some("stop_sequence")),
        ("max_tokens", FinishReason::Length, Some("max_tokens")),
        ("model_context_window_exceeded", FinishReason::Length, Some("model_context_window_exceeded")),
        ("tool_use", FinishReason::ToolCalls, Some("tool_use")),
        ("refusal", FinishReason::ContentFilter, Some("refusal")),
        ("pause_turn", FinishReason::Other("pause_turn".into()), None),
        ("", FinishReason::Unknown, None),
    ] {
        let reply = ok(message(&json!([{"type": "text", "text": "I won't."}]), reason)).await.result.unwrap();
        assert_eq!(reply.finish, finish);
        assert_eq!(reply.extra.get("native_finish_reason").and_then(|v| v.as_str()), kept);
    }
}

#[tokio::test]
async fn a_field_of_an_unexpected_type_costs_that_field() {
    let reply = ok(json!({
        "id": 7, "model": null, "stop_reason": 5, "usage": {"input_tokens": "12", "output_tokens": [1]},
        "content": [
            "loose", {"type": "text", "text": 5}, {"type": "text", "text": "Yes."}, {"type": "thinking", "thinking": null},
            {"type": "tool_use", "name": "say", "input": null},
        ],
    }))
    .await
    .result
    .unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Yes."));
    assert_eq!(reply.message.reasoning, None);
    assert_eq!(reply.usage, Usage { input: 12, ..Usage::default() });
    assert_eq!(reply.served, Served { response_id: Some("7".into()), ..Served::default() });
    let call = &reply.message.tool_calls[0];
    assert_eq!((call.name.as_str(), call.arguments.as_str(), call.id.len()), ("say", "{}", 9));
    assert_eq!(reply.finish, FinishReason::Other("5".into()));
}

#[tokio::test]
async fn content_as_plain_text_is_read() {
    let reply = ok(json!({"content": "Plain."})).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Plain."));
    assert_eq!((reply.usage, reply.extra.is_empty()), (Usage::default(), true));
}

#[tokio::test]
async fn what_llama_cpp_answered_is_read() {
    let reply = ok(fixture(include_str!("../fixtures/anthropic/llama_cpp.json"))).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Hello! I'm here"));
    assert_eq!(reply.usage, Usage { input: 32, output: 5, cached_input: 31, ..Usage::default() });
    assert_eq!(reply.finish, FinishReason::Length);
}
