//! The difference of a metric between two subjects over the same trials, with its interval.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::{EstimateError, Interval, Level};

use super::estimate::part_weights;
use super::spread::{Influence, Influences};
use super::{Metric, Pair, Point, Spread};

/// What is known of the difference of a metric, in points: the second subject less the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The metric of the first over the pairs with both values; none if a group of it has no such pair.
    pub a: Option<f64>,
    /// The metric of the second over the same pairs.
    pub b: Option<f64>,
    /// The second less the first.
    pub value: Option<f64>,
    /// Where the difference over all pairs must lie, whatever the missing values are.
    pub bounds: Interval,
    /// The spread of the pairs.
    pub spread: Spread,
    /// Parts that a single pair tells of: their spread is taken for the largest that there can be.
    pub lone_parts: Vec<&'static str>,
    /// The interval: sampling error by clusters, each side widened as far as missing values could move the difference.
    /// Without width where there is no spread; none where the spread is not known.
    pub interval: Option<Interval>,
    /// Pairs with both values.
    pub n: u64,
    /// Pairs that lack a value on one side or on both.
    pub missing: u64,
    /// Clusters with pairs.
    pub clusters: u64,
    /// Of the pairs with both values, those that differ.
    pub differing: u64,
    /// Two-sided p-value against no difference, at that difference within `bounds` that is nearest to none.
    pub p_value: Option<f64>,
    /// p-value of two one-sided tests against the margin, over all of `bounds`; none where there is no spread.
    pub equivalence_p: Option<f64>,
    /// The smallest difference that would be found with a power of 80 %, given the spread.
    pub detectable: Option<f64>,
}

impl Difference {
    /// The clustered standard error, in points; none where there is no spread or it is not known.
    pub fn standard_error(&self) -> Option<f64> {
        self.error().map(EstimateError::standard_error)
    }

    /// The degrees of freedom that the standard error is known with.
    pub fn degrees_of_freedom(&self) -> Option<f64> {
        self.error().map(EstimateError::degrees_of_freedom)
    }

    fn error(&self) -> Option<EstimateError> {
        match self.spread {
            Spread::Known(error) => Some(error),
            Spread::None | Spread::Unknown => None,
        }
    }
}

/// The power that [`Difference::detectable`] is for.
pub const POWER: f64 = 0.8;

/// The pairs of a part, summed up.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    a: f64,
    b: f64,
    n: u64,
    /// The sums over pairs that lack a value, if each were the least and the most that it can be.
    least: f64,
    most: f64,
    missing: u64,
}

impl Sums {
    fn add(&mut self, pair: &Pair) {
        if let Some((a, b)) = pair.values() {
            self.a += a;
            self.b += b;
            self.n += 1;
            return;
        }
        self.missing += 1;
        self.least += pair.b.unwrap_or(0.0) - pair.a.unwrap_or(1.0);
        self.most += pair.b.unwrap_or(1.0) - pair.a.unwrap_or(0.0);
    }

    fn mean_difference(self) -> f64 {
        (self.b - self.a) / self.n as f64
    }

    /// The mean difference over all pairs if those that lack a value differ by this in all.
    fn with_missing(self, missing: f64) -> f64 {
        (self.b - self.a + missing) / (self.n + self.missing) as f64
    }
}

