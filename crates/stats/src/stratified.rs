//! Two shares compared within strata, such as categories, that may differ in how hard they are.
//!
//! The strata are independent samples of independent cases; the effect is taken to be the same in all of them, which
//! [`Strata::breslow_day`] tests.

use statrs::distribution::{ChiSquared, ContinuousCDF};
use thiserror::Error;

use crate::binomial::critical;
use crate::effect::Effect;
use crate::interval::{Interval, Level};
use crate::paired::Continuity;

/// One stratum: hits and cases of either sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// Hits of the first.
    pub first_hits: u64,
    /// Cases of the first.
    pub first: u64,
    /// Hits of the second.
    pub second_hits: u64,
    /// Cases of the second.
    pub second: u64,
}

/// Why strata cannot be compared.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StratifiedError {
    /// More hits than cases.
    #[error("stratum {stratum} has more hits than cases")]
    Counts {
        /// Its place, from zero.
        stratum: usize,
    },
    /// No stratum has cases of both samples, hits and misses.
    #[error(
        "no stratum has cases of both samples with hits and misses among them: there is nothing to compare"
    )]
    Nothing,
}

/// Strata in which there is something to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Strata {
    cells: Vec<Cells>,
    /// Those with cases of both samples, whether or not all of them hit.
    of_both: Vec<Cells>,
}

/// The four cells of a stratum: hits and misses of the first, hits and misses of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cells {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

impl Cells {
    fn first(&self) -> f64 {
        self.a + self.b
    }

    fn second(&self) -> f64 {
        self.c + self.d
    }

    fn hits(&self) -> f64 {
        self.a + self.c
    }

    fn n(&self) -> f64 {
        self.first() + self.second()
    }
}

/// What the test of Cochran, Mantel and Haenszel says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CochranMantelHaenszel {
    /// The statistic, chi-squared with one degree of freedom.
    pub chi_squared: f64,
    /// Two-sided p-value against no effect in any stratum.
    pub p_value: f64,
}

/// What the test of Breslow and Day says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// The statistic.
    pub chi_squared: f64,
    /// The same, less the correction of Tarone (1985), which makes it chi-squared.
    pub chi_squared_tarone: f64,
    /// Degrees of freedom: strata less one.
    pub degrees_of_freedom: u64,
    /// p-value of the corrected statistic against one odds ratio in all strata.
    pub p_value: f64,
}

impl Strata {
    /// Takes strata; those in which all cases hit, none does, or one sample has no cases say nothing of the odds and are left
    /// out of what is said of them.
    ///
    /// # Errors
    ///
    /// When hits exceed cases or no stratum is left.
    pub fn new(strata: &[Stratum]) -> Result<Strata, StratifiedError> {
        let mut of_both = Vec::with_capacity(strata.len());
        for (place, stratum) in strata.iter().enumerate() {
            let misses = |hits: u64, cases: u64| {
                cases.checked_sub(hits).ok_or(StratifiedError::Counts { stratum: place })
            };
            let cells = Cells {
                a: stratum.first_hits as f64,
                b: misses(stratum.first_hits, stratum.first)? as f64,
                c: stratum.second_hits as f64,
                d: misses(stratum.second_hits, stratum.second)? as f64,
            };
            if cells.first() > 0.0 && cells.second() > 0.0 {
                of_both.push(cells);
            }
        }
        let says_something = |cells: &&Cells| cells.hits() > 0.0 && cells.hits() < cells.n();
        let cells: Vec<Cells> = of_both.iter().filter(says_something).copied().collect();
        if cells.is_empty() { Err(StratifiedError::Nothing) } else { Ok(Strata { cells, of_both }) }
    }

    /// Returns how many strata say something of the odds.
    pub fn count(&self) -> usize {
        self.cells.len()
    }

    /// Tests whether the samples differ in any stratum, all in one direction.
    ///
    /// Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719: `(|Σ(a - E)| - ½)² / ΣV` with the
    /// hypergeometric expectation and variance of each stratum, without the half if uncorrected (Cochran 1954, but for `n - 1` in
    /// the place of `n`). Trust it where the sum of the strata is large, however small each may be.
    pub fn cochran_mantel_haenszel(&self, continuity: Continuity) -> CochranMantelHaenszel {
        let (mut apart, mut variance) = (0.0, 0.0);
        for cells in &self.cells {
            let (n, hits) = (cells.n(), cells.hits());
            apart += cells.a - cells.first() * hits / n;
            variance += cells.first() * cells.second() * hits * (n - hits) / (n * n * (n - 1.0));
        }
        let apart = match continuity {
            Continuity::Uncorrected => apart.abs(),
            Continuity::Corrected => (apart.abs() - 0.5).max(0.0),
        };
        let chi_squared = apart * apart / variance;
        CochranMantelHaenszel { chi_squared, p_value: upper_tail(chi_squared, 1.0) }
    }

