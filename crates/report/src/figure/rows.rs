//! Rows of marks along one axis: the name at the left, the mark and its interval in the middle, the numbers at the right.

use super::Value;
use super::axis::Measured;
use super::bars::below;
use super::layout::{LEADING, ROOM, SMALL};
use super::palette::{Paint, Role};
use super::scene::{Anchor, Scene, Shape, Text, whisker};
use super::text::{Weight, width, wrap};

/// The most that names take.
const NAMES: f64 = 124.0;
/// The most that numbers take.
const SAID: f64 = 116.0;
/// The least that the marks have.
const PLOT: f64 = 92.0;
const GAP: f64 = 9.0;
const LINE: f64 = SMALL * 1.22;
/// Between rows.
const AIR: f64 = 5.0;

/// A row.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) role: Role,
    /// Whether the mark is an outline.
    pub(super) hollow: bool,
    /// Where the value comes from, drawn as an outline that is joined to the mark.
    pub(super) from: Option<f64>,
    pub(super) value: Value,
    /// What stands at the right.
    pub(super) said: String,
    /// What the mark tells.
    pub(super) title: String,
}

/// Rows under a heading, which may be empty.
pub(super) struct Block {
    pub(super) heading: String,
    pub(super) rows: Vec<Row>,
}

/// What the rows are read with.
pub(super) struct Guide<'a> {
    pub(super) axis: &'a Measured,
    pub(super) title: &'a str,
    /// A value that is drawn as a line through all rows.
    pub(super) reference: Option<f64>,
    /// What lies at the left and at the right of the reference.
    pub(super) sides: Option<(&'a str, &'a str)>,
    /// What is said over the rows.
    pub(super) above: Option<String>,
}

/// Lays rows out.
pub(super) fn rows(blocks: &[Block], guide: &Guide<'_>) -> Scene {
    let all = || blocks.iter().flat_map(|block| &block.rows);
    let widest = |lines: &[Vec<String>]| {
        lines.iter().flatten().map(|line| width(line, SMALL, Weight::Normal)).fold(0.0, f64::max)
    };
    let names: Vec<_> = all().map(|row| wrap(&row.name, SMALL, Weight::Normal, NAMES)).collect();
    // Value and n have a line each where both are said.
    let said = all().map(|row| wrap(&row.said.replace("  ", "\n"), SMALL, Weight::Normal, SAID));
    let said: Vec<_> = said.collect();
    let (left, right) = (widest(&names), widest(&said));
    let x = left + GAP;
    let plot = (ROOM - left - right - 2.0 * GAP).max(PLOT);
    let at = |value: f64| x + plot * guide.axis.place(value);

    let mut scene = Scene { width: x + plot + GAP + right, ..Scene::default() };
    let mut y = 0.0;
    if let Some(above) = &guide.above {
        for line in wrap(above, SMALL, Weight::Normal, scene.width) {
            y += SMALL * LEADING;
            let text = Text::new(scene.width, y - 4.0, SMALL, line).anchored(Anchor::End);
            scene.text(text.painted(Paint::Muted));
        }
    }
    if let Some((less, more)) = guide.sides {
        y += sides(&mut scene, (less, more), at(guide.reference.unwrap_or(0.0)), y);
    }
    let top = y;
    // Marks are put on the lines of the axis when their length is known.
    let mut marks = Scene::default();
    let mut place = 0;
    for block in blocks {
        for line in wrap(&block.heading, SMALL, Weight::Bold, scene.width) {
            y += LINE + 2.0;
            let text = Text { weight: Weight::Bold, ..Text::new(0.0, y - 2.0, SMALL, line) };
            marks.text(text.over_lines());
        }
        if !block.heading.is_empty() {
            y += 3.0;
        }
        for row in &block.rows {
            let (name, said) = (&names[place], &said[place]);
            place += 1;
            let high = LINE * name.len().max(said.len()).max(1) as f64 + AIR;
            let middle = y + high / 2.0;
            let baseline =
                |n: usize, of: usize| middle + (n as f64 - (of as f64 - 1.0) / 2.0) * LINE + SMALL * 0.36;
            for (n, line) in name.iter().enumerate() {
                let text = Text::new(left, baseline(n, name.len()), SMALL, line.as_str());
                marks.text(text.anchored(Anchor::End));
            }
            for (n, line) in said.iter().enumerate() {
                let text = Text::new(x + plot + GAP, baseline(n, said.len()), SMALL, line.as_str());
                marks.text(text);
            }
            marks.mark(row.title.clone(), shapes(row, middle, &at));
            y += high;
        }
        y += 4.0;
    }
    let bottom = y;
    let line = |value: f64, paint, width| Shape::Line {
        from: (at(value), top),
        to: (at(value), bottom),
        paint,
        width,
    };
    scene.frame(guide.axis.ticks.iter().map(|(tick, _)| line(*tick, Paint::Grid, 1.0)));
    scene.frame(guide.reference.map(|value| line(value, Paint::Ink, 1.2)));
    scene.absorb(marks, 0.0, 0.0);
    scene.height = below(&mut scene, guide.axis, guide.title, (x, plot), bottom);
    scene
}

/// What lies on either side of the reference, over the rows; returns the height.
fn sides(scene: &mut Scene, (less, more): (&str, &str), at: f64, top: f64) -> f64 {
    let mut most = 0.0_f64;
    let mut said = |words: &str, x: f64, anchor: Anchor, room: f64| {
        let lines = wrap(words, SMALL, Weight::Normal, room.max(60.0));
        for (n, line) in lines.iter().enumerate() {
            let y = top + SMALL + n as f64 * LINE;
            let text = Text::new(x, y, SMALL, line.as_str()).anchored(anchor).painted(Paint::Muted);
            scene.text(text);
        }
        most = most.max(lines.len() as f64 * LINE);
    };
    let whole = ROOM;
    said(&format!("← {less}"), at - 4.0, Anchor::End, at - 6.0);
    said(&format!("{more} →"), at + 4.0, Anchor::Start, whole - at - 6.0);
    most + 5.0
}

fn shapes(row: &Row, middle: f64, at: &impl Fn(f64) -> f64) -> Vec<Shape> {
    let mut shapes = Vec::new();
    if let Some((low, high)) = row.value.drawn_interval() {
        shapes.extend(whisker((at(low), at(high)), middle, 3.0, true));
    }
    let end = row.value.drawn().map(at);
    let begin = row.from.map(at);
    if let (Some(begin), Some(end)) = (begin, end) {
        let points = vec![(begin, middle), (end, middle)];
        shapes.push(Shape::Path { points, role: row.role });
    }
    let marker = |x: f64, hollow: bool| Shape::Marker { at: (x, middle), role: row.role, hollow };
    shapes.extend(begin.map(|x| marker(x, true)));
    shapes.extend(end.map(|x| marker(x, row.hollow)));
    shapes
}
