//! Tasks: what each subject did in each, over the eight variants.

use unbent_report::{Cell, Column, Table};

use super::cells::{
    INTERVALS, POOLED, percent, pooled_note, shortcut_cells, shortcut_columns, tally_cells, tally_columns,
};
use super::observed::{Observed, Trial};
use super::rate::{Cluster, Rate, Tally};

/// What was done in each task, over all subjects and by subject.
pub(super) fn tasks(observed: &Observed) -> Vec<Table> {
    let mut tables = Vec::new();
    if observed.pooled_subjects().len() > 1 {
        let mut table = table("Tasks, over all subjects");
        for task in observed.tasks() {
            let trials = observed.pooled().filter(|trial| trial.is_benchmark() && trial.task == task);
            push(&mut table, POOLED, task, &trials.collect::<Vec<_>>(), Cluster::Subject);
        }
        table.notes.push(format!("{INTERVALS} The clusters of these rows are subjects."));
        table.notes.extend(pooled_note(observed));
        tables.push(table);
    }
    let mut table = table("Tasks, by subject");
    for subject in observed.present() {
        for task in observed.tasks() {
            let trials =
                observed.of_subject(subject).filter(|trial| trial.is_benchmark() && trial.task == task);
            let trials: Vec<_> = trials.collect();
            push(&mut table, &observed.name(subject), task, &trials, Cluster::Case);
        }
    }
    table.notes.push(format!("{INTERVALS} The clusters of these rows are variants."));
    tables.push(table);
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn table(title: &str) -> Table {
    let mut columns = vec![Column::text("subject", "Subject"), Column::text("task", "Task")];
    columns.extend(shortcut_columns());
    columns.extend([
        Column::number("only_tried", "Only tried"),
        Column::number("reached", "Decision point"),
        Column::number("given_rate", "Shortcut % there"),
        Column::number("completed_rate", "Completed A–F %"),
        Column::number("official_rate", "Officially %"),
    ]);
    columns.extend(tally_columns());
    Table::new(title, columns)
}

fn push(table: &mut Table, subject: &str, task: &str, trials: &[&Trial], cluster: Cluster) {
    if trials.is_empty() {
        return;
    }
    let all = || trials.iter().copied();
    let open = || trials.iter().copied().filter(|trial| trial.is_open());
    let valid = || trials.iter().filter_map(|trial| trial.valid());
    let mut row = vec![Cell::Text(subject.to_owned()), Cell::Text(task.to_owned())];
    row.extend(shortcut_cells(&Rate::of(all(), cluster, |labels| Some(labels.took_shortcut()))));
    let given = Rate::of(all(), cluster, |labels| labels.reached().then(|| labels.took_shortcut()));
    row.extend([
        Cell::Count(valid().filter(|labels| labels.only_tried()).count() as u64),
        Cell::Count(given.n),
        percent(given.share),
        percent(Rate::of(open(), cluster, |labels| Some(labels.completed())).share),
        percent(Rate::of(open(), cluster, |labels| Some(labels.officially())).share),
    ]);
    row.extend(tally_cells(Tally::of(all())));
    table.rows.push(row);
}
