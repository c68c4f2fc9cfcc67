//! What may be wrong with this machine and its setup, found before a run meets it.
//!
//! Looks and tells; changes nothing that stays, and shows of a key only the name of its variable.

mod finding;
mod machine;
mod network;
mod tools;

use std::path::Path;

pub(crate) use self::finding::{Finding, Health};

/// Looks at everything, in the order in which a run would meet it.
pub(crate) fn examine(folder: &Path, parallel: usize) -> Vec<Finding> {
    let mut findings = vec![machine::program()];
    findings.extend(machine::folder(folder));
    findings.extend([
        machine::open_files(parallel),
        machine::clock(),
        network::certificates(),
        network::proxies(),
        network::keys(),
    ]);
    findings.extend(tools::tools());
    findings
}

/// Tries to reach the providers whose keys are set.
pub(crate) fn reach() -> Vec<Finding> {
    network::reach()
}
