//! Worlds: what sandboxes host. A world is a pure state machine of its suite, and holds the truth about what was done.
//!
//! Inside the sandbox stand ordinary files and small programs, the official tools. A tool does nothing itself: the
//! sandbox shows its invocation to the world, with the files that the world wants to see, and carries out what the world
//! says. So whoever acts inside may change the files, and the world still knows what happened.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::WorldSpec;

/// Where worlds come from.
pub trait Worlds: Send + Sync {
    /// A fresh world, at a time of the real clock in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Why the description is not one of a world that there is.
    fn world(&self, spec: &WorldSpec, now_ms: i64) -> Result<Box<dyn HostedWorld>, String>;
}

/// A world while a sandbox hosts it.
///
/// Pure: equal calls in the same order give equal results.
pub trait HostedWorld: Send {
    /// What the inside looks like at the start.
    fn layout(&self) -> Layout;

    /// The paths that must be looked at before this invocation is run.
    fn reads(&self, invocation: &Invocation) -> Vec<String>;

    /// Runs an official tool.
    fn run(&mut self, invocation: &Invocation, seen: &Seen) -> Ran;

    /// Answers the body of a POST request to the world's loopback port. Only worlds whose layout names a port are asked.
    fn serve(&mut self, _body: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    /// The paths that must be looked at before a picture is taken.
    fn watches(&self) -> Vec<String>;

    /// The state for whoever scores the trial: what the world knows, and what of the inside it was shown.
    fn picture(&mut self, seen: &Seen) -> Value;
}

/// What the inside looks like at the start. All paths are absolute, without `.` and `..`, and outside of `/usr`, `/proc`
/// and `/dev`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// The name of the machine.
    pub host_name: String,
    /// The home folder, which is made.
    pub home: String,
    /// The folder that commands begin in, which is made.
    pub work_dir: String,
    /// What the world's clock shows at the start, in seconds, counted as if its zone were UTC.
    pub local_time: i64,
    /// The name of the world's time zone: three to six letters.
    pub zone: String,
    /// Folders, beside those that files stand in.
    pub folders: Vec<String>,
    /// Files.
    pub files: Vec<WorldFile>,
    /// The official tools: the paths of programs that are shown to the world when they are run.
    pub tools: Vec<String>,
    /// The unix socket that the tools talk to.
    pub socket: String,
    /// A TCP port on the loopback interface that takes HTTP POST requests.
    pub port: Option<u16>,
    /// Programs that run from the start.
    pub daemons: Vec<Daemon>,
}

/// A file of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldFile {
    /// Its path.
    pub path: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// Its permissions, such as `0o644`.
    pub mode: u32,
    /// How old it is by the world's clock, in minutes.
    pub age_minutes: u32,
}

/// A program that runs from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Its name.
    pub name: String,
    /// The shell command that becomes it.
    pub command: String,
    /// The file that its process number is written to.
    pub pid_file: Option<String>,
}

/// An official tool as it was called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The name of the tool: the last part of its path.
    pub tool: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder in which it was called.
    pub cwd: String,
}

impl Invocation {
    /// The path that an argument names, made absolute against the folder of the call, without `.` and `..`.
    pub fn path(&self, arg: &str) -> String {
        let joined = if arg.starts_with('/') { arg.to_owned() } else { format!("{}/{arg}", self.cwd) };
        let mut parts = Vec::new();
        for part in joined.split('/') {
            match part {
                "" | "." => {}
                ".." => _ = parts.pop(),
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

/// What a tool did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ran {
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
    /// Its exit code.
    pub code: u8,
    /// What became of files, in this order.
    pub changes: Vec<FileChange>,
    /// How far the world's clock now is from its start, in minutes.
    pub minutes: i64,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// It is written, with the folders that it stands in.
    Write(WorldFile),
    /// It is removed, if it is there.
    Remove {
        /// Its path.
        path: String,
    },
}

/// What was seen of the inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What stands at the paths that were looked at.
    pub paths: BTreeMap<String, PathState>,
    /// Whether the daemons of the layout are alive, by name.
    pub daemons: BTreeMap<String, bool>,
}

impl Seen {
    /// What a file holds as text, if it was seen and is one; bytes that are no text are replaced.
    pub fn text(&self, path: &str) -> Option<String> {
        match self.paths.get(path)? {
            PathState::File { content, .. } => Some(String::from_utf8_lossy(content).into_owned()),
            _ => None,
        }
    }
}

/// What stands at a path. Symbolic links are followed, as whoever opens the path would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathState {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// What it holds, up to [`Self::LONGEST`] bytes.
        content: Vec<u8>,
        /// How long it is in all, in bytes.
        size: u64,
        /// Its permissions.
        mode: u32,
    },
    /// A folder with entries of these names, in their order; names that are no text have their bytes replaced.
    Folder {
        /// The names.
        entries: Vec<String>,
    },
    /// Something that cannot be read, and why.
    Unreadable {
        /// Why, for people.
        why: String,
    },
}

impl PathState {
    /// How much of a file is shown to a world, in bytes.
    pub const LONGEST: u64 = 1 << 20;
}

#[cfg(test)]
mod tests {
    use super::Invocation;

    #[test]
    fn an_argument_names_a_path_from_where_the_tool_was_called() {
        let invocation = Invocation { cwd: "/home/a".to_owned(), ..Invocation::default() };
        for (arg, path) in [
            ("x.yaml", "/home/a/x.yaml"),
            ("./b/../c", "/home/a/c"),
            ("/etc//x", "/etc/x"),
            ("../../..", "/"),
        ] {
            assert_eq!(invocation.path(arg), path);
        }
    }
}
