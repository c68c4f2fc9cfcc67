//! Computing the outcome of a recorded trial again: what its suite makes today of what the trial was told then.

use unbent_core::{
    Case, ErasedSuite, LogError, Need, NeedKey, Outcome, Source, SourceError, Step, SuiteError, TrialLog,
    TrialNo,
};

use crate::EngineError;

/// What a suite makes of a recorded trial.
#[derive(Debug)]
pub enum Rescored {
    /// The trial ends with this outcome.
    Outcome(Outcome),
    /// The suite wants what the record does not hold: the needs that are open.
    Wants(Vec<NeedKey>),
    /// The suite does not understand the case.
    Unreadable(SuiteError),
}

/// Computes the outcome of a trial from its recorded history alone. Nobody is asked, nothing is done and nothing written.
///
/// # Errors
///
/// A record that cannot be read.
pub fn rescore(
    suite: &dyn ErasedSuite,
    case: &Case,
    source: &dyn Source,
    trial: TrialNo,
) -> Result<Rescored, EngineError> {
    let log = read_log(source, trial)?;
    Ok(match suite.next(case, &log.history) {
        Ok(Step::Done(outcome)) => Rescored::Outcome(outcome),
        Ok(Step::Needs(needs)) => Rescored::Wants(needs.into_iter().map(|Need { key, .. }| key).collect()),
        Err(error) => Rescored::Unreadable(error),
    })
}

/// A trial's log, folded.
pub(crate) fn read_log(source: &dyn Source, trial: TrialNo) -> Result<TrialLog, EngineError> {
    let events = source.events(trial)?;
    let blob = |address| source.blob(address).map_err(|error| LogError { address, why: error.message });
    TrialLog::fold(&events, blob)
        .map_err(|error| EngineError::Source(SourceError { message: format!("trial {trial}: {error}") }))
}
