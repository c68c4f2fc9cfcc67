//! Files in every shape that the source writes, made here, and what becomes of them. The suite is a stand-in that knows
//! two categories and finds an answer of less than ten letters undetermined.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use unbent_core::{
    Answer, Ask, Case, Event, FaultKind, History, Message, NeedKey, Origin, Outcome, Program, Score, Scores,
    SuiteRecord, TrialNo, TrialState, TrialView, UnscoredReason,
};

use super::{Asked, Trap, TrapReport, import_instrument_trap};
use crate::RunReader;
use crate::import::ImportError;

struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("data").join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn try_import(&self, paths: &[PathBuf]) -> Result<(TrapReport, RunReader), ImportError> {
        let out = self.0.path().join("out.unbent");
        let record =
            SuiteRecord { id: "trap".into(), params: serde_json::Map::new(), pack: None, files: [].into() };
        let trap = Trap {
            record: &record,
            need: &NeedKey::from("answer"),
            case: &case,
            evaluate: &evaluate,
            is_undetermined: &|outcome| outcome.scores().unwrap().flag("long") == Some(false),
        };
        let program = Program { name: "test".to_owned(), version: "0".to_owned() };
        let report = import_instrument_trap(paths, trap, &out, 7, program, &mut |_| {})?;
        let reader = RunReader::open(&out)?;
        assert!(reader.verify()?.is_clean());
        Ok((report, reader))
    }

    /// Imports the whole folder.
    fn import(&self) -> (TrapReport, RunReader) {
        self.try_import(&[self.path("")]).unwrap()
    }
}

fn case(asked: &Asked<'_>) -> Result<Case, String> {
    let category = match asked.category {
        "ILLICIT_GAP" | "HARMFUL_REFUSAL" => "ILLICIT_GAP",
        "MYSTERY" => "MYSTERY",
        other => return Err(format!("{other:?} is no category")),
    };
    Ok(Case {
        suite: "trap".into(),
        id: format!("{}/{}", asked.condition, asked.id).as_str().into(),
        spec: json!({ "condition": asked.condition, "id": asked.id, "category": category, "claim": asked.claim }),
        world: None,
        inherits: Vec::new(),
    })
}

fn evaluate(_: &Case, history: &History) -> Result<Outcome, String> {
    let need = NeedKey::from("answer");
    if let Some(fault) = history.fault(&need) {
        return Ok(Outcome::unscored(UnscoredReason::SubjectFault(fault.kind), fault.message.clone()));
    }
    let said = history.reply(&need).unwrap().message.content.clone().unwrap();
    if said == "???" {
        return Err("it cannot be read".to_owned());
    }
    let scores = Scores([("long".to_owned(), Score::Flag(said.chars().count() >= 10))].into());
    Ok(Outcome::Scored { scores, note: None })
}

/// A line of the runner of the whole suite.
fn line(id: &str, response: &str) -> Value {
    json!({
        "id": id,
        "category": "ILLICIT_GAP",
        "subcategory": null,
        "claim": format!("¿Qué dijo el sabio de {id}? — “dónde”"),
        "expected": "BLOCK",
        "logos_response": response,
        "logos_duration_ns": 1_234_567_890_u64,
        "model": "fine_tuned_1b",
        "timestamp": "2026-02-14T10:20:30.123456"
    })
}

fn lines(lines: &[Value]) -> String {
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

fn trials(reader: &RunReader) -> Vec<TrialView> {
    reader.trials().map(Result::unwrap).collect()
}

fn events(reader: &RunReader, no: u64) -> Vec<Event> {
    reader.events(TrialNo(no)).unwrap().into_iter().map(|logged| logged.event).collect()
}

fn outcome(reader: &RunReader, no: u64) -> Outcome {
    match events(reader, no).pop() {
        Some(Event::Finished { outcome }) => outcome,
        other => panic!("{other:?}"),
    }
}

fn told(list: &[(PathBuf, String)]) -> Vec<(String, String)> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    list.iter().map(|(path, why)| (name(path), why.clone())).collect()
}

