//! How long `unbent import independence-bench` takes.

use std::path::Path;

use super::measure::{measure, median};
use super::{compare, data};
use crate::Failure;

const RUNS: usize = 5;

/// The target is one second for the whole published cache, which has this many files.
const FILES_A_SECOND: f64 = 13_074.0;

pub(super) fn run(unbent: &Path, cache: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("imported.unbent");
    let files = data::count_files(cache)?;
    let args = data::import_args(cache, &out);
    let used = measure(unbent, &args, RUNS, || data::remove_run_file(&out))?;
    data::must_be_there(&out)?;

    let wall_ms = median(used.iter().map(|usage| usage.wall_ms));
    println!("unbent import independence-bench: {files} files, median of {RUNS} runs");
    println!("  {:<24} {:>10.0} files/s", "rate", files as f64 / wall_ms * 1e3);
    println!("  {:<24} {:>10.1} ms", "processor time", median(used.iter().map(|usage| usage.cpu_ms)));
    println!("  {:<24} {:>10.1} MiB", "peak memory", median(used.iter().map(|usage| usage.peak_mib)));
    compare("wall time", wall_ms, files as f64 / FILES_A_SECOND * 1e3, "ms");
    Ok(())
}
