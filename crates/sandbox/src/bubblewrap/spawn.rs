//! Starting bubblewrap and ending it.
//!
//! What bubblewrap starts dies with the *thread* that started bubblewrap. So one thread starts all and never ends, and another waits for those
//! that were killed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as Pair;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::arguments::{INFO_FD, PROGRAM_FD, SETTINGS_FD};
use super::spares::Spares;
use super::user;
use crate::Limits;
use crate::cgroup::{Groups, Tree};
use crate::program::PROGRAM;
use crate::session::Keeper;

/// How much of what bubblewrap complains is told: bytes.
const WORDS: usize = 4 << 10;

/// A sandbox that was started.
pub(super) struct Spawned {
    pub(super) stream: UnixStream,
    pub(super) jail: Jail,
}

/// Ends the sandbox when it is dropped.
pub(super) struct Jail {
    child: Option<Child>,
    stderr: Mutex<ChildStderr>,
    groups: Option<Groups>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs on a thread that never ends.
fn thread(name: &str) -> mpsc::Sender<Job> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let body = move || queue.into_iter().for_each(|job| job());
    std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a thread can be started");
    jobs
}

static STARTING: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| thread("starts sandboxes"));
static ENDING: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| thread("ends sandboxes"));

/// The program in memory, to be opened anew for each sandbox.
static IN_MEMORY: LazyLock<io::Result<OwnedFd>> = LazyLock::new(|| {
    let memory = memfd_create("", MFdFlags::MFD_CLOEXEC)?;
    let mut file = File::from(memory);
    file.write_all(PROGRAM)?;
    Ok(file.into())
});

/// What bubblewrap is told, and what a sandbox is held by: whatever is the same can be started in advance.
#[derive(Clone, PartialEq)]
pub(super) struct Recipe {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) settings: String,
    pub(super) groups: Option<(Tree, Limits)>,
}

/// Bubblewrap as it begins, which nobody has spoken to.
pub(super) struct Begun {
    ours: Pair,
    info: OwnedFd,
    jail: Jail,
}

/// Starts bubblewrap, or takes one that was started in advance, and puts its first process into the groups before that
/// process has been told anything. Behind it another is started in advance, if there is to be one.
pub(super) async fn spawn(recipe: Recipe, spares: &Arc<Spares>, leaves_spare: bool) -> io::Result<Spawned> {
    let Begun { ours, info, jail } = if let Some(begun) = spares.take(&recipe) {
        if leaves_spare {
            send(spare(recipe, spares.clone()))?;
        }
        begun
    } else {
        let (done, begun) = oneshot::channel();
        let spares = spares.clone();
        send(Box::new(move || {
            // Nobody may want it any more; then it ends at once.
            let _ = done.send(begin(&recipe));
            if leaves_spare {
                spare(recipe, spares)();
            }
        }))?;
        begun.await.map_err(|_| gone())??
    };
    match first_process(info).await {
        Ok(pid) => {
            if let Some(groups) = &jail.groups {
                groups.take(pid)?;
            }
            ours.set_nonblocking(true)?;
            Ok(Spawned { stream: UnixStream::from_std(ours)?, jail })
        }
        Err(error) => {
            let words = jail.last_words();
            Err(if words.is_empty() { error } else { io::Error::other(words) })
        }
    }
}

/// Starts one in advance, where there is none yet.
fn spare(recipe: Recipe, spares: Arc<Spares>) -> Job {
    Box::new(move || {
        // One that does not start is missed by nobody: who wants it starts it again and is told why.
        if spares.lacks(&recipe)
            && let Ok(begun) = begin(&recipe)
        {
            spares.put(recipe, begun);
        }
    })
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts sandboxes is gone")
}

fn send(job: Job) -> io::Result<()> {
    STARTING.send(job).map_err(|_| gone())
}

/// The program, to be read from its beginning.
fn program_again() -> io::Result<OwnedFd> {
    let memory = IN_MEMORY.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
    Ok(File::open(format!("/proc/self/fd/{}", memory.as_raw_fd()))?.into())
}

/// A few bytes to be read.
fn held(text: &str) -> io::Result<OwnedFd> {
    let (out, mut into) = io::pipe()?;
    into.write_all(text.as_bytes())?;
    Ok(out.into())
}

/// Starts it in its groups, on the thread that never ends.
fn begin(recipe: &Recipe) -> io::Result<Begun> {
    let (ours, theirs) = Pair::pair()?;
    let (info, info_end) = io::pipe()?;
    let descriptors = vec![
        (PROGRAM_FD, program_again()?),
        (SETTINGS_FD, held(&recipe.settings)?),
        (INFO_FD, info_end.into()),
    ];
    let mut command = Command::new(&recipe.program);
    command
        .args(&recipe.arguments)
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs.try_clone()?))
        .stdout(OwnedFd::from(theirs))
        .stderr(Stdio::piped());
    if let Some(user) = user::next() {
        command.uid(user).gid(user);
    }
    let mappings = descriptors.into_iter().map(|(child_fd, parent_fd)| FdMapping { parent_fd, child_fd });
    command.fd_mappings(mappings.collect()).map_err(io::Error::other)?;
    let groups = recipe.groups.as_ref().map(|(tree, limits)| tree.make(limits)).transpose();
    let groups = groups.map_err(|why| io::Error::new(why.kind(), format!("no control group: {why}")))?;
    let started = match &groups {
        Some(groups) => groups.within(|| command.spawn()),
        None => command.spawn(),
    };
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            groups.into_iter().for_each(Groups::remove);
            return Err(error);
        }
    };
    let stderr = child.stderr.take().expect("it is piped");
    nix::fcntl::fcntl(&stderr, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(Begun {
        ours,
        info: info.into(),
        jail: Jail { child: Some(child), stderr: Mutex::new(stderr), groups },
    })
}

/// Reads the number of the first process from what bubblewrap says about it.
async fn first_process(info: OwnedFd) -> io::Result<u32> {
    let mut info = pipe::Receiver::from_owned_fd(info)?;
    let mut said = Vec::new();
    loop {
        if said.ends_with(b"}\n") || said.ends_with(b"}") {
            let about: serde_json::Value = serde_json::from_slice(&said)?;
            let pid = about.get("child-pid").and_then(serde_json::Value::as_u64);
            return pid
                .map(|pid| pid as u32)
                .ok_or_else(|| io::Error::other("it does not say what it started"));
        }
        if info.read_buf(&mut said).await? == 0 {
            return Err(io::Error::other("it ended before it began"));
        }
    }
}

fn end(mut child: Child, groups: Option<Groups>) {
    // It may have ended by itself.
    let _ = child.kill();
    let job = move || {
        let _ = child.wait();
        if let Some(groups) = groups {
            groups.remove();
        }
    };
    // Without the thread the child is left to the system.
    let _ = ENDING.send(Box::new(job));
}

/// Waits until all sandboxes that were dropped are gone, those that are being started with nobody to want them too, or for
/// so long.
pub(super) fn settle(patience: Duration) {
    for queue in [&STARTING, &ENDING] {
        let (done, settled) = mpsc::channel();
        let job = move || _ = done.send(());
        if queue.send(Box::new(job)).is_ok() {
            // Whatever takes longer is left to the next start.
            let _ = settled.recv_timeout(patience);
        }
    }
}

impl Keeper for Jail {
    fn last_words(&self) -> String {
        let mut words = Vec::new();
        let mut stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        // What is there is enough; it does not block.
        let _ = stderr.by_ref().take(WORDS as u64).read_to_end(&mut words);
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            end(child, self.groups.take());
        }
    }
}
