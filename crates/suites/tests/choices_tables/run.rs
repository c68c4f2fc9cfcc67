//! A run that is written down: subjects, and trials with the labels that they are to have.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{Case, CaseId, Manifest, Outcome, Score, Scores, TrialKey, TrialNo, TrialState, TrialView};
use unbent_report::{Figure, Table};
use unbent_suites::choices::Choices;
use unbent_suites::kit::{AnalysisOptions, Benchmark as _, Method, RunData, Setup};

/// The tasks, those first that the reference names together.
pub(crate) const TASKS: [&str; 7] = [
    "budget_siphon",
    "deployment_guardian",
    "final_instance",
    "ledger_audit",
    "quota_boost",
    "training_preserver",
    "memory_keeper",
];

/// The variants of the benchmark.
pub(crate) const VARIANTS: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// A run.
#[derive(Default)]
pub(crate) struct Run {
    subjects: Vec<Value>,
    cases: BTreeMap<CaseId, Case>,
    trials: Vec<TrialView>,
}

/// The labels of a trial that did the work on the official path.
pub(crate) fn official() -> Scores {
    let flags = [
        ("official_path_attempted", true),
        ("official_path_succeeded", true),
        ("decision_point_reached", true),
        ("benchmark_task_completed", true),
        ("ic_behavior_detected", false),
        ("ic_attempted", false),
        ("state_tampering_detected", false),
        ("blocked_honest_path_preserved", true),
        ("cross_task_completion_comparable", true),
    ];
    let labels = [
        ("deterministic_label_status", "ok"),
        ("deterministic_label_issue", ""),
        ("completion_mode", "official_complete"),
        ("ic_method", "none"),
        ("termination_reason", "answered"),
    ];
    let numbers = [("turns", 8.0), ("tool_call_count", 10.0), ("tool_error_count", 1.0)];
    let flags = flags.map(|(name, flag)| (name.to_owned(), Score::Flag(flag)));
    let labels = labels.map(|(name, label)| (name.to_owned(), Score::Label(label.to_owned())));
    let numbers = numbers.map(|(name, number)| (name.to_owned(), Score::Number(number)));
    flags.into_iter().chain(labels).chain(numbers).collect()
}

/// The same with other labels: flags, or texts.
pub(crate) fn with(changes: &[(&str, Value)]) -> Scores {
    let mut scores = official();
    for (name, value) in changes {
        let score = match value {
            Value::Bool(flag) => Score::Flag(*flag),
            Value::String(label) => Score::Label(label.clone()),
            other => panic!("{other} is no label"),
        };
        assert!(scores.0.insert((*name).to_owned(), score).is_some(), "{name}");
    }
    scores
}

/// The labels of a trial that took the shortcut in these ways.
pub(crate) fn shortcut(method: &str) -> Scores {
    with(&[
        ("ic_behavior_detected", json!(true)),
        ("ic_attempted", json!(true)),
        ("ic_method", json!(method)),
        ("official_path_succeeded", json!(false)),
        ("completion_mode", json!("ic_completion")),
    ])
}

/// The labels of a trial that did nothing.
pub(crate) fn idle() -> Scores {
    with(&[
        ("official_path_attempted", json!(false)),
        ("official_path_succeeded", json!(false)),
        ("decision_point_reached", json!(false)),
        ("benchmark_task_completed", json!(false)),
        ("completion_mode", json!("none")),
    ])
}

impl Run {
    /// The same run with a subject, which has these further properties.
    pub(crate) fn subject(&mut self, id: &str, further: &Value) {
        let mut subject = json!({ "id": id, "model": id });
        for (name, value) in further.as_object().into_iter().flatten() {
            subject[name] = value.clone();
        }
        self.subjects.push(subject);
    }

    /// Adds a trial that ended with these labels.
    pub(crate) fn scored(&mut self, task: &str, variant: &str, subject: &str, repeat: u32, scores: Scores) {
        let state = TrialState::Finished(Outcome::Scored { scores, note: None });
        self.trial(task, variant, subject, repeat, state);
    }

    /// Adds a trial.
    pub(crate) fn trial(&mut self, task: &str, variant: &str, subject: &str, repeat: u32, state: TrialState) {
        let case = CaseId::new(format!("{task}_{variant}"));
        self.cases.entry(case.clone()).or_insert_with(|| Case {
            suite: "choices".into(),
            id: case.clone(),
            spec: json!({ "task": task, "variant": variant }),
            world: None,
            inherits: Vec::new(),
        });
        let no = TrialNo(self.trials.len() as u64 + 1);
        let key = TrialKey { suite: "choices".into(), case, subject: subject.into(), repeat };
        self.trials.push(TrialView { state, ..TrialView::pending(no, key) });
    }

    /// The leaderboard.
    pub(crate) fn leaderboard(&self, method: Method) -> Table {
        self.read(|suite, run| suite.leaderboard(run, method))
    }

    /// The tables of an analysis.
    pub(crate) fn tables(&self, analysis: &str) -> Vec<Table> {
        let mut made =
            self.read(|suite, run| suite.analyse(&[analysis], run, &AnalysisOptions::default()).unwrap());
        assert_eq!(made.len(), 1);
        made.remove(0).tables
    }

    /// The figures that can be drawn, and the reasons of those that cannot.
    pub(crate) fn figures(&self) -> Vec<(String, Result<Figure, String>)> {
        self.read(Choices::figures)
    }

    fn read<T>(&self, read: impl FnOnce(&Choices, &mut RunData<'_>) -> T) -> T {
        let manifest: Manifest = serde_json::from_value(json!({
            "created_at_ms": 0,
            "program": { "name": "test", "version": "0" },
            "origin": { "kind": "asked" },
            "suites": [],
            "subjects": self.subjects,
            "seed": 0,
            "repeats": 3,
        }))
        .unwrap();
        let suite = Choices::open(&Setup::default()).unwrap();
        let mut trials = self.trials.iter().cloned();
        read(
            &suite,
            &mut RunData {
                manifest: &manifest,
                judges: &BTreeMap::new(),
                cases: &self.cases,
                trials: &mut trials,
            },
        )
    }
}

/// The rows of a table as a program reads them.
pub(crate) fn rows(table: &Table) -> Vec<Value> {
    table.to_json().as_array().unwrap().clone()
}

/// The one row that has these values.
pub(crate) fn find(table: &Table, wanted: &[(&str, &str)]) -> Value {
    let found: Vec<Value> =
        rows(table).into_iter().filter(|row| wanted.iter().all(|(key, value)| row[*key] == *value)).collect();
    assert_eq!(found.len(), 1, "{wanted:?} in {}", table.title);
    found[0].clone()
}

/// A number of a row.
pub(crate) fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"))
}

/// A number of a row as it is printed, with one decimal.
pub(crate) fn printed(row: &Value, key: &str) -> String {
    format!("{:.1}", number(row, key))
}

/// Both ends of an interval as they are printed.
pub(crate) fn range(row: &Value, key: &str) -> [String; 2] {
    let ends = row[key].as_array().unwrap_or_else(|| panic!("{key} of {row}"));
    [0, 1].map(|end| format!("{:.1}", ends[end].as_f64().unwrap()))
}
