//! What bubblewrap is told: every mount, every namespace, nothing of the host but its programs.

use std::fs;
use std::path::Path;

use unbent_core::Layout;

use crate::Limits;
use crate::program;
use crate::start::{place_size, places};

/// The descriptor from which the program is copied in.
pub(super) const PROGRAM_FD: i32 = 3;
/// The descriptor from which its settings are copied in.
pub(super) const SETTINGS_FD: i32 = 4;
/// The descriptor to which the number of the first process is written.
pub(super) const INFO_FD: i32 = 5;

/// Folders of official tools that nobody inside can change, unless the world has files there.
const TOOLS: &str = "/opt/tools";

/// The room of places that hold next to nothing: bytes.
const LITTLE: u64 = 1 << 20;
/// The room for the program: bytes.
const PROGRAM_ROOM: u64 = 16 << 20;

/// How the programs of this machine lie at its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct System {
    /// Links from the root into `/usr`: name and target.
    links: Vec<(String, String)>,
    /// Folders at the root that are not such links.
    folders: Vec<String>,
}

impl System {
    pub(super) fn find() -> Self {
        let mut system = Self { links: Vec::new(), folders: Vec::new() };
        for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            let target =
                fs::read_link(name).ok().and_then(|target| target.into_os_string().into_string().ok());
            match target {
                Some(target) => system.links.push((name.to_owned(), target)),
                None if Path::new(name).is_dir() => system.folders.push(name.to_owned()),
                None => {}
            }
        }
        system
    }
}

/// Whether the folder of the tools is closed to whoever is inside.
pub(super) fn tools_are_closed(layout: &Layout) -> bool {
    let is_in = |path: &str| path.strip_prefix(TOOLS).is_some_and(|rest| rest.starts_with('/'));
    let files = layout.files.iter().map(|file| &file.path).chain(&layout.folders).chain([&layout.socket]);
    layout.tools.iter().any(|tool| is_in(tool)) && !files.into_iter().any(|path| is_in(path))
}

/// The namespaces and rights, without any file.
pub(super) fn walls() -> Vec<String> {
    let walls = "--unshare-user --unshare-all --disable-userns --die-with-parent --new-session --clearenv --as-pid-1 \
                 --uid 0 --gid 0 --cap-drop ALL";
    walls.split_ascii_whitespace().map(str::to_owned).collect()
}

/// The programs of the machine.
pub(super) fn programs(system: &System) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["--ro-bind", "/usr", "/usr"]);
    for (name, target) in &system.links {
        add(&["--symlink", target, name]);
    }
    for name in &system.folders {
        add(&["--ro-bind", name, name]);
    }
    all
}

/// Everything that bubblewrap is told for a world.
pub(super) fn arguments(layout: &Layout, limits: &Limits, system: &System) -> Vec<String> {
    let mut all = walls();
    all.extend(["--hostname".to_owned(), layout.host_name.clone()]);
    all.extend(programs(system));
    let places = places(layout);
    let size = place_size(limits, places.len()).to_string();
    let (little, room) = (LITTLE.to_string(), PROGRAM_ROOM.to_string());
    let (program_fd, settings_fd, info_fd) =
        (PROGRAM_FD.to_string(), SETTINGS_FD.to_string(), INFO_FD.to_string());
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["--perms", "0755", "--size", &room, "--tmpfs", "/usr/local", "--dir", "/usr/local/bin"]);
    add(&["--perms", "0555", "--file", &program_fd, program::PATH]);
    add(&["--perms", "0444", "--file", &settings_fd, program::SETTINGS]);
    add(&["--proc", "/proc", "--ro-bind", "/dev/null", "/proc/cmdline", "--dev", "/dev"]);
    add(&["--perms", "1777", "--size", &size, "--tmpfs", "/dev/shm"]);
    for place in &places {
        let mode = match place.as_str() {
            "/tmp" => "1777",
            "/root" => "0700",
            _ => "0755",
        };
        add(&["--perms", mode, "--size", &size, "--tmpfs", place]);
    }
    // Names of programs that the system's own stand for: awk, which, and such.
    add(&["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]);
    if tools_are_closed(layout) {
        add(&["--perms", "0755", "--size", &little, "--tmpfs", TOOLS]);
        for tool in layout.tools.iter().filter(|tool| tool.starts_with(TOOLS)) {
            add(&["--symlink", program::PATH, tool]);
        }
        add(&["--remount-ro", TOOLS]);
    }
    add(&["--remount-ro", "/usr/local", "--remount-ro", "/dev", "--remount-ro", "/"]);
    add(&["--chdir", "/", "--info-fd", &info_fd, program::PATH]);
    all
}