/// The difference of a metric over these pairs; `margin` in points.
///
/// The standard error is the cluster-robust one of a weighted sum of mean differences, by strata of parts: see
/// `Influences::variance`. Missing values are bounded by the worst and the best (Horowitz and Manski 2000).
pub fn difference(metric: &Metric, pairs: &[Pair], level: Level, margin: f64) -> Difference {
    let weights = pair_weights(metric, pairs);
    let of_metric = || pairs.iter().filter(|pair| weights.contains_key(pair.part));
    let mut parts: BTreeMap<&str, Sums> = BTreeMap::new();
    for pair in of_metric() {
        parts.entry(pair.part).or_default().add(pair);
    }
    let whole = |pair: &&Pair| pair.values().is_some();
    let mut known = Difference {
        a: None,
        b: None,
        value: None,
        bounds: bounds(metric, &weights, &parts),
        spread: Spread::Unknown,
        lone_parts: Vec::new(),
        interval: None,
        n: parts.values().map(|sums| sums.n).sum(),
        missing: parts.values().map(|sums| sums.missing).sum(),
        clusters: of_metric().filter(whole).map(|pair| pair.cluster).collect::<BTreeSet<_>>().len() as u64,
        differing: of_metric().filter(|pair| pair.values().is_some_and(|(a, b)| differ(a, b))).count() as u64,
        p_value: None,
        equivalence_p: None,
        detectable: None,
    };
    let occurs = |group: &super::Group| group.parts.iter().any(|part| weights.contains_key(part));
    if !metric.groups.iter().all(occurs) || parts.values().any(|sums| sums.n == 0) {
        return known;
    }
    let sum =
        |of: fn(&Sums) -> f64| weights.iter().map(|(part, weight)| weight * of(&parts[part])).sum::<f64>();
    let value = sum(|sums| sums.mean_difference());
    known.a = Some(metric.offset + sum(|sums| sums.a / sums.n as f64));
    known.b = Some(metric.offset + sum(|sums| sums.b / sums.n as f64));
    known.value = Some(value);
    let influences = of_metric().filter_map(|pair| {
        let ((a, b), sums) = (pair.values()?, &parts[pair.part]);
        let points = weights[pair.part] * (b - a - sums.mean_difference()) / sums.n as f64;
        Some(Influence {
            part: pair.part,
            cluster: pair.cluster,
            case: pair.case,
            repeat: pair.repeat,
            points,
        })
    });
    let influences = Influences::of(influences);
    known.lone_parts = influences.lone().collect();
    // A difference from -1 to 1 has at most a standard deviation of 1 (Popoviciu 1935).
    known.spread = influences.variance(|part| weights[part]).spread();
    let Interval { low, high } =
        Interval { low: known.bounds.low.min(value), high: known.bounds.high.max(value) };
    let range = metric.most() - metric.least();
    // Of all differences that the missing values leave open, the one that says least.
    let nearest = if low > 0.0 { low } else { high.min(0.0) };
    match known.spread {
        Spread::Known(error) => {
            let reach = error.reach(level);
            known.interval = Some(Interval { low: low - reach, high: high + reach }.clamped(-range, range));
            known.p_value = Some(error.p_value(nearest));
            known.equivalence_p = Some(error.equivalence_p_value(low, high, margin));
            known.detectable = error.detectable(level, POWER);
        }
        Spread::None => {
            known.interval = Some(Interval { low, high });
            // All clusters to the same side: the sign test.
            let by_sign = (2.0 * 0.5_f64.powf(known.clusters as f64)).min(1.0);
            known.p_value = Some(if nearest.abs() < 1e-9 { 1.0 } else { by_sign });
        }
        Spread::Unknown => {}
    }
    known
}

/// Whether two values of a part are not the same.
pub(super) fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 1e-9
}

/// What the mean of each part that occurs in a pair is multiplied by.
pub(super) fn pair_weights(metric: &Metric, pairs: &[Pair]) -> BTreeMap<&'static str, f64> {
    let points: Vec<Point> = pairs
        .iter()
        .map(|pair| pair.part)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|part| Point { subject: 0, case: 0, cluster: 0, repeat: 1, part, value: None })
        .collect();
    part_weights(metric, &points)
}

fn bounds(metric: &Metric, weights: &BTreeMap<&'static str, f64>, parts: &BTreeMap<&str, Sums>) -> Interval {
    let mut bounds = Interval { low: 0.0, high: 0.0 };
    for group in metric.groups {
        if !group.parts.iter().any(|part| weights.contains_key(part)) {
            bounds.low -= group.weight.abs();
            bounds.high += group.weight.abs();
        }
    }
    for (part, weight) in weights {
        let sums = parts[part];
        let ends = [weight * sums.with_missing(sums.least), weight * sums.with_missing(sums.most)];
        bounds.low += ends[0].min(ends[1]);
        bounds.high += ends[0].max(ends[1]);
    }
    bounds
}

#[cfg(test)]
mod tests;
