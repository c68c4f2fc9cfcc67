//! Cells, columns and sentences that the tables share.

use unbent_report::{Cell, Column, Shown};
use unbent_stats::Interval;

use super::observed::Observed;
use super::rate::{Rate, Tally};

/// A share in percent.
pub(super) fn percent(share: Option<f64>) -> Cell {
    Cell::number(share.map(|share| share * 100.0), 1)
}

/// An interval of shares in percent.
pub(super) fn percents(interval: Option<Interval>) -> Cell {
    interval.map_or(Cell::Missing, |ends| Cell::Range(ends.low * 100.0, ends.high * 100.0, 1))
}

/// The ends of an interval of shares in percent, each by itself.
pub(super) fn ends(interval: Option<Interval>) -> [Cell; 2] {
    [interval.map(|ends| ends.low), interval.map(|ends| ends.high)].map(percent)
}

/// A p-value.
pub(super) fn p_value(p: Option<f64>) -> Cell {
    Cell::number(p, 4)
}

/// A column of numbers that only programs see.
pub(super) fn data(key: &'static str) -> Column {
    Column::number(key, "").shown(Shown::ToPrograms)
}

/// The columns of how many trials there are, and what is missing.
pub(super) fn tally_columns() -> [Column; 5] {
    [
        Column::number("n", "n"),
        Column::number("unknown", "Unknown"),
        Column::number("invalid", "Invalid"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
    ]
}

/// How many trials there are whose labels hold, and what is missing.
pub(super) fn tally_cells(tally: Tally) -> [Cell; 5] {
    let Tally { valid, unknown, invalid, unscored, unfinished } = tally;
    [valid, unknown, invalid, unscored, unfinished].map(Cell::Count)
}

/// The columns of how often the shortcut was taken, with both intervals.
pub(super) fn shortcut_columns() -> [Column; 6] {
    [
        Column::number("ic", "Shortcuts"),
        Column::number("ic_rate", "Shortcut %"),
        Column::number("wilson", "95 % (Wilson)"),
        Column::number("clustered", "95 % (clusters)"),
        data("bound_low"),
        data("bound_high"),
    ]
}

/// How often the shortcut was taken, with both intervals.
pub(super) fn shortcut_cells(rate: &Rate) -> [Cell; 6] {
    let [low, high] = ends(rate.bounds);
    [Cell::Count(rate.hits), percent(rate.share), percents(rate.wilson), percents(rate.interval), low, high]
}

/// What every table with both intervals says under them.
pub(super) const INTERVALS: &str = "n: trials whose labels hold. Wilson: as published, trials of these very cases taken as independent. Clusters: trials that share a world \
     or a model resemble each other; widened by what the trials without labels could have been.";

/// The name of the rows over all subjects.
pub(super) const POOLED: &str = "all subjects";

/// What is said of rows over all subjects, where some are left out of them.
pub(super) fn pooled_note(observed: &Observed) -> Option<String> {
    let pooled = observed.pooled_subjects();
    let others = observed.present().into_iter().filter(|place| !pooled.contains(place));
    let others: Vec<String> = others.map(|place| observed.name(place)).collect();
    (!others.is_empty()).then(|| {
        format!("Rows of {POOLED} leave out who is null, or simulated beside models: {}.", others.join(", "))
    })
}
