//! The contract of the Gemini dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod replies;
mod requests;
mod streams;

use serde_json::{Value, json};
use unbent_core::Returned;
use unbent_providers::Gemini;
use unbent_providers::http::Dialect as _;
use wiremock::{Request, ResponseTemplate};

use self::support::{Asked, Served};

const KEY: &str = "key-of-nobody";

fn dialect() -> Gemini {
    Gemini::new("gemini-somewhat")
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).expect("a fixture is JSON")
}

/// What an ask in this dialect meets at a server that answers so, and the request that the server got.
async fn exchange(asked: &Asked, dialect: Gemini, answer: ResponseTemplate) -> (Returned, Request) {
    let at = dialect.path();
    Served { base: "/v1beta", key: Some(KEY) }.exchange(asked, dialect, &at, answer).await
}

/// What becomes of a 200 with this body.
async fn ok(body: Value) -> Returned {
    exchange(&Asked::hello(), dialect(), ResponseTemplate::new(200).set_body_json(body)).await.0
}

/// An answer of these parts.
fn answer(parts: &Value, reason: &str) -> Value {
    json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4},
    })
}
