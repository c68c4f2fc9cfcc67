//! Leaderboards with the ranks that their rows could have.

use unbent_core::{Manifest, TrialView};
use unbent_report::Table;
use unbent_suites::inference::{Metric, Sampled, Standings, Tally, tell_ranks};
use unbent_suites::kit::{Benchmark, Method};

use crate::error::CommandError;
use crate::joined::Joined;

/// A leaderboard, and how its rows stand to each other.
pub(crate) struct Ranked {
    pub(crate) table: Table,
    pub(crate) standings: Standings,
}

impl Ranked {
    /// The leaderboard of these runs by a method, with ranks for what could have been drawn otherwise; `seen` sees each trial.
    pub(crate) fn of(
        runs: &Joined,
        benchmark: &dyn Benchmark,
        method: Method,
        sampled: Sampled,
        mut seen: impl FnMut(&TrialView, &Manifest),
    ) -> Result<Self, CommandError> {
        let mut tally = Tally::of(runs.manifest(), headline(benchmark), benchmark.lens(runs.cases()));
        let mut table = runs.read(
            |trial, manifest| {
                seen(trial, manifest);
                tally.see(trial);
            },
            |run| benchmark.leaderboard(run, method),
        )?;
        let standings = Standings::over(tally.done(), sampled);
        tell_ranks(&mut table, &standings);
        Ok(Self { table, standings })
    }
}

/// The metric that a suite's subjects are ranked by.
pub(crate) fn headline(benchmark: &dyn Benchmark) -> &'static Metric {
    benchmark.metrics().first().expect("every suite has a metric")
}
