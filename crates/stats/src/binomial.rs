//! More intervals of a proportion than [`crate::proportion`] recommends, for comparison with what others print. All
//! assume cases drawn independently with one probability of a hit.

use std::num::NonZeroU64;

use statrs::distribution::{Beta, Continuous, ContinuousCDF, Normal};

use crate::interval::{Interval, Level};

/// Returns the exact interval of Clopper and Pearson (1934): never below its level, and often well above.
///
/// The ends are quantiles of beta distributions; at no hits the lower end is 0, at all hits the upper end is 1.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn clopper_pearson_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    let (hit, miss) = parts(hits, n);
    exact_interval(hit, miss, level)
}

/// The interval of Clopper and Pearson for numbers that need not be whole, such as those of an effective size.
pub(crate) fn exact_interval(hit: f64, miss: f64, level: Level) -> Interval {
    let tail = level.alpha() / 2.0;
    Interval {
        low: if hit > 0.0 { beta_quantile(tail, hit, miss + 1.0) } else { 0.0 },
        high: if miss > 0.0 { beta_quantile(1.0 - tail, hit + 1.0, miss) } else { 1.0 },
    }
}

/// Returns the equal-tailed credible interval under the prior of Jeffreys, beta(1/2, 1/2).
///
/// The plain quantiles, as most programs print them. Brown, Cai and DasGupta (2001) set the lower end to 0
/// at no hits and the upper to 1 at all hits, which this does not do.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn jeffreys_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    let (hit, miss) = parts(hits, n);
    let tail = level.alpha() / 2.0;
    Interval {
        low: beta_quantile(tail, hit + 0.5, miss + 0.5),
        high: beta_quantile(1.0 - tail, hit + 0.5, miss + 0.5),
    }
}

/// Returns the interval of Agresti and Coull (1998): the normal one after adding `z²/2` hits and as many misses.
///
/// Contains the Wilson interval. Ends beyond 0 and 1 are moved there.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn agresti_coull_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    let (hit, miss) = parts(hits, n);
    let z = critical(level);
    let size = hit + miss + z * z;
    normal_interval((hit + z * z / 2.0) / size, size, z)
}

/// Returns the normal interval of Wald: the share and `z` times its estimated standard error on both sides.
///
/// Has no width at no hits and at all hits and covers far too little near them; kept because it is printed so often. Ends
/// beyond 0 and 1 are moved there.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn wald_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    let (hit, miss) = parts(hits, n);
    normal_interval(hit / (hit + miss), hit + miss, critical(level))
}

/// Returns the Wilson interval with continuity correction, which comes close to the exact one.
///
/// Newcombe (1998), Statistics in Medicine 17, 857, method 4. The lower end is 0 at no hits, the upper 1 at all hits.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn wilson_corrected_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    let (hit, miss) = parts(hits, n);
    let size = hit + miss;
    let (p, q, z) = (hit / size, miss / size, critical(level));
    let centre = 2.0 * size * p + z * z;
    let lower_root = (z * z - 2.0 - 1.0 / size + 4.0 * p * (size * q + 1.0)).max(0.0).sqrt();
    let upper_root = (z * z + 2.0 - 1.0 / size + 4.0 * p * (size * q - 1.0)).max(0.0).sqrt();
    let scale = 2.0 * (size + z * z);
    Interval {
        low: if hits == 0 { 0.0 } else { ((centre - 1.0 - z * lower_root) / scale).max(0.0) },
        high: if hits == n.get() { 1.0 } else { ((centre + 1.0 + z * upper_root) / scale).min(1.0) },
    }
}

/// Returns the upper end of the one-sided 95 % interval after no hits in `n` cases, by the rule of three: `3 / n`.
///
/// Hanley and Lippman-Hand (1983). Above 1 for fewer than three cases, where it says nothing.
pub fn rule_of_three(n: NonZeroU64) -> f64 {
    3.0 / n.get() as f64
}

fn parts(hits: u64, n: NonZeroU64) -> (f64, f64) {
    assert!(hits <= n.get(), "{hits} hits out of {n}");
    (hits as f64, (n.get() - hits) as f64)
}

/// The quantile of the normal distribution at the upper end of a symmetric interval.
pub(crate) fn critical(level: Level) -> f64 {
    Normal::standard().inverse_cdf(level.upper_probability())
}

fn normal_interval(centre: f64, size: f64, z: f64) -> Interval {
    let half = z * (centre * (1.0 - centre) / size).sqrt();
    Interval { low: centre - half, high: centre + half }.clamped(0.0, 1.0)
}

