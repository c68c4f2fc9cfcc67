//! The contract of Ollama's own dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod replies;
mod requests;

use unbent_core::Returned;
use unbent_providers::{Endpoint, HttpModel, Ollama, OllamaMode};
use wiremock::ResponseTemplate;

use self::support::{Asked, Served};

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
    let at = if dialect.mode == OllamaMode::Chat { "api/chat" } else { "api/generate" };
    Served { base: "", key: None }.exchange(&Asked::hello(), dialect, at, answer).await.0
}

/// What becomes of a 200 with this body.
async fn returned(dialect: Ollama, body: impl Into<String>) -> Returned {
    put(dialect, ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")).await
}
