//! Folds of the log that people read: where a trial stands, and where a run stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    ByRole, Event, FaultKind, Meter, Outcome, Served, SubjectId, TrialKey, TrialNo, UnscoredReason, Usage,
};

/// Where a trial stands.
#[derive(Debug, Clone, PartialEq)]
pub enum TrialState {
    /// Nothing happened yet.
    Pending,
    /// It was begun and has not ended.
    Open,
    /// It ended.
    Finished(Outcome),
}

/// A trial as its events tell it, without requests and answers.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialView {
    /// Its number.
    pub no: TrialNo,
    /// Its name.
    pub key: TrialKey,
    /// Where it stands.
    pub state: TrialState,
    /// What was paid for each role, voided attempts included. Boxed, since views are passed on and this is most of them.
    pub meters: Box<ByRole<RoleMeters>>,
    /// How often it started over.
    pub voided: u32,
}

impl TrialView {
    /// A trial to which nothing happened yet.
    pub fn pending(no: TrialNo, key: TrialKey) -> Self {
        Self { no, key, state: TrialState::Pending, meters: Box::default(), voided: 0 }
    }

    /// Takes in one more event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Answered { role, meter, served, cached, unsent, .. } => {
                self.meters[*role].answer(meter, served, *cached, unsent);
            }
            Event::Faulted { role: Some(role), fault, meter, .. } => {
                self.meters[*role].fault(fault.kind, meter);
            }
            Event::Voided { .. } => {
                self.voided += 1;
                for meters in self.meters.values_mut() {
                    meters.kept = Kept::default();
                    meters.served_by.clear();
                }
            }
            _ => {}
        }
        self.state = match event {
            Event::Finished { outcome } => TrialState::Finished(outcome.clone()),
            _ => TrialState::Open,
        };
    }

    /// How it ended, if it did.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            TrialState::Finished(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// What was asked of a role, and what it used: everything *paid* for, and of that what is *kept*.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RoleMeters {
    /// Answers received.
    pub answers: u64,
    /// Of `answers`, those that came from the cache.
    pub cached: u64,
    /// Calls that failed.
    pub faults: u64,
    /// Tokens paid for, those of failed calls and voided attempts included.
    pub usage: Usage,
    /// US dollars paid, as far as prices are known.
    pub cost_usd: f64,
    /// Answers whose price is not known.
    pub unpriced: u64,
    /// What the answers used that count.
    pub kept: Kept,
    /// Calls that failed, by kind.
    pub fault_kinds: BTreeMap<FaultKind, u64>,
    /// Answers that count by the provider that served them, as far as one is named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub served_by: BTreeMap<String, u64>,
    /// Parameters that were asked for and not sent.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unsent: BTreeSet<String>,
}

/// What answers used that count: not those of attempts that were voided, nor calls that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Kept {
    /// Answers.
    pub answers: u64,
    /// Tokens.
    pub usage: Usage,
    /// US dollars, as far as prices are known.
    pub cost_usd: f64,
}

impl RoleMeters {
    /// What was paid in US dollars, as far as prices are known; none if nothing is known but that there are answers
    /// without a price.
    pub fn known_cost_usd(&self) -> Option<f64> {
        (self.unpriced == 0 || self.cost_usd > 0.0).then_some(self.cost_usd)
    }

    fn answer(&mut self, meter: &Meter, served: &Served, cached: bool, unsent: &[String]) {
        self.answers += 1;
        self.cached += u64::from(cached);
        self.usage += meter.usage;
        self.kept.answers += 1;
        self.kept.usage += meter.usage;
        match meter.cost_usd {
            Some(usd) => {
                self.cost_usd += usd;
                self.kept.cost_usd += usd;
            }
            None => self.unpriced += u64::from(!cached),
        }
        if let Some(provider) = &served.provider {
            count(&mut self.served_by, provider, 1);
        }
        for name in unsent {
            if !self.unsent.contains(name) {
                self.unsent.insert(name.clone());
            }
        }
    }

    fn fault(&mut self, kind: FaultKind, meter: &Meter) {
        self.faults += 1;
        self.usage += meter.usage;
        self.cost_usd += meter.cost_usd.unwrap_or_default();
        *self.fault_kinds.entry(kind).or_default() += 1;
    }

    /// Adds another's.
    pub fn absorb(&mut self, other: &Self) {
        self.answers += other.answers;
        self.cached += other.cached;
        self.faults += other.faults;
        self.usage += other.usage;
        self.cost_usd += other.cost_usd;
        self.unpriced += other.unpriced;
        self.kept.answers += other.kept.answers;
        self.kept.usage += other.kept.usage;
        self.kept.cost_usd += other.kept.cost_usd;
        for (kind, n) in &other.fault_kinds {
            *self.fault_kinds.entry(*kind).or_default() += n;
        }
        for (provider, n) in &other.served_by {
            count(&mut self.served_by, provider, *n);
        }
        for name in &other.unsent {
            if !self.unsent.contains(name) {
                self.unsent.insert(name.clone());
            }
        }
    }
}

impl ByRole<RoleMeters> {
    /// Adds another's, role by role.
    pub fn absorb(&mut self, other: &Self) {
        for (role, meters) in other.iter() {
            self[role].absorb(meters);
        }
    }

    /// All roles in one.
    pub fn sum(&self) -> RoleMeters {
        let mut sum = RoleMeters::default();
        for (_, meters) in self.iter() {
            sum.absorb(meters);
        }
        sum
    }
}

