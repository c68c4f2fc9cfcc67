//! The value of a metric with its interval.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::{Interval, Level, student_t_critical};

use super::spread::{Influence, Influences, Unit};
use super::{Metric, Point};

/// What is known of a metric of one subject, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value; none if a group of the metric has no part with a value.
    pub value: Option<f64>,
    /// The interval: sampling error by clusters, each side widened as far as missing values could move the metric. None
    /// for fewer than two values.
    pub interval: Option<Interval>,
    /// The clustered standard error.
    pub standard_error: Option<f64>,
    /// Where the value must lie, whatever the missing ones are.
    pub bounds: Interval,
    /// Values that count.
    pub n: u64,
    /// Values that are missing.
    pub missing: u64,
    /// Clusters with values.
    pub clusters: u64,
}

/// Points summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) sum: f64,
    pub(super) squares: f64,
    pub(super) n: u64,
    pub(super) missing: u64,
}

impl Sums {
    /// Takes in one more.
    pub(super) fn add(&mut self, value: Option<f64>) {
        match value {
            Some(value) => {
                self.sum += value;
                self.squares += value * value;
                self.n += 1;
            }
            None => self.missing += 1,
        }
    }

    /// Takes in those of another.
    pub(super) fn absorb(&mut self, other: Self) {
        self.sum += other.sum;
        self.squares += other.squares;
        self.n += other.n;
        self.missing += other.missing;
    }

    /// The mean of the values that are there.
    pub(super) fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }

    /// The variance of the mean with its degrees of freedom; none for fewer than two values.
    pub(super) fn variance_of_mean(self) -> Option<(f64, f64)> {
        let (n, degrees) = (self.n as f64, self.n as f64 - 1.0);
        (self.n > 1).then(|| ((self.squares - self.sum * self.sum / n).max(0.0) / degrees / n, degrees))
    }

    /// The mean if every missing value were this.
    fn with_missing(self, value: f64) -> f64 {
        (self.sum + self.missing as f64 * value) / (self.n + self.missing) as f64
    }
}

/// The value of a metric over these points of one subject.
///
/// The standard error is the cluster-robust (sandwich) one of a weighted sum of means (Miller 2024, arXiv 2411.00640, section
/// 2.2), by strata of parts: see `Influences::variance`. Where fewer than ten clusters of a part have a value above 0, or
/// below 1, and not all of them lie between, their spread is hardly seen; then the interval is that after adding `2 / k` of
/// a cluster at either end of such a part, of `k` parts (Price and Bonett 2004; for one part Agresti and Coull 1998). Missing values are bounded by the worst
/// and the best (Horowitz and Manski 2000).
pub fn estimate<'p>(
    metric: &Metric,
    points: impl IntoIterator<Item = &'p Point> + Clone,
    level: Level,
) -> Estimate {
    let weights = part_weights(metric, points.clone());
    let mut parts: BTreeMap<&str, Sums> = BTreeMap::new();
    for point in points.clone() {
        if weights.contains_key(point.part) {
            parts.entry(point.part).or_default().add(point.value);
        }
    }
    let (n, missing) = parts.values().fold((0, 0), |(n, missing), sums| (n + sums.n, missing + sums.missing));
    let mut known = Estimate {
        value: None,
        interval: None,
        standard_error: None,
        bounds: bounds(metric, &weights, &parts),
        n,
        missing,
        clusters: 0,
    };
    let is_whole = |group: &super::Group| group.parts.iter().any(|part| weights.contains_key(part));
    if !metric.groups.iter().all(is_whole) || parts.values().any(|sums| sums.n == 0) {
        return known;
    }
    let sum = |(part, weight): (&&str, &f64)| Some(weight * parts.get(part)?.mean()?);
    let value = metric.offset + weights.iter().filter_map(sum).sum::<f64>();
    known.value = Some(value);
    let whole: Vec<Influence> = points
        .clone()
        .into_iter()
        .filter_map(|point| {
            let (weight, sums) = weights.get(point.part).zip(parts.get(point.part))?;
            let points = weight * (point.value? - sums.mean()?) / sums.n as f64;
            let Point { part, cluster, case, repeat, .. } = *point;
            Some(Influence { part, cluster, case, repeat, points })
        })
        .collect();
    let clusters = whole.iter().map(|influence| influence.cluster).collect::<BTreeSet<_>>().len();
    known.clusters = clusters as u64;
    if n > 1 {
        // A value from 0 to 1 has at most a standard deviation of a half (Popoviciu 1935).
        let largest = |part: &str| weights[part] / 2.0;
        let influences = Influences::of(whole.iter().copied());
        let variance = influences.variance(largest);
        let added = Added::to(&influences, points);
        let mut with_added = influences.scaled(|part| added.shrinkage(part)).variance(largest);
        let means = |part: &str| parts.get(part).and_then(|sums| sums.mean());
        let (shift, more) = added.shift_and_variance(&weights, means);
        with_added.add(more, f64::INFINITY);
        let critical = |degrees| student_t_critical(level, degrees) * with_added.squared.sqrt();
        let reach = with_added.degrees_of_freedom().map_or(0.0, critical);
        let interval = Interval {
            low: known.bounds.low.min(value) + (shift - reach).min(0.0),
            high: known.bounds.high.max(value) + (shift + reach).max(0.0),
        };
        known.standard_error = Some(variance.squared.sqrt());
        known.interval = Some(interval.clamped(metric.least(), metric.most()));
    }
    known
}

