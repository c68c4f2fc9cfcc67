//! What a finished run vouches for.

use serde::{Deserialize, Serialize};

/// The seal of a run: changing its manifest, its trials or any event afterwards contradicts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// When the run was sealed, in milliseconds since 1970.
    pub sealed_at_ms: i64,
    /// How many trials it had.
    pub trials: u64,
    /// How many events they had.
    pub events: u64,
    /// BLAKE3 of the manifest's JSON text as it is stored.
    pub manifest: String,
    /// The Merkle root over the last hashes of all trials; none for a run without trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}
