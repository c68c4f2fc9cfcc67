//! What happens to a trial. The log of these is the only truth of a run; everything else is a fold of it.

use serde::{Deserialize, Serialize};

use crate::{
    BlobRef, CostSource, Fault, FinishReason, ModelRole, NeedKey, Outcome, Reply, Served, TrialNo, Usage,
};

/// Something that happened to a trial. Requests and answers stand in blobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Work on the trial began.
    Opened,
    /// An answer was taken over from another trial's log.
    Given {
        /// The need that it answers.
        need: NeedKey,
        /// The trial that it comes from.
        from: TrialNo,
        /// The [`crate::Answer`].
        answer: BlobRef,
    },
    /// A model answered.
    Answered {
        /// The need that it answers.
        need: NeedKey,
        /// Who was asked.
        role: ModelRole,
        /// Which try it was, from 1.
        tried: u32,
        /// The [`crate::Ask`], with the settings of the subject applied; none where an imported source did not keep it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<BlobRef>,
        /// The [`crate::Answer`].
        answer: BlobRef,
        /// Why the model stopped.
        finish: FinishReason,
        /// What the call used.
        meter: Meter,
        /// Who answered.
        #[serde(default, skip_serializing_if = "is_unsaid")]
        served: Served,
        /// The [`crate::Wire`]: request and response as they crossed the network; none where nothing did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wire: Option<BlobRef>,
        /// Whether it was taken from the cache of answers, so that nobody was asked or paid.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cached: bool,
        /// Parameters of the question that were not sent.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unsent: Vec<String>,
    },
    /// A tool ran in the trial's sandbox.
    Acted {
        /// The need that it answers.
        need: NeedKey,
        /// The [`crate::Act`].
        request: BlobRef,
        /// The [`crate::Answer`].
        answer: BlobRef,
    },
    /// A picture of the state of the trial's sandbox was taken.
    Observed {
        /// The need that it answers.
        need: NeedKey,
        /// The [`crate::Answer`].
        answer: BlobRef,
    },
    /// A call or an act failed.
    Faulted {
        /// The need that stays open.
        need: NeedKey,
        /// Who was asked; none where a sandbox failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<ModelRole>,
        /// Which try it was, from 1.
        tried: u32,
        /// What went wrong.
        fault: Fault,
        /// When the next try follows; none where the need was given up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_in_ms: Option<u64>,
        /// What the call used all the same.
        #[serde(default, skip_serializing_if = "Meter::is_blank")]
        meter: Meter,
        /// The [`crate::Wire`], where anything crossed the network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wire: Option<BlobRef>,
    },
    /// The trial's world is gone, so all that it answered counts no more and it starts over.
    Voided {
        /// Why.
        reason: String,
    },
    /// A trial that ended unscored is taken up again: its faults count no more, its answers do.
    Reopened,
    /// The trial ended.
    Finished {
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
}

fn is_unsaid(served: &Served) -> bool {
    *served == Served::default()
}

impl Event {
    /// The name of the kind of event, as in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Given { .. } => "given",
            Self::Answered { .. } => "answered",
            Self::Acted { .. } => "acted",
            Self::Observed { .. } => "observed",
            Self::Faulted { .. } => "faulted",
            Self::Voided { .. } => "voided",
            Self::Reopened => "reopened",
            Self::Finished { .. } => "finished",
        }
    }

    /// The need that the event is about, if it is about one.
    pub fn need(&self) -> Option<&NeedKey> {
        match self {
            Self::Given { need, .. }
            | Self::Answered { need, .. }
            | Self::Acted { need, .. }
            | Self::Observed { need, .. }
            | Self::Faulted { need, .. } => Some(need),
            Self::Opened | Self::Voided { .. } | Self::Reopened | Self::Finished { .. } => None,
        }
    }

    /// The blobs that the event refers to.
    pub fn blobs(&self) -> impl Iterator<Item = BlobRef> {
        let all = match self {
            Self::Answered { request, answer, wire, .. } => [*request, Some(*answer), *wire],
            Self::Acted { request, answer, .. } => [Some(*request), Some(*answer), None],
            Self::Given { answer, .. } | Self::Observed { answer, .. } => [None, Some(*answer), None],
            Self::Faulted { wire, .. } => [None, None, *wire],
            Self::Opened | Self::Voided { .. } | Self::Reopened | Self::Finished { .. } => [None; 3],
        };
        all.into_iter().flatten()
    }
}

/// What one call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Tokens.
    #[serde(default)]
    pub usage: Usage,
    /// US dollars; none where the price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Who says what it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_source: Option<CostSource>,
    /// Time from request to complete answer in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}

impl Meter {
    /// Whether there is nothing to tell.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// What this reply used.
    pub fn of(reply: &Reply) -> Self {
        Self {
            usage: reply.usage,
            cost_usd: reply.cost.map(|cost| cost.usd),
            cost_source: reply.cost.map(|cost| cost.source),
            latency_ms: reply.latency_ms,
        }
    }
}
