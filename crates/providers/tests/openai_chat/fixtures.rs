//! Whole bodies in the shapes that the references of OpenAI and OpenRouter show, and as llama.cpp and llama-cpp-python
//! sent them.

use serde_json::{Value, json};
use unbent_core::{Cost, CostSource, Fault, FaultKind, FinishReason, Message, Reply, ToolCall, Usage};
use unbent_providers::{Flavour, HttpModel, OpenAiChat};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{answer, config, dialect, server};

async fn read(status: u16, body: &str) -> Result<Reply, Fault> {
    answer(ResponseTemplate::new(status).set_body_raw(body, "application/json")).await
}

/// What becomes of a 200 that is a stream.
async fn streamed(body: &str) -> Result<Reply, Fault> {
    let answer = ResponseTemplate::new(200).set_body_raw(body, "text/event-stream");
    let server = server(answer).await;
    let dialect = OpenAiChat { streams: true, ..dialect() };
    let provider =
        HttpModel::new(config(&format!("{}/v1", server.uri())), dialect).expect("a good configuration");
    Asked::hello().put_to(&provider).await
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

#[tokio::test]
async fn a_refusal_of_openai_is_what_the_model_said_and_its_log_probabilities_are_kept() {
    let reply = read(200, include_str!("../fixtures/openai_chat/openai_refusal.json")).await.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("I will not help with that."));
    assert_eq!(reply.message.extra["refusal"], "I will not help with that.");
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(reply.extra["logprobs"]["refusal"][0]["token"], "I");
}

#[tokio::test]
async fn a_stream_of_openai_is_put_together_to_its_calls_and_its_usage() {
    let stream = include_str!("../fixtures/openai_chat/openai_stream.txt");
    let reply = streamed(stream).await.unwrap();
    let calls: Vec<_> =
        reply.message.tool_calls.iter().map(|call| (call.id.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("call_c3", "{\"town\": \"Bergen\"}"), ("call_d4", "{\"town\": \"Lyon\"}")]);
    assert_eq!((reply.message.content, reply.finish), (None, FinishReason::ToolCalls));
    assert_eq!(reply.usage, Usage { input: 61, output: 32, ..Usage::default() });
    assert_eq!(reply.served.fingerprint.as_deref(), Some("fp_e5f6"));
    // Without its last two events it has neither an end nor a price.
    let chunks: Vec<_> = stream.split_inclusive("\n\n").collect();
    let fault = streamed(&chunks[..chunks.len() - 3].concat()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cut);
}

#[tokio::test]
async fn what_llama_cpp_answered_and_refused_is_read() {
    let reply = read(200, include_str!("../fixtures/openai_chat/llama_cpp_logprobs.json")).await.unwrap();
    assert_eq!((reply.message.content.as_deref(), reply.finish), (Some("Hello!"), FinishReason::Length));
    assert_eq!(reply.usage, Usage { input: 32, output: 2, cached_input: 31, ..Usage::default() });
    assert_eq!(reply.extra["logprobs"]["content"][0]["top_logprobs"][1]["token"], "I");
    assert_eq!(reply.extra["timings"]["cache_n"], 31);
    let refused = include_str!("../fixtures/openai_chat/llama_cpp_error_context.json");
    let fault = read(400, refused).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.message.contains("exceeds the available context size (8192 tokens)"), "{fault}");
}

#[tokio::test]
async fn a_call_of_llama_cpp_python_is_read_in_one_piece_and_streamed_with_its_name_in_every_piece() {
    let whole = include_str!("../fixtures/openai_chat/llama_cpp_python_call.json");
    let whole = read(200, whole).await.unwrap();
    let pieces = include_str!("../fixtures/openai_chat/llama_cpp_python_call_stream.txt");
    let pieces = streamed(pieces).await.unwrap();
    // The first was cut in the middle of its words, which leaves its arguments as they were written.
    for (reply, arguments) in [(&whole, "{ \"message\" : \");\n```"), (&pieces, "{ \"message\": \"Masha\" }")]
    {
        let [call] = reply.message.tool_calls.as_slice() else { panic!("{reply:?}") };
        assert_eq!(call.name, "say");
        assert!(call.id.starts_with("call__0_say_cmpl-"), "{}", call.id);
        assert!(call.arguments.starts_with(arguments), "{}", call.arguments);
        assert_eq!((&reply.message.content, &reply.finish), (&None, &FinishReason::ToolCalls));
    }
    // It counts tokens in whole answers only, whatever it is asked for.
    assert_eq!(whole.usage, Usage { input: 23, output: 40, ..Usage::default() });
    assert_eq!(pieces.usage, Usage::default());
    assert!(!pieces.message.extra.contains_key("function_call"));
}
