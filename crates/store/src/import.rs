//! Other people's results, made into run files. One module for each format.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

pub mod independence_bench;

/// An import that did not come about. A single damaged file is not an error; the report names it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing is there.
    #[error("there is no folder {}", path.display())]
    NotFound {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("{} is not {expected}: {why}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
        /// What is missing.
        why: String,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The run file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Files read.
    pub files_done: u64,
    /// Files to read.
    pub files_total: u64,
}

/// What an import brought in, and what it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Configurations: each becomes a subject.
    pub configs: u64,
    /// Runs over all configurations.
    pub runs: u64,
    /// Files that were taken in.
    pub files: u64,
    /// Files that could not be read, and why.
    pub damaged: Vec<(PathBuf, String)>,
    /// Files and folders that have no place in the format, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// Trials planned.
    pub trials: u64,
    /// Trials that ended.
    pub finished: u64,
    /// Trials that did not.
    pub unfinished: u64,
}
