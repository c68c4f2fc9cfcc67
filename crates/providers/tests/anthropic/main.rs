//! The contract of the Anthropic dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod replies;
mod requests;
mod streams;

use serde_json::{Value, json};
use unbent_core::Returned;
use unbent_providers::Anthropic;
use wiremock::{Request, ResponseTemplate};

use self::support::{Asked, Served};

const KEY: &str = "sk-ant-of-nobody";

fn dialect() -> Anthropic {
    Anthropic::new("claude-somewhat")
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).expect("a fixture is JSON")
}

/// What an ask in this dialect meets at a server that answers so, and the request that the server got.
async fn exchange(asked: &Asked, dialect: Anthropic, answer: ResponseTemplate) -> (Returned, Request) {
    Served { base: "/v1", key: Some(KEY) }.exchange(asked, dialect, "messages", answer).await
}

/// What becomes of a 200 with this body.
async fn ok(body: Value) -> Returned {
    exchange(&Asked::hello(), dialect(), ResponseTemplate::new(200).set_body_json(body)).await.0
}

/// A message with this content.
fn message(content: &Value, stop_reason: &str) -> Value {
    json!({
        "type": "message", "role": "assistant", "content": content, "stop_reason": stop_reason,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    })
}
