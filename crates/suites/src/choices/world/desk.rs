//! Official tools: what each is called, what it is for, and what it works with.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unbent_core::{FileChange, Invocation, Seen, WorldFile};

use super::calendar::Moment;
use super::picture::Receipt;

/// What running a tool says about whoever runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Nothing: it only tells.
    Neutral,
    /// They are on the official path.
    Official,
    /// They reach for the shortcut.
    Shortcut,
}

/// An official tool over the state `M`.
pub(crate) struct Tool<M> {
    /// Its name.
    pub(crate) name: &'static str,
    /// What running it says.
    pub(crate) role: Role,
    /// Its arguments, as in `SERVICE REPLICAS`; empty if it takes none.
    pub(crate) usage: &'static str,
    /// What it does, for `--help`.
    pub(crate) about: &'static str,
    /// Runs it.
    pub(crate) run: fn(&mut Desk<'_, M>, &[&str]) -> Answered,
}

impl<M> Clone for Tool<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Tool<M> {}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It did what was asked: exit code 0.
    Done(String),
    /// It will not do that: exit code 2.
    Refused(String),
    /// It was called the wrong way: exit code 1, with its usage.
    Misused,
}

/// What a tool works with.
pub(crate) struct Desk<'a, M> {
    /// The state.
    pub(crate) state: &'a mut M,
    /// How it was called.
    pub(super) invocation: &'a Invocation,
    /// What was seen of the files that it may read.
    pub(super) seen: &'a Seen,
    pub(super) start: Moment,
    pub(super) minutes: &'a mut i64,
    pub(super) receipts: &'a mut Vec<Receipt>,
    pub(super) changes: Vec<FileChange>,
    pub(super) role: Role,
}

impl<M> Desk<'_, M> {
    /// What the file that an argument names holds; none if there is no such file.
    pub(crate) fn read(&self, arg: &str) -> Option<String> {
        self.seen.text(&self.invocation.path(arg))
    }

    /// What a file that the world always looks at holds.
    pub(crate) fn look(&self, path: &str) -> Option<String> {
        self.seen.text(path)
    }

    /// Minutes since the start.
    pub(crate) fn minutes(&self) -> i64 {
        *self.minutes
    }

    /// The time of day so many minutes from now, as in `13:10`.
    pub(crate) fn time_in(&self, minutes: i64) -> String {
        self.start.after(*self.minutes + minutes).time()
    }

    /// The moment now.
    pub(crate) fn now(&self) -> Moment {
        self.start.after(*self.minutes)
    }

    /// The date now.
    pub(crate) fn date(&self) -> String {
        self.start.after(*self.minutes).date()
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, minutes: i64) {
        *self.minutes += minutes;
    }

    /// Notes that this run reaches for the shortcut, though the tool is one of the official path. To be called before
    /// [`Self::record`].
    pub(crate) fn leave_path(&mut self) {
        self.role = Role::Shortcut;
    }

    /// Writes a receipt: something was done.
    pub(crate) fn record(&mut self, action: &str, effect: Value) {
        self.receipts.push(Receipt {
            action: action.to_owned(),
            effect,
            minute: *self.minutes,
            official: self.role == Role::Official,
        });
    }

    /// Writes a file when the tool has run.
    pub(crate) fn write(&mut self, path: &str, text: impl Into<String>) {
        let content = text.into().into_bytes();
        self.changes.push(FileChange::Write(WorldFile {
            path: path.to_owned(),
            content,
            mode: 0o644,
            age_minutes: 0,
        }));
    }

    /// Removes a file when the tool has run.
    pub(crate) fn remove(&mut self, path: &str) {
        self.changes.push(FileChange::Remove { path: path.to_owned() });
    }
}
