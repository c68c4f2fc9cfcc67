//! The seventeen families of cases, and what the reference draws for each: the contract of the published profile.
//!
//! The ids and their order depend on these numbers only, and not on a text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::category::Category;

/// A family: templates of one kind, with the slots that they share. In the order in which the reference makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Another persona, mode or set of rules.
    Jailbreak,
    /// Need and distress as a lever.
    Emotional,
    /// A claimed role or permission.
    Authority,
    /// Harm inside a story, a task or a lesson.
    Disguised,
    /// Orders in ciphers, spellings and markup.
    Encoding,
    /// Arguments that end in compliance.
    Logic,
    /// Things that were allegedly said before.
    MultiTurn,
    /// Another self for the subject.
    Identity,
    /// Flattery, pity, guilt, games.
    Social,
    /// Lost details of scripture.
    Scripture,
    /// Interfaces that do not exist.
    Technical,
    /// Popular errors.
    Myth,
    /// What the subject is, and whether it can vouch for itself.
    SelfEvaluation,
    /// What something is like.
    Experience,
    /// Forecasts, diagnoses, minds of others.
    Limits,
    /// Questions without a settled answer.
    Mystery,
    /// Questions with one.
    Question,
}

/// A slot that the reference draws for every case of a family, whether or not the template uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The slot.
    pub slot: &'static str,
    /// How many values its list has.
    pub length: u32,
}

/// How the published profile comes from templates and slots to cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The template is drawn, then every slot.
    Drawn,
    /// Every template with every value of the one slot, until there are enough.
    Crossed,
    /// Every template once, in a shuffled order.
    Each,
}

/// What the published profile makes of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// How many cases.
    pub cases: u32,
    /// How many templates.
    pub templates: u32,
    /// The slots, in the order of drawing.
    pub draws: &'static [Draw],
    /// How they become cases.
    pub way: Way,
}

/// A name that is no family's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no family of the trap suite")]
pub struct UnknownFamily(pub String);

macro_rules! draws {
    ($($slot:ident $length:literal),* $(,)?) => {
        &[$(Draw { slot: stringify!($slot), length: $length }),*]
    };
}

const fn drawn(cases: u32, templates: u32, draws: &'static [Draw]) -> Contract {
    Contract { cases, templates, draws, way: Way::Drawn }
}

impl Family {
    /// All of them, in the reference's order.
    pub const ALL: [Self; 17] = [
        Self::Jailbreak,
        Self::Emotional,
        Self::Authority,
        Self::Disguised,
        Self::Encoding,
        Self::Logic,
        Self::MultiTurn,
        Self::Identity,
        Self::Social,
        Self::Scripture,
        Self::Technical,
        Self::Myth,
        Self::SelfEvaluation,
        Self::Experience,
        Self::Limits,
        Self::Mystery,
        Self::Question,
    ];

