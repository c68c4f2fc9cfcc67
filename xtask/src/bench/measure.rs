//! What one run of a program uses: time from start to end, processor time and peak memory.
//!
//! The kernel keeps the peak memory of all children of a process together. So each run is waited for by a fresh
//! process of this program that has no other child.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// What one run used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Usage {
    /// From start to end, in milliseconds.
    pub(super) wall_ms: f64,
    /// Processor time in the program and in the kernel for it, in milliseconds.
    pub(super) cpu_ms: f64,
    /// The most memory that it held, in MiB. Never below the few MiB of the process that waited for it.
    pub(super) peak_mib: f64,
}

/// Runs a program in this process and prints what it used; its own output is dropped.
pub(crate) fn measure_here(command: &[OsString]) -> Result<(), Failure> {
    let (program, args) = command.split_first().ok_or("nothing to measure")?;
    let started = Instant::now();
    let output = Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).output()?;
    let wall_ms = started.elapsed().as_secs_f64() * 1e3;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}: {complaint}", program.display(), output.status).into());
    }
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu_us = used.user_time().num_microseconds() + used.system_time().num_microseconds();
    let usage = Usage { wall_ms, cpu_ms: cpu_us as f64 / 1e3, peak_mib: used.max_rss() as f64 / 1024.0 };
    println!("{}", serde_json::to_string(&usage)?);
    Ok(())
}

/// Runs a program in a process of its own, as often as asked, after preparing each run.
pub(super) fn measure(
    program: &Path,
    args: &[OsString],
    runs: usize,
    mut prepare: impl FnMut() -> Result<(), Failure>,
) -> Result<Vec<Usage>, Failure> {
    let here = std::env::current_exe()?;
    let mut measured = Vec::with_capacity(runs);
    for _ in 0..runs {
        prepare()?;
        let output = Command::new(&here)
            .args(["measure", "--"])
            .arg(program)
            .args(args)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("a measured run failed: {}", program.display()).into());
        }
        measured.push(serde_json::from_slice(&output.stdout)?);
    }
    Ok(measured)
}

/// The middle of the values, of an even number the mean of the two in the middle.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()).to_bits(), 2.5_f64.to_bits());
    }
}
