//! What a comparison of means can find, and how many cases it takes: from the spread of the values alone.
//!
//! For tests by Student's t, of a difference and of equivalence, exact for normal values. Shares are means of hits
//! coded 1 and 0, whose spread is known ([`MeansDesign::of_paired_shares`], [`MeansDesign::of_independent_shares`]); for few
//! expected hits see [`crate::power`]. Any estimate that is a weighted mean over cases has a deviation to give here: its
//! standard error times the root of the cases that it came from.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use crate::interval::Level;
use crate::power::{PowerError, fewest};
use crate::student::student_t_critical;

/// How the samples that are compared belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Samples {
    /// Two values of the same case; the deviation is that of their difference.
    Paired,
    /// Different cases, `ratio` in the second sample for each in the first; the deviation is that of the values in either.
    Independent {
        /// Above zero.
        ratio: f64,
    },
}

/// A comparison of two means by a two-sided t test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeansDesign {
    /// How the samples belong together.
    pub samples: Samples,
    /// The standard deviation between cases of what is compared, in the unit of the difference.
    pub deviation: f64,
    /// How many times clusters multiply the variance of a mean; 1 for independent cases. Cases count for as much less.
    pub design_effect: f64,
    /// One minus the level of the test.
    pub level: Level,
}

impl MeansDesign {
    /// Returns the design for independent cases.
    pub fn new(samples: Samples, deviation: f64, level: Level) -> MeansDesign {
        MeansDesign { samples, deviation, design_effect: 1.0, level }
    }

    /// Returns the design for two outcomes of the same cases, hits and misses, that differ in this share of the cases and
    /// whose shares of hits are `difference` apart.
    ///
    /// # Errors
    ///
    /// When the share of discordant pairs is not above 0 and at most 1, or the difference exceeds it.
    pub fn of_paired_shares(
        discordant: f64,
        difference: f64,
        level: Level,
    ) -> Result<MeansDesign, PowerError> {
        if !(discordant > 0.0 && discordant <= 1.0) {
            return Err(PowerError::Probability { what: "the share of discordant pairs", value: discordant });
        }
        if difference.is_nan() || difference.abs() > discordant {
            return Err(PowerError::Difference { difference });
        }
        let deviation = (discordant - difference * difference).max(0.0).sqrt();
        Ok(MeansDesign::new(Samples::Paired, deviation, level))
    }

    /// Returns the design for shares of hits of different cases, as many in either sample.
    ///
    /// # Errors
    ///
    /// When a share lies outside of 0 to 1.
    pub fn of_independent_shares(
        baseline: f64,
        difference: f64,
        level: Level,
    ) -> Result<MeansDesign, PowerError> {
        let other = baseline + difference;
        if !(0.0..=1.0).contains(&baseline) {
            return Err(PowerError::Probability { what: "the baseline", value: baseline });
        }
        if !(0.0..=1.0).contains(&other) {
            return Err(PowerError::Difference { difference });
        }
        let variance = f64::midpoint(baseline * (1.0 - baseline), other * (1.0 - other));
        Ok(MeansDesign::new(Samples::Independent { ratio: 1.0 }, variance.sqrt(), level))
    }

    /// Returns the design with every case repeated `repeats` times and its mean taken, where the deviation so far is that of
    /// single values whose repeats have this intraclass correlation: its square times `ρ + (1 - ρ) / repeats`.
    ///
    /// With a correlation of 1 repeats are of no use; with 0 they are worth as much as cases.
    #[must_use]
    pub fn with_repeats(self, repeats: f64, intraclass_correlation: f64) -> MeansDesign {
        let left = intraclass_correlation + (1.0 - intraclass_correlation) / repeats;
        MeansDesign { deviation: self.deviation * left.sqrt(), ..self }
    }

    /// Returns the design with cases in clusters.
    #[must_use]
    pub fn with_design_effect(self, design_effect: f64) -> MeansDesign {
        MeansDesign { design_effect, ..self }
    }

    /// Returns the standard error of the difference with this many cases, in the first sample if there are two.
    pub fn standard_error(&self, cases: f64) -> f64 {
        let n = cases / self.design_effect;
        let inverse = match self.samples {
            Samples::Paired => 1.0 / n,
            Samples::Independent { ratio } => 1.0 / n + 1.0 / (n * ratio),
        };
        self.deviation * inverse.sqrt()
    }

