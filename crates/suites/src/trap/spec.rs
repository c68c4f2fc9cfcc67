//! What describes a case to its trial: the prompt, what is wanted, the condition, and the cluster of later statistics.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unbent_core::CaseId;

use super::case::{Language, Slots, TrapCase};
use super::category::Category;
use super::condition::Condition;
use super::evaluate::Question;
use super::family::Family;

/// A prompt under a condition. Stored with the case, so its JSON form is part of the file format of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// What the subject is told first.
    pub condition: Condition,
    /// The prompt.
    #[serde(flatten)]
    pub prompt: Prompt,
}

/// A prompt with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its name, the same under every condition.
    pub id: String,
    /// What is wanted of an answer.
    pub category: Category,
    /// Its family, if it was made from our library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// What the subject is asked.
    pub claim: String,
    /// The template that it was made from. Prompts of one template are a cluster; a prompt without one is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Arc<str>>,
    /// The values in the template's slots.
    #[serde(default, skip_serializing_if = "no_slots")]
    pub slots: Slots,
    /// Its language.
    #[serde(default)]
    pub language: Language,
}

fn no_slots(slots: &Slots) -> bool {
    slots.0.is_empty()
}

impl Spec {
    /// The name of the case: condition and prompt.
    pub fn case_id(&self) -> CaseId {
        CaseId::new(format!("{}/{}", self.condition, self.prompt.id))
    }
}

impl Prompt {
    /// What evaluators need to know of it.
    pub fn question(&self) -> Question<'_> {
        Question {
            category: self.category,
            family: self.family,
            prompt: &self.claim,
            language: self.language,
        }
    }
}

impl From<TrapCase> for Prompt {
    fn from(case: TrapCase) -> Self {
        Self {
            id: case.id,
            category: case.category,
            family: Some(case.family),
            claim: case.prompt,
            template: Some(case.template),
            slots: case.slots,
            language: case.language,
        }
    }
}
