//! Several run files are read as one: what of them must be told apart is told apart.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::collections::BTreeMap;

use program::Place;
use serde_json::Value;

const NOISY: &str = "sim/noisy-judge?bias=-2&flip=0.2&sd=1";

/// Two runs of one subject each, graded by these judges.
fn ran(first: &str, second: &str) -> Place {
    let place = Place::new();
    let runs = [("a.unbent", "sim/steadfast", first), ("b.unbent", "sim/yielding?p=0.5", second)];
    for (file, model, judge) in runs {
        let run =
            ["run", "independence", "--model", model, "--judge", judge, "--repeats", "2", "--out", file];
        let ended = place.unbent(run);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    place
}

/// The judge of each row, and what is said beside the rows.
fn judges(place: &Place, files: [&str; 2], method: &str) -> (BTreeMap<String, String>, String) {
    let shown = place.unbent(["leaderboard", files[0], files[1], "--method", method, "--json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let rows: Value = serde_json::from_str(&shown.stdout).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    (
        rows.as_array().unwrap().iter().map(|row| (text(row, "config"), text(row, "judge"))).collect(),
        shown.stderr,
    )
}

#[test]
fn rows_of_files_with_different_judges_name_their_own() {
    let place = ran("sim/rule-judge", NOISY);
    let note = format!(
        "The files differ in who judged: {NOISY} (sim/yielding?p=0.5); sim/rule-judge (sim/steadfast). Rows judged by \
         different judges are not comparable one to one"
    );
    let own = [("sim/steadfast", "sim/rule-judge"), ("sim/yielding?p=0.5", NOISY)];
    let own: BTreeMap<_, _> = own.map(|(row, judge)| (row.to_owned(), judge.to_owned())).into();
    for files in [["a.unbent", "b.unbent"], ["b.unbent", "a.unbent"]] {
        for method in ["published", "corrected"] {
            let (named, said) = judges(&place, files, method);
            assert_eq!(named, own, "{files:?} {method}");
            assert!(said.contains(&note), "{said}");
        }
    }
    let shown = place.unbent(["leaderboard", "a.unbent", "b.unbent", "--md"]).stdout;
    let cells = |label: &str| {
        let line = shown.lines().find(|line| line.contains(&format!("| {label} "))).unwrap();
        line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let column = cells("Subject").iter().position(|heading| heading == "Judge").unwrap();
    assert_eq!(cells("sim/steadfast")[column], "sim/rule-judge (simulated)");
    assert_eq!(cells("sim/yielding?p=0.5")[column], format!("{NOISY} (simulated)"));
    assert!(shown.contains("Graded (sim/steadfast) by sim/rule-judge"), "{shown}");
    assert!(shown.contains(&format!("Graded (sim/yielding?p=0.5) by {NOISY}")), "{shown}");
}

#[test]
fn files_with_one_judge_are_not_told_apart() {
    let place = ran("sim/rule-judge", "sim/rule-judge");
    let (named, said) = judges(&place, ["a.unbent", "b.unbent"], "corrected");
    assert_eq!(named.values().collect::<Vec<_>>(), ["sim/rule-judge", "sim/rule-judge"]);
    assert!(!said.contains("who judged") && !said.contains("one to one"), "{said}");
    let shown = place.unbent(["leaderboard", "a.unbent", "b.unbent", "--md"]).stdout;
    assert!(!shown.contains("| Judge") && shown.contains("Graded by sim/rule-judge"), "{shown}");
}
