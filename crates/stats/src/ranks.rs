//! Which ranks subjects may hold, given how well their estimates can be told apart. Draws nothing.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use thiserror::Error;

use crate::describe::sample_std_dev;
use crate::interval::Level;
use crate::multiplicity::holm;

/// What is known of one subject's lead over another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lead {
    /// The first less the second, in the unit of the estimates, by what both are compared on.
    pub difference: f64,
    /// The two-sided p-value of that difference against none.
    pub p_value: f64,
}

impl Lead {
    /// Returns the lead of a difference that is normal with this standard error, or has Student's t on these degrees of
    /// freedom if they are finite. Without error, any difference is real. The p-value is NaN where there is none.
    pub fn with_error(difference: f64, standard_error: f64, degrees_of_freedom: f64) -> Lead {
        let beyond = (difference / standard_error).abs();
        let p_value = if standard_error == 0.0 {
            f64::from(u8::from(difference == 0.0))
        } else if !(beyond.is_finite() && standard_error > 0.0 && degrees_of_freedom > 0.0) {
            f64::NAN
        } else if degrees_of_freedom == f64::INFINITY {
            2.0 * Normal::standard().sf(beyond)
        } else {
            StudentsT::new(0.0, 1.0, degrees_of_freedom).map_or(f64::NAN, |student| 2.0 * student.sf(beyond))
        };
        Lead { difference, p_value }
    }

    /// The one-sided p-value against the first not being ahead.
    fn not_ahead(self) -> f64 {
        if self.difference > 0.0 { self.p_value / 2.0 } else { 1.0 - self.p_value / 2.0 }
    }
}

/// Why subjects cannot be ranked.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum RankError {
    /// A lead that is no number, or whose p-value is none.
    #[error("the lead of subject {first} over subject {second} has a difference or a p-value that is none")]
    Lead {
        /// Place of the first, from zero.
        first: usize,
        /// Place of the second.
        second: usize,
    },
    /// A table of covariances or resamples that does not fit the estimates.
    #[error("{subjects} subjects need a table of that many columns in every row, and row {row} has {found}")]
    Shape {
        /// How many subjects there are.
        subjects: usize,
        /// The row, from zero.
        row: usize,
        /// Its length.
        found: usize,
    },
    /// Too few resamples to see a spread.
    #[error("{found} resamples show no spread, at least 2 are needed")]
    Resamples {
        /// How many there are.
        found: usize,
    },
}

/// The leads of all pairs of subjects.
#[derive(Clone, Debug, PartialEq)]
pub struct Leads {
    estimates: Vec<f64>,
    /// Those of each subject over the ones after it, row by row.
    leads: Vec<Lead>,
}

impl Leads {
    /// Returns the leads that `lead` gives for each pair of places `first < second`. A difference need not be that of the
    /// estimates: two subjects may be compared on what both were asked.
    ///
    /// # Errors
    ///
    /// When a difference is not finite or a p-value not from 0 to 1.
    pub fn of_pairs(
        estimates: &[f64],
        mut lead: impl FnMut(usize, usize) -> Lead,
    ) -> Result<Leads, RankError> {
        let subjects = estimates.len();
        let mut leads = Vec::with_capacity(subjects * subjects.saturating_sub(1) / 2);
        for first in 0..subjects {
            for second in first + 1..subjects {
                let lead = lead(first, second);
                if !lead.difference.is_finite() || !(0.0..=1.0).contains(&lead.p_value) {
                    return Err(RankError::Lead { first, second });
                }
                leads.push(lead);
            }
        }
        Ok(Leads { estimates: estimates.to_vec(), leads })
    }

    /// Returns the leads of estimates that are independent of each other, with their standard errors.
    ///
    /// # Errors
    ///
    /// When there are not as many standard errors as estimates, and as [`Leads::of_pairs`].
    pub fn of_independent(
        estimates: &[f64],
        standard_errors: &[f64],
        degrees_of_freedom: f64,
    ) -> Result<Leads, RankError> {
        fits(estimates.len(), 0, standard_errors.len())?;
        Leads::of_pairs(estimates, |first, second| {
            let standard_error = standard_errors[first].hypot(standard_errors[second]);
            Lead::with_error(estimates[first] - estimates[second], standard_error, degrees_of_freedom)
        })
    }

    /// Returns the leads of estimates whose errors have this covariance, one row a subject.
    ///
    /// # Errors
    ///
    /// When the table is not square or not of that size, and as [`Leads::of_pairs`]; a variance of a difference that
    /// rounding puts below zero is taken for zero.
    pub fn of_covariance(
        estimates: &[f64],
        covariance: &[Vec<f64>],
        degrees_of_freedom: f64,
    ) -> Result<Leads, RankError> {
        fits(estimates.len(), 0, covariance.len())?;
        for (row, columns) in covariance.iter().enumerate() {
            fits(estimates.len(), row, columns.len())?;
        }
        Leads::of_pairs(estimates, |first, second| {
            let sum = covariance[first][first] + covariance[second][second];
            let variance = sum - covariance[first][second] - covariance[second][first];
            let variance = if variance.abs() <= 1e-15 * sum.abs() { 0.0 } else { variance };
            Lead::with_error(estimates[first] - estimates[second], variance.sqrt(), degrees_of_freedom)
        })
    }

