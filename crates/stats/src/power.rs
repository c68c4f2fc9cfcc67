//! What a comparison of two proportions can find: its power, and the smallest difference that it would find as a rule.
//!
//! By the normal curve; for few expected hits or discordant pairs the true power is lower.

use statrs::distribution::{ContinuousCDF, Normal};
use thiserror::Error;

use crate::interval::Level;

/// Why a design has no power to speak of.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PowerError {
    /// A probability outside of 0 to 1, its ends included or not as the case may be.
    #[error("{what} is {value}, which is no such probability")]
    Probability {
        /// Which one.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// A difference that these shares cannot have.
    #[error("a difference of {difference} cannot occur here")]
    Difference {
        /// What was given.
        difference: f64,
    },
    /// No cases.
    #[error("a comparison needs cases")]
    NoCases,
    /// A spread or a proportion of samples that makes no sense.
    #[error("{what} is {value}, which is no such number")]
    Spread {
        /// Which one.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// However many cases there are, it is not found often enough.
    #[error("no number of cases reaches a power of {power}")]
    NeverEnough {
        /// What was asked for.
        power: f64,
    },
    /// Even the largest difference that can occur is not found often enough.
    #[error("no difference is found with a power of {power} in so few cases")]
    OutOfReach {
        /// What was asked for.
        power: f64,
    },
}

/// Two samples of different cases, compared by a two-sided test of their shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndependentDesign {
    /// Cases of the first sample.
    pub first: u64,
    /// Cases of the second sample.
    pub second: u64,
    /// One minus the level of the test.
    pub level: Level,
}

impl IndependentDesign {
    /// Returns how often the test finds a difference between shares of `baseline` and `baseline + difference`.
    ///
    /// The spread is pooled under no difference and not under the difference: Fleiss, Levin and Paik (2003), section 4.2,
    /// without continuity correction. Only the tail on the side of the difference counts.
    ///
    /// # Errors
    ///
    /// When there are no cases, or a share lies outside of 0 to 1.
    pub fn power(self, baseline: f64, difference: f64) -> Result<f64, PowerError> {
        if self.first == 0 || self.second == 0 {
            return Err(PowerError::NoCases);
        }
        check("the baseline", baseline, (0.0..=1.0).contains(&baseline))?;
        let other = baseline + difference;
        if !(0.0..=1.0).contains(&other) {
            return Err(PowerError::Difference { difference });
        }
        let (n, m) = (self.first as f64, self.second as f64);
        let pooled = (n * baseline + m * other) / (n + m);
        let spread_of_none = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
        let spread = (baseline * (1.0 - baseline) / n + other * (1.0 - other) / m).sqrt();
        Ok(found(difference.abs(), spread_of_none, spread, self.level))
    }

    /// Returns the smallest rise above `baseline` that is found with at least `power`, as a difference of shares.
    ///
    /// # Errors
    ///
    /// Those of [`IndependentDesign::power`], and when no rise that can occur is found so often.
    pub fn minimum_detectable_rise(self, baseline: f64, power: f64) -> Result<f64, PowerError> {
        smallest(power, 1.0 - baseline, |difference| self.power(baseline, difference))
    }

    /// Returns the smallest number of cases in each of two samples of one size with which a difference between shares of
    /// `baseline` and `baseline + difference` is found with at least `power`.
    ///
    /// # Errors
    ///
    /// Those of [`IndependentDesign::power`], when the power is no probability, and when no number is enough.
    pub fn cases(baseline: f64, difference: f64, power: f64, level: Level) -> Result<u64, PowerError> {
        fewest(power, |cases| {
            IndependentDesign { first: cases, second: cases, level }.power(baseline, difference)
        })
    }
}

/// Two outcomes of the same cases, compared by McNemar's two-sided test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDesign {
    /// Pairs.
    pub pairs: u64,
    /// Share of pairs in which the outcomes differ, either way. The power hangs on it: 1,000 pairs of which 50 differ tell
    /// as much as 50.
    pub discordant: f64,
    /// One minus the level of the test.
    pub level: Level,
}

impl PairedDesign {
    /// Returns how often the test finds a difference of the two shares of `difference`, either way.
    ///
    /// Connor (1987), Biometrics 43, 207, without continuity correction. Only the tail on the side of the difference counts.
    ///
    /// # Errors
    ///
    /// When there are no pairs, the discordant share is not above 0 and at most 1, or the difference exceeds it.
    pub fn power(self, difference: f64) -> Result<f64, PowerError> {
        if self.pairs == 0 {
            return Err(PowerError::NoCases);
        }
        let share = self.discordant;
        check("the share of discordant pairs", share, share > 0.0 && share <= 1.0)?;
        if difference.is_nan() || difference.abs() > share {
            return Err(PowerError::Difference { difference });
        }
        let n = self.pairs as f64;
        let spread = ((share - difference * difference) / n).max(0.0).sqrt();
        Ok(found(difference.abs(), (share / n).sqrt(), spread, self.level))
    }

    /// Returns the smallest difference of the two shares that is found with at least `power`.
    ///
    /// # Errors
    ///
    /// Those of [`PairedDesign::power`], and when no difference that can occur is found so often.
    pub fn minimum_detectable_difference(self, power: f64) -> Result<f64, PowerError> {
        smallest(power, self.discordant, |difference| self.power(difference))
    }

    /// Returns the smallest number of pairs with which a difference of the two shares is found with at least `power`, if
    /// the outcomes differ in the share `discordant` of the pairs.
    ///
    /// # Errors
    ///
    /// Those of [`PairedDesign::power`], when the power is no probability, and when no number is enough.
    pub fn pairs(discordant: f64, difference: f64, power: f64, level: Level) -> Result<u64, PowerError> {
        fewest(power, |pairs| PairedDesign { pairs, discordant, level }.power(difference))
    }
}

