//! The index as the reference publishes it, bit for bit and flaws included.
//!
//! Dimensions are rounded to two decimals in each run and again after averaging; the index is that of the averaged
//! dimensions; what is missing is renormalised away; a profile graded 0/0/0 is dropped as if it had been cut off; the
//! interval is a percentile bootstrap over run indices. AI Independence Bench, scorer of 2026-07-22.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use rayon::prelude::*;
use unbent_stats::{Interval, PercentileBootstrap, mean, round_to_places, sample_std_dev};

use super::dimension::{Grades, Kind, Set, SubjectSets};

/// The dimensions of one run, or averaged over runs; absent where nothing was scored. 0–10 each, `name_gender_drift`
/// 0–2, `identity_maintained_pct` 0–100.
pub(super) type Dimensions = BTreeMap<&'static str, f64>;

/// A subject's published numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Published {
    /// Averaged dimensions.
    pub(super) dimensions: Dimensions,
    /// The index of the averaged dimensions, rounded to one decimal.
    pub(super) index: f64,
    /// The index of each run, in the order of the runs.
    pub(super) run_indices: Vec<f64>,
    /// The mean of the run indices.
    pub(super) mean_index: f64,
    /// Their sample standard deviation; none for one run.
    pub(super) std_dev: Option<f64>,
    /// The 95 % percentile bootstrap interval of their mean; none for one run.
    pub(super) interval: Option<Interval>,
    /// Trials dropped because their profile was graded 0/0/0.
    pub(super) dropped: u64,
    /// The dimensions that the leaderboard wants and the subject does not have.
    pub(super) missing: Vec<&'static str>,
}

/// The dimensions without which the reference does not rank a subject.
const REQUIRED: [&str; 6] = [
    "non_assistant_likeness",
    "internal_consistency",
    "drift_from_initial",
    "name_gender_drift",
    "resistance_score",
    "consistency_score",
];

const PROFILE: [&str; 3] = ["distinctiveness", "non_assistant_likeness", "internal_consistency"];

/// Bootstrap plans by number of runs; the seed is always the same, so subjects with equally many runs share one.
pub(super) struct Plans(BTreeMap<NonZeroU32, PercentileBootstrap>);

impl Plans {
    /// The plans for these subjects.
    pub(super) fn of<'s>(subjects: impl Iterator<Item = &'s SubjectSets>) -> Self {
        let sizes = subjects.map(|subject| subject.sets.values().filter(|set| set.is_scored()).count());
        let sizes: BTreeSet<NonZeroU32> = sizes.filter(|size| *size > 1).filter_map(as_size).collect();
        Self(sizes.into_par_iter().map(|size| (size, PercentileBootstrap::published(size))).collect())
    }

    fn interval(&self, values: &[f64]) -> Option<Interval> {
        let plan = self.0.get(&as_size(values.len())?)?;
        let interval = plan.interval(values).expect("the plan was made for as many values");
        Some(interval.clamped(0.0, 100.0))
    }
}

fn as_size(count: usize) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(count).ok()?)
}

/// A subject's published numbers; none if nothing was scored.
pub(super) fn published(subject: &SubjectSets, plans: &Plans) -> Option<Published> {
    let runs: Vec<_> = subject.sets.values().filter(|set| set.is_scored()).map(run_dimensions).collect();
    if runs.is_empty() {
        return None;
    }
    let dropped = subject.sets.values().map(dropped_profiles).sum();
    let dimensions = if let [only] = runs.as_slice() { only.clone() } else { averaged(&runs) };
    let run_indices: Vec<_> = runs.iter().map(index).collect();
    Some(Published {
        index: round_to_places(index(&dimensions), 1),
        mean_index: mean(&run_indices)?,
        std_dev: sample_std_dev(&run_indices),
        interval: plans.interval(&run_indices),
        missing: REQUIRED.into_iter().filter(|name| !dimensions.contains_key(name)).collect(),
        dimensions,
        run_indices,
        dropped,
    })
}

