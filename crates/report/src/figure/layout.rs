//! The page of a figure: title, legend, panels and notes, one under the other. The canvas grows with what is on it.

use super::bars::bars;
use super::confusion::confusion;
use super::contrasts::contrasts;
use super::flips::flips;
use super::forest::forest;
use super::heatmap::heatmap;
use super::palette::{Paint, Role};
use super::plane::lines;
use super::ranks::ranks;
use super::scatter::scatter;
use super::scene::{Area, Scene, Shape, Text};
use super::text::{Weight, wrap};
use super::{Figure, Plot};

/// The size of most text.
pub(super) const TEXT: f64 = 12.0;
/// The size of ticks and values.
pub(super) const SMALL: f64 = 11.0;
/// From one baseline to the next, in sizes.
pub(super) const LEADING: f64 = 1.35;

const MARGIN: f64 = 10.0;
/// The room within the margins. With them it is a column of a paper, 85 mm, in which [`SMALL`] is 7 points: every plot fits
/// into it, unless a single one of its texts or cells does not.
pub(super) const ROOM: f64 = 358.0;

/// Lays the figure out.
pub(super) fn scene(figure: &Figure) -> Scene {
    let panels: Vec<Scene> = figure.panels.iter().map(|panel| plot(&panel.plot)).collect();
    let room = panels.iter().map(|panel| panel.width).fold(ROOM, f64::max);
    let mut page = Page { scene: Scene::default(), y: MARGIN, room };
    page.paragraph(&figure.title, 15.0, Weight::Bold, Paint::Ink);
    page.paragraph(&figure.subtitle, TEXT, Weight::Normal, Paint::Muted);
    page.legend(figure);
    for (panel, drawn) in figure.panels.iter().zip(panels) {
        page.y += 14.0;
        page.paragraph(&panel.heading, 12.5, Weight::Bold, Paint::Ink);
        if !panel.heading.is_empty() {
            page.y += 4.0;
        }
        let height = drawn.height;
        page.scene.absorb(drawn, MARGIN, page.y);
        page.y += height;
    }
    if !figure.notes.is_empty() {
        page.y += 12.0;
    }
    for note in &figure.notes {
        page.paragraph(note, SMALL, Weight::Normal, Paint::Muted);
    }
    page.scene.width = (room + 2.0 * MARGIN).ceil();
    page.scene.height = (page.y + MARGIN).ceil();
    page.scene
}

fn plot(plot: &Plot) -> Scene {
    match plot {
        Plot::Bars(chart) => bars(chart, false),
        Plot::Stacked(chart) => bars(chart, true),
        Plot::Lines(chart) => lines(chart),
        Plot::Scatter(points) => scatter(points),
        Plot::Forest(plot) => forest(plot),
        Plot::Ranks(plot) => ranks(plot),
        Plot::Heatmap(plot) => heatmap(plot),
        Plot::Contrasts(plot) => contrasts(plot),
        Plot::Flips(plot) => flips(plot),
        Plot::Confusion(plot) => confusion(plot),
    }
}

impl Figure {
    /// Texts that would stand on each other or leave the canvas, each with what it clashes with. There are none, by the way
    /// in which figures are laid out; tests of those who make figures hold it.
    pub fn clashes(&self) -> Vec<String> {
        let scene = scene(self);
        let canvas = Area { x: 0.0, y: 0.0, width: scene.width, height: scene.height };
        let texts: Vec<_> = scene.texts().map(|text| (text, text.area())).collect();
        let mut clashes = Vec::new();
        for (n, (text, area)) in texts.iter().enumerate() {
            if !area.is_within(&canvas) {
                clashes.push(format!("{:?} leaves the canvas", text.content));
            }
            let over = texts[..n].iter().filter(|(_, under)| area.overlaps(under));
            clashes
                .extend(over.map(|(other, _)| format!("{:?} stands on {:?}", text.content, other.content)));
        }
        clashes
    }
}

struct Page {
    scene: Scene,
    y: f64,
    room: f64,
}

impl Page {
    fn paragraph(&mut self, text: &str, size: f64, weight: Weight, paint: Paint) {
        for line in wrap(text, size, weight, self.room) {
            let text = Text::new(MARGIN, self.y + size, size, line).painted(paint);
            self.scene.text(Text { weight, ..text });
            self.y += size * LEADING;
        }
        self.y += 2.0;
    }

    /// The series by name, outside of the plots; nothing where there is only one.
    fn legend(&mut self, figure: &Figure) {
        let mut keys: Vec<(&str, Role, bool)> = Vec::new();
        for panel in &figure.panels {
            let points = matches!(panel.plot, Plot::Lines(_) | Plot::Scatter(_) | Plot::Contrasts(_));
            for (name, role) in panel.plot.keys() {
                if !keys.iter().any(|(known, as_role, _)| (*known, *as_role) == (name, role)) {
                    keys.push((name, role, points));
                }
            }
        }
        if keys.len() < 2 {
            return;
        }
        self.y += 8.0;
        let (mut x, mut first) = (MARGIN, true);
        for (name, role, points) in keys {
            let lines = wrap(name, TEXT, Weight::Normal, self.room - 20.0);
            let wide = lines.iter().map(|line| super::text::width(line, TEXT, Weight::Normal));
            let wide = 20.0 + wide.fold(0.0, f64::max);
            if !first && (x + wide > MARGIN + self.room || lines.len() > 1) {
                x = MARGIN;
                self.y += TEXT * 1.6;
            }
            first = false;
            let swatch = if points {
                Shape::Marker { at: (x + 7.0, self.y + 7.0), role, hollow: false }
            } else {
                Shape::Bar { area: Area { x, y: self.y + 1.0, width: 14.0, height: 12.0 }, role }
            };
            self.scene.frame([swatch]);
            for (n, line) in lines.iter().enumerate() {
                if n > 0 {
                    self.y += TEXT * LEADING;
                }
                self.scene.text(Text::new(x + 20.0, self.y + 11.0, TEXT, line.as_str()));
            }
            // After a name of several lines nothing stands beside it.
            x = if lines.len() > 1 { MARGIN + self.room } else { x + wide + 20.0 };
        }
        self.y += TEXT * 1.6;
    }
}
