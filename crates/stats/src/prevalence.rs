//! A rate that a fallible judge reports, corrected for how often the judge is right.

use std::num::NonZeroU64;

use thiserror::Error;

use crate::binomial::critical;
use crate::interval::{Interval, Level};

/// Why a rate cannot be corrected.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PrevalenceError {
    /// A judge that finds what is there no more often than what is not.
    #[error(
        "sensitivity {sensitivity} and specificity {specificity} do not sum to more than 1: such a judge tells nothing apart"
    )]
    Useless {
        /// Share of the true ones that it finds.
        sensitivity: f64,
        /// Share of the others that it passes over.
        specificity: f64,
    },
    /// More hits than cases.
    #[error("{hits} {what} out of {n}")]
    Counts {
        /// Hits of what.
        what: &'static str,
        /// How many.
        hits: u64,
        /// Of how many.
        n: u64,
    },
}

/// A corrected rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prevalence {
    /// The share that the judge reports.
    pub apparent: f64,
    /// The estimate of the true share, moved into 0 to 1.
    pub corrected: f64,
    /// The estimate as it comes out. Outside of 0 to 1 it says that the judge did worse here than where it was measured, or
    /// chance.
    pub unbounded: f64,
    /// The interval of the true share, moved into 0 to 1.
    pub interval: Interval,
}

/// Returns the true share of cases from the share that a judge reports, given how the judge did on cases whose truth is
/// known: `(p + Sp - 1) / (Se + Sp - 1)`.
///
/// Each pair is hits out of cases: those that it `reported`; of those that are truly such, those that it found (the
/// sensitivity); of those that are not, those that it passed over (the specificity). The estimate is that of Rogan and Gladen
/// (1978), American Journal of Epidemiology 107, 71. The interval is that of Lang and Reiczigel (2014), Preventive Veterinary
/// Medicine 113, 13, which counts the uncertainty of all three rates: `z²/2` hits and misses are added to the
/// reported, one of each to the other two, and the centre is shifted. It assumes three independent samples of
/// independent cases and a judge that errs alike in all of them; in simulations by its authors it holds its level from
/// about 30 cases each.
///
/// # Errors
///
/// When hits exceed cases, or sensitivity and specificity sum to 1 or less, as observed or after the addition.
pub fn corrected_prevalence(
    reported: (u64, NonZeroU64),
    found: (u64, NonZeroU64),
    passed_over: (u64, NonZeroU64),
    level: Level,
) -> Result<Prevalence, PrevalenceError> {
    let parts = [("reported", reported), ("found", found), ("passed over", passed_over)];
    for (what, (hits, n)) in parts {
        if hits > n.get() {
            return Err(PrevalenceError::Counts { what, hits, n: n.get() });
        }
    }
    let share = |(hits, n): (u64, NonZeroU64)| hits as f64 / n.get() as f64;
    let (apparent, sensitivity, specificity) = (share(reported), share(found), share(passed_over));
    let unbounded = rogan_gladen(apparent, sensitivity, specificity)?;

    let z = critical(level);
    let added = |(hits, n): (u64, NonZeroU64), cases: f64| {
        let n_added = n.get() as f64 + cases;
        let share = (hits as f64 + cases / 2.0) / n_added;
        (share, share * (1.0 - share) / n_added)
    };
    let (p, of_p) = added(reported, z * z);
    let (se, of_se) = added(found, 2.0);
    let (sp, of_sp) = added(passed_over, 2.0);
    let centre = rogan_gladen(p, se, sp)?;
    let variance = of_p + centre * centre * of_se + (1.0 - centre) * (1.0 - centre) * of_sp;
    let reach = z * variance.sqrt() / (se + sp - 1.0);
    let shift = 2.0 * z * z * (centre * of_se - (1.0 - centre) * of_sp);
    let interval = Interval { low: centre + shift - reach, high: centre + shift + reach };
    Ok(Prevalence {
        apparent,
        corrected: unbounded.clamp(0.0, 1.0),
        unbounded,
        interval: interval.clamped(0.0, 1.0),
    })
}

