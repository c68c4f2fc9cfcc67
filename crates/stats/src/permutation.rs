//! Tests that need no curve: had the two subjects changed places in some clusters, how often would they differ as much?
//!
//! A difference of two subjects on the same cases that is a weighted sum over cases is the sum of what each cluster of cases
//! contributes. If the subjects are alike, either could have been first in any cluster, which turns the sign of its
//! contribution. Clusters are taken to be drawn independently; within them anything goes.

use rayon::prelude::*;
use thiserror::Error;

use crate::draws::{Draws, Stream, summed};

/// Up to so many clusters all ways to change places are counted.
pub const EXACT_CLUSTERS: usize = 20;

/// Statistics this close are equal: their sums were added in another order.
const TIE: f64 = 1e-9;

/// Why contributions cannot be tested.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermutationError {
    /// No clusters.
    #[error("a test needs at least one cluster")]
    NoClusters,
    /// Metrics of different clusters.
    #[error("metric {metric} has {found} clusters, the first has {expected}: all must have the same")]
    Lengths {
        /// Which metric, from zero.
        metric: usize,
        /// How many clusters the first has.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
    /// A contribution that is no number.
    #[error("metric {metric}: the contribution of cluster {cluster} is no finite number")]
    NotFinite {
        /// Which metric, from zero.
        metric: usize,
        /// Which cluster, from zero.
        cluster: usize,
    },
}

/// Which ways to change places were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flips {
    /// All of them: this many, and as many that only turn the sign of everything.
    All(u64),
    /// So many, drawn at random.
    Drawn(u64),
}

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignFlip {
    /// The sum of the contributions: the difference itself.
    pub difference: f64,
    /// The same over the root of the sum of their squares, which no change of places alters.
    pub statistic: f64,
    /// Two-sided p-value; where ways are drawn `(b + 1) / (m + 1)` for `b` of `m` at least as far from zero (Davison and
    /// Hinkley 1997, section 4.3), which is never zero and keeps the level.
    pub p_value: f64,
    /// What it rests on.
    pub flips: Flips,
}

/// Tests whether a difference, the sum of what each cluster contributes, is no larger than chance has it.
///
/// The sign-flip test (Fisher 1935), exact for up to [`EXACT_CLUSTERS`] clusters, by `draws` above. Of a weighted mean of
/// differences `Σ w d / Σ w`, a cluster contributes its own `Σ w d` over the whole `Σ w`.
///
/// # Errors
///
/// When there are no clusters or a contribution is not finite.
pub fn sign_flip_test(contributions: &[f64], draws: &Draws) -> Result<SignFlip, PermutationError> {
    Ok(max_t(&[contributions], draws)?[0])
}

/// Tests several differences at once, one row of contributions of the same clusters each, with p-values that can be read as
/// those of a single test.
///
/// The step-down method of Westfall and Young (1993), algorithm 4.1, on the largest statistic: the chance of any false
/// rejection stays at the level, and metrics that hang together cost less than by Holm. The p-values do not fall along
/// falling statistics. A metric whose contributions are all zero has a p-value of 1.
///
/// # Errors
///
/// When there are no clusters, rows differ in length or a contribution is not finite.
pub fn max_t(contributions: &[&[f64]], draws: &Draws) -> Result<Vec<SignFlip>, PermutationError> {
    let metrics = Metrics::new(contributions)?;
    let observed: Vec<f64> = metrics.rows.iter().map(|row| row.iter().sum()).collect();
    let mut order: Vec<usize> = (0..observed.len()).collect();
    order.sort_by(|&one, &other| observed[other].abs().total_cmp(&observed[one].abs()));
    // Of each place in the order, how many flips have a statistic there or further down that is as large.
    let at_least = |statistics: &[f64], counts: &mut [u64]| {
        let mut largest = 0.0f64;
        for (place, &metric) in order.iter().enumerate().rev() {
            largest = largest.max(statistics[metric].abs());
            counts[place] += u64::from(largest >= observed[metric].abs() - TIE);
        }
    };
    let (counts, flips) = metrics.count(draws, at_least);
    let share = |count: u64| match flips {
        Flips::All(all) => count as f64 / all as f64,
        Flips::Drawn(drawn) => (count + 1) as f64 / (drawn + 1) as f64,
    };
    let mut p_values = vec![0.0; order.len()];
    let mut floor = 0.0f64;
    for (&metric, count) in order.iter().zip(counts) {
        floor = floor.max(share(count));
        p_values[metric] = floor;
    }
    let result = |metric: usize| SignFlip {
        difference: contributions[metric].iter().sum(),
        statistic: observed[metric],
        p_value: p_values[metric],
        flips,
    };
    Ok((0..order.len()).map(result).collect())
}

