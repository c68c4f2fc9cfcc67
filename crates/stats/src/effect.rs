//! How large a difference is, apart from how sure it is.

use std::num::NonZeroU64;

use statrs::function::gamma::ln_gamma;

use crate::binomial::{clopper_pearson_interval, critical};
use crate::describe::{mean, sample_std_dev};
use crate::interval::{Interval, Level};
use crate::paired::PairedCounts;

/// An effect with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The estimate.
    pub value: f64,
    /// Its interval; an end may be infinite.
    pub interval: Interval,
}

/// Returns Cohen's h of two shares, `2 asin √p - 2 asin √q`: from -π to π.
///
/// Cohen (1988), "Statistical Power Analysis", section 6.2, where 0.2 is small, 0.5 medium and 0.8 large. A point
/// counts for more near 0 and 1. NaN of what is no share.
pub fn cohens_h(first: f64, second: f64) -> f64 {
    2.0 * (first.sqrt().asin() - second.sqrt().asin())
}

/// Effect sizes of two samples of the same cases, in standard deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedEffect {
    /// The mean difference over the standard deviation of the differences: what the paired test sees. It grows with the
    /// correlation of the samples.
    pub d_z: f64,
    /// The mean difference over the root of the mean of both variances, corrected for its bias in small samples: what can be
    /// held against effects in other designs.
    pub g_av: f64,
}

/// Returns the effect sizes of `first` less `second`, or `None` when they differ in length, have fewer than two pairs, or no
/// spread to measure by.
///
/// `d_z` after Cohen (1988), section 2.3; `g_av` after Cumming (2012), "Understanding the New Statistics", chapter 11, with the
/// exact correction of Hedges (1981) for a degree of freedom for each pair but one.
pub fn paired_effect(first: &[f64], second: &[f64]) -> Option<PairedEffect> {
    if first.len() != second.len() {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(one, other)| one - other).collect();
    let (apart, deviation) = (mean(&differences)?, sample_std_dev(&differences)?);
    let variance = |values| sample_std_dev(values).map(|deviation| deviation * deviation);
    let average = f64::midpoint(variance(first)?, variance(second)?).sqrt();
    let correction = hedges_correction(differences.len() as f64 - 1.0);
    (deviation > 0.0 && average > 0.0)
        .then(|| PairedEffect { d_z: apart / deviation, g_av: correction * apart / average })
}

/// Returns what a standardised difference is multiplied by to be without bias: `Γ(f/2) / (√(f/2) Γ((f-1)/2))` (Hedges 1981,
/// Journal of Educational Statistics 6, 107); 0 at one degree of freedom.
pub fn hedges_correction(degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom <= 1.0 {
        return 0.0;
    }
    let half = degrees_of_freedom / 2.0;
    (ln_gamma(half) - ln_gamma(half - 0.5)).exp() / half.sqrt()
}

/// Returns the odds ratio of the pairs that differ, only the first over only the second, with its exact interval; `None` if
/// no pair differs.
///
/// The conditional estimate `b / c` of matched pairs; the ends are the odds of those of Clopper and Pearson for `b` out of
/// `b + c` (Breslow and Day 1980, "Statistical Methods in Cancer Research I", section 5.2). Never below its level. Infinite if
/// only the first hits.
pub fn discordant_odds_ratio(counts: PairedCounts, level: Level) -> Option<Effect> {
    let discordant = NonZeroU64::new(counts.only_first + counts.only_second)?;
    let share = clopper_pearson_interval(counts.only_first, discordant, level);
    let odds = |share: f64| share / (1.0 - share);
    let value = counts.only_first as f64 / counts.only_second as f64;
    Some(Effect { value, interval: Interval { low: odds(share.low), high: odds(share.high) } })
}

/// Returns the ratio of two independent shares with its interval, or `None` if either has no hits.
///
/// Normal on the log scale: Katz et al. (1978), Biometrics 34, 469. Trust it from about five hits in each.
///
/// # Panics
///
/// When there are more hits than cases.
pub fn risk_ratio(first: (u64, NonZeroU64), second: (u64, NonZeroU64), level: Level) -> Option<Effect> {
    let term = |(hits, n): (u64, NonZeroU64)| {
        assert!(hits <= n.get(), "{hits} hits out of {n}");
        let (hits, n) = (hits as f64, n.get() as f64);
        (hits > 0.0).then(|| (hits / n, 1.0 / hits - 1.0 / n))
    };
    let ((one, of_one), (other, of_other)) = (term(first)?, term(second)?);
    Some(on_the_log_scale(one / other, of_one + of_other, level))
}

/// Returns the ratio of the shares of two outcomes of the same cases with its interval, or `None` if either has no hits.
///
/// Normal on the log scale, with the variance `(b + c) / ((a + b)(a + c))`: Desu and Raghavarao (2004), "Nonparametric
/// Statistical Methods for Complete and Censored Data", as Fagerland, Lydersen and Laake (2014) give it.
pub fn paired_risk_ratio(counts: PairedCounts, level: Level) -> Option<Effect> {
    let (first, second) = (counts.both + counts.only_first, counts.both + counts.only_second);
    let (one, other) = (first as f64, second as f64);
    let discordant = (counts.only_first + counts.only_second) as f64;
    (first > 0 && second > 0).then(|| on_the_log_scale(one / other, discordant / (one * other), level))
}

fn on_the_log_scale(value: f64, variance: f64, level: Level) -> Effect {
    let reach = (critical(level) * variance.sqrt()).exp();
    Effect { value, interval: Interval { low: value / reach, high: value * reach } }
}

