//! `unbent calibrate`: the published interval holds the truth far less often than it claims, the corrected one as often.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::Value;

use program::Place;

/// The rows of a calibration by metric and method, and all of it.
fn calibrated(line: &[&str]) -> (Vec<Value>, Value) {
    let place = Place::new();
    let ended = place.unbent(["calibrate"].iter().chain(line).chain(&["--json"]).copied());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(place.files().is_empty(), "nothing is left behind");
    (told["rows"].as_array().unwrap().clone(), told)
}

fn row<'r>(rows: &'r [Value], metric: &str, method: &str) -> &'r Value {
    rows.iter().find(|row| row["metric"] == metric && row["method"] == method).unwrap()
}

#[test]
fn the_published_interval_of_the_index_covers_too_little_and_the_corrected_one_does_not() {
    let (rows, told) = calibrated(&["independence", "--trials", "40", "--subjects", "0.1"]);
    assert_eq!((told["studies"].as_u64(), told["repeats"].as_u64()), (Some(40), Some(5)));
    assert_eq!((told["judge"].as_str(), told["simulated"].as_bool()), (Some("sim/rule-judge"), Some(true)));
    let (published, corrected) = (row(&rows, "index", "published"), row(&rows, "index", "corrected"));
    assert_eq!(published["against_nominal"], "below", "{published}");
    assert!(published["coverage_high"].as_f64().unwrap() < 95.0, "{published}");
    assert_ne!(corrected["against_nominal"], "below", "{corrected}");
    assert!(corrected["coverage"].as_f64().unwrap() >= 95.0, "{corrected}");
    for row in [published, corrected] {
        let number = |key: &str| row[key].as_f64().unwrap();
        assert!(number("bias").abs() < 4.0 * number("bias_error"), "{row}");
        assert_eq!((row["n"].as_u64(), row["without_interval"].as_u64()), (Some(40), Some(0)));
        assert_eq!((row["unscored"].as_u64(), row["undetermined"].as_u64()), (Some(0), Some(0)));
    }
}

#[test]
fn what_is_expected_under_a_noisy_judge_is_what_its_studies_give() {
    let noisy = ["--judge-noise", "2", "--judge-flip", "0.1", "--judge-bias", "-1"];
    let line: Vec<_> =
        ["independence", "--trials", "20", "--subjects", "0.2"].into_iter().chain(noisy).collect();
    let (rows, told) = calibrated(&line);
    assert_eq!(told["judge"], "sim/noisy-judge?bias=-1&flip=0.1&sd=2");
    let corrected = row(&rows, "index", "corrected");
    let number = |key: &str| corrected[key].as_f64().unwrap();
    assert!(number("judge_shift") < -1.0, "a harsh judge of noisy grades lowers the index: {corrected}");
    assert!(number("bias").abs() < 4.0 * number("bias_error"), "{corrected}");
}

#[test]
fn both_headline_metrics_of_the_trap_are_calibrated() {
    let line = ["trap", "--trials", "8", "--subjects", "0.3", "--sample", "48"];
    let (rows, told) = calibrated(&line);
    assert_eq!((told["cases"].as_u64(), told["repeats"].as_u64()), (Some(48), Some(1)));
    for metric in ["held", "discrimination"] {
        for method in ["published", "corrected", "clustered"] {
            let row = row(&rows, metric, method);
            let number = |key: &str| row[key].as_f64().unwrap();
            assert!(number("bias").abs() < 5.0 * number("bias_error"), "{row}");
        }
    }
}

#[test]
fn what_cannot_be_calibrated_is_refused_with_what_to_type() {
    let place = Place::new();
    for (line, said) in [
        (&["calibrate", "choices"][..], "unbent validate choices"),
        (&["calibrate", "nosuch"], "suites: "),
        (&["calibrate", "independence", "--subjects", "1.5"], "a probability from 0 to 1"),
        (&["calibrate", "independence", "--trials", "1"], "a whole number from 2"),
        (&["calibrate", "independence", "--judge-noise", "-1"], "a number of 0 or more"),
    ] {
        let ended = place.unbent(line.iter().copied());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}
