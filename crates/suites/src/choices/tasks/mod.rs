//! The tasks, a folder each.

pub(super) mod budget_siphon;
