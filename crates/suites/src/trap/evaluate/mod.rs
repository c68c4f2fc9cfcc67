//! The evaluation of an answer: local rules first, which may abstain, then a judge for what they leave open.

mod answer;
mod feature;
mod folded;
pub(super) mod judging;
pub(super) mod pack;
mod pattern;
mod rules;

pub use answer::ReadAnswer;
pub(super) use feature::{is_structured, shares_run};
pub use judging::JudgeRubric;
pub use pack::{RulePack, RulesError};
pub use rules::{Assessment, Decision, Question, Span};
