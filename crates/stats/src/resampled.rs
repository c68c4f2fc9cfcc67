//! Intervals of any statistic from its values over resamples. Draws nothing; see [`crate::bootstrap`] for the draws.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::bootstrap::ResamplePlan;
use crate::interval::{Interval, Level};

/// An interval from resamples, and how many of them it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampled {
    /// The interval, in the unit of the statistic.
    pub interval: Interval,
    /// Resamples in which the statistic has a value.
    pub defined: usize,
    /// Resamples in which it has none, such as agreement where all ratings are equal; they are left out.
    pub undefined: usize,
}

impl Resampled {
    /// Computes a statistic over the resamples of a plan and returns its percentile interval; `None` if it never has a
    /// value. `statistic` is given the positions that a resample takes.
    pub fn percentile(
        plan: &ResamplePlan,
        level: Level,
        statistic: impl Fn(&[u32]) -> Option<f64> + Sync,
    ) -> Option<Resampled> {
        let values: Vec<f64> =
            plan.each(statistic).into_iter().flatten().filter(|value| !value.is_nan()).collect();
        let defined = values.len();
        let interval = percentile_interval(values, level)?;
        Some(Resampled { interval, defined, undefined: plan.resamples() - defined })
    }
}

/// Returns the percentile interval of a statistic (Efron 1979) from its values over resamples; `None` of no values.
///
/// Quantiles lie between neighbours in proportion (Hyndman and Fan's type 7), as in NumPy. NaNs sort to the ends.
pub fn percentile_interval(mut resampled: Vec<f64>, level: Level) -> Option<Interval> {
    resampled.sort_unstable_by(f64::total_cmp);
    let tail = level.alpha() / 2.0;
    Some(Interval { low: quantile(&resampled, tail)?, high: quantile(&resampled, 1.0 - tail)? })
}

/// Values this close to the estimate, as a part of the spread of all, differ only by the order of their sums.
const TIE: f64 = 1e-9;

/// Returns the bias-corrected and accelerated interval (Efron 1987) of a statistic; `None` of no values, where all
/// resamples lie on one side of the estimate, or at so extreme a level that the correction breaks down.
///
/// `estimate` is the statistic of the whole sample, `resampled` its values over resamples and `left_out` its values with
/// each unit (or cluster) left out in turn, which give the acceleration. Corrects the percentile interval for bias and for
/// a spread that changes with the value: second-order accurate, but it needs many resamples (thousands), and for few
/// units it is still too short. Values equal to the estimate count half.
pub fn bca_interval(
    estimate: f64,
    mut resampled: Vec<f64>,
    left_out: &[f64],
    level: Level,
) -> Option<Interval> {
    resampled.sort_unstable_by(f64::total_cmp);
    let spread = resampled.last()? - resampled.first()?;
    let apart = |value: f64| value - estimate;
    let below = resampled.iter().filter(|&&value| apart(value) < -TIE * spread).count() as f64;
    let equal = resampled.iter().filter(|&&value| apart(value).abs() <= TIE * spread).count() as f64;
    let share = (below + equal / 2.0) / resampled.len() as f64;
    if !(share > 0.0 && share < 1.0) {
        return None;
    }
    let normal = Normal::standard();
    let bias = normal.inverse_cdf(share);
    let acceleration = acceleration(left_out);
    let adjusted = |tail: f64| {
        let z = bias + normal.inverse_cdf(tail);
        let room = 1.0 - acceleration * z;
        (room > 0.0).then(|| normal.cdf(bias + z / room))
    };
    let tail = level.alpha() / 2.0;
    Some(Interval {
        low: quantile(&resampled, adjusted(tail)?)?,
        high: quantile(&resampled, adjusted(1.0 - tail)?)?,
    })
}

/// The sixth of the skewness of the jackknife values; zero where they have no spread.
fn acceleration(left_out: &[f64]) -> f64 {
    let centre = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let (squares, cubes) = left_out.iter().fold((0.0, 0.0), |(squares, cubes), value| {
        let apart = centre - value;
        (squares + apart * apart, cubes + apart * apart * apart)
    });
    if squares > 0.0 { cubes / (6.0 * f64::powf(squares, 1.5)) } else { 0.0 }
}

/// The quantile of sorted values, between neighbours in proportion.
fn quantile(sorted: &[f64], probability: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = probability.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(low + (high - low) * (place - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn without_bias_and_skewness_the_accelerated_interval_is_the_percentile_one() {
        let values: Vec<f64> = (-500..=500).map(f64::from).collect();
        let plain = percentile_interval(values.clone(), Level::P95).unwrap();
        let accelerated = bca_interval(0.0, values.clone(), &[-1.0, 0.0, 1.0], Level::P95).unwrap();
        assert!((plain.low - accelerated.low).abs() < 1e-6 && (plain.high - accelerated.high).abs() < 1e-6);
        assert_eq!(bca_interval(1e9, values, &[1.0], Level::P95), None);
        assert_eq!(percentile_interval(vec![], Level::P95), None);
    }

    #[test]
    fn one_unit_that_carries_everything_breaks_the_correction_down_at_extreme_levels() {
        let mut left_out = vec![1.0; 400];
        left_out[0] = 0.0;
        let resampled = vec![0.0, 1.0, 2.0];
        let extreme = Level::parse(1.0 - 1e-9).unwrap();
        assert_eq!(bca_interval(1.0, resampled.clone(), &left_out, extreme), None);
        assert!(bca_interval(1.0, resampled, &left_out, Level::P95).is_some());
    }
}