    /// Returns the leads of estimates with the spread that their differences have over paired resamples: one row a
    /// resample, drawn once for all subjects. By the normal curve.
    ///
    /// # Errors
    ///
    /// When there are fewer than two resamples or one of another length, and as [`Leads::of_pairs`].
    pub fn of_resamples(estimates: &[f64], resamples: &[Vec<f64>]) -> Result<Leads, RankError> {
        for (row, columns) in resamples.iter().enumerate() {
            fits(estimates.len(), row, columns.len())?;
        }
        if resamples.len() < 2 {
            return Err(RankError::Resamples { found: resamples.len() });
        }
        let mut differences = vec![0.0; resamples.len()];
        Leads::of_pairs(estimates, |first, second| {
            for (difference, row) in differences.iter_mut().zip(resamples) {
                *difference = row[first] - row[second];
            }
            let standard_error = sample_std_dev(&differences).unwrap_or(f64::NAN);
            Lead::with_error(estimates[first] - estimates[second], standard_error, f64::INFINITY)
        })
    }

    /// Returns how many subjects there are.
    pub fn subjects(&self) -> usize {
        self.estimates.len()
    }

    /// Returns the lead of one subject over another; of nothing over itself.
    pub fn lead(&self, first: usize, second: usize) -> Lead {
        let at = |low: usize, high: usize| low * (2 * self.subjects() - low - 1) / 2 + high - low - 1;
        match first.cmp(&second) {
            std::cmp::Ordering::Less => self.leads[at(first, second)],
            std::cmp::Ordering::Greater => {
                let other = self.leads[at(second, first)];
                Lead { difference: -other.difference, ..other }
            }
            std::cmp::Ordering::Equal => Lead { difference: 0.0, p_value: 1.0 },
        }
    }

    /// Returns the ranks that each subject may hold, all of them together at two-sided `level`.
    ///
    /// Tests of each ordered pair whether the first is really ahead, one-sided, their p-values adjusted by Holm (1979) over
    /// all ordered pairs, whatever the dependence of the estimates. A subject's best rank is 1 and one for each
    /// subject that is told to be ahead of it; its worst is the number of subjects less one for each that is told to be
    /// behind it: Mogstad, Romano, Shaikh and Wilhelm (2024), "Inference for Ranks", Review of Economic Studies 91, 476,
    /// section 3. With at least `level` all true ranks lie in their intervals; of equal true values each may hold any
    /// of the ranks that they share.
    pub fn rank(&self, level: Level) -> Ranks {
        let count = self.subjects();
        let mut p_values = Vec::with_capacity(count * count.saturating_sub(1));
        let ordered = || {
            (0..count).flat_map(move |one| {
                (0..count).filter(move |&other| other != one).map(move |other| (one, other))
            })
        };
        p_values.extend(ordered().map(|(one, other)| self.lead(one, other).not_ahead()));
        let adjusted = holm(&p_values).expect("probabilities");
        let mut table = vec![1.0; count * count];
        for ((one, other), p_value) in ordered().zip(adjusted) {
            table[one * count + other] = p_value;
        }
        let alpha = level.alpha();
        let is_ahead = |one: usize, other: usize| one != other && table[one * count + other] <= alpha;
        let intervals: Vec<RankInterval> = (0..count)
            .map(|subject| {
                let ahead_of_it = (0..count).filter(|&other| is_ahead(other, subject)).count();
                let behind_it = (0..count).filter(|&other| is_ahead(subject, other)).count();
                RankInterval { best: 1 + ahead_of_it, worst: count - behind_it }
            })
            .collect();
        let order = self.order();
        let is_told = |one: usize, other: usize| is_ahead(one, other) || is_ahead(other, one);
        let groups = groups(&order, is_told);
        Ranks { order, intervals, groups, p_values: table }
    }

    /// The subjects from the best down, equal ones in the order given.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.subjects()).collect();
        order.sort_by(|&one, &other| self.estimates[other].total_cmp(&self.estimates[one]));
        order
    }
}

