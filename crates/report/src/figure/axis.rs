//! Axes: units, ticks, and where a value lies between the ends.

use crate::{fixed, thousands};

/// The axis of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured.
    pub title: String,
    /// In which unit.
    pub unit: Unit,
    /// The least and the most that there can be, where an axis must not go further than its unit says.
    pub within: Option<(f64, f64)>,
}

impl Axis {
    /// An axis.
    pub fn new(title: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), unit, within: None }
    }

    /// The same axis, over values that are never less or more than these.
    #[must_use]
    pub fn within(self, least: f64, most: f64) -> Self {
        Self { within: Some((least, most)), ..self }
    }

    /// The least and the most that there can be, where there are such.
    fn ends(&self) -> (f64, f64) {
        let of_unit = match self.unit {
            Unit::Percent | Unit::Points => (0.0, 100.0),
            Unit::Count | Unit::Number(_) => (f64::NEG_INFINITY, f64::INFINITY),
        };
        self.within.unwrap_or(of_unit)
    }
}

/// The unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share in percent, from 0 to 100: 92.3, not 0.923. The axis always goes from 0 to 100.
    Percent,
    /// Points of a hundred: 0 is the least there can be and 100 the most, and an axis over them goes no further.
    Points,
    /// A whole number of things.
    Count,
    /// A number, written with so many decimals.
    Number(u8),
}

impl Unit {
    /// The value with its unit.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{} %", fixed(value, 1)),
            _ => self.bare(value),
        }
    }

    /// The value without its unit.
    pub(super) fn bare(self, value: f64) -> String {
        match self {
            Self::Percent | Self::Points => minus(&fixed(value, 1)),
            Self::Count if (0.0..1e15).contains(&value) => thousands(value.round() as u64),
            Self::Count => minus(&fixed(value, 0)),
            Self::Number(decimals) => minus(&fixed(value, decimals)),
        }
    }
}

/// The number with a minus in place of the hyphen, so that no line is broken after it.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// How an axis is measured off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps are equal differences.
    Linear,
    /// Equal steps are equal ratios.
    Log,
}

/// An axis with its ends and ticks fixed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    low: f64,
    high: f64,
    scale: Scale,
    /// Places of the ticks with what is written there.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Measured {
    /// An axis for bars: from zero, or through it, over all values.
    pub(super) fn from_zero(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        if unit == Unit::Percent {
            return Self::linear(0.0, 100.0, 20.0, unit);
        }
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low >= high {
            high = low + 1.0;
        }
        let step = step(high - low, unit);
        Self::linear((low / step).floor() * step, (high / step).ceil() * step, step, unit)
    }

    /// An axis over all values with some room on both sides; without any it goes from 0 to 1, or from 1 to 10.
    pub(super) fn around(axis: &Axis, scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let (unit, (least, most)) = (axis.unit, axis.ends());
        let shown = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let values: Vec<f64> = values.filter(shown).collect();
        let low = values.iter().copied().reduce(f64::min);
        let high = values.iter().copied().reduce(f64::max);
        match (scale, low.zip(high)) {
            (Scale::Linear, None) => Self::linear(0.0, 1.0, 0.5, unit),
            (Scale::Linear, Some((low, high))) => {
                let spread = if high > low { high - low } else { low.abs().max(1.0) };
                let step = step(spread * 1.2, unit);
                let floor = ((low - spread * 0.1) / step).floor() * step;
                // Nothing that starts at zero is shown as if it went below.
                let floor = if low >= 0.0 { floor.max(0.0) } else { floor };
                let floor = if low >= least && is_multiple(least, step) { floor.max(least) } else { floor };
                let ceiling = ((high + spread * 0.1) / step).ceil() * step;
                let ceiling = if high <= most { ceiling.min(most) } else { ceiling };
                Self::linear(floor, ceiling, step, unit)
            }
            (Scale::Log, ends) => {
                let (low, high) = ends.unwrap_or((1.0, 10.0));
                let marks: Vec<f64> = (-6..15)
                    .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
                    .collect();
                let first = marks.iter().rposition(|mark| *mark < low * 0.999).unwrap_or(0);
                let last = marks.iter().position(|mark| *mark > high * 1.001).unwrap_or(marks.len() - 1);
                let last = last.max(first);
                // Over many powers of ten only these are marked.
                let every = if last - first > 9 { 3 } else { 1 };
                let ticks = (first..=last).filter(|place| every == 1 || place % every == 0);
                let ticks = ticks.map(|place| (marks[place], plain(marks[place]))).collect();
                Self { low: marks[first], high: marks[last], scale, ticks }
            }
        }
    }

    /// An axis that goes as far below zero as above.
    pub(super) fn balanced(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let most = values.filter(|value| value.is_finite()).map(f64::abs).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most * 1.6, unit);
        let end = (most / step).ceil() * step;
        Self::linear(-end, end, step, unit)
    }

    /// An axis of ranks from 1 to `most`.
    pub(super) fn ranks(most: f64) -> Self {
        let every = step((most - 1.0).max(1.0), Unit::Count);
        let n = (most / every).floor() as u32;
        let marks = (1..=n).map(|nth| f64::from(nth) * every).filter(|mark| *mark > 1.0);
        let ticks = std::iter::once(1.0).chain(marks).map(|at| (at, Unit::Count.bare(at))).collect();
        Self { low: 0.5, high: most + 0.5, scale: Scale::Linear, ticks }
    }

    fn linear(low: f64, high: f64, step: f64, unit: Unit) -> Self {
        let n = ((high - low) / step + 1e-6).floor() as u32;
        let ticks =
            (0..=n).map(|place| low + step * f64::from(place)).map(|at| (at, tick_text(at, step, unit)));
        Self { low, high, scale: Scale::Linear, ticks: ticks.collect() }
    }

    /// Where a value lies between the ends, from 0 to 1; beyond them it is moved to the nearer end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        part.clamp(0.0, 1.0)
    }
}

