//! Whether a gate holds.

use std::collections::BTreeMap;
use std::slice::Iter;

use unbent_report::{fixed, thousands, usd};
use unbent_stats::{Interval, Level};

use super::{Asked, Claim, Gate, Leaf, Quantity, Relation};
use crate::inference::{Better, Estimate, Metric, Pairing, Side, SubjectMark, difference, estimate};

/// What a gate is decided by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e> {
    /// The subject.
    pub side: Side<'e>,
    /// The trials of each baseline matched with those of the subject, the baseline first, or why there are none; by what
    /// the gate calls it, none for the one that the subject is compared with anyway.
    pub baselines: &'e BTreeMap<Option<String>, Result<Pairing, String>>,
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// That cannot be said.
    Undecided,
}

/// What came of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateResult {
    /// Whether it holds.
    pub ruling: Ruling,
    /// What came of its leaves, in the order in which they are written.
    pub leaves: Vec<LeafResult>,
}

/// What came of a leaf.
#[derive(Debug, Clone, PartialEq)]
pub struct LeafResult {
    /// As it was written.
    pub text: String,
    /// Whether it holds.
    pub ruling: Ruling,
    /// What is asked about: the quantity, or by how much the subject is better.
    pub value: Option<f64>,
    /// The interval of it, where it has one.
    pub interval: Option<Interval>,
    /// Values or pairs that it rests on.
    pub n: Option<u64>,
    /// Those that are missing.
    pub missing: Option<u64>,
    /// Why it holds, fails or cannot be decided, for people.
    pub why: String,
}

impl Ruling {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Undecided => "undecided",
        }
    }

    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    fn negated(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::Undecided => Self::Undecided,
        }
    }
}

impl Gate {
    /// Whether the gate holds.
    pub fn evaluate(&self, evidence: Evidence<'_>) -> GateResult {
        let leaves: Vec<LeafResult> = self.leaves().into_iter().map(|leaf| evidence.leaf(leaf)).collect();
        let ruling = self.ruling(&mut leaves.iter());
        GateResult { ruling, leaves }
    }

    /// Kleene's logic over the rulings of its leaves.
    fn ruling(&self, leaves: &mut Iter<'_, LeafResult>) -> Ruling {
        match self {
            Self::Leaf(_) => leaves.next().map_or(Ruling::Undecided, |leaf| leaf.ruling),
            Self::Not(gate) => gate.ruling(leaves).negated(),
            Self::And(gates) => joined(gates, leaves, Ruling::Fails),
            Self::Or(gates) => joined(gates, leaves, Ruling::Holds),
        }
    }
}

/// The ruling of several of which one that is `decisive` decides.
fn joined(gates: &[Gate], leaves: &mut Iter<'_, LeafResult>, decisive: Ruling) -> Ruling {
    // Every leaf is taken, so that each gate finds its own.
    let rulings: Vec<Ruling> = gates.iter().map(|gate| gate.ruling(leaves)).collect();
    match () {
        () if rulings.contains(&decisive) => decisive,
        () if rulings.contains(&Ruling::Undecided) => Ruling::Undecided,
        () => decisive.negated(),
    }
}

