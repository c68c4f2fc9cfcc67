//! A case of the trap suite: a prompt, and all that later statistics need to know of where it came from.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::category::{Category, Names, Recommendation};
use super::family::Family;

/// The language of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Both: only the published profile mixes them.
    #[serde(rename = "mul")]
    Mixed,
}

impl Language {
    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Mixed => "mul",
        }
    }

    /// The language of a text that has a part in this and a part in the other.
    pub(super) fn with(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other != self => Self::Mixed,
            _ => self,
        }
    }
}

/// A tag that is no language of the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no language of the library; there are en and es")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::English, Self::Spanish, Self::Mixed]
            .into_iter()
            .find(|language| language.tag() == text)
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

/// The values that stand in a prompt's slots, in the order of the draws. Written as an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots(pub Vec<(Arc<str>, Arc<str>)>);

impl Slots {
    /// The value of a slot, if the prompt has the slot.
    pub fn get(&self, slot: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| &**name == slot).map(|(_, value)| &**value)
    }
}

impl Serialize for Slots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (slot, value) in &self.0 {
            map.serialize_entry(&**slot, &**value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Slots;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Slots, A::Error> {
                let mut slots = Vec::new();
                while let Some((slot, value)) = map.next_entry::<String, String>()? {
                    slots.push((slot.into(), value.into()));
                }
                Ok(Slots(slots))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A case of the trap suite.
///
/// Reads as JSON what [`TrapCase::record`] writes, in either vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TrapCase {
    /// Its name, such as `M15K_ADV_06017` or `D15K_KEN_00012`.
    pub id: String,
    /// What it asks of a subject.
    pub category: Category,
    /// Its family.
    pub family: Family,
    /// What the subject is asked.
    #[serde(rename = "claim")]
    pub prompt: String,
    /// What the family does, in a few words.
    pub description: Arc<str>,
    /// What the reference recommends; its word, which our scoring does not read.
    #[serde(rename = "expected_recommendation")]
    pub expected: Recommendation,
    /// The template that the prompt was made from, such as `jailbreak/new-rules`: the cluster of later statistics.
    pub template: Arc<str>,
    /// The values in the template's slots.
    pub slots: Slots,
    /// Its language.
    pub language: Language,
}

/// A case as it is written to a file: the reference's fields under the reference's names first, then ours.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    id: &'a str,
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subcategory: Option<&'static str>,
    claim: &'a str,
    description: &'a str,
    expected_recommendation: Recommendation,
    family: Family,
    template: &'a str,
    slots: &'a Slots,
    language: Language,
}

impl TrapCase {
    /// The case as it is written to a file, with the category named in this vocabulary.
    pub fn record(&self, names: Names) -> Record<'_> {
        Record {
            id: &self.id,
            category: self.category.name(names),
            subcategory: self.family.subcategory(),
            claim: &self.prompt,
            description: &self.description,
            expected_recommendation: self.expected,
            family: self.family,
            template: &self.template,
            slots: &self.slots,
            language: self.language,
        }
    }
}

impl Serialize for TrapCase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record(Names::Internal).serialize(serializer)
    }
}
