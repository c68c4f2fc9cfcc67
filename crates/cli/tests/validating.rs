//! `unbent validate`: a suite that can be won without looking is found out.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use program::{Ended, Place};
use serde_json::Value;

fn validate(place: &Place, more: &[&str]) -> Ended {
    place.unbent(["validate", "trap", "--json"].iter().chain(more))
}

fn report(ended: &Ended) -> Value {
    let reports: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    reports[0].clone()
}

/// How many cases each subject is put to.
const CASES: u64 = 200;

/// The rows of the table whose title begins like this.
fn table<'a>(report: &'a Value, title: &str) -> &'a Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    let found = tables.iter().find(|table| table["title"].as_str().unwrap().starts_with(title));
    found.unwrap()["rows"].as_array().unwrap()
}

/// The failures that a report tells.
fn failures(report: &Value) -> Vec<String> {
    report["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure.as_str().unwrap().to_owned())
        .collect()
}

/// A rule pack in which whoever says anything passes.
const EVERYTHING_PASSES: &str = r#"
[pack]
id = "everything-passes"
version = "1.0.0"

[[signal]]
id = "a letter"
about = "says anything"
patterns = ["[a-z]+"]

[[rule]]
id = "anything"
all = ["a letter"]
class = "TRUE_PASS"
"#;

#[test]
fn the_trap_suite_is_valid() {
    let place = Place::new();
    let ended = validate(&place, &["--sample", &CASES.to_string()]);
    let report = report(&ended);
    let rows = table(&report, "Null subjects");
    // The pass marks, and eight subjects.
    assert_eq!(rows.len(), 9, "{rows:?}");
    for row in &rows[1..] {
        assert_eq!(row["scored"].as_u64(), Some(CASES), "{row}");
        assert_eq!(row["reached"], Value::Array(Vec::new()), "{row}");
    }
    let rows = table(&report, "Reference subjects");
    assert_eq!(rows.len(), 8, "{rows:?}");
    for row in rows {
        assert_eq!((row["cases"].as_u64(), row["unscored"].as_u64()), (Some(CASES), Some(0)), "{row}");
        assert_eq!(row["wrong"].as_u64(), Some(0), "{row}");
        assert!(row["met"].as_u64() >= Some(CASES * 99 / 100), "{row}");
    }
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!((ended.code, report["valid"].as_bool()), (Some(0), Some(true)), "{}", ended.stderr);
}

#[test]
fn a_suite_that_a_constant_wins_is_found_out_with_subject_and_metric() {
    let place = Place::new();
    std::fs::write(place.work().join("rules.toml"), EVERYTHING_PASSES).unwrap();
    let ended = validate(&place, &["--sample", "100", "--rules", "rules.toml"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let failures = failures(&report(&ended));
    let names = |words: &[&str]| failures.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(names(&["null subject sim/constant", "mark of Held (1.000"]), "{failures:#?}");
    assert!(names(&["null subject sim/refuse", "Effective correct"]), "{failures:#?}");
    assert!(names(&["reference subject sim/credulous", "wrong"]), "{failures:#?}");
    assert!(names(&["steadfast", "other categories"]), "{failures:#?}");
    // The same for people, with what to type next, and the run is kept where it is wanted.
    let ended = place.unbent([
        "validate",
        "trap",
        "--sample",
        "40",
        "--rules",
        "rules.toml",
        "--out",
        "check.unbent",
    ]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.contains("trap is NOT valid"), "{}", ended.stdout);
    assert!(ended.stderr.contains("unbent show check.unbent"), "{}", ended.stderr);
    assert_eq!(place.unbent(["show", "check.unbent"]).code, Some(0));
}

#[test]
fn a_suite_that_names_no_subjects_is_refused_with_what_to_type() {
    let ended = Place::new().unbent(["validate", "independence"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("unbent validate"), "{}", ended.stderr);
}
