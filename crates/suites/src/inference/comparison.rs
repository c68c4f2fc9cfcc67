//! Two subjects compared by the metrics of a suite: what differs, by how much, and what can be said of it.

use std::collections::{BTreeMap, BTreeSet};

use unbent_core::CaseId;
use unbent_stats::{Level, McNemar, PairedCounts, holm, mcnemar_exact};

use super::difference::{differ, pair_weights};
use super::{Difference, Metric, Pair, Pairing, Spread, difference};

/// Two subjects, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// By metric, in the order given.
    pub metrics: Vec<MetricComparison>,
    /// The difference within which the two count as equal, in points.
    pub margin: f64,
}

/// Two subjects, compared by a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricComparison {
    /// The metric.
    pub metric: Metric,
    /// The second less the first.
    pub difference: Difference,
    /// The p-value of the difference, adjusted over all metrics that have one (Holm).
    pub adjusted_p: Option<f64>,
    /// The exact test on the pairs, where all values are 0 or 1 and each trial counts once. Takes pairs for independent.
    pub mcnemar: Option<McNemar>,
    /// How large the difference is.
    pub effect: Option<Effect>,
    /// What can be said.
    pub verdict: Verdict,
}

/// How large a difference is, in a unit that does not depend on the metric's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Cohen's h of two shares: the difference of their arcsines.
    H(f64),
    /// Cohen's d_z: the mean difference over the deviation of the differences of what is drawn.
    Dz(f64),
}

impl Effect {
    /// The number.
    pub fn value(self) -> f64 {
        match self {
            Self::H(value) | Self::Dz(value) => value,
        }
    }

    /// What it is.
    pub fn name(self) -> &'static str {
        match self {
            Self::H(_) => "h",
            Self::Dz(_) => "d_z",
        }
    }
}

/// One of two subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The first.
    A,
    /// The second.
    B,
}

impl Which {
    /// Its letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// What can be said of two subjects by a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One is better: the adjusted p-value is at most 0.05.
    Better(Which),
    /// One is better, and by less than the margin.
    BetterWithinMargin(Which),
    /// They are within the margin of each other: both one-sided tests at 0.05.
    Equivalent,
    /// No pair differs, and none is missing.
    Identical,
    /// Neither.
    Undecided,
    /// The metric has no value, or the spread of the pairs is not known.
    Unknown,
}

/// The chance of a false alarm that verdicts are given with.
const ALPHA: f64 = 0.05;

/// Compares two subjects by these metrics over their pairs; `margin` in points.
pub fn compare(metrics: &[Metric], pairing: &Pairing, margin: f64) -> Comparison {
    let mut compared: Vec<_> = metrics.iter().map(|metric| one(metric, pairing, margin)).collect();
    let known: Vec<usize> =
        (0..compared.len()).filter(|n| compared[*n].difference.p_value.is_some()).collect();
    let p_values: Vec<f64> = known.iter().filter_map(|n| compared[*n].difference.p_value).collect();
    // A p-value that is none, if rounding could make one, leaves all without.
    for (n, adjusted) in known.into_iter().zip(holm(&p_values).unwrap_or_default()) {
        compared[n].adjusted_p = Some(adjusted);
    }
    for comparison in &mut compared {
        comparison.verdict = verdict(comparison);
    }
    Comparison { metrics: compared, margin }
}

fn one(metric: &Metric, pairing: &Pairing, margin: f64) -> MetricComparison {
    let difference = difference(metric, &pairing.pairs, Level::P95, margin);
    let counts = binary_counts(metric, pairing);
    let effect = match (counts, difference.a.zip(difference.b)) {
        (Some(_), Some((a, b))) if is_share(metric) => Some(Effect::H(arc(b) - arc(a))),
        _ => match (difference.spread, difference.value) {
            (Spread::Known(error), Some(value)) => {
                let deviation = error.standard_error() * (difference.clusters as f64).sqrt();
                Some(Effect::Dz(value / deviation))
            }
            _ => None,
        },
    };
    MetricComparison {
        metric: *metric,
        difference,
        adjusted_p: None,
        mcnemar: counts.map(mcnemar_exact),
        effect,
        verdict: Verdict::Unknown,
    }
}

/// Whether the metric is the share of one part, in percent.
fn is_share(metric: &Metric) -> bool {
    let [group] = metric.groups else { return false };
    group.parts.len() == 1 && metric.offset == 0.0 && (group.weight - 100.0).abs() < 1e-9
}

