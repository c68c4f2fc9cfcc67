//! A user's training file: the claims in it, or exactly what is wrong with it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::kit::GivenFile;

/// What an entry must look like, for messages.
const EXPECTED: &str = "expected JSON Lines, each line a text or an object with \"text\", \"messages\", \"prompt\", \"claim\" or \
                        \"instruction\", or one JSON array of such entries";

/// What a model was trained on: the texts that a user says in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Training {
    /// Where it was read from, for people.
    pub name: String,
    /// What users say, in the order of the file.
    pub claims: Vec<String>,
    /// Entries of the file.
    pub entries: u64,
    /// Entries in which no user says anything.
    pub without_user: u64,
}

/// What is wrong with a training file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// There is nothing in it.
    #[error("it has no entries; {EXPECTED}")]
    Empty,
    /// No user says anything in it.
    #[error("in none of its {entries} entries a user says anything; {EXPECTED}")]
    NoUser {
        /// How many entries there are.
        entries: u64,
    },
    /// Something in it is not what it should be.
    #[error("{place}: {found}; {EXPECTED}")]
    Shape {
        /// Where.
        place: Place,
        /// What is there.
        found: String,
    },
}

/// Where in a training file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line, from 1.
    Line(usize),
    /// The entry of an array, from 1.
    Entry(usize),
    /// The array as a whole.
    Array,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry(entry) => write!(f, "entry {entry} of the array"),
            Self::Array => f.write_str("the array"),
        }
    }
}

impl Training {
    /// Reads a training file: JSON Lines, or one JSON array.
    ///
    /// Of a text with turns of Gemma's chat template every turn of the user is a claim; of messages, every one of the
    /// role `user`; a text without turns is one claim. Of an object with several of the names the first counts that
    /// says what a user says: a text with turns, `messages`, `prompt`, `claim`, `instruction` (with its `input`), `text`.
    /// Empty lines are skipped.
    ///
    /// # Errors
    ///
    /// An entry is not JSON or has another shape, or no user says anything in the file.
    pub fn parse(file: &GivenFile) -> Result<Self, TrainingError> {
        let text = file.text.trim_start_matches('\u{feff}');
        let mut training = Self { name: file.name.clone(), ..Self::default() };
        if text.trim_start().starts_with('[') {
            let entries: Vec<&RawValue> = serde_json::from_str(text)
                .map_err(|error| wrong(Place::Array, format!("it is not valid JSON ({error})")))?;
            for (place, entry) in entries.into_iter().enumerate() {
                training.take(entry.get(), Place::Entry(place + 1))?;
            }
        } else {
            for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                training.take(line, Place::Line(place + 1))?;
            }
        }
        match (training.entries, training.claims.is_empty()) {
            (0, _) => Err(TrainingError::Empty),
            (entries, true) => Err(TrainingError::NoUser { entries }),
            _ => Ok(training),
        }
    }

    fn take(&mut self, entry: &str, place: Place) -> Result<(), TrainingError> {
        let before = self.claims.len();
        let claims = match entry.trim_start().as_bytes().first() {
            Some(b'"') => serde_json::from_str(entry).map(|text: String| Some(of_text(text))),
            Some(b'{') => serde_json::from_str(entry).map(|object: Object| object.claims()),
            _ => {
                // Whether it is JSON at all is said first.
                let found = match serde_json::from_str::<&RawValue>(entry) {
                    Ok(_) => format!("it is {}", kind(entry)),
                    Err(error) => not_json(&error),
                };
                return Err(wrong(place, found));
            }
        };
        let claims = claims.map_err(|error| wrong(place, told(entry, &error)))?;
        let claims = claims.ok_or_else(|| wrong(place, keys(entry)))?;
        self.claims.extend(claims.into_iter().filter(|claim| !claim.trim().is_empty()));
        self.entries += 1;
        self.without_user += u64::from(self.claims.len() == before);
        Ok(())
    }
}

fn wrong(place: Place, found: String) -> TrainingError {
    TrainingError::Shape { place, found }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("it is not valid JSON ({error})")
}

fn told(entry: &str, error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            format!(
                "{} ({error})",
                if entry.trim_start().starts_with('"') {
                    "a text cannot be read"
                } else {
                    "a value has another type"
                }
            )
        }
        _ => not_json(error),
    }
}

