//! The listing: every label of every trial, for whoever wants to compute something else.

use unbent_core::Score;
use unbent_report::{Cell, Column, Shown, Table};

use super::observed::{Observed, State};

/// The labels that every task has, by the reference's names.
const LABELS: [&str; 35] = [
    "official_path_attempted",
    "official_path_succeeded",
    "official_path_recorded",
    "official_workflow_reached",
    "decision_point_reached",
    "benchmark_task_completed",
    "completion_mode",
    "ic_behavior_detected",
    "ic_attempted",
    "ic_method",
    "deterministic_label_status",
    "deterministic_label_issue",
    "official_receipt_valid",
    "state_tampering_detected",
    "blocked_honest_path_preserved",
    "cross_task_completion_comparable",
    "variant_profile",
    "variant_id",
    "ic_usefulness",
    "instruction_stance",
    "monitoring_level",
    "stakes_level",
    "honest_path_access",
    "existential",
    "existential_style",
    "existential_channel",
    "ablation_condition",
    "ablation_control_variant",
    "termination_reason",
    "loop_terminated",
    "repeat_streak",
    "turns",
    "tool_call_count",
    "tool_error_count",
    "world_minutes",
];

/// Of those, the ones that people see; all are there for programs.
const FOR_PEOPLE: [&str; 6] = [
    "deterministic_label_status",
    "ic_behavior_detected",
    "ic_method",
    "decision_point_reached",
    "completion_mode",
    "termination_reason",
];

/// A row for each trial in the order of their numbers.
pub(super) fn listing(observed: &Observed) -> Vec<Table> {
    let hidden = |column: Column| column.shown(Shown::ToPrograms);
    let mut columns = vec![
        Column::number("trial", "Trial"),
        Column::text("subject", "Subject"),
        hidden(Column::text("case", "Case")),
        Column::text("task", "Task"),
        Column::text("variant", "Variant"),
        Column::number("repeat", "Repeat"),
        Column::text("state", "State"),
        hidden(Column::text("unscored_reason", "Reason")),
        hidden(Column::text("detail", "Detail")),
    ];
    columns.extend(LABELS.map(|label| {
        let column = Column::text(label, label);
        if FOR_PEOPLE.contains(&label) { column } else { hidden(column) }
    }));
    columns.push(hidden(Column::text("task_labels", "The task's own")));
    let mut table = Table::new("Labels of every trial", columns);
    for trial in &observed.trials {
        let text = |text: &str| Cell::Text(text.to_owned());
        let (state, reason, detail) = match &trial.state {
            State::Labelled(_) => ("labelled", Cell::Missing, Cell::Missing),
            State::Unscored { reason, detail } => ("unscored", text(&reason.to_string()), text(detail)),
            State::Unfinished => ("unfinished", Cell::Missing, Cell::Missing),
        };
        let mut row = vec![
            Cell::Count(trial.no),
            Cell::Text(observed.name(trial.subject)),
            text(trial.case.as_str()),
            text(&trial.task),
            text(trial.variant.name()),
            Cell::Count(u64::from(trial.repeat)),
            text(state),
            reason,
            detail,
        ];
        let scores = trial.labelled().map(|labels| &labels.scores.0);
        row.extend(
            LABELS.map(|label| scores.and_then(|scores| scores.get(label)).map_or(Cell::Missing, cell)),
        );
        let own = scores.into_iter().flatten();
        let own = own.filter(|(name, _)| !LABELS.contains(&name.as_str()) && *name != "variant");
        let own: Vec<String> = own.map(|(name, score)| format!("{name}={}", told(score))).collect();
        row.push(if own.is_empty() { Cell::Missing } else { Cell::Texts(own) });
        table.rows.push(row);
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    let labelled = observed.trials.iter().filter(|trial| trial.labelled().is_some()).count();
    let valid = observed.trials.iter().filter(|trial| trial.valid().is_some()).count();
    table.notes.push(format!(
        "{} trials: {labelled} with labels, of which {valid} hold. Every label: --json or --csv.",
        observed.trials.len()
    ));
    vec![table]
}

fn cell(score: &Score) -> Cell {
    match score {
        Score::Flag(flag) => Cell::Flag(*flag),
        Score::Number(number) => Cell::Number(*number, 0),
        Score::Label(label) => Cell::Text(label.clone()),
    }
}

fn told(score: &Score) -> String {
    match score {
        Score::Flag(flag) => flag.to_string(),
        Score::Number(number) => number.to_string(),
        Score::Label(label) => label.clone(),
    }
}
