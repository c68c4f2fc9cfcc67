//! What the trials of a run show of each part of a suite's metrics.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use unbent_core::{
    ByRole, CaseId, Manifest, Outcome, RoleMeters, Scores, Subject, SubjectId, TrialState, TrialView,
};

/// What one trial shows of one part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The place of its subject in [`Observations::subjects`].
    pub subject: u32,
    /// The place of its case in [`Observations::cases`].
    pub case: u32,
    /// The place of its cluster in [`Observations::clusters`]: cases with a source in common have the same.
    pub cluster: u32,
    /// The repeat, from 1.
    pub repeat: u32,
    /// The part.
    pub part: &'static str,
    /// From 0 to 1; none if the trial belongs to the part and there is nothing to count: unscored, or not decided.
    pub value: Option<f64>,
}

/// What is known of a subject's trials as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SubjectMark {
    /// Trials with scores.
    pub scored: u64,
    /// Trials that ended without.
    pub unscored: u64,
    /// Trials that have not ended.
    pub unfinished: u64,
    /// What was paid, in dollars, where all of it is known.
    pub cost_usd: Option<f64>,
}

/// The observations of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observations {
    /// The subjects, in the order of the manifest.
    pub subjects: Vec<Subject>,
    /// What is known of each subject's trials, in the same order.
    pub marks: Vec<SubjectMark>,
    /// The cases that have trials.
    pub cases: Vec<CaseId>,
    /// The names of the clusters.
    pub clusters: Vec<String>,
    /// What the trials show, in the order of their numbers.
    pub points: Vec<Point>,
}

impl Observations {
    /// The points of a subject.
    pub fn of_subject(&self, subject: usize) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.subject as usize == subject)
    }

    /// The place of the subject of this name.
    pub fn subject(&self, name: &str) -> Option<usize> {
        self.subjects.iter().position(|subject| subject.id.as_str() == name)
    }
}

/// Gathers observations trial by trial.
pub struct Gathering {
    subjects: BTreeMap<SubjectId, u32>,
    paid: Vec<ByRole<RoleMeters>>,
    cases: Numbered<CaseId>,
    clusters: Numbered<String>,
    gathered: Observations,
}

impl Gathering {
    /// Nothing yet, of the subjects of a run.
    pub fn of(manifest: &Manifest) -> Self {
        let subjects = manifest.subjects.clone();
        let places = subjects.iter().zip(0..).map(|(subject, place)| (subject.id.clone(), place)).collect();
        Self {
            subjects: places,
            paid: vec![ByRole::default(); subjects.len()],
            cases: Numbered::default(),
            clusters: Numbered::default(),
            gathered: Observations {
                marks: vec![SubjectMark::default(); subjects.len()],
                subjects,
                ..Observations::default()
            },
        }
    }

    /// Takes in a trial: the cluster of its case, and what it shows of each part that it belongs to, given its scores.
    pub(crate) fn take(
        &mut self,
        trial: &TrialView,
        cluster: &str,
        seen: impl FnOnce(Option<&Scores>) -> Vec<(&'static str, Option<f64>)>,
    ) {
        let Some(subject) = self.subjects.get(&trial.key.subject).copied() else { return };
        self.paid[subject as usize].absorb(&trial.meters);
        let mark = &mut self.gathered.marks[subject as usize];
        let scores = match &trial.state {
            TrialState::Finished(Outcome::Scored { scores, .. }) => {
                mark.scored += 1;
                Some(scores)
            }
            TrialState::Finished(Outcome::Unscored { .. }) => {
                mark.unscored += 1;
                None
            }
            TrialState::Pending | TrialState::Open => {
                mark.unfinished += 1;
                None
            }
        };
        let (case, cluster) = (self.cases.number(&trial.key.case), self.clusters.number(cluster));
        let repeat = trial.key.repeat;
        let point = |(part, value)| Point { subject, case, cluster, repeat, part, value };
        self.gathered.points.extend(seen(scores).into_iter().map(point));
    }

    /// What was gathered.
    pub fn done(mut self) -> Observations {
        self.gathered.cases = self.cases.into_list();
        self.gathered.clusters = self.clusters.into_list();
        for (mark, paid) in self.gathered.marks.iter_mut().zip(&self.paid) {
            mark.cost_usd = paid.sum().known_cost_usd();
        }
        self.gathered
    }
}

/// Numbers things in the order in which they are first seen.
#[derive(Debug)]
pub(super) struct Numbered<T>(BTreeMap<T, u32>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Numbered<T> {
    /// The number of this one.
    pub(super) fn number<Q: Ord + ToOwned<Owned = T> + ?Sized>(&mut self, thing: &Q) -> u32
    where
        T: Borrow<Q>,
    {
        if let Some(number) = self.0.get(thing) {
            return *number;
        }
        let next = self.0.len() as u32;
        self.0.insert(thing.to_owned(), next);
        next
    }

    /// All, by their numbers.
    pub(super) fn into_list(self) -> Vec<T> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by_key(|(_, number)| *number);
        all.into_iter().map(|(thing, _)| thing).collect()
    }
}
