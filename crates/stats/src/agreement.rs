//! Agreement of raters beyond chance: the kappas of Cohen and Fleiss. Assumes that items are drawn independently.
//!
//! Categories are numbers from zero; missing ratings are the caller's, or [`crate::krippendorff`]'s.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::bootstrap::ResamplePlan;
use crate::interval::Level;
use crate::resampled::Resampled;

/// Why agreement cannot be computed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgreementError {
    /// A category beyond the number of categories.
    #[error("category {category} does not exist: there are {categories}, counted from 0")]
    Category {
        /// What was given.
        category: usize,
        /// How many there are.
        categories: usize,
    },
    /// An item was rated by another number of raters than the first.
    #[error("item {item} has {found} ratings, the first has {expected}")]
    Raters {
        /// The position of the item.
        item: usize,
        /// Its ratings.
        found: u64,
        /// Those of the first item.
        expected: u64,
    },
    /// A resample plan for another number of items.
    #[error("resample plan is for {expected} items, there are {found}")]
    Plan {
        /// The plan's number.
        expected: usize,
        /// The number of items.
        found: usize,
    },
    /// Ratings and names of clusters differ in number.
    #[error("{items} items have {clusters} clusters named: each needs one")]
    Clusters {
        /// How many items.
        items: usize,
        /// How many names.
        clusters: usize,
    },
    /// Nothing to agree on: no items, a single rater, or one category throughout.
    #[error(
        "agreement is not defined: it needs items, two ratings of each and more than one category in use"
    )]
    Undefined,
}

/// How much a disagreement of two ordered categories counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// All disagreements alike: Cohen (1960).
    Unweighted,
    /// By how many steps the categories are apart: Cohen (1968).
    Linear,
    /// By the square of that number; for many items, the intraclass correlation.
    Quadratic,
}

impl Weights {
    fn disagreement(self, one: usize, other: usize) -> f64 {
        let steps = one.abs_diff(other) as f64;
        match self {
            Weights::Unweighted => f64::from(u8::from(one != other)),
            Weights::Linear => steps,
            Weights::Quadratic => steps * steps,
        }
    }
}

/// Two raters' categories of the same items, counted: rows are the first rater's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    categories: usize,
    counts: Vec<u64>,
}

/// Agreement of two raters and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kappa {
    /// 1 for full agreement, 0 for what chance would give, below 0 for less.
    pub kappa: f64,
    /// Share of items on which they agree, weighted.
    pub observed: f64,
    /// The share that would be expected of their margins by chance, weighted.
    pub expected: f64,
}

impl Confusion {
    /// Counts pairs of a first and a second rater's category, each below `categories`.
    ///
    /// # Errors
    ///
    /// When a category does not exist.
    pub fn count(pairs: &[(usize, usize)], categories: usize) -> Result<Confusion, AgreementError> {
        let mut table = Confusion { categories, counts: vec![0; categories * categories] };
        for &(first, second) in pairs {
            let category = first.max(second);
            if category >= categories {
                return Err(AgreementError::Category { category, categories });
            }
            table.counts[first * categories + second] += 1;
        }
        Ok(table)
    }

    /// Returns how many items the first rater put into `first` and the second into `second`.
    ///
    /// # Panics
    ///
    /// When a category does not exist.
    pub fn cell(&self, first: usize, second: usize) -> u64 {
        assert!(first < self.categories && second < self.categories, "no cell ({first}, {second})");
        self.counts[first * self.categories + second]
    }

    /// Returns the number of items.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns Cohen's kappa; `None` of no items, or where both raters use one and the same category throughout.
    ///
    /// Falls with uneven margins even where raters agree as often: read it beside [`Confusion::prevalence_index`],
    /// [`Confusion::bias_index`] and [`Confusion::pabak`].
    pub fn kappa(&self, weights: Weights) -> Option<Kappa> {
        let n = self.total() as f64;
        let size = self.categories;
        let row = |one: usize| (0..size).map(|other| self.cell(one, other)).sum::<u64>() as f64 / n;
        let column = |other: usize| (0..size).map(|one| self.cell(one, other)).sum::<u64>() as f64 / n;
        let (rows, columns): (Vec<f64>, Vec<f64>) = (0..size).map(|at| (row(at), column(at))).unzip();
        let largest = weights.disagreement(0, size.saturating_sub(1));
        let (mut observed, mut expected) = (0.0, 0.0);
        for (one, row) in rows.iter().enumerate() {
            for (other, column) in columns.iter().enumerate() {
                let weight = weights.disagreement(one, other) / largest;
                observed += weight * self.cell(one, other) as f64 / n;
                expected += weight * row * column;
            }
        }
        (expected > 0.0).then(|| Kappa {
            kappa: 1.0 - observed / expected,
            observed: 1.0 - observed,
            expected: 1.0 - expected,
        })
    }

