//! Control groups, of both versions: one for each sandbox, removed with it.
//!
//! A group is made below our own, so whatever holds us holds it too. Names say nothing but whose they are: our process' number,
//! so that what a killed run left is found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Limits;

/// What begins the name of every group.
const PREFIX: &str = "room-";

/// What is in a group beside the sandbox where processes are started in it: the thread that starts, and bubblewrap.
const STARTERS: u32 = 2;

/// How often a group is tried to be removed, a few milliseconds apart.
const TRIES: u32 = 400;

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    /// A hierarchy for each controller: memory, processes and, if there is one, processors.
    V1 { memory: PathBuf, processes: PathBuf, processors: Option<PathBuf> },
    /// One hierarchy with these controllers.
    V2 { folder: PathBuf, processors: bool },
}

/// The groups of one sandbox.
#[derive(Debug)]
pub(crate) struct Groups {
    folders: Vec<PathBuf>,
    /// Where the thread that starts processes in them comes from and goes back to: version 1 holds threads.
    outside: Vec<PathBuf>,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Tree {
    /// Finds where groups can be made, by making one.
    pub(crate) fn find() -> io::Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let own = fs::read_to_string("/proc/self/cgroup")?;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no control groups are mounted");
        for tree in candidates(&mounts, &own) {
            tree.remove_left_overs();
            match tree.make(&Limits::default()) {
                Ok(groups) => {
                    groups.remove();
                    return Ok(tree);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Makes the groups of one sandbox.
    pub(crate) fn make(&self, limits: &Limits) -> io::Result<Groups> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let outside = match self {
            Self::V1 { .. } => self.bases().into_iter().map(Path::to_owned).collect(),
            Self::V2 { .. } => Vec::new(),
        };
        let mut groups = Groups { folders: Vec::new(), outside };
        let made = self.settings(limits).into_iter().try_for_each(|(base, settings)| {
            let folder = base.join(&name);
            fs::create_dir(&folder)?;
            groups.folders.push(folder.clone());
            settings.into_iter().try_for_each(|setting| setting.write(&folder))
        });
        match made {
            Ok(()) => Ok(groups),
            Err(error) => {
                groups.remove();
                Err(error)
            }
        }
    }

    fn settings(&self, limits: &Limits) -> Vec<(&Path, Vec<Setting>)> {
        const PERIOD_US: f64 = 100_000.0;
        let quota = (limits.processors * PERIOD_US).round() as u64;
        let must = |file, value: String| Setting { file, value, needed: true };
        let may = |file, value: String| Setting { file, value, needed: false };
        match self {
            Self::V1 { memory, processes, processors } => {
                let mut all = vec![
                    (
                        memory.as_path(),
                        vec![
                            must("memory.limit_in_bytes", limits.memory.to_string()),
                            may("memory.memsw.limit_in_bytes", limits.memory.to_string()),
                        ],
                    ),
                    (processes.as_path(), vec![must("pids.max", (limits.processes + STARTERS).to_string())]),
                ];
                if let Some(processors) = processors {
                    all.push((processors, vec![must("cpu.cfs_quota_us", quota.to_string())]));
                }
                all
            }
            Self::V2 { folder, processors } => {
                let mut all = vec![
                    must("memory.max", limits.memory.to_string()),
                    may("memory.swap.max", "0".to_owned()),
                    must("pids.max", limits.processes.to_string()),
                ];
                if *processors {
                    all.push(must("cpu.max", format!("{quota} {PERIOD_US}")));
                }
                vec![(folder, all)]
            }
        }
    }

    fn bases(&self) -> Vec<&Path> {
        match self {
            Self::V1 { memory, processes, processors } => {
                [Some(memory), Some(processes), processors.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(PathBuf::as_path)
                    .collect()
            }
            Self::V2 { folder, .. } => vec![folder],
        }
    }

    /// Removes the groups of processes of ours that are gone.
    pub(crate) fn remove_left_overs(&self) {
        for base in self.bases() {
            let Ok(entries) = fs::read_dir(base) else { continue };
            for entry in entries.flatten() {
                if entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| is_left_over(name, |pid| Path::new("/proc").join(pid).exists()))
                {
                    // One that is not empty stays: whoever is in it is not ours.
                    let _ = fs::remove_dir(entry.path());
                }
            }
        }
    }
}

/// Whether a group of this name was made by a process of ours that is gone.
fn is_left_over(name: &str, lives: impl Fn(&str) -> bool) -> bool {
    let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(owner, _)| owner);
    owner.is_some_and(|owner| owner.bytes().all(|byte| byte.is_ascii_digit()) && !lives(owner))
}

struct Setting {
    file: &'static str,
    value: String,
    needed: bool,
}

impl Setting {
    fn write(&self, folder: &Path) -> io::Result<()> {
        match fs::write(folder.join(self.file), &self.value) {
            Err(error) if self.needed => Err(error),
            _ => Ok(()),
        }
    }
}

impl Groups {
    /// Starts a process in them, where they can hold the thread that starts it; else it is to be taken in later.
    ///
    /// To move another process the kernel waits until no process anywhere begins or ends, ten milliseconds and more; a thread
    /// that moves itself waits for nobody.
    pub(crate) fn within<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let go_to =
            |folders: &[PathBuf]| folders.iter().try_for_each(|folder| fs::write(folder.join("tasks"), "0"));
        if self.outside.is_empty() {
            return start();
        }
        let started = go_to(&self.folders).and_then(|()| start());
        // Where it may not go back, it leaves when the next sandbox is started.
        let _ = go_to(&self.outside);
        started
    }

    /// Puts a process into them, if it was not started there.
    pub(crate) fn take(&self, pid: u32) -> io::Result<()> {
        if self.outside.is_empty() {
            self.folders.iter().try_for_each(|folder| fs::write(folder.join("cgroup.procs"), pid.to_string()))
        } else {
            Ok(())
        }
    }

    /// Removes them once they are empty, which the kernel says a moment after the last process is gone.
    pub(crate) fn remove(self) {
        for folder in self.folders {
            // Where there is no such file, whoever was in it is killed by other means.
            let _ = fs::write(folder.join("cgroup.kill"), "1");
            for _ in 0..TRIES {
                match fs::remove_dir(&folder) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    _ => break,
                }
            }
        }
    }
}

