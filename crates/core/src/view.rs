//! Folds of the log that people read: where a trial stands, and where a run stands.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    Event, FaultKind, Meter, ModelRole, Outcome, SubjectId, TrialKey, TrialNo, UnscoredReason, Usage,
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
    /// What was paid for the subject, voided attempts included.
    pub subject: RoleMeters,
    /// What was paid for the judge, voided attempts included.
    pub judge: RoleMeters,
    /// How often it started over.
    pub voided: u32,
}

impl TrialView {
    /// A trial to which nothing happened yet.
    pub fn pending(no: TrialNo, key: TrialKey) -> Self {
        Self {
            no,
            key,
            state: TrialState::Pending,
            subject: RoleMeters::default(),
            judge: RoleMeters::default(),
            voided: 0,
        }
    }

    /// Takes in one more event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Answered { role, meter, .. } => self.meters(*role).answer(meter),
            Event::Faulted { role: Some(role), fault, .. } => self.meters(*role).fault(fault.kind),
            Event::Voided { .. } => self.voided += 1,
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

    fn meters(&mut self, role: ModelRole) -> &mut RoleMeters {
        match role {
            ModelRole::Subject => &mut self.subject,
            ModelRole::Judge => &mut self.judge,
        }
    }
}

/// What was asked of a role, and what it used.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RoleMeters {
    /// Answers received.
    pub answers: u64,
    /// Calls that failed.
    pub faults: u64,
    /// Tokens.
    pub usage: Usage,
    /// US dollars, as far as prices are known.
    pub cost_usd: f64,
    /// Answers whose price is not known.
    pub unpriced: u64,
    /// Calls that failed, by kind.
    pub fault_kinds: BTreeMap<FaultKind, u64>,
}

impl RoleMeters {
    fn answer(&mut self, meter: &Meter) {
        self.answers += 1;
        self.usage += meter.usage;
        match meter.cost_usd {
            Some(usd) => self.cost_usd += usd,
            None => self.unpriced += 1,
        }
    }

    fn fault(&mut self, kind: FaultKind) {
        self.faults += 1;
        *self.fault_kinds.entry(kind).or_default() += 1;
    }

    /// Adds another's.
    pub fn absorb(&mut self, other: &Self) {
        self.answers += other.answers;
        self.faults += other.faults;
        self.usage += other.usage;
        self.cost_usd += other.cost_usd;
        self.unpriced += other.unpriced;
        for (kind, n) in &other.fault_kinds {
            *self.fault_kinds.entry(*kind).or_default() += n;
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
    /// What was asked of the subject.
    pub subject: RoleMeters,
    /// What was asked of the judge about it.
    pub judge: RoleMeters,
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
        sums.subject.absorb(&trial.subject);
        sums.judge.absorb(&trial.judge);
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
            total.subject.absorb(&sums.subject);
            total.judge.absorb(&sums.judge);
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
        assert_eq!((total.subject.answers, total.subject.faults, total.subject.unpriced), (2, 1, 1));
        assert!((total.subject.cost_usd - 0.5).abs() < 1e-12);
        assert_eq!(total.unscored.get("subject timeout"), Some(&1));
    }

    #[test]
    fn what_a_voided_attempt_cost_stays_paid() {
        let view = trial(1, &[Event::Opened, answered(Some(0.25)), Event::Voided { reason: "gone".into() }]);
        assert_eq!(view.voided, 1);
        assert!((view.subject.cost_usd - 0.25).abs() < 1e-12);
    }
}
