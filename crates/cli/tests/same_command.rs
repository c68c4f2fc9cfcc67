//! The same command once more goes on with its run; another command is refused, and says what differs.

mod program;

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use unbent::core::Origin;
use unbent::store::{RunReader, RunWriter, plan_run};

use self::program::server::{ModelServer, Response};
use self::program::{Place, answers};

const ALL: usize = 26 + 15;

/// A run against a server into `a.unbent`, with further or later arguments.
fn line(url: &str, rest: &[&str]) -> Vec<String> {
    let base = ["run", "independence", "--out", "a.unbent", "--base-url", url, "--parallel", "4"];
    let models = ["--model", "openai-compatible/m", "--judge", "openai-compatible/j"];
    base.iter().chain(&models).chain(rest).map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_same_command_twice_asks_nothing_the_second_time() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let line = line(&server.base_url(), &[]);
    let first = place.unbent(&line);
    assert_eq!((first.code, server.seen().len()), (Some(0), ALL), "{}", first.stderr);
    let kept = std::fs::read(place.path("a.unbent")).unwrap();
    let again = place.unbent(&line);
    assert_eq!((again.code, server.seen().len()), (Some(0), ALL), "{}", again.stderr);
    assert!(again.stderr.contains("a.unbent has every trial's scores: nothing is asked"), "{}", again.stderr);
    assert_eq!(again.stdout, first.stdout, "the leaderboard is shown again");
    assert_eq!(std::fs::read(place.path("a.unbent")).unwrap(), kept);
}

#[test]
fn a_run_that_was_killed_goes_on_by_the_same_command() {
    let place = Place::new();
    let last_answered = Arc::new(AtomicUsize::new(17));
    let server = ModelServer::start({
        let last_answered = Arc::clone(&last_answered);
        move |request| {
            let is_answered = request.number <= last_answered.load(Ordering::SeqCst);
            if is_answered { Response::well(request) } else { Response::Silence }
        }
    });
    let line = line(&server.base_url(), &["--json"]);
    let run = place.start(&line);
    server.wait_for(18);
    assert_eq!(run.kill().signal(), Some(9));
    server.settle();
    let asked = server.seen().len();
    let kept = answers(&RunReader::open(&place.path("a.unbent")).unwrap());
    assert!(kept.len() >= 13, "{} of 17 answers are there", kept.len());

    last_answered.store(usize::MAX, Ordering::SeqCst);
    let ended = place.unbent(&line);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(server.seen().len(), asked + ALL - kept.len());
    let told = &ended.json_lines()[0];
    assert_eq!(told["event"], "run_resumed");
    assert!(told["left"].as_u64().unwrap() > 0 && told["left"].as_u64() <= told["trials"].as_u64(), "{told}");
    let all = answers(&RunReader::open(&place.path("a.unbent")).unwrap());
    assert_eq!(all.len(), ALL);
    assert!(all.values().all(|answers| answers.len() == 1));
    assert!(kept.iter().all(|(need, answer)| all[need] == *answer));
}

#[test]
fn a_run_that_stopped_at_its_budget_goes_on_by_the_same_command_with_more() {
    let place = Place::new();
    let line = ["run", "independence", "--model", "sim/steadfast", "--out", "a.unbent"];
    let capped = place.unbent(line.iter().chain(&["--max-tokens", "500", "--parallel", "2"]));
    assert_eq!(capped.code, Some(9), "{}", capped.stderr);
    let ended = place.unbent(line);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("trials left: going on"), "{}", ended.stderr);
}

