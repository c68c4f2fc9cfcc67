//! The analyses that every suite has, as they need its observations only.

use unbent_core::Manifest;

use super::{Standings, difficulty, providers, value};
use crate::kit::{Analysed, AnalysisInfo};

/// What they are called and tell.
pub const SHARED_ANALYSES: &[AnalysisInfo] = &[
    AnalysisInfo {
        id: "difficulty",
        about: "how hard each case is, how well it tells subjects apart, and which everybody passes or fails (lists every case)",
        is_listing: true,
    },
    AnalysisInfo {
        id: "providers",
        about: "the same model by different providers: paired differences (needs subjects that differ in their pin)",
        is_listing: false,
    },
    AnalysisInfo {
        id: "cost",
        about: "what a point of the metric that subjects are ranked by cost (needs known prices)",
        is_listing: false,
    },
];

/// One of them, by its name; none if there is no such analysis.
pub fn share_analysis(id: &str, standings: &Standings, manifest: &Manifest) -> Option<Analysed> {
    let info = SHARED_ANALYSES.iter().find(|info| info.id == id)?;
    let table = match info.id {
        "difficulty" => difficulty::table(standings, manifest),
        "providers" => providers::table(standings, manifest),
        _ => value::table(standings, manifest),
    };
    Some(Analysed { id: info.id, tables: table.into_iter().collect() })
}
