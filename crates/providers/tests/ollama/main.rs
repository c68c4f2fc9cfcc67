//! The contract of Ollama's own dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod replies;
mod requests;

use unbent_core::{Provider as _, Returned};
use unbent_providers::{Endpoint, HttpModel, Ollama, OllamaMode};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::support::Asked;

fn chat() -> Ollama {
    Ollama::new("qwen3:8b")
}

fn generate() -> Ollama {
    Ollama { mode: OllamaMode::Generate, ..Ollama::new("llama3.2") }
}

fn model(dialect: Ollama) -> HttpModel {
    HttpModel::new(Endpoint::new("http://localhost:11434"), dialect).expect("a good configuration")
}

/// What comes back from a server that answers so.
async fn put(dialect: Ollama, answer: ResponseTemplate) -> Returned {
    let server = MockServer::start().await;
    let at = if dialect.mode == OllamaMode::Chat { "/api/chat" } else { "/api/generate" };
    Mock::given(method("POST")).and(path(at)).respond_with(answer).mount(&server).await;
    let provider = HttpModel::new(Endpoint::new(server.uri()), dialect).expect("a good configuration");
    provider.ask(&Asked::hello().call()).await
}

/// What becomes of a 200 with this body.
async fn returned(dialect: Ollama, body: impl Into<String>) -> Returned {
    put(dialect, ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")).await
}
