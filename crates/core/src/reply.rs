//! What a model answered, who really served it and what it cost.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::AssistantMessage;

/// The answer to an [`crate::Ask`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The model's turn.
    pub message: AssistantMessage,
    /// Why it ended.
    pub finish: FinishReason,
    /// Tokens used.
    #[serde(default)]
    pub usage: Usage,
    /// What the call cost, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Time from request to complete answer in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Who answered.
    #[serde(default)]
    pub served: Served,
    /// Parameters of the question that were not sent, because the model or its API takes none such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<String>,
    /// Fields of the provider that have no place above, as they came.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Reply {
    /// A finished answer with this turn and nothing known about its making.
    pub fn of(message: AssistantMessage) -> Self {
        let finish = if message.tool_calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
        Self {
            message,
            finish,
            usage: Usage::default(),
            cost: None,
            latency_ms: None,
            served: Served::default(),
            unsent: Vec::new(),
            extra: Map::new(),
        }
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It wants tools run.
    ToolCalls,
    /// It ran into the token limit.
    Length,
    /// The provider withheld the rest.
    ContentFilter,
    /// The provider says that it failed half-way.
    Error,
    /// The provider did not say.
    Unknown,
    /// A reason of the provider's own, as it came.
    Other(String),
}

/// Tokens of one call or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones included.
    #[serde(default)]
    pub input: u64,
    /// Tokens written, reasoning included.
    #[serde(default)]
    pub output: u64,
    /// Of `input`, those read from the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_input: u64,
    /// Of `input`, those written to the provider's cache, which some providers charge more for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write: u64,
    /// Of `output`, those spent on reasoning.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning: u64,
}

impl Usage {
    /// Tokens read and written.
    pub fn total(&self) -> u64 {
        self.input + self.output
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde's skip_serializing_if calls")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cached_input += other.cached_input;
        self.cache_write += other.cache_write;
        self.reasoning += other.reasoning;
    }
}

/// A price paid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars.
    pub usd: f64,
    /// Who says so.
    pub source: CostSource,
}

/// Where a cost comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The provider reported it with the answer.
    Provider,
    /// It is the tokens that were reported times the prices that the manifest records.
    Prices,
    /// An imported file reported it.
    Imported,
    /// Nothing was called that costs money.
    Free,
}

/// Who really served an answer, as far as the provider says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The provider behind a router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's id of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// The provider's fingerprint of the system that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}
