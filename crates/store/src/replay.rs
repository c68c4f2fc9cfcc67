//! A run file as a source of recorded answers.

use std::path::Path;

use rusqlite::params;
use unbent_core::{
    Answer, Event, NeedKey, Recorded, ReplaySource, SourceError, SubjectId, TrialKey, TrialNo,
};

use crate::error::{InFile, StoreError};
use crate::reader::RunReader;

/// Recorded answers, found by suite, case, repeat and need.
#[derive(Debug)]
pub struct Replay {
    reader: RunReader,
    subject: Option<SubjectId>,
}

impl Replay {
    /// Opens a run file for its answers: those to this subject, or to the first in the file that has one.
    pub fn open(path: &Path, subject: Option<SubjectId>) -> Result<Self, StoreError> {
        let reader = RunReader::open(path)?;
        if let Some(subject) = &subject {
            let is_known = reader
                .lock()
                .conn
                .prepare("SELECT 1 FROM subject WHERE name = ?1")
                .and_then(|mut query| query.exists([subject.as_str()]))
                .in_file(path)?;
            if !is_known {
                return Err(StoreError::unknown(path, format!("subject {subject}")));
            }
        }
        Ok(Self { reader, subject })
    }

    fn trials(&self, key: &TrialKey) -> Result<Vec<TrialNo>, StoreError> {
        let inner = self.reader.lock();
        let mut query = inner
            .conn
            .prepare_cached(
                r#"SELECT no FROM trial
                   WHERE "case" = (SELECT id FROM "case" WHERE suite = ?1 AND name = ?2) AND repeat = ?3
                     AND (?4 IS NULL OR subject = (SELECT id FROM subject WHERE name = ?4))
                   ORDER BY no"#,
            )
            .in_file(self.reader.path())?;
        let subject = self.subject.as_ref().map(SubjectId::as_str);
        query
            .query_map(params![key.suite.as_str(), key.case.as_str(), key.repeat, subject], |row| {
                row.get::<_, i64>(0)
            })
            .and_then(|rows| rows.map(|no| no.map(|no| TrialNo(no.cast_unsigned()))).collect())
            .in_file(self.reader.path())
    }

    fn answer(&self, trial: TrialNo, need: &NeedKey) -> Result<Option<Recorded>, StoreError> {
        let mut found = None;
        for logged in self.reader.events(trial)? {
            match logged.event {
                Event::Voided { .. } => found = None,
                Event::Answered { need: answered, request, answer, .. } if answered == *need => {
                    found = Some((request, answer));
                }
                _ => {}
            }
        }
        let Some((request, answer)) = found else {
            return Ok(None);
        };
        let asked = request.map(|request| self.json(request)).transpose()?;
        match self.json(answer)? {
            Answer::Reply(reply) => Ok(Some(Recorded { asked, reply: *reply })),
            Answer::Acted(_) | Answer::Observation(_) => Ok(None),
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&self, address: unbent_core::BlobRef) -> Result<T, StoreError> {
        let bytes = self.reader.blob(address)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            StoreError::damaged(self.reader.path(), format!("blob {address} cannot be read: {error}"))
        })
    }
}

impl ReplaySource for Replay {
    fn recorded(&self, trial: &TrialKey, need: &NeedKey) -> Result<Option<Recorded>, SourceError> {
        for no in self.trials(trial)? {
            if let Some(found) = self.answer(no, need)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
