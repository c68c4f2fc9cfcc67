//! What an interval estimate is made of: two ends and a confidence level. Knows no method of estimation.

use thiserror::Error;

/// A closed interval of real numbers, in the unit of whatever it estimates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, included.
    pub low: f64,
    /// Upper end, included.
    pub high: f64,
}

impl Interval {
    /// Returns the length of the interval.
    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// Tells whether `value` lies in the interval, ends included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns the interval with both ends moved into `[low, high]`.
    ///
    /// For quantities that cannot leave a range, such as a score of 0 to 100. An interval wholly outside collapses
    /// onto the nearer end.
    ///
    /// # Panics
    ///
    /// When `low > high` or either is NaN.
    pub fn clamped(self, low: f64, high: f64) -> Interval {
        Interval { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// Returns the smallest interval that holds this one and `value`.
    pub(crate) fn including(self, value: f64) -> Interval {
        Interval { low: self.low.min(value), high: self.high.max(value) }
    }
}

/// A two-sided confidence level, strictly between 0 and 1, so that nobody can pass 95 for 0.95.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// The level of 0.95, the field's custom.
    pub const P95: Level = Level(0.95);

    /// Returns the level for a fraction such as 0.9.
    ///
    /// # Errors
    ///
    /// When `fraction` is not strictly between 0 and 1 (NaN included).
    pub fn parse(fraction: f64) -> Result<Level, LevelError> {
        if fraction > 0.0 && fraction < 1.0 { Ok(Level(fraction)) } else { Err(LevelError { fraction }) }
    }

    /// Returns the level as a fraction.
    pub fn fraction(self) -> f64 {
        self.0
    }

    /// Returns the probability left outside a two-sided interval, both tails together.
    pub fn alpha(self) -> f64 {
        1.0 - self.0
    }

    /// Returns the cumulative probability at the upper end of a symmetric interval: 0.975 for 0.95.
    pub fn upper_probability(self) -> f64 {
        1.0 - self.alpha() / 2.0
    }
}

/// A fraction that is no confidence level.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("confidence level {fraction} is not strictly between 0 and 1")]
pub struct LevelError {
    /// What was given.
    pub fraction: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_not_a_level() {
        for fraction in [95.0, 1.0, 0.0, -0.5, f64::NAN, f64::INFINITY] {
            assert!(Level::parse(fraction).is_err(), "{fraction}");
        }
        assert_eq!(Level::parse(0.95), Ok(Level::P95));
        assert_eq!(
            Level::parse(95.0).unwrap_err().to_string(),
            "confidence level 95 is not strictly between 0 and 1"
        );
    }

    #[test]
    fn the_upper_probability_of_95_percent_is_0_975() {
        assert_eq!(Level::P95.upper_probability().to_bits(), 0.975f64.to_bits());
    }

    #[test]
    fn an_interval_holds_its_ends() {
        let interval = Interval { low: 1.0, high: 3.0 };
        assert!(interval.contains(1.0) && interval.contains(3.0));
        assert!(!interval.contains(3.1) && !interval.contains(f64::NAN));
        assert_eq!(interval.width().to_bits(), 2.0f64.to_bits());
    }

    #[test]
    fn clamping_collapses_an_interval_that_lies_outside() {
        let interval = Interval { low: 101.0, high: 103.0 };
        assert_eq!(interval.clamped(0.0, 100.0), Interval { low: 100.0, high: 100.0 });
        assert_eq!(Interval { low: -2.0, high: 5.0 }.clamped(0.0, 100.0), Interval { low: 0.0, high: 5.0 });
    }
}
