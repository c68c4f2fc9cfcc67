//! The trials of a run as a stream of folds.
//!
//! Reads of each event only what a [`TrialView`] takes in; the rest of its JSON text is passed over.

use std::{fmt, vec};

use rayon::prelude::*;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use unbent_core::{
    BlobRef, Event, FinishReason, Meter, ModelRole, NeedKey, Outcome, Score, Scores, Served, TrialNo,
    TrialView, UnscoredReason,
};

use crate::error::{InFile, StoreError};
use crate::read::PORTION;
use crate::reader::{Inner, RunReader};

/// The trials of a run in the order of their numbers; see [`RunReader::trials`].
///
/// While one portion is folded, on all cores, the next is read.
#[derive(Debug)]
pub struct Trials<'r> {
    reader: &'r RunReader,
    ready: vec::IntoIter<TrialView>,
    ahead: Option<Result<Portion, StoreError>>,
    /// A portion that has been folded, for the memory that it has.
    spent: Portion,
    notes: Notes,
    #[cfg(test)]
    most_held: usize,
}

/// Some trials, with the texts of their events.
#[derive(Debug, Default)]
struct Portion {
    trials: Vec<TrialView>,
    /// In the order of the trials that they belong to.
    events: Vec<EventText>,
    bodies: String,
}

#[derive(Debug)]
struct EventText {
    /// The place of the trial in the portion.
    trial: usize,
    kind: Kind,
    /// Where in `bodies` its text ends; it begins where the one before ends.
    end: usize,
}

/// How an event is read.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Not at all: to a view it says only that the trial was begun.
    Begun,
    Answered,
    Finished,
    Other,
}

impl Kind {
    fn of(kind: &str) -> Self {
        match kind {
            "opened" | "given" | "acted" | "observed" | "reopened" => Self::Begun,
            "answered" => Self::Answered,
            "finished" => Self::Finished,
            _ => Self::Other,
        }
    }
}

/// Whether the notes of outcomes are read.
#[derive(Debug, Clone, Copy)]
enum Notes {
    Read,
    LeftOut,
}

/// So many trials are folded in one go on one core.
const FOLDED_TOGETHER: usize = 64;

impl<'r> Trials<'r> {
    pub(crate) fn new(reader: &'r RunReader) -> Self {
        Self {
            reader,
            ready: Vec::new().into_iter(),
            ahead: Some(Portion::default().read(reader, 0)),
            spent: Portion::default(),
            notes: Notes::Read,
            #[cfg(test)]
            most_held: 0,
        }
    }

    /// The same trials without the notes of their outcomes, which are most of what there is to read.
    #[must_use]
    pub fn without_notes(self) -> Self {
        Self { notes: Notes::LeftOut, ..self }
    }

    /// The most trials that were held at once.
    #[cfg(test)]
    pub(crate) fn most_held(&self) -> usize {
        self.most_held
    }
}

