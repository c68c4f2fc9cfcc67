//! What an execution tells while it goes on. The display is another actor; it reads these and nothing else.

use unbent_core::{Fault, Meter, ModelRole, NeedKey, Outcome, TrialKey};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Notice<'a> {
    /// A trial was begun or taken up again.
    TrialBegun {
        /// The trial.
        trial: &'a TrialKey,
    },
    /// A call went out.
    Asked {
        /// Who is asked.
        role: ModelRole,
    },
    /// A call was answered, and the answer is on disk.
    Answered {
        /// The trial.
        trial: &'a TrialKey,
        /// The need.
        need: &'a NeedKey,
        /// Who answered.
        role: ModelRole,
        /// What it used.
        meter: &'a Meter,
        /// Whether it came from the cache, so that nobody was asked.
        cached: bool,
    },
    /// A call or an act failed.
    Faulted {
        /// The trial.
        trial: &'a TrialKey,
        /// The need.
        need: &'a NeedKey,
        /// Who was asked; none for a sandbox.
        role: Option<ModelRole>,
        /// What went wrong.
        fault: &'a Fault,
        /// When the next try follows; none if the need was given up.
        retry_in_ms: Option<u64>,
        /// What the call used all the same.
        meter: &'a Meter,
    },
    /// A trial ended.
    TrialFinished {
        /// The trial.
        trial: &'a TrialKey,
        /// How.
        outcome: &'a Outcome,
    },
}

/// Who is told what happens. Called from the execution's tasks, so it must not block.
pub trait Observer: Send + Sync {
    /// Takes in one notice.
    fn notice(&self, notice: &Notice<'_>);
}

/// An observer that says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _notice: &Notice<'_>) {}
}
