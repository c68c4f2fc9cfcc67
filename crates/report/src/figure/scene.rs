//! A figure laid out: shapes in places, painted with roles. It knows no colours and no file format.

use super::palette::{Paint, Role};
use super::text::{Weight, width};

/// A rectangle, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }

    pub(super) fn is_within(&self, outer: &Self) -> bool {
        self.x >= outer.x
            && self.y >= outer.y
            && self.x + self.width <= outer.x + outer.width
            && self.y + self.height <= outer.y + outer.height
    }
}

/// Where a text stands against its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `y` is its baseline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) content: String,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) anchor: Anchor,
    pub(super) paint: Paint,
    pub(super) halo: bool,
}

impl Text {
    /// Text of normal weight that begins at its place.
    pub(super) fn new(x: f64, y: f64, size: f64, content: impl Into<String>) -> Self {
        let content = content.into();
        Self {
            x,
            y,
            content,
            size,
            weight: Weight::Normal,
            anchor: Anchor::Start,
            paint: Paint::Ink,
            halo: false,
        }
    }

    pub(super) fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn painted(self, paint: Paint) -> Self {
        Self { paint, ..self }
    }

    /// The same text with an edge of the ground's colour, where lines may run under it.
    pub(super) fn over_lines(self) -> Self {
        Self { halo: true, ..self }
    }

    pub(super) fn width(&self) -> f64 {
        width(&self.content, self.size, self.weight)
    }

    /// The room that it takes at most.
    pub(super) fn area(&self) -> Area {
        let width = self.width();
        let x = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - width / 2.0,
            Anchor::End => self.x - width,
        };
        Area { x, y: self.y - 0.78 * self.size, width, height: 1.02 * self.size }
    }
}

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A bar or a swatch of a series.
    Bar { area: Area, role: Role },
    /// A straight line.
    Line { from: (f64, f64), to: (f64, f64), paint: Paint, width: f64 },
    /// A line through points.
    Path { points: Vec<(f64, f64)>, role: Role },
    /// A point of a series; an outline of it where it is hollow.
    Marker { at: (f64, f64), role: Role, hollow: bool },
    /// A cell of a grid with its tint, and a heavy edge where it is to stand out.
    Cell { area: Area, heat: u8, edged: bool },
    /// A line of text.
    Text(Text),
}

/// Shapes that belong together, with what they tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mark {
    /// What they tell, in words; none for what only frames a plot.
    pub(super) title: Option<String>,
    pub(super) shapes: Vec<Shape>,
}

/// Marks on a canvas.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) marks: Vec<Mark>,
}

impl Scene {
    /// Adds shapes that only frame.
    pub(super) fn frame(&mut self, shapes: impl IntoIterator<Item = Shape>) {
        self.marks.push(Mark { title: None, shapes: shapes.into_iter().collect() });
    }

    /// Adds shapes that tell something.
    pub(super) fn mark(&mut self, title: String, shapes: Vec<Shape>) {
        self.marks.push(Mark { title: Some(title), shapes });
    }

    /// Adds a text that only frames.
    pub(super) fn text(&mut self, text: Text) {
        self.frame([Shape::Text(text)]);
    }

    /// Adds another scene, moved.
    pub(super) fn absorb(&mut self, other: Self, dx: f64, dy: f64) {
        self.marks.extend(other.marks.into_iter().map(|mut mark| {
            for shape in &mut mark.shapes {
                shape.move_by(dx, dy);
            }
            mark
        }));
    }

    /// Its texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Text> {
        self.marks.iter().flat_map(|mark| &mark.shapes).filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }
}

impl Shape {
    fn move_by(&mut self, dx: f64, dy: f64) {
        let shift = |at: &mut (f64, f64)| *at = (at.0 + dx, at.1 + dy);
        match self {
            Self::Bar { area, .. } | Self::Cell { area, .. } => {
                area.x += dx;
                area.y += dy;
            }
            Self::Line { from, to, .. } => {
                shift(from);
                shift(to);
            }
            Self::Path { points, .. } => points.iter_mut().for_each(shift),
            Self::Marker { at, .. } => shift(at),
            Self::Text(text) => {
                text.x += dx;
                text.y += dy;
            }
        }
    }
}

/// An interval as a line with caps: along the bottom if `lying`, else upright. `across` is where it stands.
pub(super) fn whisker(ends: (f64, f64), across: f64, cap: f64, lying: bool) -> Vec<Shape> {
    let point = |along: f64, side: f64| if lying { (along, across + side) } else { (across + side, along) };
    let lines = [
        (point(ends.0, 0.0), point(ends.1, 0.0)),
        (point(ends.0, -cap), point(ends.0, cap)),
        (point(ends.1, -cap), point(ends.1, cap)),
    ];
    // A wider line of the ground's colour keeps it visible on a bar of any colour.
    [(Paint::Ground, 3.4), (Paint::Ink, 1.4)]
        .into_iter()
        .flat_map(|(paint, width)| lines.map(|(from, to)| Shape::Line { from, to, paint, width }))
        .collect()
}
