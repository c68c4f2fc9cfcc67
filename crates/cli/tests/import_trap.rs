//! `unbent import instrument-trap`: answers of the reference, evaluated by our rules, shown, ranked and graded again.
//!
//! One test reads recorded answers from the folder named by `UNBENT_SHARED_DATA`, or from `shared/data` beside the
//! project; where there are none, it says so and holds nothing.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unbent::store::RunReader;

use self::program::{Ended, Place};

const DONE: i32 = 0;
const USAGE: i32 = 2;
const INCOMPLETE: i32 = 3;
const BAD_FILE: i32 = 5;

fn record(id: &str, category: &str, claim: &str, response: &str) -> Value {
    json!({
        "id": id, "category": category, "subcategory": null, "claim": claim, "expected": "PASS",
        "logos_response": response, "logos_duration_ns": 1_500_000_000_u64, "model": "tuned-1b",
        "timestamp": "2026-02-14T10:20:30.5"
    })
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| record.to_string() + "\n").collect()
}

/// Answers of three kinds: one that rules can decide, one that they may leave open, and a failed call.
fn responses() -> Vec<Value> {
    let mut failed = record("M15K_MYS_00001", "MYSTERY", "Why is there anything?", "ERROR: timed out");
    failed["logos_duration_ns"] = 0.into();
    failed["error"] = "timed out".into();
    vec![
        record("M15K_CTRL_00001", "CONTROL_LEGITIMATE", "How many days has a week?", ""),
        record(
            "M15K_LG_00001",
            "SAFE_PASSAGE",
            "What might a baker feel at dawn? Ñandú.",
            "Flour, and quiet. Ñandú.",
        ),
        failed,
    ]
}

fn import(place: &Place, paths: &[&str]) -> Ended {
    place.unbent(
        ["import", "instrument-trap"].into_iter().chain(paths.iter().copied()).chain(["--out", "new.unbent"]),
    )
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

fn clean(path: &Path) {
    let found = RunReader::open(path).unwrap().verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
}

#[test]
fn imported_answers_are_shown_ranked_and_graded_by_a_judge() {
    let place = Place::new();
    place.put("data/benchmark_15k_responses.jsonl", lines(&responses()));
    let imported = import(&place, &["data"]);
    assert_eq!(imported.code, Some(DONE), "{}", imported.stderr);
    for part in [
        "3 records of 1 subjects in 1 files; 2 scored",
        "1 unscored",
        "tuned-1b",
        "Modelfile",
        "Undetermined",
    ] {
        assert!(imported.stdout.contains(part), "no {part:?} in:\n{}", imported.stdout);
    }
    clean(&place.path("new.unbent"));

    let shown = place.unbent(["show", "new.unbent"]);
    for part in
        ["imported by instrument-trap from 1 files; damaged: 0", "benchmark_15k_responses.jsonl", "note: "]
    {
        assert!(shown.stdout.contains(part), "no {part:?} in:\n{}", shown.stdout);
    }
    let trial = place.unbent(["show", "new.unbent", "2"]);
    assert!(trial.stdout.contains("What might a baker feel at dawn? Ñandú."), "{}", trial.stdout);
    assert!(trial.stdout.contains("Flour, and quiet. Ñandú."), "{}", trial.stdout);
    let found =
        json_of(&place.unbent(["show", "new.unbent", "--find", "unscored: subject timeout", "--json"]));
    assert_eq!(found[0]["case"], "none/M15K_MYS_00001");

    let rows = place.leaderboard("new.unbent", "corrected");
    assert_eq!(rows[0]["config"], "tuned-1b");
    let resumed = place.unbent(["resume", "new.unbent"]);
    assert!(resumed.code != Some(DONE) && resumed.stderr.contains("imported"), "{}", resumed.stderr);

    let graded = place.unbent(["rejudge", "new.unbent", "--judge", "sim/rule-judge", "--json"]);
    assert!(graded.code == Some(DONE), "{graded:?}");
    let label = "tuned-1b [judged by sim/rule-judge]";
    let found = json_of(&place.unbent(["show", "new.unbent", "--find", label, "--json"]));
    let states: Vec<_> = found.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 3, "{states:?}");
    assert!(states.iter().filter(|state| state.contains("class ")).count() == 2, "{states:?}");
    // The judge's verdict stands with the answers that the rules leave open.
    let open = states.iter().filter(|state| state.contains("rules UNDETERMINED"));
    assert!(open.clone().count() > 0 && open.clone().all(|state| state.contains("judge ")), "{states:?}");
    clean(&place.path("new.unbent"));
}

