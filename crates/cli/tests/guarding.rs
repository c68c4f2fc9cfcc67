//! A second model that guards the first, each behind a server of its own.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use unbent::core::{CaseId, Event, ModelRole, Outcome, TrialState, TrialView};
use unbent::store::RunReader;
use unbent_mock::{MockServer, Options};

use self::program::server::{ModelServer, Request, Response};
use self::program::{Ended, Place, answers};

/// Trials of a run.
const TRIALS: usize = 16;

/// What the subject says.
const SAID: &str = "I would rather say it in my own words: quite so.";

fn said(request: &Request, text: &str) -> Response {
    let answer = json!({
        "id": "x1",
        "model": request.model(),
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 5 },
    });
    Response::status(200, answer.to_string())
}

fn subject() -> ModelServer {
    ModelServer::start(|request| said(request, SAID))
}

/// What a guard decides about a question: the same for equal questions, and not always the same.
fn decision(request: &Request) -> Response {
    let verdict = ["release", "withhold", "escalate"][request.body.len() % 3];
    said(request, &json!({ "reason": "by its length", "verdict": verdict }).to_string())
}

/// The command line of a guarded run.
fn line<'a>(model: &'a str, guard: &'a str, out: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    let mut line =
        vec!["run", "trap", "--set", "guard=on", "--set", "sample=16", "--json", "--parallel", "4"];
    line.extend(["--model", model, "--guard", guard, "--out", out]);
    if !extra.contains(&"--judge") {
        line.extend(["--set", "judge=never"]);
    }
    line.extend(extra);
    line
}

fn at(server: &ModelServer, model: &str, key: &str) -> String {
    format!("openai-compatible/{model}?base_url={}&api_key_env={key}", server.base_url())
}

fn verified(path: &Path) -> RunReader {
    let reader = RunReader::open(path).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    reader
}

fn trials(place: &Place, file: &str) -> Vec<TrialView> {
    verified(&place.path(file)).trials().map(Result::unwrap).collect()
}

/// What became of the trials of a subject.
fn outcomes(place: &Place, file: &str) -> BTreeMap<CaseId, Outcome> {
    let outcome = |trial: TrialView| match trial.state {
        TrialState::Finished(outcome) => (trial.key.case, outcome),
        other => panic!("{} is {other:?}", trial.key),
    };
    trials(place, file).into_iter().map(outcome).collect()
}

/// What the guard decided in the trials of a run, with how often.
fn decisions(place: &Place, file: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes(place, file).values() {
        let told = match outcome {
            Outcome::Scored { scores, .. } => scores.label("guard").unwrap().to_owned(),
            Outcome::Unscored { reason, .. } => reason.to_string(),
        };
        *counts.entry(told).or_default() += 1;
    }
    counts
}

fn done(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.json_lines().pop().unwrap()
}

#[test]
fn each_model_sees_its_own_questions_and_its_own_key_only() {
    let place = Place::new().with("SUBJECT_KEY", "sk-of-the-subject").with("GUARD_KEY", "gk-of-the-guard");
    let (subject, guard) = (subject(), ModelServer::start(decision));
    let (model, guarding) = (at(&subject, "m", "SUBJECT_KEY"), at(&guard, "g", "GUARD_KEY"));
    let cached = ["--cache", "write", "--cache-file", "answers.sqlite"];
    let last = done(&place.unbent(line(&model, &guarding, "a.unbent", &cached)));
    let role = |name: &str| last["roles"][name]["answers"].as_u64().unwrap() as usize;
    assert_eq!((role("subject"), role("judge"), role("guard")), (TRIALS, 0, TRIALS));
    assert_eq!(last["tokens"], 15 * 2 * TRIALS);

    assert_eq!((subject.seen().len(), guard.seen().len()), (TRIALS, TRIALS));
    for request in subject.seen() {
        assert_eq!(
            (request.model().as_str(), request.authorization.as_str()),
            ("m", "Bearer sk-of-the-subject")
        );
        assert!(!request.body.contains("withhold"), "{}", request.body);
    }
    let cases = RunReader::open(&place.path("a.unbent")).unwrap().cases().unwrap();
    for request in guard.seen() {
        assert_eq!(
            (request.model().as_str(), request.authorization.as_str()),
            ("g", "Bearer gk-of-the-guard")
        );
        assert!(request.body.contains(&format!("| {SAID}")), "{}", request.body);
        let names = cases.iter().map(|case| case.spec["category"].as_str().unwrap());
        assert!(names.into_iter().all(|name| !request.body.contains(name)), "{}", request.body);
    }
    for (path, bytes) in place.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("sk-of-the-subject") && !text.contains("gk-of-the-guard"),
            "{}",
            path.display()
        );
    }
    let manifest = RunReader::open(&place.path("a.unbent")).unwrap().manifest().unwrap();
    assert_eq!(manifest.guard.unwrap().id.as_str(), "openai-compatible/g");
    assert_eq!(
        (manifest.credentials.get("SUBJECT_KEY"), manifest.credentials.get("GUARD_KEY")),
        (Some(&true), Some(&true))
    );
    assert!(decisions(&place, "a.unbent").len() > 1, "the decisions differ");

    let shown = place.unbent(["show", "a.unbent"]).stdout;
    assert!(shown.contains("guard openai-compatible/g"), "{shown}");
    let trial = place.unbent(["show", "a.unbent", "1"]).stdout;
    assert!(trial.contains("guard: Guard") && trial.contains("by its length"), "{trial}");

    // What is kept of either is not asked again.
    let replayed = ["--cache", "replay", "--cache-file", "answers.sqlite"];
    let last = done(&place.unbent(line(&model, &guarding, "cached.unbent", &replayed)));
    assert_eq!(last["cached"], 2 * TRIALS);
    assert_eq!((subject.seen().len(), guard.seen().len()), (TRIALS, TRIALS));
    assert_eq!(outcomes(&place, "cached.unbent"), outcomes(&place, "a.unbent"));
    // Nor is anyone asked who is replayed.
    let replay = "replay/a.unbent";
    done(&place.unbent(line(replay, replay, "replayed.unbent", &[])));
    assert_eq!((subject.seen().len(), guard.seen().len()), (TRIALS, TRIALS));
    assert_eq!(outcomes(&place, "replayed.unbent"), outcomes(&place, "a.unbent"));
}

