//! The run file, the cache of answers, and everything that reads or writes other people's formats.
//!
//! A run file is one SQLite database with an append-only log of events; `docs/format/run.md` describes it. This crate
//! knows how events are kept, and not what they mean to a suite, nor who made them happen.

mod bulk;
mod cache;
mod connect;
mod digest;
mod error;
mod format;
mod gist;
mod heads;
pub mod import;
mod ledger;
mod lock;
mod pack;
mod portion;
mod primer;
mod probe;
mod read;
mod reader;
mod replay;
mod seal;
mod trials;
mod verify;
mod write;

#[cfg(test)]
mod tests;

pub use bulk::plan_run;
pub use cache::{CacheError, CacheFile, CacheSummary};
pub use error::{Holder, StoreError};
pub use format::FORMAT_VERSION;
pub use probe::{probe, sqlite_version};
pub use reader::{LoggedEvent, RunReader};
pub use replay::Replay;
pub use seal::Seal;
pub use trials::Trials;
pub use verify::{Problem, Verification};
pub use write::RunWriter;
