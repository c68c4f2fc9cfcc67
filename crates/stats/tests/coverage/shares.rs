//! Holds the intervals of shares of clustered cases, and of sums of such shares, to their level.

use unbent_stats::{
    ClusteredShare, Interval, Level, PythonRandom, ShareUnit, clustered_share, combined_interval,
};

use crate::processes::gamma;

const REPLICATIONS: usize = 2500;

/// Clusters of cases that hit with a probability of their cluster.
#[derive(Clone, Copy)]
struct Clustered {
    clusters: u32,
    /// Cases of a cluster, from the first to the second.
    sizes: (u32, u32),
    share: f64,
    /// How much alike cases of a cluster are: the intraclass correlation.
    alike: f64,
}

impl Clustered {
    /// A sample: the clusters' probabilities are beta, their sizes even and apart from them.
    fn draw(self, random: &mut PythonRandom) -> ClusteredShare {
        let mut units = Vec::new();
        for cluster in 0..self.clusters {
            let probability = if self.alike > 0.0 {
                let scale = 1.0 / self.alike - 1.0;
                let (x, y) = (gamma(self.share * scale, random), gamma((1.0 - self.share) * scale, random));
                x / (x + y)
            } else {
                self.share
            };
            let (least, most) = self.sizes;
            let size = least + (random.random() * f64::from(most - least + 1)) as u32;
            for _ in 0..size {
                let hits = f64::from(u8::from(random.random() < probability));
                units.push(ShareUnit { hits, size: 1.0, cluster });
            }
        }
        clustered_share(&units, Level::P95).expect("there are cases")
    }
}

/// The level less three Monte Carlo errors.
fn least() -> f64 {
    0.95 - 3.0 * (0.95f64 * 0.05 / REPLICATIONS as f64).sqrt()
}

fn clustered(clusters: u32, sizes: (u32, u32), share: f64, alike: f64) -> Clustered {
    Clustered { clusters, sizes, share, alike }
}

/// What share of the intervals holds the truth, in words.
#[track_caller]
fn check(name: &str, truth: f64, mut interval: impl FnMut(&mut PythonRandom) -> Interval) -> String {
    let mut random = PythonRandom::new(2026);
    let held = (0..REPLICATIONS).filter(|_| interval(&mut random).contains(truth)).count();
    let coverage = held as f64 / REPLICATIONS as f64;
    assert!(coverage >= least(), "{name}: {coverage}, at least {} is asked for", least());
    format!("{name}: {:.1} %", coverage * 100.0)
}

#[test]
fn the_interval_of_a_clustered_share_holds_its_level() {
    for (name, process) in [
        ("300 prompts alone, 0.5", clustered(300, (1, 1), 0.5, 0.0)),
        ("300 prompts alone, 0.99", clustered(300, (1, 1), 0.99, 0.0)),
        ("60 clusters of 3 to 7, 0.9", clustered(60, (3, 7), 0.9, 0.2)),
        ("60 clusters of 3 to 7, 0.02", clustered(60, (3, 7), 0.02, 0.1)),
        ("20 clusters of 5, 0.8", clustered(20, (5, 5), 0.8, 0.4)),
        ("15 clusters of 10, 0.3", clustered(15, (10, 10), 0.3, 0.3)),
        ("10 clusters of 4 to 12, 0.95", clustered(10, (4, 12), 0.95, 0.1)),
    ] {
        println!("{}", check(name, process.share, |random| process.draw(random).interval));
    }
}

#[test]
fn the_interval_of_a_sum_of_shares_holds_its_level() {
    for (name, first, second) in [
        ("two poles of 150", clustered(150, (1, 1), 0.9, 0.0), clustered(150, (1, 1), 0.8, 0.0)),
        ("two poles of 40 clusters", clustered(40, (2, 5), 0.97, 0.2), clustered(40, (2, 5), 0.6, 0.2)),
        ("unlike poles, near the end", clustered(100, (1, 2), 0.99, 0.1), clustered(25, (4, 4), 0.95, 0.1)),
    ] {
        for (sign, what) in [(1.0, "sum"), (-1.0, "difference")] {
            let truth = first.share + sign * second.share;
            let covered = check(&format!("{name}, {what}"), truth, |random| {
                let (one, other) = (first.draw(random), second.draw(random));
                combined_interval(&[(1.0, one.share, one.interval), (sign, other.share, other.interval)])
            });
            println!("{covered}");
        }
    }
}
