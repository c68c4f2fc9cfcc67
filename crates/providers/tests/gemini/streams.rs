//! Answers that come event by event.

use serde_json::json;
use unbent_core::{FaultKind, FinishReason};
use unbent_providers::Gemini;
use wiremock::ResponseTemplate;

use crate::support::Asked;
use crate::{answer, dialect, exchange};

fn streaming() -> Gemini {
    Gemini { streams: true, ..dialect() }
}

#[tokio::test]
async fn a_stream_is_asked_for_by_address_and_read_as_one_answer() {
    let first = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Let me "}]}}]});
    let last = answer(&json!([{"text": "look."}]), "STOP");
    let body = format!("data: {first}\r\n\r\ndata: {last}\r\n\r\n");
    let told = ResponseTemplate::new(200).set_body_raw(body, "text/event-stream");
    let (returned, request) = exchange(&Asked::hello(), streaming(), told).await;
    assert_eq!(request.url.path(), "/v1beta/models/gemini-somewhat:streamGenerateContent");
    assert_eq!(request.url.query(), Some("alt=sse"));
    let reply = returned.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Let me look."));
    assert_eq!((reply.finish, reply.usage.input, reply.usage.output), (FinishReason::Stop, 3, 4));
}

#[tokio::test]
async fn an_error_or_an_answer_in_one_piece_is_read_all_the_same() {
    let error = json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}});
    let told = ResponseTemplate::new(429).set_body_json(error);
    let met = exchange(&Asked::hello(), streaming(), told).await.0.result.unwrap_err();
    assert_eq!(met.kind, FaultKind::RateLimited);
    let whole = ResponseTemplate::new(200).set_body_json(answer(&json!([{"text": "Here."}]), "STOP"));
    let reply = exchange(&Asked::hello(), streaming(), whole).await.0.result.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("Here."));
}
