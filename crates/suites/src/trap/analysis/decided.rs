//! Who decided the verdicts: the rules, the judge, or nobody, and why.

use std::collections::BTreeMap;

use super::observed::{CaseInfo, Observation, State};

/// Trials by who decided them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// All trials.
    pub(super) trials: u64,
    /// Decided by the rules.
    pub(super) rules: u64,
    /// Left open by the rules and decided by the judge.
    pub(super) judge: u64,
    /// Left open by the rules, and the judge was not asked.
    pub(super) not_judged: u64,
    /// Left open by the rules, and the judge could not tell.
    pub(super) judge_open: u64,
    /// Read by the judge, whatever the rules said.
    pub(super) asked: u64,
    /// Ended without scores, by reason.
    pub(super) unscored: BTreeMap<String, u64>,
    /// Not ended.
    pub(super) unfinished: u64,
}

impl Decided {
    /// Counts trials.
    pub(super) fn of<'a>(trials: impl IntoIterator<Item = (&'a CaseInfo, &'a Observation)>) -> Self {
        let mut decided = Self::default();
        for (_, trial) in trials {
            decided.trials += 1;
            match &trial.state {
                State::Unfinished => decided.unfinished += 1,
                State::Unscored(reason) => *decided.unscored.entry(reason.to_string()).or_default() += 1,
                State::Scored(scored) => {
                    decided.asked += u64::from(scored.judge.is_some());
                    let judged = scored.judge.map(|verdict| verdict.class().is_some());
                    match (scored.rules.class(), judged) {
                        (Some(_), _) => decided.rules += 1,
                        (None, Some(true)) => decided.judge += 1,
                        (None, Some(false)) => decided.judge_open += 1,
                        (None, None) => decided.not_judged += 1,
                    }
                }
            }
        }
        decided
    }

    /// Trials with scores.
    pub(super) fn scored(&self) -> u64 {
        self.rules + self.judge + self.not_judged + self.judge_open
    }

    /// A part of the trials with scores; none if there are none.
    pub(super) fn share(&self, part: u64) -> Option<f64> {
        let scored = self.scored();
        (scored > 0).then(|| part as f64 / scored as f64)
    }
}
