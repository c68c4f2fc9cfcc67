//! What the writer remembers of the chains, so that it need not read them.

use std::collections::HashMap;

use unbent_core::{ChainHash, TrialNo};

/// The last hashes of the trials that were written to lately: two generations, of which the older is forgotten.
#[derive(Default)]
pub(crate) struct Heads {
    young: HashMap<TrialNo, ChainHash>,
    old: HashMap<TrialNo, ChainHash>,
}

impl Heads {
    const GENERATION: usize = 1 << 15;

    /// The last hash of a trial, if it is remembered.
    pub(crate) fn get(&self, trial: TrialNo) -> Option<ChainHash> {
        self.young.get(&trial).or_else(|| self.old.get(&trial)).copied()
    }

    /// Takes in the last hash of a trial.
    pub(crate) fn put(&mut self, trial: TrialNo, head: ChainHash) {
        if self.young.len() >= Self::GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(trial, head);
    }
}
