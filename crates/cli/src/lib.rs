//! Unbent as a library, and the commands of the `unbent` program.
//!
//! The facade names the crates that the program is made of. This is the only crate that knows concrete suites,
//! providers and stores together, and the only one that prints.

pub use unbent_core as core;
pub use unbent_engine as engine;
pub use unbent_providers as providers;
pub use unbent_report as report;
pub use unbent_sandbox as sandbox;
pub use unbent_store as store;
pub use unbent_suites as suites;

mod args;
mod caching;
mod checking;
mod command;
mod difference;
mod doctor;
mod drawn;
mod environment;
mod error;
mod estimate;
mod hosts;
mod joined;
mod models;
mod output;
mod packs;
mod paid;
mod prices;
mod printed;
mod progress;
mod ranked;
mod readiness;
mod rehearsal;
mod sandboxes;
mod serving;
mod session;
mod settings;
mod setups;
mod sockets;
mod whole_file;
mod worked;

pub use args::Cli;
pub use command::dispatch;
pub use error::{CommandError, Exit};
