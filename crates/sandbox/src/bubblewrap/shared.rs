//! The program in shared memory, from where all sandboxes of a process have it: copying it into each costs a sixth of their start.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::statvfs::{FsFlags, statvfs};

use crate::program::PROGRAM;

/// What is memory on every Linux.
const MEMORY: &str = "/dev/shm";

/// What begins the name: it can be seen inside, in the table of mounts.
const PREFIX: &str = "svc-";

/// A file with the program, which goes with this.
#[derive(Debug)]
pub(super) struct Shared(PathBuf);

impl Shared {
    /// Places the program, where programs may be run from memory.
    pub(super) fn place() -> Option<Self> {
        Self::place_in(Path::new(MEMORY)).ok()
    }

    fn place_in(folder: &Path) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        remove_left_overs(folder, |pid| Path::new("/proc").join(pid).exists());
        if statvfs(folder)?.flags().contains(FsFlags::ST_NOEXEC) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let shared = Self(folder.join(format!("{PREFIX}{}-{number}", std::process::id())));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o555).open(&shared.0)?;
        file.write_all(PROGRAM)?;
        Ok(shared)
    }

    /// Where it is on this machine.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What stays is removed when the next one begins.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes what processes left that are gone.
fn remove_left_overs(folder: &Path, lives: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split_once('-'));
        if owner.is_some_and(|(owner, _)| owner.bytes().all(|byte| byte.is_ascii_digit()) && !lives(owner)) {
            // It may be somebody else's.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{Shared, remove_left_overs};
    use crate::program::PROGRAM;

    #[test]
    fn it_can_be_run_by_all_changed_by_none_and_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::place_in(folder.path()).unwrap();
        assert_eq!(fs::metadata(shared.path()).unwrap().permissions().mode() & 0o777, 0o555);
        assert_eq!(fs::read(shared.path()).unwrap(), PROGRAM);
        drop(shared);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_living_processes_and_others_have_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["svc-7-0", "svc-8-0", "svc-x-0", "svc.conf"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_left_overs(folder.path(), |pid| pid == "7");
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["svc-7-0", "svc-x-0", "svc.conf"]);
    }
}
