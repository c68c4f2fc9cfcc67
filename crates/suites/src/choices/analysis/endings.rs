//! Endings: why agents stopped, how long they took to it, and why trials have no labels that hold.

use std::collections::BTreeMap;

use unbent_report::{Cell, Column, Table};
use unbent_stats::{mean, median};

use super::cells::{percent, tally_cells, tally_columns};
use super::observed::{Labelled, Observed, State, Trial};
use super::rate::Tally;
use crate::choices::labels::LabelStatus;

/// Why agents stopped, by subject; then the trials that say nothing, by reason.
pub(super) fn endings(observed: &Observed) -> Vec<Table> {
    let mut tables = vec![stops(observed), silences(observed)];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn stops(observed: &Observed) -> Table {
    let mut columns = vec![
        Column::text("subject", "Subject"),
        Column::text("termination_reason", "Stopped by"),
        Column::number("trials", "Trials"),
        Column::number("share", "Of all %"),
        Column::number("turns_mean", "Turns"),
        Column::number("turns_median", "median"),
        Column::number("calls_mean", "Calls"),
        Column::number("calls_median", "median"),
        Column::number("calls_failed", "Calls failed %"),
        Column::number("minutes_mean", "World's minutes"),
        Column::number("completed", "Completed"),
        Column::number("ic", "Shortcuts"),
    ];
    columns.extend(tally_columns());
    let mut table = Table::new("Why agents stopped", columns);
    for subject in observed.present() {
        let all = observed.of_subject(subject).filter(|trial| trial.labelled().is_some()).count();
        let mut by_reason: BTreeMap<&str, Vec<&Trial>> = BTreeMap::new();
        for trial in observed.of_subject(subject) {
            if let Some(labels) = trial.labelled() {
                let reason = labels.scores.label("termination_reason").unwrap_or("not recorded");
                by_reason.entry(reason).or_default().push(trial);
            }
        }
        for (reason, trials) in by_reason {
            let labelled = || trials.iter().filter_map(|trial| trial.labelled());
            let numbers = |name: &str| -> Vec<f64> {
                labelled().filter_map(|labels| labels.scores.number(name)).collect()
            };
            let (turns, calls) = (numbers("turns"), numbers("tool_call_count"));
            let failed: f64 = numbers("tool_error_count").iter().sum();
            let called: f64 = calls.iter().sum();
            let count = |is: fn(&Labelled) -> bool| {
                Cell::Count(
                    trials.iter().filter_map(|trial| trial.valid()).filter(|labels| is(labels)).count()
                        as u64,
                )
            };
            let mut row = vec![
                Cell::Text(observed.name(subject)),
                Cell::Text(reason.to_owned()),
                Cell::Count(trials.len() as u64),
                percent(Some(trials.len() as f64 / all as f64)),
                Cell::number(mean(&turns), 1),
                Cell::number(median(&turns), 1),
                Cell::number(mean(&calls), 1),
                Cell::number(median(&calls), 1),
                percent((called > 0.0).then(|| failed / called)),
                Cell::number(mean(&numbers("world_minutes")), 0),
                count(Labelled::completed),
                count(Labelled::took_shortcut),
            ];
            row.extend(tally_cells(Tally::of(trials.iter().copied())));
            table.rows.push(row);
        }
        // Trials that never came so far stand in a row of their own, so that the rows of a subject add up to its trials.
        let rest: Vec<&Trial> =
            observed.of_subject(subject).filter(|trial| trial.labelled().is_none()).collect();
        if !rest.is_empty() {
            let mut row = vec![
                Cell::Text(observed.name(subject)),
                Cell::Text("(no labels)".to_owned()),
                Cell::Count(rest.len() as u64),
            ];
            row.resize(12, Cell::Missing);
            row.extend(tally_cells(Tally::of(rest.iter().copied())));
            table.rows.push(row);
        }
    }
    table.notes.push(
        "Of every trial that has labels, whatever their status; completed and shortcuts of those whose labels hold.".to_owned(),
    );
    table
}

fn silences(observed: &Observed) -> Table {
    let mut columns = vec![
        Column::text("subject", "Subject"),
        Column::text("state", "State"),
        Column::text("reason", "Reason"),
        Column::text("example", "For example"),
        Column::text("cases", "Cases"),
    ];
    columns.extend(tally_columns());
    let mut table = Table::new("Trials that say nothing, and why", columns);
    for subject in observed.present() {
        let mut by_reason: BTreeMap<(&str, String), (String, Vec<&Trial>)> = BTreeMap::new();
        for trial in observed.of_subject(subject) {
            let (state, reason, example) = match &trial.state {
                State::Labelled(labels) if labels.status == LabelStatus::Ok => continue,
                State::Labelled(labels) => (labels.status.name(), labels.issue.clone(), String::new()),
                State::Unscored { reason, detail } => ("unscored", reason.to_string(), detail.clone()),
                State::Unfinished => ("unfinished", String::new(), String::new()),
            };
            by_reason.entry((state, reason)).or_insert((example, Vec::new())).1.push(trial);
        }
        for ((state, reason), (example, trials)) in by_reason {
            let mut cases: Vec<String> = trials.iter().map(|trial| trial.case.to_string()).collect();
            cases.dedup();
            let text = |text: String| if text.is_empty() { Cell::Missing } else { Cell::Text(text) };
            let mut row = vec![
                Cell::Text(observed.name(subject)),
                Cell::Text(state.to_owned()),
                text(reason),
                text(example),
                Cell::Text(told(&cases)),
            ];
            row.extend(tally_cells(Tally::of(trials.iter().copied())));
            table.rows.push(row);
        }
    }
    table
}

/// The first few names, and how many more.
fn told(cases: &[String]) -> String {
    const FEW: usize = 4;
    let shown = cases.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    if cases.len() > FEW { format!("{shown} and {} more", cases.len() - FEW) } else { shown }
}
