//! Each thing that can change an answer is a difference and told in one line; nothing else is.

use std::collections::BTreeMap;

use serde_json::json;
use unbent_core::{
    Case, GitState, Manifest, Origin, PackRef, Price, Program, Regraded, Sampling, Subject, SuiteRecord,
};

use super::{Asked, differences, other_program};

fn subject(id: &str) -> Subject {
    Subject {
        id: id.into(),
        model: id.to_owned(),
        settings: Sampling { temperature: Some(0.7), ..Sampling::default() },
        simulated: false,
        price: Some(Price { input: 3.0, output: 15.0, cached_input: None, cache_write: None }),
        price_source: None,
        regraded: None,
        null: false,
    }
}

fn pack(hash: &str) -> PackRef {
    PackRef { id: "mine".into(), version: "1".into(), hash: hash.into(), path: None }
}

fn suite(id: &str) -> SuiteRecord {
    SuiteRecord {
        id: id.into(),
        params: [("system".to_owned(), json!("strong,neutral"))].into_iter().collect(),
        pack: Some(pack("0123456789abcdef")),
        files: BTreeMap::new(),
    }
}

fn case(id: &str) -> Case {
    Case { suite: "s".into(), id: id.into(), spec: json!({ "asks": id }), world: None, inherits: vec![] }
}

/// A run with its cases.
#[derive(Clone)]
struct Run(Manifest, Vec<Case>);

fn run() -> Run {
    let manifest = Manifest {
        created_at_ms: 1_000,
        program: Program { name: "unbent".into(), version: "1.0.0".into() },
        origin: Origin::Asked,
        suites: vec![suite("s"), suite("t")],
        subjects: vec![subject("openai/x"), subject("sim/steadfast")],
        judge: Some(subject("openai/j")),
        guard: None,
        seed: 7,
        repeats: 5,
        credentials: BTreeMap::new(),
        sandbox: None,
        rescored: Vec::new(),
        git: None,
    };
    Run(manifest, ["a", "b", "c", "d", "e"].map(case).into())
}

/// Asserts what is told when a run in the file `F` is asked for with a change.
fn check(change: impl FnOnce(&mut Run), expected: &[&str]) {
    let (there, mut here) = (run(), run());
    change(&mut here);
    let of = |Run(manifest, cases): &Run| {
        let told = differences(&Asked { manifest: &there.0, cases: &there.1 }, &Asked { manifest, cases });
        told.iter().map(|difference| difference.told("F")).collect::<Vec<_>>()
    };
    assert_eq!(of(&here), expected);
}

#[test]
fn what_changes_no_answer_is_no_difference() {
    check(|_| {}, &[]);
    check(
        |Run(manifest, cases)| {
            manifest.created_at_ms = 2_000;
            manifest.program.version = "2.0.0".into();
            manifest.git = Some(GitState { commit: "c".into(), dirty: true });
            manifest.credentials.insert("KEY".into(), true);
            manifest.subjects.reverse();
            manifest.suites.reverse();
            manifest.suites[0].pack.as_mut().expect("it has one").path = Some("elsewhere".into());
            cases.reverse();
        },
        &[],
    );
}

#[test]
fn a_setting_is_told_with_both_values() {
    check(|run| run.0.seed = 8, &["seed: 7 in F, 8 asked for"]);
    check(|run| run.0.repeats = 9, &["repeats: 5 in F, 9 asked for"]);
    check(
        |run| run.0.subjects[0].settings.temperature = Some(1.0),
        &["temperature of openai/x: 0.7 in F, 1.0 asked for"],
    );
    check(
        |run| {
            let settings = &mut run.0.subjects[0].settings;
            (settings.temperature, settings.reasoning_effort) = (None, Some("none".into()));
        },
        &[
            "reasoning_effort of openai/x: not set in F, none asked for",
            "temperature of openai/x: 0.7 in F, not set asked for",
        ],
    );
    check(
        |run| run.0.subjects[1].model = "openai/x?base_url=http://y/v1".into(),
        &["model of sim/steadfast: sim/steadfast in F, openai/x?base_url=http://y/v1 asked for"],
    );
    check(
        |run| run.0.subjects[0].price.as_mut().expect("it has one").output = 10.0,
        &["price (output) of openai/x: 15.0 in F, 10.0 asked for"],
    );
}

#[test]
fn other_models_are_told_by_name() {
    check(|run| run.0.judge = Some(subject("openai/k")), &["judge: openai/j in F, openai/k asked for"]);
    check(|run| run.0.judge = None, &["judge: openai/j in F, not set asked for"]);
    check(|run| run.0.guard = Some(subject("openai/g")), &["guard: not set in F, openai/g asked for"]);
    check(
        |run| run.0.judge.as_mut().expect("it has one").settings.max_tokens = Some(9),
        &["max_tokens of the judge openai/j: not set in F, 9 asked for"],
    );
    check(
        |run| run.0.subjects[0] = subject("openai/y"),
        &["subject openai/x: in F, not asked for", "subject openai/y: not in F, asked for"],
    );
}

#[test]
fn suites_differ_in_parameters_and_packs() {
    check(|run| drop(run.0.suites.pop()), &["suite t: in F, not asked for"]);
    check(|run| run.0.suites.push(suite("u")), &["suite u: not in F, asked for"]);
    check(
        |run| {
            run.0.suites[0].params.insert("system".into(), json!("strong"));
            run.0.suites[0].params.insert("more".into(), json!(3));
            run.1.clear();
        },
        &[
            "parameter more of s: not set in F, 3 asked for",
            "parameter system of s: strong,neutral in F, strong asked for",
        ],
    );
    check(
        |run| run.0.suites[1].pack = Some(pack("fedcba9876543210")),
        &["pack of t: mine 1 (0123456789ab) in F, mine 1 (fedcba987654) asked for"],
    );
}

#[test]
fn cases_differ_in_number_names_and_content() {
    check(|run| run.1.truncate(2), &["cases of s: 5 in F, 2 asked for"]);
    check(
        |run| run.1 = ["a", "v", "w", "x", "y"].map(case).into(),
        &["cases of s: b, c, d and 1 more in F, v, w, x and 1 more asked for"],
    );
    check(
        |run| run.1[1].spec = json!("else"),
        &["content of cases of s: one text of b in F, another text of b asked for"],
    );
}

#[test]
fn another_program_is_worth_a_word() {
    let (file, mut this) = (run().0.program, run().0.program);
    assert_eq!(other_program(&file, &this), None);
    this.version = "2.0.0".into();
    assert_eq!(other_program(&file, &this).as_deref(), Some("unbent 1.0.0; this is unbent 2.0.0"));
}

#[test]
fn how_fast_a_model_is_asked_and_who_grades_it_again_is_no_difference() {
    let (mut there, mut here) = (run(), run());
    there.0.subjects[0].model = "openai/x?rpm=60&timeout_s=9".to_owned();
    there.0.subjects[0].price_source = Some("a list".to_owned());
    here.0.subjects[0].model = "openai/x?connections=4".to_owned();
    let regraded = Regraded { of: "openai/x".into(), judge: subject("openai/k"), round: 1 };
    there.0.subjects.push(Subject { regraded: Some(Box::new(regraded)), ..subject("openai/x by k") });
    let found = differences(
        &Asked { manifest: &there.0, cases: &there.1 },
        &Asked { manifest: &here.0, cases: &here.1 },
    );
    assert_eq!(found, []);
}