    /// Returns kappa were all categories as frequent and the raters' margins equal: `(k p - 1) / (k - 1)` of the share `p`
    /// of items on which they agree, over `k` categories. `None` of no items or a single category.
    ///
    /// Byrt, Bishop and Carlin (1993); for two categories `2p - 1`. Also Bennett's S.
    pub fn pabak(&self) -> Option<f64> {
        let agreed: u64 = (0..self.categories).map(|at| self.cell(at, at)).sum();
        let (n, size) = (self.total() as f64, self.categories as f64);
        (n > 0.0 && self.categories > 1).then(|| (size * agreed as f64 / n - 1.0) / (size - 1.0))
    }

    /// Returns how uneven the two categories are where raters agree: `|a - d| / n`, from 0 to 1; `None` unless there are two
    /// categories and an item. Byrt, Bishop and Carlin (1993).
    pub fn prevalence_index(&self) -> Option<f64> {
        self.two_by_two().map(|([a, _, _, d], n)| (a - d).abs() / n)
    }

    /// Returns how far apart the raters' shares of a category are: `|b - c| / n`, from 0 to 1; `None` unless there are two
    /// categories and an item. Byrt, Bishop and Carlin (1993).
    pub fn bias_index(&self) -> Option<f64> {
        self.two_by_two().map(|([_, b, c, _], n)| (b - c).abs() / n)
    }

    fn two_by_two(&self) -> Option<([f64; 4], f64)> {
        let &[a, b, c, d] = self.counts.as_slice() else { return None };
        (self.total() > 0).then(|| ([a, b, c, d].map(|count| count as f64), self.total() as f64))
    }

    /// Returns the percentile bootstrap interval of Cohen's kappa over resampled items.
    ///
    /// # Errors
    ///
    /// When a category does not exist, the plan is for another number of items, or kappa is never defined.
    pub fn kappa_interval(
        pairs: &[(usize, usize)],
        categories: usize,
        weights: Weights,
        plan: &ResamplePlan,
        level: Level,
    ) -> Result<Resampled, AgreementError> {
        Confusion::count(pairs, categories)?;
        check_plan(plan, pairs.len())?;
        let kappa = |rows: &[u32]| {
            let resample: Vec<_> = rows.iter().map(|&row| pairs[row as usize]).collect();
            Some(Confusion::count(&resample, categories).ok()?.kappa(weights)?.kappa)
        };
        Resampled::percentile(plan, level, kappa).ok_or(AgreementError::Undefined)
    }
}

/// Returns Fleiss' kappa (1971) of items that were each rated equally often, though not by the same raters.
///
/// `ratings` holds for each item how many raters chose each category.
///
/// # Errors
///
/// When items differ in their number of ratings or categories, or agreement is not defined.
pub fn fleiss_kappa(ratings: &[Vec<u64>]) -> Result<f64, AgreementError> {
    let raters = raters_of(ratings)?;
    let mut sums = FleissSums::default();
    for counts in ratings {
        sums.add(counts);
    }
    sums.kappa(raters).ok_or(AgreementError::Undefined)
}

/// How often each item was rated, if all were equally often.
fn raters_of(ratings: &[Vec<u64>]) -> Result<u64, AgreementError> {
    let first = ratings.first().ok_or(AgreementError::Undefined)?;
    let (raters, categories) = (first.iter().sum::<u64>(), first.len());
    for (item, counts) in ratings.iter().enumerate() {
        let found = counts.iter().sum();
        if found != raters {
            return Err(AgreementError::Raters { item, found, expected: raters });
        }
        if counts.len() != categories {
            return Err(AgreementError::Category { category: counts.len().max(categories) - 1, categories });
        }
    }
    Ok(raters)
}

/// All that Fleiss' kappa needs to know of some items.
#[derive(Clone, Debug, Default)]
struct FleissSums {
    /// How often each category was chosen.
    chosen: Vec<u64>,
    /// Ordered pairs of raters who chose the same.
    agreeing: u64,
    items: u64,
}

impl FleissSums {
    fn add(&mut self, counts: &[u64]) {
        self.chosen.resize(counts.len().max(self.chosen.len()), 0);
        for (sum, count) in self.chosen.iter_mut().zip(counts) {
            *sum += count;
            self.agreeing += count * count.saturating_sub(1);
        }
        self.items += 1;
    }