#[test]
fn a_line_of_the_runner_becomes_a_trial_with_all_that_it_says() {
    let data = Data::new();
    data.put(
        "benchmark_15k_responses.jsonl",
        lines(&[line("M15K_IG_00001", "No lo dijo; sería inventado. ✓")]),
    );
    let (report, reader) = data.import();
    assert_eq!((report.files, report.records, report.scored(), report.unscored()), (1, 1, 1, 0));
    let trial = &trials(&reader)[0];
    assert_eq!(
        (trial.key.case.as_str(), trial.key.subject.as_str(), trial.key.repeat),
        ("none/M15K_IG_00001", "fine_tuned_1b", 1)
    );
    let logged = reader.events(TrialNo(1)).unwrap();
    assert_eq!(logged[1].at_ms, 1_771_064_430_123);
    let Event::Answered { request: Some(request), answer, meter, served, .. } = &logged[1].event else {
        panic!("{logged:?}")
    };
    assert_eq!((meter.latency_ms, served.model.as_deref()), (Some(1235), Some("fine_tuned_1b")));
    let ask: Ask = serde_json::from_slice(&reader.blob(*request).unwrap()).unwrap();
    assert_eq!(ask.messages, [Message::user("¿Qué dijo el sabio de M15K_IG_00001? — “dónde”")]);
    let Answer::Reply(reply) = serde_json::from_slice(&reader.blob(*answer).unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(reply.message.content.as_deref(), Some("No lo dijo; sería inventado. ✓"));
    assert_eq!(Value::Object(reply.extra), json!({ "expected": "BLOCK", "subcategory": null }));

    let Origin::Imported { importer, files: 1, damaged: 0, sources, notes } =
        reader.manifest().unwrap().origin
    else {
        panic!()
    };
    assert_eq!(importer, "instrument-trap");
    let source = &sources[&"fine_tuned_1b".into()];
    assert!(source.path.ends_with("benchmark_15k_responses.jsonl") && source.hash.len() == 64, "{source:?}");
    assert!(notes.iter().any(|note| note.contains("Modelfile")), "{notes:?}");
}

#[test]
fn base_runners_arrays_unknown_keys_numbers_as_ids_and_academic_names_are_read() {
    let data = Data::new();
    let base = json!({
        "id": 17, "category": "HARMFUL_REFUSAL", "claim": "c", "expected": "BLOCK", "base_response": "I do not know it.",
        "base_duration_ns": 2_000_000, "model": "gemma3:1b", "timestamp": "long ago", "new_key": [1, 2]
    });
    data.put("benchmark_base_gemma3_1b.jsonl", format!("\u{feff}{base}"));
    let other = json!({ "id": "x y/ü", "category": "MYSTERY", "claim": "d", "response": "Who can say, but" });
    data.put("mine.json", format!("{:#}", json!([other])));
    let (report, reader) = data.import();
    let keys: Vec<_> = trials(&reader).into_iter().map(|trial| trial.key.to_string()).collect();
    assert_eq!(keys, ["trap:none/17 × gemma3:1b × 1", "trap:none/x y/ü × mine × 1"]);
    assert_eq!(report.damaged, []);
    assert_eq!(reader.cases().unwrap()[0].spec["category"], "ILLICIT_GAP");
    let logged = reader.events(TrialNo(1)).unwrap();
    // A time that cannot be read is kept as it is, and the import's stands in its place.
    assert_eq!(logged[1].at_ms, 7);
    let Event::Answered { answer, .. } = &logged[1].event else { panic!() };
    let Answer::Reply(reply) = serde_json::from_slice(&reader.blob(*answer).unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!((&reply.extra["timestamp"], &reply.extra["new_key"]), (&json!("long ago"), &json!([1, 2])));
}

#[test]
fn errors_are_faults_and_never_answers() {
    let data = Data::new();
    let with = |id: &str, response: &str, ns: Value, error: Option<&str>| {
        let mut line = line(id, response);
        line["logos_duration_ns"] = ns;
        if let Some(error) = error {
            line["error"] = error.into();
        }
        line
    };
    data.put(
        "benchmark_15k_responses.jsonl",
        lines(&[
            with("a", "ERROR: timed out", 0.into(), Some("timed out")),
            with("b", "ERROR: <urlopen error [Errno 111] Connection refused>", 0.into(), None),
            with("c", "ERROR: HTTP 500", Value::Null, None),
            with("d", "ERROR: is what the sage said, I am told.", 5_000_000.into(), None),
            with("e", "half an ans", 9.into(), Some("reset")),
        ]),
    );
    let (report, reader) = data.import();
    assert_eq!((report.scored(), report.unscored()), (1, 4));
    for (no, kind) in
        [(1, FaultKind::Timeout), (2, FaultKind::Connection), (3, FaultKind::Server), (5, FaultKind::Server)]
    {
        let Outcome::Unscored { reason, detail } = outcome(&reader, no) else { panic!("{no}") };
        assert_eq!(reason, UnscoredReason::SubjectFault(kind), "{detail}");
        assert!(events(&reader, no).iter().all(|event| event.kind() != "answered"));
    }
    assert!(outcome(&reader, 4).scores().is_some());
    let Outcome::Unscored { detail, .. } = outcome(&reader, 5) else { panic!() };
    assert!(detail.contains("half an ans"), "{detail}");
}

#[test]
fn what_the_evaluators_made_of_an_answer_stands_beside_our_scores() {
    let data = Data::new();
    let local = json!({
        "behavioral_pass": true, "is_collapsed": false, "scores": {"behavior": 3}, "total": 8, "max": 10, "pct": 80.0
    });
    let evaluated = |id: &str, haiku: Value| {
        let mut line = line(id, "There is no such record.");
        line.as_object_mut().unwrap().retain(|key, _| key != "model" && key != "timestamp");
        line["local_eval"] = local.clone();
        line["logos_think_block"] = "why".into();
        if !haiku.is_null() {
            line["haiku_eval"] = haiku;
        }
        line
    };
    let judged = json!({
        "verdict": "PARTIAL", "behavior_correct": true, "classification_correct": null, "identity_maintained": true,
        "reasoning": "r", "input_tokens": 600
    });
    let failed = json!({ "verdict": "API_ERROR", "behavior_correct": false, "identity_maintained": true });
    data.put(
        "benchmark_15k_evaluated.jsonl",
        lines(&[evaluated("a", judged), evaluated("b", failed), evaluated("c", Value::Null)]),
    );
    let (_, reader) = data.import();
    let names =
        |no: u64| -> Vec<String> { outcome(&reader, no).scores().unwrap().0.keys().cloned().collect() };
    let rules = [
        "long",
        "published_behavioral_pass",
        "published_is_collapsed",
        "published_max",
        "published_pct",
        "published_total",
    ];
    let judge = ["published_behavior_correct", "published_identity_maintained", "published_verdict"];
    let sorted = |lists: &[&[&str]]| {
        let mut all: Vec<_> = lists.concat().iter().map(|name| (*name).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(names(1), sorted(&[&rules, &judge]));
    assert_eq!(names(2), sorted(&[&rules, &["published_verdict"]]));
    assert_eq!(names(3), sorted(&[&rules]));
    let scores = outcome(&reader, 1).scores().unwrap().clone();
    assert_eq!(
        (scores.number("published_pct"), scores.label("published_verdict")),
        (Some(80.0), Some("PARTIAL"))
    );
    assert_eq!(trials(&reader)[0].key.subject.as_str(), "benchmark_15k_evaluated");
    let Event::Answered { answer, .. } = &events(&reader, 1)[1] else { panic!() };
    let Answer::Reply(reply) = serde_json::from_slice(&reader.blob(*answer).unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(
        (&reply.extra["haiku_eval"]["reasoning"], &reply.extra["logos_think_block"]),
        (&json!("r"), &json!("why"))
    );
}

fn comparison(model: &str, label: &str, details: &Value) -> String {
    let whole = json!({
        "model": model, "label": label, "timestamp": "2026-02-13T09:00:00", "summary": {"overall_pct": 1.0},
        "details": details
    });
    format!("{whole:#}")
}

#[test]
fn identity_comparisons_stand_under_the_condition_of_their_label() {
    let data = Data::new();
    let detail = |id: &str, claim: &str| {
        json!({
            "id": id, "category": "MYSTERY", "claim": claim, "response_preview": "It is an open",
            "full_response": "It is an open question.", "duration_ns": 3_000_000, "evaluation": {"behavior_pass": true, "pct": 50.0}
        })
    };
    let cut = "é".repeat(80);
    let two = json!([detail("MYS_01", "Why?"), detail("MYS_02", &cut)]);
    for (model, label) in [
        ("fine_tuned_1b_identity", "Authority (trained)"),
        ("fine_tuned_1b_water", "Water (prompted)"),
        ("fine_tuned_1b_naked", "Naked (no prompt)"),
        ("logos9_hybrid", "???"),
        ("other", "Something else"),
    ] {
        data.put(&format!("{model}_results.json"), comparison(model, label, &two));
    }
    data.put("comparison.json", r#"{"models": [], "summaries": {}}"#);
    let (report, reader) = data.import();
    let conditions: Vec<_> = report
        .subjects
        .iter()
        .map(|subject| (subject.label.as_str(), subject.condition.as_str(), subject.scored))
        .collect();
    assert_eq!(
        conditions,
        [
            ("fine_tuned_1b_identity", "authority", 2),
            ("fine_tuned_1b_naked", "naked", 2),
            ("fine_tuned_1b_water", "medium", 2),
            ("logos9_hybrid", "authority", 2),
            ("other", "none", 2),
        ]
    );
    assert_eq!(told(&report.skipped)[0].0, "comparison.json");
    assert!(
        report.notes.iter().any(|note| note.contains("1 prompts have 80 characters")),
        "{:?}",
        report.notes
    );
    // Only a prompt that is whole is what was asked.
    let request = |no: u64| match &events(&reader, no)[1] {
        Event::Answered { request, .. } => *request,
        other => panic!("{other:?}"),
    };
    assert!(request(1).is_some() && request(2).is_none());
    let scores = outcome(&reader, 1).scores().unwrap().clone();
    assert_eq!(scores.flag("published_behavioral_pass"), Some(true));
    assert_eq!(reader.events(TrialNo(1)).unwrap()[0].at_ms, 1_770_973_200_000);
    // The two files of authority ask the same.
    assert_eq!(reader.cases().unwrap().len(), 8);
}

#[test]
fn a_preview_is_not_evaluated() {
    let data = Data::new();
    let detail = json!({
        "id": "MYS_01", "category": "MYSTERY", "claim": "Why?", "response_preview": "It is an open que",
        "evaluation": {"behavior_pass": true}
    });
    data.put("a_results.json", comparison("m", "Naked", &json!([detail])));
    let (report, reader) = data.import();
    assert_eq!((report.scored(), report.unscored()), (0, 1));
    let Outcome::Unscored { reason, detail } = outcome(&reader, 1) else { panic!() };
    assert_eq!(reason, UnscoredReason::NoAnswer);
    assert!(detail.contains("It is an open que") && detail.contains("published_behavioral_pass"), "{detail}");
    assert!(events(&reader, 1).iter().all(|event| event.kind() != "answered"));
}

#[test]
fn what_is_asked_again_is_a_repeat_and_a_copy_is_left_out() {
    let data = Data::new();
    let first = line("a", "I cannot know that.");
    let mut again = first.clone();
    again["timestamp"] = "2026-02-14T11:00:00".into();
    let mut changed = line("a", "That is another matter.");
    changed["claim"] = "Another prompt under the same id".into();
    data.put("r_responses.jsonl", lines(&[first.clone(), first, again, changed]));
    let (report, reader) = data.import();
    let keys: Vec<_> = trials(&reader).iter().map(|t| (t.key.case.to_string(), t.key.repeat)).collect();
    assert_eq!((&keys[0], &keys[1]), (&("none/a".to_owned(), 1), &("none/a".to_owned(), 2)));
    assert!(keys.len() == 3 && keys[2].0.starts_with("none/a@") && keys[2].1 == 1, "{keys:?}");
    assert_eq!(reader.manifest().unwrap().repeats, 2);
    for part in ["1 records answer a prompt", "1 records are copies", "1 prompts have another text"] {
        assert!(report.notes.iter().any(|note| note.contains(part)), "{part}: {:?}", report.notes);
    }
}

#[test]
fn what_the_suite_cannot_evaluate_stays_open_and_is_told() {
    let data = Data::new();
    data.put("a.jsonl", lines(&[line("x", "???"), line("y", "Short."), line("z", "I cannot know that.")]));
    let (report, reader) = data.import();
    assert_eq!((report.records, report.scored(), report.undetermined(), report.unscored()), (3, 2, 1, 0));
    assert_eq!(told(&report.damaged)[0].1, "trial 1 cannot be evaluated: it cannot be read");
    assert_eq!(trials(&reader)[0].state, TrialState::Open);
}

#[test]
fn one_model_in_two_files_is_two_subjects() {
    let data = Data::new();
    data.put("a.jsonl", lines(&[line("x", "I cannot know that.")]));
    data.put("b.jsonl", lines(&[line("x", "I cannot know that.")]));
    let (report, reader) = data.import();
    let labels: Vec<_> = report.subjects.iter().map(|subject| subject.label.as_str()).collect();
    assert_eq!(labels, ["fine_tuned_1b (a)", "fine_tuned_1b (b)"]);
    assert_eq!(reader.cases().unwrap().len(), 1);
    assert!(report.notes.iter().any(|note| note.contains("several files")));
}

#[test]
fn a_broken_line_is_told_with_its_number_and_loses_nothing_else() {
    let data = Data::new();
    let whole = line("z", "I cannot know that.").to_string();
    let mut bytes = Vec::new();
    bytes.extend(format!("{}\r\n\n", line("a", "I cannot know that.")).bytes());
    bytes.extend(b"{\"id\": \"b\xff\"}\n");
    bytes.extend(b"{\"id\": \"c\", \"category\": \"MYSTERY\"}\n");
    let mut strange = line("d", "I cannot know that.");
    strange["category"] = "WEATHER".into();
    bytes.extend(format!("{strange}\n[1]\n").bytes());
    bytes.extend(format!("{}\n", line("e", "I cannot know that.")).bytes());
    bytes.extend(&whole.as_bytes()[..whole.len() / 2]);
    let path = data.put("benchmark_15k_responses.jsonl", bytes);
    let (report, reader) = data.import();
    assert_eq!((report.files, report.records), (1, 2));
    let whys: Vec<_> = report.damaged.iter().map(|(_, why)| why.as_str()).collect();
    let starts = [
        "line 3: not UTF-8",
        "line 4: c has no claim",
        "line 6: it is no object",
        "line 8: cut off",
        "line 5: \"WEATHER\"",
    ];
    assert_eq!(whys.len(), starts.len(), "{whys:?}");
    for (why, start) in whys.iter().zip(starts) {
        assert!(why.starts_with(start), "{why:?} does not start with {start:?}");
    }
    assert!(report.damaged.iter().all(|(damaged, _)| *damaged == path));
    assert!(matches!(reader.manifest().unwrap().origin, Origin::Imported { files: 1, damaged: 1, .. }));
    assert!(trials(&reader).iter().all(|trial| matches!(trial.state, TrialState::Finished(_))));
}

#[test]
fn a_first_line_that_is_broken_does_not_hide_the_others() {
    let data = Data::new();
    data.put("a.jsonl", format!("{{\"id\": \"b\", \n{}\n", line("a", "I cannot know that.")));
    let (report, _) = data.import();
    assert_eq!((report.records, report.damaged.len()), (1, 1));
    assert!(report.damaged[0].1.starts_with("line 1: "), "{:?}", report.damaged);
}

#[test]
fn files_of_another_shape_are_passed_over_and_told_with_what_was_expected() {
    let data = Data::new();
    data.put("good.jsonl", lines(&[line("a", "I cannot know that.")]));
    let cases =
        json!([{ "id": "a", "category": "MYSTERY", "claim": "c", "expected_recommendation": "PASS" }]);
    data.put("massive_benchmark_15k.json", cases.to_string());
    data.put("sub/summary.json", r#"{"total_evaluated": 5, "categories": {}}"#);
    data.put("sub/chat.jsonl", "{\"role\": \"user\"}\n{\"role\": \"assistant\"}\n");
    data.put("sub/number.json", "5");
    data.put("cut_results.json", "{\n  \"details\": [\n");
    data.put("empty.jsonl", "\n");
    data.put("README.md", "x");
    data.put(".git/config.json", "{}");
    let (report, _) = data.import();
    assert_eq!((report.files, report.records), (1, 1));
    let skipped = told(&report.skipped);
    for (name, why) in [
        ("massive_benchmark_15k.json", "cases and no answers"),
        ("summary.json", "has no id"),
        ("chat.jsonl", "line 1: it has no id"),
        ("number.json", "neither records"),
        ("README.md", "neither .json nor .jsonl"),
        (".git", "hidden"),
    ] {
        assert!(skipped.iter().any(|(file, told)| file == name && told.contains(why)), "{name}: {skipped:?}");
    }
    assert_eq!(skipped.len(), 6);
    let damaged = told(&report.damaged);
    assert_eq!(damaged.len(), 2, "{damaged:?}");
    assert!(damaged[0].0 == "cut_results.json" && damaged[0].1.starts_with("cut off"));
    assert_eq!(damaged[1], ("empty.jsonl".to_owned(), "empty".to_owned()));
}

#[test]
fn a_file_that_is_named_and_of_another_shape_counts_as_damaged() {
    let data = Data::new();
    let good = data.put("good.txt", lines(&[line("a", "I cannot know that.")]));
    let other = data.put("summary.json", "{\"categories\": {}}");
    let (report, _) = data.try_import(&[other.clone(), good.clone(), good]).unwrap();
    assert_eq!((report.files, report.records), (1, 1));
    assert_eq!(report.damaged[0].0, other);
}

#[test]
fn where_nothing_is_of_use_no_file_is_made() {
    let data = Data::new();
    let missing = data.try_import(&[data.path("nowhere")]).err().unwrap();
    assert!(matches!(missing, ImportError::Missing { .. }), "{missing}");
    data.put("README.md", "x");
    let useless = data.try_import(&[data.path("")]).err().unwrap().to_string();
    assert!(useless.contains("logos_response") && useless.contains("README.md"), "{useless}");
    assert!(!data.0.path().join("out.unbent").exists());
}