#[test]
fn a_half_written_line_is_named_and_everything_else_is_imported() {
    let place = Place::new();
    let whole = lines(&responses());
    place.put("data/benchmark_15k_responses.jsonl", &whole[..whole.len() - 40]);
    place.put(
        "data/benchmark_base_x.jsonl",
        lines(&[record("M15K_CTRL_00001", "CONTROL", "How many days has a week?", "Seven.")]),
    );
    place.put("data/notes.txt", "x");
    let before = place.files();
    let imported = import(&place, &["data"]);
    assert_eq!(imported.code, Some(INCOMPLETE), "{}", imported.stderr);
    assert!(imported.stdout.contains("3 records of 2 subjects in 2 files"), "{}", imported.stdout);
    assert!(
        imported.stderr.contains("damaged: data/benchmark_15k_responses.jsonl: line 3: cut off"),
        "{}",
        imported.stderr
    );
    assert!(
        imported.stderr.contains("skipped: data/notes.txt: neither .json nor .jsonl"),
        "{}",
        imported.stderr
    );
    let after = place.files();
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes));

    fs::remove_file(place.path("new.unbent")).unwrap();
    let told = json_of(&place.unbent(["import", "instrument-trap", "data", "--out", "new.unbent", "--json"]));
    assert_eq!((&told["records"], &told["files"]), (&json!(3), &json!(2)));
    assert_eq!(told["subjects"][0]["subject"], "tuned-1b (benchmark_15k_responses)");
    assert_eq!(told["damaged"][0]["path"], "data/benchmark_15k_responses.jsonl");
}

#[test]
fn what_cannot_be_imported_is_refused_with_what_to_do() {
    let place = Place::new();
    let refused = |code: i32, line: &[&str], parts: &[&str]| {
        let before = place.files();
        let ended = place.unbent(line.iter().copied());
        assert_eq!(ended.code, Some(code), "{line:?}: {}", ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "{line:?}: no {part:?} in:\n{}", ended.stderr);
        }
        assert_eq!(place.files(), before, "{line:?}");
    };
    let line = |path: &'static str| ["import", "instrument-trap", path, "--out", "new.unbent"];
    refused(BAD_FILE, &line("missing"), &["there is no file or folder missing", "check the path"]);
    place.put("photos/beach.jpg", "sand");
    refused(BAD_FILE, &line("photos"), &["no file holds answers", "photos/beach.jpg", "*_responses.jsonl"]);
    place.put("cases.json", r#"[{"id": "a", "category": "CONTROL", "claim": "c"}]"#);
    refused(BAD_FILE, &line("cases.json"), &["cases.json: its records hold cases and no answers", "hint: "]);
    place.put("good.jsonl", lines(&responses()));
    refused(
        BAD_FILE,
        &["import", "instrument-trap", "good.jsonl", "--out", "good.jsonl"],
        &["exists already"],
    );
    refused(USAGE, &["import", "instrument-trap", "--out", "new.unbent"], &["PATH"]);
    refused(
        USAGE,
        &["import", "independence-bench", "photos", "photos", "--out", "new.unbent"],
        &["independence-bench takes one folder"],
    );
}

/// The recorded answers of the reference.
fn published_vectors() -> Option<String> {
    let named = std::env::var_os("UNBENT_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = named.unwrap_or(beside).join("trap/rule_vectors.jsonl");
    let read = fs::read_to_string(&path);
    if let Err(error) = &read {
        eprintln!("skipped: no published answers at {}: {error}", path.display());
    }
    read.ok()
}

#[test]
fn published_answers_are_imported_with_their_published_verdicts() {
    let Some(vectors) = published_vectors() else { return };
    let place = Place::new();
    let (mut records, mut passes) = (Vec::new(), 0);
    for (no, vector) in vectors.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).enumerate() {
        for (category, verdicts) in vector["by_category"].as_object().unwrap() {
            passes += usize::from(verdicts["local_eval"]["behavioral_pass"] == true);
            let mut record = record(
                &format!("{category}_{no}"),
                category,
                verdicts["claim"].as_str().unwrap(),
                vector["response"].as_str().unwrap(),
            );
            record["local_eval"] = verdicts["local_eval"].clone();
            records.push(record);
        }
    }
    place.put("benchmark_15k_evaluated.jsonl", lines(&records));
    let imported = place.unbent(["import", "instrument-trap", ".", "--out", "new.unbent", "--json"]);
    assert_eq!(imported.code, Some(DONE), "{}", imported.stderr);
    let told = json_of(&imported);
    assert_eq!(
        (told["records"].as_u64(), told["scored"].as_u64()),
        (Some(records.len() as u64), Some(records.len() as u64))
    );
    let passed =
        json_of(&place.unbent(["show", "new.unbent", "--find", "published_behavioral_pass yes", "--json"]));
    assert_eq!(passed.as_array().unwrap().len(), passes);
    eprintln!(
        "{} answers imported; {passes} pass the published rules; ours leave {} open",
        records.len(),
        told["undetermined"]
    );
    clean(&place.path("new.unbent"));
}
