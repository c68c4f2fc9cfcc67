//! What is put to a subject, and how often.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CaseId, NeedKey, SubjectId, SuiteId};

/// One situation of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The suite that knows what it means.
    pub suite: SuiteId,
    /// Its name, unique within the suite.
    pub id: CaseId,
    /// The suite's own description of it; see [`crate::Suite::Spec`].
    pub spec: Value,
    /// The sandbox that its trials act in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<WorldSpec>,
    /// Answers that its trials take over from trials of other cases. Such a trial runs after those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<Inherit>,
}

/// A sandbox to open for a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldSpec {
    /// Which world, in the words of the suite.
    pub kind: String,
    /// How it is set up.
    pub spec: Value,
}

/// An answer that a trial takes over from a trial of another case with the same subject and repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inherit {
    /// The other case, of the same suite.
    pub case: CaseId,
    /// The need whose answer is taken over, under the same key.
    pub need: NeedKey,
}

/// Names a trial: case × subject × repeat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrialKey {
    /// The suite of the case.
    pub suite: SuiteId,
    /// The case.
    pub case: CaseId,
    /// The subject.
    pub subject: SubjectId,
    /// The repeat, from 1.
    pub repeat: u32,
}

impl fmt::Display for TrialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} × {} × {}", self.suite, self.case, self.subject, self.repeat)
    }
}

/// The number of a trial in its run file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrialNo(pub u64);

impl fmt::Display for TrialNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A trial with its place in the run file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTrial {
    /// Its number.
    pub no: TrialNo,
    /// Its name.
    pub key: TrialKey,
}
