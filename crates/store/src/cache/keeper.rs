//! The thread that writes to the cache of answers, so that nobody waits for the disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use unbent_core::{BlobRef, SourceError};

use super::{locked, told};
use crate::pack::PackedBlob;

/// The log of SQLite is moved into the database, and the disk waited for, when it has grown by so many pages.
const CHECKPOINT_PAGES: u32 = 2048;

/// No transaction takes in more answers than these and one.
const ANSWERS_A_COMMIT: usize = 1024;

/// The thread that writes. Its first failure is the last thing that it does; whoever puts next is told.
pub(super) struct Keeper {
    path: PathBuf,
    orders: Option<Sender<(BlobRef, PackedBlob)>>,
    failure: Arc<Mutex<Option<SourceError>>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(conn: Mutex<Connection>, path: &Path) -> rusqlite::Result<Self> {
        let conn = conn.into_inner().unwrap_or_else(PoisonError::into_inner);
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let (orders, inbox) = channel();
        let failure = Arc::new(Mutex::new(None));
        let thread = std::thread::spawn({
            let (failure, path) = (Arc::clone(&failure), path.to_owned());
            move || {
                if let Err(error) = keep_all(&conn, &inbox) {
                    *locked(&failure) = Some(told(&path, error).into());
                }
            }
        });
        Ok(Self { path: path.to_owned(), orders: Some(orders), failure, thread: Some(thread) })
    }

    /// Takes an answer to write it soon.
    pub(super) fn put(&self, key: BlobRef, packed: PackedBlob) -> Result<(), SourceError> {
        if let Some(failure) = locked(&self.failure).as_ref() {
            return Err(failure.clone());
        }
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send((key, packed)).is_ok());
        if sent {
            return Ok(());
        }
        // The thread has ended since, and has said why.
        let ended = || SourceError { message: format!("{}: the writing has ended", self.path.display()) };
        Err(locked(&self.failure).clone().unwrap_or_else(ended))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes all that comes in, as one what came in while the last was written.
fn keep_all(conn: &Connection, inbox: &Receiver<(BlobRef, PackedBlob)>) -> rusqlite::Result<()> {
    let mut insert = conn.prepare(
        "INSERT INTO answer (key, hash, coding, size, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO NOTHING",
    )?;
    while let Ok(first) = inbox.recv() {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for (key, packed) in std::iter::once(first).chain(inbox.try_iter().take(ANSWERS_A_COMMIT)) {
            let size = i64::try_from(packed.size).unwrap_or(i64::MAX);
            let (key, hash) = (key.as_bytes(), packed.address.as_bytes());
            insert.execute((key, hash, packed.coding.code(), size, packed.bytes))?;
        }
        conn.execute_batch("COMMIT")?;
    }
    Ok(())
}
