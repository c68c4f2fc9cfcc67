//! What an examination found, one thing each.

use serde_json::{Value, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// Runs work, but not all of them or not as well.
    Warning,
    /// Runs will fail.
    Problem,
}

impl Health {
    /// The name for people and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) what: String,
    /// How bad it is.
    pub(crate) health: Health,
    /// What was seen. Never holds a credential.
    pub(crate) seen: String,
    /// What to do about it.
    pub(crate) to_do: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { what: what.into(), health: Health::Ok, seen: seen.into(), to_do: None }
    }

    pub(super) fn warning(
        what: impl Into<String>,
        seen: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Self { health: Health::Warning, to_do: Some(to_do.into()), ..Self::ok(what, seen) }
    }

    pub(super) fn problem(
        what: impl Into<String>,
        seen: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Self { health: Health::Problem, ..Self::warning(what, seen, to_do) }
    }

    /// The finding for programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "what": self.what, "health": self.health.name(), "seen": self.seen, "to_do": self.to_do })
    }

    /// The finding for people, on one line, with another for what to do.
    pub(crate) fn to_text(&self) -> String {
        let to_do = self.to_do.as_ref().map_or_else(String::new, |to_do| format!("\n{:25} -> {to_do}", ""));
        format!("{:8} {:16} {}{to_do}", self.health.name(), self.what, self.seen)
    }
}
