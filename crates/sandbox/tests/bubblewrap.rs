//! What holds of sandboxes by bubblewrap: the contract of all back ends.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#![cfg(target_os = "linux")]

mod contract;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use contract::room::{Host, open, open_with};
use contract::world::Scripted;
use serde_json::json;
use unbent_core::Done;
use unbent_sandbox::bubblewrap::probe;
use unbent_sandbox::{Bubblewrap, Limits, Options};

/// A host, or none where there can be no sandbox, which is printed.
fn host(limits: Limits) -> Option<Host> {
    match Bubblewrap::new(Options { worlds: Arc::new(Scripted), limits, max_open: 8 }) {
        Ok(host) => Some(Arc::new(host)),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            None
        }
    }
}

contract::contract!(crate::host);

#[tokio::test]
async fn whoever_is_user_0_inside_is_nobody_outside() {
    let Some(host) = host(Limits::default()) else { return };
    let mark = format!("{}", 7_000_000 + std::process::id());
    let room = open_with(&host, json!({ "daemons": [format!("exec sleep {mark}")] })).await;
    let is_it = |path: &PathBuf| {
        std::fs::read(path.join("cmdline")).is_ok_and(|line| line == format!("sleep\0{mark}\0").as_bytes())
    };
    // It is there once it has become what it shall.
    let process = loop {
        let found = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).find(is_it);
        if let Some(found) = found {
            break found;
        }
        tokio::task::yield_now().await;
    };
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let user =
        status.lines().find_map(|line| line.strip_prefix("Uid:\t")).unwrap().split('\t').next().unwrap();
    let ours = nix::unistd::geteuid();
    if ours.is_root() {
        assert!(user.parse::<u32>().unwrap() >= 200_000, "{user}");
    } else {
        assert_eq!(user, ours.to_string());
    }
    assert_eq!(room.says("id -u").await, "0");
}

#[tokio::test]
async fn limits_are_those_that_were_asked_for() {
    let limits = Limits { processes: 20, output: 100, open_files: 64, ..Limits::default() };
    let Some(host) = host(limits) else { return };
    let room = open(&host).await;
    let fork =
        "perl -e 'for (1..60) { my $p = fork; last unless defined $p; sleep 1000 unless $p; $n++ } print $n'";
    let begun = room.says(fork).await.parse::<u32>().unwrap();
    assert!((10..20).contains(&begun), "{begun}");
    assert_eq!(room.says("ulimit -n").await, "64");
    assert!(room.run("seq 1000").await.stdout.contains("[… 3793 bytes cut …]"));
}

#[tokio::test]
async fn files_without_number_break_nothing() {
    if !probe().is_empty() {
        eprintln!("skipped: without a control group nothing bounds the number of files");
        return;
    }
    let Some(host) = host(Limits { memory: 64 << 20, ..Limits::default() }) else { return };
    let room = open(&host).await;
    let make = "perl -e 'for my $d (qw(/tmp /var /srv/data)) { for (1..9e6) { open(my $f, q(>), qq($d/$_)) or last } } print 1'";
    assert_eq!(room.run(make).await.code, Some(137));
    // There is next to no room for a command; what counts is that the sandbox stands and can be looked into.
    assert!(matches!(room.try_run("rm -rf /tmp", 30).await, Ok(Done::Exec { .. })));
    assert_eq!(room.picture().await["paths"]["/home/ana/desk/notes.txt"], "file 11 644 first line\n");
}

/// Set in a process that a test began of its own: one to be killed, or one of its own for other reasons.
const BEGUN_BY_A_TEST: &str = "BEGUN_BY_A_TEST";

