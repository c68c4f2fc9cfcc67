//! Anthropic's messages API, and the servers that imitate it.
//!
//! Knows no model by name: what one needs is in the options.

mod reply;
mod request;
mod schema;
mod stream;
mod turns;

use std::collections::BTreeSet;

use serde_json::Value;
use unbent_core::{Ask, Fault, FaultKind, Reply};

use crate::effort::Efforts;
use crate::http::{Dialect, Failure, KeyHeader, Request, describe_error};

/// The version of the API that requests name and answers follow.
const VERSION: &str = "2023-06-01";
/// Under this name a turn keeps its content blocks as they came.
const BLOCKS: &str = "content_blocks";

/// Messages of one model.
#[derive(Debug, Clone)]
pub struct Anthropic {
    /// The model, as the server names it.
    pub model: String,
    /// Whether answers are streamed; the API wants it for long ones.
    pub streams: bool,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`]; `tool_choice` and
    /// `reply_schema` too.
    pub refuses: BTreeSet<String>,
    /// How an effort is put to the model: by name with adaptive thinking, or as a budget of thinking tokens.
    pub efforts: Efforts,
    /// Whether the API is to keep what every question of a conversation begins with, which costs more to write and less
    /// to read again.
    pub caches: bool,
}

impl Anthropic {
    /// A model that takes efforts by name, without streaming.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            streams: false,
            refuses: BTreeSet::new(),
            efforts: Efforts::Named,
            caches: false,
        }
    }
}

impl Dialect for Anthropic {
    fn path(&self) -> String {
        "messages".to_owned()
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader::Named("x-api-key")
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("anthropic-version", VERSION.to_owned())]
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

/// The fault that an error in place of an answer is, by the type that the API gives it.
fn error_inside(error: &Value, place: &str) -> Fault {
    let kind = match error["type"].as_str().unwrap_or_default() {
        "overloaded_error" | "rate_limit_error" => FaultKind::RateLimited,
        "authentication_error" | "permission_error" => FaultKind::Unauthorized,
        "billing_error" => FaultKind::Exhausted,
        _ => FaultKind::Server,
    };
    let story = describe_error(error).unwrap_or_else(|| error.to_string());
    Fault::new(kind, format!("{place}: {story}"))
}
