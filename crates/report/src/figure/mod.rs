//! Figures: pure data to bytes.
//!
//! A figure knows its panels, its series with their intervals and numbers of cases, and its notes, and renders itself as
//! SVG or PNG, or gives its data. Series have roles and no colours; a theme has the colours. It does not know what it is about.

mod axis;
mod bars;
mod cells;
mod confusion;
mod contrasts;
mod data;
mod flips;
mod font;
mod forest;
mod heatmap;
mod labels;
mod layout;
mod palette;
mod plane;
mod png;
mod ranks;
mod rows;
mod scatter;
mod scene;
mod svg;
mod text;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use axis::{Axis, Scale, Unit};
pub use confusion::Confusion;
pub use contrasts::{ContrastGroup, Contrasts};
pub use flips::{FlipRow, Flips};
pub use forest::{Forest, ForestGroup, ForestRow};
pub use heatmap::{HeatRow, Heatmap};
pub use palette::{Role, Theme};
pub use ranks::{RankRow, Ranks};

/// A figure with what must be said under it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// What it shows, in a few words.
    pub title: String,
    /// What is measured, of whom, how.
    pub subtitle: String,
    /// Its panels, one under the other. Series of the same name and role are the same in all of them.
    pub panels: Vec<Panel>,
    /// What must be said under it: the method, n, what is left out.
    pub notes: Vec<String>,
}

/// A plot with a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it is about, where a figure has several; may be empty.
    pub heading: String,
    /// The plot.
    pub plot: Plot,
}

/// A plot.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Bars from zero, lying, in groups.
    Bars(Chart),
    /// Bars from zero, lying, that are put end to end in a group. Values are to be at or above zero.
    Stacked(Chart),
    /// Points that are joined by lines over groups that have an order. A missing value breaks the line.
    Lines(Chart),
    /// Points in a plane, each with its name.
    Scatter(Scatter),
    /// Values with their intervals, a row each.
    Forest(Forest),
    /// Ranks with their intervals, a row each.
    Ranks(Ranks),
    /// Values by row and column, in tinted cells.
    Heatmap(Heatmap),
    /// Differences with their intervals around zero.
    Contrasts(Contrasts),
    /// Pairs of values on the same cases, with the cases that changed.
    Flips(Flips),
    /// Counts by the labels of two who labelled the same cases.
    Confusion(Confusion),
}

/// What a subject is, as far as figures tell it apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A model.
    #[default]
    Model,
    /// Simulated: no measurement of any model.
    Simulated,
    /// Null: it does not read what it is asked.
    Null,
}

impl Kind {
    /// The name with what it is, where that must be said.
    fn named(self, name: &str) -> String {
        match self {
            Self::Model => name.to_owned(),
            Self::Simulated => format!("{name} (simulated)"),
            Self::Null => format!("{name} (null)"),
        }
    }
}

/// Values by group and series.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The axis of the values.
    pub axis: Axis,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// The series.
    pub series: Vec<Series>,
}

/// A series of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// How it is painted.
    pub role: Role,
    /// A value for each group; none where the series has no place in the group, which is not the same as a value that is
    /// missing.
    pub values: Vec<Option<Value>>,
}

/// Points in a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// The axis along the bottom.
    pub x: Axis,
    /// How `x` is measured off.
    pub scale: Scale,
    /// The axis of the values.
    pub y: Axis,
    /// The points by series.
    pub series: Vec<Cloud>,
}

/// A series of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloud {
    /// Its name.
    pub name: String,
    /// How it is painted.
    pub role: Role,
    /// The points.
    pub points: Vec<Point>,
}

/// A point with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its name.
    pub label: String,
    /// Where it is along the bottom. On a logarithmic scale only points above zero are drawn.
    pub x: f64,
    /// Its value.
    pub value: Value,
}

/// A value with its uncertainty and what it is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Value {
    /// The value in the unit of its axis; none where it is not known. Drawn as a dash then, and never as zero.
    pub at: Option<f64>,
    /// Its interval, in the same unit.
    pub interval: Option<(f64, f64)>,
    /// How many of `n` it counts, where it is a share.
    pub count: Option<u64>,
    /// How many cases it is made of.
    pub n: Option<u64>,
}

