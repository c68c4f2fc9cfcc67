//! A run that is cut off, and what going on with it asks again.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use unbent::core::{Ask, ModelRole};
use unbent::providers::{Endpoint, HttpModel, OpenAiChat};
use unbent::store::RunReader;

use self::program::server::{ModelServer, Request, Response};
use self::program::{Place, answers};

/// Calls of the subject and of the judge that one set of the suite takes.
const SUBJECT_CALLS: usize = 26;
const JUDGE_CALLS: usize = 15;

/// How often a run is cut off anew if it ended before it could be.
const ATTEMPTS: usize = 20;

fn simulated(out: &str) -> Vec<&str> {
    let mut line = vec!["run", "independence", "--repeats", "5", "--seed", "7", "--json", "--out", out];
    line.extend(["--model", "sim/steadfast?latency_ms=10", "--model", "sim/yielding?p=0.5&latency_ms=10"]);
    line
}

/// Cuts a run off after so many lines of its output, before it has answered everything.
fn cut_off(place: &Place, out: &str, lines: usize) {
    for _ in 0..ATTEMPTS {
        let mut run = place.start(simulated(out));
        assert_eq!(run.read_lines(lines).len(), lines);
        let was_killed = run.kill().signal() == Some(9);
        let reader = RunReader::open(&place.path(out)).unwrap();
        if was_killed && reader.finished_count().unwrap() < reader.trial_count().unwrap() {
            return;
        }
        drop(reader);
        std::fs::remove_file(place.path(out)).unwrap();
    }
    panic!("the run was over {ATTEMPTS} times before it could be killed");
}

fn verified(path: &Path) -> RunReader {
    let reader = RunReader::open(path).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    reader
}

#[test]
fn a_finished_answer_outlives_kill_9() {
    let place = Place::new();
    assert_eq!(place.unbent(simulated("undisturbed.unbent")).code, Some(0));
    let undisturbed = place.leaderboards("undisturbed.unbent");
    for lines in [1, 20, 90] {
        let out = format!("{lines}.unbent");
        cut_off(&place, &out, lines);
        let kept = answers(&verified(&place.path(&out)));
        assert!(
            kept.len() >= lines - 1,
            "of {lines} trials that were told, {} answers are there",
            kept.len()
        );

        let resumed = place.unbent(["resume", &out, "--json"]);
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        let reader = verified(&place.path(&out));
        assert!(reader.seal().unwrap().is_some());
        let all = answers(&reader);
        assert_eq!(all.len(), (SUBJECT_CALLS + JUDGE_CALLS) * 5 * 2);
        for (need, answer) in &all {
            assert_eq!(answer.len(), 1, "{need:?} was answered twice");
        }
        for (need, answer) in kept {
            assert_eq!(all[&need], answer);
        }
        assert_eq!(place.leaderboards(&out), undisturbed);
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_comes_to_the_same_end() {
    let place = Place::new();
    assert_eq!(place.unbent(simulated("undisturbed.unbent")).code, Some(0));
    cut_off(&place, "killed.unbent", 10);
    let mut kills = 1;
    let ended = loop {
        let mut run = place.start(["resume", "killed.unbent", "--json", "--parallel", "4"]);
        if run.read_lines(30).len() < 30 {
            break run.end();
        }
        kills += usize::from(run.kill().signal() == Some(9));
    };
    assert!(kills > 1, "the resumed run was never killed");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(answers(&verified(&place.path("killed.unbent"))).values().all(|answers| answers.len() == 1));
    assert_eq!(place.leaderboards("killed.unbent"), place.leaderboards("undisturbed.unbent"));
}

fn over_http<'a>(base_url: &'a str, repeats: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut line =
        vec!["run", "independence", "--json", "--repeats", repeats, "--parallel", "4", "--out", out];
    line.extend(["--model", "openai-compatible/m", "--judge", "openai-compatible/j", "--base-url", base_url]);
    line
}

fn calls_of(seen: &[Request], model: &str) -> usize {
    seen.iter().filter(|request| request.model() == model).count()
}

fn count_by_body(bodies: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for body in bodies {
        *counts.entry(body).or_default() += 1;
    }
    counts
}

#[test]
fn the_server_sees_exactly_26_calls_a_repeat() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let run = place.unbent(over_http(&server.base_url(), "3", "a.unbent"));
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let seen = server.seen();
    assert_eq!((calls_of(&seen, "m"), calls_of(&seen, "j")), (SUBJECT_CALLS * 3, JUDGE_CALLS * 3));

    let again = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(server.seen().len(), seen.len(), "a finished run asks nothing");
}

