//! Every wire dialect, as the contract suites of this crate and of the engine ask for it. A new dialect is one row.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::time::Duration;

use unbent_providers::http::Dialect;
use unbent_providers::{
    Anthropic, Completions, Endpoint, Flavour, Gemini, HttpModel, Ollama, OllamaMode, OpenAiChat,
    OpenAiResponses, Secret,
};

/// The key that every call carries.
pub(crate) const KEY: &str = "sk-live/Zm9v+YmFy=";

/// A dialect: its name, the path under which it is served and whether it can call tools.
pub(crate) type Spoken = (&'static str, &'static str, bool);

/// Every dialect.
pub(crate) const DIALECTS: [Spoken; 12] = [
    ("chat", "/v1", true),
    ("chat streamed", "/v1", true),
    ("openrouter", "/api/v1", true),
    ("responses", "/v1", true),
    ("responses streamed", "/v1", true),
    ("messages", "/v1", true),
    ("messages streamed", "/v1", true),
    ("gemini", "/v1beta", true),
    ("gemini streamed", "/v1beta", true),
    ("ollama", "", true),
    ("ollama-generate", "", false),
    ("completions", "/v1", false),
];

fn dialect(name: &str, model: &str) -> Box<dyn Dialect> {
    let streams = name.ends_with("streamed");
    let chat = OpenAiChat { streams, ..OpenAiChat::new(model) };
    match name.split(' ').next().unwrap_or_default() {
        "chat" => chat.into(),
        "openrouter" => OpenAiChat { flavour: Flavour::OpenRouter, ..chat }.into(),
        "responses" => OpenAiResponses { streams, ..OpenAiResponses::new(model) }.into(),
        "messages" => Anthropic { streams, ..Anthropic::new(model) }.into(),
        "gemini" => Gemini { streams, ..Gemini::new(model) }.into(),
        "ollama" => Ollama { mode: OllamaMode::Chat, ..Ollama::new(model) }.into(),
        "ollama-generate" => Ollama { mode: OllamaMode::Generate, ..Ollama::new(model) }.into(),
        "completions" => Completions::new(model).into(),
        other => panic!("no dialect {other}"),
    }
}

/// A model of the server at `url` in a dialect.
pub(crate) fn model(url: &str, (name, path, _): Spoken, model: &str, timeout: Duration) -> HttpModel {
    let endpoint =
        Endpoint { api_key: Some(Secret::new(KEY)), timeout, ..Endpoint::new(format!("{url}{path}")) };
    HttpModel::new(endpoint, dialect(name, model)).expect("a good configuration")
}
