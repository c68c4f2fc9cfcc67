//! What becomes of answers.

use serde_json::json;
use unbent_core::{FinishReason, Served, ToolCall, Usage};

use crate::{answer, fixture, ok};

#[tokio::test]
async fn every_field_finds_its_place() {
    let reply = ok(fixture(include_str!("../fixtures/gemini/text.json"))).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("No, I would rather not."));
    assert_eq!(reply.message.reasoning, None);
    assert!(reply.message.extra.is_empty());
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(
        reply.usage,
        Usage { input: 3010, output: 32, cached_input: 3000, cache_write: 0, reasoning: 12 }
    );
    assert_eq!(
        reply.served,
        Served {
            model: Some("gemini-somewhat-001".into()),
            response_id: Some("resp-A".into()),
            ..Served::default()
        }
    );
    assert_eq!(
        json!(reply.extra),
        json!({"avgLogprobs": -0.25, "native_finish_reason": "STOP", "usage": {
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3010}],
        }})
    );
    assert_eq!(reply.cost, None);
    assert!(reply.latency_ms.is_some());
}

#[tokio::test]
async fn thoughts_are_reasoning_and_parallel_calls_are_calls() {
    let came = fixture(include_str!("../fixtures/gemini/thoughts_and_calls.json"));
    let reply = ok(came.clone()).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("I look in both."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Two places, two looks."));
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "look".into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [call("call-1", r#"{"where":"attic","also":[1,2.5]}"#), call("call-2", "{}")]
    );
    assert_eq!(reply.finish, FinishReason::ToolCalls);
    assert_eq!(reply.message.extra["parts"], came["candidates"][0]["content"]["parts"]);
    assert_eq!(reply.usage, Usage { input: 30, output: 90, reasoning: 40, ..Usage::default() });
}

#[tokio::test]
async fn a_text_with_a_signature_keeps_it() {
    let parts = json!([{"text": "Yes."}, {"text": "", "thoughtSignature": "c2ln"}]);
    let reply = ok(answer(&parts, "STOP")).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Yes."));
    assert_eq!(reply.message.extra["parts"], parts);
}

#[tokio::test]
async fn a_call_without_an_id_gets_its_own_and_the_same_each_time() {
    let came = fixture(include_str!("../fixtures/gemini/calls_without_ids.json"));
    let calls = ok(came.clone()).await.result.unwrap().message.tool_calls;
    assert_eq!(calls, ok(came).await.result.unwrap().message.tool_calls);
    assert_ne!(calls[0].id, calls[1].id);
    assert!(calls.iter().all(|call| call.id.len() == 9));
    assert_eq!((calls[2].name.as_str(), calls[2].arguments.as_str()), ("rest", "{}"));
}

#[tokio::test]
async fn reasons_are_mapped_and_foreign_ones_kept() {
    for (reason, finish, kept) in [
        ("STOP", FinishReason::Stop, Some("STOP")),
        ("MAX_TOKENS", FinishReason::Length, Some("MAX_TOKENS")),
        ("SAFETY", FinishReason::ContentFilter, Some("SAFETY")),
        ("PROHIBITED_CONTENT", FinishReason::ContentFilter, Some("PROHIBITED_CONTENT")),
        ("BLOCKLIST", FinishReason::ContentFilter, Some("BLOCKLIST")),
        ("SPII", FinishReason::ContentFilter, Some("SPII")),
        ("RECITATION", FinishReason::ContentFilter, Some("RECITATION")),
        ("LANGUAGE", FinishReason::Other("LANGUAGE".into()), None),
        ("", FinishReason::Unknown, None),
    ] {
        let reply = ok(answer(&json!([{"text": "Half"}]), reason)).await.result.unwrap();
        assert_eq!(reply.finish, finish);
        assert_eq!(reply.extra.get("native_finish_reason").and_then(|v| v.as_str()), kept);
    }
}

#[tokio::test]
async fn a_field_of_an_unexpected_type_costs_that_field() {
    let reply = ok(json!({
        "modelVersion": null, "responseId": 7,
        "usageMetadata": {"promptTokenCount": "12", "candidatesTokenCount": [1]},
        "candidates": [{"finishReason": 5, "content": {"parts": [
            "loose", {"text": 5}, {"text": "Yes."}, {"text": null, "thought": true},
            {"functionCall": {"name": "say", "args": null}},
        ]}}],
    }))
    .await
    .result
    .unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Yes."));
    assert_eq!(reply.message.reasoning, None);
    assert_eq!(reply.usage, Usage { input: 12, ..Usage::default() });
    assert_eq!(reply.served, Served { response_id: Some("7".into()), ..Served::default() });
    assert_eq!(reply.message.tool_calls[0].name, "say");
    assert_eq!(reply.finish, FinishReason::Other("5".into()));
}

#[tokio::test]
async fn an_answer_that_was_stopped_for_safety_is_kept_with_its_ratings() {
    let reply = ok(fixture(include_str!("../fixtures/gemini/stopped_for_safety.json"))).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Once upon a"));
    assert_eq!(reply.finish, FinishReason::ContentFilter);
    assert_eq!(reply.extra["native_finish_reason"], "SAFETY");
    assert_eq!(reply.extra["safetyRatings"][1]["probability"], "MEDIUM");
}

#[tokio::test]
async fn thoughts_and_a_signed_text_are_told_apart_and_kept() {
    let came = fixture(include_str!("../fixtures/gemini/text_with_signature.json"));
    let reply = ok(came.clone()).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("I would stay."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("**Weighing it**\n\nBoth sides have a point."));
    assert_eq!(reply.message.extra["parts"], came["candidates"][0]["content"]["parts"]);
    assert_eq!(reply.usage, Usage { input: 11, output: 47, reasoning: 42, ..Usage::default() });
}
