//! How long `unbent leaderboard` takes on as many configurations as were published.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::measure::{measure, median};
use super::{compare, data};
use crate::Failure;

const RUNS: usize = 10;
const CONFIGURATIONS: usize = 108;
const TARGET_MS: f64 = 50.0;

pub(super) fn run(unbent: &Path, cache: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join("cache");
    let store = folder.path().join("published.unbent");
    let grown = data::grow(cache, &tree, CONFIGURATIONS)?;
    let built = measure(unbent, &data::import_args(&tree, &store), 1, || Ok(()))?;
    data::must_be_there(&store)?;

    println!(
        "unbent leaderboard: {CONFIGURATIONS} configurations ({} of them copies), {} runs, {} files",
        grown.copies, grown.runs, grown.files
    );
    println!("  {:<24} {:>10.1} ms", "import, once", built[0].wall_ms);
    for method in ["published", "corrected"] {
        let args = [
            "leaderboard".into(),
            store.as_os_str().to_owned(),
            "--method".into(),
            method.into(),
            "--json".into(),
        ];
        must_print_json(unbent, &args)?;
        let used = measure(unbent, &args, RUNS, || Ok(()))?;
        println!("--method {method}: median of {RUNS} runs after one that warms up");
        println!("  {:<24} {:>10.1} ms", "processor time", median(used.iter().map(|usage| usage.cpu_ms)));
        println!("  {:<24} {:>10.1} MiB", "peak memory", median(used.iter().map(|usage| usage.peak_mib)));
        let wall_ms = median(used.iter().map(|usage| usage.wall_ms));
        // The target names the bootstrap of the published method; the other has none of its own.
        if method == "published" || wall_ms <= TARGET_MS {
            compare("wall time", wall_ms, TARGET_MS, "ms");
        } else {
            println!("  {:<24} {wall_ms:>10.1} ms", "wall time");
        }
    }
    Ok(())
}

/// Runs once to warm up, and fails if what comes out is not what would be measured.
fn must_print_json(unbent: &Path, args: &[OsString]) -> Result<(), Failure> {
    let output = Command::new(unbent).args(args).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    serde_json::from_slice::<serde_json::Value>(&output.stdout)
        .map_err(|error| format!("the leaderboard is not JSON: {error}"))?;
    Ok(())
}