/// Below so many clusters with a value above 0, or below 1, clusters are added at both ends of a part.
const FEW: usize = 10;

/// What is added to each part at either end: see [`estimate`]. Where a part has a single cluster, its trials stand for
/// clusters.
struct Added {
    parts: BTreeMap<&'static str, Addition>,
}

#[derive(Clone, Copy)]
struct Addition {
    /// Clusters of the part.
    clusters: f64,
    /// Of a cluster, added to these.
    at_either_end: f64,
}

/// Clusters of a part with a value above 0, and below 1.
#[derive(Default)]
struct Seen {
    above: BTreeSet<Unit>,
    below: BTreeSet<Unit>,
}

impl Added {
    fn to<'p>(influences: &Influences, points: impl IntoIterator<Item = &'p Point>) -> Added {
        let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
        let units: BTreeMap<_, _> = influences.units().collect();
        for (point, value) in points.into_iter().filter_map(|point| Some((point, point.value?))) {
            let unit = influences.unit(point.part, point.cluster, (point.case, point.repeat));
            let of_part = seen.entry(point.part).or_default();
            if value > 0.0 {
                of_part.above.insert(unit);
            }
            if value < 1.0 {
                of_part.below.insert(unit);
            }
        }
        let addition = |(part, units): (&&'static str, &usize)| {
            let least = seen.get(part).map_or(0, |seen| seen.above.len().min(seen.below.len()));
            // A part whose clusters all lie between the ends shows how far they lie apart.
            let is_unseen = least < FEW.min(*units);
            let at_either_end = if is_unseen { 2.0 / influences.units().count() as f64 } else { 0.0 };
            (*part, Addition { clusters: *units as f64, at_either_end })
        };
        Added { parts: units.iter().map(addition).collect() }
    }

    /// How much less every cluster of the part counts.
    fn shrinkage(&self, part: &str) -> f64 {
        self.parts
            .get(part)
            .map_or(1.0, |addition| addition.clusters / (addition.clusters + 2.0 * addition.at_either_end))
    }

    /// How far the metric moves, and the variance that the added clusters bring.
    fn shift_and_variance(
        &self,
        weights: &BTreeMap<&'static str, f64>,
        mean: impl Fn(&str) -> Option<f64>,
    ) -> (f64, f64) {
        let (mut shift, mut variance) = (0.0, 0.0);
        for (part, weight) in weights {
            let Some((addition, old)) = self.parts.get(part).zip(mean(part)) else { continue };
            let Addition { clusters, at_either_end } = *addition;
            let size = clusters + 2.0 * at_either_end;
            let new = (clusters * old + at_either_end) / size;
            let squares = at_either_end * (new * new + (1.0 - new) * (1.0 - new));
            shift += weight * (new - old);
            variance += (weight / size).powi(2) * (squares + clusters * (new - old).powi(2));
        }
        (shift, variance)
    }
}

/// What the mean of each part that occurs is multiplied by.
pub(super) fn part_weights<'p>(
    metric: &Metric,
    points: impl IntoIterator<Item = &'p Point>,
) -> BTreeMap<&'static str, f64> {
    let mut occurring: Vec<&str> = Vec::new();
    for point in points {
        if !occurring.contains(&point.part) {
            occurring.push(point.part);
        }
    }
    weights_of(metric, &occurring)
}

/// What the mean of each of these parts is multiplied by, if no other occurs.
pub(super) fn weights_of(metric: &Metric, occurring: &[&str]) -> BTreeMap<&'static str, f64> {
    let mut weights = BTreeMap::new();
    for group in metric.groups {
        let parts: Vec<_> = group.parts.iter().copied().filter(|part| occurring.contains(part)).collect();
        for part in &parts {
            *weights.entry(*part).or_default() += group.weight / parts.len() as f64;
        }
    }
    weights
}

fn bounds(metric: &Metric, weights: &BTreeMap<&str, f64>, parts: &BTreeMap<&str, Sums>) -> Interval {
    let mut bounds = Interval { low: metric.offset, high: metric.offset };
    for group in metric.groups {
        if !group.parts.iter().any(|part| weights.contains_key(part)) {
            bounds.low += group.weight.min(0.0);
            bounds.high += group.weight.max(0.0);
        }
    }
    for (part, weight) in weights {
        let Some(sums) = parts.get(part) else { continue };
        let ends = [weight * sums.with_missing(0.0), weight * sums.with_missing(1.0)];
        bounds.low += ends[0].min(ends[1]);
        bounds.high += ends[0].max(ends[1]);
    }
    bounds
}

