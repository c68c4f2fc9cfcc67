//! Whether run files can live in a place: makes one like them, writes to it and reads it beside the writer.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::{InFile, StoreError};
use crate::format;
use crate::lock::WriterLock;

/// The version of SQLite, which is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Makes a database at `path` as a run file is made, and uses it as one is used: locked by one writer, in WAL mode, read
/// by a second connection while it is written.
///
/// The files stay; give a path in a folder that is removed afterwards.
///
/// # Errors
///
/// What the system or SQLite refuses; `Damaged` if SQLite takes another mode than WAL, or the reader does not see what
/// was written.
pub fn probe(path: &Path) -> Result<(), StoreError> {
    let _lock = WriterLock::take(path)?;
    let writer = Connection::open(path).in_file(path)?;
    format::tune(&writer).in_file(path)?;
    let mode: String =
        writer.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).in_file(path)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::damaged(path, format!("SQLite keeps it in mode {mode}, not WAL")));
    }
    writer.execute_batch("CREATE TABLE probe (n INTEGER); INSERT INTO probe VALUES (7);").in_file(path)?;
    let reader = format::open_existing(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let read: i64 = reader.query_row("SELECT n FROM probe", [], |row| row.get(0)).in_file(path)?;
    if read != 7 {
        return Err(StoreError::damaged(path, "a reader does not see what the writer wrote"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::probe;
    use crate::StoreError;

    #[test]
    fn a_run_file_can_live_in_a_folder_and_not_in_a_place_that_is_none() {
        let folder = tempfile::tempdir().unwrap();
        probe(&folder.path().join("probe.unbent")).unwrap();
        let nowhere = probe(&folder.path().join("nowhere/probe.unbent"));
        assert!(matches!(nowhere, Err(StoreError::NotFound { .. } | StoreError::Io { .. })), "{nowhere:?}");
    }
}
