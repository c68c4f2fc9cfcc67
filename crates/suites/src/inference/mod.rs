//! What can be inferred from observations, whatever the suite: estimates with their intervals, and all that is made of them.
//!
//! A suite says which metrics it has and what each trial shows of them ([`crate::kit::Benchmark::lens`]). A metric is a
//! weighted sum of means of *parts*, so its error, a difference of two subjects, their ranks and the size of a study follow
//! from the observations alone.

mod analyses;
mod calibration;
mod comparison;
mod difference;
mod difficulty;
mod estimate;
mod expectation;
pub mod figures;
mod gate;
pub mod judging;
mod leaning;
mod lens;
mod metric;
mod observations;
mod pairing;
mod pilot;
mod providers;
mod ranks;
mod spread;
mod standing;
pub mod study;
mod tables;
mod tally;
#[cfg(test)]
mod test_rows;
mod value;

pub use analyses::{SHARED_ANALYSES, share_analysis};
pub use calibration::{Against, Calibration, Replication};
pub use comparison::{Comparison, Effect, Flip, Flips, MetricComparison, Verdict, Which, compare};
pub use difference::{Difference, POWER, difference};
pub use estimate::{Estimate, estimate};
pub use expectation::{Course, ExpectationError, JudgeChance, expectation};
pub use gate::{
    Asked, Claim, Evidence, Gate, GateError, GateResult, Leaf, LeafResult, Quantity, Relation, Ruling,
};
pub use leaning::Sampled;
pub use lens::{Lens, Seen};
pub use metric::{Better, Group, Metric};
pub use observations::{Gathering, Observations, Point, SubjectMark};
pub use pairing::{Pair, Pairing, Side, Unmatched, pair};
pub use pilot::{Pilot, PilotError};
pub use ranks::tell_ranks;
pub use spread::Spread;
pub use standing::{Compared, Standings};
pub use study::{Study, Typical};
pub use tables::metric_table;
pub use tally::{Tallied, Tally};
