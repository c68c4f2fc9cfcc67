//! Matched contrasts: differences with their intervals around zero.

use super::axis::Measured;
use super::palette::Role;
use super::rows::{Block, Guide, Row, rows};
use super::scene::Scene;
use super::{Axis, Value};

/// Differences, in groups of what is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrasts {
    /// The axis of the differences.
    pub axis: Axis,
    /// What a difference below zero, and above zero, means, in a word or two.
    pub sides: (String, String),
    /// What is compared.
    pub groups: Vec<ContrastGroup>,
}

/// A comparison with its differences.
#[derive(Debug, Clone, PartialEq)]
pub struct ContrastGroup {
    /// What is compared with what.
    pub name: String,
    /// Of whom, with their roles and differences.
    pub rows: Vec<(String, Role, Value)>,
}

/// Lays contrasts out.
pub(super) fn contrasts(plot: &Contrasts) -> Scene {
    let unit = plot.axis.unit;
    let block = |group: &ContrastGroup| Block {
        heading: group.name.clone(),
        rows: group
            .rows
            .iter()
            .map(|(name, role, value)| Row {
                name: name.clone(),
                role: *role,
                hollow: false,
                from: None,
                value: *value,
                said: value.text(unit),
                title: format!("{}, {name}: {}", group.name, value.text(unit)),
            })
            .collect(),
    };
    let blocks: Vec<Block> = plot.groups.iter().map(block).collect();
    let ends = plot.groups.iter().flat_map(|group| &group.rows).flat_map(|(_, _, value)| value.ends());
    let axis = Measured::balanced(unit, ends);
    let sides = Some((plot.sides.0.as_str(), plot.sides.1.as_str()));
    rows(&blocks, &Guide { axis: &axis, title: &plot.axis.title, reference: Some(0.0), sides, above: None })
}
