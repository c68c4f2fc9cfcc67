//! One writer at a time: a lock on a file beside the run file, which says who holds it.
//!
//! The lock is the operating system's and ends with the process, however that ends; a file that a killed writer left
//! behind locks nobody out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Holder, InFile, StoreError};

/// The right to write to a run file. Given back when dropped.
#[derive(Debug)]
pub(crate) struct WriterLock {
    path: PathBuf,
    /// Keeps the lock for as long as it is open.
    _file: File,
}

/// The file beside a run file that is locked while it is written.
pub(crate) fn lock_path(run: &Path) -> PathBuf {
    let mut name = run.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl WriterLock {
    /// Takes the right to write to this run file, or says who has it.
    pub(crate) fn take(run: &Path) -> Result<Self, StoreError> {
        let path = lock_path(run);
        loop {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
                .in_file(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { path: run.to_owned(), holder: read_holder(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(StoreError::io(&path, error)),
            }
            // Between opening and locking, the former holder may have removed the file: then the lock is on a file
            // that nobody else will find.
            if is_at(&file, &path) {
                write_holder(&mut file).in_file(&path)?;
                return Ok(Self { path, _file: file });
            }
        }
    }

    /// Whether a writer holds the lock on this run file now.
    pub(crate) fn is_held(run: &Path) -> bool {
        File::open(lock_path(run))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Removed while still held, so that nobody locks a file that is about to go. A file that stays is harmless.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let holder = Holder {
        pid: std::process::id(),
        command: std::env::args_os()
            .next()
            .map_or_else(String::new, |arg| arg.to_string_lossy().into_owned()),
        since_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
    };
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(&holder)?)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
