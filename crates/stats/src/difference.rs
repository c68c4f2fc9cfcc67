//! Newcombe's intervals of the difference of two proportions, of different cases or of the same ones.

use std::num::NonZeroU64;

use crate::interval::{Interval, Level};
use crate::paired::PairedCounts;
use crate::proportion::wilson_interval;

/// Returns the interval of the first share less the second, of two samples drawn independently of each other.
///
/// Squares and adds the distances from each share to the ends of its Wilson interval. Newcombe (1998), Statistics in
/// Medicine 17, 873, method 10.
///
/// # Panics
///
/// When a number of hits exceeds its number of cases.
pub fn newcombe_interval(first: (u64, NonZeroU64), second: (u64, NonZeroU64), level: Level) -> Interval {
    combine(Score::new(first, level), Score::new(second, level), 0.0)
}

/// Returns the interval of the first share less the second, of two outcomes of the same cases; `None` of no pairs.
///
/// As for independent samples, less what the outcomes have in common: twice their correlation times the product of the
/// distances. The correlation is corrected for continuity. Newcombe (1998), Statistics in Medicine 17, 2635, method 10.
pub fn newcombe_paired_interval(counts: PairedCounts, level: Level) -> Option<Interval> {
    let n = NonZeroU64::new(counts.total())?;
    let first = Score::new((counts.both + counts.only_first, n), level);
    let second = Score::new((counts.both + counts.only_second, n), level);
    Some(combine(first, second, correlation(counts)))
}

/// A share and its Wilson interval.
#[derive(Clone, Copy)]
struct Score {
    share: f64,
    interval: Interval,
}

impl Score {
    fn new((hits, n): (u64, NonZeroU64), level: Level) -> Score {
        Score { share: hits as f64 / n.get() as f64, interval: wilson_interval(hits, n, level) }
    }
}

fn combine(first: Score, second: Score, correlation: f64) -> Interval {
    let distance =
        |one: f64, other: f64| (one * one - 2.0 * correlation * one * other + other * other).max(0.0).sqrt();
    let difference = first.share - second.share;
    Interval {
        low: difference - distance(first.share - first.interval.low, second.interval.high - second.share),
        high: difference + distance(first.interval.high - first.share, second.share - second.interval.low),
    }
}

/// The phi coefficient, moved by half the pairs towards zero where it is above; zero where a margin is empty.
fn correlation(counts: PairedCounts) -> f64 {
    let [a, b, c, d] =
        [counts.both, counts.only_first, counts.only_second, counts.neither].map(|count| count as f64);
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    if margins == 0.0 {
        return 0.0;
    }
    let apart = a * d - b * c;
    let corrected = if apart > 0.0 { (apart - (a + b + c + d) / 2.0).max(0.0) } else { apart };
    corrected / margins.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(n: u64) -> NonZeroU64 {
        NonZeroU64::new(n).unwrap()
    }

    // Newcombe (1998), Statistics in Medicine 17, 873, table II, method 10.
    #[test]
    fn newcombe_s_published_examples_are_met() {
        let got = newcombe_interval((56, size(70)), (48, size(80)), Level::P95);
        assert!((got.low - 0.0524).abs() < 5e-5 && (got.high - 0.3339).abs() < 5e-5, "{got:?}");
        let got = newcombe_interval((5, size(56)), (0, size(29)), Level::P95);
        assert!((got.low + 0.0381).abs() < 5e-5 && (got.high - 0.1926).abs() < 5e-5, "{got:?}");
    }

    #[test]
    fn no_pairs_have_no_interval() {
        let none = PairedCounts { both: 0, only_first: 0, only_second: 0, neither: 0 };
        assert_eq!(newcombe_paired_interval(none, Level::P95), None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_difference_and_turns_with_it(a in 0u64..60, b in 0u64..60, c in 0u64..60, d in 0u64..60) {
            prop_assume!(a + b + c + d > 0);
            let counts = PairedCounts { both: a, only_first: b, only_second: c, neither: d };
            let turned = PairedCounts { only_first: c, only_second: b, ..counts };
            let interval = newcombe_paired_interval(counts, Level::P95).unwrap();
            let other = newcombe_paired_interval(turned, Level::P95).unwrap();
            prop_assert!(interval.contains(counts.difference().unwrap()));
            prop_assert!((interval.low + other.high).abs() < 1e-12 && (interval.high + other.low).abs() < 1e-12);
            prop_assert!(interval.low >= -1.0 - 1e-12 && interval.high <= 1.0 + 1e-12);
        }

        #[test]
        fn pairs_that_agree_tell_more_than_independent_samples(a in 20u64..200, d in 20u64..200, b in 0u64..8, c in 0u64..8) {
            let counts = PairedCounts { both: a, only_first: b, only_second: c, neither: d };
            let n = size(counts.total());
            let paired = newcombe_paired_interval(counts, Level::P95).unwrap();
            let apart = newcombe_interval((a + b, n), (a + c, n), Level::P95);
            prop_assert!(paired.width() <= apart.width());
        }
    }
}