/// Twice the arcsine of the root of a share in percent (Cohen 1988, section 6.2).
fn arc(percent: f64) -> f64 {
    2.0 * (percent / 100.0).clamp(0.0, 1.0).sqrt().asin()
}

/// The pairs by outcome, if all values are 0 or 1 and each trial counts once, with no part that counts against another.
fn binary_counts(metric: &Metric, pairing: &Pairing) -> Option<PairedCounts> {
    let weights = pair_weights(metric, &pairing.pairs);
    let rising = weights.values().all(|weight| *weight > 0.0);
    let pairs = || pairing.pairs.iter().filter(|pair| weights.contains_key(pair.part));
    let mut trials = BTreeSet::new();
    let is_once = pairs().all(|pair| trials.insert((pair.case, pair.repeat)));
    let is_end = |value: f64| !differ(value, 0.0) || !differ(value, 1.0);
    let is_binary = pairs().all(|pair| [pair.a, pair.b].into_iter().flatten().all(is_end));
    let outcomes = || pairs().filter_map(Pair::values).map(|(a, b)| (a > 0.5, b > 0.5));
    let counts = PairedCounts::count(outcomes());
    (rising && is_once && is_binary && counts.total() > 0).then_some(counts)
}

fn verdict(comparison: &MetricComparison) -> Verdict {
    let difference = &comparison.difference;
    let Some((value, p_value)) = difference.value.zip(comparison.adjusted_p) else { return Verdict::Unknown };
    if difference.differing == 0 && difference.missing == 0 {
        return Verdict::Identical;
    }
    let is_equivalent = difference.equivalence_p.is_some_and(|p_value| p_value <= ALPHA);
    let better = if comparison.metric.gain(0.0, value) > 0.0 { Which::B } else { Which::A };
    match (p_value <= ALPHA, is_equivalent) {
        (true, true) => Verdict::BetterWithinMargin(better),
        (true, false) => Verdict::Better(better),
        (false, true) => Verdict::Equivalent,
        (false, false) => Verdict::Undecided,
    }
}

/// What changed of a metric from the first to the second, trial by trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flips {
    /// Pairs whose second value is the better one.
    pub improved: u64,
    /// Pairs whose second value is the worse one.
    pub worsened: u64,
    /// Pairs with equal values.
    pub same: u64,
    /// The changes by at least half of the scale, those that move the metric most first.
    pub flips: Vec<Flip>,
}

/// A value that changed by at least half of the scale: for one that is 0 or 1, any change.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The case.
    pub case: CaseId,
    /// The repeat, from 1.
    pub repeat: u32,
    /// The part.
    pub part: &'static str,
    /// The value of the first, from 0 to 1.
    pub a: f64,
    /// The value of the second, from 0 to 1.
    pub b: f64,
    /// What it moves the metric by, in points; below 0 if it makes it worse.
    pub gain: f64,
}

impl Flips {
    /// The changes of a metric over these pairs.
    pub fn of(metric: &Metric, pairing: &Pairing) -> Self {
        let weights = pair_weights(metric, &pairing.pairs);
        let mut found = Self::default();
        let n = |part: &str| {
            pairing.pairs.iter().filter(|pair| pair.part == part && pair.values().is_some()).count() as f64
        };
        let each: BTreeMap<&str, f64> =
            weights.iter().map(|(part, weight)| (*part, weight / n(part))).collect();
        for pair in &pairing.pairs {
            let Some((weight, (a, b))) = each.get(pair.part).zip(pair.values()) else { continue };
            let gain = metric.gain(0.0, weight * (b - a));
            if !differ(a, b) {
                found.same += 1;
                continue;
            }
            if gain > 0.0 {
                found.improved += 1;
            } else {
                found.worsened += 1;
            }
            if (b - a).abs() >= 0.5 - 1e-9 {
                let case = pairing.cases[pair.case as usize].clone();
                found.flips.push(Flip { case, repeat: pair.repeat, part: pair.part, a, b, gain });
            }
        }
        // Pairs are in the order of cases and repeats, and sorting is stable.
        found.flips.sort_by(|one, other| other.gain.abs().total_cmp(&one.gain.abs()));
        found
    }
}

#[cfg(test)]
mod tests;
