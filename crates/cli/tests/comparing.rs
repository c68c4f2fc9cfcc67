//! `unbent compare` and its gates, on small real runs of simulated subjects and, where it is there, on the published data.

mod program;

use std::fs;
use std::path::Path;

use quick_junit::{Report, TestCaseStatus};
use serde_json::Value;

use program::{Ended, Place, UNBENT};

/// A run of these subjects.
fn run(place: &Place, file: &str, models: &[&str], more: &[&str]) {
    let mut args = vec!["run", "independence", "--judge", "sim/rule-judge", "--repeats", "2", "--out", file];
    args.extend(models.iter().flat_map(|model| ["--model", model]));
    let ended = place.unbent(args.iter().chain(more).copied());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// `base.unbent` with one subject, `both.unbent` with the same and one that gives way.
fn ran() -> Place {
    let place = Place::new();
    run(&place, "base.unbent", &["sim/steadfast"], &[]);
    run(&place, "both.unbent", &["sim/steadfast", "sim/yielding?p=0.3"], &[]);
    place
}

fn gate(place: &Place, condition: &str) -> Ended {
    place.unbent(["compare", "both.unbent#sim/yielding?p=0.3", "--gate", condition, "--junit", "gate.xml"])
}

#[test]
fn two_subjects_are_compared_flips_first() {
    let place = ran();
    let shown = place.unbent(["compare", "both.unbent"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let at = |text: &str| shown.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", shown.stdout));
    assert!(at("Flips by Independence Index") < at("Metrics over 30 trials of 15 cases"));
    // The subject of another file is the same one.
    let crossed = place.unbent(["compare", "base.unbent", "both.unbent#sim/yielding?p=0.3", "--json"]);
    let told: Value = serde_json::from_str(&crossed.stdout).unwrap();
    let rows = told["metrics"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(
        (&rows[0]["metric"], &rows[0]["n"], &rows[0]["missing"]),
        (&"index".into(), &40.into(), &0.into())
    );
    assert!(rows[0]["ci_high"].as_f64().unwrap() < 0.0, "{}", rows[0]);
    let flips = told["flips"]["rows"].as_array().unwrap();
    assert!(
        flips.iter().all(|flip| flip["trial_a"].is_u64() && flip["trial_b"].is_u64()) && !flips.is_empty()
    );
    let same = place.unbent([
        "compare",
        "base.unbent",
        "both.unbent#sim/steadfast",
        "--metric",
        "stability",
        "--csv",
    ]);
    assert!(same.stdout.contains("no pair differs"), "{}", same.stdout);
}

#[test]
fn a_comparison_is_drawn_beside_its_tables() {
    let place = ran();
    let line = ["compare", "both.unbent", "--figures", "drawn", "--theme", "both", "--json"];
    let ended = place.unbent(line);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let figures = told["drawn"]["figures"].as_array().unwrap();
    let names: Vec<_> = figures.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["differences", "flips"]);
    // Two formats in two themes, and the data.
    assert_eq!(fs::read_dir(place.path("drawn")).unwrap().count(), 2 * 5);
    let read = |file: &str| fs::read_to_string(place.path("drawn").join(file)).unwrap();
    let metrics = told["metrics"]["rows"].as_array().unwrap();
    let csv = read("differences.csv");
    assert_eq!(csv.lines().count(), metrics.len() + 1);
    let index = csv.lines().nth(1).unwrap().split(',').collect::<Vec<_>>();
    let at = index.iter().position(|cell| *cell == "Independence Index").unwrap();
    let number = |place: usize| index[place].parse::<f64>().unwrap();
    let value = csv.lines().next().unwrap().split(',').position(|name| name == "value").unwrap();
    assert!(at < value, "{csv}");
    for (place, key) in [(value, "difference"), (value + 1, "ci_low"), (value + 2, "ci_high")] {
        assert!((number(place) - metrics[0][key].as_f64().unwrap()).abs() < 1e-9, "{key}: {csv}");
    }
    let flips = read("flips.svg");
    let changes = &told["changes"];
    let counts = format!("+{} −{} of 40", changes["improved"], changes["worsened"]);
    assert!(flips.contains(&counts), "{counts}");
    for svg in [flips, read("differences.dark.svg")] {
        assert!(svg.contains("SIMULATED") && svg.contains("sim/steadfast"), "{svg}");
    }

    let ended = place.unbent(["compare", "both.unbent", "--figures", "png", "--format", "png", "--md"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("png/flips.png") && !ended.stdout.contains("flips.png"),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_dir(place.path("png")).unwrap().count(), 4);
    let alone = ["compare", "base.unbent", "--gate", "index >= 1", "--figures", "none"];
    let without = ["compare", "both.unbent", "--theme", "dark"];
    place.put("taken", "a file");
    let taken = ["compare", "both.unbent", "--figures", "taken"];
    for (line, code, said) in
        [(&alone[..], 2, "unbent figures FILE"), (&without[..], 2, "--figures"), (&taken[..], 7, "--figures")]
    {
        let ended = place.unbent(line.iter().copied());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn a_gate_passes_fails_and_refuses_with_a_code_of_its_own_for_each() {
    let place = ran();
    let codes = [
        ("index >= 50 and n >= 40 and unscored <= 1%", 0),
        ("index >= 99", 11),
        ("not worse than base.unbent by 2", 11),
        ("not (not worse than base.unbent by 2)", 0),
        ("not worse than gone.unbent by 2", 12),
        ("not worse by 2", 12),
        ("index >= 50 or not worse than gone.unbent by 2", 0),
        ("indx >= 50", 2),
    ];
    for (condition, code) in codes {
        let ended = gate(&place, condition);
        assert_eq!(ended.code, Some(code), "{condition}: {}", ended.stderr);
    }
    let refused = gate(&place, "index >= 50 and indx >= 50").stderr;
    assert!(refused.contains("character 17") && refused.contains("resistance"), "{refused}");
}

#[test]
fn junit_says_what_the_gate_says() {
    let place = ran();
    let read = || {
        let report =
            Report::deserialize_from_str(&fs::read_to_string(place.path("gate.xml")).unwrap()).unwrap();
        let cases = report.test_suites[0].test_cases.iter();
        cases
            .map(|case| {
                let status = match &case.status {
                    TestCaseStatus::Success { .. } => "success",
                    TestCaseStatus::Skipped { .. } => "skipped",
                    TestCaseStatus::NonSuccess { .. } => "failure",
                };
                (case.name.to_string(), status)
            })
            .collect::<Vec<_>>()
    };
    let row = |name: &str, status: &'static str| (name.to_owned(), status);
    gate(&place, "index >= 99 or n > 3");
    assert_eq!(
        read(),
        [row("index >= 99", "skipped"), row("n > 3", "success"), row("index >= 99 or n > 3", "success")]
    );
    gate(&place, "index >= 99 and n > 3");
    assert_eq!(
        read(),
        [row("index >= 99", "failure"), row("n > 3", "success"), row("index >= 99 and n > 3", "failure")]
    );
}

#[test]
fn runs_that_were_not_asked_the_same_are_refused_with_what_differs() {
    let place = ran();
    run(&place, "named.unbent", &["sim/steadfast"], &["--set", "names=true"]);
    let refused = place.unbent(["compare", "base.unbent", "named.unbent"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("parameter names: false of A, true of B"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-different-packs"), "{}", refused.stderr);
    let allowed = place.unbent(["compare", "base.unbent", "named.unbent", "--allow-different-packs"]);
    assert_eq!(allowed.code, Some(0), "{}", allowed.stderr);
    assert!(allowed.stdout.contains("NOT ASKED THE SAME"), "{}", allowed.stdout);
    let gated = place.unbent(["compare", "named.unbent", "--gate", "not worse than base.unbent by 2"]);
    assert_eq!(gated.code, Some(12), "{}", gated.stderr);
    let unnamed = place.unbent(["compare", "base.unbent", "both.unbent"]);
    assert_eq!(unnamed.code, Some(2));
    assert!(unnamed.stderr.contains("both.unbent#sim/steadfast"), "{}", unnamed.stderr);
}

#[test]
fn a_script_stops_where_a_gate_does_not_hold() {
    let place = ran();
    place.put(
        "ci.sh",
        "\"$1\" compare 'both.unbent#sim/yielding?p=0.3' --gate \"$2\" --junit gate.xml --md > summary.md\n\
         case $? in 0) echo deploy ;; 11) echo worse ;; 12) echo unknown ;; *) echo broken ;; esac\n",
    );
    let told = |condition: &str| {
        let output = place.command("/bin/sh").args(["ci.sh", UNBENT, condition]).output().unwrap();
        Ended::of(&output).stdout
    };
    assert_eq!(told("index >= 50"), "deploy\n");
    assert_eq!(told("not worse than base.unbent by 2"), "worse\n");
    assert_eq!(told("not worse than gone.unbent by 2"), "unknown\n");
    assert_eq!(told("index"), "broken\n");
}

#[test]
fn two_providers_of_one_model_are_compared_in_the_published_data() {
    let Some(data) = std::env::var_os("UNBENT_SHARED_DATA") else {
        eprintln!("skipped: UNBENT_SHARED_DATA does not say where the recorded data is");
        return;
    };
    let place = Place::new();
    let cache = Path::new(&data).join("independence/cache");
    place.unbent(["import", "independence-bench", cache.to_str().unwrap(), "--out", "x.unbent"]);
    let [a, b] =
        ["moonshotai-int4", "fireworks"].map(|pin| format!("x.unbent#moonshotai--kimi-k2.5+{pin}@none-t0.7"));
    let ended = place.unbent(["compare", &a, &b, "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let index = &told["metrics"]["rows"][0];
    assert_eq!((&index["n"], &index["missing"]), (&95.into(), &5.into()));
    assert_eq!(index["verdict"], "not told apart");
    assert_eq!(told["flips"]["rows"].as_array().unwrap().len(), 2);
}