impl Figure {
    /// A figure without panels.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: subtitle.into(), panels: Vec::new(), notes: Vec::new() }
    }

    /// The same figure with one more panel.
    #[must_use]
    pub fn with(mut self, heading: impl Into<String>, plot: Plot) -> Self {
        self.panels.push(Panel { heading: heading.into(), plot });
        self
    }

    /// The same figure with one more note.
    #[must_use]
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Plot {
    /// Names, roles of the series in their order.
    fn keys(&self) -> Vec<(&str, Role)> {
        match self {
            Self::Bars(chart) | Self::Stacked(chart) | Self::Lines(chart) => {
                chart.series.iter().map(|series| (series.name.as_str(), series.role)).collect()
            }
            Self::Scatter(scatter) => {
                scatter.series.iter().map(|cloud| (cloud.name.as_str(), cloud.role)).collect()
            }
            Self::Contrasts(contrasts) => {
                let mut keys: Vec<(&str, Role)> = Vec::new();
                for (name, role, _) in contrasts.groups.iter().flat_map(|group| &group.rows) {
                    if !keys.contains(&(name.as_str(), *role)) {
                        keys.push((name.as_str(), *role));
                    }
                }
                keys
            }
            Self::Forest(_) | Self::Ranks(_) | Self::Heatmap(_) | Self::Flips(_) | Self::Confusion(_) => {
                Vec::new()
            }
        }
    }

    /// What the plot is, in words.
    fn told(&self) -> Told<'_> {
        let told = |kind, n, of| Told { kind, n, of };
        match self {
            Self::Bars(chart) => told("Bars", chart.groups.len(), &chart.axis.title),
            Self::Stacked(chart) => told("Stacked bars", chart.groups.len(), &chart.axis.title),
            Self::Lines(chart) => told("Lines", chart.groups.len(), &chart.axis.title),
            Self::Scatter(plot) => {
                told("Points", plot.series.iter().map(|cloud| cloud.points.len()).sum(), &plot.y.title)
            }
            Self::Forest(plot) => told(
                "Values with intervals",
                plot.groups.iter().map(|group| group.rows.len()).sum(),
                &plot.axis.title,
            ),
            Self::Ranks(plot) => told("Ranks with intervals", plot.rows.len(), &plot.by.title),
            Self::Heatmap(plot) => {
                told("Cells by row and column", plot.rows.len() * plot.columns.len(), &plot.axis.title)
            }
            Self::Contrasts(plot) => told(
                "Differences with intervals",
                plot.groups.iter().map(|group| group.rows.len()).sum(),
                &plot.axis.title,
            ),
            Self::Flips(plot) => told("Pairs with the cases that changed", plot.rows.len(), &plot.axis.title),
            Self::Confusion(plot) => {
                told("Counts by row and column", plot.labels.len() * plot.labels.len(), &plot.columns_are)
            }
        }
    }
}

/// A plot in words: what it is, how many things it has, and what they are of.
struct Told<'a> {
    kind: &'static str,
    n: usize,
    of: &'a str,
}

impl Chart {
    /// A chart without series.
    pub fn new<G: Into<String>>(axis: Axis, groups: impl IntoIterator<Item = G>) -> Self {
        Self { axis, groups: groups.into_iter().map(Into::into).collect(), series: Vec::new() }
    }

    /// The same chart with one more series.
    ///
    /// # Panics
    ///
    /// When it has not a value for each group.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, role: Role, values: Vec<Option<Value>>) -> Self {
        assert_eq!(values.len(), self.groups.len(), "a series has a value for each group");
        self.series.push(Series { name: name.into(), role, values });
        self
    }
}

impl Value {
    /// A value alone.
    pub fn of(at: f64) -> Self {
        Self { at: Some(at), ..Self::default() }
    }

    /// A value that is not known.
    pub fn missing() -> Self {
        Self::default()
    }

    /// The same value with an interval.
    #[must_use]
    pub fn between(self, low: f64, high: f64) -> Self {
        Self { interval: Some((low, high)), ..self }
    }

    /// The same value with how many cases it is made of.
    #[must_use]
    pub fn out_of(self, n: u64) -> Self {
        Self { n: Some(n), ..self }
    }

    /// The same value with how many of its cases it counts.
    #[must_use]
    pub fn counting(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// The value, where it is a number that can be drawn.
    fn drawn(&self) -> Option<f64> {
        self.at.filter(|at| at.is_finite())
    }

    /// The interval, where both ends can be drawn.
    fn drawn_interval(&self) -> Option<(f64, f64)> {
        self.drawn()?;
        self.interval.filter(|(low, high)| low.is_finite() && high.is_finite() && low <= high)
    }

    /// The numbers that an axis has to hold.
    fn ends(self) -> impl Iterator<Item = f64> {
        let (low, high) = self.drawn_interval().unzip();
        self.drawn().into_iter().chain(low).chain(high)
    }

    /// The value as people read it: `92.3 % [81.0, 97.9]  36 of 39`.
    fn text(&self, unit: Unit) -> String {
        let mut text = self.drawn().map_or_else(|| "—".to_owned(), |at| unit.text(at));
        if let Some((low, high)) = self.drawn_interval() {
            text.push_str(&format!(" [{}, {}]", unit.bare(low), unit.bare(high)));
        }
        match (self.count, self.n) {
            (Some(count), Some(n)) => {
                text.push_str(&format!("  {} of {}", crate::thousands(count), crate::thousands(n)));
            }
            (Some(count), None) => text.push_str(&format!("  ({})", crate::thousands(count))),
            (None, Some(n)) => text.push_str(&format!("  n = {}", crate::thousands(n))),
            (None, None) => {}
        }
        text
    }
}
