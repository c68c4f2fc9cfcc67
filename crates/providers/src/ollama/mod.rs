//! Ollama's own API (`http://localhost:11434`), which knows more of its models than its copy of chat completions:
//! thinking on or off, the size of the context, what was loaded and how long it took.
//!
//! Knows no model by name. Answers come in one piece; images are no part of it.

mod reply;
mod request;

use std::collections::BTreeSet;

use unbent_core::{Ask, Fault, Reply};

use crate::http::{Dialect, Failure, Request};

/// Which of the two ways a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OllamaMode {
    /// `api/chat`: conversations and tools.
    Chat,
    /// `api/generate`: one prompt, one answer.
    Generate,
}

/// One model of an Ollama server.
#[derive(Debug, Clone)]
pub struct Ollama {
    /// The model with its tag, such as `qwen3:8b`.
    pub model: String,
    /// Which way it is asked.
    pub mode: OllamaMode,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`].
    pub refuses: BTreeSet<String>,
    /// Tokens of context to load the model with; the server's default is small and cuts conversations silently.
    pub num_ctx: Option<u32>,
}

impl Ollama {
    /// A model that is asked by chat, with the server's size of context.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), mode: OllamaMode::Chat, refuses: BTreeSet::new(), num_ctx: None }
    }
}

impl Dialect for Ollama {
    fn path(&self) -> String {
        match self.mode {
            OllamaMode::Chat => "api/chat".to_owned(),
            OllamaMode::Generate => "api/generate".to_owned(),
        }
    }

    fn list_path(&self) -> &'static str {
        "api/tags"
    }

    fn request(&self, ask: &Ask) -> Result<Request, Fault> {
        let (body, unsent) = request::request(self, ask)?;
        Ok(Request::of(&body, unsent))
    }

    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure> {
        reply::reply(body, ask)
    }
}
