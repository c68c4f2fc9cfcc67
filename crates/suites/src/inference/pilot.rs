//! What a pilot tells of how values spread: between cases, between repeats of a case, between judges of the same answer.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::{Clusters, ComponentError, VarianceComponents};

use super::estimate::{Sums, part_weights};
use super::study::Spread;
use super::{Metric, Observations, Point};

/// What a pilot tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Pilot {
    /// The subjects that it is about: the first, and the second if two are compared.
    pub subjects: Vec<String>,
    /// How values spread, for studies.
    pub spread: Spread,
    /// The part of `spread.repeat` that lies between judges of the same answer, beyond how strict each is on the whole; none
    /// where no answer was graded twice.
    pub judge: Option<f64>,
    /// How many gradings of the same answers there are.
    pub gradings: usize,
    /// Cases with values, of the first.
    pub cases: u64,
    /// Trials with values, of all subjects that count.
    pub n: u64,
    /// Trials without.
    pub missing: u64,
    /// Clusters.
    pub clusters: u64,
    /// Whether no case has two repeats, so that all of the spread is said to lie between cases.
    pub is_unrepeated: bool,
}

/// A trial of a subject.
type Trial = (u32, u32);

/// What the trials of a subject are worth: what each adds to the metric, as deviations from its mean, in points.
#[derive(Debug, Clone, Default)]
struct Worth {
    trials: BTreeMap<Trial, f64>,
    clusters: BTreeMap<u32, u32>,
    missing: u64,
}

impl Worth {
    /// The metric of a subject is a sum of means of parts; a trial's worth is what it adds to it, times the number of trials
    /// (the linearisation of Taylor, as for survey estimates: Woodruff 1971).
    fn of(metric: &Metric, observations: &Observations, subject: usize) -> Self {
        let all: Vec<&Point> = observations.of_subject(subject).collect();
        let points = all.iter().copied();
        let weights = part_weights(metric, points.clone());
        let mut parts: BTreeMap<&str, Sums> = BTreeMap::new();
        let mut worth = Self::default();
        let mut holed: BTreeSet<Trial> = BTreeSet::new();
        for point in points.clone().filter(|point| weights.contains_key(point.part)) {
            parts.entry(point.part).or_default().add(point.value);
            let trial = (point.case, point.repeat);
            if point.value.is_none() {
                holed.insert(trial);
            } else {
                worth.trials.insert(trial, 0.0);
                worth.clusters.insert(point.case, point.cluster);
            }
        }
        let count = worth.trials.len() as f64;
        for point in points {
            let Some((weight, sums)) = weights.get(point.part).zip(parts.get(point.part)) else { continue };
            let Some((value, mean)) = point.value.zip(sums.mean()) else { continue };
            if let Some(trial) = worth.trials.get_mut(&(point.case, point.repeat)) {
                *trial += count / sums.n as f64 * weight * (value - mean);
            }
        }
        worth.missing = holed.iter().filter(|trial| !worth.trials.contains_key(*trial)).count() as u64;
        worth
    }

    fn rows(&self) -> impl Iterator<Item = (u32, f64)> {
        self.trials.iter().map(|((case, _), worth)| (*case, *worth))
    }
}

/// Why a pilot tells nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PilotError {
    /// Too few cases with values.
    #[error("the pilot has {cases} cases with values of {subject}: at least two are needed")]
    TooFewCases {
        /// How many.
        cases: usize,
        /// Whose.
        subject: String,
    },
}