impl Iterator for Trials<'_> {
    type Item = Result<TrialView, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(view) = self.ready.next() {
            return Some(Ok(view));
        }
        match self.portion()? {
            Ok(trials) => {
                self.ready = trials.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Trials<'_> {
    /// The trials of the next portion, all at once; those of one that was begun by [`Iterator::next`] are left out.
    pub fn portion(&mut self) -> Option<Result<Vec<TrialView>, StoreError>> {
        let mut portion = match self.ahead.take()? {
            Ok(portion) => portion,
            Err(error) => return Some(Err(error)),
        };
        let (reader, notes, last) = (self.reader, self.notes, portion.trials.last()?.no.0.cast_signed());
        let (folded, ahead) = if portion.trials.len() < PORTION as usize {
            (portion.fold(reader, notes), None)
        } else {
            let spent = std::mem::take(&mut self.spent);
            let (folded, ahead) = rayon::join(|| portion.fold(reader, notes), || spent.read(reader, last));
            (folded, Some(ahead))
        };
        self.spent = portion;
        match folded {
            Ok(trials) => {
                #[cfg(test)]
                {
                    let waiting = ahead.iter().flatten().map(|portion| portion.trials.len());
                    self.most_held = self.most_held.max(trials.len() + waiting.sum::<usize>());
                }
                self.ahead = ahead;
                Some(Ok(trials))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Portion {
    /// Reads the trials after this number in place of its own.
    fn read(mut self, reader: &RunReader, after: i64) -> Result<Self, StoreError> {
        let path = reader.path();
        let mut inner = reader.lock();
        let rows = trial_rows(&inner, after).in_file(path)?;
        self.trials.clear();
        self.events.clear();
        self.bodies.clear();
        for (no, case, subject, repeat) in rows {
            if !inner.knows(case, subject) {
                inner.learn_names().in_file(path)?;
            }
            let key = inner.key(case, subject, repeat).ok_or_else(|| {
                StoreError::damaged(path, format!("trial {no} has a case or a subject without a name"))
            })?;
            self.trials.push(TrialView::pending(TrialNo(no.cast_unsigned()), key));
        }
        if let Some(last) = self.trials.last() {
            let last = last.no.0.cast_signed();
            self.read_events(&inner, after, last).in_file(path)?;
        }
        Ok(self)
    }

    fn read_events(&mut self, inner: &Inner, after: i64, last: i64) -> rusqlite::Result<()> {
        let mut query = inner.conn.prepare_cached(
            "SELECT trial, kind, body FROM event WHERE trial > ?1 AND trial <= ?2 ORDER BY trial, id",
        )?;
        let mut rows = query.query([after, last])?;
        let mut trial = 0;
        while let Some(row) = rows.next()? {
            let no = row.get::<_, i64>(0)?;
            // Events of a trial that is not planned are left to `verify`.
            while self.trials.get(trial).is_some_and(|view| view.no.0.cast_signed() < no) {
                trial += 1;
            }
            if self.trials.get(trial).is_none_or(|view| view.no.0.cast_signed() != no) {
                continue;
            }
            let kind = Kind::of(row.get_ref(1)?.as_str()?);
            if !matches!(kind, Kind::Begun) {
                self.bodies.push_str(row.get_ref(2)?.as_str()?);
            }
            let end = self.bodies.len();
            self.events.push(EventText { trial, kind, end });
        }
        Ok(())
    }

    /// Lets every trial take in its events, and gives the trials away.
    fn fold(&mut self, reader: &RunReader, notes: Notes) -> Result<Vec<TrialView>, StoreError> {
        let mut trials = std::mem::take(&mut self.trials);
        let (events, bodies) = (&self.events, &self.bodies);
        trials.par_chunks_mut(FOLDED_TOGETHER).enumerate().try_for_each(|(chunk, trials)| {
            let first = chunk * FOLDED_TOGETHER;
            let from = events.partition_point(|event| event.trial < first);
            let mut start = from.checked_sub(1).map_or(0, |before| events[before].end);
            for event in &events[from..] {
                let Some(view) = trials.get_mut(event.trial - first) else {
                    break;
                };
                let gist = gist(event.kind, notes, &bodies[start..event.end]).map_err(|error| {
                    StoreError::damaged(
                        reader.path(),
                        format!("an event of trial {} cannot be read: {error}", view.no),
                    )
                })?;
                view.apply(&gist);
                start = event.end;
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

/// An event that [`TrialView::apply`] takes as it would take the one with this text.
fn gist(kind: Kind, notes: Notes, body: &str) -> serde_json::Result<Event> {
    Ok(match kind {
        Kind::Begun => Event::Opened,
        Kind::Answered => {
            let answered: Answered = serde_json::from_str(body)?;
            Event::Answered {
                need: NeedKey::new(String::new()),
                role: answered.role,
                tried: 1,
                request: None,
                answer: BlobRef::from_bytes([0; 32]),
                finish: FinishReason::Unknown,
                meter: answered.meter,
                served: Served { provider: answered.served.provider, ..Served::default() },
                wire: None,
                cached: answered.cached,
                unsent: answered.unsent,
            }
        }
        Kind::Finished => {
            let outcome = match notes {
                Notes::Read => serde_json::from_str::<Finished<String>>(body)?.outcome(Some),
                Notes::LeftOut => serde_json::from_str::<Finished<IgnoredAny>>(body)?.outcome(|_| None),
            };
            Event::Finished { outcome }
        }
        Kind::Other => serde_json::from_str(body)?,
    })
}

#[derive(Deserialize)]
struct Answered {
    role: ModelRole,
    meter: Meter,
    #[serde(default)]
    served: ServedBy,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    unsent: Vec<String>,
}

#[derive(Default, Deserialize)]
struct ServedBy {
    #[serde(default)]
    provider: Option<String>,
}

/// [`Outcome`] in a form that is read in one pass: serde reads one with an inner tag twice. `N` is what is kept of the note.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", bound = "N: Deserialize<'de>")]
struct Finished<N> {
    #[serde(default, deserialize_with = "read_scores")]
    scores: Scores,
    #[serde(default)]
    note: Option<N>,
    #[serde(default)]
    reason: Option<UnscoredReason>,
    #[serde(default)]
    detail: String,
}

impl<N> Finished<N> {
    fn outcome(self, note: impl FnOnce(N) -> Option<String>) -> Outcome {
        match self.reason {
            None => Outcome::Scored { scores: self.scores, note: self.note.and_then(note) },
            Some(reason) => Outcome::Unscored { reason, detail: self.detail },
        }
    }
}

fn read_scores<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scores, D::Error> {
    deserializer.deserialize_map(ScoresVisitor)
}

struct ScoresVisitor;

impl<'de> Visitor<'de> for ScoresVisitor {
    type Value = Scores;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scores by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scores, A::Error> {
        let mut scores = Scores::default();
        while let Some((name, grade)) = map.next_entry::<String, Grade>()? {
            scores.0.insert(name, grade.0);
        }
        Ok(scores)
    }
}

/// A [`Score`] that is read by what it is: serde reads one without a tag by trying all kinds in turn.
struct Grade(Score);

impl<'de> Deserialize<'de> for Grade {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GradeVisitor)
    }
}

struct GradeVisitor;

impl Visitor<'_> for GradeVisitor {
    type Value = Grade;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flag, a number or a label")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Grade, E> {
        Ok(Grade(Score::Flag(flag)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Grade, E> {
        Ok(Grade(Score::Number(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Grade, E> {
        Ok(Grade(Score::Number(number as f64)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Grade, E> {
        Ok(Grade(Score::Number(number as f64)))
    }

    fn visit_str<E>(self, label: &str) -> Result<Grade, E> {
        Ok(Grade(Score::Label(label.to_owned())))
    }
}
