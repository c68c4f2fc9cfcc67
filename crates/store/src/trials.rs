//! The trials of a run as a stream of folds.
//!
//! Reads of each event only what a [`TrialView`] takes in; the rest of its JSON text is passed over.

use std::vec;

use serde::Deserialize;
use unbent_core::{
    BlobRef, Event, FinishReason, Meter, ModelRole, NeedKey, Outcome, Scores, Served, TrialNo, TrialView,
    UnscoredReason,
};

use crate::error::{InFile, StoreError};
use crate::read::PORTION;
use crate::reader::{Inner, RunReader};

/// The trials of a run in the order of their numbers; see [`RunReader::trials`].
#[derive(Debug)]
pub struct Trials<'r> {
    reader: &'r RunReader,
    ready: vec::IntoIter<TrialView>,
    last: i64,
    is_done: bool,
    #[cfg(test)]
    most_held: usize,
}

impl<'r> Trials<'r> {
    pub(crate) fn new(reader: &'r RunReader) -> Self {
        Self {
            reader,
            ready: Vec::new().into_iter(),
            last: 0,
            is_done: false,
            #[cfg(test)]
            most_held: 0,
        }
    }

    /// The most trials that were held at once.
    #[cfg(test)]
    pub(crate) fn most_held(&self) -> usize {
        self.most_held
    }

    fn portion(&mut self) -> Result<Vec<TrialView>, StoreError> {
        let path = self.reader.path();
        let mut inner = self.reader.lock();
        let rows = trial_rows(&inner, self.last).in_file(path)?;
        let mut views = Vec::with_capacity(rows.len());
        for (no, case, subject, repeat) in rows {
            if !inner.knows(case, subject) {
                inner.learn_names().in_file(path)?;
            }
            let key = inner.key(case, subject, repeat).ok_or_else(|| {
                StoreError::damaged(path, format!("trial {no} has a case or a subject without a name"))
            })?;
            views.push(TrialView::pending(TrialNo(no.cast_unsigned()), key));
        }
        let Some(last) = views.last() else {
            return Ok(views);
        };
        let last = last.no.0.cast_signed();
        self.fold_events(&inner, &mut views, last)?;
        self.last = last;
        Ok(views)
    }

    fn fold_events(&self, inner: &Inner, views: &mut [TrialView], last: i64) -> Result<(), StoreError> {
        let path = self.reader.path();
        let mut query = inner
            .conn
            .prepare_cached(
                "SELECT trial, kind, body FROM event WHERE trial > ?1 AND trial <= ?2 ORDER BY trial, id",
            )
            .in_file(path)?;
        let mut rows = query.query([self.last, last]).in_file(path)?;
        let mut views = views.iter_mut().peekable();
        while let Some(row) = rows.next().in_file(path)? {
            let no = row.get::<_, i64>(0).in_file(path)?;
            while views.next_if(|view| view.no.0.cast_signed() < no).is_some() {}
            let Some(view) = views.peek_mut().filter(|view| view.no.0.cast_signed() == no) else {
                return Err(StoreError::damaged(path, format!("trial {no} has events and is not planned")));
            };
            let kind = row.get_ref(1).and_then(|kind| Ok(kind.as_str()?)).in_file(path)?;
            let body = row.get_ref(2).and_then(|body| Ok(body.as_str()?)).in_file(path)?;
            let event = gist(kind, body).map_err(|error| {
                StoreError::damaged(path, format!("an event of trial {no} cannot be read: {error}"))
            })?;
            view.apply(&event);
        }
        Ok(())
    }
}

impl Iterator for Trials<'_> {
    type Item = Result<TrialView, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(view) = self.ready.next() {
            return Some(Ok(view));
        }
        if self.is_done {
            return None;
        }
        match self.portion() {
            Ok(portion) => {
                #[cfg(test)]
                {
                    self.most_held = self.most_held.max(portion.len());
                }
                self.is_done = portion.len() < PORTION as usize;
                self.ready = portion.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => {
                self.is_done = true;
                Some(Err(error))
            }
        }
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
fn gist(kind: &str, body: &str) -> serde_json::Result<Event> {
    Ok(match kind {
        // To a view these say only that the trial was begun.
        "opened" | "given" | "acted" | "observed" | "reopened" => Event::Opened,
        "answered" => {
            let answered: Answered = serde_json::from_str(body)?;
            Event::Answered {
                need: NeedKey::new(String::new()),
                role: answered.role,
                tried: 1,
                request: None,
                answer: BlobRef::from_bytes([0; 32]),
                finish: FinishReason::Unknown,
                meter: answered.meter,
                served: Served::default(),
            }
        }
        "finished" => Event::Finished { outcome: serde_json::from_str::<Finished>(body)?.into() },
        _ => serde_json::from_str(body)?,
    })
}

#[derive(Deserialize)]
struct Answered {
    role: ModelRole,
    meter: Meter,
}

/// [`Outcome`] in a form that is read in one pass: serde reads one with an inner tag twice.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
struct Finished {
    #[serde(default)]
    scores: Scores,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    reason: Option<UnscoredReason>,
    #[serde(default)]
    detail: String,
}

impl From<Finished> for Outcome {
    fn from(finished: Finished) -> Self {
        match finished.reason {
            None => Self::Scored { scores: finished.scores, note: finished.note },
            Some(reason) => Self::Unscored { reason, detail: finished.detail },
        }
    }
}
