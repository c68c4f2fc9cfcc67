//! What is made of the outcomes of a run: observations once, and every analysis a fold over them.

mod leaderboard;
mod observed;

pub use leaderboard::leaderboard;
pub use observed::{CaseInfo, Observation, Observed, State};
