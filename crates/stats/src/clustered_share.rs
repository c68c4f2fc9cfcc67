//! Shares of cases that come in clusters, with intervals that hold near 0 and 1, and sums of such shares.
//!
//! [`crate::clustered`] gives the standard error of a mean; here is an interval of a share, or of a ratio of two counts,
//! that does not vanish where nothing, or everything, is a hit.

use std::collections::BTreeMap;

use crate::binomial::{critical, exact_interval};
use crate::interval::{Interval, Level};
use crate::student::student_t_critical;

/// Below so many clusters with a hit, or with a miss, the spread between clusters is not estimated: see
/// [`clustered_share`].
const FEW: u64 = 5;

/// One unit, such as a prompt: what it adds to the hits and to the cases, and the cluster that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareUnit {
    /// Hits, from 0 to `size`; need not be whole.
    pub hits: f64,
    /// Cases, from 0 to 1; a unit that is none of the cases has 0.
    pub size: f64,
    /// The cluster.
    pub cluster: u32,
}

/// A share of clustered cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusteredShare {
    /// Hits over cases.
    pub share: f64,
    /// Its standard error for clusters drawn independently; none for a single cluster.
    pub standard_error: Option<f64>,
    /// Units that are cases.
    pub units: u64,
    /// Clusters that have cases.
    pub clusters: u64,
    /// How many independent cases the interval takes them for.
    pub effective_size: f64,
    /// The interval.
    pub interval: Interval,
}

/// Returns the share of hits among clustered cases with its interval; `None` if there are no cases.
///
/// The interval is that of Clopper and Pearson for as many independent cases as have the same standard error, `p (1 - p) /
/// se²`, lowered by the square of the normal over Student's quantile with a degree for each cluster but one, and at
/// most the number of units: Korn and Graubard (1998), Survey Methodology 24, 193. The standard error is that of a ratio by
/// linearisation over clusters, as in [`crate::Clusters::standard_error`].
///
/// Where fewer than five clusters have a hit, or a miss, the spread between clusters cannot be estimated (with none, it is
/// zero), nor can it in a single cluster. Then the effective size is at most Kish's over clusters, `(Σm)² / Σm²`: what the cases are worth if all of a
/// cluster are alike. For no hits in `g` clusters of one size that is the exact bound of no hits in `g` cases.
pub fn clustered_share(units: &[ShareUnit], level: Level) -> Option<ClusteredShare> {
    let mut clusters: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    let mut cases = 0;
    for unit in units.iter().filter(|unit| unit.size > 0.0) {
        let sums = clusters.entry(unit.cluster).or_default();
        sums.0 += unit.hits;
        sums.1 += unit.size;
        cases += 1;
    }
    let (hits, size) =
        clusters.values().fold((0.0, 0.0), |(hits, size), part| (hits + part.0, size + part.1));
    if cases == 0 {
        return None;
    }
    let share = (hits / size).clamp(0.0, 1.0);
    let count = clusters.len() as u64;
    let standard_error = (count > 1).then(|| {
        let squares: f64 = clusters.values().map(|(hits, size)| (hits - share * size).powi(2)).sum();
        (squares * count as f64 / (count as f64 - 1.0)).sqrt() / size
    });
    let alike = alike_size(clusters.values().map(|(_, size)| *size));
    let with_hits = clusters.values().filter(|(hits, _)| *hits > 0.0).count() as u64;
    let with_misses = clusters.values().filter(|(hits, size)| hits < size).count() as u64;
    let effective_size = match standard_error {
        Some(error) if share > 0.0 && share < 1.0 => {
            let degrees = student_t_critical(level, count as f64 - 1.0);
            let estimated = share * (1.0 - share) / error.powi(2) * (critical(level) / degrees).powi(2);
            let most = if with_hits.min(with_misses) < FEW { alike } else { cases as f64 };
            estimated.min(most)
        }
        _ => alike,
    };
    let interval = exact_interval(share * effective_size, (1.0 - share) * effective_size, level);
    Some(ClusteredShare { share, standard_error, units: cases, clusters: count, effective_size, interval })
}

/// Kish's effective size over clusters, for sizes that need not be whole.
fn alike_size(sizes: impl Iterator<Item = f64>) -> f64 {
    let (sum, squares) = sizes.fold((0.0, 0.0), |(sum, squares), size| (sum + size, squares + size * size));
    sum * sum / squares
}