#[tokio::test]
async fn a_killed_run_leaves_no_process_and_its_groups_go_with_the_next_start() {
    if let Ok(mark) = std::env::var(BEGUN_BY_A_TEST) {
        let host = host(Limits::default()).unwrap();
        let room = open_with(&host, json!({ "daemons": [format!("exec sleep {mark}")] })).await;
        room.run_in(None, &format!("setsid sleep {mark} & sleep 1000"), 1_000).await;
        return;
    }
    if host(Limits::default()).is_none() {
        return;
    }
    let mark = format!("{}", 9_000_000 + std::process::id());
    let name = "a_killed_run_leaves_no_process_and_its_groups_go_with_the_next_start";
    let mut run = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(BEGUN_BY_A_TEST, &mark)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let began = std::time::Instant::now();
        while !holds() {
            assert!(began.elapsed() < std::time::Duration::from_secs(30), "{what}");
            std::thread::yield_now();
        }
    };
    until("it runs", &|| processes(&mark) == 2);
    let groups = groups_of(run.id());
    assert_eq!(groups.is_empty(), !probe().is_empty());
    run.kill().unwrap();
    run.wait().unwrap();
    until("nothing runs", &|| processes(&mark) == 0);
    until("its groups are gone", &|| {
        drop(host(Limits::default()));
        groups_of(run.id()).is_empty()
    });
}

/// How many processes of this machine are a sleep of so many seconds.
fn processes(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let line = format!("sleep\0{mark}\0");
    entries
        .filter(|entry| std::fs::read(entry.path().join("cmdline")).is_ok_and(|it| it == line.as_bytes()))
        .count()
}

/// The control groups that this process made.
fn groups_of(pid: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&format!("room-{pid}-")) {
                found.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_run_that_ends_leaves_no_group() {
    // In a process of its own, as groups are known by their process.
    if std::env::var_os(BEGUN_BY_A_TEST).is_none() {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["a_run_that_ends_leaves_no_group", "--exact", "--nocapture"])
            .env(BEGUN_BY_A_TEST, "1")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let Some(host) = host(Limits::default()) else { return };
    let rooms = [open(&host).await, open(&host).await];
    assert_eq!(groups_of(std::process::id()).is_empty(), !probe().is_empty());
    drop(rooms);
    drop(host);
    assert_eq!(groups_of(std::process::id()), Vec::<PathBuf>::new());
}

#[test]
fn what_is_missing_is_said_with_what_works_and_what_to_do() {
    // In a process of its own, as what is missing is the program in PATH.
    let name = "what_is_missing_is_said_with_what_works_and_what_to_do";
    if std::env::var_os(BEGUN_BY_A_TEST).is_none() {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(BEGUN_BY_A_TEST, "1")
            .env("PATH", "/nowhere")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let gap = &probe()[0];
    assert!(gap.fatal);
    assert_eq!(gap.missing, "no program bwrap in PATH");
    assert_eq!(gap.works, "suites without a sandbox run all the same");
    assert!(gap.remedy.starts_with("install bubblewrap"), "{}", gap.remedy);
    let options = Options { worlds: Arc::new(Scripted), limits: Limits::default(), max_open: 1 };
    let error = Bubblewrap::new(options).err().unwrap().to_string();
    assert!(error.starts_with("no sandbox can be opened: no program bwrap in PATH; "), "{error}");
}

#[tokio::test]
async fn what_was_started_in_advance_is_as_good_and_ends_with_its_host() {
    // In a process of its own, as groups are known by their process.
    if std::env::var_os(BEGUN_BY_A_TEST).is_none() {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["what_was_started_in_advance_is_as_good_and_ends_with_its_host", "--exact", "--nocapture"])
            .env(BEGUN_BY_A_TEST, "1")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let Some(host) = host(Limits::default()) else { return };
    if !probe().is_empty() {
        eprintln!("skipped: without control groups it cannot be seen what was started");
        return;
    }
    let room = open(&host).await;
    let ours = || {
        let groups = groups_of(std::process::id());
        groups
            .iter()
            .filter_map(|group| group.file_name())
            .map(ToOwned::to_owned)
            .collect::<BTreeSet<_>>()
            .len()
    };
    // Another is started behind it.
    while ours() < 2 {
        tokio::task::yield_now().await;
    }
    let second = open(&host).await;
    for room in [&room, &second] {
        assert_eq!(room.says("hostname; cat notes.txt").await.lines().count(), 2);
    }
    room.says("echo mine > /tmp/mine").await;
    assert_eq!(second.says("ls /tmp").await, "");
    drop((room, second, host));
    assert_eq!(ours(), 0);
}
