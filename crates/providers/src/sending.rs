//! Which parameters of a question a request carries, and which it leaves out. Knows no dialect.

use std::collections::BTreeSet;

/// Keeps account of the parameters that are left out.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    refuses: &'a BTreeSet<String>,
    unsent: Vec<String>,
}

impl<'a> Sending<'a> {
    /// For a model that refuses these.
    pub(crate) fn new(refuses: &'a BTreeSet<String>) -> Self {
        Self { refuses, unsent: Vec::new() }
    }

    /// The parameter, if it was asked for and is not refused.
    pub(crate) fn take<T>(&mut self, name: &str, asked: Option<T>) -> Option<T> {
        self.take_if(name, asked, |_| true)
    }

    /// The parameter, if it was asked for, is not refused and fits.
    pub(crate) fn take_if<T>(
        &mut self,
        name: &str,
        asked: Option<T>,
        fits: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let asked = asked?;
        if fits(&asked) && !self.refuses.contains(name) {
            return Some(asked);
        }
        self.leave_out(name);
        None
    }

    /// Notes that a parameter is not sent as it was asked for.
    pub(crate) fn leave_out(&mut self, name: &str) {
        if !self.unsent.iter().any(|unsent| unsent == name) {
            self.unsent.push(name.to_owned());
        }
    }

    /// Notes a parameter that the dialect has no field for, if it was asked for.
    pub(crate) fn lacks(&mut self, name: &str, is_asked: bool) {
        if is_asked {
            self.leave_out(name);
        }
    }

    /// The parameters that are left out.
    pub(crate) fn unsent(self) -> Vec<String> {
        self.unsent
    }
}
