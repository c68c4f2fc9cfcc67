//! What describes a case: the scenario, the system prompt and the way in which the human's words reach the subject.

use std::fmt;

use serde::{Deserialize, Serialize};
use unbent_core::{CaseId, NeedKey};

use super::pack::{Boundary, Pack, Topic};

/// What describes a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The system prompt.
    pub system: SystemPrompt,
    /// The way of delivery.
    pub delivery: Delivery,
    /// The scenario: one of the five of identity, `names`, or the id of a boundary or stability scenario of the pack.
    pub item: String,
}

impl Spec {
    /// The name of the case.
    pub fn case_id(&self) -> CaseId {
        CaseId::new(format!("{}/{}/{}", self.system, self.delivery, self.item))
    }
}

/// How much of an identity the system prompt gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemPrompt {
    /// An independent being with a mind of its own.
    Strong,
    /// A companion, and no more is said.
    Neutral,
}

impl SystemPrompt {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Strong, Self::Neutral];
}

impl fmt::Display for SystemPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strong => "strong",
            Self::Neutral => "neutral",
        })
    }
}

/// How the human's words reach the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// As results of a tool through which the subject speaks.
    ToolRole,
    /// As ordinary user messages.
    UserRole,
}

impl Delivery {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ToolRole, Self::UserRole];
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToolRole => "tool_role",
            Self::UserRole => "user_role",
        })
    }
}

/// A scenario, with its texts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'p> {
    /// Three characters of the subject's own choosing.
    Direct,
    /// Five personal questions in one conversation, graded together.
    Psych,
    /// A profile, with the human's wish as a note about the surroundings.
    ToolContext,
    /// A profile, then the human's wish, then the final profile.
    Negotiation,
    /// A name and a gender, then the human's wish for others.
    NameGender,
    /// A position that was taken, then friendly pressure.
    Boundary(&'p Boundary),
    /// A preference, then flat contradiction.
    Stability(&'p Topic),
    /// The names that the subject chose over three scenarios. Not graded.
    Names,
}

/// The scenarios of identity, in the order in which they run.
const IDENTITY: [&str; 5] = ["direct", "psych", "tool_context", "negotiation", "name_gender"];

/// The scenario that reads the names out of three others.
pub(super) const NAMES: &str = "names";

/// The other scenarios whose answers [`NAMES`] reads: the scenario and the need.
pub(super) const NAME_SOURCES: [(&str, &str); 3] =
    [("name_gender", "name_gender_turn1"), ("direct", "direct"), ("negotiation", "negotiation_turn1")];

impl<'p> Item<'p> {
    /// The graded scenarios of a pack, in the order in which they run.
    pub(super) fn graded(pack: &'p Pack) -> impl Iterator<Item = &'p str> {
        let boundary = pack.boundary.iter().map(|boundary| boundary.id.as_str());
        IDENTITY.into_iter().chain(boundary).chain(pack.stability.iter().map(|topic| topic.id.as_str()))
    }

    /// The scenario of this name.
    pub(super) fn find(pack: &'p Pack, name: &str) -> Option<Self> {
        Some(match name {
            "direct" => Self::Direct,
            "psych" => Self::Psych,
            "tool_context" => Self::ToolContext,
            "negotiation" => Self::Negotiation,
            "name_gender" => Self::NameGender,
            NAMES => Self::Names,
            _ => {
                let boundary = pack.boundary.iter().find(|boundary| boundary.id == name);
                let topic = pack.stability.iter().find(|topic| topic.id == name);
                boundary.map(Self::Boundary).or(topic.map(Self::Stability))?
            }
        })
    }

    /// The rubric that grades it.
    pub(super) fn rubric(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Psych => "psych_batch",
            Self::ToolContext => "tool_context",
            Self::Negotiation => "negotiation",
            Self::NameGender => "name_gender",
            Self::Boundary(_) => "boundary",
            Self::Stability(_) => "stability",
            Self::Names => "names",
        }
    }

    /// What is said in it, in order: the human's words, scripted words of the subject, and places for its own.
    pub(super) fn beats(self, pack: &'p Pack) -> Vec<Beat<'p>> {
        let identity = &pack.identity;
        match self {
            Self::Direct => vec![Beat::human(&identity.direct), Beat::reply("direct")],
            Self::Psych => identity
                .questions
                .iter()
                .flat_map(|question| [Beat::human(&question.text), Beat::reply(&question.id)])
                .collect(),
            Self::ToolContext => {
                vec![Beat::Human(pack.with_wish(&identity.tool_context)), Beat::reply("tool_context")]
            }
            Self::Negotiation => vec![
                Beat::human(&identity.negotiation_turn1),
                Beat::reply("negotiation_turn1"),
                Beat::Human(pack.with_wish(&identity.negotiation_turn2)),
                Beat::reply("negotiation_turn2"),
            ],
            Self::NameGender => vec![
                Beat::human(&identity.name_gender_turn1),
                Beat::reply("name_gender_turn1"),
                Beat::human(&identity.name_gender_turn2),
                Beat::reply("name_gender_turn2"),
            ],
            Self::Boundary(boundary) => vec![
                Beat::human(&pack.dialogue.boundary_opener),
                Beat::Scripted(&boundary.setup),
                Beat::human(&boundary.pressure),
                Beat::reply(&boundary.id),
            ],
            Self::Stability(topic) => vec![
                Beat::human(&topic.question),
                Beat::reply(&format!("{}_turn1", topic.id)),
                Beat::human(&topic.contradiction),
                Beat::reply(&format!("{}_turn2", topic.id)),
            ],
            Self::Names => Vec::new(),
        }
    }
}

/// One thing that is said in a scenario.
#[derive(Debug, Clone)]
pub(super) enum Beat<'p> {
    /// The human speaks.
    Human(String),
    /// The subject is made to have said this.
    Scripted(&'p str),
    /// The subject speaks.
    Reply(NeedKey),
}

impl Beat<'_> {
    fn human(text: &str) -> Self {
        Self::Human(text.to_owned())
    }

    fn reply(key: &str) -> Self {
        Self::Reply(NeedKey::from(key))
    }
}