/// Returns the interval of `Σ w θ` from estimates `θ` that are independent of each other, their weights `w` and their
/// intervals; of no terms, an interval of nothing but 0.
///
/// Squares and adds the distances from each estimate to the end of its interval that moves the sum that way: the method of
/// variance estimates recovery of Zou and Donner (2008), Statistics in Medicine 27, 1693. Newcombe's interval of a
/// difference is that of two terms.
pub fn combined_interval(terms: &[(f64, f64, Interval)]) -> Interval {
    let (mut sum, mut below, mut above) = (0.0, 0.0, 0.0);
    for (weight, estimate, interval) in terms {
        let ends = [weight * (estimate - interval.low), weight * (interval.high - estimate)];
        let [low, high] = if *weight < 0.0 { [-ends[1], -ends[0]] } else { ends };
        sum += weight * estimate;
        below += low * low;
        above += high * high;
    }
    Interval { low: sum - below.sqrt(), high: sum + above.sqrt() }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use proptest::prelude::*;

    use super::*;
    use crate::{Clusters, clopper_pearson_interval, newcombe_interval, wilson_interval};

    fn units(rows: &[(f64, u32)]) -> Vec<ShareUnit> {
        rows.iter().map(|&(hits, cluster)| ShareUnit { hits, size: 1.0, cluster }).collect()
    }

    #[test]
    fn no_hits_have_the_exact_bound_of_as_many_cases_as_clusters() {
        let rows: Vec<_> = (0..100).map(|at| (0.0, at / 5)).collect();
        let got = clustered_share(&units(&rows), Level::P95).unwrap();
        let exact = clopper_pearson_interval(0, NonZeroU64::new(20).unwrap(), Level::P95);
        assert_eq!((got.share, got.units, got.clusters, got.standard_error), (0.0, 100, 20, Some(0.0)));
        assert!((got.interval.high - exact.high).abs() < 1e-12 && got.interval.low == 0.0, "{got:?}");
        assert!(clustered_share(&[], Level::P95).is_none());
    }

    #[test]
    fn a_single_hit_is_not_surer_than_none() {
        let mut rows: Vec<_> = (0..1000).map(|at| (0.0, at / 10)).collect();
        let none = clustered_share(&units(&rows), Level::P95).unwrap().interval;
        rows[500].0 = 1.0;
        let one = clustered_share(&units(&rows), Level::P95).unwrap().interval;
        assert!(one.high > none.high && one.low < 0.001, "{none:?} {one:?}");
    }

    /// Half of the prompts of every cluster hit: as many independent cases tell less.
    #[test]
    fn even_clusters_are_worth_no_more_than_their_units_and_equal_ones_their_number() {
        let even: Vec<_> = (0..400).map(|at| (f64::from(at % 2), at / 10)).collect();
        let got = clustered_share(&units(&even), Level::P95).unwrap();
        assert!((got.effective_size - 400.0).abs() < 1e-9, "{got:?}");
        let equal: Vec<_> = (0..400).map(|at| (f64::from(at / 10 % 2), at / 10)).collect();
        let got = clustered_share(&units(&equal), Level::P95).unwrap();
        assert!(got.effective_size < 40.0 && got.effective_size > 30.0, "{got:?}");
    }

    #[test]
    fn newcombe_s_interval_is_the_sum_of_two_terms() {
        let size = |n| NonZeroU64::new(n).unwrap();
        let term = |weight, hits: u64, n: u64| {
            (weight, hits as f64 / n as f64, wilson_interval(hits, size(n), Level::P95))
        };
        let got = combined_interval(&[term(1.0, 56, 70), term(-1.0, 48, 80)]);
        let known = newcombe_interval((56, size(70)), (48, size(80)), Level::P95);
        assert!((got.low - known.low).abs() < 1e-12 && (got.high - known.high).abs() < 1e-12, "{got:?}");
    }

    proptest! {
        #[test]
        fn the_standard_error_is_that_of_the_clustered_mean(rows in prop::collection::vec((0u8..2, 0u32..9), 3..60)) {
            let rows: Vec<_> = rows.into_iter().map(|(hit, cluster)| (f64::from(hit), cluster)).collect();
            let (values, names): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
            let got = clustered_share(&units(&rows), Level::P95).unwrap();
            prop_assert!(got.interval.contains(got.share));
            prop_assert!(got.effective_size <= rows.len() as f64 + 1e-9);
            if let Ok(clusters) = Clusters::group(&values, &names) {
                prop_assert!((clusters.standard_error() - got.standard_error.unwrap()).abs() < 1e-12);
            }
        }
    }
}
