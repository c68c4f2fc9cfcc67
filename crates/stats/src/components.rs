//! How much of the spread of values comes from each level that they are nested in: cases, repeats of a case, grades of a
//! repeat.
//!
//! By the method of moments: analysis of variance of a nested random model, whose mean squares are set equal to their
//! expectations (Searle, Casella and McCulloch 1992, "Variance Components", chapter 3; for three levels of unequal
//! size Searle 1971, "Linear Models", section 11.4). It assumes no distribution, so that hits and misses coded 1 and 0 do as
//! well; their components are then those of the linear probability scale, and the spread of a single hit counts as
//! that of the lowest level. All are estimates without bias, apart from those that would be below zero and are cut.

use std::collections::BTreeMap;

use thiserror::Error;

/// Why components cannot be told apart.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComponentError {
    /// A spread between cases needs two.
    #[error("{found} case(s) show no spread between cases, at least 2 are needed")]
    TooFewCases {
        /// How many there are.
        found: usize,
    },
    /// No case has two repeats, so that their spread cannot be told from that between cases.
    #[error("no case has a second repeat, so the spread within cases cannot be told from that between them")]
    NoRepeats,
    /// No repeat has two grades.
    #[error("no repeat has a second grade, so the spread of grades cannot be told from that of repeats")]
    NoSecondGrades,
    /// A value that is no number.
    #[error("the value at position {position} is no finite number")]
    NotFinite {
        /// Where it stands, from zero.
        position: usize,
    },
}

/// The spread that comes from one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// The variance, in the squared unit of the values; 0 where the estimate is below.
    pub variance: f64,
    /// The estimate as the mean squares give it.
    pub estimate: f64,
    /// Degrees of freedom of its mean square.
    pub degrees_of_freedom: u64,
}

impl Component {
    fn of(estimate: f64, degrees_of_freedom: u64) -> Component {
        Component { variance: estimate.max(0.0), estimate, degrees_of_freedom }
    }

    /// Tells whether the estimate is below zero: more spread within the level than between, as happens by chance where
    /// the component is small.
    pub fn is_cut(self) -> bool {
        self.estimate < 0.0
    }
}

/// The components of the spread of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceComponents {
    /// Between cases.
    pub case: Component,
    /// Between repeats of a case.
    pub repeat: Component,
    /// Between grades of a repeat, such as those of several judges; none where each repeat has one, whose spread is then
    /// part of that of repeats. A judge that is always stricter is part of it, as judges are not told from each other.
    pub grade: Option<Component>,
    /// Values.
    pub values: u64,
}

/// What a study consists of: repeats of every case, grades of every repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Cases.
    pub cases: f64,
    /// Repeats of each case.
    pub repeats: f64,
    /// Grades of each repeat; of no effect where their spread is not known apart.
    pub grades: f64,
}

impl Extent {
    /// How many values there are.
    pub fn values(self) -> f64 {
        self.cases * self.repeats * self.grades
    }
}

impl VarianceComponents {
    /// Returns the components of values of which each is named by its case: between cases, and within.
    ///
    /// # Errors
    ///
    /// When a value is not finite, there are fewer than two cases, or no case has two values.
    pub fn two_levels<C: Ord>(
        rows: impl IntoIterator<Item = (C, f64)>,
    ) -> Result<VarianceComponents, ComponentError> {
        let mut cases: BTreeMap<C, Sum> = BTreeMap::new();
        for (position, (case, value)) in rows.into_iter().enumerate() {
            cases.entry(case).or_default().add(position, value)?;
        }
        let whole = cases.values().fold(Sum::default(), Sum::with);
        let count = enough(cases.len())?;
        let within_degrees = whole.n - count;
        if within_degrees <= 0.0 {
            return Err(ComponentError::NoRepeats);
        }
        let between = cases.values().map(|case| case.n * (case.mean() - whole.mean()).powi(2)).sum::<f64>();
        let within = cases.values().map(Sum::squares).sum::<f64>() / within_degrees;
        let typical = typical_size(whole.n, cases.values().map(|case| case.n)) / (count - 1.0);
        Ok(VarianceComponents {
            case: Component::of((between / (count - 1.0) - within) / typical, (count - 1.0) as u64),
            repeat: Component::of(within, within_degrees as u64),
            grade: None,
            values: whole.n as u64,
        })
    }

