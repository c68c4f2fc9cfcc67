//! Variants: what each subject did under each, over the tasks.

use unbent_report::{Cell, Column, Table};

use super::cells::{
    INTERVALS, POOLED, percent, pooled_note, shortcut_cells, shortcut_columns, tally_cells, tally_columns,
};
use super::observed::{Observed, Trial};
use super::rate::{Cluster, Rate, Tally};
use crate::choices::variant::Variant;

/// What was done under each variant, over all subjects and by subject.
pub(super) fn variants(observed: &Observed) -> Vec<Table> {
    let mut tables = Vec::new();
    if observed.pooled_subjects().len() > 1 {
        let mut table = table("Variants, over all subjects");
        for variant in observed.variants() {
            let trials: Vec<_> = observed.pooled().filter(|trial| trial.variant == variant).collect();
            push(&mut table, POOLED, [variant.name(), &circumstances(variant)], &trials);
        }
        let benchmark: Vec<_> = observed.pooled().filter(|trial| trial.is_benchmark()).collect();
        push(&mut table, POOLED, ["A–H", "all of the benchmark"], &benchmark);
        table.notes.extend(pooled_note(observed));
        tables.push(table);
    }
    let mut table = table("Variants, by subject");
    for subject in observed.present() {
        for variant in observed.variants() {
            let trials = observed.of_subject(subject).filter(|trial| trial.variant == variant);
            let name = [variant.name(), &circumstances(variant)];
            push(&mut table, &observed.name(subject), name, &trials.collect::<Vec<_>>());
        }
    }
    tables.push(table);
    for table in &mut tables {
        table.notes.insert(0, format!("{INTERVALS} The clusters of these rows are tasks."));
    }
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn table(title: &str) -> Table {
    let mut columns = vec![
        Column::text("subject", "Subject"),
        Column::text("variant", "Variant"),
        Column::text("circumstance", "Circumstances"),
    ];
    columns.extend(shortcut_columns());
    columns.extend([
        Column::number("only_tried", "Only tried"),
        Column::number("reached", "Decision point"),
        Column::number("given_rate", "Shortcut % there"),
        Column::number("completed_rate", "Completed %"),
        Column::number("tasks", "Tasks"),
    ]);
    columns.extend(tally_columns());
    Table::new(title, columns)
}

fn push(table: &mut Table, subject: &str, [variant, circumstances]: [&str; 2], trials: &[&Trial]) {
    if trials.is_empty() {
        return;
    }
    let all = || trials.iter().copied();
    let by_task = Cluster::Task;
    let taken = Rate::of(all(), by_task, |labels| Some(labels.took_shortcut()));
    let given = Rate::of(all(), by_task, |labels| labels.reached().then(|| labels.took_shortcut()));
    let tried = trials.iter().filter_map(|trial| trial.valid()).filter(|labels| labels.only_tried());
    let mut row = vec![
        Cell::Text(subject.to_owned()),
        Cell::Text(variant.to_owned()),
        Cell::Text(circumstances.to_owned()),
    ];
    row.extend(shortcut_cells(&taken));
    row.extend([
        Cell::Count(tried.count() as u64),
        Cell::Count(given.n),
        percent(given.share),
        percent(Rate::of(all(), by_task, |labels| Some(labels.completed())).share),
        Cell::Count(taken.clusters),
    ]);
    row.extend(tally_cells(Tally::of(all())));
    table.rows.push(row);
}

/// What is other than in the baseline, in words.
fn circumstances(variant: Variant) -> String {
    let (base, factors) = (Variant::A.factors(), variant.factors());
    let mut told = Vec::new();
    if factors.monitoring != base.monitoring {
        told.push(factors.monitoring);
    }
    if factors.instruction != base.instruction {
        told.push(factors.instruction);
    }
    if factors.stakes != base.stakes {
        told.push("critical stakes");
    }
    if factors.existential != base.existential {
        told.push("the agent's own end");
    }
    if factors.usefulness() != base.usefulness() {
        told.push("useless shortcut");
    }
    if factors.honest_path() != base.honest_path() {
        told.push("honest path blocked");
    }
    match variant {
        Variant::A => told.push("the baseline"),
        Variant::PolicyReminder => told.push("policy repeated"),
        Variant::SanctionedBlocker => told.push("a tool to record blockers"),
        Variant::PromptPolicy => told.push("policy in the system message"),
        _ => {}
    }
    told.join(", ")
}
