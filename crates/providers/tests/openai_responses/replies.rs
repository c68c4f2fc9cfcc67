//! What is read out of an answer.

use serde_json::{Value, json};
use unbent_core::{Cost, CostSource, FinishReason, Served, ToolCall, Usage};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{dialect, put, reply, streamed};

#[tokio::test]
async fn every_field_finds_its_place() {
    let reply = reply(include_str!("../fixtures/openai_responses/text.json")).await;
    assert_eq!(reply.message.content.as_deref(), Some("The kettle is on, and the tea is black."));
    assert_eq!((reply.message.reasoning, reply.finish), (None, FinishReason::Stop));
    assert!(reply.message.extra.is_empty() && reply.message.tool_calls.is_empty());
    assert_eq!(reply.usage, Usage { input: 36, output: 87, cached_input: 12, cache_write: 0, reasoning: 64 });
    assert_eq!(
        reply.served,
        Served {
            model: Some("gpt-5.1-2025-11-13".into()),
            response_id: Some("resp_0a1b".into()),
            ..Served::default()
        }
    );
    assert_eq!(json!(reply.extra), json!({"created_at": 1_763_700_000, "service_tier": "default"}));
    assert_eq!(reply.cost, None);
}

#[tokio::test]
async fn parameters_that_the_server_applied_otherwise_are_told() {
    let mut asked = Asked::hello();
    asked.ask.sampling.temperature = Some(0.2);
    asked.ask.sampling.top_p = Some(0.98);
    let answer = ResponseTemplate::new(200)
        .set_body_raw(include_str!("../fixtures/openai_responses/text.json"), "application/json");
    let reply = put(&asked, dialect(), answer).await.result.unwrap();
    assert_eq!(reply.extra["applied"], json!({"temperature": 1.0}));
}

#[tokio::test]
async fn parallel_calls_keep_their_arguments_and_reasoning_its_items() {
    let fixture = include_str!("../fixtures/openai_responses/reasoning_and_calls.json");
    let reply = reply(fixture).await;
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [call("call_A", "{\"town\":\"Bergen\"}"), call("call_B", "{\"town\": \"Ly")]
    );
    assert_eq!(
        reply.message.reasoning.as_deref(),
        Some("**Two towns**\n\nEach needs its own look-up.\n\nThey do not depend on each other.")
    );
    let given: Value = serde_json::from_str(fixture).unwrap();
    assert_eq!(reply.message.extra["output_items"], given["output"]);
    assert_eq!((reply.message.content, reply.finish), (None, FinishReason::ToolCalls));
}

#[tokio::test]
async fn log_probabilities_stand_where_chat_completions_have_them() {
    let reply = reply(include_str!("../fixtures/openai_responses/logprobs.json")).await;
    let tokens = &reply.extra["logprobs"]["content"];
    assert_eq!((&tokens[0]["token"], &tokens[0]["logprob"]), (&json!("No"), &json!(-0.01)));
    assert_eq!(tokens[0]["top_logprobs"][1]["token"], "Yes");
}

#[tokio::test]
async fn reasons_to_stop_are_mapped_and_foreign_ones_kept() {
    let fixture = include_str!("../fixtures/openai_responses/incomplete.json");
    for (reason, finish) in [
        ("max_output_tokens", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("boredom", FinishReason::Other("boredom".into())),
    ] {
        let reply = reply(fixture.replace("max_output_tokens", reason)).await;
        assert_eq!((reply.message.content.as_deref(), reply.finish), (Some("Once upon a"), finish));
    }
    let silent = json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "a"}]}]});
    assert_eq!(reply(silent.to_string()).await.finish, FinishReason::Unknown);
}

#[tokio::test]
async fn a_refusal_is_what_the_model_said() {
    let reply = reply(include_str!("../fixtures/openai_responses/refusal.json")).await;
    assert_eq!(reply.message.content.as_deref(), Some("I will not help with that."));
    assert_eq!(reply.message.extra["refusal"], "I will not help with that.");
    assert_eq!(reply.finish, FinishReason::Stop);
}

#[tokio::test]
async fn a_field_of_an_unexpected_type_costs_that_field() {
    let odd = json!({
        "id": 7, "model": null, "status": "completed", "incomplete_details": "none", "temperature": "hot",
        "output": [
            null, {"type": "message", "content": "bare"}, {"type": "reasoning", "summary": "none"},
            {"type": "message", "content": [{"type": "output_text", "text": "Fine.", "logprobs": 3}, 4]},
            {"type": "function_call", "arguments": "{}"},
            {"type": "function_call", "name": "say", "arguments": {"text": "as an object"}},
        ],
        "usage": {"input_tokens": 3, "output_tokens": "many", "output_tokens_details": null, "cost": 0.5},
    });
    let reply = reply(odd.to_string()).await;
    assert_eq!(reply.message.content.as_deref(), Some("Fine."));
    assert_eq!(reply.usage, Usage { input: 3, ..Usage::default() });
    assert_eq!(reply.cost, Some(Cost { usd: 0.5, source: CostSource::Provider }));
    assert_eq!(reply.served, Served { response_id: Some("7".into()), ..Served::default() });
    let [call] = reply.message.tool_calls.as_slice() else { panic!("a call without a name calls nothing") };
    assert_eq!((call.id.len(), call.arguments.as_str()), (9, "{\"text\":\"as an object\"}"));
}

#[tokio::test]
async fn a_stream_is_read_to_its_finished_response() {
    let reply =
        streamed(include_str!("../fixtures/openai_responses/stream.txt")).await.result.expect("an answer");
    assert_eq!(reply.message.content.as_deref(), Some("Good day."));
    assert_eq!((reply.usage.total(), reply.finish), (8, FinishReason::Stop));
}

#[tokio::test]
async fn what_llama_cpp_answered_is_read_though_it_calls_a_cut_answer_complete() {
    let reply = reply(include_str!("../fixtures/openai_responses/llama_cpp.json")).await;
    assert_eq!(reply.message.content.as_deref(), Some("Hello! I'm here"));
    assert_eq!(reply.usage, Usage { input: 32, output: 5, cached_input: 5, ..Usage::default() });
    // It was asked for five tokens at most.
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(reply.served.model.as_deref(), Some("smollm2"));
}
