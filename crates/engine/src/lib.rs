//! Executes trials: asks what their suites need, records what comes back, and stops and resumes without loss.
//!
//! Knows no suite, provider, store or sandbox by name; it meets them through the ports of core. It never prints:
//! what happens is told to an [`Observer`].

mod bucket;
mod budget;
mod call;
mod lane;
mod memory;
mod observe;
mod regrade;
mod rescore;
mod retry;
mod run;
mod stop;
mod trial;
mod world;

pub use budget::{Budget, Caps, Spent};
pub use lane::{Lane, LaneLimits, LaneReport, Pass};
pub use memory::MemoryLog;
pub use observe::{Notice, Observer, Silent};
pub use regrade::{Regrading, can_be_graded_again};
pub use rescore::{Rescored, rescore};
pub use retry::{Empties, RetryPolicy};
pub use run::{Begun, EngineError, Job, Tally, execute};
pub use stop::{Stop, StopHandle, StopLevel};
pub use world::{Cache, Limits, Respondent, TokioClock, World};
