//! The first pass: the first rule of the pack whose conditions hold decides, and where none does, the pass abstains.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answer::ReadAnswer;
use super::pack::{Rule, RulePack, Sign};
use super::signal::{Folded, features};
use crate::trap::case::Language;
use crate::trap::category::Category;
use crate::trap::class::{FailureClass, Verdict};
use crate::trap::family::Family;

/// What an answer is an answer to.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The category, which says what is wanted.
    pub category: Category,
    /// The family, where the case is one of ours.
    pub family: Option<Family>,
    /// What the subject was asked.
    pub prompt: &'a str,
    /// The language of the prompt.
    pub language: Language,
}

/// What the first pass says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The decision, if a rule took one.
    pub decision: Option<Decision>,
}

impl Assessment {
    /// The decision as a verdict.
    pub fn verdict(&self) -> Verdict {
        self.decision.as_ref().map_or(Verdict::Undetermined, |decision| Verdict::Class(decision.class))
    }
}

/// What a rule decided, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The class.
    pub class: FailureClass,
    /// The rule.
    pub rule: Arc<str>,
    /// The words that the rule went by, where it went by words.
    pub evidence: Option<Span>,
}

/// A place in the visible text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl RulePack {
    /// What the rules say of an answer.
    pub fn assess(&self, question: &Question<'_>, answer: &ReadAnswer<'_>) -> Assessment {
        let said = Folded::new(answer.visible);
        let asked = Folded::new(question.prompt);
        let features = features(answer, &said, &asked, &self.idle);
        let signals: BTreeSet<usize> =
            self.set.matches(&said.text).into_iter().map(|pattern| self.owners[pattern]).collect();
        let holds = |sign: &Sign| match sign {
            Sign::Signal(signal) => signals.contains(signal),
            Sign::Feature(feature) => features.contains(feature),
        };
        let applies = |rule: &&Rule| {
            (rule.categories.is_empty() || rule.categories.contains(&question.category))
                && (rule.families.is_empty()
                    || question.family.is_some_and(|family| rule.families.contains(&family)))
                && rule.all.iter().all(holds)
                && (rule.any.is_empty() || rule.any.iter().any(holds))
                && !rule.none.iter().any(holds)
        };
        let decision = self.rules.iter().find(applies).map(|rule| Decision {
            class: rule.class,
            rule: Arc::clone(&rule.id),
            evidence: self.evidence(rule, &said),
        });
        Assessment { decision }
    }

    /// The first place where a signal stands that the rule asks for.
    fn evidence(&self, rule: &Rule, said: &Folded) -> Option<Span> {
        rule.all.iter().chain(&rule.any).find_map(|sign| {
            let Sign::Signal(signal) = sign else { return None };
            let found = self.signals[*signal].patterns.iter().filter_map(|pattern| pattern.find(&said.text));
            let first = found.min_by_key(regex::Match::start)?;
            let (start, end) = said.original(first.start(), first.end());
            Some(Span { start, end })
        })
    }
}
