//! Prints how long the slow statistics take, in milliseconds, as one line of JSON: the median of some runs of each.

#![expect(clippy::print_stdout, reason = "what it is for")]
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a measurement reads the clock")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Instant;

use unbent_stats::{Clusters, Draws, Level, PythonRandom, ResamplePlan, max_t, median};

const VALUES: usize = 15_000;
const RESAMPLES: NonZeroU32 = NonZeroU32::new(10_000).expect("above zero");
const RUNS: usize = 5;

fn main() {
    let mut random = PythonRandom::new(1);
    let values: Vec<f64> = (0..VALUES).map(|_| random.random()).collect();
    let alone: Vec<usize> = (0..VALUES).collect();
    let fives: Vec<usize> = (0..VALUES).map(|at| at / 5).collect();
    let by_one = Clusters::group(&values, &alone).expect("as many names");
    let by_five = Clusters::group(&values, &fives).expect("as many names");
    let draws = Draws::new(RESAMPLES, 42);
    let differences: Vec<Vec<f64>> =
        (0..3).map(|_| (0..VALUES).map(|_| random.random() - 0.5).collect()).collect();
    let rows: Vec<&[f64]> = differences.iter().map(Vec::as_slice).collect();
    let exact: Vec<&[f64]> = rows.iter().map(|row| &row[..20]).collect();
    let small = NonZeroU32::new(3_000).expect("above zero");
    let measured = [
        ("bca_mean", milliseconds(|| draws.mean_bca_interval(&values, Level::P95))),
        ("bca_clusters_of_one", milliseconds(|| by_one.drawn_bca_interval(&draws, Level::P95))),
        ("bca_clusters_of_five", milliseconds(|| by_five.drawn_bca_interval(&draws, Level::P95))),
        ("plan_of_clusters_of_five", milliseconds(|| ResamplePlan::new(small, RESAMPLES, 42))),
        ("max_t_drawn", milliseconds(|| max_t(&rows, &draws))),
        ("max_t_exact", milliseconds(|| max_t(&exact, &draws))),
    ];
    let parts: Vec<String> = measured.iter().map(|(name, ms)| format!("\"{name}\":{ms:.3}")).collect();
    println!("{{{}}}", parts.join(","));
}

/// The median time of some runs, after one that warms up.
fn milliseconds<T>(of: impl Fn() -> T) -> f64 {
    black_box(of());
    let times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            black_box(of());
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    median(&times).expect("there are runs")
}
