//! The contract of the chat completions adapter, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod fixtures;
mod network;
mod replies;
mod requests;

use serde_json::{Value, json};
use unbent_core::{Fault, Reply};
use unbent_providers::{Endpoint, HttpModel, OpenAiChat, Secret};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::support::{Asked, Served};

/// A key with characters that change when they are encoded.
const KEY: &str = "sk-live/Zm9v+YmFy=";

fn config(base_url: &str) -> Endpoint {
    Endpoint { api_key: Some(Secret::new(KEY)), ..Endpoint::new(base_url) }
}

fn dialect() -> OpenAiChat {
    OpenAiChat::new("org/model:free")
}

fn provider(base_url: &str) -> HttpModel {
    HttpModel::new(config(base_url), dialect()).expect("a good configuration")
}

/// A server that answers every chat completion so.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/chat/completions")).respond_with(answer).mount(&server).await;
    server
}

async fn answer(answer: ResponseTemplate) -> Result<Reply, Fault> {
    let served = Served { base: "/v1", key: Some(KEY) };
    served.exchange(&Asked::hello(), dialect(), "chat/completions", answer).await.0.result
}

/// What becomes of a 200 with this body.
async fn ok(body: Value) -> Result<Reply, Fault> {
    answer(ResponseTemplate::new(200).set_body_json(body)).await
}

/// What becomes of a 200 with this message.
async fn message(message: Value) -> Result<Reply, Fault> {
    ok(json!({"choices": [{"message": message, "finish_reason": "stop"}]})).await
}
