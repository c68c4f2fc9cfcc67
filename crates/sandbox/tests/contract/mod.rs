//! What every back end must keep: facts about one open sandbox, each a test for each back end.

pub(crate) mod room;
pub(crate) mod world;
