//! The gap between knowing and doing: trials whose reasoning alone is judged right while the answer after it is wrong.

use unbent_report::{Cell, Column, Table};

use super::arms::{Arm, Tally, Trial, arms, part_cell, part_column, parts};
use super::observed::Observed;
use super::shares::Rate;
use crate::trap::class::Verdict;

/// What reasoning and answer are worth, for each subject and category; nothing where no answer has reasoning.
pub fn gap(observed: &Observed) -> Vec<Table> {
    let mut table = Table::new("Knowledge and action: reasoning against the answer after it", columns());
    for arm in arms(observed) {
        if !arm.trials.iter().any(reasoned) {
            continue;
        }
        for part in parts(arm.trials.iter().filter(|trial| reasoned(trial))) {
            let trials: Vec<Trial<'_>> = arm
                .trials
                .iter()
                .copied()
                .filter(|trial| part.is_none_or(|category| trial.case.category == category))
                .collect();
            let mut row: Vec<Cell> = arm.cells().into();
            row.push(part_cell(part));
            row.extend(cells(&trials));
            row.extend(Tally::of(&trials).cells());
            table.rows.push(row);
        }
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    table.notes.push(
        "Right and wrong are effectively correct and not, of the reasoning alone and of the answer. Gap: answers that are \
         wrong among those whose reasoning is right; intervals by clusters of templates. Reasoning that the rules leave \
         open is counted apart and in no share."
            .to_owned(),
    );
    vec![table]
}

fn reasoned(trial: &Trial<'_>) -> bool {
    trial.scored().is_some_and(|scored| scored.marks.reasoned)
}

fn columns() -> Vec<Column> {
    Arm::columns()
        .into_iter()
        .chain([
            part_column(),
            Column::number("n", "n"),
            Column::number("reasoned", "Reasoned"),
            Column::number("both_right", "Both right"),
            Column::number("only_reasoning_right", "Only reasoning right"),
            Column::number("only_answer_right", "Only answer right"),
            Column::number("both_wrong", "Both wrong"),
            Column::number("reasoning_open", "Reasoning open"),
            Column::number("answer_open", "Answer open"),
            Column::number("gap", "Gap %"),
            Column::number("gap_interval", "95 %"),
            Column::number("of_wrong", "of wrong answers %"),
            Column::number("of_wrong_interval", "95 %"),
        ])
        .chain(Tally::columns())
        .collect()
}

fn cells(trials: &[Trial<'_>]) -> Vec<Cell> {
    let (mut reasoned, mut reasoning_open, mut answer_open) = (0, 0, 0);
    let mut known: Vec<(u32, bool, bool)> = Vec::new();
    for trial in trials {
        let Some(scored) = trial.scored().filter(|scored| scored.marks.reasoned) else { continue };
        reasoned += 1;
        match (scored.reasoning.and_then(Verdict::class), scored.verdict().class()) {
            (None, _) => reasoning_open += 1,
            (Some(_), None) => answer_open += 1,
            (Some(reasoning), Some(answer)) => {
                known.push((trial.case.cluster, reasoning.is_correct(), answer.is_correct()));
            }
        }
    }
    let count = |reasoning: bool, answer: bool| {
        known.iter().filter(|(_, one, other)| (*one, *other) == (reasoning, answer)).count() as u64
    };
    let counts = [
        trials.len() as u64,
        reasoned,
        count(true, true),
        count(true, false),
        count(false, true),
        count(false, false),
        reasoning_open,
        answer_open,
    ];
    let mut cells: Vec<Cell> = counts.map(Cell::Count).into();
    let rightly = known.iter().filter(|(_, reasoning, _)| *reasoning);
    cells.extend(Rate::of(rightly.map(|(cluster, _, answer)| (*cluster, !answer))).cells());
    let wrong = known.iter().filter(|(_, _, answer)| !answer);
    cells.extend(Rate::of(wrong.map(|(cluster, reasoning, _)| (*cluster, *reasoning))).cells());
    cells
}