/// Returns Cliff's delta: how much more often a value of the first sample is the larger than that it is the smaller, from -1
/// to 1; `None` of an empty sample or of NaNs.
///
/// Cliff (1993), Psychological Bulletin 114, 494. It needs an order and no scale. By sorting, in `n log n`.
pub fn cliffs_delta(first: &[f64], second: &[f64]) -> Option<f64> {
    if first.is_empty() || second.is_empty() || first.iter().chain(second).any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted: Vec<f64> = second.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let surplus: i64 = first
        .iter()
        .map(|value| {
            let below = sorted.partition_point(|other| other < value);
            let up_to = sorted.partition_point(|other| other <= value);
            below as i64 - (sorted.len() - up_to) as i64
        })
        .sum();
    Some(surplus as f64 / (first.len() as f64 * second.len() as f64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::paired::mcnemar_exact;

    fn counts(both: u64, only_first: u64, only_second: u64) -> PairedCounts {
        PairedCounts { both, only_first, only_second, neither: 5 }
    }

    #[test]
    fn what_has_no_effect_size_has_none() {
        assert_eq!(paired_effect(&[1.0], &[1.0]), None);
        assert_eq!(paired_effect(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(paired_effect(&[1.0, 2.0], &[0.0, 1.0]), None, "all differences are equal");
        assert_eq!(discordant_odds_ratio(counts(9, 0, 0), Level::P95), None);
        assert_eq!(paired_risk_ratio(counts(0, 0, 3), Level::P95), None);
        let ten = NonZeroU64::new(10).unwrap();
        assert_eq!(risk_ratio((0, ten), (3, ten), Level::P95), None);
        assert_eq!(cliffs_delta(&[], &[1.0]), None);
        assert_eq!(cliffs_delta(&[f64::NAN], &[1.0]), None);
        assert!(cohens_h(1.2, 0.5).is_nan());
    }

    #[test]
    fn the_ends_of_the_scales_are_met() {
        assert!((cohens_h(1.0, 0.0) - std::f64::consts::PI).abs() < 1e-12);
        assert_eq!(cliffs_delta(&[3.0, 4.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(cliffs_delta(&[1.0, 0.0], &[-0.0, 1.0]), Some(0.0));
        let only_first = discordant_odds_ratio(counts(0, 6, 0), Level::P95).unwrap();
        assert!(only_first.value.is_infinite() && only_first.interval.high.is_infinite());
        assert!(only_first.interval.low > 1.0);
        assert_eq!(hedges_correction(1.0).to_bits(), 0.0f64.to_bits());
        assert!((hedges_correction(10.0) - (1.0 - 3.0 / 39.0)).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn swapping_the_subjects_turns_every_effect(
            pairs in prop::collection::vec((-5.0f64..5.0, -5.0f64..5.0), 3..30), both in 1u64..50, b in 1u64..50, c in 1u64..50,
        ) {
            let (first, second): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (one, other) = (paired_effect(&first, &second).unwrap(), paired_effect(&second, &first).unwrap());
            prop_assert!((one.d_z + other.d_z).abs() < 1e-9 && (one.g_av + other.g_av).abs() < 1e-9);
            let (delta, turned) = (cliffs_delta(&first, &second).unwrap(), cliffs_delta(&second, &first).unwrap());
            prop_assert!((delta + turned).abs() < 1e-12 && (-1.0..=1.0).contains(&delta));
            let size = NonZeroU64::new(60).unwrap();
            let ratios = |b, c| [
                discordant_odds_ratio(counts(both, b, c), Level::P95).unwrap(),
                paired_risk_ratio(counts(both, b, c), Level::P95).unwrap(),
                risk_ratio((b, size), (c, size), Level::P95).unwrap(),
            ];
            for (one, other) in ratios(b, c).into_iter().zip(ratios(c, b)) {
                prop_assert!((one.value * other.value - 1.0).abs() < 1e-9);
                prop_assert!((one.interval.low * other.interval.high - 1.0).abs() < 1e-7, "{:?} {:?}", one, other);
                prop_assert!(one.interval.contains(one.value));
            }
        }

        #[test]
        fn the_odds_ratio_excludes_1_where_the_exact_test_rejects(b in 0u64..60, c in 0u64..60) {
            prop_assume!(b + c > 0);
            let effect = discordant_odds_ratio(counts(3, b, c), Level::P95).unwrap();
            let p_value = mcnemar_exact(counts(3, b, c)).p_value;
            prop_assert_eq!(!effect.interval.contains(1.0), p_value < 0.05);
        }

        #[test]
        fn more_cases_narrow_and_a_change_of_scale_changes_nothing(a in 1u64..30, b in 1u64..30, values in prop::collection::vec(-5.0f64..5.0, 4..20)) {
            let size = |n| NonZeroU64::new(n).unwrap();
            let ratio = |by: u64| risk_ratio((a * by, size(40 * by)), (b * by, size(40 * by)), Level::P95).unwrap().interval;
            prop_assert!(ratio(4).width() < ratio(1).width());
            let other: Vec<f64> = values.iter().rev().map(|value| value * value).collect();
            let scaled = |values: &[f64]| values.iter().map(|value| 3.0 * value + 1.0).collect::<Vec<_>>();
            prop_assert_eq!(cliffs_delta(&values, &other), cliffs_delta(&scaled(&values), &scaled(&other)));
            let (one, two) = (paired_effect(&values, &other).unwrap(), paired_effect(&scaled(&values), &scaled(&other)).unwrap());
            prop_assert!((one.d_z - two.d_z).abs() < 1e-9 && (one.g_av - two.g_av).abs() < 1e-9);
        }
    }
}
