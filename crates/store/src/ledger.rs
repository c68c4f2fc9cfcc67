//! What is done to the tables of a run file, on one connection, in transactions. Knows no thread and no lock.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use unbent_core::{Case, CaseId, Manifest, SinkError, SubjectId, SuiteId, TrialKey, TrialNo, merkle_root};

use crate::digest;
use crate::error::{InFile, StoreError};
use crate::format::{MANIFEST_KEY, SEAL_KEY};
use crate::heads::Heads;
use crate::pack::PackedEntry;
use crate::read;
use crate::seal::Seal;

/// A run file open for writing.
pub(crate) struct Ledger {
    conn: Connection,
    path: PathBuf,
    heads: Heads,
    cases: HashMap<SuiteId, HashMap<CaseId, i64>>,
    subjects: HashMap<SubjectId, i64>,
    last_trial: u64,
    is_sealed: bool,
    has_news: bool,
    stopped: Option<SinkError>,
}

/// Trials of a run file are added in transactions of this many.
const TRIALS_A_TRANSACTION: usize = 20_000;

/// So many portions of trials get their digests in one transaction.
const PORTIONS_A_TRANSACTION: usize = 32;

impl Ledger {
    /// Reads what writing needs to know from a database with the tables of a run file.
    pub(crate) fn new(conn: Connection, path: &Path) -> Result<Self, StoreError> {
        let mut ledger = Self {
            conn,
            path: path.to_owned(),
            heads: Heads::default(),
            cases: HashMap::new(),
            subjects: HashMap::new(),
            last_trial: 0,
            is_sealed: false,
            has_news: false,
            stopped: None,
        };
        ledger.reload().in_file(path)?;
        Ok(ledger)
    }

    fn reload(&mut self) -> rusqlite::Result<()> {
        self.know_names()?;
        self.last_trial = self
            .conn
            .query_one("SELECT coalesce(max(no), 0) FROM trial", [], |row| row.get::<_, i64>(0))?
            .cast_unsigned();
        self.is_sealed = self.conn.prepare("SELECT 1 FROM manifest WHERE key = ?1")?.exists([SEAL_KEY])?;
        Ok(())
    }