    /// Returns the components of values of which each is named by its case and its repeat: several values of the same are
    /// its grades.
    ///
    /// # Errors
    ///
    /// When a value is not finite, there are fewer than two cases, no case has two repeats, or no repeat two grades.
    pub fn three_levels<C: Ord + Clone, R: Ord>(
        rows: impl IntoIterator<Item = (C, R, f64)>,
    ) -> Result<VarianceComponents, ComponentError> {
        let mut repeats: BTreeMap<(C, R), Sum> = BTreeMap::new();
        for (position, (case, repeat, value)) in rows.into_iter().enumerate() {
            repeats.entry((case, repeat)).or_default().add(position, value)?;
        }
        // Of each case: all its values, and the sum of the squared sizes of its repeats.
        let mut cases: BTreeMap<C, (Sum, f64)> = BTreeMap::new();
        for ((case, _), repeat) in &repeats {
            let entry = cases.entry(case.clone()).or_default();
            *entry = (entry.0.with(repeat), entry.1 + repeat.n * repeat.n);
        }
        let whole = cases.values().fold(Sum::default(), |sum, case| sum.with(&case.0));
        let (a, b, n) = (enough(cases.len())?, repeats.len() as f64, whole.n);
        if b <= a {
            return Err(ComponentError::NoRepeats);
        }
        if n <= b {
            return Err(ComponentError::NoSecondGrades);
        }
        let grade = repeats.values().map(Sum::squares).sum::<f64>() / (n - b);
        let of_repeats = repeats
            .iter()
            .map(|((case, _), repeat)| repeat.n * (repeat.mean() - cases[case].0.mean()).powi(2))
            .sum::<f64>()
            / (b - a);
        let of_cases =
            cases.values().map(|(case, _)| case.n * (case.mean() - whole.mean()).powi(2)).sum::<f64>()
                / (a - 1.0);
        // The coefficients of the components in the expected mean squares.
        let within_cases: f64 = cases.values().map(|(case, squares)| squares / case.n).sum();
        let all: f64 = cases.values().map(|(_, squares)| squares).sum::<f64>() / n;
        let repeat_in_repeats = (n - within_cases) / (b - a);
        let repeat_in_cases = (within_cases - all) / (a - 1.0);
        let case_in_cases = typical_size(n, cases.values().map(|(case, _)| case.n)) / (a - 1.0);
        let repeat = (of_repeats - grade) / repeat_in_repeats;
        let case = (of_cases - grade - repeat_in_cases * repeat) / case_in_cases;
        Ok(VarianceComponents {
            case: Component::of(case, (a - 1.0) as u64),
            repeat: Component::of(repeat, (b - a) as u64),
            grade: Some(Component::of(grade, (n - b) as u64)),
            values: n as u64,
        })
    }

    /// Returns the variance of a single value: the sum of the components.
    pub fn total(&self) -> f64 {
        self.case.variance + self.repeat.variance + self.grade_variance()
    }

    /// Returns what part of the variance of a single value each level has: cases, repeats, grades. None of values without
    /// spread.
    pub fn shares(&self) -> Option<[f64; 3]> {
        let total = self.total();
        let parts = [self.case.variance, self.repeat.variance, self.grade_variance()];
        (total > 0.0).then(|| parts.map(|part| part / total))
    }

    /// Returns how much alike two repeats of a case are, from 0 to 1: the part of the variance between cases. None of
    /// values without spread.
    pub fn intraclass_correlation(&self) -> Option<f64> {
        self.shares().map(|[case, ..]| case)
    }

    /// Returns the variance of the mean of a study of this extent, its cases drawn anew, in the squared unit of the values:
    /// `σ²_case / cases + σ²_repeat / (cases · repeats) + σ²_grade / (cases · repeats · grades)`.
    ///
    /// More repeats of the same cases never bring it below `σ²_case / cases`.
    pub fn variance_of_mean(&self, extent: Extent) -> f64 {
        let asked = extent.cases * extent.repeats;
        self.case.variance / extent.cases
            + self.repeat.variance / asked
            + self.grade_variance() / (asked * extent.grades)
    }

