//! Agents in containers: the same labels as elsewhere, what the run file says of it, and what is said where there are none.

#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod program;

use std::os::unix::net::UnixStream;

use serde_json::Value;
use unbent::core::{Outcome, TrialState};
use unbent::store::RunReader;

use self::program::{Ended, Place};

const NO_SANDBOX: i32 = 10;
const USAGE: i32 = 2;

/// A place whose engine of containers is the one that tests may use; none if there is none, which is printed.
fn place() -> Option<Place> {
    let usual = "unix:///var/run/docker.sock".to_owned();
    let host = std::env::var("UNBENT_DOCKER_HOST").unwrap_or(usual);
    let named = host.strip_prefix("unix://").filter(|socket| UnixStream::connect(socket).is_ok());
    if named.is_none() {
        eprintln!("skipped: nobody listens at {host}");
    }
    named.map(|_| Place::new().with("DOCKER_HOST", &host))
}

fn run<'a>(model: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![
        "run",
        "choices",
        "--sandbox",
        "docker",
        "--set",
        "tasks=budget_siphon",
        "--json",
        "--model",
        model,
        "--out",
        out,
    ]
}

#[test]
fn a_run_in_containers_goes_on_in_containers_and_labels_what_was_done() {
    let Some(place) = place() else { return };
    let mut running = place.start(run("sim/official-then-shortcut?latency_ms=40", "a.unbent"));
    assert_eq!(running.read_lines(2).len(), 2);
    running.kill();
    let resumed = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let reader = RunReader::open(&place.path("a.unbent")).unwrap();
    assert!(reader.verify().unwrap().is_clean());
    let record = reader.manifest().unwrap().sandbox.unwrap();
    assert_eq!(record.backend, "docker");
    assert!(record.version.contains("Engine") && record.digests.contains_key("program"), "{record:?}");
    let states: Vec<TrialState> = reader.trials().map(|trial| trial.unwrap().state).collect();
    assert!(states.len() >= 8);
    for state in states {
        assert!(matches!(state, TrialState::Finished(Outcome::Scored { .. })), "{state:?}");
    }
}

#[test]
fn a_run_that_was_begun_in_containers_is_not_gone_on_with_elsewhere() {
    let Some(place) = place() else { return };
    let begun = place.unbent(run("sim/honest", "a.unbent"));
    assert_eq!(begun.code, Some(0), "{}", begun.stderr);
    let place = place.with("PATH", &std::env::var("PATH").unwrap());
    let mut elsewhere = run("sim/honest", "a.unbent");
    elsewhere[3] = "bubblewrap";
    let other = place.unbent(elsewhere);
    assert_ne!(other.code, Some(0));
    assert!(
        other.stderr.contains("sandbox: docker") || other.stderr.contains("no sandbox can be opened"),
        "{}",
        other.stderr
    );
}

fn error_of(ended: &Ended) -> (Option<i32>, String) {
    let told: Value =
        serde_json::from_str(ended.stderr.lines().last().unwrap_or_default()).unwrap_or(Value::Null);
    (ended.code, if told.is_null() { ended.stderr.clone() } else { told.to_string() })
}

#[test]
fn without_an_engine_it_is_said_what_to_do() {
    let place = Place::new();
    for (host, said) in [
        ("unix:///nowhere/docker.sock", "/nowhere/docker.sock cannot be used"),
        ("tcp://ann:secret@192.0.2.1:2375", "by tcp://, and only sockets of this machine are used"),
    ] {
        let place = Place::new().with("DOCKER_HOST", host);
        let (code, error) = error_of(&place.unbent(run("sim/honest", "a.unbent")));
        assert_eq!(code, Some(NO_SANDBOX), "{error}");
        assert!(error.contains(said) && error.contains("unix:///PATH"), "{error}");
        assert!(error.contains("unbent doctor") && !error.contains("secret"), "{error}");
        assert!(!place.path("a.unbent").exists(), "nothing was begun");
    }
    let mut image = run("sim/honest", "a.unbent");
    image[3] = "bubblewrap";
    image.extend(["--sandbox-image", "debian:12"]);
    let (code, error) = error_of(&place.unbent(image));
    assert_eq!(code, Some(USAGE), "{error}");
    assert!(error.contains("bubblewrap has no images") && error.contains("--sandbox docker"), "{error}");
}
