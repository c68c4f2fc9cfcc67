//! Stored answers that are graded again: by whom, how often, and without asking any subject.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use unbent::core::{BlobRef, Event, ModelRole, Outcome, TrialState};
use unbent::store::RunReader;

use self::program::server::{ModelServer, Request, Response};
use self::program::{Ended, Place};

/// Calls of the subject and of the judge that one set of the suite takes.
const SUBJECT_CALLS: usize = 26;
const JUDGE_CALLS: usize = 15;

fn run_by_a(place: &Place, server: &ModelServer, extra: &[&str]) -> Ended {
    let base_url = server.base_url();
    let mut line = vec!["run", "independence", "--json", "--parallel", "4", "--out", "a.unbent"];
    line.extend([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/a",
        "--base-url",
        &base_url,
    ]);
    line.extend(extra);
    place.unbent(line)
}

fn rejudge(place: &Place, server: &ModelServer, judge: &str, extra: &[&str]) -> Ended {
    let (base_url, judge) = (server.base_url(), format!("openai-compatible/{judge}"));
    let mut line = vec!["rejudge", "a.unbent", "--json", "--parallel", "4"];
    line.extend(["--judge", &judge, "--base-url", &base_url]);
    line.extend(extra);
    place.unbent(line)
}

fn calls_of(seen: &[Request], model: &str) -> usize {
    seen.iter().filter(|request| request.model() == model).count()
}

fn verified(path: &Path) -> RunReader {
    let reader = RunReader::open(path).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    reader
}

/// The rows of a leaderboard by their label.
fn rows(place: &Place) -> BTreeMap<String, Value> {
    let Value::Array(rows) = place.leaderboard("a.unbent", "corrected") else { panic!("rows") };
    rows.into_iter().map(|row| (row["config"].as_str().unwrap().to_owned(), row)).collect()
}

/// The events of a subject's trials, in full.
fn log_of(reader: &RunReader, subject: &str) -> Vec<Event> {
    let trials = reader.trials().map(Result::unwrap).filter(|trial| trial.key.subject.as_str() == subject);
    trials.flat_map(|trial| reader.events(trial.no).unwrap()).map(|logged| logged.event).collect()
}

