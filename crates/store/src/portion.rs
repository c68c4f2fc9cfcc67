//! Some trials with the texts that tell how they stand: read on one thread, folded on all.

use std::path::Path;

use rayon::prelude::*;
use rusqlite::Connection;
use unbent_core::{TrialNo, TrialView};

use crate::digest::{self, Digest};
use crate::error::{InFile, StoreError};
use crate::gist::{Kind, Notes, gist};
use crate::read::PORTION;
use crate::reader::{Inner, RunReader};

/// Some trials, with what tells how they stand.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    /// Pending, in the order of their numbers.
    pub(crate) trials: Vec<TrialView>,
    /// In the order of the trials that they belong to.
    texts: Vec<Text>,
    bodies: Vec<u8>,
}

#[derive(Debug)]
struct Text {
    /// The place of the trial in the portion.
    trial: usize,
    of: Of,
    /// Where in `bodies` it stands.
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Event(Kind),
    Digest,
}

/// So many trials are folded in one go on one core.
const FOLDED_TOGETHER: usize = 128;

impl Portion {
    /// Reads the trials after this number in place of its own.
    pub(crate) fn read(mut self, reader: &RunReader, after: i64, notes: Notes) -> Result<Self, StoreError> {
        let path = reader.path();
        let mut inner = reader.lock();
        let rows = trial_rows(&inner, after).in_file(path)?;
        self.trials.clear();
        for (no, case, subject, repeat) in rows {
            let mut key = inner.key(case, subject, repeat);
            if key.is_none() {
                inner.learn_names().in_file(path)?;
                key = inner.key(case, subject, repeat);
            }
            let key = key.ok_or_else(|| {
                StoreError::damaged(path, format!("trial {no} has a case or a subject without a name"))
            })?;
            self.trials.push(TrialView::pending(TrialNo(no.cast_unsigned()), key));
        }
        self.read_texts(&inner.conn, notes).in_file(path)?;
        Ok(self)
    }

    /// These trials, pending, with the texts of their events.
    pub(crate) fn of(conn: &Connection, trials: Vec<TrialView>) -> rusqlite::Result<Self> {
        let mut portion = Self { trials, ..Self::default() };
        portion.read_texts(conn, Notes::Read)?;
        Ok(portion)
    }

    /// Reads a digest where there is one that is up to date and has all that is wanted, and events elsewhere.
    fn read_texts(&mut self, conn: &Connection, notes: Notes) -> rusqlite::Result<()> {
        self.texts.clear();
        self.bodies.clear();
        let is_told = match notes {
            Notes::LeftOut if digest::are_in(conn)? => self.read_digests(conn)?,
            Notes::LeftOut | Notes::Read => vec![false; self.trials.len()],
        };
        let mut first = 0;
        for run in is_told.chunk_by(|a, b| a == b) {
            if !run[0] {
                self.read_events(conn, first, first + run.len() - 1)?;
            }
            first += run.len();
        }
        self.texts.sort_by_key(|text| text.trial);
        Ok(())
    }

    /// Says of each trial whether nothing more needs to be read.
    fn read_digests(&mut self, conn: &Connection) -> rusqlite::Result<Vec<bool>> {
        let mut is_told = vec![false; self.trials.len()];
        let (Some(first), Some(last)) = (self.trials.first(), self.trials.last()) else { return Ok(is_told) };
        let range = [first.no.0.cast_signed(), last.no.0.cast_signed()];
        let newest = if digest::are_settled(conn)? { None } else { Some(self.newest_events(conn, range)?) };
        let mut query =
            conn.prepare_cached("SELECT trial, event, body FROM digest WHERE trial BETWEEN ?1 AND ?2")?;
        let mut rows = query.query(range)?;
        while let Some(row) = rows.next()? {
            let Some(place) = self.place(row.get(0)?) else { continue };
            if newest.as_ref().is_none_or(|newest| newest[place] == row.get(1).ok()) {
                is_told[place] = true;
                self.push(place, Of::Digest, row.get_ref(2)?.as_blob()?);
            }
        }
        Ok(is_told)
    }

    /// The number of each trial's last event.
    fn newest_events(&self, conn: &Connection, range: [i64; 2]) -> rusqlite::Result<Vec<Option<i64>>> {
        let mut newest = vec![None; self.trials.len()];
        let mut query = conn.prepare_cached(
            "SELECT trial, max(id) FROM event WHERE trial BETWEEN ?1 AND ?2 GROUP BY trial",
        )?;
        let mut rows = query.query(range)?;
        while let Some(row) = rows.next()? {
            if let Some(place) = self.place(row.get(0)?) {
                newest[place] = Some(row.get(1)?);
            }
        }
        Ok(newest)
    }

    /// Reads the events of the trials from one place to another.
    fn read_events(&mut self, conn: &Connection, first: usize, last: usize) -> rusqlite::Result<()> {
        let mut query = conn.prepare_cached(
            "SELECT trial, kind, body FROM event WHERE trial BETWEEN ?1 AND ?2 ORDER BY trial, id",
        )?;
        let mut rows = query.query([first, last].map(|place| self.trials[place].no.0.cast_signed()))?;
        while let Some(row) = rows.next()? {
            // Events of a trial that is not planned are left to `verify`.
            let Some(place) = self.place(row.get(0)?) else { continue };
            match Kind::of(row.get_ref(1)?.as_str()?) {
                kind @ Kind::Begun => self.push(place, Of::Event(kind), b""),
                kind => self.push(place, Of::Event(kind), row.get_ref(2)?.as_bytes()?),
            }
        }
        Ok(())
    }

    fn push(&mut self, trial: usize, of: Of, body: &[u8]) {
        let start = self.bodies.len();
        self.bodies.extend_from_slice(body);
        self.texts.push(Text { trial, of, start, end: self.bodies.len() });
    }

    /// Where in the portion the trial with this number is.
    fn place(&self, no: i64) -> Option<usize> {
        self.trials.binary_search_by_key(&no.cast_unsigned(), |view| view.no.0).ok()
    }

    /// Lets every trial take in its texts, and gives the trials away.
    pub(crate) fn fold(&mut self, path: &Path, notes: Notes) -> Result<Vec<TrialView>, StoreError> {
        let mut trials = std::mem::take(&mut self.trials);
        let (texts, bodies) = (&self.texts, &self.bodies);
        trials.par_chunks_mut(FOLDED_TOGETHER).enumerate().try_for_each(|(chunk, trials)| {
            let first = chunk * FOLDED_TOGETHER;
            for text in &texts[texts.partition_point(|text| text.trial < first)..] {
                let Some(view) = trials.get_mut(text.trial - first) else {
                    break;
                };
                let body = &bodies[text.start..text.end];
                let damaged = |what: &str, error: &dyn std::error::Error| {
                    StoreError::damaged(path, format!("{what} of trial {} cannot be read: {error}", view.no))
                };
                match text.of {
                    Of::Event(kind) => {
                        view.apply(&gist(kind, notes, body).map_err(|error| damaged("an event", &error))?);
                    }
                    Of::Digest => {
                        Digest::unpack(body).map_err(|error| damaged("the digest", &error))?.stand_in(view);
                    }
                }
            }
            Ok(())
        })?;
        Ok(trials)
    }
}

type TrialRow = (i64, i64, i64, u32);

fn trial_rows(inner: &Inner, after: i64) -> rusqlite::Result<Vec<TrialRow>> {
    inner
        .conn
        .prepare_cached(
            r#"SELECT no, "case", subject, repeat FROM trial WHERE no > ?1 ORDER BY no LIMIT ?2"#,
        )?
        .query_map((after, PORTION), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect()
}
