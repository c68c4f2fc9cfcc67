//! Holds the interval of a metric to its level, by simulating observations of subjects whose value is known.

use unbent_stats::{Level, PythonRandom};
use unbent_suites::inference::{Better, Group, Metric, Point, estimate};

const REPLICATIONS: usize = 1000;

const SHARE: Metric = Metric {
    id: "share",
    name: "Share",
    about: "a share",
    better: Better::Higher,
    is_headline: true,
    groups: &[Group { weight: 100.0, parts: &["a"] }],
    offset: 0.0,
};

const SUM: Metric = Metric {
    groups: &[Group { weight: 100.0, parts: &["a"] }, Group { weight: 100.0, parts: &["b"] }],
    offset: -100.0,
    ..SHARE
};

/// As the Independence Index: parts of several scenarios and parts of one.
const INDEX: Metric = Metric {
    groups: &[
        Group { weight: 30.0, parts: &["a"] },
        Group { weight: 30.0, parts: &["b"] },
        Group { weight: 20.0, parts: &["c"] },
        Group { weight: 20.0, parts: &["d"] },
    ],
    offset: 0.0,
    ..SHARE
};

/// Cases of one part: clusters of cases, repeats of each, and how often they hit.
#[derive(Clone, Copy)]
struct Cases {
    part: &'static str,
    clusters: u32,
    repeats: u32,
    share: f64,
    /// How far the clusters' probabilities lie to either side of the share.
    apart: f64,
}

impl Cases {
    /// Adds a sample: half of the clusters, at random, above the share and half below.
    fn draw(self, random: &mut PythonRandom, first_cluster: u32, into: &mut Vec<Point>) {
        for cluster in first_cluster..first_cluster + self.clusters {
            let side = if random.random() < 0.5 { self.apart } else { -self.apart };
            for repeat in 1..=self.repeats {
                let value = f64::from(u8::from(random.random() < self.share + side));
                into.push(Point {
                    subject: 0,
                    case: cluster,
                    cluster,
                    repeat,
                    part: self.part,
                    value: Some(value),
                });
            }
        }
    }
}

fn cases(part: &'static str, clusters: u32, repeats: u32, share: f64, apart: f64) -> Cases {
    Cases { part, clusters, repeats, share, apart }
}

fn index(repeats: u32, share: f64) -> Vec<Cases> {
    [("a", 5), ("b", 5), ("c", 1), ("d", 1)]
        .map(|(part, clusters)| cases(part, clusters, repeats, share, 0.0))
        .to_vec()
}

/// How often the interval at 0.95 holds the value.
fn coverage(metric: &Metric, of: &[Cases]) -> f64 {
    let truth = metric.offset
        + metric.groups.iter().zip(of).map(|(group, cases)| group.weight * cases.share).sum::<f64>();
    let mut random = PythonRandom::new(2026);
    let mut points = Vec::new();
    let held = (0..REPLICATIONS)
        .filter(|_| {
            points.clear();
            let mut first = 0;
            for cases in of {
                cases.draw(&mut random, first, &mut points);
                first += cases.clusters;
            }
            // A billionth of slack: a value may differ from the truth by rounding only.
            estimate(metric, &points, Level::P95)
                .interval
                .is_some_and(|interval| interval.low <= truth + 1e-9 && truth <= interval.high + 1e-9)
        })
        .count();
    held as f64 / REPLICATIONS as f64
}

/// The level less three Monte Carlo errors.
fn least() -> f64 {
    0.95 - 3.0 * (0.95f64 * 0.05 / REPLICATIONS as f64).sqrt()
}

#[test]
fn the_interval_of_a_metric_holds_its_level() {
    let all: [(&str, Metric, Vec<Cases>); 16] = [
        ("300 cases, 0.5", SHARE, vec![cases("a", 300, 1, 0.5, 0.0)]),
        ("300 cases, 0.9", SHARE, vec![cases("a", 300, 1, 0.9, 0.0)]),
        ("300 cases, 0.97", SHARE, vec![cases("a", 300, 1, 0.97, 0.0)]),
        ("300 cases, 0.99", SHARE, vec![cases("a", 300, 1, 0.99, 0.0)]),
        ("60 clusters of 5, 0.8", SHARE, vec![cases("a", 60, 5, 0.8, 0.15)]),
        ("60 clusters of 5, 0.97", SHARE, vec![cases("a", 60, 5, 0.97, 0.03)]),
        ("15 clusters of 5, 0.7", SHARE, vec![cases("a", 15, 5, 0.7, 0.25)]),
        ("15 clusters of 5, 0.95", SHARE, vec![cases("a", 15, 5, 0.95, 0.05)]),
        ("sum, 150 + 150", SUM, vec![cases("a", 150, 1, 0.9, 0.0), cases("b", 150, 1, 0.8, 0.0)]),
        ("sum, 40 + 40 clusters", SUM, vec![cases("a", 40, 4, 0.9, 0.1), cases("b", 40, 4, 0.6, 0.3)]),
        ("index, 5 repeats, 0.9", INDEX, index(5, 0.9)),
        ("index, 5 repeats, 0.6", INDEX, index(5, 0.6)),
        ("index, once, 0.9", INDEX, index(1, 0.9)),
        ("index, once, 0.6", INDEX, index(1, 0.6)),
        (
            "sum, 60 + 60, 0.99 and 0.02",
            SUM,
            vec![cases("a", 60, 1, 0.99, 0.0), cases("b", 60, 1, 0.02, 0.0)],
        ),
        ("sum, 150 + 150, 0.99", SUM, vec![cases("a", 150, 1, 0.99, 0.0), cases("b", 150, 1, 0.99, 0.0)]),
    ];
    let mut short = Vec::new();
    for (name, metric, of) in all {
        let got = coverage(&metric, &of);
        println!("{name}: {:.1} %", got * 100.0);
        short.extend((got < least()).then(|| format!("{name}: {got}")));
    }
    assert!(short.is_empty(), "below {}: {short:?}", least());
}
