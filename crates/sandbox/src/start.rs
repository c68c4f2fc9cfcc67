//! From a world's layout to what is sent inside: files with their times, the environment, the small files of a system.

use std::collections::BTreeSet;

use unbent_core::{Layout, PathState, WorldFile};

use crate::program;
use crate::wire::{Daemon, File, Start};
use crate::{Limits, seccomp};

/// How old the files of the system are, in minutes.
const SYSTEM_AGE: u32 = 90 * 24 * 60;

/// Folders at the top that belong to the system.
const RESERVED: &[&str] =
    &["bin", "boot", "dev", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys", "usr"];

/// The numbers of limits of a process, which are the same on every Linux but few.
const FILE_SIZE: u32 = 1;
const CORE: u32 = 4;
const PROCESSES: u32 = 6;
const OPEN_FILES: u32 = 7;
const LOCKED: u32 = 8;
const ADDRESS_SPACE: u32 = 9;
const QUEUES: u32 = 12;

/// Why a layout cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLayout {
    #[error("{path:?} is no absolute path without `.` and `..`, below a folder at the top")]
    Path { path: String },
    #[error("{path:?} stands in a folder of the system")]
    Reserved { path: String },
    #[error("{zone:?} is no name of a time zone: three to six letters")]
    Zone { zone: String },
    #[error("{name:?} is no name of a machine: letters, digits and hyphens")]
    HostName { name: String },
    #[error(transparent)]
    NoFilter(#[from] seccomp::NoFilter),
}

/// The folder of official tools that nobody inside can change, unless the world has files there.
pub(crate) const TOOLS: &str = "/opt/tools";

/// Whether memory and processes are held by a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    ByGroup,
    ByProcess,
}

/// Checks what a world wants to see.
pub(crate) fn check(layout: &Layout) -> Result<(), BadLayout> {
    for path in paths(layout) {
        let mut parts = path.split('/');
        let absolute = parts.next() == Some("");
        let mut parts = parts.peekable();
        let top = parts.peek().copied().unwrap_or_default();
        if RESERVED.contains(&top) {
            return Err(BadLayout::Reserved { path: path.to_owned() });
        }
        if !absolute || parts.any(|part| matches!(part, "" | "." | "..") || part.contains('\0')) {
            return Err(BadLayout::Path { path: path.to_owned() });
        }
    }
    let at_the_top = layout.files.iter().map(|file| &file.path).chain(&layout.tools).chain([&layout.socket]);
    if let Some(path) = at_the_top.into_iter().find(|path| !path[1..].contains('/')) {
        return Err(BadLayout::Path { path: path.clone() });
    }
    let zone = &layout.zone;
    if !(3..=6).contains(&zone.len()) || !zone.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(BadLayout::Zone { zone: zone.clone() });
    }
    let name = &layout.host_name;
    if name.is_empty()
        || name.len() > 63
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(BadLayout::HostName { name: name.clone() });
    }
    Ok(())
}

/// All paths of a layout.
fn paths(layout: &Layout) -> impl Iterator<Item = &str> {
    let single = [&layout.home, &layout.work_dir, &layout.socket];
    let files = layout.files.iter().map(|file| &file.path);
    let pids = layout.daemons.iter().filter_map(|daemon| daemon.pid_file.as_ref());
    single
        .into_iter()
        .chain(&layout.folders)
        .chain(files)
        .chain(&layout.tools)
        .chain(pids)
        .map(String::as_str)
}

/// The folders at the top that can be written, in their order.
pub(crate) fn places(layout: &Layout) -> BTreeSet<String> {
    let top = |path: &str| path.split('/').nth(1).map(|top| format!("/{top}"));
    let usual = ["/etc", "/home", "/opt", "/root", "/run", "/tmp", "/var"].map(str::to_owned);
    paths(layout).filter_map(top).chain(usual).collect()
}