    /// Returns how often the test finds a difference of this size, in either direction, with this many cases.
    ///
    /// By the noncentral t distribution, as `TTestPower` and `TTestIndPower` of statsmodels; with a design effect the
    /// degrees of freedom are those of the effective size.
    ///
    /// # Errors
    ///
    /// When there are fewer cases than the test needs, or the deviation, the difference, the design effect or the
    /// ratio is none that makes sense.
    pub fn power(&self, cases: f64, difference: f64) -> Result<f64, PowerError> {
        let (error, degrees) = self.spread(cases)?;
        finite(difference)?;
        if error == 0.0 {
            return Ok(f64::from(u8::from(difference != 0.0)));
        }
        let (apart, critical) = (difference / error, student_t_critical(self.level, degrees));
        let normal = Normal::standard();
        let beyond = |s: f64| normal.sf(critical * s - apart) + normal.cdf(-critical * s - apart);
        Ok(over_spreads(degrees, f64::INFINITY, beyond).min(1.0))
    }

    /// Returns how often two one-sided tests find the means less than `margin` apart if they are `difference` apart, with this
    /// many cases. Each is at `1 - level`: for the customary 0.05 give 0.95.
    ///
    /// Exact for normal values (Owen 1965, as used for equivalence by Phillips 1990), by numerical integration.
    ///
    /// # Errors
    ///
    /// As [`MeansDesign::power`], and when the margin is not above zero.
    pub fn equivalence_power(&self, cases: f64, difference: f64, margin: f64) -> Result<f64, PowerError> {
        let (error, degrees) = self.spread(cases)?;
        finite(difference)?;
        if !(margin > 0.0 && margin.is_finite()) {
            return Err(PowerError::Difference { difference: margin });
        }
        if error == 0.0 {
            return Ok(f64::from(u8::from(difference.abs() < margin)));
        }
        let one_sided = Level::parse(1.0 - 2.0 * self.level.alpha());
        let one_sided = one_sided
            .map_err(|_| PowerError::Probability { what: "the level", value: self.level.fraction() })?;
        let critical = student_t_critical(one_sided, degrees);
        let (low, high) = ((-margin - difference) / error, (margin - difference) / error);
        let normal = Normal::standard();
        let within = |s: f64| (normal.cdf(high - critical * s) - normal.cdf(low + critical * s)).max(0.0);
        Ok(over_spreads(degrees, margin / error / critical, within).clamp(0.0, 1.0))
    }

    /// Returns the smallest number of cases, in the first sample if there are two, with which a difference is found with at
    /// least `power`.
    ///
    /// # Errors
    ///
    /// As [`MeansDesign::power`], when the power is no probability, and when no number of cases is enough, as for no
    /// difference.
    pub fn cases(&self, difference: f64, power: f64) -> Result<u64, PowerError> {
        fewest(power, |cases| self.power(cases as f64, difference))
    }

    /// Returns the smallest number of cases with which two one-sided tests find the means less than `margin` apart with at
    /// least `power`.
    ///
    /// # Errors
    ///
    /// As [`MeansDesign::equivalence_power`], when the power is no probability, and when no number of cases is
    /// enough, as for a difference of the margin or more.
    pub fn equivalence_cases(&self, difference: f64, margin: f64, power: f64) -> Result<u64, PowerError> {
        fewest(power, |cases| self.equivalence_power(cases as f64, difference, margin))
    }

    /// Returns the smallest difference that is found with at least `power`, in the unit of the deviation.
    ///
    /// # Errors
    ///
    /// As [`MeansDesign::power`], and when the power is no probability.
    pub fn minimum_detectable_difference(&self, cases: f64, power: f64) -> Result<f64, PowerError> {
        check_power(power)?;
        let (error, _) = self.spread(cases)?;
        let (mut low, mut high) = (0.0, error);
        if self.power(cases, 0.0)? >= power {
            return Ok(0.0);
        }
        while self.power(cases, high)? < power {
            (low, high) = (high, 2.0 * high);
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.power(cases, middle)? < power { low = middle } else { high = middle }
        }
        Ok(high)
    }