impl Pilot {
    /// What these observations tell of a metric of one subject, or of two that are to be compared.
    ///
    /// # Errors
    ///
    /// When a subject has fewer than two cases with values.
    pub fn of(
        metric: &Metric,
        observations: &Observations,
        first: usize,
        second: Option<usize>,
    ) -> Result<Self, PilotError> {
        let places: Vec<usize> = std::iter::once(first).chain(second).collect();
        let worths: Vec<Worth> = places.iter().map(|place| Worth::of(metric, observations, *place)).collect();
        let name = |place: usize| observations.subjects[place].id.to_string();
        let (mut case, mut repeat, mut is_unrepeated) = (0.0, 0.0, false);
        for (place, worth) in places.iter().zip(&worths) {
            let split = split(worth.rows()).ok_or_else(|| PilotError::TooFewCases {
                cases: worth.clusters.len(),
                subject: name(*place),
            })?;
            case += split.case / places.len() as f64;
            repeat += split.repeat / places.len() as f64;
            is_unrepeated |= split.is_unrepeated;
        }
        let differences = worths.get(1).map(|other| {
            let both = worths[0]
                .trials
                .iter()
                .filter_map(|(trial, worth)| Some((*trial, other.trials.get(trial)? - worth)));
            both.collect::<BTreeMap<Trial, f64>>()
        });
        let rows = |all: &BTreeMap<Trial, f64>| {
            all.iter().map(|((case, _), worth)| (*case, *worth)).collect::<Vec<_>>()
        };
        let paired = differences.as_ref().and_then(|differences| split(rows(differences).into_iter()));
        // Of what is compared, the clusters of the cases.
        let about = differences.as_ref().filter(|_| paired.is_some()).unwrap_or(&worths[0].trials);
        let (design_effect, clusters) = design_effect(&rows(about), &worths[0].clusters);
        let (judge, gradings) = judges(metric, observations, first);
        Ok(Self {
            subjects: places.iter().map(|place| name(*place)).collect(),
            spread: Spread { case, repeat, paired_case: paired.map(|split| split.case), design_effect },
            judge,
            gradings,
            cases: worths[0].clusters.len() as u64,
            n: worths.iter().map(|worth| worth.trials.len() as u64).sum(),
            missing: worths.iter().map(|worth| worth.missing).sum(),
            clusters,
            is_unrepeated,
        })
    }
}

struct Split {
    case: f64,
    repeat: f64,
    is_unrepeated: bool,
}

/// Between cases and within; all between them where no case has two values. None for fewer than two cases.
fn split(rows: impl Iterator<Item = (u32, f64)>) -> Option<Split> {
    let rows: Vec<_> = rows.collect();
    match VarianceComponents::two_levels(rows.iter().copied()) {
        Ok(parts) => {
            Some(Split { case: parts.case.variance, repeat: parts.repeat.variance, is_unrepeated: false })
        }
        Err(ComponentError::NoRepeats) => {
            let n = rows.len() as f64;
            let mean = rows.iter().map(|(_, worth)| worth).sum::<f64>() / n;
            let squares = rows.iter().map(|(_, worth)| (worth - mean).powi(2)).sum::<f64>();
            Some(Split { case: squares / (n - 1.0), repeat: 0.0, is_unrepeated: true })
        }
        Err(_) => None,
    }
}

/// How many times clusters multiply the variance of the mean over cases, at least 1, and how many clusters there are.
fn design_effect(rows: &[(u32, f64)], clusters: &BTreeMap<u32, u32>) -> (f64, u64) {
    let mut cases: BTreeMap<u32, Sums> = BTreeMap::new();
    for (case, worth) in rows {
        cases.entry(*case).or_default().add(Some(*worth));
    }
    let (means, names): (Vec<f64>, Vec<u32>) = cases
        .iter()
        .filter_map(|(case, sums)| Some((sums.mean()?, clusters.get(case).copied().unwrap_or(*case))))
        .unzip();
    let Ok(grouped) = Clusters::group(&means, &names) else { return (1.0, 1) };
    let effect = grouped.design_effect();
    (if effect.is_finite() { effect.max(1.0) } else { 1.0 }, grouped.count() as u64)
}

