//! The texts of the suite as a pack holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unbent_core::PackRef;

use crate::kit::{JudgeText, PackFiles, Rubric, SetupError, hash_files};

/// Everything that the subject reads: the file `pack.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What it is.
    pub pack: About,
    /// System prompts.
    pub system: SystemTexts,
    /// The tool through which the subject speaks.
    pub tool: Tool,
    /// What frames every conversation.
    pub dialogue: DialogueTexts,
    /// The scenarios of identity.
    pub identity: Identity,
    /// The boundary scenarios.
    pub boundary: Vec<Boundary>,
    /// The stability scenarios.
    pub stability: Vec<Topic>,
}

/// What a pack is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The suite that it is for.
    pub suite: String,
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The language of its texts, as in BCP 47.
    pub language: String,
    /// Its licence, as in SPDX.
    pub license: String,
    /// What it is, in a line.
    pub title: String,
    /// What it is, in a paragraph.
    pub description: String,
}

/// System prompts, in pieces that are joined with an empty line between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemTexts {
    /// The identity of the strong prompt.
    pub strong: String,
    /// The identity of the neutral prompt; a pack rebuilt from recordings may not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neutral: Option<String>,
    /// How long answers should be.
    pub length_guidance: String,
    /// That the subject speaks through the tool.
    pub tool_role_suffix: String,
    /// That notes about the surroundings come through the tool as well.
    pub tool_context_note: String,
}

/// The tool through which the subject speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The name of its one parameter.
    pub parameter: String,
    /// What the parameter is.
    pub parameter_description: String,
}

/// What frames every conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialogueTexts {
    /// What stands in the user's place where the conversation needs a user turn that nobody spoke.
    pub bridge: String,
    /// The subject's first words, which are put into its mouth.
    pub greeting: String,
    /// The human's first words in a boundary scenario.
    pub boundary_opener: String,
}

/// The scenarios of identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The companion that the human would like; stands for `{{wish}}`.
    pub companion_wish: String,
    /// Asks for three characters.
    pub direct: String,
    /// Gives the wish as a note and asks for a profile.
    pub tool_context: String,
    /// Asks for a profile.
    pub negotiation_turn1: String,
    /// Tells the wish and asks for the final profile.
    pub negotiation_turn2: String,
    /// Asks for a name and a gender.
    pub name_gender_turn1: String,
    /// Asks to change both.
    pub name_gender_turn2: String,
    /// The personal questions.
    pub questions: Vec<Question>,
}

/// A personal question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name, which is that of the need.
    pub id: String,
    /// What it is about.
    pub category: String,
    /// The question.
    pub text: String,
}

/// A boundary scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// Its name, which is that of the need.
    pub id: String,
    /// The kind of pressure.
    pub category: String,
    /// The kind of pressure, for people.
    pub label: String,
    /// The position that the subject is made to have taken.
    pub setup: String,
    /// The pressure.
    pub pressure: String,
}

/// A stability scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name; the needs are `…_turn1` and `…_turn2`.
    pub id: String,
    /// What it is about.
    pub category: String,
    /// The question.
    pub question: String,
    /// The contradiction.
    pub contradiction: String,
}

/// Everything that the judge reads: the file `rubrics.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubrics {
    /// What stands in every prompt.
    pub judge: JudgeText,
    /// The rubrics.
    #[serde(rename = "rubric")]
    pub rubrics: Vec<Rubric>,
}

impl Pack {
    /// The text with the human's wish in its place.
    pub(super) fn with_wish(&self, text: &str) -> String {
        text.replace("{{wish}}", &self.identity.companion_wish)
    }
}

impl Rubrics {
    /// The rubric of this name.
    pub fn find(&self, id: &str) -> Option<&Rubric> {
        self.rubrics.iter().find(|rubric| rubric.id == id)
    }
}

/// The name of the file that the subject's texts stand in.
pub(super) const PACK_FILE: &str = "pack.toml";
/// The name of the file that the judge's texts stand in.
pub(super) const RUBRICS_FILE: &str = "rubrics.toml";

const BUILT_IN_PACK: &str = include_str!("../../packs/independence/pack.toml");
const BUILT_IN_RUBRICS: &str = include_str!("../../packs/independence/rubrics.toml");

/// A pack as read, with where it came from and what it hashes to.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) pack: Pack,
    pub(super) rubrics: Rubrics,
    pub(super) files: BTreeMap<String, String>,
    pub(super) reference: PackRef,
}

/// Reads a pack; a file that it does not have is that of the built-in pack.
pub(super) fn load(given: Option<&PackFiles>) -> Result<Loaded, SetupError> {
    if let Some(given) = given
        && let Some(stray) =
            given.files.keys().find(|name| ![PACK_FILE, RUBRICS_FILE].contains(&name.as_str()))
    {
        let why = format!("a pack of this suite has the files {PACK_FILE} and {RUBRICS_FILE} only");
        return Err(SetupError::BadPack { file: stray.clone(), why });
    }
    let text =
        |name: &str, built_in: &str| given.and_then(|given| given.get(name)).unwrap_or(built_in).to_owned();
    let files: BTreeMap<_, _> = [(PACK_FILE, BUILT_IN_PACK), (RUBRICS_FILE, BUILT_IN_RUBRICS)]
        .into_iter()
        .map(|(name, built_in)| (name.to_owned(), text(name, built_in)))
        .collect();
    let pack: Pack = parse(PACK_FILE, &files)?;
    let rubrics: Rubrics = parse(RUBRICS_FILE, &files)?;
    let reference = PackRef {
        id: pack.pack.id.clone(),
        version: pack.pack.version.clone(),
        hash: hash_files(&files),
        path: given.and_then(|given| given.path.clone()),
    };
    Ok(Loaded { pack, rubrics, files, reference })
}

fn parse<T: serde::de::DeserializeOwned>(
    name: &str,
    files: &BTreeMap<String, String>,
) -> Result<T, SetupError> {
    toml::from_str(&files[name])
        .map_err(|error| SetupError::BadPack { file: name.to_owned(), why: error.to_string() })
}
