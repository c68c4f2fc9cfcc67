//! A loopback server that speaks the wire dialects of model APIs, with latency, limits and scripted faults.
//!
//! For contract tests, crash tests and the other side of the benchmark. It is an independent reading of the published
//! formats: it uses no crate of ours and does not know who calls it, so that an error of ours cannot stand on both sides.

mod ask;
mod chance;
mod compose;
mod dialect;
mod fault;
mod faulty;
mod issued;
mod ledger;
mod limits;
mod options;
mod outgoing;
mod reply;
mod routes;
mod scenario;
mod schema;
mod serve;
mod server;
mod text;

pub use fault::{FaultKind, FaultPlan, ParseFaultError};
pub use ledger::{Ledger, ModelCount, SeenRequest};
pub use options::Options;
pub use server::{MockServer, StartError};
