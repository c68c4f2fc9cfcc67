//! Two yes-or-no outcomes of the same cases: McNemar's tests and what they rest on. Assumes that the pairs are drawn
//! independently of each other.

use statrs::distribution::{Binomial, Discrete, DiscreteCDF};
use statrs::function::erf::erfc;

/// Pairs by outcome. Only the two discordant counts tell the outcomes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairedCounts {
    /// Pairs in which both hit.
    pub both: u64,
    /// Pairs in which only the first hits; textbooks call it `b`.
    pub only_first: u64,
    /// Pairs in which only the second hits; textbooks call it `c`.
    pub only_second: u64,
    /// Pairs in which neither hits.
    pub neither: u64,
}

impl PairedCounts {
    /// Counts pairs of a first and a second outcome.
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> PairedCounts {
        let mut counts = PairedCounts { both: 0, only_first: 0, only_second: 0, neither: 0 };
        for pair in pairs {
            match pair {
                (true, true) => counts.both += 1,
                (true, false) => counts.only_first += 1,
                (false, true) => counts.only_second += 1,
                (false, false) => counts.neither += 1,
            }
        }
        counts
    }

    /// Returns the number of pairs.
    pub fn total(self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Returns the share of the first less that of the second, or `None` of no pairs.
    pub fn difference(self) -> Option<f64> {
        (self.total() > 0).then(|| (self.only_first as f64 - self.only_second as f64) / self.total() as f64)
    }
}

/// What a test of McNemar says, with the two counts that it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Pairs in which only the first hits.
    pub b: u64,
    /// Pairs in which only the second hits.
    pub c: u64,
    /// The statistic, chi-squared with one degree of freedom; none for the tests that count exactly.
    pub chi_squared: Option<f64>,
    /// Two-sided p-value: how often equal outcomes would differ at least so much.
    pub p_value: f64,
}

/// Whether the statistic is moved half a count towards agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// McNemar (1947), as it stands.
    Uncorrected,
    /// Edwards (1948): closer to the exact test, and as conservative.
    Corrected,
}

/// Returns the exact test: the smaller discordant count under a fair coin, doubled, at most 1.
///
/// Never above its level, and often far below; [`mcnemar_mid_p`] is the better compromise. No discordant pair gives 1.
pub fn mcnemar_exact(counts: PairedCounts) -> McNemar {
    let p_value = fair_coin(counts).map_or(1.0, |(coin, few)| (2.0 * coin.cdf(few)).min(1.0));
    result(counts, None, p_value)
}

/// Returns the exact test with only half of the observed outcome counted in its tail.
///
/// Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13, 91: over the numbers of discordant pairs
/// that samples give, it keeps its level or exceeds it by very little, with more power than the exact test. No discordant
/// pair gives 1.
pub fn mcnemar_mid_p(counts: PairedCounts) -> McNemar {
    let p_value = fair_coin(counts).map_or(1.0, |(coin, few)| (2.0 * coin.cdf(few) - coin.pmf(few)).min(1.0));
    result(counts, None, p_value)
}

/// Returns McNemar's test by the normal curve; trust it from about 25 discordant pairs.
///
/// `(b - c)² / (b + c)`, or `(|b - c| - 1)² / (b + c)` when corrected. No discordant pair gives a statistic of 0 and 1.
pub fn mcnemar_asymptotic(counts: PairedCounts, continuity: Continuity) -> McNemar {
    let discordant = (counts.only_first + counts.only_second) as f64;
    let apart = counts.only_first.abs_diff(counts.only_second) as f64;
    let apart = match continuity {
        Continuity::Uncorrected => apart,
        Continuity::Corrected => (apart - 1.0).max(0.0),
    };
    let chi_squared = if discordant == 0.0 { 0.0 } else { apart * apart / discordant };
    result(counts, Some(chi_squared), erfc((chi_squared / 2.0).sqrt()))
}

fn result(counts: PairedCounts, chi_squared: Option<f64>, p_value: f64) -> McNemar {
    McNemar { b: counts.only_first, c: counts.only_second, chi_squared, p_value }
}

