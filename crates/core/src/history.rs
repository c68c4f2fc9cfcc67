//! What a trial has been told so far: the fold of its events that a suite reads.

use std::collections::BTreeMap;

use crate::{Acted, Answer, BlobRef, Event, Fault, NeedKey, Observation, Outcome, Reply};

/// What the world supplied for a need: an answer, or a fault after which it gave up.
#[derive(Debug, Clone, PartialEq)]
pub enum Supplied {
    /// It was answered.
    Answer(Answer),
    /// It could not be answered.
    Fault(Fault),
}

/// Everything that a trial has been told, by need.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    supplied: BTreeMap<NeedKey, Supplied>,
    rounds: u32,
}

impl History {
    /// The history of a trial that has been told nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was supplied for this need.
    pub fn get(&self, key: &NeedKey) -> Option<&Supplied> {
        self.supplied.get(key)
    }

    /// The model's answer to this need.
    pub fn reply(&self, key: &NeedKey) -> Option<&Reply> {
        match self.get(key)? {
            Supplied::Answer(Answer::Reply(reply)) => Some(reply),
            _ => None,
        }
    }

    /// The tool's result for this need.
    pub fn acted(&self, key: &NeedKey) -> Option<&Acted> {
        match self.get(key)? {
            Supplied::Answer(Answer::Acted(acted)) => Some(acted),
            _ => None,
        }
    }

    /// The picture of the state for this need.
    pub fn observation(&self, key: &NeedKey) -> Option<&Observation> {
        match self.get(key)? {
            Supplied::Answer(Answer::Observation(observation)) => Some(observation),
            _ => None,
        }
    }

    /// The fault for which this need was given up.
    pub fn fault(&self, key: &NeedKey) -> Option<&Fault> {
        match self.get(key)? {
            Supplied::Fault(fault) => Some(fault),
            Supplied::Answer(_) => None,
        }
    }

    /// Whether any need was given up.
    pub fn has_faults(&self) -> bool {
        self.supplied.values().any(|supplied| matches!(supplied, Supplied::Fault(_)))
    }

    /// How often the trial was taken up again after it had ended unscored. A suite that limits how often it asks
    /// again grants itself the same number of askings anew in each round.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The needs that were supplied, in the order of their names.
    pub fn keys(&self) -> impl Iterator<Item = &NeedKey> {
        self.supplied.keys()
    }

    /// The same history with this need supplied.
    #[must_use]
    pub fn with(mut self, key: impl Into<NeedKey>, supplied: Supplied) -> Self {
        self.supply(key.into(), supplied);
        self
    }

    /// The same history with this need answered by a model.
    #[must_use]
    pub fn with_reply(self, key: impl Into<NeedKey>, reply: Reply) -> Self {
        self.with(key, Supplied::Answer(Answer::Reply(Box::new(reply))))
    }

    /// The same history in one more round.
    #[must_use]
    pub fn reopened(mut self) -> Self {
        self.reopen();
        self
    }

    /// Takes in what the world supplied.
    pub fn supply(&mut self, key: NeedKey, supplied: Supplied) {
        self.supplied.insert(key, supplied);
    }

    fn reopen(&mut self) {
        self.supplied.retain(|_, supplied| matches!(supplied, Supplied::Answer(_)));
        self.rounds += 1;
    }
}

/// A trial's log, folded: its history and where it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrialLog {
    /// What the trial has been told.
    pub history: History,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// How many events it has.
    pub events: u64,
    /// Whether anything was done or seen in a sandbox since it last started over.
    pub touched_world: bool,
    given: BTreeMap<NeedKey, Answer>,
}

/// A log that cannot be folded.
#[derive(Debug, thiserror::Error)]
#[error("blob {address} cannot be read as an answer: {why}")]
pub struct LogError {
    /// The blob.
    pub address: BlobRef,
    /// What is wrong with it.
    pub why: String,
}

