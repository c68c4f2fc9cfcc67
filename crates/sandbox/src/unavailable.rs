//! What is missing on a machine, what still works, and what to do about it.

use std::fmt;

/// Something that is missing or weaker than it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is missing.
    pub missing: String,
    /// What works all the same.
    pub works: String,
    /// What to install or to set.
    pub remedy: String,
    /// Whether no sandbox can be opened because of it.
    pub fatal: bool,
}

/// No sandbox can be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no sandbox can be opened: {gap}")]
pub struct Unavailable {
    /// Why.
    pub gap: Gap,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}; {}", self.missing, self.works, self.remedy)
    }
}