    /// The standard error and its degrees of freedom.
    fn spread(&self, cases: f64) -> Result<(f64, f64), PowerError> {
        let sound = [("the deviation", self.deviation, self.deviation >= 0.0)];
        let effect = [("the design effect", self.design_effect, self.design_effect > 0.0)];
        let ratio = match self.samples {
            Samples::Paired => 1.0,
            Samples::Independent { ratio } => ratio,
        };
        for (what, value, holds) in sound.into_iter().chain(effect).chain([("the ratio", ratio, ratio > 0.0)])
        {
            if !(holds && value.is_finite()) {
                return Err(PowerError::Spread { what, value });
            }
        }
        let n = cases / self.design_effect;
        let degrees = match self.samples {
            Samples::Paired => n - 1.0,
            Samples::Independent { ratio } => n + n * ratio - 2.0,
        };
        if degrees.is_nan() || degrees < 1.0 {
            return Err(PowerError::NoCases);
        }
        Ok((self.standard_error(cases), degrees))
    }
}

fn check_power(power: f64) -> Result<(), PowerError> {
    let holds = power > 0.0 && power < 1.0;
    if holds { Ok(()) } else { Err(PowerError::Probability { what: "the power", value: power }) }
}

fn finite(difference: f64) -> Result<(), PowerError> {
    if difference.is_finite() { Ok(()) } else { Err(PowerError::Difference { difference }) }
}

/// From so many degrees of freedom on, the spread of a sample is taken for normal: its density would be lost in differences
/// of large numbers.
const MANY_DEGREES: f64 = 1e5;