#[test]
fn whatever_else_is_asked_for_is_refused_with_its_difference() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let url = server.base_url();
    assert_eq!(place.unbent(line(&url, &["--temperature", "0.7", "--limit", "2"])).code, Some(0));
    let packs = concat!(env!("CARGO_MANIFEST_DIR"), "/../suites/packs/independence/");
    for name in ["pack.toml", "rubrics.toml"] {
        let text = std::fs::read_to_string(format!("{packs}{name}")).unwrap();
        place.put(&format!("mine/{name}"), text.replacen("version = \"1.0.0\"", "version = \"1.0.9\"", 1));
    }
    let (before, asked) = (place.files(), server.seen().len());
    let same = ["--temperature", "0.7", "--limit", "2"];
    for (rest, told) in [
        (
            &["--temperature", "1.0"][..],
            &["temperature of openai-compatible/m: 0.7 in a.unbent, 1.0 asked for"][..],
        ),
        (
            &["--max-answer-tokens", "9"],
            &["max_tokens of openai-compatible/m: not set in a.unbent, 9 asked for"],
        ),
        (
            &["--judge", "sim/rule-judge"],
            &["judge: openai-compatible/j in a.unbent, sim/rule-judge asked for"],
        ),
        (&["--seed", "8"], &["seed: 0 in a.unbent, 8 asked for"]),
        (&["--repeats", "3"], &["repeats: 1 in a.unbent, 3 asked for"]),
        (&["--limit", "1"], &["cases of independence: 2 in a.unbent, 1 asked for"]),
        (&["--model", "sim/echo"], &["subject sim/echo: not in a.unbent, asked for"]),
        (&["--set", "system=neutral"], &["parameter system of independence: ", "neutral asked for"]),
        (
            &["--pack", "mine"],
            &["pack of independence: unbent-independence 1.0.0 (", "unbent-independence 1.0.9 ("],
        ),
        (
            &["--base-url", "http://127.0.0.1:9/v1"],
            &["model of openai-compatible/m: ", "base_url=http://127.0.0.1:9/v1 asked for"],
        ),
        (&["--seed", "8", "--repeats", "3"], &["seed: 0 in", "repeats: 1 in"]),
    ] {
        // What is said later takes the place of what was said before, but for the models, which add up.
        let mut words = line(&url, &[]);
        for pair in same.chunks(2).chain(rest.chunks(2)) {
            if let Some(place) = words.iter().position(|word| word == pair[0] && word != "--model") {
                words.drain(place..place + 2);
            }
            words.extend(pair.iter().map(|word| (*word).to_owned()));
        }
        let refused = place.unbent(&words);
        assert_eq!(refused.code, Some(2), "{rest:?}: {}", refused.stderr);
        for part in ["a.unbent is of another run", "unbent resume a.unbent", "--out"].iter().chain(told) {
            assert!(refused.stderr.contains(part), "{rest:?}: no {part:?} in {}", refused.stderr);
        }
        assert_eq!(refused.stdout, "");
    }
    assert!(place.files() == before, "a refused command changed a file");
    assert_eq!(server.seen().len(), asked);
}

#[test]
fn a_file_that_cannot_be_gone_on_with_is_told_from_one_that_can() {
    let place = Place::new();
    let line = ["run", "independence", "--model", "sim/steadfast", "--limit", "1", "--out"];
    let run = |out: &str| place.unbent(line.iter().chain(&[out]));
    assert_eq!(place.unbent(line.iter().chain(&["a.unbent", "--max-tokens", "1"])).code, Some(9));
    let writer = RunWriter::open(&place.path("a.unbent")).unwrap();
    let locked = run("a.unbent");
    assert_eq!(locked.code, Some(6), "{}", locked.stderr);
    assert!(locked.stderr.contains("a.unbent is being written by"), "{}", locked.stderr);
    writer.close().unwrap();

    let reader = RunReader::open(&place.path("a.unbent")).unwrap();
    let mut manifest = reader.manifest().unwrap();
    manifest.origin = Origin::Imported {
        importer: "other".to_owned(),
        files: 1,
        damaged: 0,
        sources: std::collections::BTreeMap::new(),
        notes: Vec::new(),
    };
    plan_run(&place.path("b.unbent"), &manifest, &reader.cases().unwrap(), []).unwrap();
    let imported = run("b.unbent");
    assert_eq!(imported.code, Some(5), "{}", imported.stderr);
    assert!(imported.stderr.contains("b.unbent was imported"), "{}", imported.stderr);

    manifest.origin = Origin::Asked;
    manifest.program.version = "0.0.1".to_owned();
    let keys = (1..=reader.trial_count().unwrap()).map(|no| reader.trial(unbent::core::TrialNo(no)));
    let keys: Vec<_> = keys.map(|key| key.unwrap().unwrap()).collect();
    plan_run(&place.path("c.unbent"), &manifest, &reader.cases().unwrap(), keys).unwrap();
    let older = run("c.unbent");
    assert_eq!(older.code, Some(0), "{}", older.stderr);
    assert!(older.stderr.contains("warning: c.unbent was begun by unbent 0.0.1"), "{}", older.stderr);
}
