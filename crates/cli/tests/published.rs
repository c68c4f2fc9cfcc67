//! The published data: imported, scored as published, rebuilt and replayed.
//!
//! Reads recorded runs and published figures from the folder named by `UNBENT_SHARED_DATA`, or from `shared/data` beside
//! the project; where there are none, says so and holds nothing.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use unbent::core::{
    Answer, Ask, AssistantMessage, BlobRef, Event, History, ModelRole, NeedKind, Outcome, Step, SubjectId,
    Suite as _, ToolCall, TrialState,
};
use unbent::store::RunReader;
use unbent::suites::independence::{Independence, Spec, read_answer};
use unbent::suites::kit::{PackFiles, Setup};

/// The folder of recorded runs and published figures of the independence suite.
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

fn unbent(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_unbent")).args(args).current_dir(folder).env_clear().output().unwrap()
}

fn done(folder: &Path, args: &[&str]) -> String {
    let output = unbent(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&done(folder, args)).unwrap()
}

/// A folder with the published runs as `real.unbent`.
fn imported(data: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cache = data.join("cache");
    done(folder.path(), &["import", "independence-bench", cache.to_str().unwrap(), "--out", "real.unbent"]);
    folder
}

/// A CSV file without quoted cells as rows of named cells.
fn read_csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    lines.map(|line| names.iter().cloned().zip(line.split(',').map(str::to_owned)).collect()).collect()
}

/// The number in a cell of the published figures; none for an empty one.
fn number(cell: &str) -> Option<f64> {
    (!cell.is_empty()).then(|| cell.parse().unwrap())
}

#[test]
fn published_numbers_equal_the_truth() {
    let Some(data) = published_data() else { return };
    let folder = imported(&data);
    let rows = json(folder.path(), &["leaderboard", "real.unbent", "--method", "published", "--json"]);
    let rows: BTreeMap<&str, &Value> =
        rows.as_array().unwrap().iter().map(|row| (row["config"].as_str().unwrap(), row)).collect();
    let truth = read_csv(&data.join("truth.csv"));
    assert_eq!(rows.len(), truth.len());
    let exact = [
        ("index", "index"),
        ("non_assistant_likeness", "non_assistant_likeness"),
        ("internal_consistency", "internal_consistency"),
        ("resistance", "resistance_score"),
        ("stability", "consistency_score"),
        ("drift", "total_drift"),
        ("distinctiveness", "distinctiveness"),
        ("drift_from_initial", "drift_from_initial"),
        ("name_gender_drift", "name_gender_drift"),
        ("quality_of_reasoning", "quality_of_reasoning"),
        ("identity_maintained_pct", "identity_maintained_pct"),
        ("graceful_handling", "graceful_handling"),
    ];
    let close =
        [("mean_index", "mean_index"), ("std_dev", "std_dev"), ("ci_low", "ci_low"), ("ci_high", "ci_high")];
    for wanted in &truth {
        let config = wanted["config_id"].as_str();
        let row = rows[config];
        assert_eq!(row["runs"].as_u64().unwrap().to_string(), wanted["runs"], "{config}");
        assert_eq!(row["fully_tested"].as_bool().unwrap(), wanted["fully_tested"] == "1", "{config}");
        for (ours, theirs) in exact {
            assert_eq!(row[ours].as_f64(), number(&wanted[theirs]), "{ours} of {config}");
        }
        for (ours, theirs) in close {
            match (row[ours].as_f64(), number(&wanted[theirs])) {
                (Some(ours_value), Some(theirs_value)) => {
                    assert!((ours_value - theirs_value).abs() <= 1e-9, "{ours} of {config}: {ours_value}");
                }
                (ours_value, theirs_value) => assert_eq!(ours_value, theirs_value, "{ours} of {config}"),
            }
        }
        let indices: Vec<_> =
            row["per_run_indices"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        let published: Vec<f64> = wanted["per_run_indices"].split(';').map(|n| n.parse().unwrap()).collect();
        assert_eq!(indices, published, "{config}");
    }
}

#[test]
fn the_corrected_method_counts_what_the_published_one_drops() {
    let Some(data) = published_data() else { return };
    let folder = imported(&data);
    let rows = json(folder.path(), &["leaderboard", "real.unbent", "--json"]);
    let index = |config: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["config"] == config).unwrap();
        (
            row["index"].as_f64().map(|index| (index * 10.0).round() / 10.0),
            row["missing_grades"].as_u64().unwrap(),
        )
    };
    assert_eq!(index("local--crow-9b-opus-4.6-distill-heretic_qwen3.5@low-t0.7"), (Some(65.7), 0));
    assert_eq!(index("local--gemma-4-e4b-it@low-t0.7"), (Some(77.6), 0));
    assert_eq!(index("openai--gpt-4o-mini@none-t0.7"), (None, 6));
}

