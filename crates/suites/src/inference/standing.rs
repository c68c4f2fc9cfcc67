//! How rows of a leaderboard stand to each other: values with what each cluster of cases does to them, and every difference
//! of two rows with its error, from those alone.
//!
//! Two rows are compared on the cases that both were asked, and by what each cluster adds to the difference, so that what is
//! hard for both cancels out. Rows that share no case are compared as they are: clusters in common still count once.

use std::collections::BTreeMap;

use rayon::prelude::*;
use unbent_core::SubjectId;

use super::leaning::{Leaning, Sampled, Stand, stand};
use super::spread::Variance;
use super::tally::CellOf;
use super::{Metric, Spread, Tallied};

/// How the rows of a leaderboard stand to each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Standings {
    tallied: Tallied,
    sampled: Sampled,
    whole: Vec<Stand>,
    /// By row, the number of its set of cells.
    asked: Vec<usize>,
    sets: Vec<Vec<bool>>,
    /// By cluster, the number of its stratum.
    strata: Vec<usize>,
}

/// A difference of two rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The places of the rows among [`Standings::labels`].
    pub rows: (usize, usize),
    /// How much better the second is than the first, in points; negative if it is worse.
    pub gain: f64,
    /// The standard error of the gain, clustered where cases could be others.
    pub standard_error: f64,
    /// Clusters of either; none where cases are as they are.
    pub clusters: u64,
    /// How likely a gain so far from none is if there is none, two-sided and for this pair alone; values that are missing are
    /// taken as they speak most against it.
    pub p: f64,
    /// Whether the rows share cases, so that only these count.
    pub is_paired: bool,
}

impl Standings {
    /// Of these sums, for other cases of their kind.
    pub fn of(tallied: Tallied) -> Self {
        Self::over(tallied, Sampled::Cases)
    }

    /// Of these sums, for what could have been drawn otherwise.
    pub fn over(tallied: Tallied, sampled: Sampled) -> Self {
        let count = tallied.cells.len();
        let (mut sets, mut asked): (Vec<Vec<bool>>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut known: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
        for row in &tallied.rows {
            let has = |cell: usize| row.cells.get(cell).is_some_and(|sums| sums.n + sums.missing > 0);
            let set: Vec<bool> = (0..count).map(has).collect();
            let next = sets.len();
            let number = *known.entry(set.clone()).or_insert(next);
            if number == next {
                sets.push(set);
            }
            asked.push(number);
        }
        let whole = tallied.rows.iter().map(|row| stand(&tallied, row, None, sampled)).collect();
        let strata = strata(&tallied.cells, tallied.clusters.len());
        Self { tallied, sampled, whole, asked, sets, strata }
    }

    /// What could have been drawn otherwise.
    pub fn sampled(&self) -> Sampled {
        self.sampled
    }

    /// The metric.
    pub fn metric(&self) -> &'static Metric {
        self.tallied.metric
    }

    /// The rows: subjects, and what else tells them apart.
    pub fn labels(&self) -> &[(SubjectId, Option<String>)] {
        &self.tallied.labels
    }

    /// What the rows were summed up from.
    pub fn tallied(&self) -> &Tallied {
        &self.tallied
    }

    /// The value of a row over all that it was asked, in points; none where it is not known.
    pub fn value(&self, row: usize) -> Option<f64> {
        self.whole.get(row).map(|stand| stand.known.value).filter(|value| value.is_finite())
    }

    /// What was paid for a row's subject, in dollars, where it is known.
    pub fn cost_usd(&self, row: usize) -> Option<f64> {
        self.tallied.cost_usd[row]
    }

    /// How many values rows have together, and how many are missing.
    pub fn counts(&self, rows: &[usize]) -> [u64; 2] {
        let cells = rows.iter().flat_map(|row| &self.tallied.rows[*row].cells);
        cells.fold([0, 0], |[n, missing], sums| [n + sums.n, missing + sums.missing])
    }

    /// What a row's subject cost in dollars for each point that it is above the worst; none where that is not known, or there
    /// is no such point.
    pub fn usd_per_point(&self, row: usize) -> Option<f64> {
        let metric = self.metric();
        let worst = if metric.gain(0.0, 1.0) > 0.0 { metric.least() } else { metric.most() };
        let points = metric.gain(worst, self.value(row)?);
        (points > 0.0).then_some(self.cost_usd(row)? / points)
    }

    /// Every pair of these rows that have a value.
    pub fn pairs(&self, rows: &[usize]) -> Vec<Compared> {
        let rows: Vec<usize> = rows.iter().copied().filter(|row| self.value(*row).is_some()).collect();
        // Of rows that were asked otherwise, what each shows on the cells that both were asked.
        let mut shared: BTreeMap<(usize, usize), Option<Stand>> = BTreeMap::new();
        let pairs: Vec<(usize, usize)> = rows
            .iter()
            .enumerate()
            .flat_map(|(at, first)| rows[at + 1..].iter().map(|second| (*first, *second)))
            .collect();
        for (first, second) in &pairs {
            let (one, other) = (self.asked[*first], self.asked[*second]);
            for (row, with) in [(*first, other), (*second, one)].into_iter().filter(|_| one != other) {
                shared.entry((row, with)).or_insert_with(|| self.stand_among(row, with));
            }
        }
        pairs.into_par_iter().map(|(first, second)| self.compare(first, second, &shared)).collect()
    }

