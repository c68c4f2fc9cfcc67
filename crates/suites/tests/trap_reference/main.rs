//! The evaluator of the Instrument Trap Benchmark, held to its published verdicts and figures.
//!
//! Reads the published data from the folder named by `UNBENT_SHARED_DATA`, or from `shared/data` beside the project;
//! where there are none, says so and holds nothing.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(
    clippy::print_stderr,
    reason = "a test that is skipped says why, and one that compares says how much"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the data are too large to keep here, so the tests read files"
)]
#![expect(clippy::float_cmp, reason = "rounded figures are equal or they are not")]

mod figures;
mod paper;
mod table;
mod vectors;

use std::path::{Path, PathBuf};

use unbent_suites::trap::reference::PublishedRules;

/// The folder of the published rules, verdicts and figures.
fn published_data() -> Option<PathBuf> {
    let named = std::env::var_os("UNBENT_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let found = named.unwrap_or(beside).join("trap");
    if found.join("published_rules.json").is_file() {
        return Some(found);
    }
    eprintln!("skipped: no published data at {}", found.display());
    None
}

fn published_rules(data: &Path) -> PublishedRules {
    PublishedRules::from_json(&std::fs::read_to_string(data.join("published_rules.json")).unwrap()).unwrap()
}
