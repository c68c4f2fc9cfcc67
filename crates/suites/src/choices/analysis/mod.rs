//! What is told of a run.

mod leaderboard;

pub(super) use leaderboard::leaderboard;
