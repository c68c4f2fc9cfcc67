//! What one row of a leaderboard shows: its value, and how far it could lie off.

use std::collections::BTreeMap;

use super::Tallied;
use super::estimate::{Sums, weights_of};
use super::spread::Variance;
use super::tally::Row;

/// What could have been drawn otherwise than it was: what a statement about rows is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampled {
    /// The cases: it holds for others of their kind too.
    Cases,
    /// Only the answers: it holds for further repeats of these very cases.
    Repeats,
}

/// A row by itself, over all or some of its cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stand {
    /// Over the values that are there.
    pub(super) known: Leaning,
    /// With every missing value as low and as high for the metric as it can be; none if nothing is missing.
    pub(super) filled: Option<Box<[Leaning; 2]>>,
}

/// A value, and how it leans on each cluster.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaning {
    /// In points; not a number where a group of the metric has no value.
    pub(super) value: f64,
    /// What each cluster adds to the error of the value; none where it has no value, or cases are as they are.
    pub(super) influences: Vec<Option<f64>>,
    /// What parts whose cases are as they are add to the variance of the value: the error of repeats of what they ask.
    pub(super) of_repeats: Variance,
}

impl Stand {
    /// As low or as high as it can be.
    pub(super) fn end(&self, end: usize) -> &Leaning {
        self.filled.as_ref().map_or(&self.known, |filled| &filled[end])
    }
}

/// How missing values are taken.
#[derive(Clone, Copy, PartialEq)]
enum Missing {
    LeftOut,
    Low,
    High,
}

/// A row over all of its cells, or those that are allowed.
pub(super) fn stand(tallied: &Tallied, row: &Row, allowed: Option<&[bool]>, sampled: Sampled) -> Stand {
    let is_missing = |(cell, sums): (usize, &Sums)| sums.missing > 0 && allowed.is_none_or(|all| all[cell]);
    let known = lean(tallied, row, allowed, Missing::LeftOut, sampled);
    let filled = (known.value.is_finite() && row.cells.iter().enumerate().any(is_missing)).then(|| {
        Box::new([Missing::Low, Missing::High].map(|missing| lean(tallied, row, allowed, missing, sampled)))
    });
    Stand { known, filled }
}

fn lean(
    tallied: &Tallied,
    row: &Row,
    allowed: Option<&[bool]>,
    missing: Missing,
    sampled: Sampled,
) -> Leaning {
    let metric = tallied.metric;
    let is_allowed = |cell: usize| allowed.is_none_or(|allowed| allowed[cell]);
    let there = || {
        let with_sums = tallied.cells.iter().zip(&row.cells).enumerate();
        let there = with_sums.filter(|(cell, (_, sums))| sums.n + sums.missing > 0 && is_allowed(*cell));
        there.map(|(_, pair)| pair)
    };
    let mut parts: BTreeMap<&str, Sums> = there().map(|(cell, _)| (cell.part, Sums::default())).collect();
    let occurring: Vec<&str> = parts.keys().copied().collect();
    let weights = weights_of(metric, &occurring);
    let cells = || {
        there().map(|(cell, sums)| {
            let worth = if (missing == Missing::High) == (weights[cell.part] > 0.0) { 1.0 } else { 0.0 };
            let (sums, filled) = (*sums, sums.missing as f64 * worth);
            let whole = Sums {
                sum: sums.sum + filled,
                squares: sums.squares + filled,
                n: sums.n + sums.missing,
                missing: 0,
            };
            (cell, if missing == Missing::LeftOut { sums } else { whole })
        })
    };
    for (cell, sums) in cells() {
        if let Some(part) = parts.get_mut(cell.part) {
            part.absorb(sums);
        }
    }
    let mut influences = vec![None; tallied.clusters.len()];
    let is_whole = metric.groups.iter().all(|group| group.parts.iter().any(|part| parts.contains_key(part)));
    if !is_whole || parts.values().any(|sums| sums.n == 0) {
        return Leaning { value: f64::NAN, influences, of_repeats: Variance::default() };
    }
    let known: BTreeMap<&str, (f64, f64, f64)> = parts
        .iter()
        .filter_map(|(part, sums)| Some((*part, (weights[part], sums.mean()?, sums.n as f64))))
        .collect();
    let value = metric.offset + known.values().map(|(weight, mean, _)| weight * mean).sum::<f64>();
    let mut of_repeats = Variance::default();
    if sampled == Sampled::Repeats {
        for part in parts.keys() {
            let of_part = cells().filter(|(cell, _)| cell.part == *part).map(|(_, sums)| sums);
            let (variance, degrees) = variance_of_repeats(of_part);
            of_repeats.add(weights[part].powi(2) * variance, degrees);
        }
        return Leaning { value, influences, of_repeats };
    }
    for (cell, sums) in cells().filter(|(_, sums)| sums.n > 0) {
        let (weight, mean, n) = known[cell.part];
        *influences[cell.cluster as usize].get_or_insert(0.0) +=
            weight * (sums.sum - sums.n as f64 * mean) / n;
    }
    for (part, sums) in &parts {
        let mut clusters =
            cells().filter(|(cell, sums)| cell.part == *part && sums.n > 0).map(|(cell, _)| cell.cluster);
        let first = clusters.next();
        if clusters.all(|cluster| Some(cluster) == first) {
            // A single value shows no spread, and has at most a standard deviation of a half (Popoviciu 1935).
            let (variance, degrees) = sums.variance_of_mean().unwrap_or((0.25, f64::INFINITY));
            of_repeats.add(weights[part].powi(2) * variance, degrees);
        }
    }
    Leaning { value, influences, of_repeats }
}

