//! A figure's data as a table: what is drawn, a row a value.

use super::{Figure, Plot, Value};
use crate::{Cell, Column, Table};

impl Figure {
    /// The values that are drawn, one a row, in the order in which they are drawn.
    ///
    /// Shares are in percent as on the axis. A value that is not known is an empty cell. The column `x` is that of points
    /// in a plane and empty elsewhere.
    pub fn data(&self) -> Table {
        let mut table = Table::new(
            self.title.clone(),
            vec![
                Column::text("panel", "Panel"),
                Column::text("group", "Group"),
                Column::text("series", "Series"),
                Column::number("x", "x"),
                Column::number("value", "Value"),
                Column::number("low", "Low"),
                Column::number("high", "High"),
                Column::number("count", "Count"),
                Column::number("n", "n"),
            ],
        );
        for panel in &self.panels {
            let mut row = |group: &str, series: &str, x: Option<f64>, value: &Value| {
                let (low, high) = value.drawn_interval().unzip();
                let count = |count: Option<u64>| count.map_or(Cell::Missing, Cell::Count);
                table.rows.push(vec![
                    Cell::Text(panel.heading.clone()),
                    Cell::Text(group.to_owned()),
                    Cell::Text(series.to_owned()),
                    Cell::number(x, 3),
                    Cell::number(value.drawn(), 3),
                    Cell::number(low, 3),
                    Cell::number(high, 3),
                    count(value.count),
                    count(value.n),
                ]);
            };
            match &panel.plot {
                Plot::Bars(chart) | Plot::Stacked(chart) | Plot::Lines(chart) => {
                    for (place, group) in chart.groups.iter().enumerate() {
                        for series in &chart.series {
                            if let Some(value) = &series.values[place] {
                                row(group, &series.name, None, value);
                            }
                        }
                    }
                }
                Plot::Scatter(scatter) => {
                    for cloud in &scatter.series {
                        for point in &cloud.points {
                            row(&point.label, &cloud.name, Some(point.x), &point.value);
                        }
                    }
                }
                Plot::Forest(forest) => {
                    for group in &forest.groups {
                        group.rows.iter().for_each(|of| row(&of.name, &group.name, None, &of.value));
                    }
                }
                Plot::Ranks(ranks) => {
                    for of in &ranks.rows {
                        row(&of.name, "rank", None, &of.place());
                        row(&of.name, &ranks.by.title, None, &of.value);
                    }
                }
                Plot::Heatmap(plot) => {
                    for of in &plot.rows {
                        for (column, value) in plot.columns.iter().zip(&of.values) {
                            if let Some(value) = value {
                                row(&of.name, column, None, value);
                            }
                        }
                    }
                }
                Plot::Contrasts(plot) => {
                    for group in &plot.groups {
                        group.rows.iter().for_each(|(name, _, value)| row(&group.name, name, None, value));
                    }
                }
                Plot::Flips(plot) => {
                    for of in &plot.rows {
                        row(&of.name, &plot.before, None, &of.before);
                        row(&of.name, &plot.after, None, &of.after);
                        let all = of.gained + of.lost + of.same;
                        for (what, count) in [("gained", of.gained), ("lost", of.lost), ("same", of.same)] {
                            row(&of.name, what, None, &Value::missing().counting(count).out_of(all));
                        }
                    }
                }
                Plot::Confusion(plot) => {
                    for (from, label) in plot.labels.iter().enumerate() {
                        let all = (0..plot.labels.len()).map(|to| plot.count(from, to)).sum();
                        for (to, other) in plot.labels.iter().enumerate() {
                            let value = Value::missing().counting(plot.count(from, to)).out_of(all);
                            row(label, other, None, &value);
                        }
                    }
                }
            }
        }
        table.notes.clone_from(&self.notes);
        table
    }

    /// The values that are drawn as CSV (RFC 4180) with full numbers; see [`Figure::data`].
    pub fn to_csv(&self) -> String {
        self.data().to_csv()
    }
}