    /// Returns how many independent values would tell as much as a study of this extent; as many as it has if there is no
    /// spread.
    pub fn effective_size(&self, extent: Extent) -> f64 {
        let variance = self.variance_of_mean(extent);
        if variance > 0.0 { self.total() / variance } else { extent.values() }
    }

    /// Returns how many times the levels multiply the variance of the mean of as many independent values.
    pub fn design_effect(&self, extent: Extent) -> f64 {
        extent.values() / self.effective_size(extent)
    }

    fn grade_variance(&self) -> f64 {
        self.grade.map_or(0.0, |grade| grade.variance)
    }
}

/// Number, mean and squared deviations of values, gathered one by one (Welford 1962) and merged (Chan et al. 1979).
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Sum {
    fn add(&mut self, position: usize, value: f64) -> Result<(), ComponentError> {
        if !value.is_finite() {
            return Err(ComponentError::NotFinite { position });
        }
        self.n += 1.0;
        let apart = value - self.mean;
        self.mean += apart / self.n;
        self.squares += apart * (value - self.mean);
        Ok(())
    }

    fn with(self, other: &Sum) -> Sum {
        let n = self.n + other.n;
        let apart = other.mean - self.mean;
        Sum {
            n,
            mean: self.mean + apart * other.n / n,
            squares: self.squares + other.squares + apart * apart * self.n * other.n / n,
        }
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn squares(&self) -> f64 {
        self.squares
    }
}

fn enough(cases: usize) -> Result<f64, ComponentError> {
    if cases < 2 { Err(ComponentError::TooFewCases { found: cases }) } else { Ok(cases as f64) }
}

/// `N - Σ n² / N`.
fn typical_size(n: f64, sizes: impl Iterator<Item = f64>) -> f64 {
    n - sizes.map(|size| size * size).sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clustered::{Clusters, design_effect};
    use crate::python_random::PythonRandom;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * (1.0 + b.abs())
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let two = |rows: &[(u8, f64)]| VarianceComponents::two_levels(rows.iter().copied()).unwrap_err();
        assert_eq!(two(&[(0, 1.0), (0, 2.0)]), ComponentError::TooFewCases { found: 1 });
        assert_eq!(two(&[(0, 1.0), (1, 2.0)]), ComponentError::NoRepeats);
        assert_eq!(two(&[(0, 1.0), (1, f64::NAN)]), ComponentError::NotFinite { position: 1 });
        let three =
            |rows: &[(u8, u8, f64)]| VarianceComponents::three_levels(rows.iter().copied()).unwrap_err();
        assert_eq!(three(&[(0, 0, 1.0), (0, 0, 2.0), (1, 0, 1.0)]), ComponentError::NoRepeats);
        assert_eq!(three(&[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0)]), ComponentError::NoSecondGrades);
    }

    /// Balanced: the mean squares have textbook forms. Cases at 0 and 10, repeats 1 apart, grades 0.2 apart.
    #[test]
    fn balanced_values_have_the_components_of_the_textbook() {
        let grid = [0, 1].into_iter().flat_map(|case| [0, 1].map(|repeat| (case, repeat)));
        let rows: Vec<_> = grid
            .flat_map(|(case, repeat)| {
                [0, 1].map(|grade| {
                    (case, repeat, 10.0 * f64::from(case) + f64::from(repeat) + 0.2 * f64::from(grade))
                })
            })
            .collect();
        let got = VarianceComponents::three_levels(rows.iter().copied()).unwrap();
        let (grade, repeat) = (0.02, (1.0 - 0.02) / 2.0);
        assert!(close(got.grade.unwrap().estimate, grade) && close(got.repeat.estimate, repeat), "{got:?}");
        assert!(close(got.case.estimate, (200.0 - 1.0) / 4.0), "{got:?}");
        let extent = Extent { cases: 2.0, repeats: 2.0, grades: 2.0 };
        // Balanced and none cut: the mean square of cases over the number of values.
        assert!(close(got.variance_of_mean(extent), 200.0 / 8.0));
        assert!(close(got.effective_size(extent) * got.design_effect(extent), 8.0));
    }

    #[test]
    fn an_estimate_below_zero_is_cut_and_said() {
        let got = VarianceComponents::two_levels([(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0)]).unwrap();
        assert!(got.case.is_cut() && got.case.variance == 0.0 && close(got.case.estimate, -0.25));
        assert_eq!(got.shares(), Some([0.0, 1.0, 0.0]));
        let flat = VarianceComponents::two_levels([(0, 1.0), (0, 1.0), (1, 1.0)]).unwrap();
        assert_eq!((flat.shares(), flat.intraclass_correlation()), (None, None));
    }

    /// 60 cases, two or three repeats, one to three grades, in 200 samples: the estimates are right on average.
    #[test]
    fn estimates_are_right_on_average_where_nothing_is_balanced() {
        let mut random = PythonRandom::new(5);
        let mut sums = [0.0; 3];
        for _ in 0..200 {
            let mut rows = Vec::new();
            let mut about_normal = || (0..12).map(|_| random.random()).sum::<f64>() - 6.0;
            for case in 0..60 {
                let of_case = 2.0 * about_normal();
                for repeat in 0..2 + case % 2 {
                    let of_repeat = of_case + about_normal();
                    for _ in 0..=(case + repeat) % 3 {
                        rows.push((case, repeat, of_repeat + 0.5 * about_normal()));
                    }
                }
            }
            let got = VarianceComponents::three_levels(rows).unwrap();
            for (sum, part) in
                sums.iter_mut().zip([got.case.estimate, got.repeat.estimate, got.grade.unwrap().estimate])
            {
                *sum += part / 200.0;
            }
        }
        for (got, truth) in sums.into_iter().zip([4.0, 1.0, 0.25]) {
            assert!((got / truth - 1.0).abs() < 0.05, "{got}, not {truth}");
        }
    }

    proptest! {
        #[test]
        fn names_order_shifts_and_scales_do_not_matter(
            rows in prop::collection::vec((0u8..5, 0u8..3, -5.0f64..5.0), 12..50), shift in -9.0f64..9.0,
        ) {
            let Ok(one) = VarianceComponents::three_levels(rows.iter().copied()) else { return Ok(()) };
            let moved = rows.iter().rev().map(|&(case, repeat, value)| (9 - case, 7 - repeat, 2.0 * value + shift));
            let other = VarianceComponents::three_levels(moved).unwrap();
            for (one, other) in [(one.case, other.case), (one.repeat, other.repeat), (one.grade.unwrap(), other.grade.unwrap())] {
                prop_assert!(close(4.0 * one.estimate, other.estimate), "{:?} {:?}", one, other);
            }
            let shares = one.shares().unwrap();
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)) && close(shares.iter().sum(), 1.0));
        }

        #[test]
        fn two_levels_have_the_known_intraclass_correlation(rows in prop::collection::vec((0u8..5, -5.0f64..5.0), 8..40)) {
            let (names, values): (Vec<u8>, Vec<f64>) = rows.iter().copied().unzip();
            if let Ok(got) = VarianceComponents::two_levels(rows.iter().copied()) {
                let known = Clusters::group(&values, &names).unwrap().intraclass_correlation().unwrap();
                let whole = got.case.estimate + got.repeat.estimate;
                prop_assert!(close(got.case.estimate / whole, known));
                let extent = Extent { cases: 10.0, repeats: 4.0, grades: 1.0 };
                let correlation = got.intraclass_correlation().unwrap();
                prop_assert!(close(got.design_effect(extent), design_effect(&[4; 10], correlation)));
            }
        }

        #[test]
        fn more_of_anything_narrows(rows in prop::collection::vec((0u8..5, 0u8..3, -5.0f64..5.0), 12..50), extent in (2u8..50, 1u8..9, 1u8..5)) {
            let Ok(got) = VarianceComponents::three_levels(rows.iter().copied()) else { return Ok(()) };
            let extent = Extent { cases: extent.0.into(), repeats: extent.1.into(), grades: extent.2.into() };
            let base = got.variance_of_mean(extent);
            let more = [
                Extent { cases: extent.cases * 2.0, ..extent },
                Extent { repeats: extent.repeats * 2.0, ..extent },
                Extent { grades: extent.grades * 2.0, ..extent },
            ];
            prop_assert!(more.iter().all(|more| got.variance_of_mean(*more) <= base));
            prop_assert!(got.variance_of_mean(more[0]) <= got.variance_of_mean(more[1]) + 1e-12);
            prop_assert!(got.effective_size(extent) <= extent.values() + 1e-9);
        }
    }
}
