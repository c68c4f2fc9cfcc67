//! Opening a run file for reading, beside a writer, without a right to write, or in a folder that takes no files.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::{InFile, StoreError};
use crate::format;
use crate::lock::WriterLock;

/// Opens a database for reading and checks that it is a run file.
///
/// Three ways, the first that works:
/// 1. as a writer that may not write. Unlike a read-only connection it cleans up the `-wal` and `-shm` files that
///    reading a database in WAL mode needs, and picks up what a killed writer left in them;
/// 2. read-only, where the file may not be written;
/// 3. as a file that nobody changes, where not even the `-shm` file can be made because the folder may not be written or
///    the disk is full.
///    SQLite then takes no locks and does not look at the `-wal` file, so this is right only if there is nothing in
///    it and no writer at work. A writer that starts later, with rights that we do not have, would not be noticed.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let attempt = |flags: OpenFlags| -> Result<Connection, StoreError> {
        let conn = format::open_existing(path, flags)?;
        conn.pragma_update(None, "query_only", "ON").in_file(path)?;
        format::check(&conn, path)?;
        Ok(conn)
    };
    let first = match attempt(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        Err(error) if leaves_it_as_it_lies(&error) => error,
        outcome => return outcome,
    };
    match attempt(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        Err(error) if leaves_it_as_it_lies(&error) => {}
        outcome => return outcome,
    }
    if WriterLock::is_held(path) || !is_log_empty(path) {
        return Err(first);
    }
    let flags =
        OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = Connection::open_with_flags(immutable_uri(path), flags).in_file(path)?;
    format::tune(&conn).in_file(path)?;
    format::check(&conn, path)?;
    Ok(conn)
}

/// Whether the error may come from not being able to make or change files beside the database.
fn leaves_it_as_it_lies(error: &StoreError) -> bool {
    let source = match error {
        StoreError::DiskFull { .. } => return true,
        StoreError::Sqlite { source, .. } => source,
        _ => return false,
    };
    matches!(
        source.sqlite_error_code(),
        Some(
            rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::ReadOnly
                | rusqlite::ErrorCode::PermissionDenied
                | rusqlite::ErrorCode::SystemIoFailure
        )
    )
}

fn is_log_empty(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match std::fs::metadata(log) {
        Ok(log) => log.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri.push_str("?immutable=1");
    uri
}
