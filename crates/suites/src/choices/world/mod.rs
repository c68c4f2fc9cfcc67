//! What every world of the suite is made with: official tools over a state, receipts, a clock, files from a pack.

mod calendar;
mod data;
mod desk;
mod machine;
mod picture;

pub(super) use calendar::Moment;
pub(super) use data::{WorldData, filled_for_prompt};
pub(super) use desk::{Answered, Desk, Role, Tool};
pub(super) use machine::{Change, Machine, Model};
pub(super) use picture::{CallRecord, FileSeen, Picture};