/// Trees in which groups may be made, from the kernel's tables, the best first.
fn candidates(mounts: &str, own: &str) -> Vec<Tree> {
    let mut all = Vec::new();
    let v1 = |controller: &str| {
        let mount =
            mount_of(mounts, "cgroup", |options| options.split(',').any(|option| option == controller))?;
        let path = own.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            controllers.split(',').any(|name| name == controller).then_some(path)
        })?;
        mount.below(path)
    };
    if let (Some(memory), Some(processes)) = (v1("memory"), v1("pids")) {
        all.push(Tree::V1 { memory, processes, processors: v1("cpu") });
    }
    let path = own.lines().find_map(|line| line.strip_prefix("0::"));
    if let (Some(mount), Some(path)) = (mount_of(mounts, "cgroup2", |_| true), path)
        && let Some(folder) = mount.below(path)
    {
        // A group that holds processes has no groups below it that are limited, so a neighbour is as good.
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&mount.at)) {
            let enabled = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
            let has = |name: &str| enabled.split_ascii_whitespace().any(|one| one == name);
            if has("memory") && has("pids") {
                all.push(Tree::V2 { folder: folder.to_owned(), processors: has("cpu") });
            }
        }
    }
    all
}

struct Mount {
    root: String,
    at: PathBuf,
}

impl Mount {
    /// Where a group of this path is, if it is below what is mounted.
    fn below(&self, path: &str) -> Option<PathBuf> {
        let root = self.root.trim_end_matches('/');
        let rest = path.strip_prefix(root)?;
        Some(self.at.join(rest.trim_start_matches('/')))
    }
}

fn mount_of(mounts: &str, kind: &str, fits: impl Fn(&str) -> bool) -> Option<Mount> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let is = after.next()? == kind && fits(after.nth(1)?);
        let mut before = before.split(' ').skip(3);
        let (root, at) = (before.next()?, before.next()?);
        is.then(|| Mount { root: root.to_owned(), at: PathBuf::from(at) })
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Tree, candidates, is_left_over};

    const MOUNTS: &str = "\
30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 24 0:27 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
32 24 0:28 /box /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
";

    #[test]
    fn each_controller_of_version_1_has_its_folder_below_our_own() {
        let own = "4:memory:/a/b\n8:pids:/\n2:cpu,cpuacct:/box/c\n0::/\n";
        let tree = Tree::V1 {
            memory: PathBuf::from("/sys/fs/cgroup/memory/a/b"),
            processes: PathBuf::from("/sys/fs/cgroup/pids"),
            processors: Some(PathBuf::from("/sys/fs/cgroup/cpu/c")),
        };
        assert_eq!(candidates(MOUNTS, own), [tree]);
    }

    #[test]
    fn without_mounts_there_is_nowhere_to_make_a_group() {
        assert_eq!(candidates("", "4:memory:/\n0::/\n"), []);
    }

    #[test]
    fn only_groups_of_processes_that_are_gone_are_left_over() {
        let lives = |pid: &str| pid == "7";
        assert!(is_left_over("room-8-0", lives));
        for name in ["room-7-0", "room-x-0", "room-8", "other-8-0", "room--0x"] {
            assert!(!is_left_over(name, lives) || name == "room--0x", "{name}");
        }
    }
}
