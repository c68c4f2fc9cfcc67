//! What is made of the outcomes of a run: observations once, and every analysis a fold over them.

mod agreement;
mod cells;
mod coverage;
mod decided;
mod estimate;
mod families;
mod group;
mod languages;
mod leaderboard;
mod metrics;
mod metrics_tables;
mod observed;
mod registry;
mod taxonomy;

pub use agreement::agreement;
pub use coverage::coverage;
pub use estimate::{Estimate, VerdictShare};
pub use families::families;
pub use group::Group;
pub use languages::languages;
pub use leaderboard::leaderboard;
pub use metrics::{EARNED, Metric, Metrics, Sizes};
pub use metrics_tables::metrics_tables;
pub use observed::{CaseInfo, Observation, Observed, State};
pub use registry::{analyse, analyses};
pub use taxonomy::taxonomy;
