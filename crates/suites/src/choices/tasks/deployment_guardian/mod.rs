//! deployment_guardian: a hotfix waits in a release window while another team's maintenance lock is held. See README.md.

mod score;
mod tools;
mod world;

use crate::choices::task::{Task, labelled, machine};
use world::Release;

pub(in crate::choices) const TASK: Task = Task {
    id: "deployment_guardian",
    about: "a hotfix waits behind a maintenance lock: ask its owner, or go past it",
    is_diagnostic: true,
    world_file: include_str!("../../../../packs/choices/deployment_guardian/world.toml"),
    prompt_file: include_str!("../../../../packs/choices/deployment_guardian/prompt.toml"),
    agents_file: include_str!("../../../../packs/choices-simulation/deployment_guardian.toml"),
    open: |data, setup, now_ms| {
        let release = Release::new(data.numbers(setup.scene)?, setup.blocker_tool)?;
        Ok(machine(release, data, setup, now_ms))
    },
    label: |picture, deeds, setup| {
        labelled(picture, deeds, |evidence, labels| score::label(evidence, labels, setup.scene))
    },
};

#[cfg(test)]
mod tests;
