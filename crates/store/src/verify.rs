//! Whether a run file still says what was written into it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use rusqlite::Connection;
use unbent_core::{BlobRef, ChainHash, Event, TrialKey, TrialNo, TrialView, merkle_root};

use crate::digest::{self, Digest};
use crate::error::{InFile, StoreError};
use crate::format::{MANIFEST_KEY, SEAL_KEY};
use crate::pack;
use crate::read::{self, PORTION};
use crate::reader::RunReader;
use crate::seal::Seal;

/// What a check of a whole run file found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// How many trials were checked.
    pub trials: u64,
    /// How many events were checked.
    pub events: u64,
    /// How many blobs were checked.
    pub blobs: u64,
    /// The Merkle root over the last hashes of all trials as they stand; none for no trials.
    pub root: Option<ChainHash>,
    /// The seal, if the run is sealed. Problems tell whether it holds.
    pub seal: Option<Seal>,
    /// Everything that is not as it was written.
    pub problems: Vec<Problem>,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Something in a run file that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The trial, where it is about one.
    pub trial: Option<TrialNo>,
    /// The number of the event, where it is about one.
    pub event: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(trial) = self.trial {
            write!(f, "trial {trial}: ")?;
        }
        if let Some(event) = self.event {
            write!(f, "event {event}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl RunReader {
    /// Checks every chain, every blob and the seal.
    ///
    /// An error means that the file could not be read to its end; what is wrong in a readable file is a problem.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        let inner = self.lock();
        // One view of the file for the whole check, whatever a writer does meanwhile.
        let file = inner.conn.unchecked_transaction().in_file(self.path())?;
        let mut check = Check {
            problems: Vec::new(),
            bad_blobs: BTreeMap::new(),
            events: 0,
            blobs: 0,
            has_digests: digest::are_in(&file).in_file(self.path())?,
            are_settled: digest::are_settled(&file).in_file(self.path())?,
        };
        let heads = check.blobs(&file).and_then(|()| check.chains(&file)).in_file(self.path())?;
        let trials = heads.len() as u64;
        let root = merkle_root(heads);
        check.orphans(&file).in_file(self.path())?;
        let seal = read::text(&file, SEAL_KEY)
            .in_file(self.path())?
            .map(|json| self.parsed::<Seal>(&json, || "the seal".to_owned()))
            .transpose()?;
        if let Some(seal) = &seal {
            let manifest = read::text(&file, MANIFEST_KEY).in_file(self.path())?;
            check.seal(seal, trials, root, manifest.as_deref().unwrap_or_default());
        }
        Ok(Verification {
            trials,
            events: check.events,
            blobs: check.blobs,
            root,
            seal,
            problems: check.problems,
        })
    }
}

struct Check {
    problems: Vec<Problem>,
    /// Blobs that are not what their address says, until an event that names them is found.
    bad_blobs: BTreeMap<BlobRef, &'static str>,
    events: u64,
    blobs: u64,
    has_digests: bool,
    /// Whether the file says that every digest is of the last event of its trial.
    are_settled: bool,
}

struct Row {
    id: i64,
    at_ms: i64,
    kind: String,
    body: String,
    hash: Option<[u8; 32]>,
}

