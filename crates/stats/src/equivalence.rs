//! Two one-sided tests: is a difference small enough not to matter? A large p-value of a test of difference never says so.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use thiserror::Error;

use crate::describe::{mean, sample_std_dev};
use crate::paired::PairedCounts;

/// What two one-sided tests say (Schuirmann 1987).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// The first less the second, in the unit of the margin.
    pub difference: f64,
    /// p-value against a difference of minus the margin or less.
    pub p_above_low: f64,
    /// p-value against a difference of the margin or more.
    pub p_below_high: f64,
}

impl Equivalence {
    /// Returns the p-value of the whole: the larger of the two. Below `alpha`, the difference lies within the margin, and
    /// so does its interval at level `1 - 2 alpha`.
    pub fn p_value(self) -> f64 {
        self.p_above_low.max(self.p_below_high)
    }
}

/// Why equivalence cannot be tested.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum EquivalenceError {
    /// The margin is not above zero and finite, or is no difference of proportions.
    #[error("margin {margin} is not a difference above zero that could occur")]
    Margin {
        /// What was given.
        margin: f64,
    },
    /// Too few values.
    #[error("a sample of {found} values is too small: at least {needed} are needed")]
    TooFew {
        /// The smallest sample that can be tested.
        needed: usize,
        /// The length of the sample given.
        found: usize,
    },
    /// Two samples that should be pairs differ in length.
    #[error("pairs need samples of one length, but they have {first} and {second} values")]
    Unpaired {
        /// Length of the first.
        first: usize,
        /// Length of the second.
        second: usize,
    },
    /// No spread, so that there is no scale to judge by.
    #[error("the values have no spread")]
    NoSpread,
}

/// Tests whether two outcomes of the same cases have shares less than `margin` apart (0.05 for five points).
///
/// Two score tests against plus and minus the margin, with the spread estimated under each (Tango 1998, Statistics in
/// Medicine 17, 891; used for equivalence by Liu et al. 2002, ibid. 21, 231). At a margin of zero the statistic would be
/// McNemar's. By the normal curve: trust it from some tens of pairs.
///
/// # Errors
///
/// When the margin is not strictly between 0 and 1, or there are no pairs.
pub fn tost_paired_proportions(counts: PairedCounts, margin: f64) -> Result<Equivalence, EquivalenceError> {
    if !(margin > 0.0 && margin < 1.0) {
        return Err(EquivalenceError::Margin { margin });
    }
    let difference = counts.difference().ok_or(EquivalenceError::TooFew { needed: 1, found: 0 })?;
    let normal = Normal::standard();
    Ok(Equivalence {
        difference,
        p_above_low: normal.sf(tango_score(counts, -margin)),
        p_below_high: normal.cdf(tango_score(counts, margin)),
    })
}

/// Tango's score for a difference of `delta`: standard normal if that is the difference.
pub(crate) fn tango_score(counts: PairedCounts, delta: f64) -> f64 {
    let [n, b, c] = [counts.total(), counts.only_first, counts.only_second].map(|count| count as f64);
    let linear = (2.0 * n - b + c) * delta - b - c;
    let constant = -c * delta * (1.0 - delta);
    let root = (linear * linear - 8.0 * n * constant).max(0.0).sqrt();
    let only_second = (root - linear) / (4.0 * n);
    let variance = n * (2.0 * only_second + delta * (1.0 - delta));
    let apart = b - c - n * delta;
    if variance <= 0.0 {
        if apart == 0.0 { 0.0 } else { apart.signum() * f64::INFINITY }
    } else {
        apart / variance.sqrt()
    }
}

/// Tests whether two samples of the same cases have means less than `margin` apart, in the unit of the values.
///
/// Two one-sided t tests of the differences (Schuirmann 1987), which are taken to be about normal.
///
/// # Errors
///
/// When the margin is not above zero and finite, the samples differ in length, there are fewer than two pairs, or all
/// differences are equal.
pub fn tost_paired_means(
    first: &[f64],
    second: &[f64],
    margin: f64,
) -> Result<Equivalence, EquivalenceError> {
    if first.len() != second.len() {
        return Err(EquivalenceError::Unpaired { first: first.len(), second: second.len() });
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(one, other)| one - other).collect();
    let summary = Summary::new(&differences)?;
    two_t_tests(summary.mean, summary.squared_error, summary.degrees_of_freedom(), margin)
}

/// Tests whether two independent samples have means less than `margin` apart, in the unit of the values.
///
/// Two one-sided t tests that do not take the spreads for equal (Welch 1947).
///
/// # Errors
///
/// When the margin is not above zero and finite, a sample has fewer than two values, or neither has any spread.
pub fn tost_means(first: &[f64], second: &[f64], margin: f64) -> Result<Equivalence, EquivalenceError> {
    let (one, other) = (Summary::new(first)?, Summary::new(second)?);
    let squared_error = one.squared_error + other.squared_error;
    let satterthwaite = squared_error * squared_error
        / (one.squared_error.powi(2) / one.degrees_of_freedom()
            + other.squared_error.powi(2) / other.degrees_of_freedom());
    two_t_tests(one.mean - other.mean, squared_error, satterthwaite, margin)
}

