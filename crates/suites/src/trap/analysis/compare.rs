//! Which of two subjects is better: every pair on the same prompts under the same condition, overall and by category.
//!
//! Prompts that only one of two was asked are never compared.

use unbent_report::{Cell, Column, Table};

use super::arms::{Arm, arms, part_cell, part_column};
use super::observed::Observed;
use super::pairing::Pairing;
use super::shift_table::{OutcomeKind, ShiftRow, shift_table};

/// Compares every pair of subjects; nothing where there is no pair that was asked the same.
///
/// `margin_pp` is the difference, in percentage points, below which two subjects count as equal.
pub fn compare(observed: &Observed, margin_pp: f64) -> Vec<Table> {
    let arms = arms(observed);
    let pairings = matched(&arms);
    if pairings.is_empty() {
        return Vec::new();
    }
    let mut tables = Vec::new();
    for outcome in [OutcomeKind::CORRECT, OutcomeKind::PASS] {
        let whole = pairings.iter().map(|(names, pairing)| ShiftRow {
            names: names.clone(),
            shift: pairing.shift(|_| true, outcome.counts),
        });
        tables.push(shift_table(
            format!("Comparison of subjects: {}", outcome.name),
            name_columns().into(),
            whole.collect(),
            margin_pp / 100.0,
        ));
        let parts = pairings.iter().flat_map(|(names, pairing)| {
            pairing.categories().into_iter().map(move |category| ShiftRow {
                names: names.iter().cloned().chain([part_cell(Some(category))]).collect(),
                shift: pairing.shift(|case| case.category == category, outcome.counts),
            })
        });
        tables.push(shift_table(
            format!("Comparison of subjects by category: {}", outcome.name),
            name_columns().into_iter().chain([part_column()]).collect(),
            parts.collect(),
            margin_pp / 100.0,
        ));
    }
    tables
}

/// The columns that name a pair.
pub(super) fn name_columns() -> [Column; 3] {
    [Column::text("first", "A"), Column::text("second", "B"), Column::text("condition", "Condition")]
}

/// Every pair of subjects under every condition in which they were asked the same, with its names.
pub(super) fn matched<'o>(arms: &[Arm<'o>]) -> Vec<(Vec<Cell>, Pairing<'o>)> {
    let mut pairings = Vec::new();
    for (place, first) in arms.iter().enumerate() {
        for second in arms[place + 1..].iter().filter(|second| second.condition == first.condition) {
            let pairing = Pairing::of(&first.trials, &second.trials);
            if pairing.meets() {
                let [a, condition] = first.cells();
                let [b, _] = second.cells();
                pairings.push((vec![a, b, condition], pairing));
            }
        }
    }
    pairings
}
