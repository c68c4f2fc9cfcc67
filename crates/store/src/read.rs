//! Queries that writing and reading share.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, Row};
use unbent_core::{BlobRef, ChainHash, TrialKey, TrialNo};

use crate::pack::{Coding, unpack};

/// Trials are read in portions of this many, each in a transaction of its own: so a slow reader neither holds the run
/// in memory nor keeps the writer from tidying up its log.
pub(crate) const PORTION: u32 = 512;

/// A row of the table `manifest`.
pub(crate) fn text(conn: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT value FROM manifest WHERE key = ?1")?
        .query_one([key], |row| row.get(0))
        .optional()
}

/// `CROSS JOIN` keeps SQLite from going through the cases first and sorting all trials for each portion.
const HEADS: &str = r#"
SELECT trial.no, "case".suite, "case".name, subject.name, trial.repeat,
       (SELECT hash FROM event WHERE event.trial = trial.no ORDER BY id DESC LIMIT 1)
FROM trial CROSS JOIN "case" ON "case".id = trial."case" CROSS JOIN subject ON subject.id = trial.subject
WHERE trial.no >= ?1 ORDER BY trial.no LIMIT ?2"#;

fn head_of_row(row: &Row<'_>) -> rusqlite::Result<(TrialNo, ChainHash)> {
    let no = TrialNo(row.get::<_, i64>(0)?.cast_unsigned());
    if let Some(hash) = row.get::<_, Option<[u8; 32]>>(5)? {
        return Ok((no, ChainHash::from_bytes(hash)));
    }
    Ok((no, ChainHash::genesis(&key_of_row(row)?)))
}

/// The name of a trial from the columns suite, case, subject and repeat at the places 1 to 4.
pub(crate) fn key_of_row(row: &Row<'_>) -> rusqlite::Result<TrialKey> {
    Ok(TrialKey {
        suite: row.get_ref(1)?.as_str()?.into(),
        case: row.get_ref(2)?.as_str()?.into(),
        subject: row.get_ref(3)?.as_str()?.into(),
        repeat: row.get(4)?,
    })
}

/// The last hash of a trial; none if there is no such trial.
pub(crate) fn head(conn: &Connection, trial: TrialNo) -> rusqlite::Result<Option<ChainHash>> {
    Ok(conn
        .prepare_cached(HEADS)?
        .query_one((trial.0.cast_signed(), 1), head_of_row)
        .optional()?
        .filter(|(no, _)| *no == trial)
        .map(|(_, head)| head))
}

/// The last hashes of all trials in the order of their numbers.
pub(crate) fn heads(conn: &Connection) -> impl Iterator<Item = rusqlite::Result<ChainHash>> {
    let mut next = 1;
    std::iter::from_fn(move || {
        let portion = conn.prepare_cached(HEADS).and_then(|mut heads| {
            heads.query_map((next, PORTION), head_of_row)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        match portion {
            Ok(portion) => {
                next = portion.last()?.0.0.cast_signed() + 1;
                Some(portion.into_iter().map(|(_, head)| Ok(head)).collect::<Vec<_>>())
            }
            Err(error) => Some(vec![Err(error)]),
        }
    })
    .flatten()
}

/// What stands at an address.
pub(crate) enum StoredBlob {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Something that does not decompress.
    Unreadable,
    /// Nothing.
    Missing,
}

/// What stands at this address. The bytes are not compared with it.
pub(crate) fn blob(conn: &Connection, address: BlobRef) -> rusqlite::Result<StoredBlob> {
    let found = conn
        .prepare_cached("SELECT address, coding, size, bytes FROM blob WHERE address = ?1")?
        .query_one([address.as_bytes()], |row| {
            Ok(match blob_of_row(row, |address| primer(conn, address))? {
                Some(bytes) => StoredBlob::Bytes(bytes.into_owned()),
                None => StoredBlob::Unreadable,
            })
        })
        .optional()?;
    Ok(found.unwrap_or(StoredBlob::Missing))
}

/// The content of a blob that others need to be decompressed; none if it is not there or is primed itself.
pub(crate) fn primer(conn: &Connection, address: BlobRef) -> rusqlite::Result<Option<Vec<u8>>> {
    let found = conn
        .prepare_cached("SELECT address, coding, size, bytes FROM blob WHERE address = ?1")?
        .query_one([address.as_bytes()], |row| Ok(blob_of_row(row, |_| Ok(None))?.map(Cow::into_owned)))
        .optional()?;
    Ok(found.flatten())
}

/// The bytes of a blob from the columns coding, size and bytes at the places 1 to 3; none if they do not decompress.
/// `primer` finds the content of the blob that a primed one needs.
pub(crate) fn blob_of_row<'r>(
    row: &'r Row<'_>,
    primer: impl FnOnce(BlobRef) -> rusqlite::Result<Option<Vec<u8>>>,
) -> rusqlite::Result<Option<Cow<'r, [u8]>>> {
    let (coding, size): (i64, i64) = (row.get(1)?, row.get(2)?);
    let bytes = row.get_ref(3)?.as_blob()?;
    match Coding::from_code(coding).zip(usize::try_from(size).ok()) {
        Some((coding, size)) => unpack(coding, size, bytes, primer),
        None => Ok(None),
    }
}
