//! What the tests of the program share: a place to run it in, a run to interrupt, and a model behind HTTP.
//!
//! Knows the program from outside: its command line, its output and its files.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

pub(crate) mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use unbent::core::{BlobRef, Event, NeedKey, TrialNo};
use unbent::store::RunReader;

/// The program under test.
pub(crate) const UNBENT: &str = env!("CARGO_BIN_EXE_unbent");

/// A folder to run the program in, with a home of its own and nothing of the tester's environment.
pub(crate) struct Place {
    root: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "work"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root, variables: Vec::new() }
    }

    /// The same place with an environment variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder that commands run in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// Makes a file with its folders.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.root.path().join("home"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.work())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn unbent<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        let mut command = self.command(UNBENT);
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        Ended::of(&command.output().unwrap())
    }

    /// Begins to run the program.
    pub(crate) fn start<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Running {
        let mut command = self.command(UNBENT);
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        Running { child, lines, errors }
    }

    /// Every file below the home and the working folder with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.root.path(), &mut files);
        files
    }

    /// The leaderboard by a method.
    pub(crate) fn leaderboard(&self, file: &str, method: &str) -> Value {
        let shown = self.unbent(["leaderboard", file, "--method", method, "--json"]);
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// The leaderboards by both methods.
    pub(crate) fn leaderboards(&self, file: &str) -> [Value; 2] {
        ["published", "corrected"].map(|method| self.leaderboard(file, method))
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Standard output, line by line, each of which must be JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A program that has not ended.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
}

impl Running {
    /// Waits for as many lines of standard output; returns fewer if the output ends before.
    pub(crate) fn read_lines(&mut self, n: usize) -> Vec<String> {
        self.lines.by_ref().lines().take(n).map(Result::unwrap).collect()
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Ends it with `SIGKILL`, if it is still there.
    pub(crate) fn kill(mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }

    /// Waits for a line of standard error.
    pub(crate) fn read_error_line(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).unwrap();
        line
    }

    /// Waits for its end; what was read before is left out.
    pub(crate) fn end(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.lines.read_to_string(&mut stdout).unwrap();
        self.errors.read_to_string(&mut stderr).unwrap();
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

/// An answer as a run file keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) request: Option<BlobRef>,
    pub(crate) answer: BlobRef,
}

/// Every answer in a run file, by trial and need; a need that was answered twice has two.
pub(crate) fn answers(reader: &RunReader) -> BTreeMap<(TrialNo, NeedKey), Vec<Kept>> {
    let mut answers: BTreeMap<_, Vec<Kept>> = BTreeMap::new();
    for no in 1..=reader.trial_count().unwrap() {
        for logged in reader.events(TrialNo(no)).unwrap() {
            if let Event::Answered { need, request, answer, .. } = logged.event {
                answers.entry((TrialNo(no), need)).or_default().push(Kept { request, answer });
            }
        }
    }
    answers
}
