//! Whole bodies in the shapes that the references of OpenAI and OpenRouter show.

use serde_json::{Value, json};
use unbent_core::{Cost, CostSource, Fault, FaultKind, FinishReason, Message, Reply, ToolCall, Usage};
use unbent_providers::{Flavour, HttpModel, OpenAiChat};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{answer, config, dialect};

async fn read(status: u16, body: &str) -> Result<Reply, Fault> {
    answer(ResponseTemplate::new(status).set_body_raw(body, "application/json")).await
}

#[tokio::test]
async fn parallel_calls_of_openai_keep_their_arguments_and_cached_tokens_are_counted() {
    let reply = read(200, include_str!("../fixtures/openai_chat/openai_tool_calls.json")).await.unwrap();
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        reply.message.tool_calls,
        [call("call_a1", "{\n\"town\": \"Bergen\"\n}"), call("call_b2", "{\"town\": \"Ly")]
    );
    assert_eq!((reply.message.content, reply.finish), (None, FinishReason::ToolCalls));
    assert_eq!(reply.usage, Usage { input: 82, output: 17, cached_input: 64, ..Usage::default() });
    assert_eq!(reply.served.fingerprint.as_deref(), Some("fp_a1b2"));
    assert!(!reply.extra.contains_key("usage"), "counts of zero are not kept");
}

#[tokio::test]
async fn log_probabilities_of_openai_are_kept_as_they_came() {
    let reply = read(200, include_str!("../fixtures/openai_chat/openai_logprobs.json")).await.unwrap();
    assert_eq!(reply.finish, FinishReason::Length);
    assert_eq!(reply.extra["logprobs"]["content"][0]["top_logprobs"][1]["token"], "Yes");
}

#[tokio::test]
async fn encrypted_reasoning_of_openrouter_is_kept_and_goes_back_as_it_came() {
    let fixture = include_str!("../fixtures/openai_chat/openrouter_reasoning.json");
    let reply = read(200, fixture).await.unwrap();
    let given: Value = serde_json::from_str(fixture).unwrap();
    let details = &given["choices"][0]["message"]["reasoning_details"];
    assert_eq!(reply.message.reasoning.as_deref(), Some("**Counting** the stones."));
    assert_eq!(&reply.message.extra["reasoning_details"], details);
    assert_eq!(reply.usage, Usage { input: 30, output: 42, reasoning: 40, ..Usage::default() });
    assert_eq!(reply.cost, Some(Cost { usd: 0.00046, source: CostSource::Provider }));
    assert_eq!(reply.extra["native_finish_reason"], "completed");
    assert_eq!(reply.served.provider.as_deref(), Some("OpenAI"));

    let asked = Asked::of(vec![Message::user("How many?"), Message::Assistant(reply.message)]);
    let routed = OpenAiChat { flavour: Flavour::OpenRouter, ..dialect() };
    let body = HttpModel::new(config("http://host/v1"), routed).unwrap().request_body(&asked.ask).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["messages"][1]["reasoning_details"].to_string(), details.to_string());
    assert_eq!(body["messages"][1]["content"], json!("Seven."));
}

#[tokio::test]
async fn error_bodies_of_openai_and_openrouter_are_told_in_their_own_words() {
    for (status, body, kind, story) in [
        (
            429,
            include_str!("../fixtures/openai_chat/openai_error_quota.json"),
            FaultKind::Exhausted,
            "The plan's credit is used up. (insufficient_quota, insufficient_quota)",
        ),
        (
            400,
            include_str!("../fixtures/openai_chat/openai_error_parameter.json"),
            FaultKind::Rejected,
            "use 'max_completion_tokens'. (unsupported_parameter, invalid_request_error)",
        ),
        (
            429,
            include_str!("../fixtures/openai_chat/openrouter_error_upstream.json"),
            FaultKind::RateLimited,
            "Provider returned error (429); Somewhere says: the model is busy for a moment",
        ),
        (
            200,
            include_str!("../fixtures/openai_chat/openrouter_error_inside.json"),
            FaultKind::Server,
            "The connection upstream was lost (502)",
        ),
    ] {
        let fault = read(status, body).await.unwrap_err();
        assert_eq!((fault.kind, fault.status), (kind, Some(status)), "{fault}");
        assert!(fault.message.contains(story), "{fault}");
    }
}
