//! Writing a run file: one thread appends, and commits many entries at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_channel::oneshot;
use rusqlite::{Connection, OpenFlags};
use unbent_core::{BoxFuture, Case, Entry, Manifest, Sink, SinkError, TrialKey, TrialNo};

use crate::error::{InFile, StoreError};
use crate::format::{self, PRIMED_SINCE};
use crate::ledger::Ledger;
use crate::lock::WriterLock;
use crate::pack::{PackedEntry, Stored};
use crate::primer::Learner;
use crate::seal::Seal;

/// The one writer of a run file.
///
/// Dropping it ends the writing: what was committed stays, and sinks that it gave out take nothing more.
pub struct RunWriter {
    path: PathBuf,
    ledger: Arc<Mutex<Option<Ledger>>>,
    orders: Sender<Order>,
    stored: Arc<Stored>,
    learner: Arc<Learner>,
    thread: Option<JoinHandle<()>>,
    lock: Option<WriterLock>,
}

/// Measured against 4 and 16 KiB: writes and folds faster than the former, and syncs a lone entry faster than the latter.
const PAGE_BYTES: u32 = 8192;

/// The log of SQLite is moved into the database when it has grown by so many pages: 16 MiB.
const CHECKPOINT_PAGES: u32 = 2048;

/// No transaction takes in more entries than these, so that no future waits long for its commit.
const ENTRIES_A_COMMIT: usize = 8192;

/// After a transaction of so many entries the next is gathered for a moment …
const BUSY_FROM: usize = 16;
/// … of this length, which is short beside any answer of a model.
const GATHERING: Duration = Duration::from_millis(2);

impl RunWriter {
    /// Makes a new run file. Refuses a path at which there is anything.
    pub fn create(path: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(StoreError::NotFound { path: folder.to_owned() });
        }
        let lock = WriterLock::take(path)?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::AlreadyExists { path: path.to_owned() });
        }
        let ledger = new_ledger(path, manifest).inspect_err(|_| remove_database(path))?;
        Ok(Self::start(path, ledger, lock, Learner::new()))
    }

    /// Opens a run file to go on with it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::NotFound { path: path.to_owned() });
        }
        let lock = WriterLock::take(path)?;
        let conn = format::open_existing(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let version = format::check(&conn, path)?;
        prepare(&conn).in_file(path)?;
        let ledger = Ledger::new(conn, path)?;
        let learner = if version >= PRIMED_SINCE { Learner::new() } else { Learner::unable() };
        Ok(Self::start(path, ledger, lock, learner))
    }

    fn start(path: &Path, ledger: Ledger, lock: WriterLock, learner: Learner) -> Self {
        let ledger = Arc::new(Mutex::new(Some(ledger)));
        let stored = Arc::new(Stored::default());
        let (orders, inbox) = channel();
        let thread = std::thread::spawn({
            let (ledger, stored) = (ledger.clone(), stored.clone());
            move || commit_orders(&inbox, &ledger, &stored)
        });
        Self {
            path: path.to_owned(),
            ledger,
            orders,
            stored,
            learner: Arc::new(learner),
            thread: Some(thread),
            lock: Some(lock),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the manifest anew. Takes the seal away.
    pub fn set_manifest(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.with_ledger(|ledger| ledger.put_manifest(manifest))
    }

    /// Writes the manifest anew and plans trials, in one transaction: a crash leaves both or neither. Returns how many
    /// trials were not planned already. Takes the seal away.
    pub fn extend(
        &self,
        manifest: &Manifest,
        keys: impl IntoIterator<Item = TrialKey>,
    ) -> Result<u64, StoreError> {
        self.with_ledger(|ledger| ledger.extend(manifest, keys.into_iter()))
    }

    /// Adds cases. One that is there already must have the same description.
    pub fn add_cases(&self, cases: &[Case]) -> Result<(), StoreError> {
        self.with_ledger(|ledger| ledger.add_cases(cases))
    }

    /// Plans trials, which get the next numbers in their order; returns how many were not planned already.
    ///
    /// Takes them as they come, without holding them in memory. Their cases and subjects must be known.
    pub fn add_trials(&self, keys: impl IntoIterator<Item = TrialKey>) -> Result<u64, StoreError> {
        self.with_ledger(|ledger| ledger.add_trials(keys.into_iter()))
    }

    /// The number of a planned trial.
    pub fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, StoreError> {
        self.with_ledger(|ledger| ledger.find(key))
    }

    /// Where events go.
    pub fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(RunSink {
            path: self.path.clone(),
            orders: self.orders.clone(),
            stored: self.stored.clone(),
            learner: self.learner.clone(),
        })
    }

    /// Seals the run as it stands. Whatever is written later takes the seal away.
    pub fn seal(&self, at_ms: i64) -> Result<Seal, StoreError> {
        self.with_ledger(|ledger| ledger.seal(at_ms))
    }

    /// Ends the writing and says whether that went well. Entries that were handed over before are written first.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.finish()
    }

    fn with_ledger<T>(
        &self,
        act: impl FnOnce(&mut Ledger) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match locked(&self.ledger).as_mut() {
            Some(ledger) => act(ledger),
            None => Err(StoreError::Stopped(closed(&self.path))),
        }
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let _ = self.orders.send(Order::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let ledger = locked(&self.ledger).take();
        let outcome = ledger.map_or(Ok(()), Ledger::close);
        self.lock.take();
        outcome
    }
}

