//! Reading a run file, while it is written or after.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row};
use unbent_core::{
    BlobRef, Case, CaseId, Event, Manifest, Source, SourceError, SubjectId, SuiteId, TrialKey, TrialNo,
};

use crate::connect::connect;
use crate::error::{InFile, StoreError};
use crate::format::{MANIFEST_KEY, SEAL_KEY};
use crate::gist::Notes;
use crate::read::{self, StoredBlob};
use crate::seal::Seal;
use crate::trials::Trials;

/// A run file open for reading. Sees what is committed at the time of each call.
pub struct RunReader {
    path: PathBuf,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) conn: Connection,
    names: Names,
}

/// An event as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedEvent {
    /// Its number in the file: a later event has a higher one.
    pub id: u64,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
}

impl RunReader {
    /// Opens a run file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = connect(path)?;
        Ok(Self { path: path.to_owned(), inner: Mutex::new(Inner { conn, names: Names::default() }) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the run was made.
    pub fn manifest(&self) -> Result<Manifest, StoreError> {
        let json = read::text(&self.lock().conn, MANIFEST_KEY)
            .in_file(&self.path)?
            .ok_or_else(|| StoreError::damaged(&self.path, "it has no manifest"))?;
        self.parsed(&json, || "the manifest".to_owned())
    }

    /// The seal, if the run is sealed.
    pub fn seal(&self) -> Result<Option<Seal>, StoreError> {
        let json = read::text(&self.lock().conn, SEAL_KEY).in_file(&self.path)?;
        json.map(|json| self.parsed(&json, || "the seal".to_owned())).transpose()
    }

    /// All cases in the order in which they were added.
    pub fn cases(&self) -> Result<Vec<Case>, StoreError> {
        let inner = self.lock();
        let mut query =
            inner.conn.prepare_cached(r#"SELECT body FROM "case" ORDER BY id"#).in_file(&self.path)?;
        let mut rows = query.query([]).in_file(&self.path)?;
        let mut cases = Vec::new();
        while let Some(row) = rows.next().in_file(&self.path)? {
            let json = row.get_ref(0).and_then(|json| Ok(json.as_str()?)).in_file(&self.path)?;
            cases.push(self.parsed(json, || format!("case {}", cases.len() + 1))?);
        }
        Ok(cases)
    }

    /// A case.
    pub fn case(&self, suite: &SuiteId, case: &CaseId) -> Result<Option<Case>, StoreError> {
        let json = self
            .lock()
            .conn
            .prepare_cached(r#"SELECT body FROM "case" WHERE suite = ?1 AND name = ?2"#)
            .and_then(|mut query| {
                query.query_one([suite.as_str(), case.as_str()], |row| row.get::<_, String>(0)).optional()
            })
            .in_file(&self.path)?;
        json.map(|json| self.parsed(&json, || format!("case {suite}:{case}"))).transpose()
    }

    /// How many trials are planned.
    pub fn trial_count(&self) -> Result<u64, StoreError> {
        self.count("SELECT coalesce(max(no), 0) FROM trial")
    }

    /// How many trials have ended, counting one that ended several times once.
    pub fn finished_count(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(DISTINCT trial) FROM event WHERE kind = 'finished'")
    }

    /// How many events there are.
    pub fn event_count(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM event")
    }

    fn count(&self, sql: &str) -> Result<u64, StoreError> {
        self.lock()
            .conn
            .query_one(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .in_file(&self.path)
    }

    /// The name of a trial.
    pub fn trial(&self, no: TrialNo) -> Result<Option<TrialKey>, StoreError> {
        self.lock()
            .conn
            .prepare_cached(
                r#"SELECT no, suite, "case".name, subject.name, repeat
                   FROM trial JOIN "case" ON "case".id = trial."case" JOIN subject ON subject.id = trial.subject
                   WHERE no = ?1"#,
            )
            .and_then(|mut query| query.query_one([no.0.cast_signed()], read::key_of_row).optional())
            .in_file(&self.path)
    }

    /// The number of a trial.
    pub fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, StoreError> {
        self.lock()
            .conn
            .prepare_cached(
                r#"SELECT no FROM trial
                   WHERE "case" = (SELECT id FROM "case" WHERE suite = ?1 AND name = ?2)
                     AND subject = (SELECT id FROM subject WHERE name = ?3) AND repeat = ?4"#,
            )
            .and_then(|mut query| {
                let names = (key.suite.as_str(), key.case.as_str(), key.subject.as_str(), key.repeat);
                query.query_one(names, |row| row.get::<_, i64>(0)).optional()
            })
            .map(|no| no.map(|no| TrialNo(no.cast_unsigned())))
            .in_file(&self.path)
    }

    /// All trials in the order of their numbers, each folded from its events; no request and no answer is read.
    ///
    /// Takes the same memory for any number of trials. A trial that is being written meanwhile stands as it stood
    /// when its portion was read.
    pub fn trials(&self) -> Trials<'_> {
        Trials::new(self, Notes::Read)
    }

    /// The same trials without the notes of their outcomes: most of the finished ones are read from digests, which is faster.
    pub fn trials_without_notes(&self) -> Trials<'_> {
        Trials::new(self, Notes::LeftOut)
    }

    /// A trial's events in their order.
    pub fn events(&self, trial: TrialNo) -> Result<Vec<LoggedEvent>, StoreError> {
        let inner = self.lock();
        let mut query = inner
            .conn
            .prepare_cached("SELECT id, at_ms, body FROM event WHERE trial = ?1 ORDER BY id")
            .in_file(&self.path)?;
        let mut rows = query.query([trial.0.cast_signed()]).in_file(&self.path)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().in_file(&self.path)? {
            events.push(self.logged(trial, row)?);
        }
        Ok(events)
    }

    fn logged(&self, trial: TrialNo, row: &Row<'_>) -> Result<LoggedEvent, StoreError> {
        let id = row.get::<_, i64>(0).in_file(&self.path)?.cast_unsigned();
        let json = row.get_ref(2).and_then(|json| Ok(json.as_str()?)).in_file(&self.path)?;
        Ok(LoggedEvent {
            id,
            at_ms: row.get(1).in_file(&self.path)?,
            event: self.parsed(json, || format!("event {id} of trial {trial}"))?,
        })
    }

    /// The bytes of a blob.
    pub fn blob(&self, address: BlobRef) -> Result<Vec<u8>, StoreError> {
        match read::blob(&self.lock().conn, address).in_file(&self.path)? {
            StoredBlob::Bytes(bytes) => Ok(bytes),
            StoredBlob::Unreadable => {
                Err(StoreError::damaged(&self.path, format!("blob {address} does not decompress")))
            }
            StoredBlob::Missing => Err(StoreError::unknown(&self.path, format!("blob {address}"))),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn parsed<T: serde::de::DeserializeOwned>(
        &self,
        json: &str,
        what: impl FnOnce() -> String,
    ) -> Result<T, StoreError> {
        serde_json::from_str(json)
            .map_err(|error| StoreError::damaged(&self.path, format!("{} cannot be read: {error}", what())))
    }
}

impl Source for RunReader {
    fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, SourceError> {
        Ok(Self::find(self, key)?)
    }

    fn events(&self, trial: TrialNo) -> Result<Vec<Event>, SourceError> {
        let events = Self::events(self, trial)?;
        Ok(events.into_iter().map(|logged| logged.event).collect())
    }

    fn blob(&self, address: BlobRef) -> Result<Vec<u8>, SourceError> {
        Ok(Self::blob(self, address)?)
    }
}

impl fmt::Debug for RunReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunReader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The names behind the numbers in trials, read when first needed and again when a new number turns up.
#[derive(Default)]
pub(crate) struct Names {
    cases: HashMap<i64, (SuiteId, CaseId)>,
    subjects: HashMap<i64, SubjectId>,
}

impl Inner {
    /// Reads the names anew.
    pub(crate) fn learn_names(&mut self) -> rusqlite::Result<()> {
        let Self { conn, names } = self;
        names.cases = conn
            .prepare_cached(r#"SELECT id, suite, name FROM "case""#)?
            .query_map([], |row| {
                let suite = SuiteId::from(row.get_ref(1)?.as_str()?);
                Ok((row.get(0)?, (suite, CaseId::from(row.get_ref(2)?.as_str()?))))
            })?
            .collect::<rusqlite::Result<_>>()?;
        names.subjects = conn
            .prepare_cached("SELECT id, name FROM subject")?
            .query_map([], |row| Ok((row.get(0)?, SubjectId::from(row.get_ref(1)?.as_str()?))))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(())
    }

    /// The name of the trial with these numbers; none if one of them is not known.
    pub(crate) fn key(&self, case: i64, subject: i64, repeat: u32) -> Option<TrialKey> {
        let (suite, name) = self.names.cases.get(&case)?;
        Some(TrialKey {
            suite: suite.clone(),
            case: name.clone(),
            subject: self.names.subjects.get(&subject)?.clone(),
            repeat,
        })
    }
}
