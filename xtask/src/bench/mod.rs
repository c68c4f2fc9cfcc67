//! Measurements of the release binary against the targets of the design, each in a process of its own.

mod data;
mod engine;
mod import;
mod leaderboard;
mod measure;
mod sandbox;
mod stats;
mod trap;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::Failure;
use crate::workspace::{Profile, Workspace};

pub(crate) use measure::measure_here;

#[derive(Args)]
pub(crate) struct DataArgs {
    /// Folder that holds the published data (independence/cache inside); default: ../shared/data beside the workspace
    #[arg(long, env = "UNBENT_SHARED_DATA", global = true)]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Time the import of the published answers of the independence suite
    Import,
    /// Time a leaderboard of 108 configurations of five or six runs
    Leaderboard,
    /// Time the engine against a loopback server: throughput, latency, memory, calls in flight, and a peer
    Engine(engine::EngineArgs),
    /// Time sandboxes: until one is open, a command, a tool's call, and many at once
    Sandbox,
    /// Time bootstraps and permutations of 15,000 values
    Stats,
    /// Time the trap suite over its 14,950 published cases: run, evaluation and analyses
    Trap,
}

/// Measures, or says why it cannot.
pub(crate) fn run(workspace: &Workspace, args: &DataArgs, what: &Bench) -> Result<(), Failure> {
    if let Bench::Engine(engine) = what {
        return engine::run(workspace, engine);
    }
    if let Bench::Sandbox = what {
        return sandbox::run(workspace);
    }
    if let Bench::Stats = what {
        return stats::run(workspace);
    }
    if let Bench::Trap = what {
        return trap::run(&workspace.build_unbent(Profile::Release)?);
    }
    let root = args.data.clone().unwrap_or_else(|| workspace.root().join("../shared/data"));
    let cache = root.join("independence/cache");
    if !cache.is_dir() {
        println!("nothing measured: no published data at {} (give --data DIR)", cache.display());
        return Ok(());
    }
    let unbent = workspace.build_unbent(Profile::Release)?;
    match what {
        Bench::Import => import::run(&unbent, &cache),
        Bench::Leaderboard => leaderboard::run(&unbent, &cache),
        Bench::Engine(_) | Bench::Sandbox | Bench::Stats | Bench::Trap => Ok(()),
    }
}

/// Prints a measured value beside its target, both in the same unit, where less is better.
fn compare(what: &str, measured: f64, target: f64, unit: &str) {
    let verdict = if measured <= target { "met" } else { "MISSED" };
    let ratio = measured / target;
    println!(
        "  {what:<24} {measured:>10.1} {unit}   target ≤ {target:.1} {unit}   ratio {ratio:.2}   {verdict}"
    );
}
