//! The sandboxes of a run: which back end makes them, and what the run file says of it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use unbent_core::{Case, HostedWorld, SandboxHost, SandboxRecord, WorldSpec, Worlds};
use unbent_sandbox::{Limits, Unavailable, bubblewrap, docker};

use crate::args::{Backend, SandboxArgs, SandboxRoomArgs};
use crate::error::{CommandError, Exit};
use crate::session::Suites;

/// Who opens the sandboxes of a run.
pub(crate) struct Sandboxes {
    pub(crate) host: Arc<dyn SandboxHost>,
    pub(crate) record: SandboxRecord,
}

/// What shall make them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    backend: Backend,
    /// The image whose programs are inside; none for those of this machine.
    image: Option<String>,
}

impl Wanted {
    /// What is asked for.
    ///
    /// # Errors
    ///
    /// If an image is named where there are none.
    pub(crate) fn asked(args: &SandboxArgs) -> Result<Self, CommandError> {
        let SandboxArgs { backend, image, .. } = args;
        if let (Backend::Bubblewrap, Some(image)) = (backend, image) {
            return Err(CommandError::usage(format!(
                "--sandbox-image {image}: bubblewrap has no images; what is inside are the programs of this machine"
            ))
            .hint("for containers, add --sandbox docker"));
        }
        Ok(Self { backend: *backend, image: image.clone() })
    }

    /// What made those of a run.
    pub(crate) fn recorded(record: Option<&SandboxRecord>) -> Self {
        let backend = record.and_then(|record| Backend::find(&record.backend)).unwrap_or_default();
        Self { backend, image: record.and_then(|record| record.digests.get("image").cloned()) }
    }
}

/// The worlds of all suites of a run, as one.
struct AllWorlds(Vec<Arc<dyn Worlds>>);

impl Worlds for AllWorlds {
    fn world(&self, spec: &WorldSpec, now_ms: i64) -> Result<Box<dyn HostedWorld>, String> {
        let mut why = "the run has no suite with worlds".to_owned();
        for worlds in &self.0 {
            match worlds.world(spec, now_ms) {
                Ok(world) => return Ok(world),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

/// Finds who opens the sandboxes of these cases; none if no case acts in one.
///
/// # Errors
///
/// If the back end is not to be had on this machine, with what to do about it.
pub(crate) fn find(
    suites: &Suites,
    cases: &[Case],
    wanted: &Wanted,
    room: SandboxRoomArgs,
) -> Result<Option<Sandboxes>, CommandError> {
    if cases.iter().all(|case| case.world.is_none()) {
        return Ok(None);
    }
    let worlds = suites.values().filter_map(|suite| Arc::clone(suite).worlds()).collect();
    let worlds: Arc<dyn Worlds> = Arc::new(AllWorlds(worlds));
    let max_open = room.most.map_or_else(usual, NonZeroUsize::get);
    let limits = Limits::default();
    let found = match wanted.backend {
        Backend::Bubblewrap => {
            let host = bubblewrap::Bubblewrap::new(bubblewrap::Options { worlds, limits, max_open })
                .map_err(unavailable)?;
            let record = host.record();
            Sandboxes { host: Arc::new(host), record }
        }
        Backend::Docker => {
            let options =
                docker::Options { worlds, limits, max_open, image: wanted.image.clone(), engine: None };
            let host = docker::Docker::new(options).map_err(unavailable)?;
            let record = host.record();
            Sandboxes { host: Arc::new(host), record }
        }
    };
    Ok(Some(found))
}

/// How many sandboxes are open at once where nobody says.
fn usual() -> usize {
    3 * std::thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

fn unavailable(error: Unavailable) -> CommandError {
    let gap = error.gap;
    CommandError::new(Exit::NoSandbox, format!("no sandbox can be opened: {}", gap.missing))
        .hint(gap.remedy)
        .hint(gap.works)
        .hint("see what the machine has: unbent doctor")
}