/// The distribution of the discordant pairs were they even, and the smaller of the two counts.
fn fair_coin(counts: PairedCounts) -> Option<(Binomial, u64)> {
    let discordant = counts.only_first + counts.only_second;
    let coin = Binomial::new(0.5, discordant).expect("a half is a probability");
    (discordant > 0).then(|| (coin, counts.only_first.min(counts.only_second)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn discordant(b: u64, c: u64) -> PairedCounts {
        PairedCounts { both: 7, only_first: b, only_second: c, neither: 3 }
    }

    #[test]
    fn no_discordant_pair_tells_nothing_apart() {
        for test in [mcnemar_exact(discordant(0, 0)), mcnemar_mid_p(discordant(0, 0))] {
            assert!((test.p_value - 1.0).abs() < 1e-15);
        }
        assert_eq!(mcnemar_asymptotic(discordant(0, 0), Continuity::Corrected).chi_squared, Some(0.0));
    }

    // Fagerland, Lydersen and Laake (2013), table 1 (Bentur et al.): b = 1, c = 7.
    #[test]
    fn the_example_of_fagerland_is_met() {
        let counts = discordant(1, 7);
        let close = |got: f64, expect: f64| assert!((got - expect).abs() < 5e-4, "{got}, not {expect}");
        close(mcnemar_asymptotic(counts, Continuity::Uncorrected).p_value, 0.034);
        close(mcnemar_asymptotic(counts, Continuity::Corrected).p_value, 0.077);
        close(mcnemar_exact(counts).p_value, 0.070);
        close(mcnemar_mid_p(counts).p_value, 0.039);
    }

    #[test]
    fn pairs_are_counted() {
        let counts =
            PairedCounts::count([(true, true), (true, false), (false, true), (true, false), (false, false)]);
        assert_eq!(counts, PairedCounts { both: 1, only_first: 2, only_second: 1, neither: 1 });
        assert_eq!(counts.difference(), Some(0.2));
        assert_eq!(PairedCounts::count([]).difference(), None);
    }

    /// How often a test at 0.05 finds a difference between two outcomes that are equally often the only hit.
    fn false_alarms(test: fn(PairedCounts) -> McNemar, pairs: u64) -> f64 {
        let coin = Binomial::new(0.5, pairs).unwrap();
        (0..=pairs).filter(|&b| test(discordant(b, pairs - b)).p_value <= 0.05).map(|b| coin.pmf(b)).sum()
    }

    #[test]
    fn the_exact_test_keeps_its_level_and_the_mid_p_test_comes_closer_to_it() {
        for pairs in 1..100 {
            assert!(false_alarms(mcnemar_exact, pairs) <= 0.05, "{pairs} discordant");
        }
        // Over the numbers of discordant pairs that 60 pairs give.
        for share in [0.1, 0.2, 0.3, 0.5, 0.7, 0.9] {
            let discordant = Binomial::new(share, 60).unwrap();
            let size = |test| (0..=60).map(|n| discordant.pmf(n) * false_alarms(test, n)).sum::<f64>();
            let (exact, mid) = (size(mcnemar_exact), size(mcnemar_mid_p));
            assert!(exact < mid && mid < 0.0525, "{share}: {exact}, {mid}");
        }
    }

    proptest! {
        #[test]
        fn the_tests_do_not_care_which_is_first_and_order_by_caution(b in 0u64..200, c in 0u64..200) {
            let (one, other) = (discordant(b, c), discordant(c, b));
            let exact = mcnemar_exact(one).p_value;
            let mid = mcnemar_mid_p(one).p_value;
            prop_assert_eq!(exact.to_bits(), mcnemar_exact(other).p_value.to_bits());
            prop_assert_eq!(mid.to_bits(), mcnemar_mid_p(other).p_value.to_bits());
            prop_assert!(0.0 < mid && mid <= exact && exact <= 1.0);
            let plain = mcnemar_asymptotic(one, Continuity::Uncorrected).p_value;
            prop_assert!(plain <= mcnemar_asymptotic(one, Continuity::Corrected).p_value);
        }
    }
}
