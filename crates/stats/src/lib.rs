//! Statistics for small samples: numbers in, numbers out.
//!
//! This crate deliberately does not know what the numbers mean, where they come from or how they are shown. It has
//! no input or output, no clock, no environment, no threads; every random stream starts from a seed the caller
//! gives. A missing value is the caller's business: every function here takes complete data.

pub mod bootstrap;
pub mod corrected;
pub mod decimal;
pub mod describe;
pub mod interval;
pub mod proportion;
pub mod python_random;
pub mod student;

pub use bootstrap::{PercentileBootstrap, ResamplePlan};
pub use corrected::{ReplicateTable, price_bonett_t_interval};
pub use decimal::round_to_places;
pub use describe::{mean, median, sample_std_dev};
pub use interval::{Interval, Level};
pub use proportion::{wilson_interval, wilson_interval_at};
pub use python_random::PythonRandom;
pub use student::{published_t_interval, student_t_critical, t_interval};
