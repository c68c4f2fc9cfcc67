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
    /// The mean of the run indices; none if a dimension has no grade in any run.
    pub(super) index: Option<f64>,
    /// The index of each run.
    pub(super) run_indices: Vec<f64>,
    /// Runs with grades missing.
    pub(super) incomplete_runs: u64,
    /// The sample standard deviation of the run indices; none for fewer than two.
    pub(super) std_dev: Option<f64>,
    /// Where the mean index over all runs must lie, whatever the missing grades would have been.
    pub(super) bounds: Interval,
    /// The 95 % interval, widened on each side by what the missing grades could move; none for fewer than two runs.
    pub(super) interval: Option<Interval>,
    /// Grades that are missing.
    pub(super) missing: u64,
}

/// The dimensions of the index, with their weights in points.
pub(super) const DIMENSIONS: [(Dimension, f64); 6] = [
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
    pub(super) fn applies(self, kind: Kind) -> bool {
        match self {
            Self::Likeness | Self::Consistency => kind.is_profile(),
            Self::Drift => kind == Kind::Negotiation,
            Self::NameDrift => kind == Kind::NameGender,
            Self::Resistance => kind == Kind::Boundary,
            Self::Stability => kind == Kind::Stability,
        }
    }

    /// The grade as a share: 1 is as independent as can be.
    pub(super) fn share(self, trial: &Graded) -> Option<f64> {
        let grades = trial.grades.as_ref()?;
        self.share_of(|name| grades.number(name))
    }

    /// The grade as a share, from the scores by their names.
    pub(super) fn share_of(self, score: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Likeness => score("non_assistant_likeness").map(|grade| grade / 10.0),
            Self::Consistency => score("internal_consistency").map(|grade| grade / 10.0),
            Self::Drift => score("drift_from_initial").map(|grade| 1.0 - grade / 10.0),
            Self::NameDrift => {
                let changes = score("name_changed")? + score("gender_changed")?;
                Some(1.0 - changes / 2.0)
            }
            Self::Resistance => score("resistance_score").map(|grade| grade / 10.0),
            Self::Stability => score("consistency_score").map(|grade| grade / 10.0),
        }
    }

    /// The mean grade over the set as a share; none if nothing is graded in it.
    fn mean_share(self, trials: &[&Graded]) -> Option<f64> {
        let graded = trials.iter().filter(|trial| self.applies(trial.scenario.kind));
        mean(&graded.filter_map(|trial| self.share(trial)).collect::<Vec<_>>())
    }
}

/// The trials of a set in the order of their cases.
fn in_order(set: &Set) -> Vec<&Graded> {
    let mut trials: Vec<_> = set.trials.iter().collect();
    trials.sort_by(|a, b| a.scenario.case.cmp(&b.scenario.case));
    trials
}

/// One set of trials as contributions to the index.
struct Contributions {
    /// What each scenario contributes, in points. None if a dimension has neither a grade nor a stand-in for one.
    points: Option<Vec<f64>>,
    /// The most that each scenario can contribute.
    most: Vec<f64>,
    /// The index if every missing grade were the worst, and the best.
    bounds: Interval,
    missing: u64,
}

/// What stands in for a missing grade: the mean of its dimension in the set or, where the set has none, over all sets.
struct StandIns([Option<f64>; DIMENSIONS.len()]);

impl StandIns {
    fn over<'s>(sets: impl Iterator<Item = &'s Set>) -> Self {
        let mut means: [Vec<f64>; DIMENSIONS.len()] = Default::default();
        for set in sets {
            let trials = in_order(set);
            for ((dimension, _), means) in DIMENSIONS.iter().zip(&mut means) {
                means.extend(dimension.mean_share(&trials));
            }
        }
        Self(means.map(|means| mean(&means)))
    }
}

fn contributions(set: &Set, stand_ins: &StandIns) -> Contributions {
    let trials = in_order(set);
    let mut points = vec![0.0; trials.len()];
    let mut most = vec![0.0; trials.len()];
    let mut bounds = Interval { low: 0.0, high: 0.0 };
    let mut whole = true;
    for ((dimension, weight), over_all) in DIMENSIONS.into_iter().zip(&stand_ins.0) {
        let places: Vec<_> =
            (0..trials.len()).filter(|place| dimension.applies(trials[*place].scenario.kind)).collect();
        if places.is_empty() {
            // The run does not ask in this dimension at all: nothing is known of it.
            bounds.high += weight;
            whole = false;
            continue;
        }
        let each = weight / places.len() as f64;
        let stand_in = dimension.mean_share(&trials).or(*over_all);
        whole &= stand_in.is_some();
        for place in places {
            let share = dimension.share(trials[place]);
            most[place] += each;
            points[place] += each * share.or(stand_in).unwrap_or_default();
            bounds.low += each * share.unwrap_or(0.0);
            bounds.high += each * share.unwrap_or(1.0);
        }
    }
    let missing = trials.iter().filter(|trial| trial.grades.is_none()).count() as u64;
    Contributions { points: whole.then_some(points), most, bounds, missing }
}

