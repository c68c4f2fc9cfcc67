//! What is made of the outcomes of a run: observations once, and every analysis a fold over them.

mod estimate;
mod group;
mod leaderboard;
mod metrics;
mod metrics_tables;
mod observed;
mod registry;

pub use estimate::Estimate;
pub use group::Group;
pub use leaderboard::leaderboard;
pub use metrics::{EARNED, Metric, Metrics, Sizes};
pub use metrics_tables::metrics_tables;
pub use observed::{CaseInfo, Observation, Observed, State};
pub use registry::{analyse, analyses};