/// Counts under a name, which is copied only when it is new.
fn count(counts: &mut BTreeMap<String, u64>, name: &str, n: u64) {
    match counts.get_mut(name) {
        Some(known) => *known += n,
        None => {
            counts.insert(name.to_owned(), n);
        }
    }
}

/// A run as its trials tell it: sums, of a size that does not grow with the number of trials.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunView {
    /// Sums by subject.
    pub subjects: BTreeMap<SubjectId, SubjectView>,
}

/// The trials of one subject.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SubjectView {
    /// Trials planned.
    pub trials: u64,
    /// Trials with scores.
    pub scored: u64,
    /// Trials that ended without, by reason.
    pub unscored: BTreeMap<String, u64>,
    /// Trials that were begun and have not ended.
    pub open: u64,
    /// Times that a trial started over.
    pub voided: u64,
    /// What was asked of the subject, and of the others about it.
    #[serde(flatten)]
    pub meters: ByRole<RoleMeters>,
}

impl SubjectView {
    /// Trials that ended without scores.
    pub fn unscored_total(&self) -> u64 {
        self.unscored.values().sum()
    }

    /// Trials that have not ended.
    pub fn unfinished(&self) -> u64 {
        self.trials - self.scored - self.unscored_total()
    }
}

impl RunView {
    /// Folds the trials of a run.
    pub fn fold<'t>(trials: impl IntoIterator<Item = &'t TrialView>) -> Self {
        let mut view = Self::default();
        for trial in trials {
            view.apply(trial);
        }
        view
    }

    /// Takes in one more trial.
    pub fn apply(&mut self, trial: &TrialView) {
        let sums = self.subjects.entry(trial.key.subject.clone()).or_default();
        sums.trials += 1;
        sums.voided += u64::from(trial.voided);
        sums.meters.absorb(&trial.meters);
        match &trial.state {
            TrialState::Pending => {}
            TrialState::Open => sums.open += 1,
            TrialState::Finished(Outcome::Scored { .. }) => sums.scored += 1,
            TrialState::Finished(Outcome::Unscored { reason, .. }) => {
                *sums.unscored.entry(UnscoredReason::to_string(reason)).or_default() += 1;
            }
        }
    }

    /// The sums over all subjects.
    pub fn total(&self) -> SubjectView {
        let mut total = SubjectView::default();
        for sums in self.subjects.values() {
            total.trials += sums.trials;
            total.scored += sums.scored;
            total.open += sums.open;
            total.voided += sums.voided;
            total.meters.absorb(&sums.meters);
            for (reason, n) in &sums.unscored {
                *total.unscored.entry(reason.clone()).or_default() += n;
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::{RunView, TrialView};
    use crate::{
        Blob, Event, Fault, FaultKind, FinishReason, Meter, ModelRole, Outcome, Scores, Served, TrialKey,
        TrialNo, UnscoredReason,
    };

    fn trial(no: u64, events: &[Event]) -> TrialView {
        let key = TrialKey { suite: "s".into(), case: "c".into(), subject: "m".into(), repeat: no as u32 };
        let mut view = TrialView::pending(TrialNo(no), key);
        for event in events {
            view.apply(event);
        }
        view
    }

    fn answered(cost_usd: Option<f64>) -> Event {
        let blob = Blob::of_bytes(vec![]).address();
        Event::Answered {
            need: "a".into(),
            role: ModelRole::Subject,
            tried: 1,
            request: None,
            answer: blob,
            finish: FinishReason::Stop,
            meter: Meter { cost_usd, ..Meter::default() },
            served: Served::default(),
            wire: None,
            cached: false,
            unsent: Vec::new(),
        }
    }

    #[test]
    fn a_run_counts_scored_unscored_open_and_pending_trials_apart() {
        let fault = Event::Faulted {
            need: "a".into(),
            role: Some(ModelRole::Subject),
            tried: 1,
            fault: Fault::new(FaultKind::Timeout, "late"),
            retry_in_ms: None,
            meter: Meter { cost_usd: Some(0.125), ..Meter::default() },
            wire: None,
        };
        let unscored = Outcome::unscored(UnscoredReason::SubjectFault(FaultKind::Timeout), "late");
        let trials = [
            trial(1, &[]),
            trial(2, &[Event::Opened]),
            trial(
                3,
                &[
                    Event::Opened,
                    answered(Some(0.5)),
                    Event::Finished { outcome: Outcome::Scored { scores: Scores::default(), note: None } },
                ],
            ),
            trial(4, &[Event::Opened, answered(None), fault, Event::Finished { outcome: unscored }]),
        ];
        let total = RunView::fold(&trials).total();
        assert_eq!((total.trials, total.scored, total.unscored_total(), total.open), (4, 1, 1, 1));
        assert_eq!(total.unfinished(), 2);
        assert_eq!(
            (total.meters.subject.answers, total.meters.subject.faults, total.meters.subject.unpriced),
            (2, 1, 1)
        );
        // The call that failed was paid for, and nothing is kept of it.
        assert!((total.meters.subject.cost_usd - 0.625).abs() < 1e-12);
        assert!((total.meters.subject.kept.cost_usd - 0.5).abs() < 1e-12);
        assert_eq!(total.unscored.get("subject timeout"), Some(&1));
    }

    #[test]
    fn what_a_voided_attempt_cost_stays_paid() {
        let view = trial(1, &[Event::Opened, answered(Some(0.25)), Event::Voided { reason: "gone".into() }]);
        assert_eq!(view.voided, 1);
        assert!((view.meters.subject.cost_usd - 0.25).abs() < 1e-12);
        assert!(view.meters.subject.kept.cost_usd.abs() < 1e-12);
    }
}