    /// Returns the common odds ratio of the first over the second with its interval; `None` where it is 0 or infinite, which
    /// has no interval.
    ///
    /// The estimate of Mantel and Haenszel (1959); normal on the log scale with the variance of Robins, Breslow and Greenland
    /// (1986), Biometrics 42, 311, which holds for few large strata and for many small ones.
    pub fn odds_ratio(&self, level: Level) -> Option<Effect> {
        let (mut concordant, mut discordant) = (0.0, 0.0);
        let (mut both_concordant, mut mixed, mut both_discordant) = (0.0, 0.0, 0.0);
        for cells in &self.cells {
            let n = cells.n();
            let (along, across) = ((cells.a + cells.d) / n, (cells.b + cells.c) / n);
            let (for_first, for_second) = (cells.a * cells.d / n, cells.b * cells.c / n);
            concordant += for_first;
            discordant += for_second;
            both_concordant += along * for_first;
            mixed += along * for_second + across * for_first;
            both_discordant += across * for_second;
        }
        if concordant <= 0.0 || discordant <= 0.0 {
            return None;
        }
        let variance = both_concordant / (2.0 * concordant * concordant)
            + mixed / (2.0 * concordant * discordant)
            + both_discordant / (2.0 * discordant * discordant);
        let (value, reach) = (concordant / discordant, (critical(level) * variance.sqrt()).exp());
        Some(Effect { value, interval: Interval { low: value / reach, high: value * reach } })
    }

    /// Returns the common difference of the shares, the first less the second, with its interval, not moved into -1 to 1.
    ///
    /// Weights of Mantel and Haenszel, variance of Sato (1989), Biometrics 45, 1323, which holds for few large strata and for
    /// many small ones. Strata where all or none hit count.
    pub fn risk_difference(&self, level: Level) -> Effect {
        let (mut weight, mut difference, mut linear, mut constant) = (0.0, 0.0, 0.0, 0.0);
        for cells in &self.of_both {
            let (n, first, second) = (cells.n(), cells.first(), cells.second());
            weight += first * second / n;
            difference += (cells.a * second - cells.c * first) / n;
            linear += (cells.c * first * first - cells.a * second * second
                + first * second * (second - first) / 2.0)
                / (n * n);
            constant += (cells.a * cells.d + cells.c * cells.b) / (2.0 * n);
        }
        let value = difference / weight;
        let error = ((value * linear + constant).max(0.0)).sqrt() / weight;
        let reach = critical(level) * error;
        Effect { value, interval: Interval { low: value - reach, high: value + reach } }
    }

    /// Tests whether one odds ratio fits all strata; `None` for a single stratum, or if the common ratio is 0 or infinite.
    ///
    /// Breslow and Day (1980), section 4.4, at the estimate of Mantel and Haenszel, corrected for that by Tarone (1985),
    /// Biometrika 72, 91. It needs some expected cases in every cell.
    pub fn breslow_day(&self) -> Option<Homogeneity> {
        let common = self.odds_ratio(Level::P95)?.value;
        let (mut chi_squared, mut apart, mut variances) = (0.0, 0.0, 0.0);
        for cells in &self.cells {
            let (first, hits) = (cells.first(), cells.hits());
            // The count of first hits with these margins that has the common ratio: the root of
            // (1 - ψ) x² + (second - hits + ψ (first + hits)) x - ψ first hits, in the form that stands at ψ = 1.
            let linear = common * (first + hits) + cells.second() - hits;
            let product = common * first * hits;
            let root = (linear * linear + 4.0 * (1.0 - common) * product).max(0.0).sqrt();
            let expected = 2.0 * product / (linear + root);
            let inverse = 1.0 / expected
                + 1.0 / (hits - expected)
                + 1.0 / (first - expected)
                + 1.0 / (cells.second() - hits + expected);
            chi_squared += (cells.a - expected).powi(2) * inverse;
            apart += cells.a - expected;
            variances += 1.0 / inverse;
        }
        let degrees_of_freedom = self.cells.len() as u64 - 1;
        let chi_squared_tarone = (chi_squared - apart * apart / variances).max(0.0);
        (degrees_of_freedom > 0).then(|| Homogeneity {
            chi_squared,
            chi_squared_tarone,
            degrees_of_freedom,
            p_value: upper_tail(chi_squared_tarone, degrees_of_freedom as f64),
        })
    }
}

