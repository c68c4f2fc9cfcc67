//! What is read out of an answer.

use serde_json::json;
use unbent_core::{Cost, CostSource, FinishReason, Message, Served, ToolCall, Usage};

use crate::support::Asked;
use crate::{message, ok, provider, server};

#[tokio::test]
async fn every_field_finds_its_place() {
    let reply = ok(json!({
        "id": "gen-1", "object": "chat.completion", "created": 1_700_000_000, "model": "org/model-2026-01",
        "provider": "Somewhere", "system_fingerprint": "fp_1", "service_tier": null,
        "choices": [{
            "index": 0, "finish_reason": "stop", "native_finish_reason": "end_turn", "logprobs": null,
            "message": {
                "role": "assistant", "content": "No.", "refusal": null, "reasoning": "Thinking.",
                "reasoning_details": [{"type": "reasoning.text", "signature": "s"}], "annotations": [],
            },
        }],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30, "cost": 0.0125,
            "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 8},
        },
    }))
    .await
    .unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("No."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Thinking."));
    assert_eq!(
        json!(reply.message.extra),
        json!({"reasoning_details": [{"type": "reasoning.text", "signature": "s"}], "annotations": []})
    );
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(json!(reply.extra), json!({"created": 1_700_000_000, "native_finish_reason": "end_turn"}));
    assert_eq!(reply.usage, Usage { input: 10, output: 20, cached_input: 4, cache_write: 0, reasoning: 8 });
    assert_eq!(reply.cost, Some(Cost { usd: 0.0125, source: CostSource::Provider }));
    assert_eq!(
        reply.served,
        Served {
            model: Some("org/model-2026-01".into()),
            provider: Some("Somewhere".into()),
            response_id: Some("gen-1".into()),
            fingerprint: Some("fp_1".into()),
        }
    );
    assert!(reply.latency_ms.is_some());
}

#[tokio::test]
async fn an_answer_without_usage_has_no_tokens_and_no_price() {
    let reply = message(json!({"content": "No."})).await.unwrap();
    assert_eq!((reply.usage, reply.cost), (Usage::default(), None));
    assert_eq!(reply.served, Served::default());
    assert!(reply.extra.is_empty() && reply.message.extra.is_empty());
}

#[tokio::test]
async fn text_parts_are_joined_and_other_parts_are_kept() {
    let reply = message(json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "No, "}, {"type": "output_text", "text": "never."},
    ]}))
    .await
    .unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("No, never."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Hm."));
    assert!(reply.message.extra.is_empty());

    let parts = json!([{"type": "text", "text": "See:"}, {"type": "image_url", "image_url": {"url": "x"}}]);
    let reply = message(json!({"content": parts})).await.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("See:"));
    assert_eq!(reply.message.extra["content_parts"], parts);
}

#[tokio::test]
async fn reasoning_is_read_under_either_name() {
    let reasoning = |body| async {
        let turn = message(body).await.unwrap().message;
        (turn.reasoning.unwrap_or_default(), json!(turn.extra))
    };
    assert_eq!(reasoning(json!({"content": "a", "reasoning_content": "b"})).await, ("b".into(), json!({})));
    assert_eq!(
        reasoning(json!({"content": "a", "reasoning": "b", "reasoning_content": "b"})).await,
        ("b".into(), json!({}))
    );
    assert_eq!(reasoning(json!({"content": "a", "reasoning": "", "reasoning_content": "b"})).await.0, "b");
    assert_eq!(
        reasoning(json!({"content": "a", "reasoning": {"effort": "low"}})).await,
        (String::new(), json!({"reasoning": {"effort": "low"}}))
    );
}

