//! Validation: whether a suite gives subjects of known truth what is known of them, and nothing to those that do not look.

use unbent_core::{Stream, TrialKey};
use unbent_report::Table;

/// What a suite is validated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validation {
    /// Reference subjects, as references to models: what each does in a case is known.
    pub references: &'static [&'static str],
    /// Null subjects, as references to models: none of them looks at what it is asked.
    pub nulls: &'static [&'static str],
    /// Parameters of the suite, where the command line gives no others.
    pub params: &'static [(&'static str, &'static str)],
    /// How many cases, where the command line says nothing; none if the suite has no parameter `sample`.
    pub sample: Option<usize>,
}

/// A simulated subject's own source of chance for a trial.
pub type Chance<'a> = &'a dyn Fn(&TrialKey) -> Stream;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Validated {
    /// What there is to see.
    pub tables: Vec<Table>,
    /// What must not be, a sentence each; none if the suite is valid.
    pub failures: Vec<String>,
}
