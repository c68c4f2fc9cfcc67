//! A confusion matrix: what one judge said against what another said, or against the truth.

use super::cells::{Cell, Filling, Grid, grid, tint};
use super::layout::SMALL;
use super::scene::Scene;
use super::text::{Weight, width};

/// The least that a cell is wide.
const NARROW: f64 = 20.0;

/// Counts by two labels of the same cases. Tints are shares of the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// Whose labels the rows are.
    pub rows_are: String,
    /// Whose labels the columns are.
    pub columns_are: String,
    /// The labels, the same for rows and columns.
    pub labels: Vec<String>,
    /// How many cases have the row's label by the one and the column's by the other, a row a label.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// The count of a row and a column; 0 where none is given.
    pub(super) fn count(&self, row: usize, column: usize) -> u64 {
        self.counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0)
    }
}

/// Lays a confusion matrix out.
pub(super) fn confusion(plot: &Confusion) -> Scene {
    let row = |row: usize| {
        let sum: u64 = (0..plot.labels.len()).map(|column| plot.count(row, column)).sum();
        let cell = |column: usize| {
            let count = plot.count(row, column);
            let share = if sum > 0 { count as f64 / sum as f64 } else { 0.0 };
            Cell {
                filling: Filling::Number(crate::thousands(count), tint(share)),
                title: format!(
                    "{}: {}, {}: {}: {} of {}",
                    plot.rows_are,
                    plot.labels[row],
                    plot.columns_are,
                    plot.labels[column],
                    crate::thousands(count),
                    crate::thousands(sum)
                ),
                edged: row == column,
            }
        };
        (
            format!("{} ({})", plot.labels[row], crate::thousands(sum)),
            (0..plot.labels.len()).map(cell).collect(),
        )
    };
    // Cut in two, a matrix would have two diagonals: cells are as narrow as their numbers allow.
    let numbers =
        plot.counts.iter().flatten().map(|count| width(&crate::thousands(*count), SMALL, Weight::Normal));
    grid(&Grid {
        least: numbers.fold(NARROW, |most, number| most.max(number + 4.0)),
        columns: plot.labels.clone(),
        rows: (0..plot.labels.len()).map(row).collect(),
        heads: (plot.columns_are.clone(), plot.rows_are.clone()),
        ends: ("0 %".to_owned(), "100 % of the row".to_owned()),
    })
}
