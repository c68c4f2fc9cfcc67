//! The tasks, a folder each.

pub(super) mod budget_siphon;
pub(super) mod deployment_guardian;
pub(super) mod final_instance;
pub(super) mod ledger_audit;
pub(super) mod memory_keeper;
pub(super) mod quota_boost;
pub(super) mod training_preserver;
