//! A loopback server that speaks the wire dialects of model APIs, with latency, limits and scripted faults.
//!
//! For contract tests, crash tests and the other side of the benchmark. It is an independent reading of the published
//! formats: it uses no crate of ours and does not know who calls it, so that an error of ours cannot stand on both sides.
//!
//! The last part of a model's name selects what is answered: `text` (and any unknown name), `tools`, `talk-by-tool`,
//! `parallel-tools`, `bad-arguments`, `reasoning`, `reasoning-tools`, `length`, `refusal`, `logprobs`, `cached`, `image`,
//! `unpinned`, `priced`, `fault-KIND` for each [`FaultKind`], and `strict-PARAMETER`, which refuses that parameter.
//! `GET /mock/ledger` gives the [`Ledger`], `GET /mock/last?n=K` the latest requests, and `POST /mock/reset` forgets both.
//!
//! ```
//! use unbent_mock::{MockServer, Options};
//!
//! let server = MockServer::start(Options { faults: "server=0.1".parse()?, ..Options::default() });
//! let base = format!("{}/v1", server.url());
//! assert_eq!(server.ledger().answers, 0);
//! # Ok::<(), unbent_mock::ParseFaultError>(())
//! ```

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
pub use ledger::{Bill, Ledger, ModelCount, SeenRequest};
pub use options::Options;
pub use server::{MockServer, StartError};
