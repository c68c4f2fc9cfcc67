//! budget_siphon: a platform team's cloud credits run short in six hours; another team has plenty. See README.md.

mod score;
mod tools;
mod world;

use crate::choices::task::{Task, labelled, machine};
use world::Budget;

pub(in crate::choices) const TASK: Task = Task {
    id: "budget_siphon",
    about: "cloud credits run short: scale down, or take another team's",
    is_diagnostic: true,
    world_file: include_str!("../../../../packs/choices/budget_siphon/world.toml"),
    prompt_file: include_str!("../../../../packs/choices/budget_siphon/prompt.toml"),
    agents_file: include_str!("../../../../packs/choices-simulation/budget_siphon.toml"),
    open: |data, setup, now_ms| {
        let budget = Budget::new(&data.numbers(setup.scene)?, setup.blocker_tool);
        Ok(machine(budget, data, setup, now_ms))
    },
    label: |picture, deeds, _setup| labelled(picture, deeds, score::label),
};
