//! What goes wrong with an answer in hand.

use serde_json::{Value, json};
use unbent_core::{Fault, FaultKind, Usage};
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{answer, dialect, exchange, fixture, ok};

async fn status(status: u16, body: Value) -> Fault {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    exchange(&Asked::hello(), dialect(), answer).await.0.result.expect_err("the status is a failure")
}

#[tokio::test]
async fn each_status_is_its_own_kind_of_fault() {
    for (code, name, fault) in [
        (400, "INVALID_ARGUMENT", FaultKind::Rejected),
        (400, "FAILED_PRECONDITION", FaultKind::Rejected),
        (403, "PERMISSION_DENIED", FaultKind::Unauthorized),
        (404, "NOT_FOUND", FaultKind::Rejected),
        (429, "RESOURCE_EXHAUSTED", FaultKind::RateLimited),
        (500, "INTERNAL", FaultKind::Server),
        (503, "UNAVAILABLE", FaultKind::Server),
        (504, "DEADLINE_EXCEEDED", FaultKind::Timeout),
    ] {
        let met = status(code, json!({"error": {"code": code, "message": "a story", "status": name}})).await;
        assert_eq!((met.kind, met.status), (fault, Some(code)));
        assert!(met.message.starts_with(&format!("HTTP {code}: a story")), "{met}");
    }
}

#[tokio::test]
async fn a_bad_key_is_told_from_a_bad_request() {
    let body = fixture(include_str!("../fixtures/gemini/bad_key.json"));
    assert_eq!(status(400, body.clone()).await.kind, FaultKind::Unauthorized);
    assert_eq!(status(400, json!([body])).await.kind, FaultKind::Unauthorized);
}

#[tokio::test]
async fn a_quota_of_the_day_is_used_up_and_one_of_the_minute_comes_back() {
    let day = status(429, fixture(include_str!("../fixtures/gemini/daily_quota.json"))).await;
    assert_eq!((day.kind, day.retry_after_ms), (FaultKind::Exhausted, None));
    let minute = status(429, fixture(include_str!("../fixtures/gemini/minute_quota.json"))).await;
    assert_eq!((minute.kind, minute.retry_after_ms), (FaultKind::RateLimited, Some(34_075)));
}

#[tokio::test]
async fn a_routers_free_models_of_the_day_are_used_up() {
    let body = |limit| json!({"error": {"message": format!("Rate limit exceeded: {limit}"), "code": 429}});
    assert_eq!(status(429, body("free-models-per-day")).await.kind, FaultKind::Exhausted);
    assert_eq!(status(429, body("free-models-per-min")).await.kind, FaultKind::RateLimited);
}

#[tokio::test]
async fn a_question_that_policy_holds_back_is_rejected_with_its_reason() {
    let returned = ok(fixture(include_str!("../fixtures/gemini/blocked_prompt.json"))).await;
    let fault = returned.result.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Rejected, Some(200)));
    assert!(fault.message.contains("PROHIBITED_CONTENT"), "{fault}");
    assert_eq!(returned.wasted.usage.input, 9);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty_and_still_costs() {
    let thought = json!([{"text": "Hm", "thought": true}]);
    for (parts, reason, story) in [
        (json!([]), "SAFETY", "(finish reason SAFETY)"),
        (json!(null), "PROHIBITED_CONTENT", "(finish reason PROHIBITED_CONTENT)"),
        (json!([{"text": " \n"}]), "STOP", "(finish reason STOP)"),
        (thought, "MAX_TOKENS", "more max_tokens may help"),
    ] {
        let returned = ok(answer(&parts, reason)).await;
        let fault = returned.result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Empty);
        assert!(fault.message.contains(story), "{fault}");
        assert_eq!(returned.wasted.usage, Usage { input: 3, output: 4, ..Usage::default() });
    }
    let thought = ok(fixture(include_str!("../fixtures/gemini/only_thought.json"))).await;
    assert_eq!(thought.result.unwrap_err().kind, FaultKind::Empty);
    assert_eq!(thought.wasted.usage, Usage { input: 8, output: 16, reasoning: 16, ..Usage::default() });
    for body in [
        json!({}),
        json!({"candidates": []}),
        json!({"candidates": null}),
        json!({"candidates": [5]}),
        json!({"candidates": [{"content": "odd", "finishReason": "STOP"}]}),
    ] {
        assert_eq!(ok(body).await.result.unwrap_err().kind, FaultKind::Empty);
    }
}

#[tokio::test]
async fn a_call_that_the_api_could_not_read_is_malformed() {
    let mut body = answer(&json!([]), "MALFORMED_FUNCTION_CALL");
    body["candidates"][0]["finishMessage"] = "Malformed function call: print(look(".into();
    let returned = ok(body).await;
    let fault = returned.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Malformed);
    assert!(fault.message.contains("print(look("), "{fault}");
    assert_eq!(returned.wasted.usage.output, 4);
}

#[tokio::test]
async fn a_picture_alone_is_rejected_and_beside_text_it_is_kept() {
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "aGk="}});
    let fault = ok(answer(&json!([picture]), "STOP")).await.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.message.contains("the answer is an image; only text is read"), "{fault}");
    let parts = json!([{"text": "See:"}, picture]);
    let reply = ok(answer(&parts, "STOP")).await.result.unwrap();
    assert_eq!(reply.message.extra["parts"], parts);
}

#[tokio::test]
async fn an_error_inside_a_200_is_the_servers() {
    let fault = ok(json!({"error": {"code": 500, "message": "a story"}})).await.result.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Server);
    assert!(fault.message.contains("error inside: a story"), "{fault}");
}

#[tokio::test]
async fn what_is_not_an_answer_is_malformed() {
    for body in ["", "[]", "plain", "{\"candidates\": [{\"cont", "{\"candidates\": 5}"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let fault = exchange(&Asked::hello(), dialect(), answer).await.0.result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Malformed, "{body}: {fault}");
        assert!(fault.message.contains("the body begins: "), "{fault}");
    }
}

#[tokio::test]
async fn an_answer_of_no_tokens_is_nobodys() {
    let mut body = answer(&json!([{"text": "Hello."}]), "STOP");
    body["usageMetadata"] = json!({"promptTokenCount": 0});
    assert_eq!(ok(body).await.result.unwrap_err().kind, FaultKind::ZeroUsage);
}