fn check(what: &'static str, value: f64, holds: bool) -> Result<(), PowerError> {
    if holds { Ok(()) } else { Err(PowerError::Probability { what, value }) }
}

/// How often a normal estimate with this spread lies beyond the critical value of the spread without a difference.
fn found(difference: f64, spread_of_none: f64, spread: f64, level: Level) -> f64 {
    let normal = Normal::standard();
    let beyond = difference - normal.inverse_cdf(level.upper_probability()) * spread_of_none;
    if spread > 0.0 { normal.cdf(beyond / spread) } else { f64::from(u8::from(beyond > 0.0)) }
}

/// The smallest difference up to `largest` whose power is at least `power`, by halving: power rises with the difference.
fn smallest(
    power: f64,
    largest: f64,
    power_of: impl Fn(f64) -> Result<f64, PowerError>,
) -> Result<f64, PowerError> {
    check("the power", power, power > 0.0 && power < 1.0)?;
    let (mut low, mut high) = (0.0, largest);
    if power_of(high)? < power {
        return Err(PowerError::OutOfReach { power });
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if power_of(middle)? < power { low = middle } else { high = middle }
    }
    Ok(high)
}

/// The largest sample that is searched for.
const MOST_CASES: u64 = 1 << 40;

/// The smallest number of cases whose power is at least `power`, by doubling and halving: where it is worth searching,
/// power rises with cases. Numbers that the design refuses for being too few do not suffice.
pub(crate) fn fewest(
    power: f64,
    power_of: impl Fn(u64) -> Result<f64, PowerError>,
) -> Result<u64, PowerError> {
    check("the power", power, power > 0.0 && power < 1.0)?;
    let enough = |cases: u64| match power_of(cases) {
        Err(PowerError::NoCases) => Ok(false),
        found => found.map(|found| found >= power),
    };
    let (mut low, mut high) = (0, 1);
    while !enough(high)? {
        (low, high) = (high, high * 2);
        if high > MOST_CASES {
            return Err(PowerError::NeverEnough { power });
        }
    }
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle)? { high = middle } else { low = middle }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paired(pairs: u64, discordant: f64) -> PairedDesign {
        PairedDesign { pairs, discordant, level: Level::P95 }
    }

    fn independent(first: u64, second: u64) -> IndependentDesign {
        IndependentDesign { first, second, level: Level::P95 }
    }

    #[test]
    fn designs_that_make_no_sense_are_refused() {
        assert_eq!(paired(0, 0.1).power(0.05), Err(PowerError::NoCases));
        assert_eq!(paired(9, 0.1).power(0.2), Err(PowerError::Difference { difference: 0.2 }));
        assert!(paired(9, 0.0).power(0.0).is_err());
        assert!(independent(9, 9).power(0.9, 0.2).is_err());
        assert!(independent(9, 9).power(f64::NAN, 0.2).is_err());
        assert_eq!(
            paired(3, 0.5).minimum_detectable_difference(0.8).unwrap_err().to_string(),
            "no difference is found with a power of 0.8 in so few cases"
        );
        assert!(independent(100, 100).minimum_detectable_rise(0.5, 80.0).is_err());
    }

    #[test]
    fn no_number_of_cases_finds_what_is_not_there() {
        let never = Err(PowerError::NeverEnough { power: 0.8 });
        assert_eq!(PairedDesign::pairs(0.2, 0.0, 0.8, Level::P95), never);
        assert_eq!(IndependentDesign::cases(0.2, 0.0, 0.8, Level::P95), never);
        assert!(PairedDesign::pairs(0.2, 0.3, 0.8, Level::P95).is_err());
    }

    proptest! {
        #[test]
        fn the_fewest_cases_are_enough_and_one_less_is_not(discordant in 0.1f64..0.9, part in 0.1f64..0.9, power in 0.3f64..0.95) {
            let difference = discordant * part;
            let pairs = PairedDesign::pairs(discordant, difference, power, Level::P95).unwrap();
            let of_pairs = |pairs| paired(pairs, discordant).power(difference).unwrap();
            prop_assert!(of_pairs(pairs) >= power && (pairs == 1 || of_pairs(pairs - 1) < power));
            let (baseline, rise) = (1.0 - discordant, difference);
            let cases = IndependentDesign::cases(baseline, rise, power, Level::P95).unwrap();
            let of_cases = |cases| independent(cases, cases).power(baseline, rise).unwrap();
            prop_assert!(of_cases(cases) >= power && (cases == 1 || of_cases(cases - 1) < power));
        }

        #[test]
        fn the_smallest_difference_is_found_as_often_as_asked(pairs in 50u64..5000, discordant in 0.1f64..0.9, power in 0.3f64..0.95) {
            let design = paired(pairs, discordant);
            let smallest = design.minimum_detectable_difference(power).unwrap();
            prop_assert!((design.power(smallest).unwrap() - power).abs() < 1e-9);
            let more = paired(pairs * 2, discordant);
            prop_assert!(more.minimum_detectable_difference(power).unwrap() < smallest);
            prop_assert!((design.power(-smallest).unwrap() - power).abs() < 1e-9);
        }

        #[test]
        fn power_rises_with_cases_and_with_the_difference(n in 20u64..2000, m in 20u64..2000, baseline in 0.05f64..0.5, rise in 0.02f64..0.4) {
            let power = independent(n, m).power(baseline, rise).unwrap();
            prop_assert!(power <= independent(n * 2, m * 2).power(baseline, rise).unwrap());
            prop_assert!(power <= independent(n, m).power(baseline, rise * 1.2).unwrap() + 1e-12);
        }
    }
}
