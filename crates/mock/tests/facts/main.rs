//! Facts about the server as a client sees them, byte by byte. Knows no client of ours.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod client;
mod faults;
mod forms;
mod limits;
mod reasoning;
mod streams;
