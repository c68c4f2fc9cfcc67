//! Plots with upright values: points joined by lines over groups that have an order, and points in a plane.

use super::axis::{Measured, Scale, Unit};
use super::bars::below;
use super::labels::{COLUMN_LINE, Wish, beside, column, crowded};
use super::layout::{LEADING, SMALL, TEXT};
use super::palette::{Paint, Role};
use super::scene::{Anchor, Area, Scene, Shape, Text, whisker};
use super::text::{Weight, width, wrap};
use super::{Axis, Chart, Scatter, Value};

const LEAST_PLOT: f64 = 460.0;
const HEIGHT: f64 = 300.0;
const RADIUS: f64 = 5.0;
/// From one series to the next within a group; a dash for what is missing fits.
const DODGE: f64 = 16.0;

/// The frame of a plot with upright values.
struct Frame {
    area: Area,
    axis: Measured,
}

impl Frame {
    /// Draws title, grid and ticks of the values, and makes room for them at the left.
    fn begin(scene: &mut Scene, y: &Axis, values: impl Iterator<Item = f64>, size: (f64, f64)) -> Self {
        let axis = match y.unit {
            Unit::Percent => Measured::from_zero(Unit::Percent, std::iter::empty()),
            unit => Measured::around(unit, Scale::Linear, values),
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

    fn bottom(&self) -> f64 {
        self.area.y + self.area.height
    }

    /// Draws a value with its interval; returns where it is and what it covers.
    fn point(
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
        shapes.push(Shape::Marker { at: place, role });
        scene.mark(title, shapes);
        (place, covers)
    }
}

fn all(values: impl Iterator<Item = Value>) -> impl Iterator<Item = f64> {
    values.flat_map(|value| {
        let interval = value.drawn_interval().into_iter().flat_map(|(low, high)| [low, high]);
        value.drawn().into_iter().chain(interval)
    })
}

/// Lays out points that are joined over groups.
pub(super) fn lines(chart: &Chart) -> Scene {
    let names: Vec<Vec<(String, Paint)>> = (0..chart.groups.len()).map(|group| under(chart, group)).collect();
    let widest =
        names.iter().flatten().map(|(line, _)| width(line, SMALL, Weight::Normal)).fold(0.0, f64::max);
    let slot = (widest + 14.0).max(DODGE * (chart.series.len() as f64 + 1.0));
    let long = LEAST_PLOT.max(slot * chart.groups.len() as f64);
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

/// Moves points that would stand under each other, or nearly, beside each other, around where they belong and within
/// the plot; as close as they must where there are many.
fn apart(exact: &[f64], area: Area) -> Vec<f64> {
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by(|a, b| exact[*a].total_cmp(&exact[*b]).then(a.cmp(b)));
    let mut places = exact.to_vec();
    let mut rest = order.as_slice();
    while let [first, ..] = rest {
        let n = rest.iter().take_while(|place| exact[**place] - exact[*first] < RADIUS * 2.0).count();
        let (here, after) = rest.split_at(n);
        let middle = here.iter().map(|place| exact[*place]).sum::<f64>() / n as f64;
        let step = (RADIUS * 2.6).min(60.0 / n as f64);
        let reach = step * (n as f64 - 1.0) / 2.0;
        let middle = middle.clamp(area.x + reach, area.x + area.width - reach);
        if n > 1 {
            for (number, place) in here.iter().enumerate() {
                places[*place] = middle - reach + step * number as f64;
            }
        }
        rest = after;
    }
    places
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

/// Lays out points in a plane.
pub(super) fn scatter(plot: &Scatter) -> Scene {
    let drawable = |x: f64| x.is_finite() && (plot.scale == Scale::Linear || x > 0.0);
    let points: Vec<_> = plot
        .series
        .iter()
        .flat_map(|cloud| cloud.points.iter().map(move |point| (cloud, point)))
        .filter(|(_, point)| drawable(point.x))
        .collect();
    let height = HEIGHT.max(COLUMN_LINE * (points.len() as f64 + 2.0));
    let mut scene = Scene::default();
    let values = all(points.iter().map(|(_, point)| point.value));
    let frame = Frame::begin(&mut scene, &plot.y, values, (LEAST_PLOT, height));
    let along = Measured::around(plot.x.unit, plot.scale, points.iter().map(|(_, point)| point.x));
    let area = frame.area;

    let (mut wishes, mut taken, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    let exact: Vec<f64> =
        points.iter().map(|(_, point)| area.x + area.width * along.place(point.x)).collect();
    for ((cloud, point), x) in points.iter().zip(apart(&exact, area)) {
        let said = point.value.text(plot.y.unit);
        let title = format!("{}, {}: {said}", point.label, cloud.name);
        let at = if point.value.drawn().is_some() {
            let (at, covers) = frame.point(&mut scene, x, &point.value, cloud.role, title);
            taken.extend(covers);
            at
        } else {
            // Several may lie at one place: each has a tick there, and the dash stands in its name.
            let (from, to) = ((x, frame.bottom() - 7.0), (x, frame.bottom()));
            scene.mark(title, vec![Shape::Line { from, to, paint: Paint::Muted, width: 2.0 }]);
            (x, frame.bottom() - 8.0)
        };
        wishes.push(Wish { at, content: format!("{}  {said}", point.label) });
        roles.push(cloud.role);
    }
    let mut placed: Vec<Option<Text>> = vec![None; wishes.len()];
    // What has no value lies at the bottom with all others that have none, so its name is in the column.
    let is_missing = |place: usize| points[place].1.value.drawn().is_none();
    let crowded = crowded(&wishes);
    let alone: Vec<usize> =
        (0..wishes.len()).filter(|place| !crowded[*place] && !is_missing(*place)).collect();
    let wanted: Vec<Wish> = alone.iter().map(|place| wishes[*place].clone()).collect();
    for (place, text) in alone.into_iter().zip(beside(&wanted, &taken, area)) {
        placed[place] = text;
    }
    let aside: Vec<usize> = (0..placed.len()).filter(|place| placed[*place].is_none()).collect();
    let mut right = area.x + area.width;
    let mut lowest = 0.0_f64;
    let wished: Vec<f64> = aside.iter().map(|place| wishes[*place].at.1).collect();
    for (place, y) in aside.iter().zip(column(&wished, area.y, frame.bottom())) {
        let wish = &wishes[*place];
        let x = area.x + area.width + 26.0;
        let text = Text::new(x, y + SMALL * 0.36, SMALL, wish.content.as_str());
        right = right.max(x + text.width());
        lowest = lowest.max(y + SMALL);
        scene.frame([
            Shape::Line {
                from: (wish.at.0 + RADIUS + 1.0, wish.at.1),
                to: (x - 4.0, y),
                paint: Paint::Muted,
                width: 0.7,
            },
            Shape::Text(text),
        ]);
    }
    placed.into_iter().flatten().for_each(|text| scene.text(text));
    let end = below(&mut scene, &along, &plot.x.title, (area.x, area.width), frame.bottom());
    scene.width = right + 20.0;
    scene.height = end.max(lowest);
    scene
}
