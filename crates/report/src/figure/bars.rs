//! Bars that lie: over each its value, interval and n in words, over each group its name.
//!
//! They lie because names are long and values have intervals: so every text has a line of its own, and the bars have the
//! whole width.

use super::axis::Measured;
use super::layout::{LEADING, ROOM, SMALL, TEXT};
use super::palette::{Paint, Pattern, Role};
use super::scene::{Anchor, Area, Scene, Shape, Text, whisker};
use super::text::{Weight, wrap};
use super::{Chart, Series, Value};

const BAR: f64 = 11.0;
const LINE: f64 = SMALL * 1.25;
/// Between rows of a group.
const AIR: f64 = 4.0;
const BETWEEN: f64 = 10.0;
/// From the edge to the axis.
const INSET: f64 = 8.0;
const SWATCH: f64 = 17.0;

/// What stands in one row.
struct Row<'a> {
    segments: Vec<(&'a Series, Value)>,
    text: String,
}

/// Lays a chart of bars out, side by side or end to end.
pub(super) fn bars(chart: &Chart, stacked: bool) -> Scene {
    // Where a bar is short or missing, a swatch beside its words still tells its series.
    let swatches = !stacked && chart.series.len() > 1;
    let words = INSET + if swatches { SWATCH } else { 4.0 };
    let plot = ROOM - 2.0 * INSET;
    let axis = Measured::from_zero(chart.axis.unit, extremes(chart, stacked));
    let at = |value: f64| INSET + plot * axis.place(value);
    let mut marks = Scene::default();
    let mut y = 2.0;
    for (group, name) in chart.groups.iter().enumerate() {
        y += BETWEEN;
        for line in wrap(name, TEXT, Weight::Bold, ROOM - INSET - 4.0) {
            let text = Text::new(INSET + 4.0, y + TEXT * 0.85, TEXT, line).over_lines();
            marks.text(Text { weight: Weight::Bold, ..text });
            y += TEXT * LEADING;
        }
        let all = if stacked { stack(chart, group).into_iter().collect() } else { rows(chart, group) };
        for row in all {
            if let [(series, _)] = row.segments.as_slice()
                && swatches
            {
                let area = Area { x: INSET + 4.0, y: y + 2.0, width: 8.0, height: 9.0 };
                marks.frame([Shape::Bar { area, role: series.role }]);
            }
            for line in wrap(&row.text, SMALL, Weight::Normal, ROOM - words) {
                marks.text(Text::new(words, y + SMALL * 0.9, SMALL, line).over_lines());
                y += LINE;
            }
            draw(&mut marks, chart, group, &row, stacked, y + BAR / 2.0, &at);
            y += BAR + AIR;
        }
    }
    let bottom = y + BETWEEN - AIR;
    let mut scene = Scene { width: ROOM, ..Scene::default() };
    scene.frame(axis.ticks.iter().map(|(tick, _)| line((at(*tick), 0.0), (at(*tick), bottom), Paint::Grid)));
    scene.absorb(marks, 0.0, 0.0);
    scene.frame([line((at(0.0), 0.0), (at(0.0), bottom), Paint::Ink)]);
    scene.height = below(&mut scene, &axis, &chart.axis.title, (INSET, plot), bottom);
    scene
}

/// The ticks of an axis along the bottom, and its title; returns where they end. Neither leaves the scene.
pub(super) fn below(
    scene: &mut Scene,
    axis: &Measured,
    title: &str,
    (x, long): (f64, f64),
    bottom: f64,
) -> f64 {
    let right = scene.width.max(ROOM);
    // A tick at an end is moved inwards as far as it must be.
    let held = |text: Text| {
        let half = text.width() / 2.0;
        Text { x: text.x.clamp(half.min(right - half), (right - half).max(half)), ..text }
    };
    let texts: Vec<Text> = axis
        .ticks
        .iter()
        .map(|(tick, text)| {
            let at = x + long * axis.place(*tick);
            let text = Text::new(at, bottom + 17.0, SMALL, text.as_str());
            held(text.anchored(Anchor::Middle).painted(Paint::Muted))
        })
        .collect();
    // Where they would touch, every second one is left out, or every third; zero stays.
    let zero = axis.ticks.iter().position(|(tick, _)| tick.abs() < 1e-9).unwrap_or_default();
    let touch = |every: usize| {
        let kept: Vec<Area> = texts.iter().skip(zero % every).step_by(every).map(Text::area).collect();
        kept.windows(2).any(|pair| pair[0].x + pair[0].width + 6.0 > pair[1].x)
    };
    let every = (1..=texts.len()).find(|every| !touch(*every)).unwrap_or(1);
    texts.into_iter().skip(zero % every).step_by(every).for_each(|text| scene.text(text));
    let mut end = bottom + 21.0;
    for line in wrap(title, SMALL, Weight::Normal, right) {
        let text = Text::new(x + long / 2.0, end + SMALL + 1.0, SMALL, line);
        scene.text(held(text.anchored(Anchor::Middle).painted(Paint::Muted)));
        end += SMALL * LEADING;
    }
    end + 4.0
}

