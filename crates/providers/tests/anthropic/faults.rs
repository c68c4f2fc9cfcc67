//! What goes wrong with an answer in hand.

use serde_json::{Value, json};
use unbent_core::{Fault, FaultKind, Usage};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{dialect, exchange, fixture, message, ok};

async fn status(status: u16, body: Value) -> Fault {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    exchange(&Asked::hello(), dialect(), answer).await.0.result.expect_err("the status is a failure")
}

fn error(kind: &str, story: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": story}, "request_id": "req_1"})
}

#[tokio::test]
async fn each_status_is_its_own_kind_of_fault() {
    for (code, kind, fault) in [
        (400, "invalid_request_error", FaultKind::Rejected),
        (401, "authentication_error", FaultKind::Unauthorized),
        (402, "billing_error", FaultKind::Exhausted),
        (403, "permission_error", FaultKind::Unauthorized),
        (404, "not_found_error", FaultKind::Rejected),
        (413, "request_too_large", FaultKind::Rejected),
        (429, "rate_limit_error", FaultKind::RateLimited),
        (500, "api_error", FaultKind::Server),
        (504, "timeout_error", FaultKind::Timeout),
        (529, "overloaded_error", FaultKind::RateLimited),
    ] {
        let met = status(code, error(kind, "a story")).await;
        assert_eq!((met.kind, met.status), (fault, Some(code)));
        assert!(met.message.starts_with(&format!("HTTP {code}: a story ({kind})")), "{met}");
    }
}

#[tokio::test]
async fn a_balance_that_is_too_low_is_not_a_bad_request() {
    let story = "Your credit balance is too low to access the API.";
    assert_eq!(status(400, error("invalid_request_error", story)).await.kind, FaultKind::Exhausted);
}

#[tokio::test]
async fn an_error_inside_a_200_is_told_by_its_type() {
    for (kind, fault) in [
        ("overloaded_error", FaultKind::RateLimited),
        ("rate_limit_error", FaultKind::RateLimited),
        ("authentication_error", FaultKind::Unauthorized),
        ("billing_error", FaultKind::Exhausted),
        ("api_error", FaultKind::Server),
        ("anything_else", FaultKind::Server),
    ] {
        let met = ok(error(kind, "a story")).await.result.unwrap_err();
        assert_eq!((met.kind, met.status), (fault, Some(200)));
        assert!(met.message.contains("error inside: a story"), "{met}");
    }
    for body in [json!({"type": "error"}), json!({"type": "error", "message": "a story"})] {
        assert_eq!(ok(body).await.result.unwrap_err().kind, FaultKind::Server);
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty_and_still_costs() {
    let thought = json!([{"type": "thinking", "thinking": "Hm", "signature": "s"}]);
    for (content, reason, story) in [
        (json!([]), "refusal", "(finish reason refusal)"),
        (json!([{"type": "text", "text": " \n"}]), "end_turn", "(finish reason end_turn)"),
        (thought, "max_tokens", "more max_tokens may help"),
    ] {
        let returned = ok(message(&content, reason)).await;
        let fault = returned.result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Empty);
        assert!(fault.message.contains(story), "{fault}");
        assert_eq!(returned.wasted.usage, Usage { input: 3, output: 4, ..Usage::default() });
    }
    for body in [json!({}), json!({"content": null})] {
        assert_eq!(ok(body).await.result.unwrap_err().kind, FaultKind::Empty);
    }
}

#[tokio::test]
async fn what_is_not_a_message_is_malformed() {
    for body in ["", "[]", "plain", "{\"content\": [{\"ty", "{\"content\": 5}"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let fault = exchange(&Asked::hello(), dialect(), answer).await.0.result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Malformed, "{body}: {fault}");
        assert!(fault.message.contains("the body begins: "), "{fault}");
    }
}

#[tokio::test]
async fn an_answer_of_no_tokens_is_nobodys() {
    let mut body = message(&json!([{"type": "text", "text": "Hello."}]), "end_turn");
    body["usage"] = json!({"input_tokens": 0, "output_tokens": 0});
    assert_eq!(ok(body).await.result.unwrap_err().kind, FaultKind::ZeroUsage);
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_later() {
    let body = fixture(include_str!("../fixtures/anthropic/overloaded.json"));
    let fault = status(529, body).await;
    assert_eq!((fault.kind, fault.status), (FaultKind::RateLimited, Some(529)));
    assert!(fault.message.contains("Overloaded (overloaded_error)"), "{fault}");
}

#[tokio::test]
async fn a_refusal_without_a_word_is_empty_and_says_that_it_is_one() {
    let returned = ok(fixture(include_str!("../fixtures/anthropic/refusal.json"))).await;
    let fault = returned.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Empty);
    assert!(fault.message.contains("(finish reason refusal)"), "{fault}");
    assert_eq!(returned.wasted.usage, Usage { input: 564, output: 22, ..Usage::default() });
}
