//! The engine that tests may use: the one that UNBENT_DOCKER_HOST names, or the usual one.

use std::sync::{Arc, OnceLock};

use unbent_sandbox::docker::{Docker, Options};
use unbent_sandbox::{Limits, Unavailable};

use crate::contract::room::Host;
use crate::contract::world::Scripted;

/// Where the engine listens, if that is said: then it has to be there.
fn named() -> Option<String> {
    std::env::var("UNBENT_DOCKER_HOST").ok().filter(|host| !host.is_empty())
}

/// The options of a host for limits.
pub(crate) fn options(limits: Limits) -> Options {
    Options { worlds: Arc::new(Scripted), limits, max_open: 8, image: None, engine: named() }
}

/// A host, or none where there is no engine, which is printed.
pub(crate) fn try_host(options: Options) -> Option<Docker> {
    static SKIPPED: OnceLock<Unavailable> = OnceLock::new();
    if let Some(unavailable) = SKIPPED.get() {
        eprintln!("skipped: {unavailable}");
        return None;
    }
    match Docker::new(options) {
        Ok(host) => Some(host),
        Err(unavailable) if named().is_some() => panic!("{unavailable}"),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            let _ = SKIPPED.set(unavailable);
            None
        }
    }
}

pub(crate) fn host(limits: Limits) -> Option<Host> {
    Some(Arc::new(try_host(options(limits))?))
}
