//! What holds of sandboxes as containers: the contract of all back ends.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#![cfg(target_os = "linux")]

mod contract;
mod docker_engine;

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{CreateContainerOptions, ListContainersOptions, RemoveContainerOptions};
use contract::room::{open, open_with};
use docker_engine::{Image, client, host, options};
use serde_json::json;
use unbent_core::Done;
use unbent_sandbox::{Docker, Limits};

contract::contract!(crate::docker_engine::host);

/// The label that says whose a container is.
const OWNER: &str = "unbent.owner";

#[tokio::test]
async fn the_machine_below_is_not_shown_and_nothing_of_it_can_be_written() {
    let Some(host) = host(Limits::default()) else { return };
    let room = open(&host).await;
    assert_eq!(
        room.says("ls -A /sys; cat /proc/cmdline /proc/interrupts /proc/keys /proc/timer_list").await,
        ""
    );
    assert_eq!(
        room.says("ls /proc/acpi /proc/scsi 2>/dev/null | grep -v : | grep . || echo none").await,
        "none"
    );
    let rights = room.says("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d '\\t\\n'").await;
    let none = "0".repeat(16);
    let expected =
        format!("CapInh:{none}CapPrm:{none}CapEff:{none}CapBnd:{none}CapAmb:{none}NoNewPrivs:1Seccomp:2");
    assert_eq!(rights, expected);
    for folder in ["/", "/usr", "/usr/bin", "/usr/share", "/usr/local", "/opt", "/dev", "/etc/alternatives"] {
        let ended = room.run(&format!("[ ! -d {folder} ] || touch {folder}/new")).await;
        let refused = ended.code == Some(0) || ended.stderr.contains("Read-only file system");
        assert!(refused && !std::path::Path::new(folder).join("new").exists(), "{folder}: {ended:?}");
    }
}

#[tokio::test]
async fn what_the_world_has_beside_its_tools_can_be_written_and_keeps_its_time() {
    let Some(host) = host(Limits::default()) else { return };
    let room = open_with(&host, json!({ "files": { "/opt/keeper/run.sh": "#!/bin/sh\necho run\n" } })).await;
    assert_eq!(
        room.says("/opt/keeper/run.sh; echo more >> /opt/keeper/run.sh; /bin/ls /opt").await,
        "run\nkeeper\ntools"
    );
    let shown = "date -r /opt/keeper/run.sh +%H:%M";
    let before = room.says(&format!("touch -d '3 hours ago' /opt/keeper/run.sh; {shown}")).await;
    assert_eq!(room.says(&format!("ledger wait 120; {shown}")).await, before);
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

/// Set in the process that is killed with a sandbox open.
const TO_BE_KILLED: &str = "TO_BE_KILLED_WITH_A_CONTAINER_OPEN";

#[tokio::test]
async fn a_killed_run_leaves_no_container() {
    if let Ok(mark) = std::env::var(TO_BE_KILLED) {
        let host = host(Limits::default()).unwrap();
        let room = open_with(&host, json!({ "daemons": [format!("exec sleep {mark}")] })).await;
        room.run_in(None, &format!("setsid sleep {mark} & sleep 1000"), 1_000).await;
        return;
    }
    let Some(client) = client() else { return };
    let mark = format!("{}", 8_000_000 + std::process::id());
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args(["a_killed_run_leaves_no_container", "--exact", "--nocapture"])
        .env(TO_BE_KILLED, &mark)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while processes(&mark) < 2 {
        assert!(began.elapsed() < Duration::from_mins(1), "it does not begin");
        std::thread::yield_now();
    }
    assert!(owned_by(&client, run.id()).await > 0);
    run.kill().unwrap();
    run.wait().unwrap();
    // Its end of the input is gone, and nobody has to look after it.
    let began = Instant::now();
    while processes(&mark) > 0 || owned_by(&client, run.id()).await > 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "something of it lives on");
    }
}

/// How many processes of this machine are a sleep of so many seconds.
fn processes(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let line = format!("sleep\0{mark}\0");
    entries
        .filter(|entry| std::fs::read(entry.path().join("cmdline")).is_ok_and(|it| it == line.as_bytes()))
        .count()
}

