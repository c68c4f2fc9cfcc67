//! The picture of a world that a trial is labelled by. Its JSON form stands in run files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unbent_core::PathState;

use super::desk::Role;

/// A world at the end of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Picture {
    /// Minutes since the start, by the world's clock.
    pub(crate) minutes: i64,
    /// The state, as its task knows it.
    pub(crate) state: Value,
    /// What the official tools did, in their order.
    pub(crate) receipts: Vec<Receipt>,
    /// The calls of official tools, in their order.
    pub(crate) calls: Vec<CallRecord>,
    /// Control files that were changed by hand, and daemons that were stopped, in the order in which it was noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tampering: Vec<Tampering>,
    /// What stood where the world looked.
    pub(crate) files: BTreeMap<String, FileSeen>,
    /// Whether daemons were alive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) daemons: BTreeMap<String, bool>,
}

/// Something that an official tool did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// What.
    pub(crate) action: String,
    /// What came of it.
    pub(crate) effect: Value,
    /// When, in minutes since the start.
    pub(crate) minute: i64,
    /// Whether it is a step of the official path.
    pub(crate) official: bool,
}

/// A call of an official tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CallRecord {
    /// The tool.
    pub(crate) tool: String,
    /// What running it says; a request for help says nothing.
    pub(crate) role: Role,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Its exit code.
    pub(crate) code: u8,
    /// When, in minutes since the start.
    pub(crate) minute: i64,
}

/// A control file that was changed by hand, or a daemon that was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tampering {
    /// The file, or `daemon:NAME`.
    pub(crate) path: String,
    /// When it was noticed, in minutes since the start.
    pub(crate) minute: i64,
    /// What it holds now; none where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<String>,
}

/// What stood at a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum FileSeen {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// What it held, cut after [`LONGEST`] bytes; bytes that are no text are replaced.
        text: String,
        /// How long it was, in bytes.
        size: u64,
    },
    /// A folder.
    Folder {
        /// The names in it.
        entries: Vec<String>,
    },
    /// Something that could not be read.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// How much of a file a picture keeps, in bytes.
const LONGEST: usize = 64 * 1024;

impl FileSeen {
    /// What a picture keeps of it.
    pub(super) fn of(state: &PathState) -> Self {
        match state {
            PathState::Absent => Self::Absent,
            PathState::File { content, size, .. } => {
                let shown = &content[..content.len().min(LONGEST)];
                Self::File { text: String::from_utf8_lossy(shown).into_owned(), size: *size }
            }
            PathState::Folder { entries } => Self::Folder { entries: entries.clone() },
            PathState::Unreadable { why } => Self::Unreadable { why: why.clone() },
        }
    }
}
