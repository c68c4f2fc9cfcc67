//! OpenAI's Responses API, without anything kept on the server: each request carries the whole conversation.
//!
//! Knows no model by name. Built-in tools, images and files are no part of it.

mod reply;
mod request;
mod stream;

use std::collections::BTreeSet;

use unbent_core::{Ask, Fault, Reply};

use crate::http::{Dialect, Failure, Request};

/// Where an assistant turn keeps the items that it was made of, reasoning among them, to be given back as they came.
const OUTPUT_ITEMS: &str = "output_items";

/// The Responses API of one model.
#[derive(Debug, Clone)]
pub struct OpenAiResponses {
    /// The model, as the server names it.
    pub model: String,
    /// Whether answers are streamed, for servers that give up on long silent ones.
    pub streams: bool,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`].
    pub refuses: BTreeSet<String>,
}

impl OpenAiResponses {
    /// A model that refuses no parameter, without streaming.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), streams: false, refuses: BTreeSet::new() }
    }
}

impl Dialect for OpenAiResponses {
    fn path(&self) -> String {
        "responses".to_owned()
    }

    fn request(&self, ask: &Ask) -> Result<Request, Fault> {
        let (body, unsent) = request::request(self, ask);
        Ok(Request { streamed: self.streams, ..Request::of(&body, unsent) })
    }

    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure> {
        reply::reply(body, ask)
    }

    fn assemble(&self, stream: &str) -> Result<String, Failure> {
        stream::assemble(stream)
    }
}
