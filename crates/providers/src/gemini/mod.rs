//! Google's Gemini API.
//!
//! Knows no model by name: what one needs is in the options.

mod reply;
mod request;
mod stream;
mod turns;

use std::collections::BTreeSet;

use unbent_core::{Ask, Fault, Reply};

use crate::effort::Efforts;
use crate::http::{Dialect, Failure, KeyHeader, Request};

/// Under this name a turn keeps its parts as they came.
const PARTS: &str = "parts";

/// One model of the Gemini API.
#[derive(Debug, Clone)]
pub struct Gemini {
    /// The model, as the server names it; with a collection before it, such as `tunedModels/`, or without.
    pub model: String,
    /// Whether answers are streamed, for proxies that give up on long silent ones.
    pub streams: bool,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`]; `tool_choice` and
    /// `reply_schema` too.
    pub refuses: BTreeSet<String>,
    /// How an effort is put to the model: as a thinking level, or as a budget of thinking tokens.
    pub efforts: Efforts,
}

impl Gemini {
    /// A model that takes efforts as thinking levels.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), streams: false, refuses: BTreeSet::new(), efforts: Efforts::Named }
    }
}

impl Dialect for Gemini {
    fn path(&self) -> String {
        let collection = if self.model.contains('/') { "" } else { "models/" };
        let verb = if self.streams { "streamGenerateContent" } else { "generateContent" };
        format!("{collection}{}:{verb}", self.model)
    }

    fn query(&self) -> Option<&'static str> {
        self.streams.then_some("alt=sse")
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader::Named("x-goog-api-key")
    }

    fn request(&self, ask: &Ask) -> Result<Request, Fault> {
        let (body, unsent) = request::request(self, ask)?;
        Ok(Request { streamed: self.streams, ..Request::of(&body, unsent) })
    }

    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure> {
        reply::reply(body, ask)
    }

    fn assemble(&self, stream: &str) -> Result<String, Failure> {
        stream::assemble(stream)
    }
}
