//! The beginning: files, limits, the filter of system calls, listeners and the programs that run from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::calls::Tool;
use crate::files::{self, path, why};
use crate::posts::Post;
use crate::serve::Running;
use crate::shell::{self, Shell};
use crate::wire::Start;
use crate::{clock, sys};

/// Everything that is going on.
pub(crate) struct Inside {
    pub(crate) start: Start,
    /// Readable when a child has ended.
    pub(crate) ended: OwnedFd,
    pub(crate) tools: UnixListener,
    pub(crate) port: Option<TcpListener>,
    /// The numbers of the programs that last, of those that are alive.
    pub(crate) daemons: Vec<Option<i32>>,
    /// A shell for the next command.
    pub(crate) waiting: Option<Shell>,
    pub(crate) running: Option<Running>,
    pub(crate) calls: BTreeMap<u32, Tool>,
    pub(crate) posts: BTreeMap<u32, Post>,
    pub(crate) next: u32,
    pub(crate) keeper: File,
    /// The folders at the top that hold the world.
    pub(crate) tops: Vec<PathBuf>,
}

/// Says what was being done.
fn doing<T>(what: impl fmt::Display, result: io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {}", String::from_utf8_lossy(&why(&error))))
}

/// Begins; the keeper's end comes back where it cannot.
pub(crate) fn begin(start: Start, keeper: File) -> Result<Inside, (File, String)> {
    match begun(&start) {
        Ok((ended, tools, port, tops, daemons)) => Ok(Inside {
            waiting: shell::begin_waiting(&start).ok(),
            start: Start { files: Vec::new(), filter: Vec::new(), ..start },
            ended,
            tools,
            port,
            daemons,
            running: None,
            calls: BTreeMap::new(),
            posts: BTreeMap::new(),
            next: 0,
            keeper,
            tops,
        }),
        Err(error) => Err((keeper, error)),
    }
}

type Begun = (OwnedFd, UnixListener, Option<TcpListener>, Vec<PathBuf>, Vec<Option<i32>>);

fn begun(start: &Start) -> Result<Begun, String> {
    sys::umask(0o022);
    for folder in &start.folders {
        let folder = path(folder);
        doing(folder.display(), fs::create_dir_all(&folder))?;
    }
    for file in &start.files {
        doing(path(&file.path).display(), files::put(file))?;
    }
    for tool in &start.tools {
        let tool = path(tool);
        if fs::symlink_metadata(&tool).is_ok() {
            continue;
        }
        if let Some(folder) = tool.parent() {
            doing(folder.display(), fs::create_dir_all(folder))?;
        }
        doing(tool.display(), symlink(path(&start.program), &tool))?;
    }
    doing("the clock", clock::set(&start.zone, start.ahead))?;
    let socket = path(&start.socket);
    if let Some(folder) = socket.parent() {
        doing(folder.display(), fs::create_dir_all(folder))?;
    }
    let tools = doing(
        socket.display(),
        UnixListener::bind(&socket).and_then(|tools| {
            tools.set_nonblocking(true)?;
            Ok(tools)
        }),
    )?;
    let port = start.port.map(|port| {
        doing(
            format_args!("port {port}"),
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| {
                listener.set_nonblocking(true)?;
                Ok(listener)
            }),
        )
    });
    let port = port.transpose()?;
    for (resource, value) in &start.limits {
        doing(format_args!("limit {resource}"), sys::limit(*resource, *value))?;
    }
    doing("closing up", sys::close_up())?;
    let ended = doing("signals", sys::ended_children())?;
    doing("the filter of system calls", sys::filter_calls(&start.filter))?;
    let mut daemons = Vec::new();
    for daemon in &start.daemons {
        daemons.push(Some(doing(path(&daemon.name).display(), shell::last(start, daemon))?));
    }
    Ok((ended, tools, port, tops(start), daemons))
}

/// The folders in which anything of the world stands: those at the top, and those below them that are mounts of their own.
fn tops(start: &Start) -> Vec<PathBuf> {
    let files = start.files.iter().map(|file| &file.path);
    let all = files.chain(&start.folders).chain([&start.work_dir]);
    let mut tops = BTreeSet::new();
    for at in all {
        let whole = path(at);
        let mut parts = whole.iter().skip(1);
        let Some(top) = parts.next().map(|top| Path::new("/").join(top)) else { continue };
        let device = |folder: &Path| fs::metadata(folder).map(|about| about.dev()).ok();
        if let Some(below) = parts.next().map(|below| top.join(below))
            && below.is_dir()
            && device(&below) != device(&top)
        {
            tops.insert(below);
        }
        tops.insert(top);
    }
    tops.into_iter().collect()
}
