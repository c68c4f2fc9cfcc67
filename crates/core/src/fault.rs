//! Faults: the world misbehaved. Never a finding about a subject, never a score.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A call or an act that did not come off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of thing went wrong.
    pub kind: FaultKind,
    /// What happened, for people. Never holds a credential.
    pub message: String,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long the other side asked us to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Fault {
    /// A fault of a kind, with its story.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, retry_after_ms: None }
    }

    /// The same fault with the HTTP status that it came with.
    pub fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

/// The closed list of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No answer in time.
    Timeout,
    /// The other side could not be reached, or hung up.
    Connection,
    /// Too many requests, or the other side is overloaded and says so.
    RateLimited,
    /// The other side failed (HTTP 5xx, or an error inside a 200).
    Server,
    /// The other side refused this request for good (HTTP 4xx).
    Rejected,
    /// The key is missing, wrong or not allowed to do this. Stops the run.
    Unauthorized,
    /// Credit or quota is used up. Stops the run.
    Exhausted,
    /// An answer without text and without a tool call.
    Empty,
    /// An answer that ended before its end.
    Cut,
    /// An answer for which the provider reports no tokens at all: nothing was generated, whatever it says.
    ZeroUsage,
    /// A web page in place of an answer.
    WebPage,
    /// An answer that is not in the provider's format.
    Malformed,
    /// A recording has no answer to this question.
    NotRecorded,
    /// The sandbox could not be started or broke.
    Sandbox,
}

impl FaultKind {
    /// Whether asking again can help.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Timeout
            | Self::Connection
            | Self::RateLimited
            | Self::Server
            | Self::Empty
            | Self::Cut
            | Self::ZeroUsage
            | Self::WebPage
            | Self::Malformed => true,
            Self::Rejected | Self::Unauthorized | Self::Exhausted | Self::NotRecorded | Self::Sandbox => {
                false
            }
        }
    }

    /// Whether every further call would meet the same fault, so that the run must stop.
    pub fn stops_the_run(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Exhausted)
    }

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Rejected => "rejected",
            Self::Unauthorized => "unauthorized",
            Self::Exhausted => "exhausted",
            Self::Empty => "empty",
            Self::Cut => "cut",
            Self::ZeroUsage => "zero_usage",
            Self::WebPage => "web_page",
            Self::Malformed => "malformed",
            Self::NotRecorded => "not_recorded",
            Self::Sandbox => "sandbox",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
