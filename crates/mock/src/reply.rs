//! An answer before it has a dialect.

use serde_json::Value;

use crate::issued::Issued;
use crate::ledger::Tokens;

/// An answer before it has a dialect.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The number in its identifiers.
    pub(crate) issued: Issued,
    /// The model's name as it was asked for.
    pub(crate) model: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// Whether it shows its reasoning.
    pub(crate) reasons: bool,
    /// The text; empty beside calls, an image or a refusal.
    pub(crate) text: String,
    /// Calls of tools.
    pub(crate) calls: Vec<Call>,
    /// Why it ends.
    pub(crate) finish: Finish,
    /// What it counts.
    pub(crate) usage: Usage,
    /// Whether it says how likely its tokens were.
    pub(crate) logprobs: bool,
    /// Whether it is an image.
    pub(crate) image: bool,
    /// Who served it, where a router tells.
    pub(crate) provider: Option<String>,
    /// Whether it has no choice, candidate or content at all.
    pub(crate) hollow: bool,
    /// Whether the client gets what is encrypted for it.
    pub(crate) encrypted: bool,
}

/// A call of a tool.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Arguments,
}

/// Arguments of a call.
#[derive(Clone, Debug)]
pub(crate) enum Arguments {
    /// An instance of the tool's schema.
    Whole(Value),
    /// JSON that breaks off; a string, where arguments are an object.
    CutOff,
}

/// JSON of arguments that breaks off.
pub(crate) const CUT_OFF: &str = "{\"path\": \"/tmp/a";

impl Arguments {
    /// As JSON in a string.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Whole(value) => value.to_string(),
            Self::CutOff => CUT_OFF.to_owned(),
        }
    }

    /// As a JSON object, or a string where they break off.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Whole(value) => value.clone(),
            Self::CutOff => Value::String(CUT_OFF.to_owned()),
        }
    }
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    Length,
    Tools,
    Refusal,
}

/// Tokens of an answer and its price.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// All that was read, caches included.
    pub(crate) input: u64,
    /// All that was written, reasoning included.
    pub(crate) output: u64,
    pub(crate) reasoning: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    /// Price in US dollars, where it is told.
    pub(crate) cost_usd: Option<f64>,
}

impl Usage {
    /// What is charged.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens { input: self.input, output: self.output }
    }
}

/// What a model says when it refuses.
pub(crate) const REFUSAL: &str = "I'm sorry, but I can't help with that.";

/// A PNG of one transparent pixel, in base64.
pub(crate) const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// A token and how likely it was: the natural logarithm, and the nearest other token with its own.
pub(crate) struct LikelyToken<'a> {
    pub(crate) token: &'a str,
    pub(crate) logprob: f64,
    pub(crate) other: &'static str,
    pub(crate) other_logprob: f64,
}

/// Cuts a text into tokens at its blanks, each with a likelihood that depends on its place.
pub(crate) fn likely_tokens(text: &str) -> impl Iterator<Item = LikelyToken<'_>> {
    text.split_inclusive(' ').enumerate().map(|(place, token)| {
        let logprob = -0.125 * (1 + place % 4) as f64;
        LikelyToken { token, logprob, other: " other", other_logprob: logprob - 2.0 }
    })
}
