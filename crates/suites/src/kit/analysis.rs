//! Analyses of a run beside its leaderboard: what they are called, what they are given, and what comes of them.

use unbent_report::Table;

use super::GivenFile;

/// An analysis as a list names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnalysisInfo {
    /// Its name.
    pub id: &'static str,
    /// What it tells, and what it needs to have something to say, in a line.
    pub about: &'static str,
    /// Whether it lists every trial, so that it is made only where it is named or written to files.
    pub is_listing: bool,
}

/// What analyses may be given.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisOptions {
    /// The subject's training data, for analyses that leave out what resembles it.
    pub training: Option<GivenFile>,
    /// The difference within which two shares count as equal, in percentage points; above 0.
    pub margin: f64,
}

impl Default for AnalysisOptions {
    fn default() -> Self {
        Self { training: None, margin: 5.0 }
    }
}

/// What an analysis made.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysed {
    /// The analysis.
    pub id: &'static str,
    /// Its tables; none if it has nothing to say.
    pub tables: Vec<Table>,
}

/// Why a run cannot be analysed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// An analysis that the suite does not have.
    #[error("there is no analysis {id:?}")]
    Unknown {
        /// Its name.
        id: String,
    },
    /// A file that an analysis cannot use.
    #[error("the analysis {id} cannot use {file}: {why}")]
    BadFile {
        /// The analysis.
        id: &'static str,
        /// The file.
        file: String,
        /// What is wrong with it, with the line where it is known, and what was expected.
        why: String,
    },
    /// A value that an analysis cannot use.
    #[error("the analysis {id} cannot be made: {why}")]
    BadOption {
        /// The analysis.
        id: &'static str,
        /// What is wrong, and what it takes.
        why: String,
    },
}