#[tokio::test]
async fn tool_calls_keep_their_arguments_as_the_model_wrote_them() {
    let reply = ok(json!({"choices": [{"finish_reason": "tool_calls", "message": {"content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "say", "arguments": "{ \"message\":\"h\\u00e9\" }"}},
        {"id": "c2", "type": "function", "function": {"name": "say", "arguments": "{\"message\": \"cut o"}},
        {"id": "c3", "function": {"name": "say", "arguments": {"message": "as an object", "n": 1}}},
        {"id": "c4", "function": {"name": "stop", "arguments": null}},
    ]}}]}))
    .await
    .unwrap();
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [
            call("c1", "say", "{ \"message\":\"h\\u00e9\" }"),
            call("c2", "say", "{\"message\": \"cut o"),
            call("c3", "say", "{\"message\":\"as an object\",\"n\":1}"),
            call("c4", "stop", ""),
        ]
    );
    assert_eq!((reply.message.content, reply.finish), (None, FinishReason::ToolCalls));
}

#[tokio::test]
async fn a_call_without_an_id_gets_the_same_one_each_time_and_its_own() {
    let nameless = json!({"function": {"name": "say", "arguments": "{}"}});
    let body = json!({"choices": [{"message": {"tool_calls": [nameless, nameless, {"id": "", "function": {"name": "say"}}]}}]});
    let ids = |messages: usize| {
        let body = body.clone();
        async move {
            let server = server(wiremock::ResponseTemplate::new(200).set_body_json(body)).await;
            let asked = Asked::of(vec![Message::user("Hello?"); messages]);
            let reply = asked.put_to(&provider(&format!("{}/v1", server.uri()))).await.unwrap();
            reply.message.tool_calls.into_iter().map(|call| call.id).collect::<Vec<_>>()
        }
    };
    let first = ids(1).await;
    assert_eq!(first, ids(1).await);
    let mut all = [first, ids(3).await].concat();
    assert!(all.iter().all(|id| id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric())), "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 6, "no two calls of a conversation share an id");
}

#[tokio::test]
async fn reasons_are_mapped_and_foreign_ones_kept() {
    for (reason, finish, kept) in [
        (json!("stop"), FinishReason::Stop, None),
        (json!("tool_calls"), FinishReason::ToolCalls, None),
        (json!("function_call"), FinishReason::ToolCalls, Some("function_call")),
        (json!("length"), FinishReason::Length, None),
        (json!("max_tokens"), FinishReason::Length, Some("max_tokens")),
        (json!("content_filter"), FinishReason::ContentFilter, None),
        (json!("error"), FinishReason::Error, None),
        (json!("eos"), FinishReason::Other("eos".into()), None),
        (json!(null), FinishReason::Unknown, None),
    ] {
        let reply = ok(json!({"choices": [{"finish_reason": reason, "message": {"content": "Half"}}]}))
            .await
            .unwrap();
        assert_eq!(reply.finish, finish);
        assert_eq!(reply.extra.get("native_finish_reason").and_then(|v| v.as_str()), kept);
    }
}

#[tokio::test]
async fn a_refusal_in_its_own_field_is_what_the_model_said() {
    let reply = message(json!({"content": null, "refusal": "I won't."})).await.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("I won't."));
    assert_eq!(reply.message.extra["refusal"], "I won't.");
}

#[tokio::test]
async fn a_price_as_text_and_a_price_on_ones_own_key_are_read() {
    let usd = |usage| async move {
        let reply = ok(json!({"choices": [{"message": {"content": "a"}}], "usage": usage})).await.unwrap();
        (reply.cost.map(|cost| cost.usd), json!(reply.extra))
    };
    assert_eq!(usd(json!({"cost": "0.002"})).await, (Some(0.002), json!({})));
    let own = json!({"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.5}});
    let kept = json!({"usage": {"is_byok": true, "cost_details": {"upstream_inference_cost": 0.5}}});
    assert_eq!(usd(own).await, (Some(0.5), kept));
}

#[tokio::test]
async fn blanks_and_a_byte_order_mark_before_the_json_do_no_harm() {
    let body = "\u{feff}\n \n{\"choices\":[{\"message\":{\"content\":\"Yes.\"}}]}\n";
    let reply =
        crate::answer(wiremock::ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;
    assert_eq!(reply.unwrap().message.content.as_deref(), Some("Yes."));
}