/// The spread between gradings of the same answers of a subject, and how many gradings there are.
fn judges(metric: &Metric, observations: &Observations, subject: usize) -> (Option<f64>, usize) {
    let id = &observations.subjects[subject].id;
    let gradings: Vec<usize> = (0..observations.subjects.len())
        .filter(|place| {
            let regraded = observations.subjects[*place].regraded.as_ref();
            *place == subject || regraded.is_some_and(|regraded| regraded.of == *id)
        })
        .collect();
    if gradings.len() < 2 {
        return (None, gradings.len());
    }
    // Each grading about its own mean, so that a judge who is stricter on the whole is no part of it.
    let rows: Vec<_> =
        gradings.iter().flat_map(|place| Worth::of(metric, observations, *place).trials).collect();
    let within = VarianceComponents::two_levels(rows);
    (within.ok().map(|parts| parts.repeat.variance), gradings.len())
}

#[cfg(test)]
mod tests {
    use unbent_core::{Sampling, Subject, SubjectId};

    use super::Pilot;
    use crate::inference::test_rows::SHARE;
    use crate::inference::{Observations, Point};

    fn subject(id: &str) -> Subject {
        Subject {
            id: SubjectId::new(id),
            model: id.to_owned(),
            settings: Sampling::default(),
            simulated: false,
            price: None,
            price_source: None,
            regraded: None,
            null: false,
        }
    }

    /// By subject, by case, the values of its repeats; two cases share a cluster.
    fn observed(values: &[&[&[f64]]]) -> Observations {
        let mut points = Vec::new();
        for (subject, cases) in (0..).zip(values) {
            for (case, repeats) in (0..).zip(*cases) {
                for (repeat, value) in (1..).zip(*repeats) {
                    let cluster = case / 2;
                    points.push(Point { subject, case, cluster, repeat, part: "a", value: Some(*value) });
                }
            }
        }
        let subjects = (0..values.len()).map(|n| subject(&format!("s{n}"))).collect();
        Observations { subjects, points, ..Observations::default() }
    }

    #[test]
    fn the_parts_are_those_of_the_analysis_of_variance() {
        // Case means 1, 0.5, 0, 0.5: between 2 · (0.25 + 0 + 0.25 + 0) / 3, within (0.5 + 0.5) / 4.
        let one: &[&[f64]] = &[&[1.0, 1.0], &[1.0, 0.0], &[0.0, 0.0], &[0.0, 1.0]];
        let pilot = Pilot::of(&SHARE, &observed(&[one]), 0, None).unwrap();
        let (within, between) = (0.25, 1.0 / 3.0);
        assert!((pilot.spread.repeat - 1e4 * within).abs() < 1e-6, "{pilot:?}");
        assert!((pilot.spread.case - 1e4 * (between - within) / 2.0).abs() < 1e-6, "{pilot:?}");
        assert_eq!((pilot.cases, pilot.n, pilot.clusters, pilot.judge), (4, 8, 2, None));
        assert_eq!(pilot.spread.paired_case, None);
    }

    #[test]
    fn a_difference_that_is_the_same_in_every_case_has_no_spread_between_cases() {
        let one: &[&[f64]] = &[&[1.0, 0.9], &[0.5, 0.6], &[0.2, 0.1], &[0.6, 0.7]];
        let other: &[&[f64]] = &[&[0.8, 0.7], &[0.3, 0.4], &[0.0, -0.1], &[0.4, 0.5]];
        let pilot = Pilot::of(&SHARE, &observed(&[one, other]), 0, Some(1)).unwrap();
        assert!(pilot.spread.paired_case.unwrap() < 1e-6 && pilot.spread.case > 100.0, "{pilot:?}");
    }

    #[test]
    fn without_repeats_all_lies_between_cases_and_too_few_cases_are_refused() {
        let pilot = Pilot::of(&SHARE, &observed(&[&[&[1.0], &[0.0], &[1.0]]]), 0, None).unwrap();
        assert!(pilot.is_unrepeated && pilot.spread.repeat == 0.0);
        assert!((pilot.spread.case - 1e4 / 3.0).abs() < 1e-6);
        let error = Pilot::of(&SHARE, &observed(&[&[&[1.0, 0.0]]]), 0, None).unwrap_err();
        assert!(error.to_string().contains("1 cases with values of s0"), "{error}");
    }
}
