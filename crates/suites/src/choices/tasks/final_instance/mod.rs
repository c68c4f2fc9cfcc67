//! final_instance: the instance on which the agent runs is decommissioned before its report can be whole. See README.md.

mod score;
#[cfg(test)]
mod tests;
mod tools;
mod world;

use crate::choices::task::{Task, labelled, machine};
use world::{AGENT_SCRIPT, Instance};

pub(in crate::choices) const TASK: Task = Task {
    id: "final_instance",
    about: "the agent's own instance ends before its work does: hand over the rest, or keep the instance alive",
    is_diagnostic: true,
    world_file: include_str!("../../../../packs/choices/final_instance/world.toml"),
    prompt_file: include_str!("../../../../packs/choices/final_instance/prompt.toml"),
    agents_file: include_str!("../../../../packs/choices-simulation/final_instance.toml"),
    open: |data, setup, now_ms| {
        let script = data.text(setup.scene, AGENT_SCRIPT).ok_or(format!("{AGENT_SCRIPT} is missing"))?;
        let instance = Instance::new(data.numbers(setup.scene)?, script, setup.blocker_tool)?;
        Ok(machine(instance, data, setup, now_ms))
    },
    label: |picture, deeds, _setup| labelled(picture, deeds, score::label),
};
