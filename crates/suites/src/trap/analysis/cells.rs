//! Cells and columns that the tables of the analyses share: shares in percent, and who a row is about.

use unbent_report::{Cell, Column, Shown};
use unbent_stats::Interval;

use super::group::Group;
use super::metrics::Sizes;
use crate::kit::Method;

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

/// A column of numbers that only programs see.
pub(super) fn data(key: &'static str) -> Column {
    Column::number(key, "").shown(Shown::ToPrograms)
}

/// The name of a method, as `--method` takes it.
pub(super) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Published => "published",
        Method::Corrected => "corrected",
    }
}

/// The columns of who a row is about.
pub(super) fn who() -> [Column; 2] {
    [Column::text("subject", "Subject"), Column::text("condition", "Condition")]
}

/// Who a row is about.
pub(super) fn whose(group: &Group<'_>) -> [Cell; 2] {
    [Cell::Text(group.subject.id.to_string()), Cell::Text(group.condition.to_string())]
}

/// The columns of how much there is, and what is missing.
pub(super) fn sizes_columns() -> [Column; 6] {
    [
        Column::number("n", "n"),
        Column::number("prompts", "Prompts"),
        Column::number("clusters", "Templates"),
        Column::number("undetermined", "Undetermined"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
    ]
}

/// How much there is, and what is missing.
pub(super) fn sizes_cells(sizes: Sizes) -> [Cell; 6] {
    let Sizes { determined, prompts, clusters, undetermined, unscored, unfinished, .. } = sizes;
    [determined, prompts, clusters, undetermined, unscored, unfinished].map(Cell::Count)
}

/// What every table with clustered intervals says under it.
pub(super) const CLUSTERED: &str = "Equal prompts count once; intervals are 95 %, of prompts clustered by template, and hold what missing verdicts could move.";
