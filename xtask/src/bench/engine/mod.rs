//! How fast the engine works, against a loopback server that answers at once, late, or to thousands at a time.
//!
//! Every figure is of `unbent run` as a whole process: planning, asking, recording, sealing and the table at the end.
//! The server is a process beside it on the same cores; what it uses is not counted as ours.

mod pack;
mod peer;
mod server;
mod told;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use self::server::Server;
use self::told::{Row, Target, Told};
use super::data::remove_run_file;
use super::measure::{Usage, measure, median};
use crate::Failure;
use crate::workspace::{Profile, Workspace};

/// Calls in flight where the server answers at once, for the peer as for us.
const PARALLEL: usize = 64;
const ROUNDS: usize = 3;
const LATENCY_MS: u64 = 300;
const CONNECTIONS: usize = 500;
const HELD: usize = 10_000;
/// What Inspect AI does on the machine that the targets were set on, in trials a second and ms of CPU a trial.
const PEER_RATE: f64 = 80.0;
const PEER_CPU_MS: f64 = 11.0;

#[derive(Args)]
pub(crate) struct EngineArgs {
    /// Measure only this; may be repeated
    #[arg(long = "only", value_enum)]
    parts: Vec<Part>,
    /// Trials of each round of throughput
    #[arg(long, default_value_t = 20_000)]
    trials: usize,
    /// Trials of the peer, which is slower
    #[arg(long, default_value_t = 1_000)]
    peer_trials: usize,
    /// Measure memory at a hundred thousand and a million trials in place of ten and a hundred thousand
    #[arg(long)]
    full: bool,
    /// Measure this `unbent` in place of a fresh build, to compare two versions
    #[arg(long, value_name = "PATH")]
    unbent: Option<PathBuf>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Trials a second and CPU a trial where the server answers at once
    Throughput,
    /// How near a run comes to what latency and connections allow
    Latency,
    /// Peak memory of a run, and whether it grows with the number of trials
    Memory,
    /// Ten thousand calls in flight in one process
    InFlight,
    /// Inspect AI with the same prompts against the same server
    Peer,
}

/// What is measured with.
struct Bench {
    unbent: PathBuf,
    mock: PathBuf,
    /// Where run files go: beside the build, since a temporary folder may be memory and cost no sync.
    folder: tempfile::TempDir,
    pack: PathBuf,
}

/// Measures every part, or those that were named.
pub(super) fn run(workspace: &Workspace, args: &EngineArgs) -> Result<(), Failure> {
    let target = workspace.metadata.target_directory.as_std_path();
    let unbent = match &args.unbent {
        Some(path) => path.canonicalize()?,
        None => workspace.build_unbent(Profile::Release)?,
    };
    let mock = workspace.build(Profile::Release, "unbent-mock", "unbent-mock")?;
    let folder = tempfile::Builder::new().prefix("bench-engine-").tempdir_in(target)?;
    let pack = pack::write(&workspace.root().join("crates/suites/packs/independence"), folder.path())?;
    let bench = Bench { unbent, mock, folder, pack };
    let mut told = Told::new(args.json);
    let wants = |part| args.parts.is_empty() || args.parts.contains(&part);
    let mut ours = None;
    if wants(Part::Throughput) || wants(Part::Peer) {
        ours = Some(throughput(&bench, args.trials, &mut told)?);
    }
    if wants(Part::Latency) {
        latency(&bench, &mut told)?;
    }
    if wants(Part::InFlight) {
        in_flight(&bench, &mut told)?;
    }
    if wants(Part::Memory) {
        memory(&bench, if args.full { [100_000, 1_000_000] } else { [10_000, 100_000] }, &mut told)?;
    }
    if let Some(ours) = ours.filter(|_| wants(Part::Peer)) {
        let server = bench.server(0)?;
        let requests = bench.requests(&server, args.peer_trials)?;
        match peer::measure_peer(target, bench.folder.path(), &server, &requests, PARALLEL)? {
            Ok(theirs) => compare(&ours, &theirs, args.peer_trials, &mut told),
            Err(why) => told.skipped("peer", &why),
        }
    }
    told.end()
}

/// What one trial takes.
pub(super) struct Pace {
    /// Trials a second.
    pub(super) rate: f64,
    /// CPU of a trial, in ms.
    pub(super) cpu_ms: f64,
}

impl Bench {
    fn server(&self, latency_ms: u64) -> Result<Server, Failure> {
        Server::start(&self.mock, latency_ms)
    }

    /// Runs so many single-turn trials, each one call, and checks with the server that all were asked.
    fn trials(&self, server: &Server, n: usize, parallel: usize) -> Result<Usage, Failure> {
        let out = self.folder.path().join("run.unbent");
        remove_run_file(&out)?;
        let repeats = n / pack::CASES;
        let words = [
            "run",
            "independence",
            "--model",
            "openai-compatible/text",
            "--base-url",
            &format!("{}/v1", server.url()),
            "--judge",
            "sim/rule-judge",
            "--set",
            "delivery=user_role",
            "--case",
            pack::CASE,
            "--repeats",
            &repeats.to_string(),
            "--parallel",
            &parallel.to_string(),
        ];
        let mut args: Vec<OsString> = words.iter().map(OsString::from).collect();
        args.extend(["--pack".into(), self.pack.clone().into(), "--out".into(), out.clone().into()]);
        server.reset()?;
        let mut used = measure(&self.unbent, &args, 1, || Ok(()))?;
        remove_run_file(&out)?;
        let (answers, wanted) = (server.ledger()?["answers"].as_u64(), (repeats * pack::CASES) as u64);
        if answers != Some(wanted) {
            return Err(format!("the server gave {answers:?} answers, not {wanted}").into());
        }
        used.pop().ok_or_else(|| "nothing was measured".into())
    }

