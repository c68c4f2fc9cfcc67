//! What a file holds: records a line, an array of records, or the details of an identity comparison.

use serde_json::{Map, Value};

use super::each;
use super::record::Record;
use crate::import::{parse_json, parse_time};

/// The records of a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) records: Vec<Record>,
    /// What could not be read, each with its place.
    pub(super) wrong: Vec<String>,
    /// What a record is in this file: a line or an entry.
    pub(super) unit: &'static str,
    /// Of an identity comparison: what it says of all its records.
    pub(super) comparison: Option<Comparison>,
}

/// The head of an identity comparison.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) model: Option<String>,
    pub(super) label: Option<String>,
    pub(super) at_ms: Option<i64>,
}

/// Why a file has no answers for us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It holds something else.
    Foreign(String),
    /// It cannot be read.
    Damaged(String),
}

/// Why a record cannot be read.
enum Wrong {
    /// It is no JSON.
    Damaged(String),
    /// It is JSON of another shape.
    Foreign(String),
}

/// What became of a place in a file.
struct Place {
    /// Its number, from 1.
    number: usize,
    read: Result<Held, Wrong>,
}

/// A record, and whether it has a place for an answer.
struct Held {
    record: Record,
    has_answer: bool,
}

/// Reads a file by what it holds.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, Unusable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines: Vec<(usize, &[u8])> = (1..)
        .zip(bytes.split(|byte| *byte == b'\n'))
        .map(|(number, line)| (number, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let Some((_, first)) = lines.first() else { return Err(Unusable::Damaged("empty".to_owned())) };
    if first.starts_with(b"[") {
        let entries: Vec<Value> = parse_json(bytes).map_err(Unusable::Damaged)?;
        return entries_of(entries);
    }
    let is_object = |line: &[u8]| parse_json::<Map<String, Value>>(line).is_ok();
    if lines.len() > 1 && is_object(first) {
        return lines_of(&lines);
    }
    match parse_json::<Value>(bytes) {
        Ok(Value::Object(mut object)) => match object.remove("details") {
            Some(Value::Array(details)) => {
                let mut contents = entries_of(details)?;
                contents.comparison = Some(Comparison::of(object));
                Ok(contents)
            }
            _ => lines_of(&lines[..usize::from(lines.len() == 1)]),
        },
        Ok(_) => Err(Unusable::Foreign("it holds neither records nor an object with details".to_owned())),
        Err(_) if lines.iter().any(|(_, line)| is_object(line)) => lines_of(&lines),
        Err(why) => Err(Unusable::Damaged(why)),
    }
}

impl Comparison {
    fn of(mut head: Map<String, Value>) -> Self {
        let mut text = |name: &str| match head.remove(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        };
        let at_ms = text("timestamp").and_then(|time| parse_time(&time));
        Self { model: text("model"), label: text("label"), at_ms }
    }
}

fn lines_of(lines: &[(usize, &[u8])]) -> Result<Contents, Unusable> {
    let read = each(lines, |(number, line)| {
        let number = *number;
        let read = match parse_json::<Value>(line) {
            Ok(value) => held(number, value),
            Err(why) => Err(Wrong::Damaged(without_place(&why).to_owned())),
        };
        Place { number, read }
    });
    gather("line", read)
}

fn entries_of(entries: Vec<Value>) -> Result<Contents, Unusable> {
    let places = (1..).zip(entries).map(|(number, entry)| Place { number, read: held(number, entry) });
    gather("entry", places.collect())
}

fn held(number: usize, value: Value) -> Result<Held, Wrong> {
    let Value::Object(object) = value else { return Err(Wrong::Foreign("it is no object".to_owned())) };
    let has_answer = Record::has_answer(&object);
    let record = Record::read(number, object).map_err(Wrong::Foreign)?;
    Ok(Held { record, has_answer })
}

fn gather(unit: &'static str, places: Vec<Place>) -> Result<Contents, Unusable> {
    let mut contents = Contents { unit, ..Contents::default() };
    let (mut answers, mut damaged) = (0_usize, 0_usize);
    for Place { number, read } in places {
        let why = match read {
            Ok(Held { record, has_answer }) => {
                answers += usize::from(has_answer);
                contents.records.push(record);
                continue;
            }
            Err(Wrong::Damaged(why)) => {
                damaged += 1;
                why
            }
            Err(Wrong::Foreign(why)) => why,
        };
        contents.wrong.push(format!("{unit} {number}: {why}"));
    }
    if answers > 0 {
        return Ok(contents);
    }
    if !contents.records.is_empty() {
        return Err(Unusable::Foreign("its records hold cases and no answers".to_owned()));
    }
    Err(match contents.wrong.into_iter().next() {
        Some(why) if damaged > 0 => Unusable::Damaged(why),
        Some(why) => Unusable::Foreign(format!("not a file of answers: {why}")),
        None => Unusable::Foreign("it holds no records".to_owned()),
    })
}

/// What is wrong without the place within the line, whose number is that of the file.
fn without_place(why: &str) -> &str {
    why.rfind(" at line ").map_or(why, |at| &why[..at])
}