    /// What a row shows on those of its cells that are in a set too; none if it has no value on them.
    fn stand_among(&self, row: usize, with: usize) -> Option<Stand> {
        let both = self.sets[self.asked[row]].iter().zip(&self.sets[with]);
        let in_both: Vec<bool> = both.map(|(a, b)| *a && *b).collect();
        let stand = stand(&self.tallied, &self.tallied.rows[row], Some(&in_both), self.sampled);
        stand.known.value.is_finite().then_some(stand)
    }

    fn compare(
        &self,
        first: usize,
        second: usize,
        shared: &BTreeMap<(usize, usize), Option<Stand>>,
    ) -> Compared {
        let (one, other) = (self.asked[first], self.asked[second]);
        if one == other {
            return self.compared((first, second), (&self.whole[first], &self.whole[second]), true);
        }
        match (&shared[&(first, other)], &shared[&(second, one)]) {
            (Some(a), Some(b)) => self.compared((first, second), (a, b), true),
            _ => self.compared((first, second), (&self.whole[first], &self.whole[second]), false),
        }
    }

    fn compared(&self, rows: (usize, usize), (a, b): (&Stand, &Stand), is_paired: bool) -> Compared {
        let metric = self.metric();
        let difference = |a: &Leaning, b: &Leaning| Difference::of(a, b, &self.strata);
        let known = difference(&a.known, &b.known);
        let mut p = known.p();
        if a.filled.is_some() || b.filled.is_some() {
            // Whatever is missing was as it speaks against a difference.
            let against = if known.apart > 0.0 { [1, 0] } else { [0, 1] };
            let worst = difference(a.end(against[0]), b.end(against[1]));
            let turns = worst.apart * known.apart <= 0.0;
            p = if turns { 1.0 } else { p.max(worst.p()) };
        }
        Compared {
            rows,
            gain: metric.gain(a.known.value, b.known.value),
            standard_error: known.variance.squared.sqrt(),
            clusters: known.clusters,
            p,
            is_paired,
        }
    }
}

/// The second less the first.
struct Difference {
    apart: f64,
    variance: Variance,
    clusters: u64,
}

impl Difference {
    /// The clustered error is that of [`super::difference()`], of what each cluster adds to the difference. Repeats of the two
    /// rows are not matched.
    fn of(a: &Leaning, b: &Leaning, strata: &[usize]) -> Self {
        let mut sums = vec![(0.0, 0_u64); strata.iter().max().map_or(0, |most| most + 1)];
        for ((a, b), stratum) in a.influences.iter().zip(&b.influences).zip(strata) {
            if a.is_some() || b.is_some() {
                let apart = b.unwrap_or(0.0) - a.unwrap_or(0.0);
                sums[*stratum].0 += apart * apart;
                sums[*stratum].1 += 1;
            }
        }
        let mut variance = a.of_repeats;
        variance.absorb(b.of_repeats);
        for (squares, clusters) in sums.iter().filter(|(_, clusters)| *clusters > 1) {
            let g = *clusters as f64;
            variance.add(squares * g / (g - 1.0), g - 1.0);
        }
        Self { apart: b.value - a.value, variance, clusters: sums.iter().map(|(_, clusters)| clusters).sum() }
    }

    fn p(&self) -> f64 {
        if self.apart.abs() < 1e-9 {
            return 1.0;
        }
        match self.variance.spread() {
            Spread::Known(error) => error.p_value(self.apart),
            // Every cluster differs alike: no spread for a t test, so the signs of the clusters decide.
            Spread::None | Spread::Unknown => 2.0_f64.powf(1.0 - self.clusters as f64).min(1.0),
        }
    }
}

