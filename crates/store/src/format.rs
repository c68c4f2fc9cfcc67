//! The tables of a run file, its versions, and the checks that tell one from other files.
//!
//! `docs/format/run.md` is the normative description; a change here is a change there.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{InFile, StoreError};

/// Marks an SQLite database as a run file: the letters `Unbt`.
pub(crate) const APPLICATION_ID: i32 = 0x556e_6274;

/// The newest format version that this program reads and writes.
///
/// 1: the first. 2: blobs may be compressed with another blob as their dictionary; the role `guard`.
pub const FORMAT_VERSION: u32 = 2;

/// The first version whose blobs may be primed.
pub(crate) const PRIMED_SINCE: u32 = 2;

/// How long another connection may keep the database busy before that is an error.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const TABLES: &str = r#"
CREATE TABLE manifest (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "case" (
    id    INTEGER PRIMARY KEY,
    suite TEXT NOT NULL,
    name  TEXT NOT NULL,
    body  TEXT NOT NULL,
    UNIQUE (suite, name)
) STRICT;

CREATE TABLE subject (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE trial (
    no      INTEGER PRIMARY KEY,
    "case"  INTEGER NOT NULL REFERENCES "case" (id),
    subject INTEGER NOT NULL REFERENCES subject (id),
    repeat  INTEGER NOT NULL,
    UNIQUE ("case", subject, repeat)
) STRICT;

CREATE TABLE event (
    id    INTEGER PRIMARY KEY,
    trial INTEGER NOT NULL REFERENCES trial (no),
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    body  TEXT NOT NULL,
    hash  BLOB NOT NULL
) STRICT;

CREATE INDEX event_by_trial ON event (trial);
CREATE INDEX event_finished ON event (trial) WHERE kind = 'finished';

CREATE TABLE blob (
    address BLOB PRIMARY KEY NOT NULL,
    coding  INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    bytes   BLOB NOT NULL
) STRICT;

CREATE TRIGGER event_keeps_its_rows BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER event_keeps_its_content BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER blob_keeps_its_rows BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'blobs are never deleted'); END;
CREATE TRIGGER blob_keeps_its_content BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'blobs are never changed'); END;
CREATE TRIGGER trial_keeps_its_rows BEFORE DELETE ON trial
BEGIN SELECT RAISE(ABORT, 'trials are never deleted'); END;
CREATE TRIGGER trial_keeps_its_content BEFORE UPDATE ON trial
BEGIN SELECT RAISE(ABORT, 'trials are never changed'); END;
"#;

/// The key under which the table `manifest` holds the manifest.
pub(crate) const MANIFEST_KEY: &str = "manifest";
/// The key under which the table `manifest` holds the number of the last event when all digests were up to date.
pub(crate) const DIGESTED_KEY: &str = "digested";
/// The key under which the table `manifest` holds the seal.
pub(crate) const SEAL_KEY: &str = "seal";

/// Makes the tables of a run that was made so in an empty database, in one transaction.
pub(crate) fn lay_out(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", FORMAT_VERSION)?;
    conn.execute_batch(TABLES)?;
    conn.execute_batch("COMMIT")
}

/// Sets what reading and writing want of a connection.
pub(crate) fn tune(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // Without this, SQLite plans most of our statements anew each time that other values are bound to them.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Opens an existing file as a database, refusing by its size and kind what cannot be one.
///
/// The file is looked at only through SQLite: closing a second descriptor of our own on it would drop the POSIX locks
/// of every connection that this process has on it.
pub(crate) fn open_existing(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let metadata = std::fs::metadata(path).in_file(path)?;
    let why = if metadata.is_dir() {
        Some("it is a folder")
    } else if metadata.len() == 0 {
        Some("it is empty")
    } else {
        None
    };
    if let Some(why) = why {
        return Err(not_a_run_file(path, why));
    }
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).in_file(path)?;
    tune(&conn).in_file(path)?;
    Ok(conn)
}

/// Checks that a database is a run file of a version that this program reads, and says which.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<u32, StoreError> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id").in_file(path)? != i64::from(APPLICATION_ID) {
        return Err(not_a_run_file(path, "it is an SQLite database of another program"));
    }
    let found = u32::try_from(pragma("user_version").in_file(path)?).unwrap_or(0);
    match found {
        0 => Err(StoreError::damaged(path, "it says no format version")),
        1..=FORMAT_VERSION => Ok(found),
        _ => Err(StoreError::NewerVersion { path: path.to_owned(), found, reads: FORMAT_VERSION }),
    }
}

fn not_a_run_file(path: &Path, why: &str) -> StoreError {
    StoreError::NotARunFile { path: path.to_owned(), why: why.to_owned() }
}
