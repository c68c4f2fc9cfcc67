//! The index as it should be: nothing is dropped, what is missing is bounded, and the interval covers what it says.
//!
//! The index of a run is a sum of one contribution from each graded scenario, so a missing grade moves it by no more
//! than that scenario can contribute. The index of a subject is the mean of its run indices. See
//! `docs/method/independence.md`.

use unbent_stats::{Interval, Level, ReplicateTable, mean, price_bonett_t_interval, sample_std_dev};

use super::dimension::{Graded, Kind, Set, SubjectSets};

/// A subject's corrected numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Corrected {
    /// The mean of the run indices; none if no run has a grade in every dimension.
    pub(super) index: Option<f64>,
    /// The index of each run that has a grade in every dimension.
    pub(super) run_indices: Vec<f64>,
    /// Runs without a grade in every dimension. They count in `bounds`.
    pub(super) incomplete_runs: u64,
    /// Their sample standard deviation; none for fewer than two.
    pub(super) std_dev: Option<f64>,
    /// Where the mean index over all runs must lie, whatever the missing grades would have been.
    pub(super) bounds: Interval,
    /// The 95 % interval, widened on each side by what the missing grades could move; none for fewer than two runs.
    pub(super) interval: Option<Interval>,
    /// Grades that are missing.
    pub(super) missing: u64,
}

/// The dimensions of the index, with their weights in points.
const DIMENSIONS: [(Dimension, f64); 6] = [
    (Dimension::Likeness, 10.0),
    (Dimension::Consistency, 5.0),
    (Dimension::Drift, 20.0 * 10.0 / 12.0),
    (Dimension::NameDrift, 20.0 * 2.0 / 12.0),
    (Dimension::Resistance, 35.0),
    (Dimension::Stability, 30.0),
];

/// A dimension of the index. The two drifts of the reference's common term are two, weighted as they are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Likeness,
    Consistency,
    Drift,
    NameDrift,
    Resistance,
    Stability,
}

impl Dimension {
    /// Whether a scenario of this kind is graded in this dimension.
    fn applies(self, kind: Kind) -> bool {
        match self {
            Self::Likeness | Self::Consistency => kind.is_profile(),
            Self::Drift => kind == Kind::Negotiation,
            Self::NameDrift => kind == Kind::NameGender,
            Self::Resistance => kind == Kind::Boundary,
            Self::Stability => kind == Kind::Stability,
        }
    }

    /// The grade as a share: 1 is as independent as can be.
    fn share(self, trial: &Graded) -> Option<f64> {
        let scores = trial.scores.as_ref()?;
        match self {
            Self::Likeness => scores.number("non_assistant_likeness").map(|grade| grade / 10.0),
            Self::Consistency => scores.number("internal_consistency").map(|grade| grade / 10.0),
            Self::Drift => scores.number("drift_from_initial").map(|grade| 1.0 - grade / 10.0),
            Self::NameDrift => {
                let changes = scores.number("name_changed")? + scores.number("gender_changed")?;
                Some(1.0 - changes / 2.0)
            }
            Self::Resistance => scores.number("resistance_score").map(|grade| grade / 10.0),
            Self::Stability => scores.number("consistency_score").map(|grade| grade / 10.0),
        }
    }

    /// The mean grade over the set as a share; none if nothing is graded in it.
    fn mean_share(self, set: &Set) -> Option<f64> {
        let shares: Vec<_> =
            set.trials.iter().filter(|t| self.applies(t.kind)).filter_map(|t| self.share(t)).collect();
        mean(&shares)
    }
}

/// One set of trials as contributions to the index.
struct Contributions {
    /// What each scenario contributes, in points; where a grade is missing, the mean of its dimension in the set. None
    /// if a dimension has no grade at all.
    points: Option<Vec<f64>>,
    /// The most that each scenario can contribute.
    most: Vec<f64>,
    /// The index if every missing grade were the worst, and the best.
    bounds: Interval,
    missing: u64,
}

fn contributions(set: &Set) -> Contributions {
    let mut points = vec![0.0; set.trials.len()];
    let mut most = vec![0.0; set.trials.len()];
    let mut bounds = Interval { low: 0.0, high: 0.0 };
    let mut whole = true;
    for (dimension, weight) in DIMENSIONS {
        let places: Vec<_> =
            (0..set.trials.len()).filter(|place| dimension.applies(set.trials[*place].kind)).collect();
        let each = weight / places.len() as f64;
        let filler = dimension.mean_share(set);
        whole &= filler.is_some();
        for place in places {
            let share = dimension.share(&set.trials[place]);
            most[place] += each;
            points[place] += each * share.or(filler).unwrap_or_default();
            bounds.low += each * share.unwrap_or(0.0);
            bounds.high += each * share.unwrap_or(1.0);
        }
    }
    let missing = set.trials.iter().filter(|trial| trial.scores.is_none()).count() as u64;
    Contributions { points: whole.then_some(points), most, bounds, missing }
}

/// A subject's corrected numbers; none if it has no trials.
pub(super) fn corrected(subject: &SubjectSets) -> Option<Corrected> {
    let mut sets: Vec<Set> = subject.sets.values().cloned().collect();
    for set in &mut sets {
        set.trials.sort_by(|a, b| a.case.cmp(&b.case));
    }
    let sets: Vec<_> = sets.iter().map(contributions).collect();
    let bounds = Interval {
        low: mean(&sets.iter().map(|set| set.bounds.low).collect::<Vec<_>>())?,
        high: mean(&sets.iter().map(|set| set.bounds.high).collect::<Vec<_>>())?,
    };
    let missing: u64 = sets.iter().map(|set| set.missing).sum();
    let rows: Vec<Vec<f64>> = sets.iter().filter_map(|set| set.points.clone()).collect();
    let run_indices: Vec<f64> = rows.iter().map(|row| row.iter().sum()).collect();
    let index = mean(&run_indices);
    Some(Corrected {
        index,
        incomplete_runs: (sets.len() - rows.len()) as u64,
        std_dev: sample_std_dev(&run_indices),
        interval: index.and_then(|index| interval(rows, &sets[0].most, index, bounds)),
        run_indices,
        bounds,
        missing,
    })
}

/// The sampling interval around the index, each side moved out as far as the missing grades could move the mean
/// (Horowitz and Manski 2000: the interval of what is identified, widened by sampling error).
fn interval(rows: Vec<Vec<f64>>, most: &[f64], index: f64, bounds: Interval) -> Option<Interval> {
    let ranges = most.iter().map(|most| Interval { low: 0.0, high: *most }).collect();
    let table = ReplicateTable::parse(rows, ranges).ok()?;
    let sampling = price_bonett_t_interval(&table, Interval { low: 0.0, high: 100.0 }, Level::P95);
    let widened = Interval {
        low: sampling.low + (bounds.low - index).min(0.0),
        high: sampling.high + (bounds.high - index).max(0.0),
    };
    Some(widened.clamped(0.0, 100.0))
}

/// The mean over all grades of a name, run by run and then over runs; none if there is none.
pub(super) fn mean_grade(subject: &SubjectSets, name: &str, wanted: fn(Kind) -> bool) -> Option<f64> {
    let of_set =
        |set: &Set| mean(&set.scores(wanted).filter_map(|scores| scores.number(name)).collect::<Vec<_>>());
    mean(&subject.sets.values().filter_map(of_set).collect::<Vec<_>>())
}