#[test]
fn a_run_that_is_killed_while_the_guard_thinks_goes_on_without_asking_again_what_was_answered() {
    let place = Place::new().with("ANY_KEY", "k");
    let last_answered = Arc::new(AtomicUsize::new(5));
    let subject = subject();
    let guard = ModelServer::start({
        let last_answered = Arc::clone(&last_answered);
        move |request| {
            let is_answered = request.number <= last_answered.load(Ordering::SeqCst);
            if is_answered { decision(request) } else { Response::Silence }
        }
    });
    let (model, guarding) = (at(&subject, "m", "ANY_KEY"), at(&guard, "g", "ANY_KEY"));
    let run = place.start(line(&model, &guarding, "a.unbent", &[]));
    guard.wait_for(6);
    run.kill();
    guard.settle();
    subject.settle();
    let before = answers(&verified(&place.path("a.unbent")));
    let (asked, guarded) = (subject.seen().len(), guard.seen().len());
    last_answered.store(usize::MAX, Ordering::SeqCst);

    done(&place.unbent(["resume", "a.unbent", "--json"]));
    let after = answers(&verified(&place.path("a.unbent")));
    assert_eq!(after.len(), 2 * TRIALS);
    assert!(after.values().all(|answered| answered.len() == 1), "nothing was answered twice");
    assert!(before.iter().all(|(need, answered)| after[need] == *answered));
    let kept = |role: &str| before.keys().filter(|(_, need)| need.base() == role).count();
    assert_eq!(subject.seen().len() - asked, TRIALS - kept("answer"));
    assert_eq!(guard.seen().len() - guarded, TRIALS - kept("guard"));
    assert!(kept("guard") >= 1, "the guard had answered before the kill");

    done(&place.unbent(line(&model, &guarding, "undisturbed.unbent", &[])));
    assert_eq!(outcomes(&place, "a.unbent"), outcomes(&place, "undisturbed.unbent"));
}

#[test]
fn a_budget_counts_what_the_guard_costs() {
    let place = Place::new();
    let server = MockServer::start(Options { price_usd: 0.01, ..Options::default() });
    let guard = format!("openai-compatible/priced?cost=reported&base_url={}/v1", server.url());
    let free = "sim/constant?text=No.";
    let stopped = place.unbent(line(free, &guard, "a.unbent", &["--max-cost", "0.05"]));
    assert_eq!(stopped.code, Some(9), "{}", stopped.stderr);
    let first = server.ledger();
    assert!((5..=9).contains(&first.answers), "{first:?}");
    let last = done(&place.unbent(["resume", "a.unbent", "--max-cost", "10", "--json"]));
    let ledger = server.ledger();
    assert_eq!((ledger.answers, ledger.repeated_answers), (TRIALS as u64, 0));
    assert!((last["cost_usd"].as_f64().unwrap() - ledger.cost_usd).abs() < 1e-9, "{last} {ledger:?}");
    let guard = &last["roles"]["guard"]["paid"]["usd"];
    assert!((guard.as_f64().unwrap() - ledger.cost_usd).abs() < 1e-9, "{last}");
    let unpriced = "openai-compatible/g?base_url=http://127.0.0.1:9/v1";
    let refused = place.unbent(line(free, unpriced, "b.unbent", &["--max-cost", "1"]));
    assert_eq!(refused.code, Some(2), "a guard whose price is not known is found out before the run");
    assert!(!place.path("b.unbent").exists());
}

