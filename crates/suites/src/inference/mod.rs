//! What can be inferred from observations, whatever the suite: estimates with their intervals, and all that is made of them.
//!
//! A suite says which metrics it has and what each trial shows of them ([`crate::kit::Benchmark::observe`]). A metric is a
//! weighted sum of means of *parts*, so its error, a difference of two subjects, their ranks and the size of a study follow
//! from the observations alone.

mod estimate;
mod metric;
mod observations;
mod tables;

pub use estimate::{Estimate, estimate};
pub use metric::{Better, Group, Metric};
pub(crate) use observations::Gathering;
pub use observations::{Observations, Point, SubjectMark};
pub use tables::metric_table;