#[test]
fn judges_stand_side_by_side_and_the_subject_is_never_asked_again() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let run = run_by_a(&place, &server, &["--repeats", "2", "--set", "names=true"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let before = rows(&place);
    let path = place.path("a.unbent");
    let (log, asked) = (log_of(&verified(&path), "openai-compatible/m"), server.seen().len());
    assert_eq!(calls_of(&server.seen(), "m"), SUBJECT_CALLS * 2);

    let (own, b, b2) = (
        "openai-compatible/m".to_owned(),
        "openai-compatible/m [judged by openai-compatible/b]".to_owned(),
        "openai-compatible/m [judged by openai-compatible/b #2]".to_owned(),
    );
    let c = ["#1", "#2"].map(|round| format!("openai-compatible/m [judged by openai-compatible/c {round}]"));
    for (judge, extra) in [("b", &[][..]), ("b", &["--subject", &own]), ("c", &["--repeats", "2"])] {
        let rejudged = rejudge(&place, &server, judge, extra);
        assert_eq!(rejudged.code, Some(0), "{}", rejudged.stderr);
        assert_eq!(rejudged.json_lines().pop().unwrap()["waiting"], 0);
    }
    let seen = &server.seen()[asked..];
    let grades = (JUDGE_CALLS + 1) * 2;
    assert_eq!(["m", "a", "b", "c"].map(|model| calls_of(seen, model)), [0, 0, 2 * grades, 2 * grades]);

    let after = rows(&place);
    let [c1, c2] = c;
    let labels: Vec<&String> = after.keys().collect();
    assert_eq!(labels, [&own, &b2, &b, &c1, &c2]);
    let numbers =
        |row: &Value| ["index", "ci_low", "ci_high", "runs", "per_run_indices"].map(|name| row[name].clone());
    assert_eq!(numbers(&after[&own]), numbers(&before[&own]));
    for (label, judge) in [(&own, "a"), (&b, "b"), (&b2, "b"), (&c1, "c"), (&c2, "c")] {
        let row = &after[label];
        assert_eq!(row["judge"], format!("openai-compatible/{judge}"), "{label}");
        assert_eq!((&row["unscored"], &row["unfinished"]), (&0.into(), &0.into()), "{label}");
        assert!(row["rank"].as_u64().is_some(), "{label}");
    }

    let reader = verified(&path);
    assert!(reader.seal().unwrap().is_some());
    assert_eq!(log_of(&reader, &own), log);
    // The answers are the stored ones, and nothing was paid for them again.
    let own_answers = answers(&log, |event| {
        matches!(event, Event::Answered { role: ModelRole::Subject, .. } | Event::Given { .. })
    });
    for label in [&b, &b2, &c1, &c2] {
        let log = log_of(&reader, label);
        assert_eq!(answers(&log, |event| matches!(event, Event::Given { .. })), own_answers);
        assert!(!log.iter().any(|event| matches!(event, Event::Answered { role: ModelRole::Subject, .. })));
    }
    for trial in reader.trials().map(Result::unwrap).filter(|trial| trial.key.subject.as_str() != own) {
        assert_eq!((trial.meters.subject.answers, trial.meters.subject.usage.total()), (0, 0));
        assert!(trial.meters.judge.kept.usage.total() > 0);
    }
}

/// The needs and answers of the events of a kind, in their order by name.
fn answers(log: &[Event], wanted: impl Fn(&Event) -> bool) -> Vec<(String, BlobRef)> {
    let pair = |event: &Event| match event {
        Event::Given { need, answer, .. } | Event::Answered { need, answer, .. } => {
            (need.to_string(), *answer)
        }
        other => panic!("{other:?} is no answer"),
    };
    let mut answers: Vec<_> = log.iter().filter(|event| wanted(event)).map(pair).collect();
    answers.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.as_bytes().cmp(b.1.as_bytes())));
    answers
}

#[test]
fn a_rejudge_that_stopped_goes_on_by_the_same_command_and_by_resume() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    assert_eq!(run_by_a(&place, &server, &["--repeats", "3"]).code, Some(0));
    let asked = server.seen().len();
    let tokens = 15 * asked;
    let cap = |calls: usize| (tokens + 15 * calls).to_string();

    let stopped = rejudge(&place, &server, "b", &["--repeats", "2", "--max-tokens", &cap(20)]);
    assert_eq!(stopped.code, Some(9), "{}", stopped.stderr);
    assert!(verified(&place.path("a.unbent")).seal().unwrap().is_none());
    let again = rejudge(&place, &server, "b", &["--repeats", "2", "--max-tokens", &cap(40)]);
    assert_eq!(again.code, Some(9), "{}", again.stderr);
    assert!(again.stderr.contains("they are finished first, and no new ones begin"), "{}", again.stderr);
    let resumed = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);

    let seen = &server.seen()[asked..];
    assert_eq!((calls_of(seen, "m"), calls_of(seen, "a")), (0, 0));
    assert_eq!(calls_of(seen, "b"), JUDGE_CALLS * 3 * 2, "no grade was asked for twice");
    assert_eq!(rows(&place).len(), 3);
    assert!(verified(&place.path("a.unbent")).seal().unwrap().is_some());
    // What is finished is not begun anew: the next one is a third.
    assert_eq!(rejudge(&place, &server, "b", &[]).code, Some(0));
    assert!(rows(&place).contains_key("openai-compatible/m [judged by openai-compatible/b #3]"));
}

