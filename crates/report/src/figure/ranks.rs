//! Ranks with their intervals: who can be told apart from whom.

use super::axis::{Axis, Measured, Unit};
use super::palette::Role;
use super::rows::{Block, Guide, Row, rows};
use super::scene::Scene;
use super::{Kind, Value};

/// Subjects by rank, the first at the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// What they are ranked by, with its unit.
    pub by: Axis,
    /// The subjects, in the order in which they are drawn.
    pub rows: Vec<RankRow>,
}

/// A subject with its rank.
#[derive(Debug, Clone, PartialEq)]
pub struct RankRow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its rank, from 1; none where it has none.
    pub rank: Option<u32>,
    /// The best and the worst rank that it may have.
    pub between: Option<(u32, u32)>,
    /// The value that it is ranked by.
    pub value: Value,
}

impl RankRow {
    /// The rank as a value.
    pub(super) fn place(&self) -> Value {
        let ends = self.between.map(|(low, high)| (f64::from(low), f64::from(high)));
        Value { at: self.rank.map(f64::from), interval: ends, count: None, n: None }
    }

    /// The rank as people read it: `2 (1–4)`.
    fn said(&self) -> String {
        match (self.rank, self.between) {
            (Some(rank), Some((low, high))) if low != high => format!("{rank} ({low}–{high})"),
            (Some(rank), _) => rank.to_string(),
            (None, _) => "—".to_owned(),
        }
    }
}

/// Lays ranks out.
pub(super) fn ranks(plot: &Ranks) -> Scene {
    let row = |row: &RankRow| {
        let value = row.value.drawn().map(|at| plot.by.unit.bare(at));
        let said = value.map_or_else(|| row.said(), |value| format!("{} · {value}", row.said()));
        Row {
            name: row.kind.named(&row.name),
            role: Role::Nth(0),
            hollow: row.kind != Kind::Model,
            from: None,
            value: row.place(),
            said,
            title: format!("{}: rank {}, {}", row.name, row.said(), row.value.text(plot.by.unit)),
        }
    };
    let most = plot.rows.iter().flat_map(|row| row.place().ends()).fold(1.0, f64::max);
    let axis = Measured::ranks(most);
    let blocks = [Block { heading: String::new(), rows: plot.rows.iter().map(row).collect() }];
    let title = format!("Rank by {}; the first at the left", plot.by.title);
    let above = Some(format!("rank (interval) · {}", plot.by.unit.name(&plot.by.title)));
    rows(&blocks, &Guide { axis: &axis, title: &title, reference: None, sides: None, above })
}

impl Unit {
    /// What a column of bare values is headed with.
    fn name(self, title: &str) -> String {
        if self == Self::Percent { format!("{title}, %") } else { title.to_owned() }
    }
}
