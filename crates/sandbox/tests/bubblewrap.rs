//! What holds of sandboxes by bubblewrap: the contract of all back ends.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#![cfg(target_os = "linux")]

mod contract;

use std::sync::Arc;

use contract::room::{Host, open, open_with};
use contract::world::Scripted;
use serde_json::json;
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
    let is_it = |path: &std::path::PathBuf| {
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
