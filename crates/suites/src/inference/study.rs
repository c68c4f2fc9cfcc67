//! The size of a study: how many cases and repeats it takes to find a difference of two subjects, and what so many can find.

use unbent_stats::{Level, MeansDesign, PowerError, Samples};

use super::Metric;

/// How the values of a metric spread, in squared points of a single trial's worth.
///
/// The worth of a trial is what it adds to the metric, so that the mean worth is the metric: a metric of several groups of
/// parts behaves like the mean of a single value for each trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Between cases, of one subject.
    pub case: f64,
    /// Between repeats of a case, the judge's part included.
    pub repeat: f64,
    /// Between cases, of the difference of two subjects; none where it is not known.
    pub paired_case: Option<f64>,
    /// How many times clusters of cases multiply the variance of a mean; at least 1.
    pub design_effect: f64,
}

/// What a suite takes for granted of its metrics where there is no pilot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// The value of the metric, in points.
    pub baseline: f64,
    /// The variance of a trial's worth, as a share of what it would be if trials only failed or passed.
    pub of_binary: f64,
    /// The share of the variance that lies between cases: how much alike repeats of a case are.
    pub case_share: f64,
    /// How alike two subjects find the same cases hard: the correlation of their case values.
    pub in_common: f64,
    /// How many times clusters multiply the variance of a mean.
    pub design_effect: f64,
    /// Where these figures are from.
    pub source: &'static str,
}

impl Default for Typical {
    fn default() -> Self {
        Self {
            baseline: 80.0,
            of_binary: 1.0,
            case_share: 0.5,
            in_common: 0.3,
            design_effect: 1.5,
            source: "customary figures, not measured for this suite",
        }
    }
}

impl Typical {
    /// The spread of a metric at this value, in points. Variances follow those of shares: greatest in the middle, none at the
    /// ends.
    pub fn spread(&self, metric: &Metric, baseline: f64) -> Spread {
        let (least, most) = (metric.least(), metric.most());
        let share = ((baseline - least) / (most - least)).clamp(0.0, 1.0);
        let squares: f64 = metric.groups.iter().map(|group| group.weight * group.weight).sum();
        let total = self.of_binary * metric.groups.len() as f64 * squares * share * (1.0 - share);
        let case = self.case_share * total;
        Spread {
            case,
            repeat: total - case,
            paired_case: Some(2.0 * case * (1.0 - self.in_common)),
            design_effect: self.design_effect,
        }
    }
}

/// How two subjects are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// On the same cases.
    Paired,
    /// On different cases, as many each.
    Independent,
}

/// A study of two subjects with so many repeats of every case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Study {
    /// How values spread.
    pub spread: Spread,
    /// How often each case is put to each subject.
    pub repeats: u32,
    /// How the subjects are compared.
    pub comparison: Comparison,
    /// How often a difference that is there is to be found: 0 to 1.
    pub power: f64,
    /// One minus the level of the test.
    pub level: Level,
}

impl Study {
    fn design(&self) -> MeansDesign {
        let repeats = f64::from(self.repeats);
        let (samples, variance) = match self.comparison {
            Comparison::Paired => {
                let case = self.spread.paired_case.unwrap_or(2.0 * self.spread.case);
                (Samples::Paired, case + 2.0 * self.spread.repeat / repeats)
            }
            Comparison::Independent => {
                (Samples::Independent { ratio: 1.0 }, self.spread.case + self.spread.repeat / repeats)
            }
        };
        let deviation = variance.max(0.0).sqrt();
        MeansDesign::new(samples, deviation, self.level).with_design_effect(self.spread.design_effect)
    }

    /// The cases that each subject must be asked to find a difference of so many points.
    ///
    /// # Errors
    ///
    /// When there is no such number: the difference is none, or the power is no probability.
    pub fn cases(&self, difference: f64) -> Result<u64, PowerError> {
        self.design().cases(difference, self.power)
    }

    /// The smallest difference, in points, that is found with so many cases.
    ///
    /// # Errors
    ///
    /// When there are fewer cases than a test needs, or the power is no probability.
    pub fn detectable(&self, cases: f64) -> Result<f64, PowerError> {
        self.design().minimum_detectable_difference(cases, self.power)
    }

    /// The standard error of the difference with so many cases, in points.
    pub fn standard_error(&self, cases: f64) -> f64 {
        self.design().standard_error(cases)
    }

    /// How many independent trials would tell as much of one subject as so many cases with the repeats of the study.
    pub fn effective_size(&self, cases: f64) -> f64 {
        let Spread { case, repeat, design_effect, .. } = self.spread;
        let variance = (case + repeat / f64::from(self.repeats)) * design_effect / cases;
        if variance > 0.0 { (case + repeat) / variance } else { cases * f64::from(self.repeats) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unbent_stats::Level;

    use super::{Comparison, Spread, Study, Typical};
    use crate::inference::test_rows::SHARE;

    fn study(spread: Spread, repeats: u32, comparison: Comparison) -> Study {
        Study { spread, repeats, comparison, power: 0.8, level: Level::P95 }
    }

    #[test]
    fn a_share_of_independent_cases_takes_as_many_as_the_textbook_says() {
        // 80 % and 5 points: (1.959964 + 0.841621)² · 2 · 1600 / 25 = 1004.6 by the normal curve, one more by Student's.
        let typical = Typical { of_binary: 1.0, case_share: 1.0, design_effect: 1.0, ..Typical::default() };
        let independent = study(typical.spread(&SHARE, 80.0), 1, Comparison::Independent);
        assert_eq!(independent.cases(5.0).unwrap(), 1006);
        let found = independent.detectable(1006.0).unwrap();
        assert!((4.99..=5.0).contains(&found), "{found}");
        // Repeats of cases that always come out alike are of no use; pairs with half in common halve the number.
        assert_eq!(study(independent.spread, 9, Comparison::Independent).cases(5.0).unwrap(), 1006);
        let half = Typical { in_common: 0.5, ..typical }.spread(&SHARE, 80.0);
        // 7.8489 · 1600 / 25 = 502.3, and two more by Student's.
        assert_eq!(study(half, 1, Comparison::Paired).cases(5.0).unwrap(), 505);
    }

    #[test]
    fn an_effective_size_lies_between_cases_and_trials() {
        let spread = Spread { case: 300.0, repeat: 100.0, paired_case: None, design_effect: 1.0 };
        // 100 cases, five repeats: 400 / (300 + 20) · 100.
        assert!((study(spread, 5, Comparison::Paired).effective_size(100.0) - 125.0).abs() < 1e-9);
        let clustered = Spread { design_effect: 2.0, ..spread };
        assert!((study(clustered, 5, Comparison::Paired).effective_size(100.0) - 62.5).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn more_is_never_worse_and_the_cases_find_what_they_were_for(
            case in 1.0f64..900.0, repeat in 1.0f64..900.0, common in 0.0f64..0.95, deff in 1.0f64..4.0, difference in 2.0f64..20.0
        ) {
            let spread = Spread { case, repeat, paired_case: Some(2.0 * case * (1.0 - common)), design_effect: deff };
            let paired = study(spread, 2, Comparison::Paired);
            let cases = paired.cases(difference).unwrap();
            prop_assert!(paired.detectable(cases as f64).unwrap() <= difference + 1e-6);
            prop_assert!(study(spread, 4, Comparison::Paired).cases(difference).unwrap() <= cases);
            let apart = Spread { paired_case: None, ..spread };
            prop_assert!(cases <= study(apart, 2, Comparison::Paired).cases(difference).unwrap());
        }
    }
}
