//! Calibration: how far an estimate is off on average, and how often its interval holds the truth.
//!
//! Knows replications of a study of which the truth is known, and not how they were made.

use std::num::NonZeroU64;

use unbent_stats::{Interval, Level, mean, sample_std_dev, wilson_interval};

/// What one replication of a study gave for a metric, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replication {
    /// The value.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// What the replications show of a way to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The truth, in points.
    pub truth: f64,
    /// Replications with a value.
    pub values: u64,
    /// The mean of the values.
    pub mean: Option<f64>,
    /// The mean less the truth.
    pub bias: Option<f64>,
    /// The Monte Carlo standard error of `bias`: the sample deviation of the values over the root of their number.
    pub bias_error: Option<f64>,
    /// Replications with an interval.
    pub intervals: u64,
    /// Of those, intervals that hold the truth.
    pub covering: u64,
    /// Replications without a value or an interval; they count neither as covering nor as missing the truth.
    pub without: u64,
    /// The mean width of the intervals.
    pub width: Option<f64>,
}

/// What coverage says of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The whole Monte Carlo interval of the coverage lies below the level.
    Below,
    /// The level lies within it.
    Nominal,
    /// It lies above: intervals are wider than they claim.
    Above,
}

impl Calibration {
    /// Sums up replications.
    ///
    /// An interval holds the truth if it does so but for a part in a billion, which sums in another order may differ by.
    pub fn of(truth: f64, replications: &[Replication]) -> Self {
        let values: Vec<f64> = replications.iter().filter_map(|one| one.value).collect();
        let intervals: Vec<Interval> = replications.iter().filter_map(|one| one.interval).collect();
        let holds = |interval: &&Interval| interval.low - TIE <= truth && truth <= interval.high + TIE;
        let mean_value = mean(&values);
        Self {
            truth,
            values: values.len() as u64,
            mean: mean_value,
            bias: mean_value.map(|mean| mean - truth),
            bias_error: sample_std_dev(&values).map(|deviation| deviation / (values.len() as f64).sqrt()),
            intervals: intervals.len() as u64,
            covering: intervals.iter().filter(holds).count() as u64,
            without: replications.iter().filter(|one| one.interval.is_none()).count() as u64,
            width: mean(&intervals.iter().map(|interval| interval.width()).collect::<Vec<_>>()),
        }
    }

    /// The share of intervals that hold the truth.
    pub fn coverage(&self) -> Option<f64> {
        (self.intervals > 0).then(|| self.covering as f64 / self.intervals as f64)
    }

    /// Where coverage in endless replications lies: Wilson's interval at 95 %.
    pub fn coverage_interval(&self) -> Option<Interval> {
        Some(wilson_interval(self.covering, NonZeroU64::new(self.intervals)?, Level::P95))
    }

    /// How coverage stands to the level that the intervals claim.
    pub fn against(&self, level: Level) -> Option<Against> {
        let coverage = self.coverage_interval()?;
        Some(if coverage.high < level.fraction() {
            Against::Below
        } else if coverage.low > level.fraction() {
            Against::Above
        } else {
            Against::Nominal
        })
    }
}

/// Points by which an end of an interval may miss the truth by rounding alone.
const TIE: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use unbent_stats::{Interval, Level};

    use super::{Against, Calibration, Replication};

    fn replication(value: f64, half: f64) -> Replication {
        let interval = Interval { low: value - half, high: value + half };
        Replication { value: Some(value), interval: Some(interval) }
    }

    #[test]
    fn bias_coverage_and_width_are_those_of_the_replications() {
        let mut replications = vec![replication(49.0, 2.0), replication(52.0, 1.0), replication(52.0, 3.0)];
        replications.push(Replication { value: Some(51.0), interval: None });
        let found = Calibration::of(50.0, &replications);
        assert_eq!((found.values, found.intervals, found.covering, found.without), (4, 3, 2, 1));
        assert_eq!((found.mean, found.bias, found.width), (Some(51.0), Some(1.0), Some(4.0)));
        // Sample deviation of 49, 52, 52, 51: the root of 2, over the root of 4.
        assert!((found.bias_error.unwrap() - 2.0_f64.sqrt() / 2.0).abs() < 1e-12);
        assert!((found.coverage().unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(Calibration::of(50.0, &[]).coverage(), None);
    }

    #[test]
    fn coverage_is_told_from_its_level_only_beyond_chance() {
        let of = |covering: usize, n: usize| {
            let replications: Vec<_> =
                (0..n).map(|place| replication(if place < covering { 0.0 } else { 9.0 }, 1.0)).collect();
            Calibration::of(0.0, &replications).against(Level::P95).unwrap()
        };
        assert_eq!(of(9, 10), Against::Nominal);
        assert_eq!(of(170, 200), Against::Below);
        assert_eq!(of(190, 200), Against::Nominal);
        assert_eq!(of(200, 200), Against::Above);
    }
}
