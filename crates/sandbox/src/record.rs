//! What a run file says of the sandboxes of its run.

use std::collections::BTreeMap;

use unbent_core::SandboxRecord;

use crate::{Gap, Limits, program};

/// The record of a back end at this version. `digests` are of what is inside beside our program.
pub(crate) fn record(
    backend: &str,
    version: String,
    digests: impl IntoIterator<Item = (String, String)>,
    limits: &Limits,
    gaps: &[Gap],
) -> SandboxRecord {
    let mut all =
        BTreeMap::from([("program".to_owned(), blake3::hash(program::PROGRAM).to_hex().to_string())]);
    all.extend(digests);
    let limits = [
        ("memory_bytes", limits.memory),
        ("processes", u64::from(limits.processes)),
        ("processors_thousandths", (limits.processors * 1_000.0) as u64),
        ("disk_bytes", limits.disk),
        ("output_bytes", limits.output),
        ("open_files", limits.open_files),
    ];
    SandboxRecord {
        backend: backend.to_owned(),
        version,
        digests: all,
        limits: limits.map(|(name, limit)| (name.to_owned(), limit)).into(),
        gaps: gaps.iter().map(|gap| gap.missing.clone()).collect(),
    }
}