fn line(from: (f64, f64), to: (f64, f64), paint: Paint) -> Shape {
    Shape::Line { from, to, paint, width: 1.0 }
}

/// What the axis has to hold.
fn extremes(chart: &Chart, stacked: bool) -> impl Iterator<Item = f64> {
    let mut values = Vec::new();
    for group in 0..chart.groups.len() {
        let here = chart.series.iter().filter_map(|series| series.values[group]);
        if stacked {
            values.push(here.filter_map(|value| value.drawn()).filter(|value| *value > 0.0).sum());
        } else {
            values.extend(here.flat_map(Value::ends));
        }
    }
    values.into_iter()
}
/// A row for each series that has a place in the group.
fn rows(chart: &Chart, group: usize) -> Vec<Row<'_>> {
    let row = |series: &'_ Series| series.values[group];
    let here = chart.series.iter().filter_map(|series| Some((series, row(series)?)));
    here.map(|(series, value)| Row { segments: vec![(series, value)], text: value.text(chart.axis.unit) })
        .collect()
}

/// One row of all series that have a place in the group; its text gives them in their order, with their sum.
fn stack(chart: &Chart, group: usize) -> Option<Row<'_>> {
    let segments: Vec<(&Series, Value)> =
        chart.series.iter().filter_map(|series| Some((series, series.values[group]?))).collect();
    let n = segments.iter().find_map(|(_, value)| value.n);
    let known: Vec<f64> = segments.iter().filter_map(|(_, value)| value.drawn()).collect();
    let unit = chart.axis.unit;
    let parts = segments.iter().map(|(_, value)| value.drawn().map_or("—".to_owned(), |at| unit.bare(at)));
    let mut text = parts.collect::<Vec<_>>().join(" + ");
    if known.is_empty() {
        "—".clone_into(&mut text);
    } else if segments.len() > 1 {
        text.push_str(&format!(" = {}", unit.text(known.iter().sum())));
    }
    if let Some(n) = n {
        text.push_str(&format!("  of {}", crate::thousands(n)));
    }
    (!segments.is_empty()).then_some(Row { segments, text })
}

fn draw(
    scene: &mut Scene,
    chart: &Chart,
    group: usize,
    row: &Row<'_>,
    stacked: bool,
    middle: f64,
    at: &impl Fn(f64) -> f64,
) {
    let name = &chart.groups[group];
    let mut begin = 0.0;
    for (series, value) in &row.segments {
        let title = format!("{name}, {}: {}", series.name, value.text(chart.axis.unit));
        let Some(end) = value.drawn().map(|value| if stacked { begin + value.max(0.0) } else { value })
        else {
            if !stacked {
                let dash = Text::new(at(0.0) + 5.0, middle + TEXT * 0.36, TEXT, "—").painted(Paint::Muted);
                scene.mark(title, vec![Shape::Text(dash)]);
            }
            continue;
        };
        let (low, high) = (at(f64::min(begin, end)), at(f64::max(begin, end)));
        let area = Area { x: low, y: middle - BAR / 2.0, width: high - low, height: BAR };
        // Of a stack, a part of no length has nothing to show; its mark still says what it is.
        let mut shapes = Vec::new();
        if !stacked || area.width > 0.0 {
            shapes.push(Shape::Bar { area, role: series.role });
        }
        if let Some((low, high)) = value.drawn_interval().filter(|_| !stacked) {
            shapes.extend(whisker((at(low), at(high)), middle, 4.0, true));
        }
        if stacked {
            shapes.extend(inside(area, series.role, chart.axis.unit.bare(end - begin)));
            begin = end;
        }
        scene.mark(title, shapes);
    }
    if stacked && row.segments.iter().all(|(_, value)| value.drawn().is_none()) {
        let dash = Text::new(at(0.0) + 5.0, middle + TEXT * 0.36, TEXT, "—").painted(Paint::Muted);
        scene.mark(format!("{name}: —"), vec![Shape::Text(dash)]);
    }
}

/// What a segment says of itself, where it is long enough and of one colour.
fn inside(area: Area, role: Role, content: String) -> Option<Shape> {
    let (x, y) = (area.x + area.width / 2.0, area.y + area.height / 2.0 + SMALL * 0.36);
    let text = Text::new(x, y, SMALL, content).anchored(Anchor::Middle).painted(Paint::On(role));
    (role.pattern() == Pattern::Solid && text.width() + 6.0 <= area.width).then_some(Shape::Text(text))
}
