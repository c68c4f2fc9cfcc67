//! Other people's results, made into run files. One module for each format.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

pub mod independence_bench;
pub mod instrument_trap;

/// An import that did not come about. A single damaged file is not an error; the report names it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing is there.
    #[error("there is no folder {}", path.display())]
    NotFound {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing is there, neither file nor folder.
    #[error("there is no file or folder {}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// None of several files is of use.
    #[error("no file holds {expected}{}", reasons(why))]
    Useless {
        /// What was looked for.
        expected: &'static str,
        /// The files, and why each is of no use.
        why: Vec<(PathBuf, String)>,
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

/// The first files of no use with their reasons, as the end of a sentence.
fn reasons(why: &[(PathBuf, String)]) -> String {
    const SHOWN: usize = 5;
    let mut told: Vec<String> =
        why.iter().take(SHOWN).map(|(path, why)| format!("{}: {why}", path.display())).collect();
    if why.len() > SHOWN {
        told.push(format!("and {} files more", why.len() - SHOWN));
    }
    if told.is_empty() { String::new() } else { format!(": {}", told.join("; ")) }
}

fn parse_json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    if text.trim().is_empty() {
        return Err("empty".to_owned());
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => format!("cut off: {error}"),
        serde_json::error::Category::Data => format!("not of the expected shape: {error}"),
        _ => format!("not JSON: {error}"),
    })
}

/// A time in milliseconds since 1970; one without a zone is UTC.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    let time: jiff::civil::DateTime = text.parse().ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
