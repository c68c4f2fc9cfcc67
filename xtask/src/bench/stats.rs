//! How long the slow statistics take: bootstraps of as many values as the largest published suite has cases.

use serde_json::Value;

use super::compare;
use crate::Failure;
use crate::workspace::Workspace;

/// What was asked for: a bootstrap of 15,000 cases, on two cores.
const TARGET_MS: f64 = 1_000.0;

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let args = ["run", "--quiet", "--release", "--locked", "--package", "unbent-stats", "--example", "pace"];
    let output = workspace.cargo(&args).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let measured: Value = serde_json::from_slice(&output.stdout)?;
    let ms = |what: &str| measured[what].as_f64().ok_or("the example says nothing of it");
    println!("statistics: 15,000 values, 10,000 resamples, medians of 5 runs after one that warms up");
    compare("BCa of the mean", ms("bca_mean")?, TARGET_MS, "ms");
    compare("BCa, 15,000 clusters", ms("bca_clusters_of_one")?, TARGET_MS, "ms");
    compare("BCa, 3,000 clusters", ms("bca_clusters_of_five")?, TARGET_MS, "ms");
    println!("  {:<24} {:>10.1} ms", "a stored plan, 3,000", ms("plan_of_clusters_of_five")?);
    println!("  {:<24} {:>10.1} ms", "max-T of 3, drawn", ms("max_t_drawn")?);
    println!("  {:<24} {:>10.1} ms", "max-T of 3, 20 exact", ms("max_t_exact")?);
    Ok(())
}
