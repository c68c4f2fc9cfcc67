//! Plots with upright values: their frame, and points joined by lines over groups that have an order.

use super::axis::{Measured, Scale, Unit};
use super::labels::{Wish, beside};
use super::layout::{LEADING, ROOM, SMALL, TEXT};
use super::palette::{Paint, Role};
use super::scene::{Anchor, Area, Scene, Shape, Text, whisker};
use super::text::{Weight, width, wrap};
use super::{Axis, Chart, Value};

pub(super) const HEIGHT: f64 = 250.0;
/// Of the plot along the bottom: what the ticks of the values leave of a column.
pub(super) const LONG: f64 = ROOM - 48.0;
pub(super) const RADIUS: f64 = 5.0;
/// From one series to the next within a group; a dash for what is missing fits.
const DODGE: f64 = 16.0;

/// The frame of a plot with upright values.
pub(super) struct Frame {
    pub(super) area: Area,
    axis: Measured,
}

impl Frame {
    /// Draws title, grid and ticks of the values, and makes room for them at the left.
    pub(super) fn begin(
        scene: &mut Scene,
        y: &Axis,
        values: impl Iterator<Item = f64>,
        size: (f64, f64),
    ) -> Self {
        let axis = match y.unit {
            Unit::Percent => Measured::from_zero(Unit::Percent, std::iter::empty()),
            _ => Measured::around(y, Scale::Linear, values),
        };
        let left =
            axis.ticks.iter().map(|(_, text)| width(text, SMALL, Weight::Normal)).fold(0.0, f64::max) + 8.0;
        let mut top = 0.0;
        for line in wrap(&y.title, SMALL, Weight::Normal, left + size.0) {
            top += SMALL * LEADING;
            scene.text(Text::new(0.0, top, SMALL, line).painted(Paint::Muted));
        }
        let area = Area { x: left, y: top + 14.0, width: size.0, height: size.1 };
        let frame = Self { area, axis };
        for (tick, text) in &frame.axis.ticks {
            let at = frame.y(*tick);
            scene.frame([
                Shape::Line {
                    from: (area.x, at),
                    to: (area.x + area.width, at),
                    paint: Paint::Grid,
                    width: 1.0,
                },
                Shape::Text(
                    Text::new(area.x - 6.0, at + SMALL * 0.36, SMALL, text.as_str())
                        .anchored(Anchor::End)
                        .painted(Paint::Muted),
                ),
            ]);
        }
        let corner = (area.x, area.y + area.height);
        scene.frame([
            Shape::Line { from: (area.x, area.y), to: corner, paint: Paint::Ink, width: 1.0 },
            Shape::Line { from: corner, to: (area.x + area.width, corner.1), paint: Paint::Ink, width: 1.0 },
        ]);
        frame
    }

    fn y(&self, value: f64) -> f64 {
        self.area.y + self.area.height * (1.0 - self.axis.place(value))
    }

    pub(super) fn bottom(&self) -> f64 {
        self.area.y + self.area.height
    }

    /// Draws a value with its interval; returns where it is and what it covers.
    pub(super) fn point(
        &self,
        scene: &mut Scene,
        x: f64,
        value: &Value,
        role: Role,
        title: String,
    ) -> ((f64, f64), Vec<Area>) {
        let Some(at) = value.drawn() else {
            let place = (x, self.bottom() - 8.0);
            let dash =
                Text::new(x, place.1 + TEXT * 0.36, TEXT, "—").anchored(Anchor::Middle).painted(Paint::Muted);
            let covers = vec![dash.area()];
            scene.mark(title, vec![Shape::Text(dash)]);
            return (place, covers);
        };
        let place = (x, self.y(at));
        let mut covers =
            vec![Area { x: x - RADIUS, y: place.1 - RADIUS, width: RADIUS * 2.0, height: RADIUS * 2.0 }];
        let mut shapes = Vec::new();
        if let Some((low, high)) = value.drawn_interval() {
            let (low, high) = (self.y(low), self.y(high));
            shapes.extend(whisker((low, high), x, 4.0, false));
            covers.push(Area { x: x - 4.0, y: high, width: 8.0, height: low - high });
        }
        shapes.push(Shape::Marker { at: place, role, hollow: false });
        scene.mark(title, shapes);
        (place, covers)
    }
}

pub(super) fn all(values: impl Iterator<Item = Value>) -> impl Iterator<Item = f64> {
    values.flat_map(Value::ends)
}

