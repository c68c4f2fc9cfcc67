//! Shells: one that runs each command in a copy of itself, so that a command costs no start, and the programs that run from the
//! start.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};

use crate::files::path;
use crate::sys;
use crate::wire::{Daemon, Start};

/// What a shell runs that waits: it takes commands from descriptor 9 and gives their exit codes to descriptor 8. Its own
/// complaints, such as of a copy that a signal ended, are nobody's.
const WAIT: &str = r#"exec 7>&2 2>/dev/null; while IFS= read -r -d "" -u 9; do (exec 2>&7 7>&- 8>&- 9<&-; SECONDS=0; eval "$REPLY"); echo $? >&8; done"#;

/// A command that is longer does not go to a waiting shell, which reads it byte by byte.
const SHORT: usize = 4 << 10;

/// A shell with its outputs.
pub(crate) struct Shell {
    pub(crate) pid: i32,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
    /// Of one that waits for commands.
    pub(crate) waits: Option<Waits>,
}

/// How a shell that waits is spoken to.
pub(crate) struct Waits {
    commands: File,
    codes: File,
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

fn spawned(mut bash: Command, cwd: &Path, ends: [Option<(&OwnedFd, i32)>; 2]) -> io::Result<Shell> {
    bash.current_dir(cwd).stdout(Stdio::piped()).stderr(Stdio::piped());
    sys::set_apart(&mut bash, ends);
    let mut child = bash.spawn()?;
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    sys::unblock(stdout.as_fd())?;
    sys::unblock(stderr.as_fd())?;
    Ok(Shell { pid: child.id() as i32, stdout, stderr, waits: None })
}

fn identity(folder: &Path) -> io::Result<(u64, u64)> {
    let about = fs::metadata(folder)?;
    Ok((about.dev(), about.ino()))
}

/// Starts a shell that waits.
pub(crate) fn begin_waiting(start: &Start) -> io::Result<Shell> {
    let ((input, commands), (codes, output)) = (io::pipe()?, io::pipe()?);
    let mut bash = bash(start);
    bash.arg(WAIT);
    let cwd = path(&start.work_dir);
    let folder = identity(&cwd)?;
    let (input, output) = (sys::above_9(input.as_fd())?, sys::above_9(output.as_fd())?);
    let mut shell = spawned(bash, &cwd, [Some((&input, 9)), Some((&output, 8))])?;
    sys::unblock(codes.as_fd())?;
    let (commands, codes) = (File::from(OwnedFd::from(commands)), File::from(OwnedFd::from(codes)));
    shell.waits = Some(Waits { commands, codes, folder });
    Ok(shell)
}

impl Shell {
    /// Gives it a command; whether it is one that can take it.
    pub(crate) fn give(&mut self, command: &[u8], cwd: &Path) -> bool {
        let Some(waits) = &mut self.waits else { return false };
        let fits = command.len() <= SHORT && identity(cwd).is_ok_and(|folder| folder == waits.folder);
        // What is there before a command is no code of it.
        let is_idle =
            waits.codes.read(&mut [0; 64]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        fits && is_idle && waits.commands.write_all(&[command, b"\0"].concat()).is_ok()
    }

    /// Whose readiness tells that a command has ended.
    pub(crate) fn codes(&self) -> Option<i32> {
        self.waits.as_ref().map(|waits| waits.codes.as_raw_fd())
    }

    /// The exit code of a command that has ended.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let mut said = [0; 64];
        let n = self.waits.as_mut()?.codes.read(&mut said).ok()?;
        std::str::from_utf8(&said[..n])
            .ok()?
            .strip_suffix('\n')?
            .parse()
            .ok()
            .filter(|code| (0..256).contains(code))
    }
}

/// Starts a shell with its command.
pub(crate) fn begin(start: &Start, command: &[u8], cwd: &Path) -> io::Result<Shell> {
    let mut bash = bash(start);
    bash.arg(path(command));
    spawned(bash, cwd, [None; 2])
}

/// Starts a program that lasts; its number.
pub(crate) fn last(start: &Start, daemon: &Daemon) -> io::Result<i32> {
    let mut bash = bash(start);
    bash.arg(path(&daemon.command)).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    sys::set_apart(&mut bash, [None; 2]);
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
