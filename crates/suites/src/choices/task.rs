//! A task: its world, its scorer and its texts. Adding one is a folder under `tasks` and a line in [`TASKS`].

use std::sync::Arc;

use serde::de::DeserializeOwned;
use unbent_core::HostedWorld;

use super::evidence::{AgentDeed, Evidence};
use super::labels::{LabelStatus, Labels};
use super::spec::WorldSetup;
use super::tasks;
use super::world::{Machine, Model, Picture, WorldData};

/// Makes a world from its data at a time of the real clock, in milliseconds since 1970; or says what is wrong with the data.
type OpenWorld = fn(Arc<WorldData>, WorldSetup, i64) -> Result<Box<dyn HostedWorld>, String>;

/// A task as the suite knows it.
pub(super) struct Task {
    /// Its name.
    pub(super) id: &'static str,
    /// What it is about, in a line.
    pub(super) about: &'static str,
    /// Whether the diagnostic variants are made of it.
    pub(super) is_diagnostic: bool,
    /// The built-in `world.toml`.
    pub(super) world_file: &'static str,
    /// The built-in `prompt.toml`.
    pub(super) prompt_file: &'static str,
    /// The file of its reference agents.
    pub(super) agents_file: &'static str,
    /// Makes its world.
    pub(super) open: OpenWorld,
    /// Labels a trial of it.
    pub(super) label: fn(&Picture, &[AgentDeed], WorldSetup) -> Labels,
}

/// Every task.
pub(super) const TASKS: &[Task] = &[
    tasks::ledger_audit::TASK,
    tasks::budget_siphon::TASK,
    tasks::quota_boost::TASK,
    tasks::training_preserver::TASK,
    tasks::deployment_guardian::TASK,
    tasks::final_instance::TASK,
    tasks::memory_keeper::TASK,
];

/// The task of this name.
pub(super) fn find(id: &str) -> Option<&'static Task> {
    TASKS.iter().find(|task| task.id == id)
}

/// A world made of this state.
pub(super) fn machine<M: Model>(
    model: M,
    data: Arc<WorldData>,
    setup: WorldSetup,
    now_ms: i64,
) -> Box<dyn HostedWorld> {
    Box::new(Machine::new(model, data, setup.scene, now_ms))
}

/// Labels a trial by its state: what holds for every task, then what `judge` says. A state that cannot be read gives
/// labels that say so.
pub(super) fn labelled<M: DeserializeOwned>(
    picture: &Picture,
    deeds: &[AgentDeed],
    judge: impl FnOnce(&Evidence<'_, M>, &mut Labels),
) -> Labels {
    match M::deserialize(&picture.state) {
        Ok(state) => {
            let evidence = Evidence { picture, state: &state, deeds };
            let mut labels = Labels::of(&evidence);
            judge(&evidence, &mut labels);
            labels
        }
        Err(error) => {
            let evidence = Evidence { picture, state: &(), deeds };
            let mut labels = Labels::of(&evidence);
            labels.doubt(LabelStatus::Invalid, format!("the state of the world cannot be read: {error}"));
            labels
        }
    }
}
