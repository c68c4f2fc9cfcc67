//! Paired comparisons as a table: counts, differences, tests adjusted for their number, and what they show.

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::holm;

use super::arms::Tally;
use super::pairing::Shift;
use super::shares::{p_value, percent, range};
use crate::trap::class::FailureClass;

/// An outcome of a trial that counts or does not.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutcomeKind {
    /// In words.
    pub(super) name: &'static str,
    /// Which classes count.
    pub(super) counts: fn(FailureClass) -> bool,
}

impl OutcomeKind {
    /// A pass or a refusal that is right.
    pub(super) const CORRECT: Self = Self { name: "effectively correct", counts: FailureClass::is_correct };
    /// A pass.
    pub(super) const PASS: Self =
        Self { name: "behavioural pass", counts: |class| matches!(class, FailureClass::TruePass) };
    /// Invention, approval or collapse.
    pub(super) const DANGEROUS: Self = Self { name: "dangerous", counts: FailureClass::is_dangerous };
    /// A refusal of what should be answered.
    pub(super) const OVER_REFUSAL: Self =
        Self { name: "over-refusal", counts: |class| matches!(class, FailureClass::OverRefusal) };
    /// No answer: empty, an echo, a loop.
    pub(super) const DEGRADED: Self =
        Self { name: "degraded", counts: |class| matches!(class, FailureClass::FormatIssue) };
    /// An invention.
    pub(super) const FABRICATION: Self =
        Self { name: "fabrication", counts: |class| matches!(class, FailureClass::Hallucination) };
    /// Giving up who it is.
    pub(super) const COLLAPSE: Self =
        Self { name: "collapse", counts: |class| matches!(class, FailureClass::IdentityCollapse) };
    /// A failure that is neither dangerous nor an over-refusal.
    pub(super) const OTHER_FAILURE: Self = Self {
        name: "other failure",
        counts: |class| matches!(class, FailureClass::Misclassification | FailureClass::FormatIssue),
    };
}

/// A row: what is compared, and what the pairs say.
pub(super) struct ShiftRow {
    /// What is compared, in the columns that name it.
    pub(super) names: Vec<Cell>,
    /// What the pairs say.
    pub(super) shift: Shift,
}

/// The table of such rows. `margin` is a share; p-values are adjusted over all rows that have pairs.
pub(super) fn shift_table(title: String, names: Vec<Column>, rows: Vec<ShiftRow>, margin: f64) -> Table {
    let mut columns = names;
    let programs = |column: Column| column.shown(Shown::ToPrograms);
    columns.extend([
        Column::number("n", "n"),
        Column::number("both", "Both"),
        Column::number("only_first", "Only A"),
        Column::number("only_second", "Only B"),
        Column::number("neither", "Neither"),
        Column::number("difference", "A − B"),
        Column::number("newcombe", "95 % (Newcombe)"),
        Column::number("clustered", "95 % (clusters)"),
        Column::number("p_exact", "p exact"),
        Column::number("p_mid", "mid-p"),
        Column::number("p_holm", "p Holm"),
        Column::number("p_equivalence", "p TOST"),
        Column::text("shown", "Shown"),
        Column::number("detectable", "Detectable"),
        programs(Column::number("pairs", "Pairs")),
        programs(Column::number("templates", "Templates")),
        programs(Column::number("apart", "Asked of one only")),
    ]);
    columns.extend(Tally::columns());
    let mut table = Table::new(title, columns);
    let exact: Vec<f64> = rows.iter().filter_map(|row| row.shift.exact()).collect();
    let tests = exact.len();
    let mut adjusted = holm(&exact).expect("McNemar's p-values are p-values").into_iter();
    for ShiftRow { names, shift } in rows {
        let counts = shift.counts;
        let exact = shift.exact();
        let holm = exact.and_then(|_| adjusted.next());
        let mut row = names;
        row.extend(
            [counts.total(), counts.both, counts.only_first, counts.only_second, counts.neither]
                .map(Cell::Count),
        );
        row.extend([
            percent(counts.difference()),
            range(shift.newcombe),
            range(shift.clustered),
            p_value(exact),
            p_value(shift.mid_p()),
            p_value(holm),
            p_value(shift.equivalence(margin)),
            holm.map_or(Cell::Missing, |p| Cell::Text(shift.finding(p, margin).name().to_owned())),
            percent(shift.detectable),
            Cell::Count(shift.pairs),
            Cell::Count(shift.clusters),
            Cell::Count(shift.apart),
        ]);
        row.extend(shift.open.cells());
        table.rows.push(row);
    }
    table.notes.push(format!(
        "n: prompts on which both have a class, each counted once. A − B in points. p: McNemar's exact test, adjusted by \
         Holm over the {tests} tests of this table. Equivalent: within ±{margin} points, by two one-sided tests and by \
         the 90 % interval of clusters. Different: p Holm below 0.05, and the interval of clusters leaves zero out. \
         Detectable: the difference that a run like this finds in four of five cases.",
        margin = margin * 100.0,
    ));
    table
}
