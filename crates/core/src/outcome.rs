//! How a trial ended: with scores, or without and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FaultKind, ModelRole};

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was scored.
    Scored {
        /// The scores by name.
        scores: Scores,
        /// The reason that the scorer gave, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It could not be scored. This says nothing about the subject.
    Unscored {
        /// Why not.
        reason: UnscoredReason,
        /// What happened, for people.
        detail: String,
    },
}

impl Outcome {
    /// An outcome without scores.
    pub fn unscored(reason: UnscoredReason, detail: impl Into<String>) -> Self {
        Self::Unscored { reason, detail: detail.into() }
    }

    /// The scores, where there are any.
    pub fn scores(&self) -> Option<&Scores> {
        match self {
            Self::Scored { scores, .. } => Some(scores),
            Self::Unscored { .. } => None,
        }
    }
}

/// Scores by name, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(pub BTreeMap<String, Score>);

impl Scores {
    /// The score as a number; a flag counts 0 or 1, a label has none.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            Score::Number(value) => Some(*value),
            Score::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Score::Label(_) => None,
        }
    }

    /// The score as a flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Score::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The score as a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Score::Label(label) => Some(label),
            _ => None,
        }
    }
}

impl FromIterator<(String, Score)> for Scores {
    fn from_iter<I: IntoIterator<Item = (String, Score)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// One score. There is no "missing" score: what is missing is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Score {
    /// Yes or no.
    Flag(bool),
    /// A number on the scale of its suite.
    Number(f64),
    /// A name out of a closed list of its suite, or a free text.
    Label(String),
}

/// Why a trial has no scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnscoredReason {
    /// The subject could not be asked.
    SubjectFault(FaultKind),
    /// The judge could not be asked.
    JudgeFault(FaultKind),
    /// The guard could not be asked.
    GuardFault(FaultKind),
    /// The subject answered, but with nothing that could be read as an answer.
    NoAnswer,
    /// The judge answered, but never in the form that it was asked for.
    JudgeUnreadable,
    /// The guard answered, but never in the form that it was asked for, so that what the user gets is not known.
    GuardUnreadable,
    /// What the trial works on is not there: the trials that it follows brought no answers.
    NothingToScore,
    /// The sandbox broke.
    SandboxFault,
}

impl UnscoredReason {
    /// That whoever has this role could not be asked.
    pub const fn fault_of(role: ModelRole, kind: FaultKind) -> Self {
        match role {
            ModelRole::Subject => Self::SubjectFault(kind),
            ModelRole::Judge => Self::JudgeFault(kind),
            ModelRole::Guard => Self::GuardFault(kind),
        }
    }
}

impl fmt::Display for UnscoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubjectFault(kind) => write!(f, "subject {kind}"),
            Self::JudgeFault(kind) => write!(f, "judge {kind}"),
            Self::GuardFault(kind) => write!(f, "guard {kind}"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::JudgeUnreadable => f.write_str("judge unreadable"),
            Self::GuardUnreadable => f.write_str("guard unreadable"),
            Self::NothingToScore => f.write_str("nothing to score"),
            Self::SandboxFault => f.write_str("sandbox fault"),
        }
    }
}