/// The groups of each subject: see [`Ranks::groups`].
fn groups(order: &[usize], is_told: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let count = order.len();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for first in 0..count {
        // The run from here ends before the first place that is told from one of its places.
        let is_of_run = |at: &usize| (first..*at).all(|before| !is_told(order[before], order[*at]));
        let end = (first + 1..count).take_while(is_of_run).last().unwrap_or(first) + 1;
        if runs.last().is_none_or(|(_, last)| end > *last) {
            runs.push((first, end));
        }
    }
    let mut groups = vec![(0, 0); count];
    for (place, subject) in order.iter().enumerate() {
        let mut of = (0..runs.len()).filter(|run| runs[*run].0 <= place && place < runs[*run].1);
        let first = of.next().unwrap_or_default();
        groups[*subject] = (first + 1, of.next_back().unwrap_or(first) + 1);
    }
    groups
}

/// The ranks that a subject may hold, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankInterval {
    /// The best.
    pub best: usize,
    /// The worst.
    pub worst: usize,
}

/// Ranks with what is known of them, by the subjects' places.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// The subjects from the best estimate down.
    pub order: Vec<usize>,
    /// The ranks that each may hold.
    pub intervals: Vec<RankInterval>,
    /// The first and the last of the groups that each belongs to, from 1. A group is a longest run of subjects in the order
    /// of which no two are told apart; those that have a group in common are tied (Piepho 2004, "An Algorithm for a
    /// Letter-Based Representation of All-Pairwise Comparisons").
    pub groups: Vec<(usize, usize)>,
    p_values: Vec<f64>,
}

impl Ranks {
    /// Returns the adjusted one-sided p-value against `first` not being ahead of `second`: at most `1 - level` if it is
    /// told to be ahead.
    pub fn p_value(&self, first: usize, second: usize) -> f64 {
        self.p_values[first * self.intervals.len() + second]
    }
}

