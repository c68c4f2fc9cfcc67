//! Sums over runs, so that a schedule under which nothing happens cannot pass for one that was withstood.

use std::ops::AddAssign;

/// What was seen in runs.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) runs: u64,
    /// How often a run was begun or gone on with.
    pub(crate) executions: u64,
    pub(crate) trials: u64,
    pub(crate) unscored: u64,
    pub(crate) calls: u64,
    pub(crate) faults: u64,
    /// Calls that were charged without the client being told.
    pub(crate) untold: u64,
}

impl AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.executions += other.executions;
        self.trials += other.trials;
        self.unscored += other.unscored;
        self.calls += other.calls;
        self.faults += other.faults;
        self.untold += other.untold;
    }
}
