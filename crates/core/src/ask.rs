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
    /// Whether a tool must be called.
    #[serde(default, skip_serializing_if = "ToolChoice::is_auto")]
    pub tool_choice: ToolChoice,
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
    /// The model that stands between the subject and its user, and may withhold what the subject answered.
    Guard,
}

impl ModelRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Judge, Self::Guard];

    /// The name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Judge => "judge",
            Self::Guard => "guard",
        }
    }
}

/// Whether a model must call a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It must not.
    None,
    /// It must call one, whichever.
    Required,
    /// It must call the one of this name.
    Tool(String),
}

impl ToolChoice {
    /// Whether the model decides.
    pub fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// Sampling parameters; an absent one is left to the next in line: subject, then suite, then provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Softmax temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Nucleus sampling: the smallest set of tokens with this probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Only so many most probable tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Divides the logits of tokens that were already written; 1 changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_penalty: Option<f64>,
    /// Upper limit of generated tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Reasoning effort as the provider names it, such as `low` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Upper limit of tokens spent on reasoning, where a provider takes one in place of an effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u32>,
    /// Texts at which the model stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Vec<String>>,
    /// Provider-side sampling seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Log-probabilities of the tokens written, with so many alternatives each (0: of the chosen tokens alone).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<u8>,
}

impl Sampling {
    /// These parameters, with those of `fallback` where these have none.
    pub fn or(&self, fallback: &Self) -> Self {
        Self {
            temperature: self.temperature.or(fallback.temperature),
            top_p: self.top_p.or(fallback.top_p),
            top_k: self.top_k.or(fallback.top_k),
            repeat_penalty: self.repeat_penalty.or(fallback.repeat_penalty),
            max_tokens: self.max_tokens.or(fallback.max_tokens),
            reasoning_effort: self.reasoning_effort.clone().or_else(|| fallback.reasoning_effort.clone()),
            reasoning_tokens: self.reasoning_tokens.or(fallback.reasoning_tokens),
            stop: self.stop.clone().or_else(|| fallback.stop.clone()),
            seed: self.seed.or(fallback.seed),
            logprobs: self.logprobs.or(fallback.logprobs),
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
