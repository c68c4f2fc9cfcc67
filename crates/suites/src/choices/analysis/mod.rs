//! What is told of a run.

mod leaderboard;
mod readiness;

pub(super) use leaderboard::leaderboard;
pub(super) use readiness::readiness;