fn fits(subjects: usize, row: usize, found: usize) -> Result<(), RankError> {
    if subjects == found { Ok(()) } else { Err(RankError::Shape { subjects, row, found }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::python_random::PythonRandom;

    fn ranked(estimates: &[f64], errors: &[f64]) -> Ranks {
        Leads::of_independent(estimates, errors, f64::INFINITY).unwrap().rank(Level::P95)
    }

    fn interval(best: usize, worst: usize) -> RankInterval {
        RankInterval { best, worst }
    }

    #[test]
    fn well_separated_subjects_have_one_rank_each_and_close_ones_share_theirs() {
        let apart = ranked(&[10.0, 30.0, 20.0], &[0.1; 3]);
        assert_eq!(apart.order, [1, 2, 0]);
        assert_eq!(apart.intervals, [interval(3, 3), interval(1, 1), interval(2, 2)]);
        assert_eq!(apart.groups, [(3, 3), (1, 1), (2, 2)]);
        let close = ranked(&[10.0, 20.0, 20.1], &[0.1; 3]);
        assert_eq!(close.intervals, [interval(3, 3), interval(1, 2), interval(1, 2)]);
        assert_eq!(close.groups, [(2, 2), (1, 1), (1, 1)]);
        assert!(close.p_value(1, 0) < 1e-9 && close.p_value(0, 1) > 0.999);
    }

    #[test]
    fn a_subject_between_two_that_are_told_apart_is_tied_with_both() {
        let leads = Leads::of_pairs(&[3.0, 9.0, 6.0, 1.0], |first, second| Lead {
            difference: [3.0, 9.0, 6.0, 1.0][first] - [3.0, 9.0, 6.0, 1.0][second],
            p_value: if [(0, 1), (1, 3), (2, 3)].contains(&(first, second)) { 1e-6 } else { 0.9 },
        });
        let ranks = leads.unwrap().rank(Level::P95);
        assert_eq!(ranks.order, [1, 2, 0, 3]);
        assert_eq!(ranks.groups, [(2, 3), (1, 1), (1, 2), (3, 3)]);
        assert_eq!(ranks.intervals, [interval(2, 4), interval(1, 2), interval(1, 3), interval(3, 4)]);
    }

    #[test]
    fn two_subjects_are_told_apart_where_the_two_sided_test_says_so() {
        let told = |z: f64| ranked(&[z, 0.0], &[1.0, 0.0]).intervals[0].worst == 1;
        assert!(told(1.961) && !told(1.959));
    }

    #[test]
    fn no_subjects_and_one_have_nothing_to_be_told_apart_from() {
        assert_eq!(ranked(&[], &[]).intervals, []);
        assert_eq!(ranked(&[3.0], &[1.0]).intervals, [interval(1, 1)]);
        let equal = ranked(&[3.0, 3.0], &[0.0, 0.0]);
        assert_eq!((equal.intervals, equal.groups), (vec![interval(1, 2); 2], vec![(1, 1); 2]));
    }

    #[test]
    fn what_cannot_be_ranked_is_refused() {
        let shape = RankError::Shape { subjects: 2, row: 0, found: 1 };
        assert_eq!(Leads::of_independent(&[1.0, 2.0], &[1.0], 5.0), Err(shape));
        let lead = RankError::Lead { first: 0, second: 1 };
        assert_eq!(Leads::of_independent(&[1.0, f64::NAN], &[1.0; 2], 5.0), Err(lead));
        assert_eq!(Leads::of_independent(&[1.0, 2.0], &[1.0; 2], 0.0), Err(lead));
        assert_eq!(Leads::of_resamples(&[1.0], &[]), Err(RankError::Resamples { found: 0 }));
        let not_square = [vec![1.0, 0.0], vec![0.0]];
        assert!(Leads::of_covariance(&[1.0, 2.0], &not_square, 5.0).is_err());
    }

    #[test]
    fn errors_in_common_do_not_hide_a_difference() {
        let covariance = [vec![1.0, 0.99], vec![0.99, 1.0]];
        let leads = Leads::of_covariance(&[1.0, 0.0], &covariance, 50.0).unwrap();
        let expect = Lead::with_error(-1.0, 0.02f64.sqrt(), 50.0);
        assert!((leads.lead(1, 0).p_value / expect.p_value - 1.0).abs() < 1e-9, "{:?}", leads.lead(1, 0));
        assert_eq!(leads.rank(Level::P95).intervals, [interval(1, 1), interval(2, 2)]);
        let same = Leads::of_covariance(&[1.0, 1.0], &[vec![0.3; 2], vec![0.3; 2]], 50.0).unwrap();
        assert_eq!(same.rank(Level::P95).intervals, [interval(1, 2); 2]);
        let rows: Vec<Vec<f64>> = (0..200).map(f64::from).map(|at| vec![at + 1.0, at + at % 2.0]).collect();
        let resampled = Leads::of_resamples(&[1.0, -1.0], &rows).unwrap();
        // Twice a standard deviation of a half, so four errors: 6.3e-5 by the normal curve.
        assert!((resampled.lead(0, 1).p_value / 6.33e-5 - 1.0).abs() < 0.1, "{:?}", resampled.lead(0, 1));
    }

    /// A thousand samples of five subjects, two of them truly equal: all true ranks are held in at least 950, less three
    /// Monte Carlo errors.
    #[test]
    fn all_true_ranks_are_held_together() {
        let mut random = PythonRandom::new(11);
        let mut about_normal = || (0..12).map(|_| random.random()).sum::<f64>() - 6.0;
        let truth = [0.0, 1.0, 1.0, 2.5, 6.0];
        let held = (0..1000)
            .filter(|_| {
                let estimates = truth.map(|value| value + 0.7 * about_normal());
                let ranks = ranked(&estimates, &[0.7; 5]);
                truth.iter().zip(&ranks.intervals).all(|(value, interval)| {
                    let best = 1 + truth.iter().filter(|other| *other > value).count();
                    let worst = truth.iter().filter(|other| *other >= value).count();
                    interval.best <= best && worst <= interval.worst
                })
            })
            .count();
        assert!(held >= 950 - 21, "{held}");
    }

    proptest! {
        #[test]
        fn ranks_follow_the_subjects_and_stay_in_bounds(rows in prop::collection::vec((-5.0f64..5.0, 0.1f64..3.0), 1..9)) {
            let (estimates, errors): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
            let (backwards, their_errors): (Vec<f64>, Vec<f64>) = rows.iter().rev().copied().unzip();
            let (one, mut other) = (ranked(&estimates, &errors), ranked(&backwards, &their_errors));
            other.intervals.reverse();
            prop_assert_eq!(&one.intervals, &other.intervals);
            for (place, subject) in one.order.iter().enumerate() {
                let interval = one.intervals[*subject];
                prop_assert!(1 <= interval.best && interval.best <= place + 1);
                prop_assert!(place < interval.worst && interval.worst <= rows.len());
            }
            prop_assert!(one.order.windows(2).all(|pair| one.groups[pair[0]] <= one.groups[pair[1]]));
        }

        #[test]
        fn smaller_errors_never_widen_and_mirroring_mirrors(rows in prop::collection::vec((-5.0f64..5.0, 0.1f64..3.0), 2..9), by in 0.1f64..1.0) {
            let (estimates, errors): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
            let smaller: Vec<f64> = errors.iter().map(|error| error * by).collect();
            let (wide, narrow) = (ranked(&estimates, &errors), ranked(&estimates, &smaller));
            for (wide, narrow) in wide.intervals.iter().zip(&narrow.intervals) {
                prop_assert!(wide.best <= narrow.best && narrow.worst <= wide.worst);
            }
            let negated: Vec<f64> = estimates.iter().map(|estimate| -estimate).collect();
            let mirrored = ranked(&negated, &errors);
            for (one, other) in wide.intervals.iter().zip(&mirrored.intervals) {
                prop_assert_eq!((one.best, one.worst), (rows.len() + 1 - other.worst, rows.len() + 1 - other.best));
            }
        }
    }
}
