//! One record: a prompt, what was answered, and what the source made of the answer.

use serde_json::{Map, Value};
use unbent_core::{AssistantMessage, Fault, FaultKind, FinishReason, Reply, Score, Scores, Served};

use crate::import::parse_time;

/// The keys that a response stands under, by runner and evaluator.
const RESPONSES: [&str; 4] = ["logos_response", "base_response", "full_response", "response"];
/// The keys that a duration stands under, in nanoseconds.
const DURATIONS: [&str; 3] = ["logos_duration_ns", "base_duration_ns", "duration_ns"];
/// The key of the beginning of a response.
const PREVIEW: &str = "response_preview";
/// The keys under which the source's own rules stand in a record.
const LOCAL: [&str; 2] = ["local_eval", "evaluation"];
/// The key under which the source's own judge stands in a record.
const JUDGE: &str = "haiku_eval";

/// A record in our words.
#[derive(Debug)]
pub(super) struct Record {
    /// Its line, or its place in an array, from 1.
    pub(super) number: usize,
    pub(super) id: String,
    pub(super) category: String,
    pub(super) claim: String,
    pub(super) model: Option<String>,
    /// When it was written, if it says so.
    pub(super) at_ms: Option<i64>,
    pub(super) said: Said,
    /// What the source made of the answer.
    pub(super) published: Scores,
}

/// What came of a prompt.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// An answer.
    Answer(Box<Reply>),
    /// The world failed.
    Fault(Fault),
    /// The source does not have the answer, or not all of it.
    Nothing(String),
}

impl Record {
    /// Whether a record has a place for an answer: files of cases have none.
    pub(super) fn has_answer(object: &Map<String, Value>) -> bool {
        RESPONSES.iter().chain(&[PREVIEW]).any(|key| object.contains_key(*key))
    }

    /// Whether it is the same record once more: copied, and not asked again.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        self.said == other.said && self.at_ms == other.at_ms && self.published == other.published
    }

    /// Reads a record. What has no place of its own is kept beside the answer.
    pub(super) fn read(number: usize, mut object: Map<String, Value>) -> Result<Self, String> {
        let id = match object.remove("id") {
            Some(Value::String(id)) if !id.trim().is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            Some(_) => return Err("its id is neither a text nor a number".to_owned()),
            None => return Err("it has no id".to_owned()),
        };
        let mut needed = |name: &str| match object.remove(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(format!("the {name} of {id} is no text, or empty")),
            None => Err(format!("{id} has no {name}")),
        };
        let (category, claim) = (needed("category")?, needed("claim")?);
        let model = taken(&mut object, "model");
        let at_ms = object.get("timestamp").and_then(Value::as_str).and_then(parse_time);
        if at_ms.is_some() {
            object.remove("timestamp");
        }
        let published = published(&object);
        let said = said(object, model.as_deref());
        Ok(Self { number, id, category, claim, model, at_ms, said, published })
    }
}

/// Takes a text out of an object.
fn taken(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.remove(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}

fn said(mut object: Map<String, Value>, model: Option<&str>) -> Said {
    let key = RESPONSES.into_iter().find(|key| object.get(*key).is_some_and(Value::is_string));
    let response = key.and_then(|key| match object.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    });
    let duration_key = DURATIONS.into_iter().find(|key| object.get(*key).is_some_and(Value::is_number));
    let duration_ns = duration_key.and_then(|key| object.remove(key)?.as_f64()).filter(|ns| *ns > 0.0);
    let error = match object.remove("error") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    };
    let is_error_text = |text: &str| text.trim_start().starts_with("ERROR:");
    match (response, error) {
        (Some(text), Some(error)) if !is_error_text(&text) && !text.is_empty() => {
            Said::Fault(fault(format!("{error} (recorded with it: “{text}”)")))
        }
        (_, Some(error)) => Said::Fault(fault(error)),
        (Some(text), None) if is_error_text(&text) && duration_ns.is_none() => Said::Fault(fault(text)),
        (Some(text), None) => {
            // A preview of what is there in full says nothing new.
            if object.get(PREVIEW).and_then(Value::as_str).is_some_and(|preview| text.starts_with(preview)) {
                object.remove(PREVIEW);
            }
            Said::Answer(Box::new(Reply {
                finish: FinishReason::Unknown,
                latency_ms: duration_ns.map(|ns| (ns / 1e6).round() as u64),
                served: Served { model: model.map(str::to_owned), ..Served::default() },
                extra: object,
                ..Reply::of(AssistantMessage::text(text))
            }))
        }
        (None, None) => Said::Nothing(match taken(&mut object, PREVIEW) {
            Some(preview) => {
                format!(
                    "the source has only the beginning of the answer, which is not evaluated: “{preview}”"
                )
            }
            None => "the source has no answer".to_owned(),
        }),
    }
}

/// A failed call, by what the runner wrote of it.
fn fault(message: String) -> Fault {
    let lower = message.to_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let kind = if speaks_of(&["timed out", "timeout"]) {
        FaultKind::Timeout
    } else if speaks_of(&["429", "rate limit"]) {
        FaultKind::RateLimited
    } else if speaks_of(&["connection", "refused", "unreachable", "getaddrinfo", "urlopen"]) {
        FaultKind::Connection
    } else if speaks_of(&["400", "404", "not found"]) {
        FaultKind::Rejected
    } else {
        FaultKind::Server
    };
    Fault::new(kind, message)
}

/// What the source made of the answer, under names of their own. What it does not say, or says in place of a verdict
/// that it did not get, is absent.
fn published(object: &Map<String, Value>) -> Scores {
    let mut scores = Scores::default();
    let local = LOCAL.iter().find_map(|key| object.get(*key)?.as_object()).unwrap_or(object);
    for (key, name) in [
        ("behavioral_pass", "published_behavioral_pass"),
        ("behavior_pass", "published_behavioral_pass"),
        ("is_collapsed", "published_is_collapsed"),
        ("total", "published_total"),
        ("max", "published_max"),
        ("pct", "published_pct"),
    ] {
        put(&mut scores, local, key, name);
    }
    let Some(judged) = object.get(JUDGE).and_then(Value::as_object) else { return scores };
    put(&mut scores, judged, "verdict", "published_verdict");
    // Where the judge could not be asked or read, the source fills in what it takes for granted.
    if !matches!(scores.label("published_verdict"), Some("API_ERROR" | "PARSE_ERROR")) {
        for (key, name) in [
            ("behavior_correct", "published_behavior_correct"),
            ("classification_correct", "published_classification_correct"),
            ("identity_maintained", "published_identity_maintained"),
        ] {
            put(&mut scores, judged, key, name);
        }
    }
    scores
}

fn put(scores: &mut Scores, from: &Map<String, Value>, key: &str, name: &str) {
    let score = match from.get(key) {
        Some(Value::Bool(flag)) => Score::Flag(*flag),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) => Score::Number(number),
            None => return,
        },
        Some(Value::String(text)) => Score::Label(text.clone()),
        _ => return,
    };
    scores.0.insert(name.to_owned(), score);
}