impl Evidence<'_> {
    fn leaf(&self, leaf: &Leaf) -> LeafResult {
        let found = match &leaf.asked {
            Asked::Value { quantity, relation, bound } => self.value(*quantity, *relation, *bound),
            Asked::Against { metric, claim, baseline, by } => {
                self.against(metric, *claim, baseline.as_ref(), *by)
            }
        };
        LeafResult {
            text: leaf.text.clone(),
            ruling: found.ruling,
            value: found.value,
            interval: found.interval,
            n: found.n,
            missing: found.missing,
            why: found.why,
        }
    }

    fn estimate(&self, metric: &Metric) -> Estimate {
        let points = || {
            self.side.observations.points.iter().filter(|point| point.subject as usize == self.side.subject)
        };
        estimate(metric, &points().copied().collect::<Vec<_>>(), Level::P95)
    }

    fn value(&self, quantity: Quantity, relation: Relation, bound: f64) -> Found {
        let unmarked = SubjectMark::default();
        let mark = self.side.observations.marks.get(self.side.subject).unwrap_or(&unmarked);
        let count = |n: u64| Found::plain(n as f64, thousands(n), relation, bound);
        let share = |part: u64, whole: u64, of: &str| {
            if whole == 0 {
                return Found::undecided(format!("there is no trial to take a share of: none is {of}"));
            }
            let percent = 100.0 * part as f64 / whole as f64;
            let told = format!("{} % ({} of {})", fixed(percent, 2), thousands(part), thousands(whole));
            Found::plain(percent, told, relation, bound)
        };
        match quantity {
            Quantity::Metric(metric) => Found::of_metric(&metric, &self.estimate(&metric), relation, bound),
            Quantity::Low(metric) => {
                Found::of_end(&metric, &self.estimate(&metric), |interval| interval.low, relation, bound)
            }
            Quantity::High(metric) => {
                Found::of_end(&metric, &self.estimate(&metric), |interval| interval.high, relation, bound)
            }
            Quantity::Values(metric) => count(self.estimate(&metric).n),
            Quantity::Missing(metric) => count(self.estimate(&metric).missing),
            Quantity::MissingShare(metric) => {
                let estimate = self.estimate(&metric);
                share(estimate.missing, estimate.n + estimate.missing, "planned")
            }
            Quantity::Scored => count(mark.scored),
            Quantity::Unscored => count(mark.unscored),
            Quantity::UnscoredShare => share(mark.unscored, mark.scored + mark.unscored, "ended"),
            Quantity::Unfinished => count(mark.unfinished),
            Quantity::UnfinishedShare => {
                share(mark.unfinished, mark.scored + mark.unscored + mark.unfinished, "planned")
            }
            Quantity::Cost => match mark.cost_usd {
                Some(cost) => Found::plain(cost, usd(cost), relation, bound),
                None => Found::undecided("what it cost is not known".to_owned()),
            },
        }
    }

    fn against(&self, metric: &Metric, claim: Claim, baseline: Option<&String>, by: f64) -> Found {
        let pairing = match self.baselines.get(&baseline.cloned()) {
            Some(Ok(pairing)) => pairing,
            Some(Err(why)) => return Found::undecided(why.clone()),
            None => return Found::undecided("there is nobody to compare it with".to_owned()),
        };
        let margin = if by > 0.0 { by } else { 1.0 };
        let difference = difference(metric, &pairing.pairs, Level::P95, margin);
        let counted =
            |found: Found| Found { n: Some(difference.n), missing: Some(difference.missing), ..found };
        let Some(value) = difference.value else {
            return counted(Found::undecided(format!(
                "{}: too few pairs have a value on both sides",
                metric.name
            )));
        };
        let gain = metric.gain(0.0, value);
        let Some(interval) = difference.interval else {
            let why = format!(
                "{}: a part of it has a single pair, which shows no spread and gives no interval",
                metric.name
            );
            return counted(Found { value: Some(gain), ..Found::undecided(why) });
        };
        let interval = match metric.better {
            Better::Higher => interval,
            Better::Lower => Interval { low: -interval.high, high: -interval.low },
        };
        let (ruling, wanted) = match claim {
            Claim::NotWorse => (Ruling::of(interval.low > -by), -by),
            Claim::Better => (Ruling::of(interval.low > by), by),
        };
        let is = if ruling == Ruling::Holds { "is" } else { "is not" };
        let why = format!(
            "{} is better by {} ({} to {}) in {} pairs: the lower end {is} above {wanted}",
            metric.name,
            fixed(gain, 1),
            fixed(interval.low, 1),
            fixed(interval.high, 1),
            thousands(difference.n),
        );
        counted(Found { ruling, value: Some(gain), interval: Some(interval), why, n: None, missing: None })
    }
}

/// What came of what a leaf asks.
struct Found {
    ruling: Ruling,
    value: Option<f64>,
    interval: Option<Interval>,
    n: Option<u64>,
    missing: Option<u64>,
    why: String,
}

impl Found {
    fn undecided(why: String) -> Self {
        Self { ruling: Ruling::Undecided, value: None, interval: None, n: None, missing: None, why }
    }

    fn plain(value: f64, told: String, relation: Relation, bound: f64) -> Self {
        let ruling = Ruling::of(relation.holds(value, bound));
        Self { ruling, value: Some(value), ..Self::undecided(told) }
    }

    /// Decided if it would be the same whatever the missing values are.
    fn of_metric(metric: &Metric, known: &Estimate, relation: Relation, bound: f64) -> Self {
        let Some(value) = known.value else {
            return Self::undecided(format!("{} has no value: nothing that it needs is scored", metric.name))
                .counted(known);
        };
        let rulings = [known.bounds.low, value, known.bounds.high].map(|value| relation.holds(value, bound));
        let mut why = fixed(value, 1);
        let ruling = if rulings == [rulings[0]; 3] {
            Ruling::of(rulings[0])
        } else {
            why.push_str(&format!(
                ", and {} values are missing, with which it may be {} to {}",
                thousands(known.missing),
                fixed(known.bounds.low, 1),
                fixed(known.bounds.high, 1)
            ));
            Ruling::Undecided
        };
        Self { ruling, value: Some(value), interval: known.interval, ..Self::undecided(why) }.counted(known)
    }

    fn of_end(
        metric: &Metric,
        known: &Estimate,
        end: fn(Interval) -> f64,
        relation: Relation,
        bound: f64,
    ) -> Self {
        let Some(interval) = known.interval else {
            let why = format!(
                "{} has no interval: that takes values of two clusters of cases, and there are {}",
                metric.name, known.clusters
            );
            return Self { value: known.value, ..Self::undecided(why) }.counted(known);
        };
        let ruling = Ruling::of(relation.holds(end(interval), bound));
        let why = format!(
            "{} ({} to {})",
            fixed(known.value.unwrap_or_default(), 1),
            fixed(interval.low, 1),
            fixed(interval.high, 1)
        );
        Self { ruling, value: known.value, interval: Some(interval), ..Self::undecided(why) }.counted(known)
    }

    fn counted(self, known: &Estimate) -> Self {
        Self { n: Some(known.n), missing: Some(known.missing), ..self }
    }
}
