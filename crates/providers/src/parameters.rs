//! Which parameters of a question are sent, and which are not. Knows no dialect and no model.

use std::collections::BTreeSet;

/// Sorts the parameters of one question as a request is built.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    refuses: &'a BTreeSet<String>,
    unsent: Vec<String>,
}

impl<'a> Parameters<'a> {
    /// For a model that refuses these.
    pub(crate) fn new(refuses: &'a BTreeSet<String>) -> Self {
        Self { refuses, unsent: Vec::new() }
    }

    /// The value to send; none for a parameter that was not asked for or is refused.
    pub(crate) fn sent<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_some() && self.refuses.contains(name) {
            self.unsent.push(name.to_owned());
            return None;
        }
        value
    }

    /// Notes a parameter that the dialect has no field for.
    pub(crate) fn lacks(&mut self, name: &str, is_asked: bool) {
        if is_asked && !self.unsent.iter().any(|unsent| unsent == name) {
            self.unsent.push(name.to_owned());
        }
    }

    /// Parameters that were asked for and are not sent.
    pub(crate) fn unsent(self) -> Vec<String> {
        self.unsent
    }
}
