//! What is read out of an answer, and what goes wrong with one.

use serde_json::json;
use unbent_core::{FaultKind, FinishReason, Message, Served, Usage};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{put, returned};

#[tokio::test]
async fn every_field_finds_its_place() {
    let reply = returned(include_str!("../fixtures/completions/text.json")).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some(" the sea was calm."));
    assert_eq!(reply.usage, Usage { input: 6, output: 5, cached_input: 4, ..Usage::default() });
    assert_eq!(reply.finish, FinishReason::Stop);
    assert_eq!(
        reply.served,
        Served {
            model: Some("base-7b".into()),
            provider: None,
            response_id: Some("cmpl-0a1b".into()),
            fingerprint: Some("fp_44".into()),
        }
    );
    assert_eq!(json!(reply.extra), json!({"created": 1_763_700_000, "stop_reason": "\nUser:"}));
    assert!(reply.message.extra.is_empty());
}

#[tokio::test]
async fn the_space_after_the_label_is_not_part_of_the_answer() {
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user("And then?")]);
    let answer = ResponseTemplate::new(200)
        .set_body_raw(include_str!("../fixtures/completions/text.json"), "application/json");
    let reply = put(&asked, answer).await.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("the sea was calm."));
}

#[tokio::test]
async fn log_probabilities_are_kept_as_they_came() {
    let reply =
        returned(include_str!("../fixtures/completions/length_with_logprobs.json")).await.result.unwrap();
    assert_eq!(reply.finish, FinishReason::Length);
    assert_eq!(reply.extra["logprobs"]["token_logprobs"], json!([-0.5, -1.25]));
}

#[tokio::test]
async fn reasons_to_stop_are_mapped_and_foreign_ones_kept() {
    for (reason, finish) in [
        (json!("content_filter"), FinishReason::ContentFilter),
        (json!("error"), FinishReason::Error),
        (json!("eos"), FinishReason::Other("eos".into())),
        (json!(null), FinishReason::Unknown),
    ] {
        let body = json!({"choices": [{"text": "Half", "finish_reason": reason}], "usage": "odd", "id": 4});
        let reply = returned(body.to_string()).await.result.unwrap();
        assert_eq!(reply.finish, finish);
        assert_eq!((reply.usage, reply.served.response_id.as_deref()), (Usage::default(), Some("4")));
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty_and_costs_all_the_same() {
    let came_back = returned(include_str!("../fixtures/completions/empty.json")).await;
    assert_eq!(came_back.result.unwrap_err().kind, FaultKind::Empty);
    assert_eq!(came_back.wasted.usage, Usage { input: 9, output: 1, ..Usage::default() });
    // As llama.cpp sent it.
    let came_back = returned(include_str!("../fixtures/completions/llama_cpp_empty.json")).await;
    assert_eq!(came_back.result.unwrap_err().kind, FaultKind::Empty);
    assert_eq!(came_back.wasted.usage, Usage { input: 2, output: 1, ..Usage::default() });
    for body in [json!({"id": "x"}), json!({"choices": []}), json!({"choices": [{"text": 5}]})] {
        assert_eq!(returned(body.to_string()).await.result.unwrap_err().kind, FaultKind::Empty);
    }
}

#[tokio::test]
async fn what_is_not_a_completion_is_told_apart() {
    for (body, kind) in [
        ("[]", FaultKind::Malformed),
        ("{\"choices\": \"none\"}", FaultKind::Malformed),
        ("{\"choices\": [{\"text\": \"cu", FaultKind::Malformed),
        ("data: {\"choices\": []}\n\n", FaultKind::Malformed),
        ("{\"error\": {\"message\": \"upstream died\"}}", FaultKind::Server),
        ("{\"object\": \"error\", \"message\": \"no such model\"}", FaultKind::Server),
        ("{\"choices\": [{\"error\": \"died\", \"text\": \"Hal\"}]}", FaultKind::Server),
        ("{\"choices\": [{\"images\": [{\"url\": \"x\"}], \"text\": \"\"}]}", FaultKind::Rejected),
    ] {
        let fault = returned(body).await.result.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
    }
    let error = ResponseTemplate::new(404).set_body_json(json!({"error": {"message": "no such model"}}));
    assert_eq!(put(&Asked::hello(), error).await.result.unwrap_err().kind, FaultKind::Rejected);
}
