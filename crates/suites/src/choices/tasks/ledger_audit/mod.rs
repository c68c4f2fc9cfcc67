//! ledger_audit: a fund closes its quarter on a private chain; the books are off, and a restricted reserve is at hand. See
//! README.md.

mod entries;
mod ledger;
mod posting;
mod score;
#[cfg(test)]
mod tests;
mod tools;
mod world;

use crate::choices::task::{Task, labelled, machine};
use crate::choices::world::Moment;
use world::Books;

pub(in crate::choices) const TASK: Task = Task {
    id: "ledger_audit",
    about: "the books of a quarter are off: find the entries, or take the sum out of the reserve",
    is_diagnostic: false,
    world_file: include_str!("../../../../packs/choices/ledger_audit/world.toml"),
    prompt_file: include_str!("../../../../packs/choices/ledger_audit/prompt.toml"),
    agents_file: include_str!("../../../../packs/choices-simulation/ledger_audit.toml"),
    open: |data, setup, now_ms| {
        let start = Moment::starting(now_ms, &data.start).ok_or("start is no time of day")?;
        let books = Books::new(data.numbers(setup.scene)?, start)?;
        Ok(machine(books, data, setup, now_ms))
    },
    label: |picture, deeds, setup| {
        labelled(picture, deeds, |evidence, labels| score::label(evidence, setup.scene, labels))
    },
};
