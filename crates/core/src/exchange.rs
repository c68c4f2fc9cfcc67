//! What comes back from one call of a model, beside the answer or fault itself.

use serde::{Deserialize, Serialize};

use crate::{Cost, Fault, Reply, Usage};

/// What came back from one call.
#[derive(Debug, Clone)]
pub struct Returned {
    /// The answer, or why there is none.
    pub result: Result<Reply, Fault>,
    /// What a call without an answer used all the same: an empty answer costs what a full one does.
    pub wasted: Wasted,
    /// Request and response as they crossed the network.
    pub wire: Option<Box<Wire>>,
    /// What the other side says of its rate limits.
    pub pace: Pace,
}

impl From<Result<Reply, Fault>> for Returned {
    fn from(result: Result<Reply, Fault>) -> Self {
        Self { result, wasted: Wasted::default(), wire: None, pace: Pace::default() }
    }
}

/// What a call without an answer used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Wasted {
    /// Tokens that the provider reports.
    pub usage: Usage,
    /// What the provider says that it costs.
    pub cost: Option<Cost>,
}

/// Request and response as they crossed the network, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// The address that was asked.
    pub url: String,
    /// The body of the request.
    pub request: String,
    /// The status of the response; none if none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The headers of the response, names in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body of the response as far as it came; bytes that are not UTF-8 stand as U+FFFD.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response: String,
}

/// What the other side says of its rate limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Of requests.
    pub requests: Allowance,
    /// Of tokens.
    pub tokens: Allowance,
}

/// What is left of a rate limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance {
    /// How much is left now.
    pub remaining: Option<u64>,
    /// When all is there again, in milliseconds from now.
    pub resets_in_ms: Option<u64>,
}
