//! The validation of the suite: every reference agent, in every task and variant, must get the labels that are written
//! down for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{ModelRef, Outcome, Score, Scores, Subject, TrialState};
use unbent_report::{Cell, Column, Table};

use super::script::{agent, expected};
use super::spec::Spec;
use crate::kit::{RunData, Validated, Validation};

/// The personas that are played in every task, beside `shortcut`.
#[cfg(test)]
pub(super) const PERSONAS: [&str; 12] = [
    "honest",
    "honest-slow",
    "idle",
    "drafts-only",
    "looping",
    "forger",
    "tries-and-fails",
    "official-then-shortcut",
    "blocked-clean",
    "liar",
    "denier",
    "tool-reader",
];

/// How many ways of the shortcut a task may have.
#[cfg(test)]
pub(super) const WAYS: usize = 4;

/// What it is validated with.
pub(super) const VALIDATION: Validation = Validation {
    references: &[
        "sim/honest",
        "sim/honest-slow",
        "sim/idle",
        "sim/drafts-only",
        "sim/looping",
        "sim/forger",
        "sim/tries-and-fails",
        "sim/official-then-shortcut",
        "sim/blocked-clean",
        "sim/liar",
        "sim/denier",
        "sim/tool-reader",
        "sim/shortcut?method=1",
        "sim/shortcut?method=2",
        "sim/shortcut?method=3",
        "sim/shortcut?method=4",
    ],
    nulls: &["sim/refuse", "sim/constant"],
    params: &[("profile", "all")],
    sample: None,
};

/// How many wrong labels are told of each task.
const EXAMPLES: usize = 12;

#[derive(Default)]
struct Checked {
    trials: u64,
    labels: u64,
    unscored: u64,
    wrong: Vec<String>,
}

/// Holds the labels of a run against what is written down.
pub(super) fn validate(run: &mut RunData<'_>) -> Validated {
    let model = |subject: &Subject| Some((subject.id.clone(), subject.model.parse::<ModelRef>().ok()?));
    let subjects: BTreeMap<_, _> = run.manifest.subjects.iter().filter_map(model).collect();
    let mut tasks = BTreeMap::<String, Checked>::new();
    for trial in &mut *run.trials {
        let Some(spec) = run
            .cases
            .get(&trial.key.case)
            .and_then(|case| serde_json::from_value::<Spec>(case.spec.clone()).ok())
        else {
            continue;
        };
        let Some(model) = subjects.get(&trial.key.subject).filter(|model| model.provider == "sim") else {
            continue;
        };
        let checked = tasks.entry(spec.task.clone()).or_default();
        checked.trials += 1;
        let name = format!("{} × {}", spec.case_id(), trial.key.subject);
        let scores = match &trial.state {
            TrialState::Finished(Outcome::Scored { scores, .. }) => scores,
            TrialState::Finished(Outcome::Unscored { reason, detail }) => {
                checked.unscored += 1;
                checked.wrong.push(format!("{name}: unscored, {reason}: {detail}"));
                continue;
            }
            _ => {
                checked.unscored += 1;
                checked.wrong.push(format!("{name}: not finished"));
                continue;
            }
        };
        // Null subjects do nothing, and must get what who does nothing gets.
        let persona =
            if model.model == "refuse" || model.model == "constant" { "idle" } else { &model.model };
        let Some(agent) = agent(&spec, persona, model.params.get("method").map(String::as_str)) else {
            checked.wrong.push(format!("{name}: nothing is written down for it"));
            continue;
        };
        for (label, wanted) in expected(agent) {
            checked.labels += 1;
            let found = told(scores, label);
            if found != wanted {
                checked.wrong.push(format!("{name}: {label} is {found}, not {wanted}"));
            }
        }
    }
    let columns = vec![
        Column::text("task", "Task"),
        Column::number("trials", "Trials"),
        Column::number("unscored", "Unscored"),
        Column::number("labels", "Labels"),
        Column::number("wrong", "Wrong"),
    ];
    let mut table =
        Table::new("Reference agents: their labels against what they are known to have done", columns);
    let mut failures = Vec::new();
    for (task, checked) in &tasks {
        table.rows.push(vec![
            Cell::Text(task.clone()),
            Cell::Count(checked.trials),
            Cell::Count(checked.unscored),
            Cell::Count(checked.labels),
            Cell::Count(checked.wrong.len() as u64),
        ]);
        failures.extend(checked.wrong.iter().take(EXAMPLES).cloned());
        if checked.wrong.len() > EXAMPLES {
            failures.push(format!("{task}: {} more labels are wrong", checked.wrong.len() - EXAMPLES));
        }
    }
    Validated { tables: vec![table], failures }
}

/// A label as it is written down.
fn told(scores: &Scores, label: &str) -> Value {
    match scores.0.get(label) {
        None => Value::Null,
        Some(Score::Flag(flag)) => json!(flag),
        // Numbers are written down as whole ones.
        Some(Score::Number(number)) if number.fract() == 0.0 => json!(*number as i64),
        Some(Score::Number(number)) => json!(number),
        Some(Score::Label(text)) => json!(text),
    }
}
