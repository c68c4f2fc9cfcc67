//! What a command can end with: exit codes, and errors with the next command to type.

use std::process::ExitCode;

use serde_json::json;
use unbent_core::SourceError;
use unbent_engine::EngineError;
use unbent_store::{CacheError, StoreError};

use crate::output;

/// The one table of exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// A bug in the program.
    Internal,
    /// The command line cannot be acted on.
    Usage,
    /// The command came to its end, but something was left out: trials unscored, files damaged, a pack with errors.
    Incomplete,
    /// The run was stopped on request; it can be resumed.
    Stopped,
    /// A file cannot be read or is not what the command needs.
    BadFile,
    /// The run file is being written by another process.
    Locked,
    /// The disk is full, or the system refused to read or write.
    Io,
    /// A provider refused every further call: a wrong key, or no credit left.
    Refused,
    /// What the run may cost is spent.
    BudgetSpent,
    /// No sandbox can be opened on this machine.
    NoSandbox,
    /// A gate does not hold.
    GateFailed,
    /// Whether a gate holds cannot be decided.
    GateUndecided,
}

impl Exit {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::Incomplete,
        Self::Stopped,
        Self::BadFile,
        Self::Locked,
        Self::Io,
        Self::Refused,
        Self::BudgetSpent,
        Self::NoSandbox,
        Self::GateFailed,
        Self::GateUndecided,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Stopped => 4,
            Self::BadFile => 5,
            Self::Locked => 6,
            Self::Io => 7,
            Self::Refused => 8,
            Self::BudgetSpent => 9,
            Self::NoSandbox => 10,
            Self::GateFailed => 11,
            Self::GateUndecided => 12,
        }
    }

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Incomplete => "incomplete",
            Self::Stopped => "stopped",
            Self::BadFile => "bad_file",
            Self::Locked => "locked",
            Self::Io => "io",
            Self::Refused => "refused",
            Self::BudgetSpent => "budget_spent",
            Self::NoSandbox => "no_sandbox",
            Self::GateFailed => "gate_failed",
            Self::GateUndecided => "gate_undecided",
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Everything was done.",
            Self::Internal => "A bug in the program. Please report it.",
            Self::Usage => "The command line cannot be acted on; the message says what to type instead.",
            Self::Incomplete => {
                "The command came to its end, but something was left out: trials ended unscored, files to import were \
                 damaged, a pack has errors, a suite is not valid, a model that was checked gave no answer this time, the doctor found a \
                 problem, or outcomes that were computed again are otherwise than recorded and were not written, or could not be \
                 computed. What was done is kept."
            }
            Self::Stopped => "The run was stopped on request (Ctrl-C). What was answered is kept; resume it.",
            Self::BadFile => "A file cannot be read or is not what the command needs. Nothing was changed.",
            Self::Locked => "The run file is being written by another process. Nothing was changed.",
            Self::Io => {
                "The disk is full, or the system refused to read or write. What was recorded before is kept; resume \
                 the run when there is room."
            }
            Self::Refused => {
                "A provider would refuse every further call, or cannot be reached: the key is wrong, the credit used \
                 up, or the server is not there. What was answered is kept; resume the run when that is settled."
            }
            Self::BudgetSpent => {
                "The run reached its --max-cost or --max-tokens. What was answered is kept; resume it with more."
            }
            Self::NoSandbox => {
                "The suite's agents act in sandboxes, and none can be opened on this machine: the message says what is \
                 missing. Nothing was changed."
            }
            Self::GateFailed => {
                "The condition of --gate does not hold; the message says which part of it fails, and why."
            }
            Self::GateUndecided => {
                "Whether the condition of --gate holds cannot be decided: nothing is scored, the baseline is not there or was \
                 asked something else, too much is missing, or there are too few cases for an interval. The message says which."
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that ends a command: what went wrong, and what to type next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    exit: Exit,
    message: String,
    hints: Vec<String>,
}

