//! What goes wrong with an answer in hand.

use serde_json::json;
use unbent_core::{FaultKind, Usage};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{dialect, put, returned, streamed};

#[tokio::test]
async fn a_failed_response_says_why() {
    let fixture = include_str!("../fixtures/openai_responses/failed.json");
    for (code, kind) in [
        ("server_error", FaultKind::Server),
        ("rate_limit_exceeded", FaultKind::RateLimited),
        ("insufficient_quota", FaultKind::Exhausted),
        ("invalid_prompt", FaultKind::Rejected),
        ("something_new", FaultKind::Server),
    ] {
        let fault = returned(fixture.replace("server_error", code)).await.result.unwrap_err();
        assert_eq!((fault.kind, fault.status), (kind, Some(200)), "{fault}");
        assert!(fault.message.contains("The model stumbled.") && fault.message.contains(code), "{fault}");
    }
    let silent = returned(json!({"status": "failed", "error": null, "output": []}).to_string()).await;
    assert_eq!(silent.result.unwrap_err().kind, FaultKind::Server);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty_and_costs_all_the_same() {
    let came_back = returned(include_str!("../fixtures/openai_responses/only_reasoned.json")).await;
    let fault = came_back.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Empty);
    assert!(
        fault.message.contains("max_output_tokens") && fault.message.contains("only reasoned"),
        "{fault}"
    );
    assert_eq!(came_back.wasted.usage, Usage { input: 8, output: 16, reasoning: 16, ..Usage::default() });
    for body in [json!({"id": "x"}), json!({"output": []}), json!({"output": null, "status": "completed"})] {
        let fault = returned(body.to_string()).await.result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Empty, "{fault}");
    }
}

#[tokio::test]
async fn an_image_alone_is_no_answer() {
    let returned = returned(include_str!("../fixtures/openai_responses/image.json")).await;
    let fault = returned.result.unwrap_err();
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (FaultKind::Rejected, "the answer is an image; only text is read")
    );
    assert_eq!(returned.wasted.usage.output, 70);
}

#[tokio::test]
async fn what_is_not_a_response_is_malformed_and_what_is_not_finished_is_cut() {
    for (body, kind) in [
        ("[]", FaultKind::Malformed),
        ("{\"output\": \"none\"}", FaultKind::Malformed),
        ("{\"output\": [{\"type\": \"mess", FaultKind::Malformed),
        ("{\"status\": \"in_progress\", \"output\": []}", FaultKind::Cut),
        ("{\"object\": \"error\", \"message\": \"no such model\"}", FaultKind::Server),
    ] {
        let fault = returned(body).await.result.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
    }
}

#[tokio::test]
async fn a_stream_without_its_last_event_is_cut() {
    let whole = include_str!("../fixtures/openai_responses/stream.txt");
    let (pieces, _) = whole.split_once("event: response.completed").unwrap();
    for cut in [pieces, whole.trim_end(), "data: [DONE]\n\n"] {
        assert_eq!(streamed(cut).await.result.unwrap_err().kind, FaultKind::Cut);
    }
}

#[tokio::test]
async fn what_goes_wrong_inside_a_stream_is_told_like_outside() {
    let failed = json!({"type": "response.failed", "response": {"status": "failed", "output": [],
        "error": {"code": "rate_limit_exceeded", "message": "Slower."}}});
    let incomplete = json!({"type": "response.incomplete", "response": {"status": "incomplete", "output": [],
        "incomplete_details": {"reason": "content_filter"}, "usage": {"input_tokens": 4, "output_tokens": 2}}});
    for (event, kind, story) in [
        (failed, FaultKind::RateLimited, "Slower."),
        (incomplete, FaultKind::Empty, "content_filter"),
        (json!({"type": "error", "code": "server_error", "message": "Gone."}), FaultKind::Server, "Gone."),
        (json!({"type": "error", "error": {"message": "Gone."}}), FaultKind::Server, "Gone."),
    ] {
        let name = event["type"].as_str().unwrap();
        let fault = streamed(format!("event: {name}\ndata: {event}\n\n")).await.result.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.message.contains(story), "{fault}");
    }
    let broken = streamed("data: {\"type\": \n\n").await.result.unwrap_err();
    assert_eq!(broken.kind, FaultKind::Malformed);
}

#[tokio::test]
async fn a_status_other_than_200_is_told_by_its_error() {
    let body = json!({"error": {"message": "Unknown parameter: 'top_k'.", "type": "invalid_request_error",
        "param": "top_k", "code": "unknown_parameter"}});
    let answer = ResponseTemplate::new(400).set_body_json(body);
    let fault = put(&Asked::hello(), dialect(), answer).await.result.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Rejected, Some(400)));
    assert!(fault.message.contains("Unknown parameter: 'top_k'."), "{fault}");
}