fn rogan_gladen(apparent: f64, sensitivity: f64, specificity: f64) -> Result<f64, PrevalenceError> {
    let youden = sensitivity + specificity - 1.0;
    // Shares such as 0.3 and 0.7 may sum to a little more than 1.
    if youden <= 1e-12 {
        return Err(PrevalenceError::Useless { sensitivity, specificity });
    }
    Ok((apparent + specificity - 1.0) / youden)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proportion::wilson_interval;
    use crate::python_random::PythonRandom;

    fn of(hits: u64, n: u64) -> (u64, NonZeroU64) {
        (hits, NonZeroU64::new(n).unwrap())
    }

    fn corrected(
        reported: (u64, u64),
        found: (u64, u64),
        passed_over: (u64, u64),
    ) -> Result<Prevalence, PrevalenceError> {
        let [reported, found, passed_over] = [reported, found, passed_over].map(|(hits, n)| of(hits, n));
        corrected_prevalence(reported, found, passed_over, Level::P95)
    }

    #[test]
    fn a_judge_that_tells_nothing_apart_corrects_nothing() {
        let useless = corrected((3, 10), (3, 10), (7, 10)).unwrap_err();
        assert_eq!(useless, PrevalenceError::Useless { sensitivity: 0.3, specificity: 0.7 });
        assert_eq!(corrected((11, 10), (3, 10), (9, 10)).unwrap_err().to_string(), "11 reported out of 10");
    }

    #[test]
    fn a_rate_below_that_of_false_alarms_is_cut_at_zero_and_said() {
        let got = corrected((2, 100), (45, 50), (45, 50)).unwrap();
        assert!(got.unbounded < 0.0 && got.corrected == 0.0, "{got:?}");
        assert!(got.interval.low == 0.0 && got.interval.high > 0.0, "{got:?}");
    }

    /// A judge measured on very many cases, without a fault: what is left is about the interval of Wilson, whose centre and
    /// pseudo-cases it has.
    #[test]
    fn a_perfect_judge_leaves_the_rate_as_it_is() {
        let got = corrected((30, 100), (1_000_000, 1_000_000), (1_000_000, 1_000_000)).unwrap();
        let wilson = wilson_interval(30, NonZeroU64::new(100).unwrap(), Level::P95);
        assert!((got.corrected - 0.3).abs() < 1e-12);
        assert!(
            (got.interval.low - wilson.low).abs() < 0.01 && (got.interval.high - wilson.high).abs() < 0.01
        );
    }

    /// Judges and rates as they occur, 3,000 samples each: at least 0.95 less three Monte Carlo errors.
    #[test]
    fn the_interval_holds_the_true_share() {
        let mut random = PythonRandom::new(8);
        for (truth, sensitivity, specificity, n, measured) in [
            (0.02, 0.9, 0.95, 300, 60),
            (0.1, 0.85, 0.9, 300, 50),
            (0.3, 0.95, 0.97, 150, 100),
            (0.5, 0.8, 0.8, 600, 40),
            (0.9, 0.95, 0.9, 300, 30),
        ] {
            let reported = truth * sensitivity + (1.0 - truth) * (1.0 - specificity);
            let mut hits = |n: u64, share: f64| (0..n).filter(|_| random.random() < share).count() as u64;
            let held = (0..3000)
                .filter(|_| {
                    let counts = [(n, reported), (measured, sensitivity), (measured, specificity)]
                        .map(|(n, share)| (hits(n, share), n));
                    corrected(counts[0], counts[1], counts[2]).is_ok_and(|got| got.interval.contains(truth))
                })
                .count() as f64
                / 3000.0;
            assert!(held > 0.95 - 3.0 * (0.95f64 * 0.05 / 3000.0).sqrt(), "{held} at {truth}");
        }
    }

    proptest! {
        #[test]
        fn turning_what_is_meant_turns_the_estimate(hits in 0u64..=100, found in 26u64..=50, passed in 26u64..=50) {
            let one = corrected((hits, 100), (found, 50), (passed, 50)).unwrap();
            let other = corrected((100 - hits, 100), (passed, 50), (found, 50)).unwrap();
            prop_assert!((one.unbounded + other.unbounded - 1.0).abs() < 1e-9);
            prop_assert!((one.interval.low + other.interval.high - 1.0).abs() < 1e-9);
            prop_assert!(0.0 <= one.interval.low && one.interval.low <= one.interval.high && one.interval.high <= 1.0);
        }

        #[test]
        fn it_rises_with_what_is_reported_and_narrows_with_what_is_measured(hits in 20u64..80, found in 35u64..=48, passed in 35u64..=48) {
            let base = corrected((hits, 100), (found, 50), (passed, 50)).unwrap();
            prop_assert!(corrected((hits + 1, 100), (found, 50), (passed, 50)).unwrap().unbounded > base.unbounded);
            let more = corrected((hits * 9, 900), (found * 9, 450), (passed * 9, 450)).unwrap();
            prop_assert!(more.interval.width() < base.interval.width());
        }
    }
}
