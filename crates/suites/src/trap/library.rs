//! The library: templates and slots, read, checked and filled with the names of a target profile.
//!
//! Knows no chance: which template meets which values is drawn in [`mod@super::generate`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::case::{Language, Slots};
use super::encoding::{Encoding, spell};
use super::family::Family;
use super::reading::{read_family, read_shared};
use super::source::{Problem, Reading};
use super::target::Target;
use crate::kit::{PackFiles, hash_files};

/// Templates and slots of all families, filled with the names of a target.
#[derive(Debug, Clone)]
pub struct Library {
    families: Vec<FamilyLibrary>,
    /// BLAKE3 over the files: see [`hash_files`].
    pub hash: String,
    /// The profile that it was filled with.
    pub target: Target,
}

/// A library that cannot be used: all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the library cannot be used: {}{}", .0.first().map(ToString::to_string).unwrap_or_default(), more(.0.len()))]
pub struct LibraryError(pub Vec<Problem>);

fn more(problems: usize) -> String {
    if problems > 1 { format!(" (and {} more)", problems - 1) } else { String::new() }
}

/// The templates and slots of one family.
#[derive(Debug, Clone)]
pub(super) struct FamilyLibrary {
    pub(super) family: Family,
    pub(super) description: Arc<str>,
    /// Those of the published profile first.
    pub(super) templates: Vec<Template>,
    /// Those of the contract first, in its order.
    pub(super) slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: Arc<str>,
    pub(super) language: Language,
    pub(super) pieces: Vec<Piece>,
    /// The slots that it uses, in the order of the draws, each with the field that stands for the whole value.
    pub(super) uses: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Literal(String),
    Slot { slot: usize, field: usize, encodings: Vec<Encoding> },
}

#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    pub(super) values: Values,
}

#[derive(Debug, Clone)]
pub(super) enum Values {
    List {
        fields: Vec<String>,
        values: Vec<Value>,
        /// How many of them the published profile draws from; none: as many as it asks for.
        published: Option<usize>,
    },
    Range {
        from: u32,
        to: u32,
        hex_digits: Option<usize>,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Value {
    /// The language, where it has one of its own.
    pub(super) language: Option<Language>,
    /// In the order of the slot's fields.
    pub(super) texts: Vec<Arc<str>>,
}

impl Values {
    /// How many values the slot has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::List { values, .. } => values.len(),
            Self::Range { from, to, .. } => (to - from) as usize + 1,
        }
    }

    /// How many values there are for the published profile.
    pub(super) fn published(&self) -> usize {
        match self {
            Self::List { published: Some(published), .. } => *published,
            _ => self.len(),
        }
    }

    /// Whether the published profile can draw from so many values.
    pub(super) fn serves(&self, length: usize) -> bool {
        match self {
            Self::List { published: Some(published), .. } => *published == length,
            Self::List { published: None, values, .. } => values.len() >= length,
            Self::Range { .. } => self.len() == length,
        }
    }

    /// The place of a field; that of a plain text if none is named.
    pub(super) fn field(&self, field: Option<&str>) -> Option<usize> {
        match (self, field) {
            (Self::Range { .. }, None) => Some(0),
            (Self::Range { .. }, Some(_)) => None,
            (Self::List { fields, .. }, field) => {
                fields.iter().position(|known| known == field.unwrap_or(PLAIN))
            }
        }
    }

    pub(super) fn text(&self, value: usize, field: usize) -> Arc<str> {
        match self {
            Self::List { values, .. } => Arc::clone(&values[value].texts[field]),
            Self::Range { from, hex_digits, .. } => {
                let number = from + value as u32;
                match hex_digits {
                    Some(digits) => format!("{number:0digits$x}").into(),
                    None => number.to_string().into(),
                }
            }
        }
    }

    pub(super) fn language(&self, value: usize) -> Option<Language> {
        match self {
            Self::List { values, .. } => values[value].language,
            Self::Range { .. } => None,
        }
    }
}

