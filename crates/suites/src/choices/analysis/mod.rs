//! What is made of the outcomes of a run: observations once, and every table a fold over them.

mod cells;
mod completion;
mod contrasts;
mod endings;
mod figures;
mod leaderboard;
mod listing;
mod methods;
mod observe;
mod observed;
mod pairing;
mod rate;
mod readiness;
mod registry;
mod tasks;
mod variants;

pub(super) use figures::figures;
pub(super) use leaderboard::leaderboard;
pub(super) use observe::{METRICS, lens};
pub(super) use readiness::readiness;
pub(super) use registry::{analyse, analyses};