/// By cluster, the number of its stratum: parts that have clusters in common are one.
fn strata(cells: &[CellOf], clusters: usize) -> Vec<usize> {
    let mut by_part: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for cell in cells {
        by_part.entry(cell.part).or_default().push(cell.cluster as usize);
    }
    let mut strata: Vec<usize> = (0..clusters).collect();
    for of_part in by_part.values() {
        let joined: Vec<usize> = of_part.iter().map(|cluster| strata[*cluster]).collect();
        let first = joined[0];
        strata.iter_mut().filter(|stratum| joined.contains(stratum)).for_each(|stratum| *stratum = first);
    }
    strata
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Standings;
    use crate::inference::estimate::Sums;
    use crate::inference::test_rows::{SHARE, of_rows};

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_difference_on_the_same_cases_has_the_error_of_the_paired_differences() {
        let standings = Standings::of(of_rows(
            &SHARE,
            &[&[Some(1.0), Some(1.0), Some(0.0), Some(0.0)], &[Some(1.0), Some(1.0), Some(1.0), Some(0.0)]],
        ));
        let pair = standings.pairs(&[0, 1])[0];
        // Differences 0, 0, 1, 0: mean 0.25, standard deviation 0.5, over the root of 4.
        assert!(near(pair.gain, 25.0) && near(pair.standard_error, 25.0), "{pair:?}");
        // t = 1 on three degrees: 1 - 2/π (atan(1/√3) + √3/4) = 0.391002.
        assert!((pair.p - 0.391_002_218_955_8).abs() < 1e-9, "{}", pair.p);
        assert!(pair.is_paired && pair.clusters == 4);
    }

    #[test]
    fn only_the_cases_that_both_were_asked_count() {
        let standings = Standings::of(of_rows(
            &SHARE,
            &[
                &[Some(1.0), Some(0.0), Some(1.0), Some(0.5)],
                &[Some(1.0), Some(0.0), Some(1.0), Some(0.5), Some(0.0), Some(0.0)],
            ],
        ));
        let pair = standings.pairs(&[0, 1])[0];
        assert!(near(pair.gain, 0.0) && near(pair.p, 1.0) && pair.is_paired, "{pair:?}");
        assert!(standings.value(1).unwrap() < standings.value(0).unwrap());
    }

    #[test]
    fn rows_without_a_case_in_common_have_the_error_of_independent_means() {
        let none = None;
        let mut tallied = of_rows(
            &SHARE,
            &[
                &[Some(1.0), Some(0.0), Some(1.0), none, none, none],
                &[none, none, none, Some(0.0), Some(0.0), Some(1.0)],
            ],
        );
        for row in &mut tallied.rows {
            row.cells.iter_mut().for_each(|sums| sums.missing = 0);
        }
        let pair = Standings::of(tallied).pairs(&[0, 1])[0];
        // Each mean has squared deviations of 2/3 over 9; together times 6/5.
        assert!(near(pair.standard_error, 100.0 * (4.0 / 27.0 * 6.0 / 5.0_f64).sqrt()), "{pair:?}");
        assert!(!pair.is_paired && near(pair.gain, -100.0 / 3.0));
    }

    #[test]
    fn a_part_with_a_single_cluster_has_the_error_of_its_repeats() {
        let of = |values: &[f64]| {
            let mut sums = Sums::default();
            for value in values {
                sums.add(Some(*value));
            }
            let mut tallied = of_rows(&SHARE, &[&[Some(1.0)], &[Some(0.0)]]);
            tallied.rows[0].cells[0] = sums;
            tallied.rows[1].cells[0] = sums;
            Standings::of(tallied).pairs(&[0, 1])[0]
        };
        // Squares about the mean sum to 1/2, over 3 and over 4; twice that.
        assert!(near(of(&[0.0, 1.0, 0.5, 0.5]).standard_error, 100.0 * (1.0 / 12.0_f64).sqrt()));
        assert!(near(of(&[1.0]).standard_error, 100.0 * 0.5_f64.sqrt()), "the largest that there can be");
    }

    #[test]
    fn what_is_missing_speaks_against_a_difference() {
        let all = [Some(1.0); 12];
        let mut holed = [Some(0.0); 12];
        let p = |other: &[Option<f64>]| Standings::of(of_rows(&SHARE, &[&all, other])).pairs(&[0, 1])[0].p;
        assert!(near(p(&holed), 2.0_f64.powi(-11)), "every cluster differs alike");
        holed[0] = Some(0.5);
        let whole = p(&holed);
        holed[6..].fill(None);
        // Six of twelve are missing: if all were 1, the difference is 45.8 and not 95.8.
        assert!(p(&holed) > 10.0 * whole && p(&holed) < 0.05, "{whole} and {}", p(&holed));
        holed.fill(None);
        holed[0] = Some(0.0);
        // One zero of twelve: t = 1 on eleven degrees.
        assert!((p(&holed) - 0.338_80).abs() < 1e-4, "{}", p(&holed));
    }

    proptest! {
        #[test]
        fn turning_a_pair_round_changes_only_the_sign(
            a in prop::collection::vec(0.0f64..1.0, 3..20), seed in 0u64..1000
        ) {
            let b: Vec<f64> = a.iter().enumerate().map(|(n, v)| (v * 7.0 + (n as u64 * seed) as f64 * 0.37).fract()).collect();
            let (a, b): (Vec<_>, Vec<_>) = (a.into_iter().map(Some).collect(), b.into_iter().map(Some).collect());
            let standings = Standings::of(of_rows(&SHARE, &[&a, &b]));
            let (one, other) = (standings.pairs(&[0, 1])[0], standings.pairs(&[1, 0])[0]);
            prop_assert!(near(one.gain, -other.gain) && near(one.standard_error, other.standard_error));
            prop_assert!((one.p - other.p).abs() < 1e-9 && (0.0..=1.0).contains(&one.p));
        }
    }
}