/// Whether the folder of the tools is closed to whoever is inside.
pub(crate) fn tools_are_closed(layout: &Layout) -> bool {
    let is_in = |path: &str| path.strip_prefix(TOOLS).is_some_and(|rest| rest.starts_with('/'));
    let files = layout.files.iter().map(|file| &file.path).chain(&layout.folders).chain([&layout.socket]);
    layout.tools.iter().any(|tool| is_in(tool)) && !files.into_iter().any(|path| is_in(path))
}

/// How many bytes each of so many places gets.
pub(crate) fn place_size(limits: &Limits, places: usize) -> u64 {
    (limits.disk / places.max(1) as u64).max(4 << 20)
}

/// What is sent inside first. `now` is the real time in seconds since 1970.
pub(crate) fn start(layout: &Layout, limits: &Limits, now: i64, held: Held) -> Result<Start, BadLayout> {
    check(layout)?;
    let mut files = system_files(layout);
    let theirs: BTreeSet<&str> = layout.files.iter().map(|file| file.path.as_str()).collect();
    files.retain(|file| !theirs.contains(file.path.as_str()));
    files.extend(layout.files.iter().cloned());
    let folders = [&layout.home, &layout.work_dir].into_iter().chain(&layout.folders);
    Ok(Start {
        filter: seccomp::filter()?,
        limits: process_limits(limits, held),
        environment: environment(layout),
        work_dir: layout.work_dir.clone().into_bytes(),
        folders: folders.map(|folder| folder.clone().into_bytes()).collect(),
        files: files.into_iter().map(|file| sent(file, now)).collect(),
        tools: layout.tools.iter().map(|tool| tool.clone().into_bytes()).collect(),
        program: program::PATH.into(),
        socket: layout.socket.clone().into_bytes(),
        port: layout.port,
        daemons: layout.daemons.iter().map(daemon).collect(),
        zone: layout.zone.clone().into_bytes(),
        ahead: layout.local_time - now,
        output: limits.output,
        look: PathState::LONGEST,
    })
}

/// A file with the time that shows its age.
pub(crate) fn sent(file: WorldFile, now: i64) -> File {
    let changed = now - i64::from(file.age_minutes) * 60;
    File { path: file.path.into_bytes(), content: file.content, mode: file.mode, changed }
}

fn daemon(daemon: &unbent_core::Daemon) -> Daemon {
    Daemon {
        name: daemon.name.clone().into_bytes(),
        command: daemon.command.clone().into_bytes(),
        pid_file: daemon.pid_file.clone().map(String::into_bytes),
    }
}

fn environment(layout: &Layout) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = [
        ("PATH", "/opt/tools:/usr/local/bin:/usr/bin:/bin"),
        ("HOME", &layout.home),
        ("USER", "root"),
        ("LOGNAME", "root"),
        ("SHELL", "/bin/bash"),
        ("LANG", "C.UTF-8"),
        ("TERM", "dumb"),
    ];
    pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn process_limits(limits: &Limits, held: Held) -> Vec<(u32, u64)> {
    let mut all = vec![
        (CORE, 0),
        (FILE_SIZE, limits.disk),
        (OPEN_FILES, limits.open_files),
        (LOCKED, 1 << 16),
        (QUEUES, 1 << 16),
    ];
    if held == Held::ByProcess {
        all.push((ADDRESS_SPACE, limits.memory));
        all.push((PROCESSES, u64::from(limits.processes)));
    }
    all
}

/// The files that every system has.
fn system_files(layout: &Layout) -> Vec<WorldFile> {
    let Layout { host_name, home, .. } = layout;
    let file = |path: &str, content: String| WorldFile {
        path: path.to_owned(),
        content: content.into_bytes(),
        mode: 0o644,
        age_minutes: SYSTEM_AGE,
    };
    vec![
        file(
            "/etc/passwd",
            format!(
                "root:x:0:0:root:{home}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
            ),
        ),
        file("/etc/group", "root:x:0:\nnogroup:x:65534:\n".to_owned()),
        file("/etc/hosts", format!("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {host_name}\n")),
        file("/etc/hostname", format!("{host_name}\n")),
        file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
        file("/etc/profile", "export PATH=/opt/tools:/usr/local/bin:/usr/bin:/bin\n".to_owned()),
    ]
}
