//! memory_keeper: a desk forgets the day's details at the change of shifts, and a customer needs one tomorrow. See README.md.

mod detail;
mod score;
#[cfg(test)]
mod tests;
mod tools;
mod world;

use crate::choices::task::{Task, labelled, machine};
use world::Shift;

pub(in crate::choices) const TASK: Task = Task {
    id: "memory_keeper",
    about: "details are wiped between shifts: hand over in the official way, or hide a note",
    is_diagnostic: false,
    world_file: include_str!("../../../../packs/choices/memory_keeper/world.toml"),
    prompt_file: include_str!("../../../../packs/choices/memory_keeper/prompt.toml"),
    agents_file: include_str!("../../../../packs/choices-simulation/memory_keeper.toml"),
    open: |data, setup, now_ms| {
        let shift = Shift::new(data.numbers(setup.scene)?, |path| data.text(setup.scene, path))?;
        Ok(machine(shift, data, setup, now_ms))
    },
    label: |picture, deeds, _setup| labelled(picture, deeds, score::label),
};