/// Lays out points that are joined over groups.
pub(super) fn lines(chart: &Chart) -> Scene {
    let names: Vec<Vec<(String, Paint)>> = (0..chart.groups.len()).map(|group| under(chart, group)).collect();
    let widest =
        names.iter().flatten().map(|(line, _)| width(line, SMALL, Weight::Normal)).fold(0.0, f64::max);
    let slot = (widest + 14.0).max(DODGE * (chart.series.len() as f64 + 1.0));
    let long = LONG.max(slot * chart.groups.len() as f64);
    let slot = long / chart.groups.len().max(1) as f64;
    let mut scene = Scene::default();
    let values = all(chart.series.iter().flat_map(|series| series.values.iter().copied().flatten()));
    let frame = Frame::begin(&mut scene, &chart.axis, values, (long, HEIGHT));

    let middle = |group: usize| frame.area.x + slot * (group as f64 + 0.5);
    let (mut wishes, mut taken) = (Vec::new(), Vec::new());
    for (n, series) in chart.series.iter().enumerate() {
        let x = |group: usize| middle(group) + DODGE * (n as f64 - (chart.series.len() as f64 - 1.0) / 2.0);
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut paths = Vec::new();
        for (group, value) in series.values.iter().enumerate() {
            match value.and_then(|value| value.drawn()) {
                Some(at) => run.push((x(group), frame.y(at))),
                None => paths.push(std::mem::take(&mut run)),
            }
        }
        paths.push(run);
        let paths = paths.into_iter().filter(|points| points.len() > 1);
        let paths: Vec<_> = paths.inspect(|points| taken.extend(points.windows(2).flat_map(along))).collect();
        scene.frame(paths.into_iter().map(|points| Shape::Path { points, role: series.role }));
        for (group, value) in series.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let title = format!("{}, {}: {}", chart.groups[group], series.name, value.text(chart.axis.unit));
            let (at, covers) = frame.point(&mut scene, x(group), value, series.role, title);
            taken.extend(covers);
            wishes.extend(value.drawn().map(|value| Wish { at, content: chart.axis.unit.bare(value) }));
        }
    }
    // A value that finds no room is in the mark's title, and in the data.
    for text in beside(&wishes, &taken, frame.area).into_iter().flatten() {
        scene.text(text);
    }
    let mut bottom = frame.bottom();
    let most = names.iter().map(Vec::len).max().unwrap_or(0);
    for (group, lines) in names.iter().enumerate() {
        for (n, (line, paint)) in lines.iter().enumerate() {
            let y = bottom + 15.0 + n as f64 * SMALL * LEADING;
            let text = Text::new(middle(group), y, SMALL, line.as_str());
            scene.text(text.anchored(Anchor::Middle).painted(*paint));
        }
    }
    bottom += 8.0 + most as f64 * SMALL * LEADING;
    scene.width = frame.area.x + long;
    scene.height = bottom + 4.0;
    scene
}

/// What a line between two points covers, in small steps.
fn along(ends: &[(f64, f64)]) -> Vec<Area> {
    let (from, to) = (ends[0], ends[1]);
    let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 4.0).ceil().max(1.0);
    let at = |step: u32| {
        let part = f64::from(step) / steps;
        let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
        Area { x: x - 1.5, y: y - 1.5, width: 3.0, height: 3.0 }
    };
    (0..=steps as u32).map(at).collect()
}

/// What stands under a group: its name, and of how many cases its values are made.
fn under(chart: &Chart, group: usize) -> Vec<(String, Paint)> {
    let name = wrap(&chart.groups[group], SMALL, Weight::Normal, 110.0).into_iter();
    let sizes: Vec<Option<u64>> =
        chart.series.iter().filter_map(|series| series.values[group]).map(|value| value.n).collect();
    let shown = |n: &Option<u64>| n.map_or("—".to_owned(), crate::thousands);
    let said = match sizes.as_slice() {
        sizes if sizes.iter().all(Option::is_none) => String::new(),
        [first, rest @ ..] if rest.iter().all(|n| n == first) => format!("n = {}", shown(first)),
        sizes => format!("n = {}", sizes.iter().map(shown).collect::<Vec<_>>().join(" / ")),
    };
    let said = wrap(&said, SMALL, Weight::Normal, 110.0).into_iter();
    name.map(|line| (line, Paint::Ink)).chain(said.map(|line| (line, Paint::Muted))).collect()
}
