//! Raw completions (`/completions`), for base models: a prompt is continued, nothing more.
//!
//! Knows no model by name and no chat template: a model that was trained on one belongs to a chat dialect.

mod reply;
mod request;
mod template;

use std::collections::BTreeSet;

use unbent_core::{Ask, Fault, Reply};

pub use self::template::Template;
use crate::http::{Dialect, Failure, Request};

/// Raw completions of one model.
#[derive(Debug, Clone)]
pub struct Completions {
    /// The model, as the server names it.
    pub model: String,
    /// Parameters that the model refuses, by their names in [`unbent_core::Sampling`].
    pub refuses: BTreeSet<String>,
    /// How a conversation is written down.
    pub template: Template,
}

impl Completions {
    /// A model that refuses no parameter, with the usual transcript.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), refuses: BTreeSet::new(), template: Template::default() }
    }
}

impl Dialect for Completions {
    fn path(&self) -> String {
        "completions".to_owned()
    }

    fn request(&self, ask: &Ask) -> Result<Request, Fault> {
        let (body, unsent) = request::request(self, ask)?;
        Ok(Request::of(&body, unsent))
    }

    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure> {
        reply::reply(body, ask)
    }
}
