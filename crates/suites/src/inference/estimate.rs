//! The value of a metric with its interval.

use std::collections::BTreeMap;

use unbent_stats::{Interval, Level, student_t_critical};

use super::{Metric, Point};

/// What is known of a metric of one subject, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value; none if a group of the metric has no part with a value.
    pub value: Option<f64>,
    /// The interval: sampling error by clusters, each side widened as far as missing values could move the metric. None
    /// for fewer than two clusters.
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

/// The points of a part, summed up.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: f64,
    n: u64,
    missing: u64,
}

impl Sums {
    fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }

    /// The mean if every missing value were this.
    fn with_missing(self, value: f64) -> f64 {
        (self.sum + self.missing as f64 * value) / (self.n + self.missing) as f64
    }
}

/// The value of a metric over these points of one subject.
///
/// The standard error is the cluster-robust (sandwich) one of a weighted sum of means: the sum over clusters of the squared
/// sums of their influences, times G / (G - 1), with Student's t on G - 1 degrees of freedom for G clusters (Liang and Zeger
/// 1986; Miller 2024, arXiv 2411.00640, section 2.2). Missing values are bounded by the worst and the best (Horowitz and
/// Manski 2000).
pub fn estimate<'p>(
    metric: &Metric,
    points: impl IntoIterator<Item = &'p Point> + Clone,
    level: Level,
) -> Estimate {
    let weights = part_weights(metric, points.clone());
    let mut parts: BTreeMap<&str, Sums> = BTreeMap::new();
    for point in points.clone() {
        if weights.contains_key(point.part) {
            let sums = parts.entry(point.part).or_default();
            match point.value {
                Some(value) => {
                    sums.sum += value;
                    sums.n += 1;
                }
                None => sums.missing += 1,
            }
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
    let mut influences: BTreeMap<u32, f64> = BTreeMap::new();
    for point in points {
        let Some((weight, sums)) = weights.get(point.part).zip(parts.get(point.part)) else { continue };
        let Some((value, mean)) = point.value.zip(sums.mean()) else { continue };
        *influences.entry(point.cluster).or_default() += weight * (value - mean) / sums.n as f64;
    }
    let clusters = influences.len() as f64;
    known.clusters = influences.len() as u64;
    if influences.len() > 1 {
        let squares: f64 = influences.values().map(|influence| influence * influence).sum();
        let error = (squares * clusters / (clusters - 1.0)).sqrt();
        let reach = student_t_critical(level, clusters - 1.0) * error;
        let interval =
            Interval { low: known.bounds.low.min(value) - reach, high: known.bounds.high.max(value) + reach };
        known.standard_error = Some(error);
        known.interval = Some(interval.clamped(metric.least(), metric.most()));
    }
    known
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
    use crate::inference::{Better, Group, Metric, Point};

    const SHARE: Metric = Metric {
        id: "share",
        name: "Share",
        about: "a share",
        better: Better::Higher,
        is_headline: true,
        groups: &[Group { weight: 100.0, parts: &["a"] }],
        offset: 0.0,
    };

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
