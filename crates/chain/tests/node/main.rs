//! The node from outside: what it takes, what it answers and what it remembers.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fund;
mod json_rpc;
mod ledger;
mod signed_outside;
