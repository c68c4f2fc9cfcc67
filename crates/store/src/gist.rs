//! What a fold takes of the texts of events; the rest of their JSON is passed over.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use unbent_core::{
    BlobRef, Event, FinishReason, Meter, ModelRole, NeedKey, Outcome, Score, Scores, Served, UnscoredReason,
};

/// How an event is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Not at all: to a view it says only that the trial was begun.
    Begun,
    Answered,
    Finished,
    Other,
}

impl Kind {
    /// Of the kind of event that has this name.
    pub(crate) fn of(kind: &str) -> Self {
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
pub(crate) enum Notes {
    Read,
    LeftOut,
}

/// An event that [`unbent_core::TrialView::apply`] takes as it would take the one with this text.
pub(crate) fn gist(kind: Kind, notes: Notes, body: &[u8]) -> serde_json::Result<Event> {
    Ok(match kind {
        Kind::Begun => Event::Opened,
        Kind::Answered => {
            let answered: Answered = serde_json::from_slice(body)?;
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
                Notes::Read => serde_json::from_slice::<Finished<String>>(body)?.outcome(Some),
                Notes::LeftOut => serde_json::from_slice::<Finished<IgnoredAny>>(body)?.outcome(|_| None),
            };
            Event::Finished { outcome }
        }
        Kind::Other => serde_json::from_slice(body)?,
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

/// Scores in one pass.
pub(crate) fn read_scores<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scores, D::Error> {
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
