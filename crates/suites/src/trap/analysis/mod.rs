//! What is made of the outcomes of a run: observations once, and every analysis a fold over them.

mod arms;
mod compare;
mod failure_direction;
mod format;
mod gap;
mod identity;
mod leaderboard;
mod observed;
mod overlap;
mod pairing;
mod series;
mod shares;
mod shift_table;
mod stability;
mod temperature;

pub use compare::{DEFAULT_MARGIN_PP, compare};
pub use failure_direction::failure_direction;
pub use format::format;
pub use gap::gap;
pub use identity::identity;
pub use leaderboard::leaderboard;
pub use observed::{CaseInfo, Observation, Observed, State};
pub use overlap::{Likeness, Place, Search, Training, TrainingError, likeness, overlap};
pub use stability::stability;
pub use temperature::temperature;
