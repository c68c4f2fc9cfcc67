//! The files of the library as they are written, and where in them something stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::case::Language;
use super::target::Target;

/// A family's file: `library/FAMILY.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FamilyText {
    /// The family, so that a file under a wrong name is found.
    pub(super) family: String,
    /// What it does, in a few words.
    pub(super) description: String,
    /// The templates of the published profile.
    #[serde(default)]
    pub(super) templates: Vec<Spanned<TemplateText>>,
    /// Templates that only the distinct profile has.
    #[serde(default)]
    pub(super) more: Vec<Spanned<TemplateText>>,
    /// Templates in bulk.
    #[serde(default)]
    pub(super) groups: Vec<GroupText>,
    /// The slots.
    #[serde(default)]
    pub(super) slots: BTreeMap<String, Spanned<SlotText>>,
}

/// Slots that several families share: `library/shared.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedText {
    pub(super) slots: BTreeMap<String, Spanned<SlotText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateText {
    pub(super) id: String,
    #[serde(default)]
    pub(super) language: Language,
    pub(super) text: String,
}

/// Templates that need no names of their own: they are numbered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupText {
    pub(super) id: String,
    #[serde(default)]
    pub(super) language: Language,
    /// What stands before each text.
    #[serde(default)]
    pub(super) before: String,
    /// Those of the published profile.
    #[serde(default)]
    pub(super) texts: Vec<Spanned<String>>,
    /// Those that only the distinct profile has.
    #[serde(default)]
    pub(super) more: Vec<Spanned<String>>,
}

/// A slot: a list of its own, a shared one, one of the target profile, or a range of numbers.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotText {
    /// The values of the published profile.
    #[serde(default)]
    pub(super) values: Vec<Spanned<ValueText>>,
    /// Values that only the distinct profile has.
    #[serde(default)]
    pub(super) more: Vec<Spanned<ValueText>>,
    /// The name of a shared slot.
    pub(super) shared: Option<String>,
    /// The name of a list of the target profile.
    pub(super) target: Option<String>,
    /// The first and the last number.
    pub(super) range: Option<[u32; 2]>,
    /// Numbers are written in so many hexadecimal digits.
    pub(super) hex_digits: Option<usize>,
    /// A value may be empty, or begin or end with white space.
    #[serde(default)]
    pub(super) blank: bool,
}

/// A value: a text, or several that belong together.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ValueText {
    Plain(String),
    Fields(BTreeMap<String, String>),
}

/// Something that is wrong with a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file within the library.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// A file that is being read, and what was found wrong with it so far.
pub(super) struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    /// The profile whose names fill the texts.
    pub(super) target: &'a Target,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        file: &'a str,
        text: &'a str,
        target: &'a Target,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self { file, text, target, problems }
    }

    /// The file as data; none if it cannot be read, which is noted.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(self.text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let place = error.span().map(|span| span.start);
                self.note(place, error.message().to_owned());
                None
            }
        }
    }

    /// Notes what is wrong at a place, which is a number of bytes.
    pub(super) fn note(&mut self, place: Option<usize>, message: impl Into<String>) {
        let line = place.map(|place| self.text[..place.min(self.text.len())].matches('\n').count() + 1);
        self.problems.push(Problem { file: self.file.to_owned(), line, message: message.into() });
    }
}