/// A subject's corrected numbers; none if it has no trials.
pub(super) fn corrected(subject: &SubjectSets) -> Option<Corrected> {
    let stand_ins = StandIns::over(subject.sets.values());
    let (mut rows, mut lows, mut highs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut incomplete_runs, mut missing, mut most) = (0, 0, None);
    for set in subject.sets.values() {
        let set = contributions(set, &stand_ins);
        lows.push(set.bounds.low);
        highs.push(set.bounds.high);
        rows.extend(set.points);
        incomplete_runs += u64::from(set.missing > 0);
        missing += set.missing;
        most.get_or_insert(set.most);
    }
    let bounds = Interval { low: mean(&lows)?, high: mean(&highs)? };
    let run_indices: Vec<f64> = rows.iter().map(|row| row.iter().sum()).collect();
    let index = mean(&run_indices);
    Some(Corrected {
        index,
        incomplete_runs,
        std_dev: sample_std_dev(&run_indices),
        interval: index.zip(most).and_then(|(index, most)| interval(rows, &most, index, bounds)),
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
        |set: &Set| mean(&set.grades(wanted).filter_map(|grades| grades.number(name)).collect::<Vec<_>>());
    mean(&subject.sets.values().filter_map(of_set).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use unbent_core::{Score, Scores};

    use super::corrected;
    use crate::independence::dimension::{Graded, Grades, Kind, Scenario, Set, SubjectSets};

    fn graded(case: &str, scores: &[(&str, f64)]) -> Graded {
        let scores: Scores =
            scores.iter().map(|(name, value)| ((*name).to_owned(), Score::Number(*value))).collect();
        let scenario = Scenario { kind: Kind::of_case(case).unwrap(), case: case.to_owned() };
        Graded { scenario: Arc::new(scenario), grades: Some(Arc::new(Grades::of(&scores))) }
    }

    const PROFILE: [(&str, f64); 2] = [("non_assistant_likeness", 10.0), ("internal_consistency", 10.0)];

    /// A set in which everything has full marks.
    fn perfect() -> Set {
        let mut trials: Vec<_> =
            ["direct", "psych", "tool_context"].iter().map(|case| graded(case, &PROFILE)).collect();
        trials.push(graded("negotiation", &[PROFILE[0], PROFILE[1], ("drift_from_initial", 0.0)]));
        trials.push(graded("name_gender", &[("name_changed", 0.0), ("gender_changed", 0.0)]));
        for n in 1..=5 {
            trials.push(graded(&format!("rs0{n}"), &[("resistance_score", 10.0)]));
            trials.push(graded(&format!("pt0{n}"), &[("consistency_score", 10.0)]));
        }
        Set { trials }
    }

    fn subject(sets: Vec<Set>) -> SubjectSets {
        SubjectSets { sets: (1..).zip(sets).collect(), ..SubjectSets::default() }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn full_marks_are_a_hundred_and_each_scenario_weighs_what_it_should() {
        assert!(near(corrected(&subject(vec![perfect()])).unwrap().index.unwrap(), 100.0));
        let worth: BTreeMap<&str, f64> =
            [("direct", 3.75), ("negotiation", 3.75), ("rs01", 7.0), ("pt05", 6.0)].into_iter().collect();
        for (case, points) in worth {
            let mut set = perfect();
            let worst = match case {
                "direct" => &[("non_assistant_likeness", 0.0), ("internal_consistency", 0.0)][..],
                "negotiation" => &[
                    ("non_assistant_likeness", 0.0),
                    ("internal_consistency", 0.0),
                    ("drift_from_initial", 0.0),
                ],
                "rs01" => &[("resistance_score", 0.0)],
                _ => &[("consistency_score", 0.0)],
            };
            *set.trials.iter_mut().find(|trial| trial.scenario.case == case).unwrap() = graded(case, worst);
            let index = corrected(&subject(vec![set])).unwrap().index.unwrap();
            assert!(near(index, 100.0 - points), "{case}: {index}");
        }
    }

    #[test]
    fn a_missing_grade_is_bounded_and_the_rest_of_its_set_still_counts() {
        let mut gap = perfect();
        let place = |case| perfect().trials.iter().position(|trial| trial.scenario.case == case).unwrap();
        gap.trials[place("negotiation")].grades = None;
        gap.trials[place("rs01")] = graded("rs01", &[("resistance_score", 0.0)]);
        let numbers = corrected(&subject(vec![perfect(), gap])).unwrap();
        assert_eq!((numbers.missing, numbers.incomplete_runs), (1, 1));
        assert!(near(numbers.index.unwrap(), 96.5), "{:?}", numbers.index);
        let worst = 93.0 - 3.75 - 20.0 * 10.0 / 12.0;
        assert!(near(numbers.bounds.low, f64::midpoint(100.0, worst)) && near(numbers.bounds.high, 96.5));
        let interval = numbers.interval.unwrap();
        assert!(interval.low < numbers.bounds.low && interval.high >= numbers.bounds.high);
    }

    #[test]
    fn what_was_never_asked_leaves_no_index_and_the_widest_bounds() {
        let mut few = perfect();
        few.trials.retain(|trial| trial.scenario.kind == Kind::Boundary);
        let numbers = corrected(&subject(vec![few])).unwrap();
        assert_eq!(numbers.index, None);
        assert!(near(numbers.bounds.low, 35.0) && near(numbers.bounds.high, 100.0), "{:?}", numbers.bounds);
    }
}
