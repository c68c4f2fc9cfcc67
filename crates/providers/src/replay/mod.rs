//! Recorded answers in place of a model: a run can be repeated, shown and judged anew without calling anyone.
//!
//! Knows no file; recordings come through [`ReplaySource`]. By default an answer is given only to the question that it
//! was given to, so that a changed prompt is not graded by answers to the old one.

mod compare;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use unbent_core::{
    BoxFuture, Call, Cost, CostSource, Fault, FaultKind, Provider, Recorded, ReplaySource, Reply, Returned,
};

/// How alike the recorded question must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MatchMode {
    /// The messages must be the same in role, text and tool calls.
    #[default]
    Messages,
    /// The need's name is enough.
    Need,
}

/// Text that names no [`MatchMode`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown match mode {text:?}; match=messages wants the same messages, match=need the same need only")]
pub struct ParseMatchModeError {
    text: String,
}

impl FromStr for MatchMode {
    type Err = ParseMatchModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "messages" => Ok(Self::Messages),
            "need" => Ok(Self::Need),
            _ => Err(ParseMatchModeError { text: text.to_owned() }),
        }
    }
}

/// A recording that answers as the recorded model did.
pub struct ReplayProvider {
    source: Arc<dyn ReplaySource>,
    match_mode: MatchMode,
}

impl fmt::Debug for ReplayProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayProvider").field("match_mode", &self.match_mode).finish_non_exhaustive()
    }
}

impl ReplayProvider {
    /// Makes the provider of a recording.
    pub fn new(source: Arc<dyn ReplaySource>, match_mode: MatchMode) -> Self {
        Self { source, match_mode }
    }

    fn answer(&self, call: &Call<'_>) -> Result<Reply, Fault> {
        let place = format!("need {} of {}", call.need, call.trial);
        let not_recorded = |story: String| Fault::new(FaultKind::NotRecorded, story);
        let Recorded { asked, reply } = self
            .source
            .recorded(call.trial, call.need)
            .map_err(|error| not_recorded(format!("the recording cannot be read for {place}: {error}")))?
            .ok_or_else(|| not_recorded(format!("the recording has no answer to {place}")))?;
        if self.match_mode == MatchMode::Messages {
            let asked = asked.ok_or_else(|| {
                not_recorded(format!(
                    "the recorded question of {place} was not kept (match=need does without it)"
                ))
            })?;
            if let Some(difference) = compare::first_difference(&asked.messages, &call.ask.messages) {
                return Err(not_recorded(format!(
                    "the recorded question of {place} is another: {difference} (match=need overlooks this)"
                )));
            }
        }
        Ok(Reply {
            // The price was paid when the answer was recorded; a budget must not count it twice.
            cost: Some(Cost { usd: 0.0, source: CostSource::Free }),
            ..reply
        })
    }
}

impl Provider for ReplayProvider {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(async move { self.answer(call).into() })
    }
}