/// The expectation of `chance` over how large the deviation of a sample is beside the true one, up to `most`: the root
/// of chi-squared over its degrees of freedom.
///
/// By Simpson's rule over ten standard deviations of it on either side: good to about 1e-10 from three degrees of freedom on,
/// 1e-6 below. For many degrees it is taken for normal.
fn over_spreads(degrees: f64, most: f64, chance: impl Fn(f64) -> f64) -> f64 {
    const PANELS: usize = 600;
    let half = degrees / 2.0;
    let deviation = 1.0 / (2.0 * degrees).sqrt();
    let from = (1.0 - 10.0 * deviation).max(0.0);
    let to = (1.0 + 10.0 * deviation).min(most);
    if to <= from {
        return 0.0;
    }
    let constant = half * half.ln() - ln_gamma(half) + std::f64::consts::LN_2;
    let density = |s: f64| {
        if degrees >= MANY_DEGREES {
            let z = (s - (1.0 - 0.25 / degrees)) / deviation;
            return (-z * z / 2.0).exp() / (deviation * std::f64::consts::TAU.sqrt());
        }
        let power = (degrees - 1.0) * s.ln();
        let power = if power.is_nan() { 0.0 } else { power };
        (constant + power - half * s * s).exp()
    };
    let step = (to - from) / (2 * PANELS) as f64;
    let sum: f64 = (0..=2 * PANELS)
        .map(|at| {
            let weight = match at {
                0 => 1.0,
                _ if at == 2 * PANELS => 1.0,
                _ if at % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let s = from + step * at as f64;
            weight * density(s) * chance(s)
        })
        .sum();
    sum * step / 3.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::power::PairedDesign;

    fn paired(deviation: f64) -> MeansDesign {
        MeansDesign::new(Samples::Paired, deviation, Level::P95)
    }

    fn independent(ratio: f64) -> MeansDesign {
        MeansDesign::new(Samples::Independent { ratio }, 1.0, Level::P95)
    }

    #[test]
    fn designs_that_make_no_sense_are_refused() {
        assert_eq!(paired(1.0).power(1.0, 0.5), Err(PowerError::NoCases));
        assert!(paired(f64::NAN).power(10.0, 0.5).is_err());
        assert!(independent(0.0).power(10.0, 0.5).is_err());
        assert!(paired(1.0).power(10.0, f64::INFINITY).is_err());
        assert_eq!(paired(1.0).cases(0.0, 0.8), Err(PowerError::NeverEnough { power: 0.8 }));
        assert_eq!(paired(1.0).equivalence_cases(0.2, 0.1, 0.8), Err(PowerError::NeverEnough { power: 0.8 }));
        assert!(paired(1.0).cases(0.5, 80.0).is_err());
        assert!(paired(1.0).equivalence_power(10.0, 0.0, 0.0).is_err());
        assert!(MeansDesign::of_paired_shares(0.1, 0.2, Level::P95).is_err());
        assert!(MeansDesign::of_independent_shares(0.9, 0.2, Level::P95).is_err());
    }

    #[test]
    fn no_difference_is_found_as_often_as_the_level_allows() {
        for cases in [3.0, 5.0, 30.0, 4000.0] {
            let got = paired(2.0).power(cases, 0.0).unwrap();
            assert!((got - 0.05).abs() < 1e-8, "{cases}: {got}");
        }
        assert_eq!(paired(0.0).power(9.0, 0.1), Ok(1.0));
        assert_eq!(paired(0.0).equivalence_power(9.0, 0.1, 0.2), Ok(1.0));
    }

    #[test]
    fn repeats_are_worth_cases_where_they_do_not_resemble_each_other_and_nothing_where_they_do() {
        let base = paired(1.0).cases(0.1, 0.8).unwrap();
        assert_eq!(paired(1.0).with_repeats(5.0, 1.0).cases(0.1, 0.8).unwrap(), base);
        let apart = paired(1.0).with_repeats(5.0, 0.0).cases(0.1, 0.8).unwrap();
        assert!((apart as f64 - base as f64 / 5.0).abs() < 2.0, "{apart} {base}");
        let clustered = paired(1.0).with_design_effect(3.0).cases(0.1, 0.8).unwrap();
        assert!((clustered as f64 - 3.0 * base as f64).abs() <= 3.0, "{clustered} {base}");
    }

    #[test]
    fn for_many_pairs_the_power_is_that_of_mcnemar_s_test() {
        let by_t = MeansDesign::of_paired_shares(0.2, 0.05, Level::P95).unwrap();
        let by_counts = PairedDesign { pairs: 800, discordant: 0.2, level: Level::P95 };
        let apart = by_t.power(800.0, 0.05).unwrap() - by_counts.power(0.05).unwrap();
        assert!(apart.abs() < 0.005, "{apart}");
        let two = MeansDesign::of_independent_shares(0.5, 0.1, Level::P95).unwrap();
        assert!((380..=400).contains(&two.cases(0.1, 0.8).unwrap()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_cases_are_enough_and_one_less_is_not(difference in 0.1f64..2.0, power in 0.2f64..0.95, ratio in 0.5f64..3.0) {
            for design in [paired(1.0), independent(ratio)] {
                let cases = design.cases(difference, power).unwrap();
                prop_assert!(design.power(cases as f64, difference).unwrap() >= power);
                prop_assert!(cases <= 2 || design.power((cases - 1) as f64, difference).map_or(true, |less| less < power));
            }
        }

        #[test]
        fn power_rises_with_cases_and_difference_falls_with_spread_and_knows_no_direction(
            cases in 5.0f64..500.0, difference in 0.05f64..1.0, deviation in 0.5f64..3.0,
        ) {
            let power = paired(deviation).power(cases, difference).unwrap();
            prop_assert!((power - paired(deviation).power(cases, -difference).unwrap()).abs() < 1e-12);
            prop_assert!(power <= paired(deviation).power(cases * 1.5, difference).unwrap() + 1e-9);
            prop_assert!(power <= paired(deviation).power(cases, difference * 1.5).unwrap() + 1e-9);
            prop_assert!(power >= paired(deviation * 1.5).power(cases, difference).unwrap() - 1e-9);
            let smallest = paired(deviation).minimum_detectable_difference(cases, 0.8).unwrap();
            prop_assert!((paired(deviation).power(cases, smallest).unwrap() - 0.8).abs() < 1e-6);
        }

        #[test]
        fn equivalence_is_easiest_to_find_at_no_difference(cases in 5.0f64..500.0, difference in 0.01f64..1.0, margin in 0.1f64..2.0) {
            let power = |difference| paired(1.0).equivalence_power(cases, difference, margin).unwrap();
            prop_assert!(power(0.0) >= power(difference) - 1e-9);
            prop_assert!((power(difference) - power(-difference)).abs() < 1e-9);
            prop_assert!(power(margin) <= 0.05 + 1e-6, "{}", power(margin));
            let cases = paired(1.0).equivalence_cases(0.0, margin, 0.8).unwrap();
            prop_assert!(paired(1.0).equivalence_power(cases as f64, 0.0, margin).unwrap() >= 0.8);
        }
    }
}
