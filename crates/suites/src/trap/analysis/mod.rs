//! What is made of the outcomes of a run: observations once, and every analysis a fold over them.

mod arms;
mod compare;
mod estimate;
mod failure_direction;
mod format;
mod gap;
mod group;
mod identity;
mod leaderboard;
mod metrics;
mod metrics_tables;
mod observed;
mod overlap;
mod pairing;
mod registry;
mod series;
mod shares;
mod shift_table;
mod stability;
mod temperature;

pub use compare::compare;
pub use estimate::Estimate;
pub use failure_direction::failure_direction;
pub use format::format;
pub use gap::gap;
pub use group::Group;
pub use identity::identity;
pub use leaderboard::leaderboard;
pub use metrics::{EARNED, Metric, Metrics, Sizes};
pub use metrics_tables::metrics_tables;
pub use observed::{CaseInfo, Observation, Observed, State};
pub use overlap::{Likeness, Place, Search, Training, TrainingError, likeness, overlap};
pub use registry::{analyse, analyses};
pub use stability::stability;
pub use temperature::temperature;