/// A step of 1, 2 or 5 times a power of ten that is taken about five times over `spread`.
fn step(spread: f64, unit: Unit) -> f64 {
    let raw = spread / 5.0;
    let power = 10_f64.powi(raw.log10().floor() as i32);
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= raw * 0.999).unwrap_or(10.0);
    let step = digit * power;
    if unit == Unit::Count { step.max(1.0) } else { step }
}

fn is_multiple(value: f64, step: f64) -> bool {
    let times = value / step;
    (times - times.round()).abs() < 1e-9
}

fn tick_text(at: f64, step: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{} %", fixed(at, 0)),
        Unit::Count => unit.bare(at),
        Unit::Points | Unit::Number(_) => minus(&fixed(at, (-step.log10().floor()).clamp(0.0, 9.0) as u8)),
    }
}

/// A number without decimals that say nothing.
fn plain(value: f64) -> String {
    if value >= 1.0 {
        Unit::Count.bare(value)
    } else {
        format!("{value:.6}").trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, Measured, Scale, Unit};

    fn texts(axis: &Measured) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn shares_go_from_0_to_100_whatever_they_are() {
        let axis = Measured::from_zero(Unit::Percent, [1.9].into_iter());
        assert_eq!(texts(&axis), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        assert!((axis.place(25.0) - 0.25).abs() < 1e-12 && (axis.place(130.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn points_go_no_further_than_0_and_100() {
        let axis = |values: &[f64]| {
            Measured::around(&Axis::new("", Unit::Points), Scale::Linear, values.iter().copied())
        };
        assert_eq!(texts(&axis(&[1.0, 99.0])), ["0", "50", "100"]);
        assert_eq!(texts(&axis(&[91.0, 99.5])), ["90", "95", "100"]);
    }

    #[test]
    fn an_axis_goes_no_further_than_its_values_can() {
        let axis = Axis::new("J", Unit::Number(1)).within(-100.0, 100.0);
        let ticks = |values: &[f64]| {
            let axis = Measured::around(&axis, Scale::Linear, values.iter().copied());
            axis.ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(ticks(&[3.0, 100.0]), ["0", "50", "100"]);
        assert_eq!(ticks(&[-95.0, 100.0]), ["−100", "−50", "0", "50", "100"]);
        let odd = Axis::new("", Unit::Number(1)).within(0.0, 37.0);
        let odd = Measured::around(&odd, Scale::Linear, [1.0, 36.0].into_iter());
        assert_eq!(texts(&odd), ["0", "10", "20", "30"]);
        assert!((odd.place(37.0) - 1.0).abs() < 1e-12, "the axis ends where values do");
    }

    #[test]
    fn bars_start_at_zero_and_counts_have_whole_ticks() {
        let axis = |values: &[f64]| Measured::from_zero(Unit::Count, values.iter().copied());
        assert_eq!(texts(&axis(&[3.0])), ["0", "1", "2", "3"]);
        assert_eq!(texts(&axis(&[10_497.0])), ["0", "5,000", "10,000", "15,000"]);
        assert_eq!(texts(&axis(&[0.0])), ["0", "1"]);
        let axis = Measured::from_zero(Unit::Number(2), [-0.3, 0.9].into_iter());
        assert_eq!(texts(&axis), ["−0.5", "0.0", "0.5", "1.0"]);
    }

    #[test]
    fn a_logarithmic_axis_holds_what_it_is_made_for() {
        let axis =
            Measured::around(&Axis::new("", Unit::Number(1)), Scale::Log, [1.0, 3.8, 9.0, 70.0].into_iter());
        assert_eq!(texts(&axis), ["0.5", "1", "2", "5", "10", "20", "50", "100"]);
        assert!(axis.place(1.0) > 0.0 && axis.place(70.0) < 1.0);
        let wide = Measured::around(&Axis::new("", Unit::Number(1)), Scale::Log, [0.001, 1e9].into_iter());
        assert!(wide.ticks.len() < 16, "{:?}", texts(&wide));
    }
}