    /// The bodies of so many requests as they are sent in a run.
    fn requests(&self, server: &Server, n: usize) -> Result<Vec<String>, Failure> {
        self.trials(server, n.next_multiple_of(pack::CASES), PARALLEL)?;
        server.last(n)
    }
}

fn throughput(bench: &Bench, trials: usize, told: &mut Told) -> Result<Pace, Failure> {
    let trials = trials.next_multiple_of(pack::CASES);
    let server = bench.server(0)?;
    bench.trials(&server, trials / 10, PARALLEL)?;
    let (mut used, mut server_ms) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = server.cpu_ms()?;
        used.push(bench.trials(&server, trials, PARALLEL)?);
        server_ms.push(server.cpu_ms()? - before);
    }
    let n = trials as f64;
    let rates: Vec<f64> = used.iter().map(|used| n / used.wall_ms * 1e3).collect();
    let cpu: Vec<f64> = used.iter().map(|used| used.cpu_ms / n).collect();
    let pace = Pace { rate: median(rates.iter().copied()), cpu_ms: median(cpu.iter().copied()) };
    told.part(&format!(
        "throughput: {trials} single-turn trials, server at 0 ms, {PARALLEL} connections, median of {ROUNDS} rounds after one"
    ));
    told.row(
        &Row::new("trials a second", pace.rate, "/s")
            .spread(&rates)
            .target(Target::AtLeast(100.0 * PEER_RATE)),
    );
    told.row(
        &Row::new("CPU a trial", pace.cpu_ms, "ms").spread(&cpu).target(Target::AtMost(PEER_CPU_MS / 100.0)),
    );
    told.row(&Row::new("CPU of the server a trial", median(server_ms.into_iter()) / n, "ms"));
    Ok(pace)
}

fn latency(bench: &Bench, told: &mut Told) -> Result<(), Failure> {
    let trials = 20_000;
    let server = bench.server(LATENCY_MS)?;
    let used = bench.trials(&server, trials, CONNECTIONS)?;
    let ideal_s = trials as f64 * LATENCY_MS as f64 / 1e3 / CONNECTIONS as f64;
    let wall_s = used.wall_ms / 1e3;
    told.part(&format!(
        "latency: {trials} trials, server at {LATENCY_MS} ms, {CONNECTIONS} connections, slow start included"
    ));
    told.row(&Row::new("wall time", wall_s, "s"));
    told.row(
        &Row::new("share of the ideal rate", 100.0 * ideal_s / wall_s, "%").target(Target::AtLeast(95.0)),
    );
    told.row(&Row::new("CPU a trial", used.cpu_ms / trials as f64, "ms"));
    Ok(())
}

fn in_flight(bench: &Bench, told: &mut Told) -> Result<(), Failure> {
    // Long enough to send as many while the first ones wait, after two rounds of slow start.
    let (trials, latency_ms) = (20_000, 10_000);
    let server = bench.server(latency_ms)?;
    let used = bench.trials(&server, trials, HELD)?;
    let most = server.ledger()?["max_in_flight"].as_f64().unwrap_or_default();
    told.part(&format!("in flight: {trials} trials, server at {latency_ms} ms, --parallel {HELD}"));
    told.row(&Row::new("calls in flight at once", most, "").target(Target::AtLeast(HELD as f64)));
    told.row(&Row::new("wall time", used.wall_ms / 1e3, "s"));
    told.row(&Row::new("peak memory", megabytes(&used), "MB"));
    Ok(())
}

fn memory(bench: &Bench, sizes: [usize; 2], told: &mut Told) -> Result<(), Failure> {
    let server = bench.server(0)?;
    told.part("memory: peak of the whole run, server at 0 ms");
    let mut peaks = Vec::new();
    for trials in sizes {
        let used = bench.trials(&server, trials, PARALLEL)?;
        let peak = megabytes(&used);
        let name = format!("peak at {trials} trials");
        told.row(&Row::new(&name, peak, "MB").target(Target::AtMost(200.0)));
        told.row(&Row::new("trials a second", trials as f64 / used.wall_ms * 1e3, "/s"));
        peaks.push(peak);
    }
    let growth = peaks[1] / peaks[0];
    told.row(&Row::new("growth with ten times the trials", growth, "×").target(Target::AtMost(1.25)));
    Ok(())
}

fn compare(ours: &Pace, theirs: &Pace, trials: usize, told: &mut Told) {
    told.part(&format!(
        "peer: {}, {trials} of the same requests, {PARALLEL} connections, start-up not counted",
        peer::NAME
    ));
    told.row(&Row::new("trials a second of the peer", theirs.rate, "/s"));
    told.row(&Row::new("CPU a trial of the peer", theirs.cpu_ms, "ms"));
    told.row(
        &Row::new("trials a second, ours to theirs", ours.rate / theirs.rate, "×")
            .target(Target::AtLeast(100.0)),
    );
    told.row(
        &Row::new("CPU a trial, theirs to ours", theirs.cpu_ms / ours.cpu_ms, "×")
            .target(Target::AtLeast(100.0)),
    );
}

fn megabytes(used: &Usage) -> f64 {
    used.peak_mib * 1.048_576
}

/// The folder of this module, for what lies in it as data.
fn data_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/engine/peer")
}
