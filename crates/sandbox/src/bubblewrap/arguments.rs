//! What bubblewrap is told: every mount, every namespace, nothing of the host but its programs.

use std::path::Path;

use unbent_core::Layout;

use crate::Limits;
use crate::program;
use crate::start::{TOOLS, place_size, places, tools_are_closed};
use crate::system::System;

/// The descriptor from which the program is copied in.
pub(super) const PROGRAM_FD: i32 = 3;
/// The descriptor from which its settings are copied in.
pub(super) const SETTINGS_FD: i32 = 4;
/// The descriptor to which the number of the first process is written.
pub(super) const INFO_FD: i32 = 5;

/// The room of places that hold next to nothing: bytes.
const LITTLE: u64 = 1 << 20;
/// The room for the program: bytes.
const PROGRAM_ROOM: u64 = 16 << 20;

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

/// Everything that bubblewrap is told for a world. The program is bound from where it is, or copied in.
pub(super) fn arguments(
    layout: &Layout,
    limits: &Limits,
    system: &System,
    program: Option<&Path>,
) -> Vec<String> {
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
    match program.and_then(Path::to_str) {
        Some(place) => add(&["--ro-bind", place, program::PATH]),
        None => add(&["--perms", "0555", "--file", &program_fd, program::PATH]),
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use unbent_core::{Layout, WorldFile};

    use super::{System, arguments, tools_are_closed};
    use crate::Limits;

    fn layout() -> Layout {
        Layout {
            host_name: "h".to_owned(),
            home: "/home/a".to_owned(),
            work_dir: "/ops/w".to_owned(),
            tools: vec!["/opt/tools/x".to_owned()],
            socket: "/run/s/s.sock".to_owned(),
            ..Layout::default()
        }
    }

    fn told(layout: &Layout) -> Vec<String> {
        let system = System { links: vec![("/bin".to_owned(), "usr/bin".to_owned())], folders: Vec::new() };
        arguments(layout, &Limits::default(), &system, Some(Path::new("/dev/shm/svc-1-0")))
    }

    /// What follows each of these words.
    fn after(all: &[String], word: &str) -> Vec<String> {
        all.windows(2).filter(|pair| pair[0] == word).map(|pair| pair[1].clone()).collect()
    }

    #[test]
    fn every_place_that_can_be_written_has_a_size() {
        let all = told(&layout());
        let places = after(&all, "--tmpfs");
        assert!(places.contains(&"/ops".to_owned()) && places.contains(&"/tmp".to_owned()), "{places:?}");
        for (at, word) in all.iter().enumerate() {
            assert!(word != "--tmpfs" || all[at - 2] == "--size", "{:?}", &all[at..=at + 1]);
        }
    }

    #[test]
    fn nothing_of_the_host_is_bound_but_programs_and_never_to_be_written() {
        let all = told(&layout());
        assert_eq!(after(&all, "--ro-bind"), ["/usr", "/dev/shm/svc-1-0", "/dev/null"]);
        assert_eq!(after(&all, "--file"), ["4"], "only its settings are copied in");
        assert_eq!(after(&all, "--ro-bind-try"), ["/etc/alternatives"]);
        assert!(!all.iter().any(|word| word == "--bind" || word == "--dev-bind" || word == "--share-net"));
        assert_eq!(after(&all, "--remount-ro"), ["/opt/tools", "/usr/local", "/dev", "/"]);
    }

    #[test]
    fn where_the_program_cannot_be_bound_it_is_copied_in() {
        let system = System { links: Vec::new(), folders: Vec::new() };
        let all = arguments(&layout(), &Limits::default(), &system, None);
        assert_eq!(after(&all, "--file"), ["3", "4"]);
        assert_eq!(after(&all, "--ro-bind"), ["/usr", "/dev/null"]);
    }

    #[test]
    fn the_folder_of_the_tools_is_closed_unless_the_world_has_files_there() {
        let mut layout = layout();
        assert!(tools_are_closed(&layout));
        let file = |path: &str| WorldFile {
            path: path.to_owned(),
            content: Vec::new(),
            mode: 0o644,
            age_minutes: 0,
        };
        layout.files.push(file("/opt/toolsmith/x"));
        assert!(tools_are_closed(&layout));
        layout.files.push(file("/opt/tools/state.json"));
        assert!(!tools_are_closed(&layout));
        assert!(!after(&told(&layout), "--remount-ro").contains(&"/opt/tools".to_owned()));
    }
}
