//! What a trial takes over from the trial whose answers it grades again. Knows no suite: which answers those are is told
//! by the events alone.

use std::collections::BTreeMap;

use crate::{BlobRef, Event, ModelRole, NeedKey, TrialNo};

/// Every answer that counts in a trial, but for the judge's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOver {
    answers: BTreeMap<NeedKey, BlobRef>,
    given: BTreeMap<NeedKey, BlobRef>,
    rounds: u32,
}

impl TakenOver {
    /// What the trial with these events, in their order, has to give.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut taken = Self::default();
        for event in events {
            match event {
                Event::Given { need, answer, .. } => {
                    taken.given.insert(need.clone(), *answer);
                    taken.answers.insert(need.clone(), *answer);
                }
                Event::Answered { role: ModelRole::Subject | ModelRole::Guard, need, answer, .. }
                | Event::Acted { need, answer, .. }
                | Event::Observed { need, answer } => {
                    taken.answers.insert(need.clone(), *answer);
                }
                Event::Voided { .. } => taken.answers = taken.given.clone(),
                Event::Reopened => taken.rounds += 1,
                Event::Opened
                | Event::Answered { role: ModelRole::Judge, .. }
                | Event::Faulted { .. }
                | Event::Finished { .. } => {}
            }
        }
        taken
    }

    /// How often the trial was taken up again. A suite that limits how often it asks overlooks later askings in a
    /// history of fewer rounds, so who takes over the answers takes over the rounds.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The answers as events of the trial that takes them over, in the order of their needs.
    pub fn given(&self, from: TrialNo) -> impl Iterator<Item = Event> {
        self.answers.iter().map(move |(need, answer)| Event::Given {
            need: need.clone(),
            from,
            answer: *answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::TakenOver;
    use crate::{Blob, BlobRef, Event, FinishReason, Meter, ModelRole, Served, TrialNo};

    fn blob(text: &str) -> BlobRef {
        Blob::of_bytes(text.as_bytes().to_vec()).address()
    }

    fn answered(role: ModelRole, need: &str, text: &str) -> Event {
        Event::Answered {
            need: need.into(),
            role,
            tried: 1,
            request: None,
            answer: blob(text),
            finish: FinishReason::Stop,
            meter: Meter::default(),
            served: Served::default(),
            wire: None,
            cached: false,
            unsent: Vec::new(),
        }
    }

    fn taken(events: &[Event]) -> Vec<(String, BlobRef)> {
        let taken = TakenOver::of(events);
        let given = taken.given(TrialNo(3)).map(|event| match event {
            Event::Given { need, from: TrialNo(3), answer } => (need.to_string(), answer),
            other => panic!("{other:?}"),
        });
        given.collect()
    }

    #[test]
    fn all_but_the_judges_answers_are_taken_over() {
        let events = [
            Event::Given { need: "g".into(), from: TrialNo(1), answer: blob("given") },
            answered(ModelRole::Subject, "a", "said"),
            Event::Observed { need: "state".into(), answer: blob("seen") },
            answered(ModelRole::Judge, "judge", "graded"),
            answered(ModelRole::Guard, "guard", "released"),
        ];
        let wanted = [("a", "said"), ("g", "given"), ("guard", "released"), ("state", "seen")]
            .map(|(need, text)| (need.into(), blob(text)));
        assert_eq!(taken(&events), wanted);
    }

    #[test]
    fn what_a_voided_attempt_answered_is_not_taken_over() {
        let events = [
            Event::Given { need: "g".into(), from: TrialNo(1), answer: blob("given") },
            answered(ModelRole::Subject, "a", "lost"),
            Event::Voided { reason: "gone".into() },
            Event::Reopened,
            answered(ModelRole::Subject, "b", "kept"),
        ];
        assert_eq!(taken(&events), [("b".into(), blob("kept")), ("g".into(), blob("given"))]);
        assert_eq!(TakenOver::of(&events).rounds(), 1);
    }
}