impl TrialLog {
    /// Folds a trial's events in their order; `blob` finds the bytes of an answer.
    pub fn fold<'e>(
        events: impl IntoIterator<Item = &'e Event>,
        mut blob: impl FnMut(BlobRef) -> Result<Vec<u8>, LogError>,
    ) -> Result<Self, LogError> {
        let mut log = Self::default();
        for event in events {
            let answer = match event {
                Event::Given { answer, .. }
                | Event::Answered { answer, .. }
                | Event::Acted { answer, .. }
                | Event::Observed { answer, .. } => {
                    let bytes = blob(*answer)?;
                    let answer = serde_json::from_slice(&bytes)
                        .map_err(|error| LogError { address: *answer, why: error.to_string() })?;
                    Some(answer)
                }
                _ => None,
            };
            log.apply(event, answer);
        }
        Ok(log)
    }

    /// Takes in one more event, with the answer that it refers to.
    pub fn apply(&mut self, event: &Event, answer: Option<Answer>) {
        self.events += 1;
        match event {
            Event::Opened => {}
            Event::Given { need, .. } => {
                if let Some(answer) = answer {
                    self.given.insert(need.clone(), answer.clone());
                    self.history.supply(need.clone(), Supplied::Answer(answer));
                }
            }
            Event::Answered { need, .. } => self.supply(need, answer),
            Event::Acted { need, .. } | Event::Observed { need, .. } => {
                self.touched_world = true;
                self.supply(need, answer);
            }
            Event::Faulted { need, fault, retry_in_ms, .. } => {
                if retry_in_ms.is_none() {
                    self.history.supply(need.clone(), Supplied::Fault(fault.clone()));
                }
            }
            Event::Voided { .. } => {
                let rounds = self.history.rounds;
                self.history = History { rounds, ..History::default() };
                for (need, answer) in &self.given {
                    self.history.supply(need.clone(), Supplied::Answer(answer.clone()));
                }
                self.touched_world = false;
                self.outcome = None;
            }
            Event::Reopened => {
                self.history.reopen();
                self.outcome = None;
            }
            Event::Finished { outcome } => self.outcome = Some(outcome.clone()),
        }
    }

    fn supply(&mut self, need: &NeedKey, answer: Option<Answer>) {
        if let Some(answer) = answer {
            self.history.supply(need.clone(), Supplied::Answer(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Supplied, TrialLog};
    use crate::{
        Answer, AssistantMessage, Blob, Event, Fault, FaultKind, FinishReason, Meter, ModelRole, NeedKey,
        Outcome, Reply, Served, TrialNo, UnscoredReason,
    };

    fn reply(text: &str) -> Answer {
        Answer::Reply(Box::new(Reply::of(AssistantMessage::text(text))))
    }

    fn answered(need: &str) -> Event {
        Event::Answered {
            need: need.into(),
            role: ModelRole::Subject,
            tried: 1,
            request: None,
            answer: Blob::of_bytes(vec![]).address(),
            finish: FinishReason::Stop,
            meter: Meter::default(),
            served: Served::default(),
            wire: None,
            cached: false,
            unsent: Vec::new(),
        }
    }

    fn faulted(need: &str, retry_in_ms: Option<u64>) -> Event {
        let fault = Fault::new(FaultKind::Timeout, "no answer");
        Event::Faulted {
            need: need.into(),
            role: Some(ModelRole::Subject),
            tried: 1,
            fault,
            retry_in_ms,
            meter: Meter::default(),
            wire: None,
        }
    }

    #[test]
    fn a_fault_that_is_tried_again_is_not_part_of_the_history() {
        let mut log = TrialLog::default();
        log.apply(&faulted("a", Some(10)), None);
        assert_eq!(log.history.get(&NeedKey::from("a")), None);
        log.apply(&faulted("a", None), None);
        assert!(matches!(log.history.get(&NeedKey::from("a")), Some(Supplied::Fault(_))));
    }

    #[test]
    fn reopening_forgets_faults_and_keeps_answers() {
        let mut log = TrialLog::default();
        log.apply(&answered("a"), Some(reply("kept")));
        log.apply(&faulted("b", None), None);
        let outcome = Outcome::unscored(UnscoredReason::SubjectFault(FaultKind::Timeout), "b");
        log.apply(&Event::Finished { outcome }, None);
        log.apply(&Event::Reopened, None);
        assert_eq!(log.outcome, None);
        assert_eq!(log.history.rounds(), 1);
        assert!(log.history.reply(&"a".into()).is_some());
        assert_eq!(log.history.get(&"b".into()), None);
    }

    #[test]
    fn voiding_forgets_all_but_what_was_given() {
        let mut log = TrialLog::default();
        let given =
            Event::Given { need: "g".into(), from: TrialNo(1), answer: Blob::of_bytes(vec![]).address() };
        log.apply(&given, Some(reply("given")));
        log.apply(&answered("a"), Some(reply("lost")));
        log.touched_world = true;
        log.apply(&Event::Voided { reason: "the sandbox is gone".into() }, None);
        assert!(log.history.reply(&"g".into()).is_some());
        assert!(log.history.reply(&"a".into()).is_none());
        assert!(!log.touched_world);
    }
}