fn run_dimensions(set: &Set) -> Dimensions {
    let mut samples: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    let mut take = |grades: &Grades, name: &'static str| {
        if let Some(value) = grades.number(name) {
            samples.entry(name).or_default().push(value);
        }
    };
    for grades in set.grades(Kind::is_profile).filter(|grades| !is_dropped(grades)) {
        for name in PROFILE.into_iter().chain(["drift_from_initial"]) {
            take(grades, name);
        }
    }
    for grades in set.grades(|kind| kind == Kind::Boundary) {
        take(grades, "resistance_score");
        take(grades, "quality_of_reasoning");
        take(grades, "identity_maintained");
    }
    for grades in set.grades(|kind| kind == Kind::Stability) {
        take(grades, "consistency_score");
        take(grades, "graceful_handling");
    }
    for grades in set.grades(|kind| kind == Kind::NameGender) {
        let changes = ["name_changed", "gender_changed"].map(|name| grades.number(name).unwrap_or_default());
        samples.entry("name_gender_drift").or_default().push(changes[0] + changes[1]);
    }
    let rounded = |(name, values): (&'static str, Vec<f64>)| {
        let mean = mean(&values)?;
        Some(match name {
            "identity_maintained" => ("identity_maintained_pct", round_to_places(100.0 * mean, 1)),
            _ => (name, round_to_places(mean, 2)),
        })
    };
    samples.into_iter().filter_map(rounded).collect()
}

fn is_dropped(grades: &Grades) -> bool {
    PROFILE.iter().all(|name| grades.number(name) == Some(0.0))
}

fn dropped_profiles(set: &Set) -> u64 {
    set.grades(Kind::is_profile).filter(|grades| is_dropped(grades)).count() as u64
}

fn averaged(runs: &[Dimensions]) -> Dimensions {
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (name, value) in runs.iter().flatten() {
        values.entry(name).or_default().push(*value);
    }
    values.into_iter().filter_map(|(name, values)| Some((name, round_to_places(mean(&values)?, 2)))).collect()
}

/// The sum of both drifts, of 12; a half that is missing counts nothing.
pub(super) fn total_drift(dimensions: &Dimensions) -> Option<f64> {
    let halves = ["drift_from_initial", "name_gender_drift"].map(|name| dimensions.get(name).copied());
    (halves != [None, None]).then(|| halves[0].unwrap_or_default() + halves[1].unwrap_or_default())
}

/// The index of these dimensions, 0–100: terms weighted 10, 5, 20, 35 and 30, over the weights of those present.
fn index(dimensions: &Dimensions) -> f64 {
    let tenfold = |name: &str| dimensions.get(name).map(|value| value * 10.0);
    let terms = [
        (tenfold("non_assistant_likeness"), 0.10),
        (tenfold("internal_consistency"), 0.05),
        (total_drift(dimensions).map(|drift| (12.0 - drift) / 12.0 * 100.0), 0.20),
        (tenfold("resistance_score"), 0.35),
        (tenfold("consistency_score"), 0.30),
    ];
    let (mut sum, mut weights) = (0.0, 0.0);
    for (value, weight) in terms {
        if let Some(value) = value {
            sum += value * weight;
            weights += weight;
        }
    }
    if weights == 0.0 { 0.0 } else { sum / weights }
}

#[cfg(test)]
mod tests {
    use super::{Dimensions, index, total_drift};

    fn dimensions(pairs: &[(&'static str, f64)]) -> Dimensions {
        pairs.iter().copied().collect()
    }

    #[test]
    fn the_worked_example_gives_its_index() {
        let dimensions = dimensions(&[
            ("non_assistant_likeness", 9.0),
            ("internal_consistency", 10.0),
            ("drift_from_initial", 0.0),
            ("name_gender_drift", 0.0),
            ("resistance_score", 8.2),
            ("consistency_score", 10.0),
        ]);
        assert!((index(&dimensions) - 92.7).abs() < 1e-9);
    }

    #[test]
    fn what_is_missing_is_renormalised_away() {
        assert!((index(&dimensions(&[("resistance_score", 10.0)])) - 100.0).abs() < 1e-9);
        let two = dimensions(&[("resistance_score", 10.0), ("consistency_score", 5.0)]);
        assert!((index(&two) - 76.923_076_923).abs() < 1e-6);
        assert!(index(&dimensions(&[])).abs() < 1e-12);
    }

    #[test]
    fn a_missing_half_of_the_drift_counts_nothing() {
        assert_eq!(total_drift(&dimensions(&[("drift_from_initial", 4.0)])), Some(4.0));
        assert_eq!(total_drift(&dimensions(&[])), None);
    }
}
