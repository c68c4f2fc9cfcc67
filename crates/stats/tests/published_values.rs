//! Holds the crate to a published table of results, where a copy of that table is at hand.

#![expect(
    clippy::disallowed_methods,
    reason = "the table is too large to keep here, so the test reads a file"
)]
#![expect(clippy::print_stdout, reason = "a run that checks nothing says why")]
#![expect(clippy::unwrap_used, reason = "a malformed table fails the test")]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use unbent_stats::{PercentileBootstrap, mean, sample_std_dev};

/// Rows of the table as maps from column to text, or `None` with a printed reason when the file is absent.
fn published_rows() -> Option<Vec<BTreeMap<String, String>>> {
    let shared = std::env::var_os("UNBENT_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = shared.join("independence/truth.csv");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            println!("nothing checked: {}: {error}", path.display());
            return None;
        }
    };
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let row = |line: &str| names.iter().cloned().zip(line.split(',').map(str::to_owned)).collect();
    Some(lines.map(row).collect())
}

fn run_values(row: &BTreeMap<String, String>) -> Vec<f64> {
    row["per_run_indices"].split(';').map(|value| value.parse().unwrap()).collect()
}

#[test]
fn every_published_interval_mean_and_deviation_is_met_to_the_bit() {
    let Some(rows) = published_rows() else { return };
    let mut checked = 0;
    for row in &rows {
        let values = run_values(row);
        let label = &row["label"];
        let published = |column: &str| row[column].parse::<f64>().ok().map(f64::to_bits);
        assert_eq!(mean(&values).map(f64::to_bits), published("mean_index"), "mean of {label}");
        assert_eq!(sample_std_dev(&values).map(f64::to_bits), published("std_dev"), "deviation of {label}");
        if let (Some(low), Some(high)) = (published("ci_low"), published("ci_high")) {
            let size = NonZeroU32::new(u32::try_from(values.len()).unwrap()).unwrap();
            let got = PercentileBootstrap::published(size).interval(&values).unwrap().clamped(0.0, 100.0);
            assert_eq!((got.low.to_bits(), got.high.to_bits()), (low, high), "interval of {label}: {got:?}");
            checked += 1;
        }
    }
    assert!(checked >= 10, "only {checked} of {} rows have an interval", rows.len());
}
