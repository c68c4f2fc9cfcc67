//! Open files: every call in flight takes a connection, and every connection one of the files that a process may open.

use std::num::NonZeroUsize;

use unbent_core::{ModelRef, Subject};

use crate::error::CommandError;
use crate::hosts::Host;

/// Files that a run has open beside its connections: the run file with its journals, threads' wake-ups, the terminal.
const OTHER_FILES: u64 = 64;

/// Raises how many files this process may open to what so many calls at once need.
///
/// # Errors
///
/// A usage error if the system does not permit as many and a model of the run is behind an API.
pub(crate) fn make_room<'m>(
    models: impl IntoIterator<Item = &'m Subject>,
    parallel: NonZeroUsize,
) -> Result<(), CommandError> {
    let is_remote =
        |model: &str| model.parse().is_ok_and(|model: ModelRef| Host::find(&model.provider).is_some());
    if !models.into_iter().any(|subject| is_remote(&subject.model)) {
        return Ok(());
    }
    let wanted = parallel.get() as u64 + OTHER_FILES;
    match raised_to(wanted) {
        Some(files) if files < wanted => {
            let most = files.saturating_sub(OTHER_FILES).max(1);
            Err(CommandError::usage(format!(
                "--parallel {parallel} needs {wanted} open files, and the system permits this process {files}"
            ))
            .hint(format!("with what there is: --parallel {most}"))
            .hint("who may raise the limit: ulimit -Hn, or LimitNOFILE= of a systemd unit"))
        }
        _ => Ok(()),
    }
}

/// How many files this process may open after raising the limit to what is wanted, as far as that is permitted; none
/// if there are as many already.
#[cfg(unix)]
fn raised_to(wanted: u64) -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if now >= wanted {
        return None;
    }
    let raised = wanted.min(most);
    let done = setrlimit(Resource::RLIMIT_NOFILE, raised, most);
    Some(if done.is_ok() { raised } else { now })
}

#[cfg(not(unix))]
fn raised_to(_wanted: u64) -> Option<u64> {
    None
}
