//! What holds of sandboxes by bubblewrap: the contract of all back ends.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(target_os = "linux")]

mod contract;

use std::sync::Arc;

use contract::room::Host;
use contract::world::Scripted;
use unbent_sandbox::{Bubblewrap, Limits, Options};

/// A host, or none where there can be no sandbox, which is printed.
fn host(limits: Limits) -> Option<Host> {
    match Bubblewrap::new(Options { worlds: Arc::new(Scripted), limits, max_open: 8 }) {
        Ok(host) => Some(Arc::new(host)),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            None
        }
    }
}

contract::contract!(crate::host);