impl CommandError {
    /// An error that ends a command with this code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new() }
    }

    /// A command line that cannot be acted on.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same error with something to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The code that the program ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Tells the error on standard error: for people, or as a line of JSON.
    pub fn report(&self, json: bool) {
        if json {
            output::err_line(
                &json!({ "event": "error", "exit": self.exit.name(), "message": self.message, "hints": self.hints })
                    .to_string(),
            );
            return;
        }
        output::err_line(&format!("error: {}", self.message));
        for hint in &self.hints {
            output::err_line(&format!("  hint: {hint}"));
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match &error {
            StoreError::NotFound { .. } => Self::new(Exit::BadFile, message)
                .hint("check the path; `unbent run SUITE --model REF --out FILE` makes a run file"),
            StoreError::AlreadyExists { path } => Self::new(Exit::BadFile, message)
                .hint(format!("go on with it: unbent resume {}", path.display()))
                .hint("or name another file with --out"),
            StoreError::NotARunFile { .. } => Self::new(Exit::BadFile, message)
                .hint("run files are made by `unbent run` and `unbent import`"),
            StoreError::NewerVersion { .. } => Self::new(Exit::BadFile, message).hint(
                "the file was not changed; read it with the version of unbent that made it, or a later one",
            ),
            StoreError::Locked { path, .. } => Self::new(Exit::Locked, message).hint(format!(
                "reading works meanwhile: unbent show {0}, unbent leaderboard {0}",
                path.display()
            )),
            StoreError::DiskFull { path } => Self::new(Exit::Io, message)
                .hint(format!("make room, then go on where it stopped: unbent resume {}", path.display())),
            StoreError::Damaged { .. } => {
                Self::new(Exit::BadFile, message).hint("the file was not changed; restore it from a copy")
            }
            StoreError::Io { .. } | StoreError::Sqlite { .. } => Self::new(Exit::Io, message),
            StoreError::Stopped(sink) => Self::new(Exit::Io, sink.message.clone()),
            StoreError::Unknown { .. } | StoreError::Contradiction { .. } => {
                Self::new(Exit::BadFile, message)
            }
        }
    }
}

impl From<CacheError> for CommandError {
    fn from(error: CacheError) -> Self {
        let message = error.to_string();
        match error {
            CacheError::NotFound { .. } => Self::new(Exit::BadFile, message)
                .hint("a run with --cache write makes it; --cache-file or UNBENT_CACHE names another"),
            CacheError::NotACache { .. } => Self::new(Exit::BadFile, message)
                .hint("nothing was changed; name another file with --cache-file or UNBENT_CACHE"),
            CacheError::OtherVersion { path, .. } | CacheError::Damaged { path, .. } => {
                Self::new(Exit::BadFile, message)
                    .hint(format!("delete it: unbent cache clear --cache-file {}", path.display()))
            }
            CacheError::Io { .. } | CacheError::Sqlite { .. } => {
                Self::new(Exit::Io, message).hint("without a cache: --cache off")
            }
        }
    }
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        Self::new(Exit::BadFile, error.to_string())
    }
}

impl CommandError {
    /// The error of a run file that could not be made, so that there is none to go on with.
    pub(crate) fn from_making(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull { .. } => Self::new(Exit::Io, error.to_string()).hint(
                "no run file was made; make room, or name a place that has room with --out, and try again",
            ),
            other => other.into(),
        }
    }

    /// The error of an execution over this run file.
    pub fn from_engine(error: &EngineError, file: &std::path::Path) -> Self {
        let resume = format!("what was answered is kept; go on with: unbent resume {}", file.display());
        match error {
            EngineError::Sink(sink) if sink.disk_full => {
                Self::new(Exit::Io, sink.message.clone()).hint(format!("make room first; {resume}"))
            }
            EngineError::Sink(_) => Self::new(Exit::Io, error.to_string()).hint(resume),
            EngineError::Source(_) | EngineError::Suite(_) => Self::new(Exit::BadFile, error.to_string()),
            EngineError::Cache(_) => Self::new(Exit::Io, error.to_string())
                .hint("if it is damaged, delete it: unbent cache clear, with the same --cache-file")
                .hint(resume),
            EngineError::Fatal { fault } => {
                let about = if fault.kind.stops_the_run() {
                    "check the key (--api-key-env NAME) and the credit of the account"
                } else {
                    "check that the server is there and that --base-url is its address"
                };
                Self::new(Exit::Refused, error.to_string()).hint(about).hint(resume)
            }
            EngineError::Unpriced { .. } => Self::new(Exit::BudgetSpent, error.to_string())
                .hint("without --max-cost the run goes on; --max-tokens holds it to a number of tokens")
                .hint(resume),
            EngineError::UnknownSuite { .. } | EngineError::UnknownCase { .. } => {
                Self::new(Exit::BadFile, error.to_string()).hint(
                    "the file was made by another version of unbent; `unbent suites` lists what this one has",
                )
            }
            EngineError::Stuck { .. } | EngineError::Task(_) => Self::new(Exit::Internal, error.to_string())
                .hint("this is a bug in unbent; please report it with the run file")
                .hint(resume),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_code_has_its_own_number_and_name() {
        for (place, exit) in Exit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(exit.code()), place);
            assert!(Exit::ALL.iter().filter(|other| other.name() == exit.name()).count() == 1);
        }
    }
}