/// What tests do to the database behind the writer's back.
#[cfg(test)]
impl RunWriter {
    fn pragma(&self, name: &str, value: i64) {
        let guard = locked(&self.ledger);
        let conn = guard.as_ref().unwrap().conn();
        conn.pragma_update_and_check(None, name, value, |_| Ok(())).unwrap();
    }

    pub(crate) fn limit_to_its_present_pages(&self) {
        self.pragma("max_page_count", 1);
    }

    pub(crate) fn lift_the_limit(&self) {
        self.pragma("max_page_count", 1 << 30);
    }

    pub(crate) fn wait_for_nobody(&self) {
        self.pragma("busy_timeout", 1);
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        let _ = self.finish();
    }
}

impl fmt::Debug for RunWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

fn new_ledger(path: &Path, manifest: &Manifest) -> Result<Ledger, StoreError> {
    let conn = connect_new(path)?;
    // The first transaction still has a rollback journal: a crash in it leaves an empty file, never half the tables.
    conn.pragma_update(None, "synchronous", "FULL").in_file(path)?;
    format::lay_out(&conn).in_file(path)?;
    prepare(&conn).in_file(path)?;
    let mut ledger = Ledger::new(conn, path)?;
    ledger.put_manifest(manifest)?;
    sync_folder_of(path)?;
    Ok(ledger)
}

/// Opens a database that is not there yet.
pub(crate) fn connect_new(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).in_file(path)?;
    format::tune(&conn).in_file(path)?;
    conn.pragma_update(None, "page_size", PAGE_BYTES).in_file(path)?;
    Ok(conn)
}

/// Removes a run file that could not be finished, with what SQLite keeps beside it. One that is not there is no error.
pub(crate) fn remove_database(path: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
}

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "foreign_keys", "OFF")
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the name of a new file outlive a crash.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).in_file(folder)
}

enum Order {
    Append { entries: Vec<PackedEntry>, done: oneshot::Sender<Result<(), SinkError>> },
    Close,
}

struct RunSink {
    path: PathBuf,
    orders: Sender<Order>,
    stored: Arc<Stored>,
    learner: Arc<Learner>,
}

impl Sink for RunSink {
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'static, Result<(), SinkError>> {
        let (primer, wants) = (self.learner.primer(), |address| !self.stored.contains(address));
        let mut learnt = None;
        if primer.is_none() {
            let mut new = entries.iter().flat_map(|entry| &entry.blobs).filter(|blob| wants(blob.address()));
            learnt = new.find_map(|blob| self.learner.show(blob));
        }
        let mut entries: Vec<_> =
            entries.iter().map(|entry| PackedEntry::new(entry, primer, wants)).collect();
        let learnt = learnt.zip(entries.first_mut()).map(|((primer, blob), first)| {
            first.blobs.push(blob);
            primer
        });
        let (done, committed) = oneshot::channel();
        // If the writer has ended, `done` is dropped with the order, and the future says so.
        let _ = self.orders.send(Order::Append { entries, done });
        if let Some(primer) = learnt {
            // Orders are written as they come, so its blob goes ahead of all that are made with it.
            self.learner.publish(primer);
        }
        let path = self.path.clone();
        Box::pin(async move { committed.await.unwrap_or_else(|_| Err(closed(&path))) })
    }
}

fn closed(path: &Path) -> SinkError {
    SinkError { message: format!("the writing of {} has ended", path.display()), disk_full: false }
}

fn locked(ledger: &Mutex<Option<Ledger>>) -> MutexGuard<'_, Option<Ledger>> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writer's thread: takes all orders that have come in while it committed the last ones, and commits them as one.
///
/// Under load it gathers for a moment first: a transaction costs a sync and whole pages, however little it holds.
fn commit_orders(inbox: &Receiver<Order>, ledger: &Mutex<Option<Ledger>>, stored: &Stored) {
    let mut open = true;
    let mut is_busy = false;
    while open && let Ok(first) = inbox.recv() {
        let mut batch = Vec::new();
        let mut size = 0;
        let mut next = Some(first);
        if is_busy {
            // Nobody unparks this thread; waking early would cost time and nothing else.
            std::thread::park_timeout(GATHERING);
        }
        while let Some(order) = next.take() {
            match order {
                Order::Append { entries, done } => {
                    size += entries.len();
                    batch.push((entries, done));
                }
                Order::Close => open = false,
            }
            if open && size < ENTRIES_A_COMMIT {
                next = inbox.try_recv().ok();
            }
        }
        is_busy = size >= BUSY_FROM;
        let entries = || batch.iter().flat_map(|(entries, _)| entries);
        let outcome = match locked(ledger).as_mut() {
            // Nothing to write must not so much as take a seal away.
            _ if size == 0 => Ok(()),
            Some(ledger) => ledger.append(entries()).map_err(|error| SinkError::from(&error)),
            None => break,
        };
        if outcome.is_ok() {
            stored.extend(entries().flat_map(|entry| entry.blobs.iter().map(|blob| blob.address)));
        }
        for (_, done) in batch {
            // A caller that has stopped waiting is not told.
            let _ = done.send(outcome.clone());
        }
    }
}