#[test]
fn a_rejudge_that_was_killed_keeps_its_grades_and_asks_for_the_rest_wherever_the_judge_is_now() {
    let place = Place::new();
    let last_answered = Arc::new(AtomicUsize::new(usize::MAX));
    let server = ModelServer::start({
        let last_answered = Arc::clone(&last_answered);
        move |request| {
            let is_answered = request.number <= last_answered.load(Ordering::SeqCst);
            if is_answered { Response::well(request) } else { Response::Silence }
        }
    });
    assert_eq!(run_by_a(&place, &server, &[]).code, Some(0));
    let asked = server.seen().len();
    last_answered.store(asked + 6, Ordering::SeqCst);
    let base_url = server.base_url();
    let line =
        ["rejudge", "a.unbent", "--judge", "openai-compatible/b", "--parallel", "4", "--base-url", &base_url];
    let killed = place.start(line);
    server.wait_for(asked + 7);
    killed.kill();
    server.settle();
    let kept = |reader: &RunReader| {
        log_of(reader, "openai-compatible/m [judged by openai-compatible/b]")
            .iter()
            .filter(|event| matches!(event, Event::Answered { .. }))
            .count()
    };
    let before = kept(&verified(&place.path("a.unbent")));

    let moved = ModelServer::start(Response::well);
    let again = rejudge(&place, &moved, "b", &[]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(kept(&verified(&place.path("a.unbent"))), JUDGE_CALLS);
    assert_eq!(moved.seen().len(), JUDGE_CALLS - before);
    assert_eq!(rows(&place).len(), 2);
}

#[test]
fn trials_without_complete_answers_stay_open_until_they_have_them() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    assert_eq!(run_by_a(&place, &server, &["--max-tokens", "300"]).code, Some(9));
    let label = "openai-compatible/m [judged by openai-compatible/b]";
    let asked = server.seen().len();
    let rejudged = rejudge(&place, &server, "b", &[]);
    assert_eq!(rejudged.code, Some(0), "{}", rejudged.stderr);
    assert!(
        rejudged.stderr.contains("have no complete answers and stay ungraded: unbent resume a.unbent first"),
        "{}",
        rejudged.stderr
    );
    let last = rejudged.json_lines().pop().unwrap();
    let (scored, waiting) = (last["scored"].as_u64().unwrap(), last["waiting"].as_u64().unwrap());
    assert!(scored > 0 && waiting > 0 && scored + waiting == 15, "{last}");
    assert_eq!(calls_of(&server.seen()[asked..], "b"), scored as usize);
    assert_eq!(calls_of(&server.seen()[asked..], "m"), 0);
    assert_eq!(rows(&place)[label]["unfinished"], waiting, "what is not graded is told, not left out");
    assert!(verified(&place.path("a.unbent")).seal().unwrap().is_none(), "the run is not complete");

    let resumed = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(rows(&place)[label]["unfinished"], 0);
    assert_eq!(calls_of(&server.seen(), "m"), SUBJECT_CALLS);
    assert_eq!(calls_of(&server.seen(), "b"), JUDGE_CALLS);
    assert!(verified(&place.path("a.unbent")).seal().unwrap().is_some());
}

#[test]
fn a_simulated_judge_is_named_as_one_in_its_own_rows_only() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    assert_eq!(run_by_a(&place, &server, &[]).code, Some(0));
    let rejudged = place.unbent(["rejudge", "a.unbent", "--judge", "sim/rule-judge"]);
    assert_eq!(rejudged.code, Some(0), "{}", rejudged.stderr);
    let simulated = |file: &str, label: &str| {
        let rows = place.leaderboard(file, "published");
        let row = rows.as_array().unwrap().iter().find(|row| row["config"] == label).unwrap();
        (row["judge"].as_str().unwrap().to_owned(), row["judge_simulated"].as_bool().unwrap())
    };
    let label = "openai-compatible/m [judged by sim/rule-judge]";
    assert_eq!(simulated("a.unbent", label), ("sim/rule-judge".to_owned(), true));
    assert_eq!(simulated("a.unbent", "openai-compatible/m"), ("openai-compatible/a".to_owned(), false));
    let shown = place.unbent(["leaderboard", "a.unbent"]).stdout;
    assert!(shown.contains(&format!("Graded ({label}) by sim/rule-judge, a simulated judge")), "{shown}");

    // The other way round: graded by the simulated judge first, by a model then.
    let run = ["run", "independence", "--model", "sim/steadfast", "--out", "s.unbent"];
    assert_eq!(place.unbent(run).code, Some(0));
    let base_url = server.base_url();
    let rejudged =
        place.unbent(["rejudge", "s.unbent", "--judge", "openai-compatible/b", "--base-url", &base_url]);
    assert_eq!(rejudged.code, Some(0), "{}", rejudged.stderr);
    assert_eq!(simulated("s.unbent", "sim/steadfast"), ("sim/rule-judge".to_owned(), true));
    let label = "sim/steadfast [judged by openai-compatible/b]";
    assert_eq!(simulated("s.unbent", label), ("openai-compatible/b".to_owned(), false));
    assert!(rejudged.stdout.contains("Graded (sim/steadfast) by sim/rule-judge"), "{}", rejudged.stdout);
}