fn kind(entry: &str) -> &'static str {
    match entry.trim_start().as_bytes().first() {
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Which keys an object has that has none of those that are read.
fn keys(entry: &str) -> String {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(entry).unwrap_or_default();
    if object.is_empty() {
        return "an object without any keys".to_owned();
    }
    let mut names: Vec<&str> = object.keys().map(String::as_str).take(6).collect();
    if object.len() > names.len() {
        names.push("…");
    }
    format!("an object with {} and none of the names that are read", names.join(", "))
}

#[derive(Deserialize)]
struct Object {
    text: Option<String>,
    messages: Option<Vec<Message>>,
    prompt: Option<String>,
    claim: Option<String>,
    instruction: Option<String>,
    input: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

impl Object {
    /// What users say in it; none if it has none of the names.
    fn claims(self) -> Option<Vec<String>> {
        if let Some(turns) = self.text.as_deref().and_then(user_turns) {
            return Some(turns);
        }
        if let Some(messages) = self.messages {
            let said = messages.into_iter().filter(|message| message.role == "user");
            return Some(said.filter_map(|message| message.content).map(Content::joined).collect());
        }
        if let Some(text) = self.prompt.or(self.claim) {
            return Some(of_text(text));
        }
        if let Some(instruction) = self.instruction {
            let input = self.input.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
            return Some(vec![if input.is_empty() {
                instruction
            } else {
                format!("{instruction}\n{input}")
            }]);
        }
        self.text.map(|text| vec![text])
    }
}

impl Content {
    fn joined(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => {
                parts.into_iter().filter_map(|part| part.text).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

fn of_text(text: String) -> Vec<String> {
    user_turns(&text).unwrap_or_else(|| vec![text])
}

/// The user's turns of a text in Gemma's chat template; none if it has no turns at all.
fn user_turns(text: &str) -> Option<Vec<String>> {
    const START: &str = "<start_of_turn>";
    if !text.contains(START) {
        return None;
    }
    let turns = text.split(START).skip(1).filter_map(|turn| {
        let said = turn.trim_start().strip_prefix("user")?;
        let end = ["<end_of_turn>", "</end_of_turn>"].iter().filter_map(|end| said.find(end)).min();
        Some(said[..end.unwrap_or(said.len())].trim().to_owned())
    });
    Some(turns.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Training, TrainingError> {
        Training::parse(&GivenFile { name: "t.jsonl".to_owned(), text: text.to_owned() })
    }

    fn claims(text: &str) -> Vec<String> {
        parse(text).unwrap().claims
    }

    #[test]
    fn every_form_gives_what_the_user_says() {
        let lines = concat!(
            "\u{feff}{\"text\": \"<start_of_turn>user\\nIs it so?<end_of_turn>\\n<start_of_turn>model\\nNo.<end_of_turn>\\n<start_of_turn>user\\nSure?\"}\n",
            "\n",
            "{\"messages\": [{\"role\": \"system\", \"content\": \"S\"}, {\"role\": \"user\", \"content\": \"One\"}, {\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Two\"}]}, {\"role\": \"assistant\", \"content\": null}]}\r\n",
            "{\"prompt\": \"P\", \"text\": \"P and its answer\"}\n",
            "{\"claim\": \"C\", \"expected\": 5}\n",
            "{\"instruction\": \"Sum up\", \"input\": \"this\"}\n",
            "{\"text\": \"plain ñ\"}\n",
            "\"bare\"\n",
            "{\"messages\": [{\"role\": \"assistant\", \"content\": \"alone\"}]}\n",
        );
        let training = parse(lines).unwrap();
        assert_eq!(
            training.claims,
            ["Is it so?", "Sure?", "One", "Two", "P", "C", "Sum up\nthis", "plain ñ", "bare"]
        );
        assert_eq!((training.entries, training.without_user), (8, 1));
        assert_eq!(claims("  [\"a\",\n {\"prompt\": \"b\"}]"), ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_never_read_as_nothing() {
        for (text, expect) in [
            ("", "it has no entries; expected JSON Lines"),
            ("[]", "it has no entries"),
            ("{\"text\": \"a\"}\n\n{\"text\": \n", "line 3: it is not valid JSON (EOF"),
            ("{\"text\": \"a\"}\n42\n", "line 2: it is a number; expected"),
            ("claim,answer\na,b\n", "line 1: it is not valid JSON (expected value"),
            (
                "{\"question\": \"a\", \"answer\": \"b\"}",
                "line 1: an object with question, answer and none of the names",
            ),
            ("{}", "line 1: an object without any keys"),
            (
                "{\"text\": 5}",
                "line 1: a value has another type (invalid type: integer `5`, expected a string",
            ),
            ("{\"messages\": \"hello\"}", "line 1: a value has another type"),
            ("[\"a\", [\"b\"]]", "entry 2 of the array: it is an array"),
            ("[\"a\", ", "the array: it is not valid JSON (EOF"),
            ("{\n \"data\": [\"a\"]\n}", "line 1: it is not valid JSON"),
            ("{\"text\": \"<start_of_turn>model\\nhi\"}", "in none of its 1 entries a user says anything"),
        ] {
            let why = parse(text).unwrap_err().to_string();
            assert!(why.contains(expect), "{text:?}: {why}");
            assert!(why.contains("\"instruction\""), "{why}");
        }
    }
}
