//! Bars that lie: names at the left, a row a bar, and at the right of each its value, interval and n in words.
//!
//! They lie because names are long and values have intervals: so every text has a line of its own.

use super::axis::Measured;
use super::layout::{LEADING, SMALL, TEXT};
use super::palette::{Paint, Pattern, Role};
use super::scene::{Anchor, Area, Scene, Shape, Text, whisker};
use super::text::{Weight, width, wrap};
use super::{Chart, Series, Value};

const NAMES: f64 = 230.0;
const PLOT: f64 = 400.0;
const ROW: f64 = 20.0;
const BAR: f64 = 15.0;
const BETWEEN: f64 = 10.0;

/// What stands in one row.
struct Row<'a> {
    segments: Vec<(&'a Series, Value)>,
    text: String,
}

/// Lays a chart of bars out, side by side or end to end.
pub(super) fn bars(chart: &Chart, stacked: bool) -> Scene {
    let groups: Vec<Vec<Row<'_>>> = (0..chart.groups.len())
        .map(|group| if stacked { stack(chart, group).into_iter().collect() } else { rows(chart, group) })
        .collect();
    let names: Vec<Vec<String>> =
        chart.groups.iter().map(|name| wrap(name, TEXT, Weight::Normal, NAMES)).collect();
    let left = names.iter().flatten().map(|line| width(line, TEXT, Weight::Normal)).fold(30.0, f64::max);
    let right =
        groups.iter().flatten().map(|row| width(&row.text, SMALL, Weight::Normal)).fold(24.0, f64::max);
    // Where a bar is short or missing, a swatch beside its words still tells its series.
    let swatches = !stacked && chart.series.len() > 1;
    let x = left + 12.0;
    let words = x + PLOT + if swatches { 26.0 } else { 12.0 };
    let axis = Measured::from_zero(chart.axis.unit, extremes(chart, stacked));
    let at = |value: f64| x + PLOT * axis.place(value);

    let mut scene = Scene { width: words + right, ..Scene::default() };
    let heights: Vec<f64> = groups
        .iter()
        .zip(&names)
        .map(|(rows, lines)| (rows.len() as f64 * ROW).max(lines.len() as f64 * TEXT * LEADING).max(ROW))
        .collect();
    let bottom = heights.iter().sum::<f64>() + BETWEEN * (heights.len() as f64 + 1.0);
    scene.frame(axis.ticks.iter().map(|(tick, _)| line((at(*tick), 0.0), (at(*tick), bottom), Paint::Grid)));
    let mut y = BETWEEN;
    for (group, rows) in groups.iter().enumerate() {
        let lines = &names[group];
        let above = (heights[group] - lines.len() as f64 * TEXT * LEADING) / 2.0;
        for (n, line) in lines.iter().enumerate() {
            let baseline = y + above + (n as f64 + 0.5) * TEXT * LEADING + TEXT * 0.36;
            scene.text(Text::new(left, baseline, TEXT, line.as_str()).anchored(Anchor::End));
        }
        let above = (heights[group] - rows.len() as f64 * ROW) / 2.0;
        for (n, row) in rows.iter().enumerate() {
            let middle = y + above + (n as f64 + 0.5) * ROW;
            draw(&mut scene, chart, group, row, stacked, middle, &at);
            let text = Text::new(words, middle + SMALL * 0.36, SMALL, row.text.as_str());
            scene.text(text);
            if let [(series, _)] = row.segments.as_slice()
                && swatches
            {
                let area = Area { x: words - 14.0, y: middle - 4.5, width: 9.0, height: 9.0 };
                scene.frame([Shape::Bar { area, role: series.role }]);
            }
        }
        y += heights[group] + BETWEEN;
    }
    scene.frame([line((at(0.0), 0.0), (at(0.0), bottom), Paint::Ink)]);
    scene.height = below(&mut scene, &axis, &chart.axis.title, (x, PLOT), bottom);
    scene
}

/// The ticks of an axis along the bottom, and its title; returns where they end.
pub(super) fn below(
    scene: &mut Scene,
    axis: &Measured,
    title: &str,
    (x, long): (f64, f64),
    bottom: f64,
) -> f64 {
    let texts: Vec<Text> = axis
        .ticks
        .iter()
        .map(|(tick, text)| {
            let at = x + long * axis.place(*tick);
            Text::new(at, bottom + 16.0, SMALL, text.as_str()).anchored(Anchor::Middle).painted(Paint::Muted)
        })
        .collect();
    // Where they would touch, every second one is left out, or every third.
    let touch = |every: usize| {
        let kept: Vec<Area> = texts.iter().step_by(every).map(Text::area).collect();
        kept.windows(2).any(|pair| pair[0].x + pair[0].width + 6.0 > pair[1].x)
    };
    let every = (1..=texts.len()).find(|every| !touch(*every)).unwrap_or(1);
    texts.into_iter().step_by(every).for_each(|text| scene.text(text));
    let mut end = bottom + 20.0;
    for line in wrap(title, SMALL, Weight::Normal, long) {
        let text = Text::new(x + long / 2.0, end + SMALL + 2.0, SMALL, line);
        scene.text(text.anchored(Anchor::Middle).painted(Paint::Muted));
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
            for value in here {
                values.extend(value.drawn());
                values.extend(value.drawn_interval().into_iter().flat_map(|(low, high)| [low, high]));
            }
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
