//! What can be done in a sandbox, and what comes of it: the forms that [`crate::Act`] and [`crate::Acted`] carry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Act;

/// Something to do in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// Run a shell command. What it leaves running is killed when it ends.
    Exec {
        /// The command, for bash.
        command: String,
        /// The folder that it begins in; none for the world's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// When it is killed, with everything that it began.
        timeout_s: u32,
    },
    /// Read a file.
    Read {
        /// Its path; relative to the world's own folder.
        path: String,
    },
    /// Write a file, over what was there, with the folders that it stands in.
    Write {
        /// Its path; relative to the world's own folder.
        path: String,
        /// What it shall hold.
        content: String,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Done {
    /// A command ended, or was ended.
    Exec {
        /// Its exit code, 128 + n where signal n ended it; none where the time was up.
        #[serde(default)]
        code: Option<i32>,
        /// The folder that it began in.
        cwd: String,
        /// What it printed. Beyond the sandbox's limit the middle is cut out, with a line that says how much.
        stdout: String,
        /// What it complained, likewise.
        stderr: String,
    },
    /// A file was read. Beyond the sandbox's limit the middle is cut out, with a line that says how much. Bytes that are
    /// no text are replaced.
    Read {
        /// What it holds.
        content: String,
    },
    /// A file was written.
    Written,
    /// There is no such file.
    NotFound {
        /// The path as it was asked for.
        path: String,
    },
    /// It could not be done.
    Refused {
        /// Why, in the words of the system.
        why: String,
    },
}

impl Deed {
    /// The name of the act in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Exec { .. } => "exec",
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
        }
    }

    /// As an act.
    pub fn to_act(&self) -> Act {
        let arguments = serde_json::to_value(self).expect("a deed has only text keys, so it is JSON");
        Act { tool: self.name().to_owned(), arguments }
    }

    /// Out of an act; none if it is not of a sandbox.
    pub fn of_act(act: &Act) -> Option<Self> {
        Self::deserialize(&act.arguments).ok()
    }
}

impl Done {
    /// As the output of an act.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("what was done has only text keys, so it is JSON")
    }

    /// Out of the output of an act; none if it is not of a sandbox.
    pub fn of_value(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Deed, Done};

    #[test]
    fn deeds_and_what_came_of_them_read_back() {
        let deed = Deed::Exec { command: "ls".into(), cwd: None, timeout_s: 5 };
        assert_eq!(Deed::of_act(&deed.to_act()), Some(deed));
        let done = Done::Exec { code: None, cwd: "/w".into(), stdout: String::new(), stderr: "é".into() };
        assert_eq!(Done::of_value(&done.to_value()), Some(done));
    }
}
