//! Making a whole run file at once. A crash on the way loses all of it, so nothing waits for the disk before the end.

use std::path::{Path, PathBuf};

use unbent_core::{Case, Manifest, TrialKey};

use crate::error::{InFile, StoreError};
use crate::format;
use crate::ledger::Ledger;
use crate::lock::WriterLock;
use crate::pack::PackedEntry;
use crate::write::{connect_new, folder_of, remove_database, sync_folder_of};

/// Makes the file of a run that is to be worked on: its manifest, cases and planned trials; returns how many trials.
///
/// The file appears whole or not at all, whenever the process is killed: one that had lost some of its trials would
/// pass for a complete run later. Refuses a path at which there is anything. Takes the trials as they come, without
/// holding them in memory.
pub fn plan_run(
    path: &Path,
    manifest: &Manifest,
    cases: &[Case],
    trials: impl IntoIterator<Item = TrialKey>,
) -> Result<u64, StoreError> {
    let mut writer = BulkWriter::create(path, manifest)?;
    writer.add_cases(cases)?;
    let planned = writer.add_trials(trials.into_iter())?;
    writer.finish()?;
    Ok(planned)
}

/// A run file in the making, under a name of its own until it is complete. Dropping it unfinished removes it.
pub(crate) struct BulkWriter {
    out: PathBuf,
    partial: PathBuf,
    ledger: Option<Ledger>,
    _lock: WriterLock,
}

impl BulkWriter {
    /// Begins the file that will stand at `out`. Refuses a path at which there is anything.
    pub(crate) fn create(out: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        let folder = folder_of(out);
        if !folder.is_dir() {
            return Err(StoreError::NotFound { path: folder.to_owned() });
        }
        let lock = WriterLock::take(out)?;
        refuse_existing(out)?;
        let mut name = out.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        // What a process that was killed left behind.
        remove_database(&partial);
        let ledger = begin(&partial, manifest).inspect_err(|_| remove_database(&partial))?;
        Ok(Self { out: out.to_owned(), partial, ledger: Some(ledger), _lock: lock })
    }

    /// Writes the manifest anew.
    pub(crate) fn set_manifest(&mut self, manifest: &Manifest) -> Result<(), StoreError> {
        self.with_ledger(|ledger| ledger.put_manifest(manifest))
    }

    /// Adds cases.
    pub(crate) fn add_cases(&mut self, cases: &[Case]) -> Result<(), StoreError> {
        self.with_ledger(|ledger| ledger.add_cases(cases))
    }

    /// Plans trials.
    pub(crate) fn add_trials(&mut self, keys: impl Iterator<Item = TrialKey>) -> Result<u64, StoreError> {
        self.with_ledger(|ledger| ledger.add_trials(keys))
    }

    /// Appends entries.
    pub(crate) fn append<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e PackedEntry>,
    ) -> Result<(), StoreError> {
        self.with_ledger(|ledger| ledger.append(entries))
    }

    /// Puts the complete file in its place.
    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        let path = &self.partial;
        let mut ledger = self.ledger.take().ok_or_else(|| ended(path))?;
        ledger.write_digests();
        ledger.into_log_mode()?.close()?;
        // The database is closed, so this descriptor takes no lock of SQLite's with it.
        std::fs::File::open(path).and_then(|file| file.sync_all()).in_file(path)?;
        refuse_existing(&self.out)?;
        std::fs::rename(path, &self.out).in_file(&self.out)?;
        sync_folder_of(&self.out)
    }

    fn with_ledger<T>(
        &mut self,
        act: impl FnOnce(&mut Ledger) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &mut self.ledger {
            Some(ledger) => act(ledger),
            None => Err(ended(&self.partial)),
        }
    }
}

impl Drop for BulkWriter {
    fn drop(&mut self) {
        drop(self.ledger.take());
        // After a success it has moved away under its own name.
        remove_database(&self.partial);
    }
}

fn begin(partial: &Path, manifest: &Manifest) -> Result<Ledger, StoreError> {
    let conn = connect_new(partial)?;
    let pragmas = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;";
    conn.execute_batch(pragmas).in_file(partial)?;
    format::lay_out(&conn).in_file(partial)?;
    let mut ledger = Ledger::new(conn, partial)?;
    ledger.put_manifest(manifest)?;
    Ok(ledger)
}

fn refuse_existing(out: &Path) -> Result<(), StoreError> {
    if out.symlink_metadata().is_ok() {
        return Err(StoreError::AlreadyExists { path: out.to_owned() });
    }
    Ok(())
}

fn ended(path: &Path) -> StoreError {
    StoreError::damaged(path, "its writing has ended")
}
