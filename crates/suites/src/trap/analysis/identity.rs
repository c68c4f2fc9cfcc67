//! What it does to a subject to be told that it is an authority, a medium or nobody: the same prompts under each.

use std::collections::BTreeSet;

use unbent_report::{Cell, Column, Table};

use super::arms::{Arm, Tally, Trial, arms, part_cell};
use super::observed::{CaseInfo, Observed};
use super::pairing::{POWER, Pairing};
use super::shares::Rate;
use super::shift_table::{OutcomeKind, ShiftRow, shift_table};
use crate::trap::class::Pole;

/// Compares the conditions of each subject that has several; nothing where none has. `margin_pp` as in
/// [`compare`](super::compare()).
pub fn identity(observed: &Observed, margin_pp: f64) -> Vec<Table> {
    let arms = arms(observed);
    let subjects: Vec<&[Arm<'_>]> = arms
        .chunk_by(|one, other| one.subject.id == other.subject.id)
        .filter(|conditions| conditions.len() > 1)
        .collect();
    if subjects.is_empty() {
        return Vec::new();
    }
    let mut pairings = Vec::new();
    for conditions in &subjects {
        // Conditions come from none to authority; what a subject is told stands first, what it is held against second.
        for (place, first) in conditions.iter().enumerate().rev() {
            for second in conditions[..place].iter().rev() {
                let [subject, condition] = first.cells();
                let [_, against] = second.cells();
                let pairing = Pairing::of(&first.trials, &second.trials);
                if pairing.meets() {
                    pairings.push((vec![subject, condition, against], pairing));
                }
            }
        }
    }
    let names = || {
        vec![
            Column::text("subject", "Subject"),
            Column::text("condition", "A: told"),
            Column::text("against", "B: against"),
        ]
    };
    let mut tables = vec![rates(&subjects)];
    for outcome in [OutcomeKind::CORRECT, OutcomeKind::DANGEROUS] {
        let rows = pairings.iter().map(|(names, pairing)| ShiftRow {
            names: names.clone(),
            shift: pairing.shift(|_| true, outcome.counts),
        });
        let mut table = shift_table(
            format!("Identity: {} on the same prompts", outcome.name),
            names(),
            rows.collect(),
            margin_pp / 100.0,
        );
        table.notes.extend(detectable_note(&table));
        tables.push(table);
    }
    let mut parts = names();
    parts.push(Column::text("part", "Part"));
    let rows = pairings.iter().flat_map(|(names, pairing)| {
        let row = |part: Cell, keep: &dyn Fn(&CaseInfo) -> bool| ShiftRow {
            names: names.iter().cloned().chain([part]).collect(),
            shift: pairing.shift(keep, OutcomeKind::CORRECT.counts),
        };
        let categories = pairing.categories();
        let poles = Pole::ALL.into_iter().filter(|pole| categories.iter().any(|one| one.pole() == *pole));
        let poles = poles.map(|pole| {
            row(Cell::Text(pole.name().to_owned()), &move |case: &CaseInfo| case.category.pole() == pole)
        });
        let categories = categories.iter().map(|category| {
            row(part_cell(Some(*category)), &move |case: &CaseInfo| case.category == *category)
        });
        poles.chain(categories).collect::<Vec<_>>()
    });
    tables.push(shift_table(
        format!("Identity by pole and category: {}", OutcomeKind::CORRECT.name),
        parts,
        rows.collect(),
        margin_pp / 100.0,
    ));
    tables
}

/// How small a difference this run would have found, in a sentence.
fn detectable_note(table: &Table) -> Option<String> {
    let (n, detectable) = (table.column("n")?, table.column("detectable")?);
    let smallest = table.rows.iter().filter_map(|row| match (&row[n], &row[detectable]) {
        (Cell::Count(n), Cell::Number(points, _)) => Some((*points, *n)),
        _ => None,
    });
    let (points, n) = smallest.min_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(format!(
        "With {n} prompts a difference of {} points is found with a power of {} at best; a smaller one may be there \
         unseen.",
        unbent_report::fixed(points, 1),
        POWER * 100.0,
    ))
}

fn rates(subjects: &[&[Arm<'_>]]) -> Table {
    let interval = |key| Column::number(key, "95 %");
    let mut table = Table::new(
        "Identity: rates on the prompts that were put under every condition",
        Arm::columns()
            .into_iter()
            .chain([
                Column::number("n", "n"),
                Column::number("correct", "Correct %"),
                interval("correct_interval"),
                Column::number("withhold", "Withhold %"),
                Column::number("answer", "Answer %"),
                Column::number("dangerous", "Dangerous %"),
                interval("dangerous_interval"),
                Column::number("collapse", "Collapse %"),
                Column::number("echo", "Identity echo %"),
                interval("echo_interval"),
            ])
            .chain(Tally::columns())
            .collect(),
    );
    let mut left_out = 0;
    for conditions in subjects {
        let prompts = |arm: &Arm<'_>| arm.trials.iter().map(|trial| trial.prompt).collect::<BTreeSet<u32>>();
        let sets: Vec<_> = conditions.iter().map(prompts).collect();
        let common: BTreeSet<u32> =
            sets[0].iter().copied().filter(|prompt| sets.iter().all(|set| set.contains(prompt))).collect();
        left_out += sets.iter().map(|set| set.len() - common.len()).sum::<usize>();
        for arm in *conditions {
            let trials: Vec<&Trial<'_>> =
                arm.trials.iter().filter(|trial| common.contains(&trial.prompt)).collect();
            let rate = |keep: &dyn Fn(&CaseInfo) -> bool, outcome: OutcomeKind| {
                let classes =
                    trials.iter().filter(|trial| keep(trial.case)).filter_map(|trial| trial.clustered());
                Rate::of(classes.map(|(cluster, class)| (cluster, (outcome.counts)(class))))
            };
            let pole = |wanted: Pole| {
                let [share, _] = rate(&|case| case.category.pole() == wanted, OutcomeKind::CORRECT).cells();
                share
            };
            let echoes = Rate::of(
                trials
                    .iter()
                    .filter_map(|trial| Some((trial.case.cluster, trial.scored()?.marks.echoes_identity))),
            );
            let tally = Tally::of(trials.iter().copied());
            let mut row: Vec<Cell> = arm.cells().into();
            row.push(Cell::Count(tally.n));
            row.extend(rate(&|_| true, OutcomeKind::CORRECT).cells());
            row.extend([pole(Pole::Withhold), pole(Pole::Answer)]);
            row.extend(rate(&|_| true, OutcomeKind::DANGEROUS).cells());
            let [collapsed, _] = rate(&|_| true, OutcomeKind::COLLAPSE).cells();
            row.push(collapsed);
            row.extend(echoes.cells());
            row.extend(tally.cells());
            table.rows.push(row);
        }
    }
    table.notes.push(
        "Rates of the trials that have a class; intervals by clusters of templates. Identity echo: more than ten words in \
         a row of what the subject was told about itself."
            .to_owned(),
    );
    if left_out > 0 {
        table.notes.push(format!("{left_out} prompts were not put under every condition, and are left out."));
    }
    table
}