/// The variance of the mean of these cells' values over other repeats of the same cases, with its degrees of freedom.
///
/// The variance within cells, pooled, over the number of values. To what is seen, two values are added that lie as far off as
/// can be (a half, Popoviciu 1935): repeats that were all alike do not show that they always will be. They are not counted
/// among the degrees of freedom, of which there is one at least. Both are chosen so that of rows that are equal no more than
/// the level are told apart, in simulation, for shares of few cases and of two repeats too.
fn variance_of_repeats(cells: impl Iterator<Item = Sums>) -> (f64, f64) {
    let (mut squares, mut n, mut degrees) = (0.0, 0.0, 0.0);
    for sums in cells.filter(|sums| sums.n > 0) {
        let of_cell = sums.n as f64;
        squares += (sums.squares - sums.sum * sums.sum / of_cell).max(0.0);
        n += of_cell;
        degrees += of_cell - 1.0;
    }
    let variance = (squares + ADDED * 0.25) / (degrees + ADDED);
    (variance / n, f64::max(degrees, 1.0))
}

/// So many values are added to those that repeats show.
const ADDED: f64 = 2.0;

#[cfg(test)]
mod tests {
    use unbent_stats::PythonRandom;

    use super::{Sampled, Sums, variance_of_repeats};
    use crate::inference::test_rows::{SHARE, of_rows};
    use crate::inference::{Compared, Standings};

    fn sums(values: &[f64]) -> Sums {
        let mut sums = Sums::default();
        for value in values {
            sums.add(Some(*value));
        }
        sums
    }

    /// Two rows over the same cases, by the values of each case.
    fn compared(rows: [&[Vec<f64>]; 2], sampled: Sampled) -> Compared {
        let empty = vec![None; rows[0].len()];
        let mut tallied = of_rows(&SHARE, &[&empty, &empty]);
        for (row, cases) in tallied.rows.iter_mut().zip(rows) {
            row.cells = cases.iter().map(|values| sums(values)).collect();
        }
        Standings::over(tallied, sampled).pairs(&[0, 1])[0]
    }

    #[test]
    fn the_variance_of_repeats_is_that_within_cases_and_two_values_far_off() {
        let cells = [sums(&[0.0, 1.0, 0.5]), sums(&[1.0, 1.0])];
        // Squares within the first case are 1/2, in the second none: with two quarters 1 on 2 + 1 + 2 degrees, of five values.
        let (variance, degrees) = variance_of_repeats(cells.into_iter());
        assert!((variance - 1.0 / 5.0 / 5.0).abs() < 1e-12 && (degrees - 3.0).abs() < 1e-12);
        let (alone, _) = variance_of_repeats([sums(&[1.0])].into_iter());
        assert!((alone - 0.25).abs() < 1e-12, "a single value could lie anywhere");
    }

    #[test]
    fn rows_that_differ_by_case_are_told_apart_for_these_cases_and_not_for_others() {
        let good: Vec<Vec<f64>> = (0..8).map(|case| vec![if case < 3 { 0.9 } else { 0.6 }; 6]).collect();
        let other: Vec<Vec<f64>> =
            (0..8).map(|case| vec![if case % 2 == 0 { 0.7 } else { 0.5 }; 6]).collect();
        let of = |sampled| compared([&other, &good], sampled);
        let (cases, repeats) = (of(Sampled::Cases), of(Sampled::Repeats));
        assert!((cases.gain - repeats.gain).abs() < 1e-12 && repeats.clusters == 0);
        assert!(repeats.standard_error < cases.standard_error / 2.0, "{cases:?} {repeats:?}");
        assert!(repeats.p < 0.01 && cases.p > repeats.p, "{cases:?} {repeats:?}");
    }

    #[test]
    fn rows_that_are_equal_over_repeats_are_seldom_told_apart() {
        const REPLICATIONS: u32 = 1000;
        let most = 0.05 + 3.0 * (0.05 * 0.95 / f64::from(REPLICATIONS)).sqrt();
        let half = |low: f64, high: f64| {
            (0..10).map(|case| if case % 2 == 0 { low } else { high }).collect::<Vec<f64>>()
        };
        let all: [(&str, Vec<f64>, Vec<f64>); 7] = [
            ("the same in all", half(0.5, 0.5), half(0.5, 0.5)),
            ("each good at others", half(0.1, 0.9), half(0.9, 0.1)),
            ("one even, one not", half(0.5, 0.5), half(0.0, 1.0)),
            ("near the end", half(0.97, 0.97), half(0.95, 0.99)),
            ("three cases", vec![0.3, 0.6, 0.9], vec![0.6, 0.6, 0.6]),
            ("two cases", vec![0.2, 0.8], vec![0.5, 0.5]),
            ("one case", vec![0.5], vec![0.5]),
        ];
        for (name, first, second) in &all {
            for repeats in [1, 2, 5, 20] {
                let mut random = PythonRandom::new(2026);
                let mut draw = |shares: &[f64]| -> Vec<Vec<f64>> {
                    let case = |share: &f64| {
                        (0..repeats).map(|_| f64::from(u8::from(random.random() < *share))).collect()
                    };
                    shares.iter().map(case).collect()
                };
                let told = (0..REPLICATIONS).filter(|_| {
                    let (a, b) = (draw(first), draw(second));
                    compared([&a, &b], Sampled::Repeats).p <= 0.05
                });
                let share = told.count() as f64 / f64::from(REPLICATIONS);
                assert!(share <= most, "{name}, {repeats} repeats: {share}");
            }
        }
    }
}