impl Check {
    fn blobs(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        pack::forget_primer();
        let mut query = conn.prepare("SELECT address, coding, size, bytes FROM blob")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            self.blobs += 1;
            let address = row.get_ref(0)?.as_blob()?;
            let Ok(address) = <[u8; 32]>::try_from(address) else {
                self.note(None, None, "a blob has an address that is not 32 bytes".to_owned());
                continue;
            };
            let address = BlobRef::from_bytes(address);
            match read::blob_of_row(row, |address| read::primer(conn, address))? {
                Some(bytes) if BlobRef::of(&bytes) == address => {}
                Some(_) => {
                    self.bad_blobs.insert(address, "has other content than its address says");
                }
                None => {
                    self.bad_blobs.insert(address, "does not decompress");
                }
            }
        }
        Ok(())
    }

    /// Checks the chain of every trial; returns the last hashes.
    fn chains(&mut self, conn: &Connection) -> rusqlite::Result<Vec<ChainHash>> {
        let mut heads = Vec::new();
        let mut trials = conn.prepare(
            r#"SELECT no, suite, "case".name, subject.name, repeat
               FROM trial CROSS JOIN "case" ON "case".id = trial."case"
                          CROSS JOIN subject ON subject.id = trial.subject
               WHERE no > ?1 ORDER BY no LIMIT ?2"#,
        )?;
        let mut last = 0;
        loop {
            let portion = trials
                .query_map((last, PORTION), |row| Ok((row.get::<_, i64>(0)?, read::key_of_row(row)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            if portion.is_empty() {
                return Ok(heads);
            }
            for (no, key) in portion {
                last = no;
                heads.push(self.chain(conn, TrialNo(no.cast_unsigned()), key)?);
            }
        }
    }

    fn chain(&mut self, conn: &Connection, trial: TrialNo, key: TrialKey) -> rusqlite::Result<ChainHash> {
        let mut head = ChainHash::genesis(&key);
        let mut view = TrialView::pending(trial, key);
        let mut last = None;
        let mut is_broken = false;
        let mut query = conn
            .prepare_cached("SELECT id, at_ms, kind, body, hash FROM event WHERE trial = ?1 ORDER BY id")?;
        let rows = query
            .query_map([trial.0.cast_signed()], |row| {
                Ok(Row {
                    id: row.get(0)?,
                    at_ms: row.get(1)?,
                    kind: row.get(2)?,
                    body: row.get(3)?,
                    hash: row.get_ref(4)?.as_blob()?.try_into().ok(),
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for row in rows {
            self.events += 1;
            let id = row.id.cast_unsigned();
            head = head.link(row.at_ms, row.body.as_bytes());
            let stored = row.hash.map(ChainHash::from_bytes);
            // After a break all later hashes differ too; only the first says where.
            if stored != Some(head) && !is_broken {
                self.note(
                    Some(trial),
                    Some(id),
                    "the hash chain breaks here: this event, an earlier one or their order was changed"
                        .to_owned(),
                );
                is_broken = true;
            }
            if let Some(event) = self.event(conn, trial, &row)? {
                view.apply(&event);
            }
            last = Some(row.id);
        }
        self.digest(conn, &view, last)?;
        Ok(head)
    }

    /// Checks the digest of a trial that stands so after its last event. One of an event before that is out of use, unless
    /// the file says that there is no such digest.
    fn digest(&mut self, conn: &Connection, view: &TrialView, last: Option<i64>) -> rusqlite::Result<()> {
        if !self.has_digests {
            return Ok(());
        }
        let Some((event, bytes)) = digest::stored(conn, view.no)? else { return Ok(()) };
        let wrong = match last.map(|last| last.cmp(&event)) {
            None | Some(Ordering::Less) => "its digest is of an event that is not there",
            Some(Ordering::Greater) if self.are_settled => "its digest is of an event that is not its last",
            Some(Ordering::Equal) if Digest::unpack(&bytes).ok() != Digest::of(view) => {
                "its digest is not what its events say"
            }
            Some(_) => return Ok(()),
        };
        self.note(Some(view.no), Some(event.cast_unsigned()), wrong.to_owned());
        Ok(())
    }

    /// Checks an event, and gives it if it can be read.
    fn event(&mut self, conn: &Connection, trial: TrialNo, row: &Row) -> rusqlite::Result<Option<Event>> {
        let id = row.id.cast_unsigned();
        let event: Event = match serde_json::from_str(&row.body) {
            Ok(event) => event,
            Err(error) => {
                self.note(Some(trial), Some(id), format!("it cannot be read: {error}"));
                return Ok(None);
            }
        };
        if event.kind() != row.kind {
            self.note(
                Some(trial),
                Some(id),
                format!("it is filed as {:?} and is {:?}", row.kind, event.kind()),
            );
        }
        for address in event.blobs() {
            let wrong = if let Some(wrong) = self.bad_blobs.get(&address) {
                wrong
            } else if conn
                .prepare_cached("SELECT 1 FROM blob WHERE address = ?1")?
                .exists([address.as_bytes()])?
            {
                continue;
            } else {
                "is missing"
            };
            self.note(Some(trial), Some(id), format!("its blob {address} {wrong}"));
        }
        Ok(Some(event))
    }

    /// Events of trials that nobody planned.
    fn orphans(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let mut query = conn
            .prepare("SELECT id, trial FROM event WHERE trial NOT IN (SELECT no FROM trial) ORDER BY id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, trial): (i64, i64) = (row.get(0)?, row.get(1)?);
            self.note(
                Some(TrialNo(trial.cast_unsigned())),
                Some(id.cast_unsigned()),
                "it belongs to a trial that is not planned".to_owned(),
            );
        }
        Ok(())
    }

    fn seal(&mut self, seal: &Seal, trials: u64, root: Option<ChainHash>, manifest: &str) {
        if seal.root != root.map(|root| root.to_string()) {
            self.note(
                None,
                None,
                "the events are not those that were sealed: the Merkle root differs".to_owned(),
            );
        }
        for (what, sealed, now) in [("trials", seal.trials, trials), ("events", seal.events, self.events)] {
            if sealed != now {
                self.note(None, None, format!("{sealed} {what} were sealed, and there are {now}"));
            }
        }
        if seal.manifest != blake3::hash(manifest.as_bytes()).to_hex().as_str() {
            self.note(None, None, "the manifest is not the one that was sealed".to_owned());
        }
    }

    fn note(&mut self, trial: Option<TrialNo>, event: Option<u64>, what: String) {
        self.problems.push(Problem { trial, event, what });
    }
}
