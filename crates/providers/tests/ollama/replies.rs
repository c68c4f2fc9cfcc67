//! What is read out of an answer, and what goes wrong with one.

use serde_json::json;
use unbent_core::{FaultKind, FinishReason, Usage};
use wiremock::ResponseTemplate;

use crate::{chat, generate, put, returned};

#[tokio::test]
async fn every_field_of_a_chat_finds_its_place() {
    let reply = returned(chat(), include_str!("../fixtures/ollama/chat.json")).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Because of the dust."));
    assert_eq!(reply.message.reasoning.as_deref(), Some("Short waves scatter more."));
    assert_eq!((reply.finish, reply.served.model.as_deref()), (FinishReason::Stop, Some("qwen3:8b")));
    assert_eq!(reply.usage, Usage { input: 26, output: 237, ..Usage::default() });
    assert!(reply.message.extra.is_empty());
    let kept: Vec<_> = reply.extra.keys().map(String::as_str).collect();
    assert_eq!(
        kept,
        ["created_at", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]
    );
}

#[tokio::test]
async fn arguments_become_text_and_calls_without_an_id_get_one_of_their_own() {
    let ids_and_arguments = || async {
        let returned = returned(chat(), include_str!("../fixtures/ollama/tool_calls.json")).await;
        let reply = returned.result.unwrap();
        assert_eq!((reply.finish, reply.message.content), (FinishReason::ToolCalls, None));
        reply.message.tool_calls.into_iter().map(|call| (call.id, call.arguments)).collect::<Vec<_>>()
    };
    let calls = ids_and_arguments().await;
    assert_eq!(calls, ids_and_arguments().await, "the same call gets the same id");
    let arguments: Vec<_> = calls.iter().map(|(_, arguments)| arguments.as_str()).collect();
    assert_eq!(arguments, ["{\"town\":\"Bergen\",\"days\":2}", "{\"town\":\"Lyon\"}", "{\"town\": \"Ly"]);
    assert_eq!(calls[1].0, "call_k2");
    assert!(calls[0].0.len() == 9 && calls[2].0.len() == 9 && calls[0].0 != calls[2].0, "{calls:?}");
}

#[tokio::test]
async fn a_generated_text_is_read_with_its_log_probabilities_and_without_a_prompt_count() {
    let reply = returned(generate(), include_str!("../fixtures/ollama/generate.json")).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Blue, mostly."));
    assert_eq!((reply.finish, reply.usage.input, reply.usage.output), (FinishReason::Length, 0, 3));
    assert_eq!(reply.extra["logprobs"]["content"][0]["token"], "Blue");
    assert!(!reply.extra.contains_key("context"));
}

#[tokio::test]
async fn a_field_of_an_unexpected_type_costs_that_field() {
    let odd = json!({
        "model": 3, "done": "yes", "done_reason": "tired", "eval_count": "many", "prompt_eval_count": 4,
        "message": {"content": "Fine.", "thinking": {}, "tool_calls": [{"function": {}}, 5], "mood": "calm"},
    });
    let reply = returned(chat(), odd.to_string()).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Fine."));
    assert_eq!((reply.message.reasoning, reply.message.tool_calls), (None, vec![]));
    assert_eq!(reply.message.extra["mood"], "calm");
    assert_eq!((reply.usage.total(), reply.finish), (4, FinishReason::Other("tired".into())));
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty_and_costs_all_the_same() {
    let thought = returned(chat(), include_str!("../fixtures/ollama/only_thought.json")).await;
    let fault = thought.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Empty);
    assert!(fault.message.contains("(finish reason length); the model only reasoned"), "{fault}");
    assert_eq!(thought.wasted.usage, Usage { input: 11, output: 16, ..Usage::default() });
    let fault = returned(chat(), include_str!("../fixtures/ollama/loaded.json")).await.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Empty);
    assert!(fault.message.contains("finish reason load"), "{fault}");
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    for (body, kind) in [
        ("{\"error\": \"model runner has unexpectedly stopped\"}", FaultKind::Server),
        ("{\"message\": {\"content\": \"Hal\"}, \"done\": false}", FaultKind::Cut),
        ("{\"message\": {\"content\": \"Hal\"}, \"done\": false}\n{\"done\": true}", FaultKind::Malformed),
        ("{\"message\": {\"content\": \"\", \"images\": [\"aGk=\"]}, \"done\": true}", FaultKind::Rejected),
        ("{\"choices\": []}", FaultKind::Malformed),
        ("[]", FaultKind::Malformed),
        ("Ollama is running", FaultKind::Malformed),
    ] {
        let fault = returned(chat(), body).await.result.unwrap_err();
        assert_eq!((fault.kind, fault.status), (kind, Some(200)), "{fault}");
    }
    let missing = include_str!("../fixtures/ollama/error_not_found.json");
    let missing = ResponseTemplate::new(404).set_body_raw(missing, "application/json");
    let fault = put(chat(), missing).await.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.message.contains("model 'qwen3:8b' not found"), "{fault}");
}

#[tokio::test]
async fn an_answer_of_no_tokens_at_all_was_not_generated() {
    let body = json!({"message": {"content": "Hm."}, "done": true, "prompt_eval_count": 0, "eval_count": 0});
    let fault = returned(chat(), body.to_string()).await.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::ZeroUsage);
}
