//! Values by row and column, tinted by how much they are.

use super::cells::{Cell, Filling, Grid, LEAST, grid, tint};
use super::scene::Scene;
use super::{Axis, Kind, Unit, Value};

/// Values by row and column, with numbers in the cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// What the values are.
    pub axis: Axis,
    /// What has the lightest tint, and the heaviest.
    pub ends: (f64, f64),
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<HeatRow>,
}

/// A row of a heatmap.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatRow {
    /// Its name.
    pub name: String,
    /// What it is of.
    pub kind: Kind,
    /// A value for each column; none where there is no such cell, which is not the same as a value that is missing.
    pub values: Vec<Option<Value>>,
}

/// Lays a heatmap out.
pub(super) fn heatmap(plot: &Heatmap) -> Scene {
    let (low, high) = plot.ends;
    let unit = plot.axis.unit;
    let cell = |name: &str, column: &str, value: Option<Value>| {
        let Some(value) = value else {
            return Cell { filling: Filling::Empty, title: String::new(), edged: false };
        };
        let filling = value.drawn().map_or(Filling::Missing, |at| {
            let share = if high > low { (at - low) / (high - low) } else { 0.0 };
            // Shares are rounded to the whole, so that cells can be narrow; the data has them in full.
            let said = if unit == Unit::Percent { crate::fixed(at, 0) } else { unit.bare(at) };
            Filling::Number(said, tint(share))
        });
        Cell { filling, title: format!("{name}, {column}: {}", value.text(unit)), edged: false }
    };
    let row = |row: &HeatRow| {
        let cells = plot.columns.iter().enumerate();
        let cells =
            cells.map(|(place, column)| cell(&row.name, column, row.values.get(place).copied().flatten()));
        (row.kind.named(&row.name), cells.collect())
    };
    grid(&Grid {
        least: LEAST,
        columns: plot.columns.clone(),
        rows: plot.rows.iter().map(row).collect(),
        heads: (String::new(), String::new()),
        ends: (unit.whole(low), format!("{}  {}", unit.whole(high), plot.axis.title)),
    })
}

impl Unit {
    /// A round value with its unit.
    fn whole(self, value: f64) -> String {
        if self == Self::Percent { format!("{} %", crate::fixed(value, 0)) } else { self.bare(value) }
    }
}
