//! What a benchmark suite is to the engine: cases, and the pure function that drives a trial of each.

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};

use crate::{Case, CaseId, History, Inherit, Step, SuiteId, WorldSpec};

/// A suite with its pack and parameters fixed, typed by what describes a case.
pub trait Suite: Send + Sync {
    /// What describes a case. Stored with the case, so its JSON form is part of the file format of the suite.
    type Spec: Serialize + DeserializeOwned;

    /// The suite's name.
    fn id(&self) -> SuiteId;

    /// The cases in the order in which they run.
    fn specs(&self) -> Vec<(CaseId, Self::Spec)>;

    /// The sandbox that trials of this case act in.
    fn world(&self, _spec: &Self::Spec) -> Option<WorldSpec> {
        None
    }

    /// The answers that trials of this case take over from trials of other cases.
    fn inherits(&self, _spec: &Self::Spec) -> Vec<Inherit> {
        Vec::new()
    }

    /// The next step of a trial of this case, given all that it has been told.
    ///
    /// Pure: equal arguments give equal steps. Monotone: a need once named is named again until it is supplied.
    fn next(&self, spec: &Self::Spec, history: &History) -> Step;
}

/// A suite that the engine can hold beside others.
pub trait ErasedSuite: Send + Sync {
    /// The suite's name.
    fn id(&self) -> SuiteId;

    /// The cases in the order in which they run.
    fn cases(&self) -> Vec<Case>;

    /// The next step of a trial; see [`Suite::next`].
    fn next(&self, case: &Case, history: &History) -> Result<Step, SuiteError>;
}

/// A case that its suite does not understand.
#[derive(Debug, thiserror::Error)]
#[error("case {case} of suite {suite} is not one that this version of the suite understands: {why}")]
pub struct SuiteError {
    /// The suite.
    pub suite: SuiteId,
    /// The case.
    pub case: CaseId,
    /// What is wrong with its description.
    pub why: String,
}

impl<S: Suite> ErasedSuite for S {
    fn id(&self) -> SuiteId {
        Suite::id(self)
    }

    fn cases(&self) -> Vec<Case> {
        let suite = Suite::id(self);
        self.specs()
            .into_iter()
            .map(|(id, spec)| Case {
                suite: suite.clone(),
                id,
                world: self.world(&spec),
                inherits: self.inherits(&spec),
                spec: serde_json::to_value(spec)
                    .expect("a case's description has only text keys, so it is JSON"),
            })
            .collect()
    }

    fn next(&self, case: &Case, history: &History) -> Result<Step, SuiteError> {
        let spec = S::Spec::deserialize(&case.spec).map_err(|error| SuiteError {
            suite: case.suite.clone(),
            case: case.id.clone(),
            why: error.to_string(),
        })?;
        Ok(Suite::next(self, &spec, history))
    }
}
