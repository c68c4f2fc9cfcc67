//! The public face of a suite: what the program can do with it besides running its trials.

use std::collections::BTreeMap;
use std::sync::Arc;

use unbent_core::{
    Case, CaseId, ErasedSuite, Manifest, ReferenceScript, Subject, SubjectId, SuiteRecord, TrialView, Worlds,
};
use unbent_report::{Figure, Table};

use super::PackFiles;
use super::analysis::{Analysed, AnalysisError, AnalysisInfo, AnalysisOptions};
use super::validation::{Chance, Validated, Validation};
use crate::inference::judging::Rating;
use crate::inference::{Course, Lens, Metric, Observations, Typical};

/// A suite with its pack and parameters fixed.
pub trait Benchmark: ErasedSuite + ReferenceScript {
    /// The suite as a run file records it: parameters and pack.
    fn record(&self) -> SuiteRecord;

    /// Whether its trials may ask a judge.
    fn needs_judge(&self) -> bool {
        true
    }

    /// Whether its trials ask a guard.
    fn needs_guard(&self) -> bool {
        false
    }

    /// The worlds that its trials act in; none if they only ask.
    fn worlds(self: Arc<Self>) -> Option<Arc<dyn Worlds>> {
        None
    }

    /// The leaderboard over the subjects of a run.
    fn leaderboard(&self, run: &mut RunData<'_>, method: Method) -> Table;

    /// The metrics that its subjects are compared by, the one that they are ranked by first.
    fn metrics(&self) -> &'static [Metric];

    /// How it looks at the trials of these cases: what they show of the parts of its metrics.
    fn lens<'r>(&self, cases: &'r BTreeMap<CaseId, Case>) -> Box<dyn Lens + 'r>;

    /// What studies of this metric take for granted where there is no pilot.
    fn typical(&self, _metric: &Metric) -> Typical {
        Typical::default()
    }

    /// What the trials of a run show of the parts of its metrics; a run can be read once.
    fn observe(&self, run: &mut RunData<'_>) -> Observations {
        Observations::through(&*self.lens(run.cases), run)
    }

    /// What its rubrics ask of a judge, by the names of the scores. Empty if it asks none.
    fn ratings(&self) -> &'static [Rating] {
        &[]
    }

    /// The columns of its leaderboard, for programs, that hold a metric's value and the ends of its interval. None if the
    /// leaderboard does not show it.
    fn leaderboard_columns(&self, _metric: &str) -> Option<[&'static str; 3]> {
        None
    }

    /// Every course that a simulated subject may take through a case. None if it is not known what the persona says.
    fn courses(
        &self,
        _persona: &str,
        _params: &BTreeMap<String, String>,
        _case: &Case,
    ) -> Option<Vec<Course>> {
        None
    }

    /// What keeps a run of it from standing in a paper, a sentence each; nothing by default.
    fn readiness(&self, _run: &mut RunData<'_>) -> Vec<String> {
        Vec::new()
    }

    /// The analyses that it has beside the leaderboard.
    fn analyses(&self) -> &'static [AnalysisInfo] {
        &[]
    }

    /// Makes these analyses, in the order in which they are named; a run can be read once. An analysis that has nothing
    /// to say of the run gives no table.
    ///
    /// # Errors
    ///
    /// An analysis that the suite does not have, or an option that one of them cannot use.
    fn analyse(
        &self,
        ids: &[&str],
        _run: &mut RunData<'_>,
        _options: &AnalysisOptions,
    ) -> Result<Vec<Analysed>, AnalysisError> {
        match ids.first() {
            Some(id) => Err(AnalysisError::Unknown { id: (*id).to_owned() }),
            None => Ok(Vec::new()),
        }
    }

    /// What it is validated with; none if it cannot be.
    fn validation(&self) -> Option<Validation> {
        None
    }

    /// Holds a run of the subjects that it is validated with against what is known of them.
    fn validate(&self, _run: &mut RunData<'_>, _chance: Chance<'_>) -> Validated {
        Validated::default()
    }

    /// The figures of a run by the names of their files, each drawn or with the reason why it cannot be. None by default.
    fn figures(&self, _run: &mut RunData<'_>) -> Vec<(String, Result<Figure, String>)> {
        Vec::new()
    }
}

/// A run as analyses read it, or several runs as one.
pub struct RunData<'a> {
    /// How it was made.
    pub manifest: &'a Manifest,
    /// Who graded the answers of each subject in its own run, where runs with different judges are read as one; otherwise
    /// nothing, and the manifest says it.
    pub judges: &'a BTreeMap<SubjectId, Subject>,
    /// The cases of the suite, by name.
    pub cases: &'a BTreeMap<CaseId, Case>,
    /// The trials of the suite in the order of their numbers; they can be read once.
    pub trials: &'a mut dyn Iterator<Item = TrialView>,
}

impl RunData<'_> {
    /// Who graded a subject's answers; none if nobody did.
    pub fn judge_of<'s>(&'s self, subject: &'s Subject) -> Option<&'s Subject> {
        let own = || self.judges.get(&subject.id).or(self.manifest.judge.as_ref());
        subject.regraded.as_ref().map(|regraded| &regraded.judge).or_else(own)
    }
}

/// How published numbers are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As the reference computes them, flaws included, to the last bit.
    Published,
    /// As they should be: nothing dropped silently, missing data bounded, intervals with honest coverage.
    Corrected,
}

/// A suite that can be opened.
pub struct Registration {
    /// Its name.
    pub id: &'static str,
    /// What it measures, in one line.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// The files that may be given by themselves.
    pub files: &'static [FileInfo],
    /// Opens it.
    pub open: fn(&Setup) -> Result<Arc<dyn Benchmark>, SetupError>,
    /// Finds what is wrong, or merely odd, with its pack.
    pub lint: fn(&Setup) -> Result<Vec<Finding>, SetupError>,
}

/// A parameter of a suite.
pub struct ParamInfo {
    /// Its name.
    pub name: &'static str,
    /// Its value where none is given.
    pub default: &'static str,
    /// What it does and which values it takes.
    pub about: &'static str,
}

/// A file that a suite takes by itself, beside its pack.
pub struct FileInfo {
    /// Its name, which is that of an option of the command line.
    pub name: &'static str,
    /// What it holds.
    pub about: &'static str,
}

/// A file that was given by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFile {
    /// Where it was read from, for people.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// What a suite is opened with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Parameters by name; those that are absent have their defaults.
    pub params: BTreeMap<String, String>,
    /// A pack in place of the built-in one.
    pub pack: Option<PackFiles>,
    /// Files that were given by themselves, by the name of their option; only those that the suite takes.
    pub files: BTreeMap<String, GivenFile>,
}

/// Why a suite cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A parameter that the suite does not have.
    #[error("the suite has no parameter {name:?}")]
    UnknownParam {
        /// The parameter.
        name: String,
    },
    /// A value that the parameter does not take.
    #[error("{value:?} is not a value of the parameter {name}: {takes}")]
    BadParam {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// What the parameter takes.
        takes: String,
    },
    /// A pack that cannot be used.
    #[error("the pack file {file} cannot be used: {why}")]
    BadPack {
        /// The file within the pack.
        file: String,
        /// What is wrong with it, with line and column where they are known.
        why: String,
    },
}

/// Something that a linter found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where, in the words of the pack.
    pub place: String,
    /// What.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Must be mended before the pack is used.
    Error,
}

impl Finding {
    /// A finding that must be mended.
    pub fn error(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: place.into(), message: message.into() }
    }

    /// A finding worth a look.
    pub fn warning(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, place: place.into(), message: message.into() }
    }
}