struct Summary {
    n: f64,
    mean: f64,
    squared_error: f64,
}

impl Summary {
    fn new(values: &[f64]) -> Result<Summary, EquivalenceError> {
        let too_few = EquivalenceError::TooFew { needed: 2, found: values.len() };
        let (Some(centre), Some(deviation)) = (mean(values), sample_std_dev(values)) else {
            return Err(too_few);
        };
        let n = values.len() as f64;
        Ok(Summary { n, mean: centre, squared_error: deviation * deviation / n })
    }

    fn degrees_of_freedom(&self) -> f64 {
        self.n - 1.0
    }
}

fn two_t_tests(
    difference: f64,
    squared_error: f64,
    degrees_of_freedom: f64,
    margin: f64,
) -> Result<Equivalence, EquivalenceError> {
    if !(margin > 0.0 && margin.is_finite()) {
        return Err(EquivalenceError::Margin { margin });
    }
    let error = squared_error.sqrt();
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).map_err(|_| EquivalenceError::NoSpread)?;
    if error.is_nan() || error <= 0.0 {
        return Err(EquivalenceError::NoSpread);
    }
    Ok(Equivalence {
        difference,
        p_above_low: student.sf((difference + margin) / error),
        p_below_high: student.cdf((difference - margin) / error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::{Continuity, mcnemar_asymptotic};
    use proptest::prelude::*;

    fn counts(both: u64, only_first: u64, only_second: u64, neither: u64) -> PairedCounts {
        PairedCounts { both, only_first, only_second, neither }
    }

    #[test]
    fn what_cannot_be_tested_is_refused() {
        assert_eq!(
            tost_paired_proportions(counts(1, 1, 1, 1), 0.0),
            Err(EquivalenceError::Margin { margin: 0.0 })
        );
        assert_eq!(
            tost_paired_proportions(counts(1, 1, 1, 1), 5.0),
            Err(EquivalenceError::Margin { margin: 5.0 })
        );
        assert!(tost_paired_proportions(counts(0, 0, 0, 0), 0.1).is_err());
        assert_eq!(tost_paired_means(&[1.0, 2.0], &[0.0, 1.0], 0.5), Err(EquivalenceError::NoSpread));
        assert_eq!(
            tost_paired_means(&[1.0], &[0.0, 1.0], 0.5).unwrap_err().to_string(),
            "pairs need samples of one length, but they have 1 and 2 values"
        );
        assert_eq!(
            tost_means(&[1.0], &[0.0, 1.0], 0.5),
            Err(EquivalenceError::TooFew { needed: 2, found: 1 })
        );
        assert!(tost_means(&[1.0, 2.0], &[0.0, 1.0], f64::NAN).is_err());
    }

    // 21 and 13 of 300: a test of difference gives p = 0.17, which is no evidence of five points or less.
    #[test]
    fn no_difference_found_is_not_equivalence_shown() {
        let counts = counts(266, 21, 13, 0);
        assert!(mcnemar_asymptotic(counts, Continuity::Uncorrected).p_value > 0.15);
        assert!(tost_paired_proportions(counts, 0.05).unwrap().p_value() > 0.05);
        assert!(tost_paired_proportions(counts, 0.10).unwrap().p_value() < 0.05);
    }

    proptest! {
        #[test]
        fn the_score_of_no_difference_is_mcnemar_s(a in 0u64..90, b in 0u64..90, c in 0u64..90, d in 0u64..90) {
            prop_assume!(b + c > 0);
            let counts = counts(a, b, c, d);
            let chi_squared = mcnemar_asymptotic(counts, Continuity::Uncorrected).chi_squared.unwrap();
            prop_assert!((tango_score(counts, 0.0).powi(2) - chi_squared).abs() < 1e-9 * (1.0 + chi_squared));
        }

        #[test]
        fn a_wider_margin_is_easier_to_hold(a in 1u64..90, b in 0u64..90, c in 0u64..90, d in 1u64..90, margin in 0.01f64..0.4) {
            let p = |margin| tost_paired_proportions(counts(a, b, c, d), margin).unwrap().p_value();
            prop_assert!(p(margin * 1.5) <= p(margin) + 1e-12);
        }

        #[test]
        fn turning_the_samples_turns_the_tests(values in prop::collection::vec((0.0f64..10.0, 0.0f64..10.0), 3..20)) {
            let (first, second): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
            if let Ok(one) = tost_means(&first, &second, 1.0) {
                let other = tost_means(&second, &first, 1.0).unwrap();
                prop_assert!((one.p_above_low - other.p_below_high).abs() < 1e-9);
            }
        }
    }
}