#[cfg(test)]
mod tests {
    use unbent_stats::Level;

    use super::{Estimate, estimate};
    use crate::inference::test_rows::SHARE;
    use crate::inference::{Group, Metric, Point};

    const BOTH: Metric = Metric {
        groups: &[Group { weight: 50.0, parts: &["a", "b"] }, Group { weight: -50.0, parts: &["c"] }],
        offset: 50.0,
        ..SHARE
    };

    fn point(cluster: u32, part: &'static str, value: Option<f64>) -> Point {
        Point { subject: 0, case: cluster, cluster, repeat: 1, part, value }
    }

    fn of(metric: &Metric, points: &[Point]) -> Estimate {
        estimate(metric, points, Level::P95)
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn with_a_value_a_cluster_the_error_is_that_of_a_mean() {
        let values = [0.0, 1.0, 1.0, 0.0, 1.0];
        let points: Vec<_> = (0..).zip(values).map(|(n, value)| point(n, "a", Some(value))).collect();
        let estimate = of(&SHARE, &points);
        assert!(near(estimate.value.unwrap(), 60.0));
        // Sample standard deviation 0.5477226, over the root of 5.
        assert!(near(estimate.standard_error.unwrap(), 100.0 * 0.3_f64.sqrt() / 5.0_f64.sqrt()));
        assert_eq!((estimate.n, estimate.clusters, estimate.missing), (5, 5, 0));
        assert!(near(estimate.bounds.low, 60.0) && near(estimate.bounds.high, 60.0));
    }

    #[test]
    fn repeats_of_a_cluster_add_no_certainty() {
        let once: Vec<_> = (0..6).map(|n| point(n, "a", Some(f64::from(n % 2)))).collect();
        let thrice: Vec<_> = (0..18).map(|n| point(n / 3, "a", Some(f64::from(n / 3 % 2)))).collect();
        let errors = [&once, &thrice].map(|points| of(&SHARE, points).standard_error.unwrap());
        assert!(near(errors[0], errors[1]));
    }

    #[test]
    fn parts_of_a_group_count_alike_and_those_that_do_not_occur_do_not() {
        let points = [point(0, "a", Some(1.0)), point(1, "b", Some(0.0)), point(2, "b", Some(0.0))];
        let with_c = [&points[..], &[point(3, "c", Some(0.2))]].concat();
        assert_eq!(of(&BOTH, &points).value, None, "one group has no part");
        assert!(near(of(&BOTH, &with_c).value.unwrap(), 50.0 + 25.0 - 10.0));
        assert!(near(of(&BOTH, &with_c[1..]).value.unwrap(), 50.0 - 10.0));
    }

    /// No failure in 40 clusters: the exact bound is 91.2, that of Agresti and Coull a little lower.
    #[test]
    fn a_perfect_record_has_an_interval_and_a_middling_one_is_left_alone() {
        let perfect: Vec<_> = (0..40).map(|n| point(n, "a", Some(1.0))).collect();
        let interval = of(&SHARE, &perfect).interval.unwrap();
        assert!((86.0..91.2).contains(&interval.low) && near(interval.high, 100.0), "{interval:?}");
        assert_eq!(of(&SHARE, &perfect).standard_error, Some(0.0));
        let middling: Vec<_> = (0..40).map(|n| point(n, "a", Some(f64::from(n % 2)))).collect();
        let half = of(&SHARE, &middling);
        let interval = half.interval.unwrap();
        let reach = unbent_stats::student_t_critical(Level::P95, 39.0) * half.standard_error.unwrap();
        assert!(near(interval.low, 50.0 - reach) && near(interval.high, 50.0 + reach), "{interval:?}");
    }

    #[test]
    fn a_missing_value_is_bounded_and_widens_the_interval() {
        let mut points: Vec<_> = (0..10).map(|n| point(n, "a", Some(f64::from(n % 2)))).collect();
        let whole = of(&SHARE, &points).interval.unwrap();
        points.extend([point(10, "a", None), point(11, "a", None)]);
        let holed = of(&SHARE, &points);
        assert_eq!(holed.missing, 2);
        assert!(near(holed.value.unwrap(), 50.0));
        assert!(near(holed.bounds.low, 100.0 * 5.0 / 12.0) && near(holed.bounds.high, 100.0 * 7.0 / 12.0));
        assert!(holed.interval.unwrap().low < whole.low && holed.interval.unwrap().high > whole.high);
        let negative = [point(0, "a", Some(0.5)), point(1, "c", None)];
        let bounds = of(&BOTH, &negative).bounds;
        assert!(near(bounds.low, 25.0) && near(bounds.high, 75.0), "{bounds:?}");
    }
}