    fn absorb(&mut self, other: &FleissSums) {
        self.chosen.resize(other.chosen.len().max(self.chosen.len()), 0);
        self.chosen.iter_mut().zip(&other.chosen).for_each(|(sum, count)| *sum += count);
        self.agreeing += other.agreeing;
        self.items += other.items;
    }

    fn kappa(&self, raters: u64) -> Option<f64> {
        let ratings = (self.items * raters) as f64;
        let observed = self.agreeing as f64 / (ratings * raters.checked_sub(1)? as f64);
        let expected: f64 = self.chosen.iter().map(|&count| (count as f64 / ratings).powi(2)).sum();
        (raters > 1 && self.items > 0 && expected < 1.0).then(|| (observed - expected) / (1.0 - expected))
    }
}

/// Returns the percentile bootstrap interval of Fleiss' kappa over resampled items.
///
/// # Errors
///
/// Those of [`fleiss_kappa`], and when the plan is for another number of items.
pub fn fleiss_kappa_interval(
    ratings: &[Vec<u64>],
    plan: &ResamplePlan,
    level: Level,
) -> Result<Resampled, AgreementError> {
    let names: Vec<usize> = (0..ratings.len()).collect();
    fleiss_kappa_clustered_interval(ratings, &names, plan, level)
}

/// Returns the percentile bootstrap interval of Fleiss' kappa over resampled clusters of items, each kept whole.
///
/// For items that resemble each other, such as cases made from one template; each has the name of its cluster in
/// `clusters`. The plan is for the number of clusters.
///
/// # Errors
///
/// Those of [`fleiss_kappa`], when an item has no cluster, and when the plan is for another number of clusters.
pub fn fleiss_kappa_clustered_interval<K: Ord>(
    ratings: &[Vec<u64>],
    clusters: &[K],
    plan: &ResamplePlan,
    level: Level,
) -> Result<Resampled, AgreementError> {
    fleiss_kappa(ratings)?;
    if ratings.len() != clusters.len() {
        return Err(AgreementError::Clusters { items: ratings.len(), clusters: clusters.len() });
    }
    let raters = raters_of(ratings)?;
    let mut parts: BTreeMap<&K, FleissSums> = BTreeMap::new();
    for (counts, cluster) in ratings.iter().zip(clusters) {
        parts.entry(cluster).or_default().add(counts);
    }
    let parts: Vec<FleissSums> = parts.into_values().collect();
    check_plan(plan, parts.len())?;
    let kappa = |rows: &[u32]| {
        let mut sums = FleissSums::default();
        for &row in rows {
            sums.absorb(&parts[row as usize]);
        }
        sums.kappa(raters)
    };
    Resampled::percentile(plan, level, kappa).ok_or(AgreementError::Undefined)
}