/// Contributions of each metric over the root of the sum of their squares.
struct Metrics {
    rows: Vec<Vec<f64>>,
    clusters: usize,
}

impl Metrics {
    fn new(contributions: &[&[f64]]) -> Result<Metrics, PermutationError> {
        let clusters = contributions.first().map_or(0, |row| row.len());
        if clusters == 0 {
            return Err(PermutationError::NoClusters);
        }
        let mut rows = Vec::with_capacity(contributions.len());
        for (metric, row) in contributions.iter().enumerate() {
            if row.len() != clusters {
                return Err(PermutationError::Lengths { metric, expected: clusters, found: row.len() });
            }
            if let Some(cluster) = row.iter().position(|value| !value.is_finite()) {
                return Err(PermutationError::NotFinite { metric, cluster });
            }
            let largest = row.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            let scale = row.iter().map(|value| (value / largest).powi(2)).sum::<f64>().sqrt() * largest;
            rows.push(row.iter().map(|value| if scale > 0.0 { value / scale } else { 0.0 }).collect());
        }
        Ok(Metrics { rows, clusters })
    }

    /// Counts by `count` over the statistics of every flip.
    fn count(&self, draws: &Draws, count: impl Fn(&[f64], &mut [u64]) + Sync) -> (Vec<u64>, Flips) {
        let metrics = self.rows.len();
        if self.clusters > EXACT_CLUSTERS {
            let drawn = |stream: &mut Stream, counts: &mut [u64]| {
                let signs: Vec<u64> = (0..self.clusters.div_ceil(64)).map(|_| stream.bits()).collect();
                let statistics: Vec<f64> = self.rows.iter().map(|row| flipped_sum(row, &signs)).collect();
                count(&statistics, counts);
            };
            return (draws.counts(metrics, drawn), Flips::Drawn(draws.resamples().get().into()));
        }
        // The last cluster never changes: flips that differ in all signs have the same statistic but for its sign.
        let free = self.clusters - 1;
        let low_bits = free / 2;
        let halves: Vec<[Vec<f64>; 2]> = self
            .rows
            .iter()
            .map(|row| [all_sums(&row[..low_bits], 0.0), all_sums(&row[low_bits..free], row[free])])
            .collect();
        let none = || (vec![0; metrics], vec![0.0; metrics]);
        let of_high = |(mut counts, mut statistics): (Vec<u64>, Vec<f64>), high: usize| {
            for low in 0..1 << low_bits {
                for (statistic, [lows, highs]) in statistics.iter_mut().zip(&halves) {
                    *statistic = lows[low] + highs[high];
                }
                count(&statistics, &mut counts);
            }
            (counts, statistics)
        };
        let counts = (0..1usize << (free - low_bits))
            .into_par_iter()
            .fold(none, of_high)
            .map(|(counts, _)| counts)
            .reduce(|| vec![0; metrics], summed);
        (counts, Flips::All(1 << free))
    }
}

/// The sum of the values, those whose bit is set with their sign turned.
fn flipped_sum(values: &[f64], signs: &[u64]) -> f64 {
    let turned = |(at, value): (usize, &f64)| {
        let sign = (signs[at / 64] >> (at % 64)) & 1;
        f64::from_bits(value.to_bits() ^ (sign << 63))
    };
    values.iter().enumerate().map(turned).sum()
}

