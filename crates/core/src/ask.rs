//! A question to a model, complete enough that two equal asks to the same model mean the same request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Message;

/// A question to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Who is asked.
    pub role: ModelRole,
    /// The conversation so far, system message first.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    /// The shape that the answer must have, for providers that can hold a model to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_schema: Option<ReplySchema>,
    /// What the suite asks for; the settings of the subject under test go before it.
    #[serde(default)]
    pub sampling: Sampling,
}

/// Who a need is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRole {
    /// The model under test.
    Subject,
    /// The model that grades.
    Judge,
}

/// Sampling parameters; an absent one is left to the next in line: subject, then suite, then provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Softmax temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Upper limit of generated tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Reasoning effort as the provider names it, such as `low` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Provider-side sampling seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl Sampling {
    /// These parameters, with those of `fallback` where these have none.
    pub fn or(&self, fallback: &Self) -> Self {
        Self {
            temperature: self.temperature.or(fallback.temperature),
            max_tokens: self.max_tokens.or(fallback.max_tokens),
            reasoning_effort: self.reasoning_effort.clone().or_else(|| fallback.reasoning_effort.clone()),
            seed: self.seed.or(fallback.seed),
        }
    }
}

/// A tool that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name to call it by.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON schema of its arguments object.
    pub parameters: Value,
}

/// A JSON schema that an answer must satisfy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplySchema {
    /// A short name; some providers want one.
    pub name: String,
    /// The schema. The order of `properties` is the order in which a model is made to write them.
    pub schema: Value,
}
