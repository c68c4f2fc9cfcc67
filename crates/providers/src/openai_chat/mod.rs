//! OpenAI's chat completions: OpenAI, OpenRouter, LM Studio, vLLM, llama.cpp, Together and others.
//!
//! Knows no model by name: what a server needs is in its [`Flavour`] and its options.

mod convert;
mod stream;
mod wire;

use std::collections::BTreeSet;

use unbent_core::{Ask, Fault, FaultKind, Reply};

use crate::http::{Dialect, Failure, Request};

/// Whose reading of the dialect a server follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// OpenAI's own: `max_completion_tokens`, no `top_k`, no repetition penalty.
    OpenAi,
    /// OpenRouter's: pinned providers, `reasoning` as an object and given back, prices reported.
    OpenRouter,
    /// Everyone else's: `max_tokens`, and further sampling parameters that most servers know.
    Compatible,
}

/// Chat completions of one model.
#[derive(Debug, Clone)]
pub struct OpenAiChat {
    /// The model, as the server names it.
    pub model: String,
    /// Whose reading of the dialect the server follows.
    pub flavour: Flavour,
    /// The one provider behind a router that may serve it; without fallback to others.
    pub pin: Option<String>,
    /// Whether answers are streamed, for servers that give up on long silent ones.
    pub streams: bool,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`].
    pub refuses: BTreeSet<String>,
    /// Whether a turn of tool calls alone is sent with an empty text, for servers that refuse null there.
    pub fills_null: bool,
}

impl OpenAiChat {
    /// A model of a server that follows the common reading, without streaming.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            flavour: Flavour::Compatible,
            pin: None,
            streams: false,
            refuses: BTreeSet::new(),
            fills_null: false,
        }
    }
}

impl Dialect for OpenAiChat {
    fn path(&self) -> String {
        "chat/completions".to_owned()
    }

    fn request(&self, ask: &Ask) -> Result<Request, Fault> {
        let (body, unsent) = convert::request(self, ask);
        Ok(Request { streamed: self.streams, ..Request::of(&body, unsent) })
    }

    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure> {
        let response: wire::Response = serde_json::from_str(body).map_err(|error| {
            Fault::new(FaultKind::Malformed, format!("the answer is not a chat completion ({error})"))
        })?;
        convert::reply(response, ask)
    }

    fn assemble(&self, stream: &str) -> Result<String, Failure> {
        stream::assemble(stream)
    }
}
