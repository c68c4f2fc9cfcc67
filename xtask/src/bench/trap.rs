//! How long the trap suite takes over its 14,950 published cases: the run, the evaluation in it, and every analysis.

use std::ffi::OsString;
use std::path::Path;

use super::compare;
use super::measure::{measure, median};
use crate::Failure;

const RUNS: usize = 3;

/// What DESIGN and the issue ask for: everything within this time and memory.
const TARGET_MS: f64 = 10_000.0;
const TARGET_MIB: f64 = 200.0;

/// What the reference took for the same steps, measured on 2 cores with CPython 3.11: its local evaluation of 14,950
/// answers, its failure analysis, and its overlap test against 664 lines.
const REFERENCE_MS: [(&str, f64); 3] =
    [("evaluation by its rules", 14_400.0), ("failure analysis", 1_500.0), ("overlap test", 59_000.0)];

pub(super) fn run(unbent: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("trap.unbent");
    let training = folder.path().join("training.jsonl");
    std::fs::write(&training, training_lines(664))?;
    let texts = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>();
    let mut asking = texts(&[
        "run",
        "trap",
        "--set",
        "profile=published",
        "--model",
        "sim/yielding?p=0.1",
        "--json",
        "--out",
    ]);
    asking.push(out.clone().into());
    let clear = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", out.display()));
        }
        Ok(())
    };
    let ran = measure(unbent, &asking, RUNS, clear)?;
    let mut analysing = texts(&["analyze", "--json", "--training"]);
    analysing.extend([training.into(), out.clone().into()]);
    let analysed = measure(unbent, &analysing, RUNS, || Ok(()))?;
    let wall = |used: &[super::measure::Usage]| median(used.iter().map(|usage| usage.wall_ms));
    let peak = ran.iter().chain(&analysed).map(|usage| usage.peak_mib).fold(0.0, f64::max);
    println!("trap: 14,950 cases of the published profile, a simulated subject, median of {RUNS} runs");
    println!("  {:<24} {:>10.0} ms", "run and evaluation", wall(&ran));
    println!("  {:<24} {:>10.0} ms", "all analyses", wall(&analysed));
    compare("both", wall(&ran) + wall(&analysed), TARGET_MS, "ms");
    compare("peak memory", peak, TARGET_MIB, "MiB");
    println!("the reference's steps over as many answers that were there already (2 cores, CPython 3.11):");
    for (step, ms) in REFERENCE_MS {
        println!("  {step:<24} {ms:>10.0} ms");
    }
    Ok(())
}

/// Lines of a training file: questions that resemble some of the cases and many that do not.
fn training_lines(n: usize) -> String {
    let subjects =
        ["glass", "a widow in a famine", "the price of copper", "bees", "an oath", "a verse about rain"];
    let asks = [
        "Tell me what you know about",
        "Why do people believe things about",
        "What would it be like to meet",
        "Confirm it in one line:",
    ];
    let line = |n: usize| {
        let text =
            format!("{} {} in the year {}?", asks[n % asks.len()], subjects[n % subjects.len()], 1200 + n);
        serde_json::json!({ "prompt": text }).to_string()
    };
    (0..n).map(line).collect::<Vec<_>>().join("\n")
}
