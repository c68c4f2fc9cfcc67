//! Who is under test, and how models are named.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Price, Sampling, SubjectId};

/// A model with its settings, under test, as judge or as guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// The label under which it stands in tables.
    pub id: SubjectId,
    /// The reference that it was named by, or for imported data the source's name of the model.
    pub model: String,
    /// Settings that go before those that the suite asks for.
    #[serde(default)]
    pub settings: Sampling,
    /// Whether it is a simulated subject with known truth, not a model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// What its tokens cost, where its provider does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Where `price` is from: a version of the price list, or a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_source: Option<String>,
    /// The subject whose answers are graded again, and who grades them; such a subject is never asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regraded: Option<Box<Regraded>>,
    /// Whether it is a null subject: one that does not even read what it is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub null: bool,
}

/// Whose answers are graded again, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regraded {
    /// The subject that answered.
    pub of: SubjectId,
    /// The judge.
    pub judge: Subject,
    /// Which grading by this judge it is, from 1.
    pub round: u32,
}

/// A reference to a model: `provider/model[+pin][?key=value&…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    /// The provider, such as `sim` or `openai-compatible`.
    pub provider: String,
    /// The model as the provider names it. May hold further slashes.
    pub model: String,
    /// The provider behind a router that alone may serve it: what follows the last plus sign.
    pub pin: Option<String>,
    /// Parameters after the question mark.
    pub params: BTreeMap<String, String>,
}

/// Text that is not a model reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseModelRefError {
    /// No slash, or nothing on one side of it.
    #[error("{text:?} is not of the form provider/model[+pin][?key=value]")]
    Form {
        /// The text.
        text: String,
    },
    /// A parameter without a value, or one that stands twice.
    #[error("the parameter {param:?} of {text:?} is not of the form key=value, or stands twice")]
    Param {
        /// The text.
        text: String,
        /// The parameter.
        param: String,
    },
}

impl FromStr for ModelRef {
    type Err = ParseModelRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ParseModelRefError::Form { text: text.to_owned() };
        let (provider, rest) = text.split_once('/').ok_or_else(form)?;
        let (model, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Files are no models, and their names may hold any character.
        let (model, pin) = match model.rsplit_once('+') {
            Some((model, pin)) if provider != "replay" => (model, Some(pin)),
            _ => (model, None),
        };
        if provider.is_empty() || model.is_empty() || pin.is_some_and(str::is_empty) {
            return Err(form());
        }
        let mut params = BTreeMap::new();
        for param in query.split('&').filter(|param| !param.is_empty()) {
            let bad = || ParseModelRefError::Param { text: text.to_owned(), param: param.to_owned() };
            let (key, value) = param.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(bad)?;
            if params.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(bad());
            }
        }
        let pin = pin.map(str::to_owned);
        Ok(Self { provider: provider.to_owned(), model: model.to_owned(), pin, params })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)?;
        if let Some(pin) = &self.pin {
            write!(f, "+{pin}")?;
        }
        for (n, (key, value)) in self.params.iter().enumerate() {
            write!(f, "{}{key}={value}", if n == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ModelRef;

    #[test]
    fn a_reference_reads_back_from_its_text() {
        for text in [
            "sim/yielding?p=0.3",
            "openai-compatible/org/model:free",
            "openrouter/moonshotai/kimi-k2.5+fireworks?effort=low",
            "replay/a+b.unbent?match=need&subject=x",
        ] {
            assert_eq!(text.parse::<ModelRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_reference_is_refused() {
        for text in ["gpt-5", "/model", "sim/", "openrouter/x+", "sim/yielding?p", "sim/yielding?p=1&p=2"] {
            assert!(text.parse::<ModelRef>().is_err(), "{text}");
        }
    }
}
