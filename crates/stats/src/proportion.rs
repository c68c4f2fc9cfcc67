//! Intervals of a proportion. Assumes that the cases are drawn independently.

use std::num::NonZeroU64;

use statrs::distribution::{ContinuousCDF, Normal};

use crate::interval::{Interval, Level};

/// Returns the Wilson score interval for `hits` out of `n` at two-sided `level`.
///
/// Preferred over the normal interval because it stays inside [0, 1] and keeps its coverage near the ends, where
/// failure rates live. No continuity correction. Wilson (1927), eq. 1.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn wilson_interval(hits: u64, n: NonZeroU64, level: Level) -> Interval {
    wilson_interval_at(hits, n, Normal::standard().inverse_cdf(level.upper_probability()))
}

/// Returns the Wilson score interval for `hits` out of `n` at a critical value of one's own, such as the 1.96 of printed
/// tables.
///
/// For figures that were published with a rounded critical value; [`wilson_interval`] takes the quantile itself.
///
/// # Panics
///
/// When `hits` exceeds `n`.
pub fn wilson_interval_at(hits: u64, n: NonZeroU64, critical_value: f64) -> Interval {
    assert!(hits <= n.get(), "{hits} hits out of {n}");
    let n_real = n.get() as f64;
    let share = hits as f64 / n_real;
    let z = critical_value;
    let shrink = 1.0 + z * z / n_real;
    let centre = (share + z * z / (2.0 * n_real)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n_real + z * z / (4.0 * n_real * n_real)).sqrt();
    // The ends are exact at no hits and at all hits; rounding must not push the share out of its interval.
    let low = if hits == 0 { 0.0 } else { centre - half };
    let high = if hits == n.get() { 1.0 } else { centre + half };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wilson(hits: u64, n: u64, level: f64) -> Interval {
        wilson_interval(hits, NonZeroU64::new(n).unwrap(), Level::parse(level).unwrap())
    }

    fn check(hits: u64, n: u64, low: f64, high: f64) {
        let got = wilson(hits, n, 0.95);
        assert!((got.low - low).abs() < 5e-5 && (got.high - high).abs() < 5e-5, "{hits}/{n}: {got:?}");
    }

    // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    #[test]
    fn newcombe_s_published_examples_are_met() {
        check(81, 263, 0.2553, 0.3662);
        check(15, 148, 0.0624, 0.1605);
        check(0, 20, 0.0, 0.1611);
        check(1, 29, 0.0061, 0.1718);
    }

    #[test]
    fn no_hits_have_the_closed_form() {
        let z_squared = 1.959_963_984_540_054_f64.powi(2);
        let got = wilson(0, 5, 0.95);
        assert!((got.high - z_squared / (5.0 + z_squared)).abs() < 1e-12, "{got:?}");
        assert_eq!(wilson(5, 5, 0.95).high.to_bits(), 1.0f64.to_bits());
    }

    #[test]
    #[should_panic(expected = "6 hits out of 5")]
    fn more_hits_than_cases_are_refused() {
        wilson(6, 5, 0.95);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share_and_mirrors(n in 1u64..5000, part in 0.0f64..=1.0, level in 0.5f64..0.999) {
            let hits = (part * n as f64) as u64;
            let interval = wilson(hits, n, level);
            prop_assert!(interval.contains(hits as f64 / n as f64));
            prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
            let mirrored = wilson(n - hits, n, level);
            prop_assert!((interval.low - (1.0 - mirrored.high)).abs() < 1e-9);
        }

        #[test]
        fn it_widens_with_level_and_narrows_with_cases(n in 2u64..1000, part in 0.0f64..=1.0, level in 0.5f64..0.98) {
            let hits = (part * n as f64) as u64;
            prop_assert!(wilson(hits, n, level).width() < wilson(hits, n, level + 0.01).width());
            prop_assert!(wilson(hits * 4, n * 4, level).width() < wilson(hits, n, level).width());
        }
    }
}