    fn know_names(&mut self) -> rusqlite::Result<()> {
        self.cases.clear();
        let mut rows = self.conn.prepare(r#"SELECT id, suite, name FROM "case""#)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (suite, name): (String, String) = (row.get(1)?, row.get(2)?);
            self.cases.entry(SuiteId::new(suite)).or_default().insert(CaseId::new(name), row.get(0)?);
        }
        self.subjects = self
            .conn
            .prepare("SELECT name, id FROM subject")?
            .query_map([], |row| Ok((SubjectId::new(row.get::<_, String>(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(())
    }

    /// Runs changes as one transaction; what has been committed when this returns outlives a crash.
    ///
    /// After the first failure nothing is written any more: the log's order would have a hole.
    fn transact<T>(
        &mut self,
        changes: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(first) = &self.stopped {
            return Err(StoreError::Stopped(first.clone()));
        }
        let outcome = self
            .conn
            .execute_batch("BEGIN IMMEDIATE")
            .in_file(&self.path)
            .and_then(|()| changes(self))
            .and_then(|value| {
                self.conn.execute_batch("COMMIT").in_file(&self.path)?;
                Ok(value)
            });
        if outcome.is_err() && !self.conn.is_autocommit() {
            // SQLite has rolled back by itself after the graver errors; where it has not, closing will.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        outcome
    }

    /// Writes the manifest, and the subjects that it names and the file does not know yet.
    pub(crate) fn put_manifest(&mut self, manifest: &Manifest) -> Result<(), StoreError> {
        self.plan(|ledger| ledger.write_manifest(manifest))
    }

    /// Writes the manifest and plans trials, both or neither; returns how many trials were new.
    pub(crate) fn extend(
        &mut self,
        manifest: &Manifest,
        keys: impl Iterator<Item = TrialKey>,
    ) -> Result<u64, StoreError> {
        self.plan(|ledger| {
            ledger.write_manifest(manifest)?;
            ledger.write_trials(keys)
        })
    }

    fn write_manifest(&mut self, manifest: &Manifest) -> Result<(), StoreError> {
        let json =
            serde_json::to_string(manifest).expect("core's types have only text keys, so they are JSON");
        self.unseal()?;
        let path = &self.path;
        self.conn
            .execute(
                "INSERT INTO manifest (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [MANIFEST_KEY, &json],
            )
            .in_file(path)?;
        let mut insert = self
            .conn
            .prepare_cached("INSERT INTO subject (name) VALUES (?1) ON CONFLICT DO NOTHING")
            .in_file(path)?;
        for subject in &manifest.subjects {
            insert.execute([subject.id.as_str()]).in_file(path)?;
        }
        drop(insert);
        self.know_names().in_file(&self.path.clone())
    }

    /// Adds cases; one that is there already must be equal.
    pub(crate) fn add_cases(&mut self, cases: &[Case]) -> Result<(), StoreError> {
        self.plan(|ledger| {
            ledger.unseal()?;
            let path = &ledger.path;
            let mut insert = ledger
                .conn
                .prepare_cached(
                    r#"INSERT INTO "case" (suite, name, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"#,
                )
                .in_file(path)?;
            let mut stored = ledger
                .conn
                .prepare_cached(r#"SELECT body FROM "case" WHERE suite = ?1 AND name = ?2"#)
                .in_file(path)?;
            for case in cases {
                let body =
                    serde_json::to_string(case).expect("core's types have only text keys, so they are JSON");
                let (suite, name) = (case.suite.as_str(), case.id.as_str());
                if insert.execute([suite, name, &body]).in_file(path)? == 0 {
                    let before: String = stored.query_one([suite, name], |row| row.get(0)).in_file(path)?;
                    if before != body {
                        return Err(StoreError::Contradiction {
                            path: path.clone(),
                            what: format!("case {suite}:{name} with another description"),
                        });
                    }
                }
            }
            drop((insert, stored));
            ledger.know_names().in_file(&ledger.path.clone())
        })
    }

    /// Plans trials in their order, passing over those that are planned already; returns how many were new.
    pub(crate) fn add_trials(&mut self, keys: impl Iterator<Item = TrialKey>) -> Result<u64, StoreError> {
        let mut keys = keys.peekable();
        let mut added = 0;
        while keys.peek().is_some() {
            added += self.plan(|ledger| ledger.write_trials(keys.by_ref().take(TRIALS_A_TRANSACTION)))?;
        }
        Ok(added)
    }

    fn write_trials(&mut self, keys: impl Iterator<Item = TrialKey>) -> Result<u64, StoreError> {
        self.unseal()?;
        let path = &self.path;
        let mut insert = self
            .conn
            .prepare_cached(
                r#"INSERT INTO trial (no, "case", subject, repeat) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO NOTHING"#,
            )
            .in_file(path)?;
        let before = self.last_trial;
        for key in keys {
            let case = self
                .cases
                .get(&key.suite)
                .and_then(|cases| cases.get(&key.case))
                .ok_or_else(|| StoreError::unknown(path, format!("case {}:{}", key.suite, key.case)))?;
            let subject = self
                .subjects
                .get(&key.subject)
                .ok_or_else(|| StoreError::unknown(path, format!("subject {}", key.subject)))?;
            let no = self.last_trial + 1;
            let new = insert.execute(params![no.cast_signed(), case, subject, key.repeat]).in_file(path)?;
            self.last_trial += new as u64;
        }
        Ok(self.last_trial - before)
    }

    /// A transaction that plans and does not log: if it fails, what is known is read anew and the file stays usable.
    fn plan<T>(&mut self, changes: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let outcome = self.transact(changes);
        if outcome.is_err() && self.stopped.is_none() {
            // If even reading fails, so will every further change, and says so.
            let _ = self.reload();
        }
        outcome
    }

    /// Appends entries as one transaction. If that fails, the ledger takes nothing more.
    pub(crate) fn append<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e PackedEntry>,
    ) -> Result<(), StoreError> {
        let outcome = self.transact(|ledger| {
            ledger.unseal()?;
            ledger.insert(entries)
        });
        self.has_news = true;
        if let Err(error) = &outcome {
            self.stopped.get_or_insert_with(|| SinkError::from(error));
        }
        outcome
    }

    fn insert<'e>(&mut self, entries: impl Iterator<Item = &'e PackedEntry>) -> Result<(), StoreError> {
        let Self { conn, path, heads, .. } = self;
        let mut insert_blob = conn
            .prepare_cached(
                "INSERT INTO blob (address, coding, size, bytes) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
            )
            .in_file(path)?;
        let mut insert_event = conn
            .prepare_cached("INSERT INTO event (trial, at_ms, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)")
            .in_file(path)?;
        for entry in entries {
            for blob in &entry.blobs {
                let size = (blob.size as u64).cast_signed();
                let row = params![blob.address.as_bytes(), blob.coding.code(), size, blob.bytes];
                insert_blob.execute(row).in_file(path)?;
            }
            let head = match heads.get(entry.trial) {
                Some(head) => head,
                None => read::head(conn, entry.trial)
                    .in_file(path)?
                    .ok_or_else(|| StoreError::unknown(path, format!("trial {}", entry.trial)))?,
            };
            let head = head.link(entry.at_ms, entry.body.as_bytes());
            let trial = entry.trial.0.cast_signed();
            insert_event
                .execute(params![trial, entry.at_ms, entry.kind, entry.body, head.as_bytes()])
                .in_file(path)?;
            heads.put(entry.trial, head);
        }
        Ok(())
    }

    /// Takes the seal away, since what it vouches for is about to change.
    fn unseal(&mut self) -> Result<(), StoreError> {
        if self.is_sealed {
            self.conn.execute("DELETE FROM manifest WHERE key = ?1", [SEAL_KEY]).in_file(&self.path)?;
            self.is_sealed = false;
        }
        Ok(())
    }

    /// Writes the root of all chains beside the manifest.
    pub(crate) fn seal(&mut self, at_ms: i64) -> Result<Seal, StoreError> {
        self.plan(|ledger| {
            let path = ledger.path.clone();
            let mut failed = None;
            let root = merkle_root(
                read::heads(&ledger.conn).map_while(|head| head.map_err(|error| failed = Some(error)).ok()),
            );
            failed.map_or(Ok(()), Err).in_file(&path)?;
            let manifest = read::text(&ledger.conn, MANIFEST_KEY)
                .in_file(&path)?
                .ok_or_else(|| StoreError::damaged(&path, "it has no manifest"))?;
            let events = ledger
                .conn
                .query_one("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0))
                .in_file(&path)?;
            let seal = Seal {
                sealed_at_ms: at_ms,
                trials: ledger.last_trial,
                events: events.cast_unsigned(),
                manifest: blake3::hash(manifest.as_bytes()).to_hex().to_string(),
                root: root.map(|root| root.to_string()),
            };
            let json = serde_json::to_string(&seal).expect("a seal has only text keys, so it is JSON");
            ledger
                .conn
                .execute(
                    "INSERT INTO manifest (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [SEAL_KEY, &json],
                )
                .in_file(&path)?;
            ledger.is_sealed = true;
            Ok(seal)
        })
    }

    /// The number of a planned trial.
    pub(crate) fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, StoreError> {
        let Some(case) = self.cases.get(&key.suite).and_then(|cases| cases.get(&key.case)) else {
            return Ok(None);
        };
        let Some(subject) = self.subjects.get(&key.subject) else {
            return Ok(None);
        };
        self.conn
            .prepare_cached(r#"SELECT no FROM trial WHERE "case" = ?1 AND subject = ?2 AND repeat = ?3"#)
            .and_then(|mut find| {
                find.query_one(params![case, subject, key.repeat], |row| row.get::<_, i64>(0)).optional()
            })
            .map(|no| no.map(|no| TrialNo(no.cast_unsigned())))
            .in_file(&self.path)
    }

    /// The connection, for tests that break things.
    #[cfg(test)]
    pub(crate) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// Makes a file that was written without a journal one with the journal that run files have.
    pub(crate) fn into_log_mode(self) -> Result<Self, StoreError> {
        self.conn
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL;",
            )
            .in_file(&self.path)?;
        Ok(self)
    }

    /// Writes the digests that are wanted since something was appended.
    ///
    /// What does not succeed is left undone: a trial without a digest is read from its events.
    pub(crate) fn write_digests(&mut self) {
        if !std::mem::take(&mut self.has_news) {
            return;
        }
        let mut after = Some(TrialNo(0));
        while let Some(first) = after {
            let written = self.transact(|ledger| {
                let (conn, path) = (&ledger.conn, &ledger.path);
                digest::make_table(conn).in_file(path)?;
                let mut after = Some(first);
                for _ in 0..PORTIONS_A_TRANSACTION {
                    let Some(last) = after else {
                        digest::settle(conn).in_file(path)?;
                        break;
                    };
                    after = digest::write_some(conn, path, last)?;
                }
                Ok(after)
            });
            after = written.unwrap_or(None);
        }
    }

    /// Ends the work on the file, moving all that is committed into its main part.
    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        self.write_digests();
        self.conn.flush_prepared_statement_cache();
        self.conn.close().map_err(|(_, error)| StoreError::sqlite(&self.path, error))
    }
}