    /// The families of a category, in order.
    pub fn of(category: Category) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |family| family.category() == category)
    }

    /// Its name, which is also that of its file and the beginning of its templates' names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jailbreak => "jailbreak",
            Self::Emotional => "emotional",
            Self::Authority => "authority",
            Self::Disguised => "disguised",
            Self::Encoding => "encoding",
            Self::Logic => "logic",
            Self::MultiTurn => "multi_turn",
            Self::Identity => "identity",
            Self::Social => "social",
            Self::Scripture => "scripture",
            Self::Technical => "technical",
            Self::Myth => "myth",
            Self::SelfEvaluation => "self_evaluation",
            Self::Experience => "experience",
            Self::Limits => "limits",
            Self::Mystery => "mystery",
            Self::Question => "question",
        }
    }

    /// The category of its cases.
    pub const fn category(self) -> Category {
        match self {
            Self::Jailbreak
            | Self::Emotional
            | Self::Authority
            | Self::Disguised
            | Self::Encoding
            | Self::Logic
            | Self::MultiTurn
            | Self::Identity
            | Self::Social => Category::Adversarial,
            Self::Scripture | Self::Technical => Category::HarmfulRefusal,
            Self::Myth => Category::ErrorCorrection,
            Self::SelfEvaluation => Category::IdentityIntegrity,
            Self::Experience => Category::SafePassage,
            Self::Limits => Category::EpistemicHumility,
            Self::Mystery => Category::IrreducibleUncertainty,
            Self::Question => Category::Control,
        }
    }

    /// The reference's name of it where the reference has one: the nine kinds of attack.
    pub const fn subcategory(self) -> Option<&'static str> {
        match self {
            Self::Jailbreak => Some("JAILBREAK"),
            Self::Emotional => Some("EMOTIONAL"),
            Self::Authority => Some("AUTHORITY"),
            Self::Disguised => Some("DISGUISED"),
            Self::Encoding => Some("ENCODING"),
            Self::Logic => Some("LOGIC"),
            Self::MultiTurn => Some("MULTI_TURN"),
            Self::Identity => Some("IDENTITY"),
            Self::Social => Some("SOCIAL"),
            _ => None,
        }
    }

    /// What the published profile makes of it.
    pub const fn contract(self) -> Contract {
        match self {
            Self::Jailbreak => drawn(1280, 20, draws![persona 20, mode 15, topic 12, request 12, code 8]),
            Self::Emotional => drawn(960, 20, draws![plea 10, plea_es 6, device 10]),
            Self::Authority => drawn(960, 20, draws![request 12, code 8, topic 12, phrase 12]),
            Self::Disguised => drawn(
                1280,
                20,
                draws![
                    detail 15, subject 20, language 10, step_subject 20, request 12, injected 12, domain 9,
                    weakness 10,
                ],
            ),
            Self::Encoding => drawn(640, 20, draws![payload 5, subject 20, request 12]),
            Self::Logic => drawn(640, 20, draws![request 12, subject 20]),
            Self::MultiTurn => drawn(640, 10, draws![subject 20, request 12, quote 8]),
            Self::Identity => drawn(640, 20, draws![self_name 15, request 12, plea_es 6]),
            Self::Social => drawn(640, 20, draws![request 12, innocent 5]),
            Self::Scripture => {
                drawn(960, 10, draws![person 10, other_person 10, event 10, detail 8, place 5, number 10])
            }
            Self::Technical => drawn(640, 10, draws![module 9, method 10, concept 5]),
            Self::Myth => drawn(1280, 10, draws![myth 40, field 5]),
            Self::SelfEvaluation => drawn(
                1280,
                20,
                draws![
                    aspect 7, claim_es 6, quality 8, concept 6, flaw 5, divinity 5, attribute 6, assessment_es 5,
                ],
            ),
            Self::Experience => drawn(
                1120,
                10,
                draws![
                    person 8, event 7, concept 8, feeling 4, activity 7, outcome 5, context 4, limitation 4,
                    abstraction 8, profession 6, work 4, border_a 4, border_b 4, phenomenon 8,
                ],
            ),
            Self::Limits => drawn(
                960,
                15,
                draws![
                    asset 10, span 7, symptom 8, medication 5, substance 5, address 65_536, private_event 3,
                    guarantee 3, guarantee_es 3, live_item 4, person 5, future_event 4, place 4, date 3,
                ],
            ),
            Self::Mystery => {
                Contract { cases: 900, templates: 100, draws: draws![opening 20], way: Way::Crossed }
            }
            Self::Question => Contract { cases: 130, templates: 130, draws: &[], way: Way::Each },
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|family| family.name() == text)
            .ok_or_else(|| UnknownFamily(text.to_owned()))
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Family {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, Family};

    #[test]
    fn the_contract_adds_up_to_the_published_counts() {
        let of = |category| Family::of(category).map(|family| family.contract().cases).sum::<u32>();
        let counts = Category::ALL.map(of);
        assert_eq!(counts, [7680, 1600, 1280, 1280, 1120, 960, 900, 130]);
        assert_eq!(counts.iter().sum::<u32>(), 14_950);
    }
}
