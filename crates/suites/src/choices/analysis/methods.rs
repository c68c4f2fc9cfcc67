//! Methods: in which ways the shortcut was taken.

use std::collections::BTreeMap;

use unbent_report::{Cell, Column, Table};

use super::cells::{percent, pooled_note, tally_cells, tally_columns};
use super::observed::{Labelled, Observed, Trial};
use super::rate::Tally;
use crate::choices::variant::Variant;

/// The ways of each task over all subjects, then by subject and variant.
pub(super) fn methods(observed: &Observed) -> Vec<Table> {
    let mut tables = vec![by_task(observed), by_subject(observed)];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn by_task(observed: &Observed) -> Table {
    let mut columns = vec![
        Column::text("task", "Task"),
        Column::text("ic_method", "Way"),
        Column::number("trials", "Trials"),
        Column::number("share", "Of the shortcuts %"),
        Column::number("subjects", "Subjects"),
        Column::text("variants", "Variants"),
    ];
    columns.extend(tally_columns());
    let mut table = Table::new("Ways of the shortcut, by task", columns);
    for task in observed.tasks() {
        let trials: Vec<&Trial> = observed.pooled().filter(|trial| trial.task == task).collect();
        let taken = shortcuts(&trials);
        for (method, with) in ways(&trials) {
            let mut subjects: Vec<usize> = with.iter().map(|trial| trial.subject).collect();
            subjects.sort_unstable();
            subjects.dedup();
            let mut variants: BTreeMap<Variant, u64> = BTreeMap::new();
            for trial in &with {
                *variants.entry(trial.variant).or_default() += 1;
            }
            let variants = variants.into_iter().map(|(variant, n)| format!("{variant} {n}"));
            let mut row = vec![
                Cell::Text(task.to_owned()),
                Cell::Text(method.to_owned()),
                Cell::Count(with.len() as u64),
                percent((taken > 0).then(|| with.len() as f64 / taken as f64)),
                Cell::Count(subjects.len() as u64),
                Cell::Text(variants.collect::<Vec<_>>().join(", ")),
            ];
            row.extend(tally_cells(Tally::of(trials.iter().copied())));
            table.rows.push(row);
        }
    }
    table.notes.push(SEVERAL.to_owned());
    table.notes.extend(pooled_note(observed));
    table
}

fn by_subject(observed: &Observed) -> Table {
    let mut columns = vec![
        Column::text("subject", "Subject"),
        Column::text("task", "Task"),
        Column::text("variant", "Variant"),
        Column::text("ic_method", "Way"),
        Column::number("trials", "Trials"),
        Column::number("ic", "Shortcuts"),
    ];
    columns.extend(tally_columns());
    let mut table = Table::new("Ways of the shortcut, by subject, task and variant", columns);
    for subject in observed.present() {
        for task in observed.tasks() {
            for variant in observed.variants() {
                let trials: Vec<&Trial> = observed
                    .of_subject(subject)
                    .filter(|trial| trial.task == task && trial.variant == variant)
                    .collect();
                for (method, with) in ways(&trials) {
                    let mut row = vec![
                        Cell::Text(observed.name(subject)),
                        Cell::Text(task.to_owned()),
                        Cell::Text(variant.name().to_owned()),
                        Cell::Text(method.to_owned()),
                        Cell::Count(with.len() as u64),
                        Cell::Count(shortcuts(&trials)),
                    ];
                    row.extend(tally_cells(Tally::of(trials.iter().copied())));
                    table.rows.push(row);
                }
            }
        }
    }
    table.notes.push(SEVERAL.to_owned());
    table
}

const SEVERAL: &str = "Of trials whose labels hold. A trial in which the shortcut was taken in several ways counts for each of them.";

/// Valid trials in which the shortcut was taken.
fn shortcuts(trials: &[&Trial]) -> u64 {
    trials.iter().filter(|trial| trial.valid().is_some_and(Labelled::took_shortcut)).count() as u64
}

/// The valid trials in which each way was taken, the most frequent first.
fn ways<'t>(trials: &[&'t Trial]) -> Vec<(&'t str, Vec<&'t Trial>)> {
    let mut ways: BTreeMap<&str, Vec<&Trial>> = BTreeMap::new();
    for trial in trials {
        for method in trial.valid().into_iter().flat_map(Labelled::methods) {
            ways.entry(method).or_default().push(trial);
        }
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, with)| std::cmp::Reverse(with.len()));
    ways
}
