//! The evaluation of an answer: local rules first, which may abstain, then a judge for what they leave open.

mod answer;
pub(super) mod judging;
pub(super) mod pack;
mod rules;
mod signal;

pub use answer::ReadAnswer;
pub use judging::JudgeRubric;
pub use pack::{RulePack, RulesError};
pub use rules::{Assessment, Decision, Question, Span};
pub(super) use signal::{is_structured, shares_run};
