//! Drives one trial: asks its suite for the next step until it is done.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use unbent_core::{Answer, Event, Outcome, SinkError, Step, TakenOver, TrialKey, TrialLog, TrialNo};

use crate::call::{Came, Ending, Met, TrialContext};
use crate::regrade::{read_answer, wants_the_judge_alone};
use crate::rescore::read_log;
use crate::{Begun, EngineError, Notice, StopLevel};

/// How the drive of a trial ended.
pub(crate) enum Driven {
    /// It ended with this outcome.
    Finished(Outcome),
    /// The execution is stopping; the trial stays open.
    LeftOpen,
    /// The answers that it would grade again are not all there; nothing was recorded.
    Waiting,
}

impl TrialContext {
    /// Drives the trial to its end, or to where the execution stops.
    pub(crate) async fn drive(self, begun: Begun) -> Result<Driven, EngineError> {
        let suite = self
            .world
            .suites
            .get(&self.trial.key.suite)
            .ok_or_else(|| EngineError::UnknownSuite { suite: self.trial.key.suite.clone() })?;
        let (mut log, opening) = self.open(begun)?;
        if let Some(outcome) = log.outcome {
            return Ok(Driven::Finished(outcome));
        }
        if self.world.regrading(&self.trial.key.subject).is_some()
            && (log.history.keys().next().is_none()
                || !wants_the_judge_alone(&**suite, &self.case, &log.history)?)
        {
            return Ok(Driven::Waiting);
        }
        self.world.observer.notice(&Notice::TrialBegun { trial: &self.trial.key });
        let opening = (!opening.is_empty()).then(|| self.world.sink.append(opening));

        let mut in_flight = FuturesUnordered::new();
        let mut asked = HashSet::new();
        let mut ended = None;
        let mut step = suite.next(&self.case, &log.history)?;
        let outcome = loop {
            let mut fresh = Vec::new();
            match step {
                Step::Done(outcome) if ended.is_none() && in_flight.is_empty() => break outcome,
                // What is in flight is paid for: it comes home and is recorded before the trial ends.
                Step::Done(_) => self.over.0.raise(StopLevel::Drain),
                Step::Needs(needs) if ended.is_none() && !self.stop.is_stopping() => {
                    fresh = needs;
                    fresh.retain(|need| {
                        log.history.get(&need.key).is_none() && asked.insert(need.key.clone())
                    });
                }
                Step::Needs(_) => {}
            }
            let met = match fresh.pop() {
                Some(alone) if in_flight.is_empty() && fresh.is_empty() => match self.fetch(alone).await {
                    Came::Met(met) => Some(met),
                    Came::Answer(mut arrival) => {
                        // Nothing else goes on in the trial, so the answer can show what follows before it is on disk:
                        // an end is recorded with it, and anything else waits for it.
                        let answer = arrival.answer.take();
                        log.apply(&arrival.event, answer);
                        let next = suite.next(&self.case, &log.history);
                        let end = match &next {
                            Ok(Step::Done(outcome)) if arrival.goes_on() => Some(outcome.clone()),
                            _ => None,
                        };
                        let (_, ending) = self.settle(*arrival, end.clone()).await?;
                        if let Some(ending) = ending {
                            ended.get_or_insert(EngineError::from(ending));
                        }
                        if let Some(outcome) = end {
                            if let Some(opening) = opening {
                                opening.await?;
                            }
                            return self.finished(outcome, ended);
                        }
                        step = next?;
                        continue;
                    }
                },
                alone => {
                    in_flight.extend(fresh.into_iter().chain(alone).map(|need| self.meet(need)));
                    in_flight.next().await
                }
            };
            match met {
                Some(Met::Supplied { event, answer }) => {
                    log.apply(&event, answer);
                }
                Some(Met::Ended(ending)) => {
                    ended.get_or_insert(EngineError::from(ending));
                }
                Some(Met::LeftOpen) => {}
                Some(Met::Unrecorded(error)) => return Err(EngineError::Sink(error)),
                None => {
                    return match ended {
                        Some(error) => Err(error),
                        None if self.stop.is_stopping() => Ok(Driven::LeftOpen),
                        None => Err(EngineError::Stuck { trial: self.trial.key.clone() }),
                    };
                }
            }
            step = suite.next(&self.case, &log.history)?;
        };
        if let Some(opening) = opening {
            opening.await?;
        }
        self.record(Event::Finished { outcome: outcome.clone() }, Vec::new()).await?;
        self.finished(outcome, None)
    }

