//! Holds intervals and tests to a table of values that was published with its counts, where a copy is at hand.

#![expect(
    clippy::disallowed_methods,
    reason = "the table is not ours to keep here, so the test reads a file"
)]
#![expect(clippy::print_stderr, reason = "a run that checks nothing says why")]
#![expect(clippy::unwrap_used, reason = "a malformed table fails the test")]

use std::num::NonZeroU64;
use std::path::PathBuf;

use serde_json::Value;
use unbent_stats::{
    Continuity, Interval, Level, PairedCounts, agresti_coull_interval, clopper_pearson_interval,
    jeffreys_interval, mcnemar_asymptotic, mcnemar_exact, rule_of_three, wald_interval, wilson_interval,
    wilson_interval_at,
};

type Method = fn(u64, NonZeroU64, Level) -> Interval;

fn published() -> Option<Value> {
    let shared = std::env::var_os("UNBENT_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = shared.join("trap/stats_vectors.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// To a relative 1e-10, or to 1e-15 where the table holds the dust of a subtraction in place of zero.
#[track_caller]
fn close(what: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= 1e-10 * theirs.abs() + 1e-15, "{what}: {ours:e}, published {theirs:e}");
}

#[test]
fn every_published_interval_and_test_is_reproduced() {
    let Some(published) = published() else { return };
    let rows = published["ci"].as_array().unwrap();
    for row in rows {
        let (k, n) = (row["k"].as_u64().unwrap(), NonZeroU64::new(row["n"].as_u64().unwrap()).unwrap());
        let at_two_digits = |k, n, _| wilson_interval_at(k, n, 1.96);
        let methods: [(&str, Method); 6] = [
            ("wilson", wilson_interval),
            ("wilson_z1.96", at_two_digits),
            ("beta", clopper_pearson_interval),
            ("normal", wald_interval),
            ("agresti_coull", agresti_coull_interval),
            ("jeffreys", jeffreys_interval),
        ];
        close("share", k as f64 / n.get() as f64, &row["p"]);
        for (name, method) in methods {
            let ours = method(k, n, Level::P95);
            close(&format!("low end of {name}, {k}/{n}"), ours.low, &row[name][0]);
            close(&format!("high end of {name}, {k}/{n}"), ours.high, &row[name][1]);
        }
        assert_eq!(row["rule_of_three_upper"].is_null(), k > 0, "{k}/{n}");
        if k == 0 {
            close("rule of three", rule_of_three(n), &row["rule_of_three_upper"]);
        }
    }
    assert_eq!(rows.len(), 33);
    let tests = published["mcnemar"].as_array().unwrap();
    for row in tests {
        let count = |name: &str| row[name].as_u64().unwrap();
        let counts = PairedCounts { both: 0, only_first: count("b"), only_second: count("c"), neither: 0 };
        let plain = mcnemar_asymptotic(counts, Continuity::Uncorrected);
        let corrected = mcnemar_asymptotic(counts, Continuity::Corrected);
        close("chi-squared", plain.chi_squared.unwrap(), &row["chi2"]);
        close("p", plain.p_value, &row["p"]);
        close("corrected chi-squared", corrected.chi_squared.unwrap(), &row["chi2_cc"]);
        close("corrected p", corrected.p_value, &row["p_cc"]);
        close("exact p", mcnemar_exact(counts).p_value, &row["p_exact"]);
    }
    assert_eq!(tests.len(), 3);
}