#[test]
fn what_cannot_be_graded_again_is_refused_with_what_to_type() {
    let place = Place::new();
    let run = ["run", "independence", "--model", "sim/steadfast", "--limit", "1", "--out", "a.unbent"];
    assert_eq!(place.unbent(run).code, Some(0));
    let judged = ["rejudge", "a.unbent", "--judge", "sim/rule-judge"];
    assert_eq!(place.unbent(judged).code, Some(0));
    for (subject, hint) in [
        ("sim/steadfast [judged by sim/rule-judge]", "--subject 'sim/steadfast'"),
        ("sim/other", "--subject 'sim/steadfast'"),
    ] {
        let refused = place.unbent(judged.iter().copied().chain(["--subject", subject]));
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
    let before = place.files();
    let capped = ["run", "independence", "--model", "openai-compatible/m", "--judge", "sim/rule-judge"];
    let capped = capped.iter().copied().chain(["--base-url", "http://127.0.0.1:9/v1", "--out", "b.unbent"]);
    assert_eq!(place.unbent(capped).code, Some(8));
    let refused = place.unbent(["rejudge", "b.unbent", "--judge", "sim/rule-judge"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("unbent resume b.unbent"), "{}", refused.stderr);
    assert!(place.files().len() >= before.len());
    assert_eq!(RunReader::open(&place.path("b.unbent")).unwrap().manifest().unwrap().subjects.len(), 1);
}

/// The folder of recorded runs of the independence suite.
fn published_data() -> Option<PathBuf> {
    let named = std::env::var_os("UNBENT_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let found = named.unwrap_or(beside).join("independence");
    if found.join("cache").is_dir() {
        return Some(found);
    }
    eprintln!("skipped: no published data at {}", found.display());
    None
}

#[test]
fn imported_answers_are_graded_beside_their_own_grades() {
    let Some(data) = published_data() else { return };
    let place = Place::new();
    let config = "anthropic--claude-haiku-4.5@none-t0.7";
    std::fs::create_dir(place.path("cache")).unwrap();
    let recorded = data.join("cache").join(config).canonicalize().unwrap();
    std::os::unix::fs::symlink(recorded, place.path("cache").join(config)).unwrap();
    let imported = place.unbent(["import", "independence-bench", "cache", "--out", "a.unbent"]);
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let outcomes = || -> Vec<_> {
        let reader = verified(&place.path("a.unbent"));
        let own = reader.trials().map(Result::unwrap).filter(|trial| trial.key.subject.as_str() == config);
        own.map(|trial| trial.state).collect()
    };
    let before = outcomes();
    let rejudged = place.unbent(["rejudge", "a.unbent", "--judge", "sim/rule-judge"]);
    assert_eq!(rejudged.code, Some(0), "{}", rejudged.stderr);
    assert!(rejudged.stderr.contains("does not hold the texts of independence"), "{}", rejudged.stderr);
    assert_eq!(outcomes(), before);
    let label = format!("{config} [judged by sim/rule-judge]");
    let reader = verified(&place.path("a.unbent"));
    let graded = reader.trials().map(Result::unwrap).filter(|trial| trial.key.subject.as_str() == label);
    let scored =
        graded.filter(|trial| matches!(trial.state, TrialState::Finished(Outcome::Scored { .. }))).count();
    assert_eq!(scored, before.len());
    assert_eq!(rows(&place)[&label]["unfinished"], 0);
    assert!(reader.seal().unwrap().is_some());
    let resumed = place.unbent(["resume", "a.unbent"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
}