#[test]
fn a_server_that_fails_at_times_sees_only_the_calls_that_failed_again() {
    let place = Place::new();
    let server = ModelServer::start(|request| match request.number {
        3 => Response::status(500, "{\"error\": \"out of breath\"}"),
        20 => Response::Http(429, vec![("retry-after-ms", "0".to_owned())], "{}".to_owned()),
        _ => Response::well(request),
    });
    let run = place.unbent(over_http(&server.base_url(), "1", "a.unbent"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let seen = server.seen();
    assert_eq!(seen.len(), SUBJECT_CALLS + JUDGE_CALLS + 2);
    let counts = count_by_body(seen.iter().map(|request| request.body.clone()));
    let twice: Vec<_> = counts.iter().filter(|(_, n)| **n > 1).map(|(body, _)| body).collect();
    assert_eq!(twice.len(), 2);
    assert!(twice.contains(&&seen[2].body) && twice.contains(&&seen[19].body));
    let faults = run.json_lines().into_iter().filter(|line| line["event"] == "faulted").count();
    assert_eq!(faults, 2);
}

#[test]
fn after_kill_9_no_finished_call_is_made_again() {
    const ALL: usize = (SUBJECT_CALLS + JUDGE_CALLS) * 3;
    let place = Place::new();
    // The server falls silent after so many requests, so that a run cannot end before it is killed.
    let last_answered = Arc::new(AtomicUsize::new(usize::MAX));
    let server = ModelServer::start({
        let last_answered = Arc::clone(&last_answered);
        move |request| {
            let is_answered = request.number <= last_answered.load(Ordering::SeqCst);
            if is_answered { Response::well(request) } else { Response::Silence }
        }
    });
    let bodies_from = |first: usize| {
        let seen = server.seen();
        count_by_body(seen[first..].iter().map(|request| request.body.clone()))
    };
    assert_eq!(place.unbent(over_http(&server.base_url(), "3", "undisturbed.unbent")).code, Some(0));
    let undisturbed = place.leaderboards("undisturbed.unbent");
    let wanted = bodies_from(0);

    for answered in [2, 17, 60, 118] {
        let out = format!("{answered}.unbent");
        let first = server.seen().len();
        last_answered.store(first + answered, Ordering::SeqCst);
        let run = place.start(over_http(&server.base_url(), "3", &out));
        server.wait_for(first + answered);
        assert_eq!(run.kill().signal(), Some(9));
        server.settle();
        let resumed_at = server.seen().len();
        let kept = recorded_bodies(&verified(&place.path(&out)), &server.base_url());

        last_answered.store(usize::MAX, Ordering::SeqCst);
        let resumed = place.unbent(["resume", &out, "--json"]);
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        let asked = bodies_from(resumed_at);
        for (body, times) in &wanted {
            let count = |bodies: &BTreeMap<String, usize>| bodies.get(body).copied().unwrap_or_default();
            assert_eq!(count(&kept) + count(&asked), *times, "{body}");
        }
        assert_eq!(kept.values().chain(asked.values()).sum::<usize>(), ALL);
        let paid_twice = server.seen().len() - first - ALL;
        assert!(paid_twice <= 4, "{paid_twice} calls were made again, of 4 in flight");
        assert_eq!(place.leaderboards(&out), undisturbed);
    }
}

/// The requests that a run file has answers to, as they are sent.
fn recorded_bodies(reader: &RunReader, base_url: &str) -> BTreeMap<String, usize> {
    count_by_body(answers(reader).into_values().flatten().map(|kept| {
        let ask: Ask = serde_json::from_slice(&reader.blob(kept.request.unwrap()).unwrap()).unwrap();
        let model = if ask.role == ModelRole::Judge { "j" } else { "m" };
        let provider = HttpModel::new(Endpoint::new(base_url), OpenAiChat::new(model)).unwrap();
        String::from_utf8(provider.request_body(&ask).unwrap()).unwrap()
    }))
}
