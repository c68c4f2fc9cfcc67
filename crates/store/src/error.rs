//! What can go wrong with a run file, told so that a program can add the next command to type.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ffi;
use unbent_core::{SinkError, SourceError};

/// A run file that cannot be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is there.
    #[error("there is no file {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// Something is there already; a run file never overwrites.
    #[error("{} exists already", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a run file: {why}", path.display())]
    NotARunFile {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// The file has a format that is newer than this program.
    #[error(
        "{} has format version {found}; this program reads versions up to {reads}",
        path.display()
    )]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The newest version that this program reads.
        reads: u32,
    },
    /// Another process writes to the file, and only one may.
    #[error("{} is being written by {}", path.display(), described(holder.as_ref()))]
    Locked {
        /// The file.
        path: PathBuf,
        /// Who writes; none where that program does not say.
        holder: Option<Holder>,
    },
    /// No room is left for the file. What was written before stays.
    #[error("the disk is full: {} cannot grow", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file's content contradicts itself.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Something was named that the file does not hold.
    #[error("{} holds no {what}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was named.
        what: String,
    },
    /// Something was to be added that the file holds differently.
    #[error("{} holds {what}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What it holds.
        what: String,
    },
    /// An earlier error stopped the writer.
    #[error("nothing more is written: {0}")]
    Stopped(SinkError),
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// A process that writes to a run file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its command line, without arguments.
    pub command: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

fn described(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => {
            let since = jiff::Timestamp::from_millisecond(holder.since_ms)
                .map_or_else(|_| "an unknown time".to_owned(), |time| format!("{time:.0}"));
            format!(
                "process {} ({}) since {since}; wait until it ends, or stop it",
                holder.pid, holder.command
            )
        }
        None => "another program; close it and try again".to_owned(),
    }
}

impl StoreError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let Some(code) = source.sqlite_error() else {
            return Self::Sqlite { path, source };
        };
        match code.code {
            // The -shm file that SQLite keeps beside the database cannot grow on a full disk either.
            _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::DiskFull { path },
            rusqlite::ErrorCode::DiskFull => Self::DiskFull { path },
            rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => {
                Self::Locked { path, holder: None }
            }
            rusqlite::ErrorCode::DatabaseCorrupt => {
                Self::Damaged { path, what: "SQLite finds its pages malformed".to_owned() }
            }
            rusqlite::ErrorCode::NotADatabase => {
                Self::NotARunFile { path, why: "it is not an SQLite database".to_owned() }
            }
            _ => Self::Sqlite { path, source },
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn unknown(path: &Path, what: impl Into<String>) -> Self {
        Self::Unknown { path: path.to_owned(), what: what.into() }
    }
}

impl From<&StoreError> for SinkError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Stopped(first) => first.clone(),
            _ => Self { message: error.to_string(), disk_full: matches!(error, StoreError::DiskFull { .. }) },
        }
    }
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> Self {
        Self { message: error.to_string() }
    }
}

/// Names the file in an error of SQLite.
pub(crate) trait InFile<T> {
    fn in_file(self, path: &Path) -> Result<T, StoreError>;
}

impl<T> InFile<T> for rusqlite::Result<T> {
    fn in_file(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::sqlite(path, error))
    }
}

impl<T> InFile<T> for io::Result<T> {
    fn in_file(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::io(path, error))
    }
}