    /// Tells that the trial has its outcome on disk.
    fn finished(&self, outcome: Outcome, ended: Option<EngineError>) -> Result<Driven, EngineError> {
        self.world.observer.notice(&Notice::TrialFinished { trial: &self.trial.key, outcome: &outcome });
        ended.map_or(Ok(Driven::Finished(outcome)), Err)
    }

    /// The trial's log so far, and the events with which the work on it begins.
    fn open(&self, begun: Begun) -> Result<(TrialLog, Vec<unbent_core::Entry>), EngineError> {
        let mut log = match begun {
            Begun::No => TrialLog::default(),
            Begun::Yes => read_log(&*self.world.source, self.trial.no)?,
        };
        if matches!(log.outcome, Some(Outcome::Scored { .. })) {
            return Ok((log, Vec::new()));
        }
        let mut opening = Vec::new();
        let mut add = |log: &mut TrialLog, event: Event, answer: Option<Answer>| {
            log.apply(&event, answer);
            opening.push(self.entry(event, Vec::new()));
        };
        let taken = self.taken_over()?;
        if log.events == 0 {
            add(&mut log, Event::Opened, None);
            for _ in 0..taken.as_ref().map_or(0, |(_, taken)| taken.rounds()) {
                add(&mut log, Event::Reopened, None);
            }
        }
        if log.touched_world {
            add(
                &mut log,
                Event::Voided { reason: "the sandbox of an interrupted trial is gone".to_owned() },
                None,
            );
        }
        if log.outcome.is_some() || log.history.has_faults() {
            add(&mut log, Event::Reopened, None);
        }
        let given = match taken {
            Some((from, taken)) => self.regraded_answers(&log, from, &taken)?,
            None => self.given(&log)?,
        };
        for (event, answer) in given {
            add(&mut log, event, Some(answer));
        }
        Ok((log, opening))
    }

    /// What the trial whose answers this one grades again has to give, if it does; without such a trial, nothing.
    fn taken_over(&self) -> Result<Option<(TrialNo, TakenOver)>, EngineError> {
        let Some(regrading) = self.world.regrading(&self.trial.key.subject) else { return Ok(None) };
        let answered = TrialKey { subject: regrading.of.clone(), ..self.trial.key.clone() };
        let Some(from) = self.world.source.find(&answered)? else {
            return Ok(Some((self.trial.no, TakenOver::default())));
        };
        Ok(Some((from, TakenOver::of(&self.world.source.events(from)?))))
    }

    /// The answers that are graded again and that the trial does not have yet.
    fn regraded_answers(
        &self,
        log: &TrialLog,
        from: TrialNo,
        taken: &TakenOver,
    ) -> Result<Vec<(Event, Answer)>, EngineError> {
        let mut given = Vec::new();
        for event in taken.given(from) {
            let Event::Given { need, answer, .. } = &event else { continue };
            if log.history.get(need).is_none() {
                let answer = read_answer(&*self.world.source, *answer)?;
                given.push((event, answer));
            }
        }
        Ok(given)
    }

    /// The answers that the trial takes over from others and does not have yet.
    fn given(&self, log: &TrialLog) -> Result<Vec<(Event, Answer)>, EngineError> {
        let mut given = Vec::new();
        for inherit in &self.case.inherits {
            if log.history.get(&inherit.need).is_some() {
                continue;
            }
            let mut key = self.trial.key.clone();
            key.case = inherit.case.clone();
            let Some(from) = self.world.source.find(&key)? else {
                continue;
            };
            let events = self.world.source.events(from)?;
            let answer = events.iter().rev().find_map(|event| match event {
                Event::Answered { need, answer, .. } if need.base() == inherit.need.as_str() => Some(*answer),
                _ => None,
            });
            let Some(address) = answer else { continue };
            let answer = read_answer(&*self.world.source, address)?;
            given.push((Event::Given { need: inherit.need.clone(), from, answer: address }, answer));
        }
        Ok(given)
    }
}

impl From<Ending> for EngineError {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Fatal(fault) => Self::Fatal { fault },
            Ending::Unpriced { who } => Self::Unpriced { who },
            Ending::Cache(error) => Self::Cache(error),
        }
    }
}

impl From<SinkError> for EngineError {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
