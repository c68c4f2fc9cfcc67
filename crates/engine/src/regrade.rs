//! Grading stored answers again: what such a trial begins with, and whether it can.

use unbent_core::{
    Case, ErasedSuite, History, LogError, ModelRole, NeedKind, Source, SourceError, Step, SubjectId,
    TakenOver, TrialLog, TrialNo,
};

use crate::{EngineError, Respondent};

/// How the answers of a subject are graded again.
#[derive(Clone)]
pub struct Regrading {
    /// The subject that answered.
    pub of: SubjectId,
    /// Which grading by this judge it is, from 1.
    pub round: u32,
    /// Who grades.
    pub judge: Respondent,
}

/// Whether the stored answers of a trial are all that its suite wants of anyone but a judge.
///
/// A trial without any answer has none to grade, even where its suite would be content with none.
pub fn can_be_graded_again(
    suite: &dyn ErasedSuite,
    case: &Case,
    source: &dyn Source,
    answered: TrialNo,
) -> Result<bool, EngineError> {
    let taken = TakenOver::of(&source.events(answered)?);
    let mut log = TrialLog::default();
    for _ in 0..taken.rounds() {
        log.apply(&unbent_core::Event::Reopened, None);
    }
    for event in taken.given(answered) {
        for address in event.blobs() {
            log.apply(&event, Some(read_answer(source, address)?));
        }
    }
    Ok(log.history.keys().next().is_some() && wants_the_judge_alone(suite, case, &log.history)?)
}

/// Whether nobody but a judge is asked next, and nothing else done.
pub(crate) fn wants_the_judge_alone(
    suite: &dyn ErasedSuite,
    case: &Case,
    history: &History,
) -> Result<bool, EngineError> {
    let asks_the_judge = |kind: &NeedKind| matches!(kind, NeedKind::Ask(ask) if ask.role == ModelRole::Judge);
    Ok(match suite.next(case, history)? {
        Step::Needs(needs) => needs.iter().all(|need| asks_the_judge(&need.kind)),
        Step::Done(_) => true,
    })
}

/// Reads a stored answer.
pub(crate) fn read_answer(
    source: &dyn Source,
    address: unbent_core::BlobRef,
) -> Result<unbent_core::Answer, EngineError> {
    let bytes = source.blob(address)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let error = LogError { address, why: error.to_string() };
        EngineError::Source(SourceError { message: error.to_string() })
    })
}