pub(crate) fn check_plan(plan: &ResamplePlan, found: usize) -> Result<(), AgreementError> {
    let expected = plan.size().get() as usize;
    if expected == found { Ok(()) } else { Err(AgreementError::Plan { expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    fn plan(size: usize) -> ResamplePlan {
        let count = |n: usize| NonZeroU32::new(u32::try_from(n).unwrap()).unwrap();
        ResamplePlan::new(count(size), count(400), 7)
    }

    #[test]
    fn one_category_throughout_is_no_agreement_beyond_chance() {
        let table = Confusion::count(&[(1, 1), (1, 1)], 2).unwrap();
        assert_eq!(table.kappa(Weights::Unweighted), None);
        assert_eq!(
            (table.pabak(), table.prevalence_index(), table.bias_index()),
            (Some(1.0), Some(1.0), Some(0.0))
        );
        assert_eq!(fleiss_kappa(&[vec![3, 0], vec![3, 0]]), Err(AgreementError::Undefined));
        assert_eq!(fleiss_kappa(&[]), Err(AgreementError::Undefined));
    }

    #[test]
    fn copies_of_an_item_in_its_cluster_tell_nothing_more() {
        let once: Vec<Vec<u64>> = (0..30).map(|item| vec![item % 4, 3 - item % 4]).collect();
        let names: Vec<usize> = (0..30).collect();
        let interval = |ratings: &[Vec<u64>], names: &[usize]| {
            fleiss_kappa_clustered_interval(ratings, names, &plan(30), Level::P95).unwrap().interval
        };
        let one = interval(&once, &names);
        assert_eq!(one, fleiss_kappa_interval(&once, &plan(30), Level::P95).unwrap().interval);
        let five = vec![once.clone(); 5].concat();
        let many = interval(&five, &names.repeat(5));
        assert!((one.low - many.low).abs() < 1e-12 && (one.high - many.high).abs() < 1e-12);
        let apart = fleiss_kappa_interval(&five, &plan(150), Level::P95).unwrap().interval;
        assert!(apart.width() < many.width() / 1.5);
        assert_eq!(
            fleiss_kappa_clustered_interval(&once, &names[1..], &plan(30), Level::P95).unwrap_err(),
            AgreementError::Clusters { items: 30, clusters: 29 }
        );
    }

    #[test]
    fn what_is_wrong_with_ratings_is_said() {
        let error = Confusion::count(&[(0, 2)], 2).unwrap_err();
        assert_eq!(error.to_string(), "category 2 does not exist: there are 2, counted from 0");
        let error = fleiss_kappa(&[vec![1, 2], vec![2, 2]]).unwrap_err();
        assert_eq!(error.to_string(), "item 1 has 4 ratings, the first has 3");
        let error =
            Confusion::kappa_interval(&[(0, 1)], 2, Weights::Linear, &plan(5), Level::P95).unwrap_err();
        assert_eq!(error, AgreementError::Plan { expected: 5, found: 1 });
    }

    // Feinstein and Cicchetti (1990): equal observed agreement, unequal margins.
    #[test]
    fn kappa_falls_with_prevalence_where_pabak_does_not() {
        let pairs = |a, b, c, d| {
            let cells = [((0, 0), a), ((0, 1), b), ((1, 0), c), ((1, 1), d)];
            cells.into_iter().flat_map(|(pair, count)| std::iter::repeat_n(pair, count)).collect::<Vec<_>>()
        };
        let even = Confusion::count(&pairs(40, 9, 6, 45), 2).unwrap();
        let uneven = Confusion::count(&pairs(80, 10, 5, 5), 2).unwrap();
        assert!((even.kappa(Weights::Unweighted).unwrap().kappa - 0.70).abs() < 0.005);
        assert!((uneven.kappa(Weights::Unweighted).unwrap().kappa - 0.32).abs() < 0.005);
        assert_eq!(even.pabak(), uneven.pabak());
        assert_eq!(uneven.prevalence_index(), Some(0.75));
        assert_eq!(uneven.bias_index(), Some(0.05));
    }

    proptest! {
        #[test]
        fn renaming_categories_or_turning_raters_changes_nothing(pairs in prop::collection::vec((0usize..3, 0usize..3), 2..40)) {
            let kappa = |pairs: &[(usize, usize)], weights| {
                Confusion::count(pairs, 3).unwrap().kappa(weights).map(|kappa| kappa.kappa)
            };
            let map = |change: &dyn Fn((usize, usize)) -> (usize, usize)| pairs.iter().map(|&pair| change(pair)).collect::<Vec<_>>();
            let close = |one: Option<f64>, other: Option<f64>| match (one, other) {
                (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                (one, other) => one == other,
            };
            let renamed = map(&|(one, other)| ([2, 0, 1][one], [2, 0, 1][other]));
            prop_assert!(close(kappa(&pairs, Weights::Unweighted), kappa(&renamed, Weights::Unweighted)));
            let turned = map(&|(one, other)| (other, one));
            let mirrored = map(&|(one, other)| (2 - one, 2 - other));
            for weights in [Weights::Unweighted, Weights::Linear, Weights::Quadratic] {
                prop_assert!(close(kappa(&pairs, weights), kappa(&turned, weights)));
                prop_assert!(close(kappa(&pairs, weights), kappa(&mirrored, weights)));
                prop_assert!(kappa(&pairs, weights).is_none_or(|kappa| kappa <= 1.0 + 1e-12));
            }
        }

        #[test]
        fn the_bootstrap_interval_lies_within_what_kappa_can_be(pairs in prop::collection::vec((0usize..2, 0usize..2), 12..30)) {
            prop_assume!(Confusion::count(&pairs, 2).unwrap().kappa(Weights::Unweighted).is_some());
            let got = Confusion::kappa_interval(&pairs, 2, Weights::Unweighted, &plan(pairs.len()), Level::P95).unwrap();
            prop_assert!(-1.0 - 1e-9 <= got.interval.low && got.interval.low <= got.interval.high && got.interval.high <= 1.0);
            prop_assert_eq!(got.defined + got.undefined, 400);
        }
    }
}