/// The sums over all ways to turn signs, with a value that keeps its own.
fn all_sums(values: &[f64], kept: f64) -> Vec<f64> {
    let mut sums = vec![kept];
    for value in values {
        sums = sums.iter().flat_map(|sum| [sum + value, sum - value]).collect();
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::python_random::PythonRandom;

    fn draws(resamples: u32) -> Draws {
        Draws::new(NonZeroU32::new(resamples).unwrap(), 42)
    }

    #[test]
    fn what_cannot_be_tested_is_refused() {
        assert_eq!(sign_flip_test(&[], &draws(9)), Err(PermutationError::NoClusters));
        assert_eq!(max_t(&[], &draws(9)), Err(PermutationError::NoClusters));
        let lengths = PermutationError::Lengths { metric: 1, expected: 2, found: 1 };
        assert_eq!(max_t(&[&[1.0, 2.0], &[1.0]], &draws(9)), Err(lengths));
        let not_finite = PermutationError::NotFinite { metric: 0, cluster: 1 };
        assert_eq!(sign_flip_test(&[1.0, f64::NAN], &draws(9)), Err(not_finite));
    }

    #[test]
    fn clusters_that_all_point_one_way_have_the_least_p_value() {
        let got = sign_flip_test(&[1.0; 10], &draws(9)).unwrap();
        assert!((got.p_value - 1.0 / 512.0).abs() < 1e-12 && got.flips == Flips::All(512), "{got:?}");
        assert!((got.difference - 10.0).abs() < 1e-12);
        assert!((sign_flip_test(&[3.0], &draws(9)).unwrap().p_value - 1.0).abs() < 1e-12);
        assert!((sign_flip_test(&[0.0; 4], &draws(9)).unwrap().p_value - 1.0).abs() < 1e-12);
        let drawn = sign_flip_test(&[1.0; 200], &draws(99)).unwrap();
        assert!((drawn.p_value - 0.01).abs() < 1e-12 && drawn.flips == Flips::Drawn(99), "{drawn:?}");
    }

    /// Drawn flips of 21 clusters, of which one contributes nothing, against all flips of the other 20.
    #[test]
    fn drawn_flips_agree_with_all_of_them() {
        let twenty: Vec<f64> = (0..20).map(|at| f64::from(at * at % 11) - 3.2).collect();
        let more = [&twenty[..], &[0.0]].concat();
        let other: Vec<f64> =
            more.iter().enumerate().map(|(at, value)| value + (at % 3) as f64 - 1.3).collect();
        let exact = max_t(&[&twenty, &other[..20]], &draws(1)).unwrap();
        let mut zeroed = other.clone();
        zeroed[20] = 0.0;
        let drawn = max_t(&[&more, &zeroed], &draws(20_000)).unwrap();
        for (exact, drawn) in exact.iter().zip(&drawn) {
            let error = (exact.p_value * (1.0 - exact.p_value) / 20_000.0).sqrt();
            assert!((exact.p_value - drawn.p_value).abs() < 4.0 * error, "{exact:?} {drawn:?}");
            assert!((exact.statistic - drawn.statistic).abs() < 1e-12);
        }
    }

    /// Two metrics of skewed contributions without a difference, 2,000 samples of 12 clusters: any is rejected in no more
    /// than 5 %, give or take three Monte Carlo errors, and a metric repeated costs nothing.
    #[test]
    fn false_rejections_of_any_metric_keep_the_level() {
        let mut random = PythonRandom::new(17);
        let mut rejections = 0;
        for _ in 0..2000 {
            let mut skewed = || {
                let sign = if random.random() < 0.5 { -1.0 } else { 1.0 };
                sign * random.random().powi(4)
            };
            let one: Vec<f64> = (0..12).map(|_| skewed()).collect();
            let other: Vec<f64> = one.iter().map(|value| value + skewed()).collect();
            let both = max_t(&[&one, &other, &one], &draws(1)).unwrap();
            rejections += u32::from(both.iter().any(|test| test.p_value <= 0.05));
            assert!((both[0].p_value - both[2].p_value).abs() < 1e-12);
        }
        assert!(rejections <= 100 + 30, "{rejections}");
        assert!(rejections >= 40, "{rejections}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn order_direction_and_unit_do_not_matter(rows in prop::collection::vec((-5.0f64..5.0, -5.0f64..5.0), 2..12), unit in 0.1f64..9.0) {
            let (one, other): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
            let turn = |values: &[f64]| values.iter().rev().map(|value| -unit * value).collect::<Vec<_>>();
            let straight = max_t(&[&one, &other], &draws(1)).unwrap();
            let turned = max_t(&[&turn(&other), &turn(&one)], &draws(1)).unwrap();
            for (straight, turned) in straight.iter().zip(turned.iter().rev()) {
                prop_assert!((straight.p_value - turned.p_value).abs() < 1e-12);
                prop_assert!((straight.statistic + turned.statistic).abs() < 1e-9);
            }
            for (metric, row) in [&one, &other].into_iter().enumerate() {
                let alone = sign_flip_test(row, &draws(1)).unwrap().p_value;
                prop_assert!(alone <= straight[metric].p_value && straight[metric].p_value <= 1.0);
            }
        }
    }
}