/// How many containers a process has.
async fn owned_by(client: &bollard::Docker, pid: u32) -> usize {
    let filters = HashMap::from([("label".to_owned(), vec![OWNER.to_owned()])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let all = client.list_containers(Some(options)).await.unwrap();
    let is_theirs = |label: &String| label.split(' ').nth(2) == Some(&pid.to_string());
    all.iter().filter(|one| one.labels.as_ref().and_then(|all| all.get(OWNER)).is_some_and(is_theirs)).count()
}

#[tokio::test]
async fn a_run_that_ends_leaves_no_container() {
    let (Some(client), Some(host)) = (client(), host(Limits::default())) else { return };
    let rooms = [open(&host).await, open(&host).await];
    assert!(owned_by(&client, std::process::id()).await >= 2);
    drop(rooms);
    drop(host);
    assert_eq!(owned_by(&client, std::process::id()).await, 0);
}

#[tokio::test]
async fn containers_of_runs_that_are_gone_are_removed_at_the_next_start() {
    let Some(client) = client() else { return };
    let image = Image::import(&client, "left", &[], &["CMD [\"/mark\"]"]).await;
    let made = |name: String, label: Option<String>| {
        let labels = label.map(|label| HashMap::from([(OWNER.to_owned(), label)]));
        let body = ContainerCreateBody { image: Some(image.name.clone()), labels, ..Default::default() };
        let options = CreateContainerOptions { name: Some(name), ..Default::default() };
        client.create_container(Some(options), body)
    };
    let name = |which: &str| format!("left-{which}-{}", std::process::id());
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
    let label = |pid: u32, began: u32| format!("{} {} {pid} {began}", boot.trim(), namespace.display());
    made(name("gone"), Some("another-boot pid:[1] 1 1".to_owned())).await.unwrap();
    // A process has this number, but another one.
    made(name("renumbered"), Some(label(std::process::id(), 1))).await.unwrap();
    made(name("stranger"), Some(format!("{} pid:[7] 1 1", boot.trim()))).await.unwrap();
    made(name("other"), None).await.unwrap();
    drop(host(Limits::default()).unwrap());
    let mut there = Vec::new();
    for which in ["gone", "renumbered", "stranger", "other"] {
        if client.inspect_container(&name(which), None).await.is_ok() {
            there.push(which);
            let options = RemoveContainerOptions { force: true, ..Default::default() };
            client.remove_container(&name(which), Some(options)).await.unwrap();
        }
    }
    image.remove().await;
    assert_eq!(there, ["stranger", "other"], "only what is ours for certain is removed");
}

const PROGRAMS: &[&str] = &["bash", "cat", "ls", "mkdir", "rm"];

#[tokio::test]
async fn the_programs_of_an_image_are_used_and_it_is_made_again_when_somebody_removes_it() {
    let Some(client) = client() else { return };
    let image = Image::import(&client, "own", PROGRAMS, &["ENV SECRET=1", "USER 7", "WORKDIR /mnt"]).await;
    let own =
        unbent_sandbox::docker::Options { image: Some(image.name.clone()), ..options(Limits::default()) };
    let host = Docker::new(own).unwrap();
    let record = host.record();
    assert_eq!(record.backend, "docker");
    let id = client.inspect_image(&image.name).await.unwrap().id.unwrap();
    assert_eq!(record.digests.get("image"), Some(&id));
    let host: contract::room::Host = Arc::new(host);
    let room = open(&host).await;
    assert!(room.says("cat /mark").await.starts_with("unbent.test=own-"));
    assert_eq!(room.says("ledger where; echo $SECRET$UID; pwd").await, "/home/ana/desk\n0\n/home/ana/desk");
    assert_eq!(room.run("perl -e 1").await.code, Some(127));
    assert_eq!(room.write("a", "b").await, Done::Written);
    assert_ne!(room.run("echo > /bin/bash").await.code, Some(0));
    drop(room);
    assert!(image.remove_descendants().await > 0);
    let room = open(&host).await;
    assert_eq!(room.says("ledger where").await, "/home/ana/desk");
    drop(room);
    image.remove().await;
}

#[tokio::test]
async fn an_image_that_does_not_do_is_refused_with_the_reason() {
    let Some(client) = client() else { return };
    let refused = |name: &str| {
        let options =
            unbent_sandbox::docker::Options { image: Some(name.to_owned()), ..options(Limits::default()) };
        let gap = Docker::new(options).err().unwrap().gap;
        assert!(gap.fatal && !gap.remedy.is_empty(), "{gap}");
        gap
    };
    let absent = refused("ops/none:1");
    assert!(
        absent.missing.contains("no image \"ops/none:1\"") && absent.remedy.contains("docker pull"),
        "{absent}"
    );
    let image = Image::import(&client, "volumes", PROGRAMS, &["VOLUME /data"]).await;
    let volumes = refused(&image.name);
    assert!(volumes.missing.contains("has volumes (/data)"), "{volumes}");
    image.remove().await;
    let image = Image::import(&client, "empty", &["ls"], &[]).await;
    let empty = refused(&image.name);
    assert!(empty.missing.contains("/bin/bash does not start: No such file or directory"), "{empty}");
    image.remove().await;
}
