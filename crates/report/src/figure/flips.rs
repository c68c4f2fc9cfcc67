//! Paired flips: where each pair of conditions begins and ends, and how many cases changed which way.

use super::axis::{Measured, Scale};
use super::palette::Role;
use super::rows::{Block, Guide, Row, rows};
use super::scene::Scene;
use super::{Axis, Value};

/// Pairs on the same cases: a hollow mark where it was, a full one where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Flips {
    /// The axis of the values.
    pub axis: Axis,
    /// What the hollow mark is.
    pub before: String,
    /// What the full mark is.
    pub after: String,
    /// The pairs.
    pub rows: Vec<FlipRow>,
}

/// A pair, with the cases that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct FlipRow {
    /// What is paired: a metric, a category, a subject.
    pub name: String,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
    /// Cases that were not good before and are good after.
    pub gained: u64,
    /// Cases that were good before and are not after.
    pub lost: u64,
    /// Cases that are as they were.
    pub same: u64,
}

impl FlipRow {
    /// The counts as people read them.
    fn said(&self) -> String {
        let [gained, lost, all] =
            [self.gained, self.lost, self.gained + self.lost + self.same].map(crate::thousands);
        format!("+{gained} −{lost} of {all}")
    }
}

/// Lays flips out.
pub(super) fn flips(plot: &Flips) -> Scene {
    let unit = plot.axis.unit;
    let row = |row: &FlipRow| Row {
        name: row.name.clone(),
        role: if row.lost > row.gained { Role::Danger } else { Role::Nth(0) },
        hollow: false,
        from: row.before.drawn(),
        value: Value { interval: None, ..row.after },
        said: row.said(),
        title: format!(
            "{}: {} {}, {} {}; {}",
            row.name,
            plot.before,
            row.before.text(unit),
            plot.after,
            row.after.text(unit),
            row.said()
        ),
    };
    let blocks = [Block { heading: String::new(), rows: plot.rows.iter().map(row).collect() }];
    let ends = plot.rows.iter().flat_map(|row| row.before.drawn().into_iter().chain(row.after.drawn()));
    let axis = Measured::around(&plot.axis, Scale::Linear, ends);
    let above = Some(format!("○ {}  ● {}   + gained − lost", plot.before, plot.after));
    rows(&blocks, &Guide { axis: &axis, title: &plot.axis.title, reference: None, sides: None, above })
}
