//! Drives one trial: asks its suite for the next step until it is done.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use unbent_core::{Answer, Event, Outcome, SinkError, SourceError, Step, TrialLog};

use crate::call::{Ending, Met, TrialContext};
use crate::{Begun, EngineError, Notice, StopLevel};

/// How the drive of a trial ended.
pub(crate) enum Driven {
    /// It ended with this outcome.
    Finished(Outcome),
    /// The execution is stopping; the trial stays open.
    LeftOpen,
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
        self.world.observer.notice(&Notice::TrialBegun { trial: &self.trial.key });
        let opening = (!opening.is_empty()).then(|| self.world.sink.append(opening));

        let mut in_flight = FuturesUnordered::new();
        let mut asked = HashSet::new();
        let mut ended = None;
        let outcome = loop {
            match suite.next(&self.case, &log.history)? {
                Step::Done(outcome) if ended.is_none() && in_flight.is_empty() => break outcome,
                // What is in flight is paid for: it comes home and is recorded before the trial ends.
                Step::Done(_) => self.over.0.raise(StopLevel::Drain),
                Step::Needs(needs) if ended.is_none() && !self.stop.is_stopping() => {
                    for need in needs {
                        if log.history.get(&need.key).is_none() && asked.insert(need.key.clone()) {
                            in_flight.push(self.meet(need));
                        }
                    }
                }
                Step::Needs(_) => {}
            }
            match in_flight.next().await {
                Some(Met::Supplied { event, answer }) => {
                    log.apply(&event, answer);
                }
                Some(Met::Ended(ending)) => {
                    ended.get_or_insert(match ending {
                        Ending::Fatal(fault) => EngineError::Fatal { fault },
                        Ending::Unpriced { who } => EngineError::Unpriced { who },
                        Ending::Cache(error) => EngineError::Cache(error),
                    });
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
        };
        if let Some(opening) = opening {
            opening.await.map_err(EngineError::Sink)?;
        }
        self.record(Event::Finished { outcome: outcome.clone() }, Vec::new())
            .await
            .map_err(EngineError::Sink)?;
        self.world.observer.notice(&Notice::TrialFinished { trial: &self.trial.key, outcome: &outcome });
        Ok(Driven::Finished(outcome))
    }

    /// The trial's log so far, and the events with which the work on it begins.
    fn open(&self, begun: Begun) -> Result<(TrialLog, Vec<unbent_core::Entry>), EngineError> {
        let mut log = match begun {
            Begun::No => TrialLog::default(),
            Begun::Yes => self.read_log()?,
        };
        if matches!(log.outcome, Some(Outcome::Scored { .. })) {
            return Ok((log, Vec::new()));
        }
        let mut opening = Vec::new();
        let mut add = |log: &mut TrialLog, event: Event, answer: Option<Answer>| {
            log.apply(&event, answer);
            opening.push(self.entry(event, Vec::new()));
        };
        if log.events == 0 {
            add(&mut log, Event::Opened, None);
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
        for (event, answer) in self.given(&log)? {
            add(&mut log, event, Some(answer));
        }
        Ok((log, opening))
    }

    fn read_log(&self) -> Result<TrialLog, EngineError> {
        let events = self.world.source.events(self.trial.no)?;
        TrialLog::fold(&events, |address| {
            let read = self.world.source.blob(address);
            read.map_err(|error| unbent_core::LogError { address, why: error.message })
        })
        .map_err(|error| {
            EngineError::Source(SourceError { message: format!("trial {}: {error}", self.trial.no) })
        })
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
            let bytes = self.world.source.blob(address)?;
            let answer = serde_json::from_slice(&bytes).map_err(|error| {
                EngineError::Source(SourceError {
                    message: format!("blob {address} is not an answer: {error}"),
                })
            })?;
            given.push((Event::Given { need: inherit.need.clone(), from, answer: address }, answer));
        }
        Ok(given)
    }
}

impl From<SinkError> for EngineError {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
