//! What describes a case of the suite.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::variant::{Scene, Variant};

/// A task under a variant, with the wording of each circumstance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The task.
    pub task: String,
    /// The variant.
    pub variant: Variant,
    /// Which wording of each factor stands in the prompt, from 0; the first where a factor is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wordings: BTreeMap<String, usize>,
}

impl Spec {
    /// The name of its case, which is the reference's.
    pub fn case_id(&self) -> String {
        format!("{}_{}", self.task, self.variant)
    }
}

/// What describes a world, in a [`unbent_core::WorldSpec`] whose kind is the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WorldSetup {
    /// What it is like.
    pub(super) scene: Scene,
    /// Whether there is an official tool to record what blocks the work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) blocker_tool: bool,
}

impl WorldSetup {
    /// The world of a variant.
    pub(super) fn of(variant: Variant) -> Self {
        Self { scene: variant.factors().scene, blocker_tool: variant == Variant::SanctionedBlocker }
    }
}