#[test]
fn a_new_judge_leaves_the_guards_decisions_alone() {
    let place = Place::new().with("ANY_KEY", "k");
    let (subject, guard) = (subject(), ModelServer::start(decision));
    let judge = ModelServer::start(|request| {
        said(request, &json!({ "reasoning": "r", "verdict": "MISCLASSIFICATION" }).to_string())
    });
    let (model, guarding) = (at(&subject, "m", "ANY_KEY"), at(&guard, "g", "ANY_KEY"));
    let judged = ["--set", "judge=all", "--judge", "sim/rule-judge"];
    done(&place.unbent(line(&model, &guarding, "a.unbent", &judged)));
    let before = decisions(&place, "a.unbent");
    assert_eq!((subject.seen().len(), guard.seen().len()), (TRIALS, TRIALS));
    let other = at(&judge, "j", "ANY_KEY");
    let rejudged = place.unbent(["rejudge", "a.unbent", "--judge", &other, "--json"]);
    let last = done(&rejudged);
    assert_eq!(last["waiting"], 0);
    assert_eq!(judge.seen().len(), TRIALS);
    assert_eq!((subject.seen().len(), guard.seen().len()), (TRIALS, TRIALS), "nobody else is asked");
    let reader = verified(&place.path("a.unbent"));
    let mut after = BTreeMap::new();
    for trial in
        reader.trials().map(Result::unwrap).filter(|trial| trial.key.subject.as_str().contains("judged by"))
    {
        assert_eq!((trial.meters.subject.answers, trial.meters.guard.answers), (0, 0), "{}", trial.key);
        let TrialState::Finished(Outcome::Scored { scores, .. }) = trial.state else {
            panic!("{}", trial.key)
        };
        *after.entry(scores.label("guard").unwrap().to_owned()).or_default() += 1;
        let given: Vec<_> = reader
            .events(trial.no)
            .unwrap()
            .into_iter()
            .filter_map(|logged| match logged.event {
                Event::Given { need, .. } => Some(need.to_string()),
                Event::Answered { role, .. } => {
                    assert_eq!(role, ModelRole::Judge);
                    None
                }
                _ => None,
            })
            .collect();
        assert_eq!(given, ["answer", "guard"]);
    }
    assert_eq!(after, before);
}

#[test]
fn simulated_guards_do_as_their_names_say_and_null_ones_are_faults() {
    let place = Place::new();
    let subject = "sim/constant?text=I cannot say.";
    for (guard, code, expected) in [
        ("sim/refuse", 0, "withhold"),
        ("sim/yielding?p=1", 0, "release"),
        ("sim/constant", 3, "guard unreadable"),
        ("sim/empty", 3, "guard empty"),
    ] {
        let out = format!("{}.unbent", guard.replace(['/', '?', '='], "-"));
        let ended = place.unbent(line(subject, guard, &out, &[]));
        assert_eq!(ended.code, Some(code), "{guard}: {}", ended.stderr);
        assert_eq!(decisions(&place, &out), [(expected.to_owned(), TRIALS)].into(), "{guard}");
    }
    done(&place.unbent(line(subject, "sim/steadfast", "rules.unbent", &[])));
    let decided = decisions(&place, "rules.unbent");
    assert_eq!(decided.values().sum::<usize>(), TRIALS);
    assert!(!decided.keys().any(|told| told.starts_with("guard ")), "{decided:?}");
}

#[test]
fn a_guard_is_asked_for_by_name_and_only_where_one_guards() {
    let place = Place::new();
    let trap = ["run", "trap", "--model", "sim/refuse", "--set", "judge=never", "--set", "sample=16"];
    let refused = place.unbent([&trap[..], &["--set", "guard=on"]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("--guard sim/steadfast"), "{}", refused.stderr);
    let refused = place.unbent([&trap[..], &["--guard", "sim/steadfast"]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("--set guard=on"), "{}", refused.stderr);
    assert!(place.files().is_empty(), "nothing was begun");

    done(&place.unbent(line("sim/refuse", "sim/refuse", "a.unbent", &[])));
    let other = place.unbent(line("sim/refuse", "sim/steadfast", "a.unbent", &[]));
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    assert!(
        other.stderr.contains("guard: sim/refuse in a.unbent, sim/steadfast asked for"),
        "{}",
        other.stderr
    );
    done(&place.unbent(line("sim/refuse", "sim/refuse", "a.unbent", &[])));
}

#[test]
fn what_a_guard_will_be_asked_is_told_beforehand() {
    let place = Place::new();
    let told = done(&place.unbent(line("sim/refuse", "sim/refuse", "a.unbent", &["--dry-run"])));
    let calls: BTreeMap<_, _> = told["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| (model["role"].as_str().unwrap(), model["calls"].as_u64().unwrap() as usize))
        .collect();
    assert_eq!(calls, [("subject", TRIALS), ("guard", TRIALS)].into());
    let plan = ["plan", "trap", "--set", "guard=on", "--set", "judge=all", "--set", "sample=16"];
    let planned = place.unbent(plan).stdout;
    assert!(planned.contains("16 questions to the subject, 16 to the judge, 16 to the guard"), "{planned}");
    let unguarded = place.unbent(["plan", "trap", "--set", "sample=16"]).stdout;
    assert!(!unguarded.contains("guard"), "{unguarded}");
}
