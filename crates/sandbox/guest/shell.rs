//! Shells: one that waits for its command, so that it costs no start, and the programs that run from the start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};

use crate::files::path;
use crate::sys;
use crate::wire::{Daemon, Start};

/// What a waiting shell runs: it takes its command from descriptor 9.
const WAIT: &str = r#"read -r -d "" -u 9; exec 9<&-; SECONDS=0; eval "$REPLY""#;

/// A command that is longer does not go to a waiting shell, which reads it byte by byte.
const SHORT: usize = 4 << 10;

/// A shell with its outputs.
pub(crate) struct Shell {
    pub(crate) pid: i32,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

/// A shell that has no command yet.
pub(crate) struct Waiting {
    pub(crate) shell: Shell,
    command: File,
    folder: (u64, u64),
}

fn bash(start: &Start) -> Command {
    let mut bash = Command::new("/bin/bash");
    bash.arg0("bash").args(["--noprofile", "--norc", "-c"]).stdin(Stdio::null()).env_clear();
    for (name, value) in &start.environment {
        bash.env(path(name), path(value));
    }
    bash
}

fn spawned(mut bash: Command, cwd: &Path, input: Option<&OwnedFd>) -> io::Result<Shell> {
    bash.current_dir(cwd).stdout(Stdio::piped()).stderr(Stdio::piped());
    sys::set_apart(&mut bash, input);
    let mut child = bash.spawn()?;
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    sys::unblock(stdout.as_fd())?;
    sys::unblock(stderr.as_fd())?;
    Ok(Shell { pid: child.id() as i32, stdout, stderr })
}

fn identity(folder: &Path) -> io::Result<(u64, u64)> {
    let about = fs::metadata(folder)?;
    Ok((about.dev(), about.ino()))
}

impl Waiting {
    /// Starts a shell that waits.
    pub(crate) fn begin(start: &Start) -> io::Result<Self> {
        let (input, command) = io::pipe()?;
        let mut bash = bash(start);
        bash.arg(WAIT);
        let cwd = path(&start.work_dir);
        let folder = identity(&cwd)?;
        let input = OwnedFd::from(input);
        debug_assert!(input.as_raw_fd() != 9);
        Ok(Self {
            shell: spawned(bash, &cwd, Some(&input))?,
            command: File::from(OwnedFd::from(command)),
            folder,
        })
    }

    /// Gives the command; the shell back, if it is not one for this command.
    pub(crate) fn give(mut self, command: &[u8], cwd: &Path) -> Result<Shell, i32> {
        let fits = command.len() <= SHORT && identity(cwd).is_ok_and(|folder| folder == self.folder);
        let given = fits && self.command.write_all(&[command, b"\0"].concat()).is_ok();
        if given { Ok(self.shell) } else { Err(self.shell.pid) }
    }
}

/// Starts a shell with its command.
pub(crate) fn begin(start: &Start, command: &[u8], cwd: &Path) -> io::Result<Shell> {
    let mut bash = bash(start);
    bash.arg(path(command));
    spawned(bash, cwd, None)
}

/// Starts a program that lasts; its number.
pub(crate) fn last(start: &Start, daemon: &Daemon) -> io::Result<i32> {
    let mut bash = bash(start);
    bash.arg(path(&daemon.command)).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    sys::set_apart(&mut bash, None);
    let pid = bash.spawn()?.id() as i32;
    if let Some(file) = &daemon.pid_file {
        let file = path(file);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, format!("{pid}\n"))?;
    }
    Ok(pid)
}
