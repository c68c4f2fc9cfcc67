//! A forest: a row a value, with its interval as a line and both in numbers at the right.

use super::axis::{Measured, Scale};
use super::palette::Role;
use super::rows::{Block, Guide, Row, rows};
use super::scene::Scene;
use super::{Axis, Kind, Value};

/// Values with intervals, in groups, one under the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// The axis of the values.
    pub axis: Axis,
    /// A value that the others are read against, drawn as a line through all rows.
    pub reference: Option<f64>,
    /// The rows by group.
    pub groups: Vec<ForestGroup>,
}

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestGroup {
    /// The heading; may be empty.
    pub name: String,
    /// The rows.
    pub rows: Vec<ForestRow>,
}

/// A value with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestRow {
    /// Whose value it is.
    pub name: String,
    /// What that one is.
    pub kind: Kind,
    /// The value.
    pub value: Value,
}

/// Lays a forest out.
pub(super) fn forest(forest: &Forest) -> Scene {
    let values = || forest.groups.iter().flat_map(|group| &group.rows).map(|row| row.value);
    // Where all are of as many cases, that is said once and not in every row.
    let mut sizes: Vec<_> = values().filter(|value| value.drawn().is_some()).map(|value| value.n).collect();
    sizes.dedup();
    let same = if let [Some(n)] = sizes.as_slice() { Some(*n) } else { None };
    let row = |row: &ForestRow| {
        let shown = if same.is_some() { Value { n: None, ..row.value } } else { row.value };
        Row {
            name: row.kind.named(&row.name),
            role: Role::Nth(0),
            hollow: row.kind != Kind::Model,
            from: None,
            value: row.value,
            said: shown.text(forest.axis.unit),
            title: format!("{}: {}", row.name, row.value.text(forest.axis.unit)),
        }
    };
    let blocks: Vec<Block> = forest
        .groups
        .iter()
        .map(|group| Block { heading: group.name.clone(), rows: group.rows.iter().map(row).collect() })
        .collect();
    let ends = values().flat_map(Value::ends).chain(forest.reference);
    let axis = Measured::around(&forest.axis, Scale::Linear, ends);
    let above = same.map(|n| format!("n = {} each", crate::thousands(n)));
    let guide =
        Guide { axis: &axis, title: &forest.axis.title, reference: forest.reference, sides: None, above };
    rows(&blocks, &guide)
}
