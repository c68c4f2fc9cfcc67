//! Points in a plane, each with its name or a number beside it, and all of them in a key with their values.

use super::axis::{Measured, Scale};
use super::bars::below;
use super::labels::{Wish, beside, leader};
use super::layout::{LEADING, ROOM, SMALL};
use super::palette::Paint;
use super::plane::{Frame, HEIGHT, LONG, RADIUS, all};
use super::scene::{Anchor, Area, Scene, Shape, Text};
use super::text::{Weight, width, wrap};
use super::{Cloud, Point, Scatter};

/// The widest name that stands beside its point; of others only the number does.
const NAME: f64 = 96.0;
/// In the key: the room of numbers with their swatches, and the most that names take.
const NUMBERS: f64 = 40.0;
const NAMES: f64 = 150.0;
const LINE: f64 = SMALL * 1.22;

/// Lays out points in a plane.
pub(super) fn scatter(plot: &Scatter) -> Scene {
    let drawable = |x: f64| x.is_finite() && (plot.scale == Scale::Linear || x > 0.0);
    let points: Vec<_> = plot
        .series
        .iter()
        .flat_map(|cloud| cloud.points.iter().map(move |point| (cloud, point)))
        .filter(|(_, point)| drawable(point.x))
        .collect();
    let mut scene = Scene { width: ROOM, ..Scene::default() };
    let values = all(points.iter().map(|(_, point)| point.value));
    let frame = Frame::begin(&mut scene, &plot.y, values, (LONG, HEIGHT));
    let along = Measured::around(&plot.x, plot.scale, points.iter().map(|(_, point)| point.x));
    let area = frame.area;
    scene.width = scene.width.max(area.x + area.width);

    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    let (mut taken, mut marks) = (Vec::new(), Vec::new());
    let exact: Vec<f64> =
        points.iter().map(|(_, point)| area.x + area.width * along.place(point.x)).collect();
    for (n, ((cloud, point), x)) in points.iter().zip(apart(&exact, area)).enumerate() {
        let title = format!("{}, {}: {}", point.label, cloud.name, point.value.text(plot.y.unit));
        if point.value.drawn().is_none() {
            // What has no value has a tick where it would be, and a dash in the key.
            let (from, to) = ((x, frame.bottom() - 7.0), (x, frame.bottom()));
            scene.mark(title, vec![Shape::Line { from, to, paint: Paint::Muted, width: 2.0 }]);
            continue;
        }
        let (at, covers) = frame.point(&mut scene, x, &point.value, cloud.role, title);
        marks.extend(covers.first().copied());
        taken.extend(covers);
        let number = Wish { at, content: (n + 1).to_string() };
        if width(&point.label, SMALL, Weight::Normal) <= NAME && !point.label.trim().is_empty() {
            names.push(Wish { at, content: point.label.clone() });
            numbers.push((number, Some(names.len() - 1)));
        } else {
            numbers.push((number, None));
        }
    }
    // Names only where all of them find room: some names and some numbers would be read as two kinds of points.
    let named = if names.len() == numbers.len() { beside(&names, &taken, area) } else { Vec::new() };
    if !named.is_empty() && named.iter().all(Option::is_some) {
        named.into_iter().flatten().for_each(|text| scene.text(text));
    } else {
        let wishes: Vec<Wish> = numbers.into_iter().map(|(number, _)| number).collect();
        for (wish, text) in wishes.iter().zip(numbered(&wishes, &taken, &marks, area)) {
            let Some(text) = text else { continue };
            if let Some((from, to)) = leader(wish.at, &text) {
                scene.frame([Shape::Line { from, to, paint: Paint::Muted, width: 0.8 }]);
            }
            scene.text(text);
        }
    }
    let end = below(&mut scene, &along, &plot.x.title, (area.x, area.width), frame.bottom());
    scene.height = key(&mut scene, plot, &points, end + 8.0);
    scene
}

/// Finds a place for each number, and where nothing is free, one on intervals: a point without its number would be nobody's.
fn numbered(wishes: &[Wish], taken: &[Area], marks: &[Area], bounds: Area) -> Vec<Option<Text>> {
    let mut placed = beside(wishes, taken, bounds);
    let over: Vec<Area> = marks.iter().copied().chain(placed.iter().flatten().map(Text::area)).collect();
    let open: Vec<usize> = (0..wishes.len()).filter(|nth| placed[*nth].is_none()).collect();
    let rest: Vec<Wish> = open.iter().map(|nth| wishes[*nth].clone()).collect();
    for (nth, text) in open.into_iter().zip(beside(&rest, &over, bounds)) {
        placed[nth] = text;
    }
    placed
}

/// All points with their values, by their numbers; returns where they end.
fn key(scene: &mut Scene, plot: &Scatter, points: &[(&Cloud, &Point)], top: f64) -> f64 {
    let mut y = top;
    for (n, (cloud, point)) in points.iter().enumerate() {
        let name = wrap(&point.label, SMALL, Weight::Normal, NAMES);
        let value = point.value.text(plot.y.unit);
        let along = format!("x = {}", plot.x.unit.bare(point.x));
        // The value with its interval, and under it n and where it is along the bottom.
        let (value, under) = match value.split_once("  ") {
            Some((value, n)) => (value, format!("{n}, {along}")),
            None => (value.as_str(), along),
        };
        let said = wrap(&format!("{value}\n{under}"), SMALL, Weight::Normal, ROOM - NUMBERS - NAMES - 8.0);
        let role = cloud.role;
        scene.frame([Shape::Marker { at: (7.0, y + LINE / 2.0 + 0.5), role, hollow: false }]);
        let number = Text::new(NUMBERS - 5.0, y + SMALL, SMALL, (n + 1).to_string());
        scene.text(number.anchored(Anchor::End).painted(Paint::Muted));
        for (x, lines) in [(NUMBERS, &name), (NUMBERS + NAMES + 8.0, &said)] {
            for (line, content) in lines.iter().enumerate() {
                scene.text(Text::new(x, y + SMALL + line as f64 * LINE, SMALL, content.as_str()));
            }
        }
        y += LINE * name.len().max(said.len()).max(1) as f64 + SMALL * (LEADING - 1.22) + 2.0;
    }
    y
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