/// The quantile of a beta distribution: Newton's steps on its distribution function, kept inside a shrinking bracket.
///
/// The inverse in statrs is good to about 1e-12 as a rule, but to 5e-9 only for the upper end after no hits in 14,950 cases.
fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let beta = Beta::new(a, b).expect("both parameters are above zero");
    let (mut low, mut high) = (0.0f64, 1.0f64);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let error = beta.cdf(x) - probability;
        if error > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let newton = x - error / beta.pdf(x);
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - x).abs() <= 1e-15 * next {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proportion::wilson_interval;
    use proptest::prelude::*;

    type Method = fn(u64, NonZeroU64, Level) -> Interval;
    const METHODS: [(&str, Method); 5] = [
        ("clopper_pearson", clopper_pearson_interval),
        ("jeffreys", jeffreys_interval),
        ("agresti_coull", agresti_coull_interval),
        ("wald", wald_interval),
        ("wilson_corrected", wilson_corrected_interval),
    ];

    fn size(n: u64) -> NonZeroU64 {
        NonZeroU64::new(n).unwrap()
    }

    // Newcombe (1998), Statistics in Medicine 17, table I, methods 4 and 5.
    #[test]
    fn newcombe_s_published_examples_are_met() {
        let check = |method: Method, hits, n, low: f64, high: f64| {
            let got = method(hits, size(n), Level::P95);
            assert!((got.low - low).abs() < 5e-5 && (got.high - high).abs() < 5e-5, "{hits}/{n}: {got:?}");
        };
        check(wilson_corrected_interval, 81, 263, 0.2535, 0.3682);
        check(wilson_corrected_interval, 15, 148, 0.0598, 0.1644);
        check(wilson_corrected_interval, 0, 20, 0.0, 0.2005);
        check(wilson_corrected_interval, 1, 29, 0.0018, 0.1963);
        check(clopper_pearson_interval, 81, 263, 0.2527, 0.3676);
        check(clopper_pearson_interval, 15, 148, 0.0578, 0.1617);
        check(clopper_pearson_interval, 0, 20, 0.0, 0.1684);
        check(clopper_pearson_interval, 1, 29, 0.0009, 0.1776);
    }

    #[test]
    fn more_hits_than_cases_are_refused() {
        for (name, method) in METHODS {
            assert!(std::panic::catch_unwind(|| method(6, size(5), Level::P95)).is_err(), "{name}");
        }
    }

    /// How often an interval of 0.95 holds the share `p`.
    fn coverage(method: Method, n: u64, p: f64) -> f64 {
        let chance = |hits: u64| {
            let ways = statrs::function::factorial::binomial(n, hits);
            ways * p.powi(hits as i32) * (1.0 - p).powi((n - hits) as i32)
        };
        (0..=n).filter(|&hits| method(hits, size(n), Level::P95).contains(p)).map(chance).sum()
    }

    #[test]
    fn the_exact_interval_of_small_samples_covers_at_least_its_level() {
        for n in [5u64, 11, 20] {
            for step in 1..40 {
                let p = f64::from(step) / 40.0;
                let covered = coverage(clopper_pearson_interval, n, p);
                assert!(covered >= 0.95, "{covered} at {p} of {n}");
            }
        }
    }

    /// How often an interval of 0.95 holds the share, on average over shares.
    fn mean_coverage(method: Method, n: u64) -> f64 {
        let shares: Vec<f64> = (1..200).map(|step| f64::from(step) / 200.0).collect();
        shares.iter().map(|&p| coverage(method, n, p)).sum::<f64>() / shares.len() as f64
    }

    #[test]
    fn on_average_the_others_come_close_to_their_level_and_wald_does_not() {
        for method in [wilson_interval, jeffreys_interval, agresti_coull_interval] {
            let covered = mean_coverage(method, 20);
            assert!((0.94..0.97).contains(&covered), "{covered}");
        }
        assert!(mean_coverage(wald_interval, 20) < 0.87);
        assert!(mean_coverage(wilson_corrected_interval, 20) > 0.96);
    }

    proptest! {
        #[test]
        fn every_interval_mirrors_and_stays_within_zero_and_one(n in 1u64..3000, part in 0.0f64..=1.0, level in 0.5f64..0.999) {
            let hits = (part * n as f64) as u64;
            let level = Level::parse(level).unwrap();
            for (name, method) in METHODS {
                let interval = method(hits, size(n), level);
                let mirrored = method(n - hits, size(n), level);
                prop_assert!((interval.low - (1.0 - mirrored.high)).abs() < 1e-9, "{} {:?} {:?}", name, interval, mirrored);
                prop_assert!(0.0 <= interval.low && interval.low <= interval.high && interval.high <= 1.0, "{}", name);
            }
        }

        #[test]
        fn agresti_and_coull_contain_wilson_and_the_corrections_widen(n in 1u64..3000, part in 0.0f64..=1.0) {
            let hits = (part * n as f64) as u64;
            let plain = wilson_interval(hits, size(n), Level::P95);
            for method in [agresti_coull_interval, wilson_corrected_interval] {
                let wide = method(hits, size(n), Level::P95);
                prop_assert!(wide.low <= plain.low + 1e-12 && wide.high >= plain.high - 1e-12);
            }
        }
    }
}
