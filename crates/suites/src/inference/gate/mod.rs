//! Gates: conditions on a subject, as `index >= 90 and not worse than baseline.unbent by 2`.
//!
//! A gate is made of leaves by `and`, `or`, `not` and parentheses. A leaf holds, fails, or cannot be decided; what follows
//! from that for the whole is Kleene's logic, so that a gate is decided where what is not known does not matter. Knows no
//! file: whoever evaluates a gate says what its baselines are.

mod evaluate;
mod parse;

pub use evaluate::{Evidence, GateResult, LeafResult, Ruling};
pub use parse::GateError;

use super::Metric;

/// A condition on a subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// One that is not made of others.
    Leaf(Leaf),
    /// One that holds where the other fails.
    Not(Box<Gate>),
    /// One that holds where all hold.
    And(Vec<Gate>),
    /// One that holds where any holds.
    Or(Vec<Gate>),
}

/// A condition that is not made of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// As it was written.
    pub text: String,
    /// What it asks.
    pub asked: Asked,
}

/// What a leaf asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// How a quantity compares with a number.
    Value {
        /// The quantity.
        quantity: Quantity,
        /// How it is to compare.
        relation: Relation,
        /// With what.
        bound: f64,
    },
    /// How the subject compares with another over the same trials.
    Against {
        /// By what.
        metric: Metric,
        /// What is to be shown.
        claim: Claim,
        /// The other, as it was written; none for the one that it is compared with anyway.
        baseline: Option<String>,
        /// The margin, in points.
        by: f64,
    },
}

/// Something that is known of a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// The value of a metric, in points.
    Metric(Metric),
    /// The lower end of its 95 % interval.
    Low(Metric),
    /// The upper end of its 95 % interval.
    High(Metric),
    /// Values of this metric that count.
    Values(Metric),
    /// Values of this metric that are missing.
    Missing(Metric),
    /// The same, in percent of all.
    MissingShare(Metric),
    /// Trials with scores.
    Scored,
    /// Trials that ended without.
    Unscored,
    /// The same, in percent of those that ended.
    UnscoredShare,
    /// Trials that have not ended.
    Unfinished,
    /// The same, in percent of all.
    UnfinishedShare,
    /// What was paid, in dollars.
    Cost,
}

/// How a quantity is to compare with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// At least.
    AtLeast,
    /// More than.
    Above,
    /// At most.
    AtMost,
    /// Less than.
    Below,
}

/// What is to be shown of two subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// That the subject is worse by less than the margin, if at all (non-inferiority).
    NotWorse,
    /// That the subject is better by more than the margin.
    Better,
}

impl Relation {
    /// Whether it holds.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::Above => value > bound,
            Self::AtMost => value <= bound,
            Self::Below => value < bound,
        }
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        }
    }
}

impl Gate {
    /// Its leaves, in the order in which they are written.
    pub fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::Leaf(leaf) => vec![leaf],
            Self::Not(gate) => gate.leaves(),
            Self::And(gates) | Self::Or(gates) => gates.iter().flat_map(Gate::leaves).collect(),
        }
    }

    /// Whom it compares the subject with, each once; none stands for the one that it is compared with anyway.
    pub fn baselines(&self) -> Vec<Option<&str>> {
        let mut baselines = Vec::new();
        for leaf in self.leaves() {
            if let Asked::Against { baseline, .. } = &leaf.asked
                && !baselines.contains(&baseline.as_deref())
            {
                baselines.push(baseline.as_deref());
            }
        }
        baselines
    }
}
