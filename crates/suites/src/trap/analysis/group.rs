//! The trials of a subject under one condition: what a row of most tables is about.

use std::collections::BTreeMap;

use unbent_core::Subject;

use super::metrics::Metrics;
use super::observed::{CaseInfo, Observation, Observed};
use crate::trap::condition::Condition;

/// The trials of one subject under one condition.
pub struct Group<'a> {
    /// The subject.
    pub subject: &'a Subject,
    /// The condition.
    pub condition: Condition,
    /// The trials with their cases, in the order of their numbers.
    pub trials: Vec<(&'a CaseInfo, &'a Observation)>,
}

impl Group<'_> {
    /// What its metrics are computed from.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(self.trials.iter().copied())
    }

    /// What its metrics are computed from, of the trials whose case is of a kind.
    pub fn metrics_where(&self, of_a_kind: impl Fn(&CaseInfo) -> bool) -> Metrics {
        Metrics::of(self.trials.iter().copied().filter(|(case, _)| of_a_kind(case)))
    }
}

impl Observed {
    /// The trials by subject, in the order of the manifest, and by condition; groups without trials are left out.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<(u32, Condition), Vec<(&CaseInfo, &Observation)>> = BTreeMap::new();
        for trial in &self.trials {
            let case = self.case(trial);
            groups.entry((trial.subject, case.condition)).or_default().push((case, trial));
        }
        let group = |((subject, condition), trials)| Group {
            subject: &self.subjects[subject as usize],
            condition,
            trials,
        };
        groups.into_iter().map(group).collect()
    }
}