fn upper_tail(chi_squared: f64, degrees_of_freedom: f64) -> f64 {
    ChiSquared::new(degrees_of_freedom).expect("degrees above zero").sf(chi_squared)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stratum(first_hits: u64, first: u64, second_hits: u64, second: u64) -> Stratum {
        Stratum { first_hits, first, second_hits, second }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_and_what_says_nothing_left_out() {
        assert_eq!(Strata::new(&[]), Err(StratifiedError::Nothing));
        assert_eq!(Strata::new(&[stratum(5, 5, 3, 3), stratum(1, 2, 0, 0)]), Err(StratifiedError::Nothing));
        assert_eq!(Strata::new(&[stratum(1, 2, 4, 3)]), Err(StratifiedError::Counts { stratum: 0 }));
        let both = Strata::new(&[stratum(3, 10, 5, 10), stratum(4, 4, 4, 4)]).unwrap();
        assert_eq!((both.count(), both.breslow_day()), (1, None));
        let alone = Strata::new(&[stratum(3, 10, 5, 10)]).unwrap();
        assert_eq!(both.odds_ratio(Level::P95), alone.odds_ratio(Level::P95));
        assert!(both.risk_difference(Level::P95).value.abs() < 0.2);
        let separated = Strata::new(&[stratum(10, 10, 0, 10)]).unwrap();
        assert_eq!(separated.odds_ratio(Level::P95), None);
    }

    #[test]
    fn a_single_stratum_has_the_ratio_and_the_difference_of_its_shares() {
        let one = Strata::new(&[stratum(30, 100, 10, 80)]).unwrap();
        assert!((one.odds_ratio(Level::P95).unwrap().value - 30.0 * 70.0 / (70.0 * 10.0)).abs() < 1e-12);
        assert!((one.risk_difference(Level::P95).value - (0.3 - 0.125)).abs() < 1e-12);
    }

    /// The first is better within either stratum, and worse in the sum of both, as it was asked more of the hard ones.
    #[test]
    fn what_turns_in_the_sum_is_told_by_strata() {
        let strata = Strata::new(&[stratum(81, 87, 234, 270), stratum(192, 263, 55, 80)]).unwrap();
        assert!(strata.odds_ratio(Level::P95).unwrap().value > 1.0);
        assert!(strata.risk_difference(Level::P95).value > 0.0);
    }

    fn strata() -> impl Strategy<Value = Vec<Stratum>> {
        let one = (2u64..60, 2u64..60, 0.05f64..0.95, 0.05f64..0.95);
        let of = |(first, second, p, q): (u64, u64, f64, f64)| {
            let hits = |n: u64, share: f64| ((n as f64 * share) as u64).clamp(1, n - 1);
            stratum(hits(first, p), first, hits(second, q), second)
        };
        prop::collection::vec(one.prop_map(of), 2..6)
    }

    proptest! {
        #[test]
        fn swapping_the_samples_or_what_is_a_hit_turns_the_effect(strata in strata()) {
            let swapped: Vec<Stratum> = strata.iter().rev().map(|s| stratum(s.second_hits, s.second, s.first_hits, s.first)).collect();
            let missed: Vec<Stratum> = strata.iter().map(|s| stratum(s.first - s.first_hits, s.first, s.second - s.second_hits, s.second)).collect();
            let one = Strata::new(&strata).unwrap();
            for other in [Strata::new(&swapped).unwrap(), Strata::new(&missed).unwrap()] {
                let (a, b) = (one.odds_ratio(Level::P95).unwrap(), other.odds_ratio(Level::P95).unwrap());
                prop_assert!((a.value * b.value - 1.0).abs() < 1e-9 && (a.interval.low * b.interval.high - 1.0).abs() < 1e-9);
                let (a, b) = (one.risk_difference(Level::P95), other.risk_difference(Level::P95));
                prop_assert!((a.value + b.value).abs() < 1e-9 && (a.interval.low + b.interval.high).abs() < 1e-9);
                for continuity in [Continuity::Uncorrected, Continuity::Corrected] {
                    let apart = one.cochran_mantel_haenszel(continuity).chi_squared - other.cochran_mantel_haenszel(continuity).chi_squared;
                    prop_assert!(apart.abs() < 1e-7);
                }
                let (a, b) = (one.breslow_day().unwrap(), other.breslow_day().unwrap());
                prop_assert!((a.chi_squared - b.chi_squared).abs() < 1e-6 * (1.0 + a.chi_squared));
            }
            let corrected = one.cochran_mantel_haenszel(Continuity::Corrected);
            prop_assert!(corrected.p_value >= one.cochran_mantel_haenszel(Continuity::Uncorrected).p_value);
            let fit = one.breslow_day().unwrap();
            prop_assert!(fit.chi_squared_tarone <= fit.chi_squared && (0.0..=1.0).contains(&fit.p_value));
        }

        #[test]
        fn more_cases_narrow(strata in strata()) {
            let more: Vec<Stratum> = strata.iter().map(|s| stratum(4 * s.first_hits, 4 * s.first, 4 * s.second_hits, 4 * s.second)).collect();
            let (few, many) = (Strata::new(&strata).unwrap(), Strata::new(&more).unwrap());
            prop_assert!(many.risk_difference(Level::P95).interval.width() < few.risk_difference(Level::P95).interval.width());
            prop_assert!(many.odds_ratio(Level::P95).unwrap().interval.width() < few.odds_ratio(Level::P95).unwrap().interval.width());
        }
    }
}