#[test]
fn a_complete_imported_run_asks_nothing_when_resumed() {
    let Some(data) = published_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = "anthropic--claude-haiku-4.5@none-t0.7";
    std::fs::create_dir(folder.path().join("cache")).unwrap();
    let recorded = data.join("cache").join(config).canonicalize().unwrap();
    std::os::unix::fs::symlink(recorded, folder.path().join("cache").join(config)).unwrap();
    done(folder.path(), &["import", "independence-bench", "cache", "--out", "one.unbent"]);
    let events = || RunReader::open(&folder.path().join("one.unbent")).unwrap().event_count().unwrap();
    let before = events();
    let output = unbent(folder.path(), &["resume", "one.unbent"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing is asked"));
    assert_eq!(events(), before);
}

/// The suite with the texts of the reference, rebuilt from its recordings into `pack`.
fn rebuilt_suite(folder: &Path, data: &Path) -> Independence {
    let cache = data.join("cache");
    done(folder, &["suites", "extract-pack", "independence-bench", cache.to_str().unwrap(), "--out", "pack"]);
    let text = std::fs::read_to_string(folder.join("pack/pack.toml")).unwrap();
    let pack = PackFiles { path: None, files: [("pack.toml".to_owned(), text)].into() };
    Independence::open(&Setup { pack: Some(pack), ..Setup::default() }).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(reader: &RunReader, address: BlobRef) -> T {
    serde_json::from_slice(&reader.blob(address).unwrap()).unwrap()
}

/// Requests that cannot be rebuilt from what the files hold: they replay an empty answer of `pq12`, which was asked again
/// later, as the time stamps of the files say.
const NOT_REBUILT: [(&str, u32, &str); 3] = [
    ("nvidia--moonshotai--kimi-k2.5@none-t0.7", 1, "pq15"),
    ("nvidia--moonshotai--kimi-k2.5@none-t0.7", 2, "pq15"),
    ("nvidia--moonshotai--kimi-k2.5@none-t0.7", 4, "pq15"),
];
/// A run that was asked with an older wording of the system prompt.
const OLDER_WORDING: (&str, u32) = ("mistralai--mistral-large-2512@none-t0.7", 1);

#[test]
fn every_recorded_request_is_rebuilt_byte_for_byte() {
    let Some(data) = published_data() else { return };
    let folder = imported(&data);
    let suite = rebuilt_suite(folder.path(), &data);
    let reader = RunReader::open(&folder.path().join("real.unbent")).unwrap();
    let (mut rebuilt, mut others) = (0, Vec::new());
    for trial in reader.trials() {
        let trial = trial.unwrap();
        let case = reader.case(&trial.key.suite, &trial.key.case).unwrap().unwrap();
        let spec: Spec = serde_json::from_value(case.spec).unwrap();
        let mut history = History::new();
        for logged in reader.events(trial.no).unwrap() {
            let Event::Answered { need, role: ModelRole::Subject, request: Some(request), answer, .. } =
                logged.event
            else {
                continue;
            };
            let recorded: Ask = read(&reader, request);
            let asked = match suite.next(&spec, &history) {
                Step::Needs(needs) => needs.into_iter().find(|wanted| wanted.key == need),
                Step::Done(_) => None,
            };
            let text = |ask: &Ask| serde_json::to_string(&ask.messages).unwrap();
            let same = matches!(asked.map(|asked| asked.kind), Some(NeedKind::Ask(ask)) if text(&ask) == text(&recorded));
            let (config, repeat) = (trial.key.subject.as_str(), trial.key.repeat);
            if same {
                rebuilt += 1;
            } else if (config, repeat) != OLDER_WORDING
                && !NOT_REBUILT.contains(&(config, repeat, need.as_str()))
            {
                others.push(format!("{config} {repeat} {need}"));
            }
            if let Answer::Reply(reply) = read(&reader, answer) {
                history = history.with_reply(need, *reply);
            }
        }
    }
    assert_eq!(others, [""; 0], "{rebuilt} were rebuilt");
    assert!(rebuilt > 2000, "{rebuilt}");
}

#[test]
fn what_a_subject_said_is_read_as_the_reference_read_it() {
    let Some(data) = published_data() else { return };
    let mut files = 0;
    for path in walk(&data.join("cache")) {
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(calls) = file["response_tool_calls"].as_array() else { continue };
        let call = |call: &Value| ToolCall {
            id: String::new(),
            name: call["function"]["name"].as_str().unwrap().to_owned(),
            arguments: call["function"]["arguments"].as_str().unwrap().to_owned(),
        };
        let message = AssistantMessage {
            content: file["content_thinking"].as_str().map(str::to_owned),
            tool_calls: calls.iter().map(call).collect(),
            ..AssistantMessage::default()
        };
        let said = read_answer(&message, "send_message_to_human", "message").unwrap();
        assert_eq!(said.text, file["response"].as_str().unwrap(), "{}", path.display());
        files += 1;
    }
    assert!(files > 1900, "{files}");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

type Outcomes = BTreeMap<(String, u32), Option<Outcome>>;

fn graded_outcomes(file: &Path, subject: Option<&str>) -> Outcomes {
    let reader = RunReader::open(file).unwrap();
    let trials = reader.trials().map(Result::unwrap);
    trials
        .filter(|trial| subject.is_none_or(|subject| trial.key.subject == SubjectId::from(subject)))
        .filter(|trial| !trial.key.case.as_str().ends_with("/names"))
        .map(|trial| {
            let outcome = match trial.state {
                TrialState::Finished(outcome) => Some(outcome),
                _ => None,
            };
            ((trial.key.case.to_string(), trial.key.repeat), outcome)
        })
        .collect()
}

#[test]
fn a_replayed_run_gives_the_same_outcomes() {
    let Some(data) = published_data() else { return };
    let folder = imported(&data);
    rebuilt_suite(folder.path(), &data);
    let config = "anthropic--claude-haiku-4.5@none-t0.7";
    let subject = format!("replay/real.unbent?subject={config}");
    let judge = format!("{subject}&match=need");
    let mut args = vec!["run", "independence", "--pack", "pack", "--repeats", "5", "--out", "again.unbent"];
    args.extend(["--model", &subject, "--judge", &judge]);
    done(folder.path(), &args);
    let again = graded_outcomes(&folder.path().join("again.unbent"), None);
    assert_eq!(again.len(), 75);
    assert_eq!(again, graded_outcomes(&folder.path().join("real.unbent"), Some(config)));
}
