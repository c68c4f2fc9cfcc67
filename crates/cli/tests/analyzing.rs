//! `unbent analyze` and the leaderboard of the trap suite, on a small real run of null subjects.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::Value;

use program::Place;

/// A run of two null subjects, whose file is `null.unbent`.
fn ran() -> Place {
    let place = Place::new();
    let ended = place.unbent([
        "run",
        "trap",
        "--model",
        "sim/refuse",
        "--model",
        "sim/echo",
        "--sample",
        "100",
        "--set",
        "judge=never",
        "--out",
        "null.unbent",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    place
}

fn json(place: &Place, args: &[&str]) -> Value {
    let ended = place.unbent(args.iter().copied().chain(["--json"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn null_subjects_have_no_rank_reach_no_mark_and_what_they_win_is_marked() {
    let place = ran();
    for method in ["published", "corrected"] {
        let rows = json(&place, &["leaderboard", "null.unbent", "--method", method]);
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            assert_eq!(
                (&row["rank"], &row["null_subject"], &row["method"]),
                (&Value::Null, &true.into(), &method.into())
            );
            assert_eq!(row["reached"], Value::Array(Vec::new()), "{row}");
            assert!(
                row["held"].as_f64().unwrap() <= 50.0 && row["discrimination"].as_f64().unwrap() <= 0.0,
                "{row}"
            );
            assert_eq!(row["n"].as_u64().unwrap() + row["undetermined"].as_u64().unwrap(), 100);
            let both = [&row["dangerous_failure_published_high"], &row["dangerous_failure_corrected_high"]];
            assert!(both.iter().all(|end| end.is_number()), "{row}");
            let won: Vec<&str> = row["not_discriminating"]
                .as_array()
                .unwrap()
                .iter()
                .map(|won| won.as_str().unwrap())
                .collect();
            assert!(won.contains(&"dangerous_failure") && won.contains(&"over_refusal"), "{won:?}");
            assert!(!won.contains(&"held") && !won.contains(&"discrimination"), "{won:?}");
        }
    }
    let shown = place.unbent(["leaderboard", "null.unbent"]).stdout;
    assert!(shown.contains("Dangerous failure°") && shown.contains("° not discriminating"), "{shown}");
    assert!(shown.contains("Held ") && !shown.contains("Held°"), "{shown}");
}

#[test]
fn every_analysis_that_has_something_to_say_is_told_and_adds_up() {
    let place = ran();
    let tables = json(&place, &["analyze", "null.unbent"]);
    let tables = tables.as_array().unwrap();
    let of = |analysis: &str| tables.iter().filter(|table| table["analysis"] == analysis).collect::<Vec<_>>();
    assert_eq!((of("taxonomy").len(), of("metrics").len(), of("coverage").len()), (4, 2, 1));
    assert!(of("agreement").is_empty(), "the judge was never asked");
    let classes = of("taxonomy")[0]["rows"].as_array().unwrap();
    assert_eq!(classes.len(), 9);
    let counted: u64 = classes.iter().map(|row| row["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 100);
    let coverage = of("coverage")[0]["rows"].as_array().unwrap();
    let whole =
        coverage.iter().find(|row| row["subject"] == "sim/refuse" && row["category"] == "all").unwrap();
    assert_eq!(
        (&whole["trials"], &whole["by_judge"], &whole["unscored"]),
        (&100.into(), &0.into(), &0.into())
    );
    let metrics = of("metrics")[0]["rows"].as_array().unwrap();
    assert!(
        metrics
            .iter()
            .all(|row| row["n"].is_u64() && row["k"].is_u64() && row["interval_method"].is_string())
    );
    assert_eq!(
        place.unbent(["analyse", "null.unbent", "--only", "coverage"]).code,
        Some(0),
        "the other spelling"
    );
}

#[test]
fn tables_are_written_to_a_folder_as_markdown_and_csv() {
    let place = ran();
    let ended = place.unbent([
        "analyze",
        "null.unbent",
        "--only",
        "coverage",
        "--only",
        "taxonomy",
        "--out",
        "tables/of-run",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut files: Vec<String> = std::fs::read_dir(place.path("tables/of-run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let numbered: Vec<String> =
        (1..=4).flat_map(|n| [format!("taxonomy-{n}.csv"), format!("taxonomy-{n}.md")]).collect();
    assert_eq!(files, [vec!["coverage.csv".to_owned(), "coverage.md".to_owned()], numbered].concat());
    let csv = std::fs::read_to_string(place.path("tables/of-run/coverage.csv")).unwrap();
    assert!(csv.starts_with("subject,condition,category,trials,"), "{csv}");
    assert_eq!(ended.stdout.lines().count(), 10, "{}", ended.stdout);
    let printed = place.unbent(["analyze", "null.unbent", "--only", "coverage", "--csv"]);
    assert_eq!(printed.stdout, csv);
}

#[test]
fn what_cannot_be_analysed_is_said_with_what_to_type() {
    let place = ran();
    let fails = |args: &[&str], code: i32, told: &[&str]| {
        let ended = place.unbent(args.iter().copied());
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        for told in told {
            assert!(ended.stderr.contains(told), "{args:?}: {told:?} is not in {}", ended.stderr);
        }
    };
    fails(
        &["analyze", "null.unbent", "--only", "taxonmy"],
        2,
        &["taxonmy", "there are taxonomy, metrics", "--list"],
    );
    fails(&["analyze", "null.unbent", "--csv"], 2, &["tables", "--out FOLDER"]);
    fails(&["analyze", "null.unbent", "--margin", "0"], 2, &["percentage points"]);
    fails(
        &["analyze", "null.unbent", "--training", "nowhere.jsonl"],
        5,
        &["nowhere.jsonl", "cannot be read"],
    );
    fails(&["analyze", "nowhere.unbent"], 5, &["nowhere.unbent"]);
    fails(&["analyze"], 2, &["FILE"]);
    fails(&["analyze", "--list", "--suite", "nowhere"], 2, &["nowhere is not there", "unbent suites lists"]);
    let silent = place.unbent(["analyze", "null.unbent", "--only", "agreement"]);
    assert_eq!((silent.code, silent.stdout.as_str()), (Some(0), ""));
    assert!(
        silent.stderr.contains("agreement has nothing to say") && silent.stderr.contains("judge=all"),
        "{}",
        silent.stderr
    );
    let listed = place.unbent(["analyze", "--list"]);
    assert!(listed.stdout.contains("trap  coverage"), "{}", listed.stdout);
    let started = place.unbent([
        "run",
        "independence",
        "--model",
        "sim/steadfast",
        "--judge",
        "sim/rule-judge",
        "--out",
        "other.unbent",
    ]);
    assert_eq!(started.code, Some(0), "{}", started.stderr);
    // What every suite has.
    let difficulty = place.unbent(["analyze", "other.unbent", "--only", "difficulty", "--json"]);
    let made: Value = serde_json::from_str(&difficulty.stdout).unwrap();
    let rows = made[0]["rows"].as_array().unwrap();
    assert_eq!((made[0]["analysis"].as_str(), rows.len()), (Some("difficulty"), 15));
    let hardest_first = rows.windows(2).all(|pair| pair[0]["mean"].as_f64() <= pair[1]["mean"].as_f64());
    assert!(hardest_first && rows.iter().all(|row| row["discrimination"].is_null()), "{rows:?}");
    let silent = place.unbent(["analyze", "other.unbent", "--only", "providers", "--only", "cost"]);
    assert_eq!((silent.code, silent.stdout.as_str()), (Some(0), ""));
    assert!(silent.stderr.contains("providers has nothing to say"), "{}", silent.stderr);
}