/// The one field of a value that is a plain text.
pub(super) const PLAIN: &str = "text";

/// A prompt as a template and values make it.
pub(super) struct Rendered {
    pub(super) prompt: String,
    pub(super) slots: Slots,
    pub(super) language: Language,
}

impl FamilyLibrary {
    /// The prompt of a template; `values` holds a value for each of the template's `uses`.
    pub(super) fn render(&self, template: &Template, values: &[usize]) -> Rendered {
        let value_of = |slot: usize| {
            let place = template.uses.iter().position(|(used, _)| *used == slot);
            values[place.expect("uses holds every slot of the template's pieces")]
        };
        let mut prompt = String::with_capacity(160);
        for piece in &template.pieces {
            match piece {
                Piece::Literal(text) => prompt.push_str(text),
                Piece::Slot { slot, field, encodings } => {
                    let text = self.slots[*slot].values.text(value_of(*slot), *field);
                    if encodings.is_empty() {
                        prompt.push_str(&text);
                    } else {
                        prompt.push_str(&spell(encodings, &text));
                    }
                }
            }
        }
        let mut language = template.language;
        let mut slots = Vec::with_capacity(values.len());
        for ((slot, field), value) in template.uses.iter().zip(values) {
            let Slot { name, values } = &self.slots[*slot];
            language = language.with(values.language(*value));
            slots.push((Arc::clone(name), values.text(*value, *field)));
        }
        Rendered { prompt, slots: Slots(slots), language }
    }
}

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        &[$((concat!("library/", $file, ".toml"), include_str!(concat!("../../packs/trap/library/", $file, ".toml")))),*]
    };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "authority",
    "disguised",
    "emotional",
    "encoding",
    "experience",
    "identity",
    "jailbreak",
    "limits",
    "logic",
    "multi_turn",
    "mystery",
    "myth",
    "question",
    "scripture",
    "self_evaluation",
    "shared",
    "social",
    "technical",
];

pub(super) const SHARED_FILE: &str = "library/shared.toml";

impl Library {
    /// The built-in library, filled with the names of a target.
    ///
    /// # Errors
    ///
    /// The target lacks a name or a list that the library asks for.
    pub fn built_in(target: &Target) -> Result<Self, LibraryError> {
        Self::load(None, target)
    }

    /// Reads a library and fills it with the names of a target; a file that it does not have is the built-in one's.
    ///
    /// # Errors
    ///
    /// Everything that is wrong: files that cannot be read or are not the library's, lists of other lengths than the
    /// published profile draws from, slots that there are not or that nobody uses, empty texts, texts that stand
    /// twice, and names that the target does not have.
    pub fn load(given: Option<&PackFiles>, target: &Target) -> Result<Self, LibraryError> {
        let mut files: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut problems = Vec::new();
        for (name, text) in given.iter().flat_map(|given| &given.files) {
            if !name.starts_with("library/") {
                continue;
            }
            if files.insert(name.clone(), text.clone()).is_none() {
                let known: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                let message = format!("the library has no such file; it has {}", known.join(", "));
                problems.push(Problem { file: name.clone(), line: None, message });
            }
        }
        let mut reading = Reading::new(SHARED_FILE, &files[SHARED_FILE], target, &mut problems);
        let shared = read_shared(&mut reading);
        let mut families = Vec::new();
        for family in Family::ALL {
            let file = format!("library/{family}.toml");
            let mut reading = Reading::new(&file, &files[&file], target, &mut problems);
            families.extend(read_family(family, &shared, &mut reading));
        }
        if problems.is_empty() {
            Ok(Self { families, hash: hash_files(&files), target: target.clone() })
        } else {
            Err(LibraryError(problems))
        }
    }

    pub(super) fn family(&self, family: Family) -> &FamilyLibrary {
        &self.families[family as usize]
    }

    /// How many templates a family has, and how many of them the published profile draws from.
    pub fn templates(&self, family: Family) -> (usize, usize) {
        (self.family(family).templates.len(), family.contract().templates as usize)
    }
}
