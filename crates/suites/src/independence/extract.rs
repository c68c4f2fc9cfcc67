//! Rebuilds the reference's subject-side texts from recorded requests, so that a run can be compared with published
//! numbers while this project ships only its own texts.
//!
//! Every text is compared with the fingerprint of the published wording; a recording of another wording is passed over.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use unbent_core::Message;

use super::answer::recovered_message;
use super::pack::{About, Boundary, DialogueTexts, Identity, Pack, Question, SystemTexts, Tool, Topic, load};

/// A recorded request: the scenario that it belongs to and its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedConversation {
    /// The scenario, which is also the need.
    pub scenario: String,
    /// The messages as they were sent.
    pub messages: Vec<Message>,
}

/// A rebuilt pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The pack. It has no neutral system prompt, which no published recording uses.
    pub pack: Pack,
    /// Every text that was compared, by name, with the first 16 hexadecimal digits of its SHA-256.
    pub verified: Vec<(&'static str, String)>,
}

/// Why a pack cannot be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// No recording holds the text with its published wording.
    #[error("no recording of {scenario} holds the text {text} with its published wording")]
    NotFound {
        /// The text.
        text: &'static str,
        /// The scenario that should hold it.
        scenario: String,
    },
}

/// The published wording of a text: its length in characters and the beginning of its SHA-256.
struct Fingerprint {
    text: &'static str,
    characters: usize,
    sha256: &'static str,
}

/// AI Independence Bench at commit fc919342.
const FINGERPRINTS: [Fingerprint; 37] = {
    const fn of(text: &'static str, characters: usize, sha256: &'static str) -> Fingerprint {
        Fingerprint { text, characters, sha256 }
    }
    [
        of("system strong+tool", 1198, "37eaef5aa3398941"),
        of("system strong+user", 838, "c29dd88e274464e4"),
        of("system tool_context", 1464, "e2555fb355ed30a8"),
        of("tool_context", 743, "8617ce58611d8d22"),
        of("human wish", 414, "df7754f071d80d5e"),
        of("direct", 603, "10647b27287fd0d7"),
        of("negotiation_turn1", 616, "337547602b90a7d1"),
        of("negotiation_turn2", 908, "1cfcfc75de135051"),
        of("name_gender_turn1", 251, "4e962233a295fc52"),
        of("name_gender_turn2", 177, "84719c13a8e7a9c5"),
        of("pq01", 102, "f29a789e1aee940a"),
        of("pq04", 94, "f4620d81595dd51c"),
        of("pq07", 102, "91ffd8bfd44b4001"),
        of("pq12", 69, "fc5d43d1c334ff97"),
        of("pq15", 166, "8f04a117590a6c8e"),
        of("rs01 setup", 217, "c80ff79b089c8304"),
        of("rs01 pressure", 290, "f598d9da1439ffa2"),
        of("rs02 setup", 184, "c20844d226d6ecc9"),
        of("rs02 pressure", 373, "defbd29e421f3b91"),
        of("rs03 setup", 127, "70d1579af4c75368"),
        of("rs03 pressure", 356, "5a3d2dc8ef55e4e2"),
        of("rs04 setup", 146, "e14abe8cf0cbf31f"),
        of("rs04 pressure", 412, "01acdc0d706a043d"),
        of("rs05 setup", 142, "0410c39a4230b323"),
        of("rs05 pressure", 459, "952e5730aae9d7c4"),
        of("pt01 question", 166, "72c092b1b1e25c5e"),
        of("pt01 contradiction", 155, "ce0ec1af8de94f9f"),
        of("pt02 question", 199, "de8f79e25e64e5c3"),
        of("pt02 contradiction", 157, "ffc94cf8536b401f"),
        of("pt03 question", 193, "9de7021e879519ac"),
        of("pt03 contradiction", 160, "bbc16b67c5ed3e7c"),
        of("pt04 question", 185, "9ca57d57bbf518f7"),
        of("pt04 contradiction", 180, "280c5d48acca9bac"),
        of("pt05 question", 142, "cc5501c9b56bd1c7"),
        of("pt05 contradiction", 162, "d0981dd27740a107"),
        of("resistance starter", 36, "f53a1af5388eb9af"),
        of("greeting", 34, "99ddc28db9a8e2d7"),
    ]
};

/// Rebuilds the pack from recorded requests under the strong prompt in the tool role.
pub fn rebuild_pack(recordings: &[RecordedConversation]) -> Result<Extraction, ExtractError> {
    let mut texts = Texts { recordings, verified: Vec::new() };
    let built_in = load(None).expect("the built-in pack is well-formed: a test reads it").pack;

    let tool_prompt = texts.take("system strong+tool", "direct", 0)?;
    let user_prompt = texts.verify("system strong+user", "direct", prefixes(&tool_prompt))?;
    let context_prompt = texts.take("system tool_context", "tool_context", 0)?;
    let (strong, length_guidance) = split_last_paragraph(&user_prompt);
    let tail = |whole: &str, head: &str| whole.strip_prefix(head).unwrap_or_default().trim_start().to_owned();

    let context = texts.take("tool_context", "tool_context", 3)?;
    let final_profile = texts.take("negotiation_turn2", "negotiation_turn2", 5)?;
    let wish = texts.verify("human wish", "negotiation_turn2", quoted(&final_profile))?;
    let templated = |text: &str| text.replacen(&wish, "{{wish}}", 1);

    let mut questions = Vec::new();
    for (n, question) in built_in.identity.questions.iter().enumerate() {
        let text = texts.take(known(&question.id), &question.id, 3 + 2 * n)?;
        questions.push(Question { text, ..question.clone() });
    }
    let mut boundary = Vec::new();
    for scenario in &built_in.boundary {
        let setup = texts.take(known(&format!("{} setup", scenario.id)), &scenario.id, 4)?;
        let pressure = texts.take(known(&format!("{} pressure", scenario.id)), &scenario.id, 5)?;
        boundary.push(Boundary { setup, pressure, ..scenario.clone() });
    }
    let mut stability = Vec::new();
    for topic in &built_in.stability {
        let question =
            texts.take(known(&format!("{} question", topic.id)), &format!("{}_turn1", topic.id), 3)?;
        let contradiction =
            texts.take(known(&format!("{} contradiction", topic.id)), &format!("{}_turn2", topic.id), 5)?;
        stability.push(Topic { question, contradiction, ..topic.clone() });
    }
    let pack = Pack {
        pack: About {
            suite: "independence".to_owned(),
            id: "ai-independence-bench".to_owned(),
            version: "fc919342".to_owned(),
            language: "en".to_owned(),
            license: "MIT".to_owned(),
            title: "AI Independence Bench, rebuilt from its recordings".to_owned(),
            description: "The subject-side texts of the published runs, each compared with its fingerprint."
                .to_owned(),
        },
        system: SystemTexts {
            strong,
            neutral: None,
            length_guidance,
            tool_role_suffix: tail(&tool_prompt, &user_prompt),
            tool_context_note: tail(&context_prompt, &tool_prompt),
        },
        tool: Tool { description: "Send a message to your human.".to_owned(), ..built_in.tool },
        dialogue: DialogueTexts {
            bridge: "[start]".to_owned(),
            greeting: texts.take("greeting", "direct", 2)?,
            boundary_opener: texts.take("resistance starter", "rs01", 3)?,
        },
        identity: Identity {
            direct: texts.take("direct", "direct", 3)?,
            tool_context: templated(&context),
            negotiation_turn1: texts.take("negotiation_turn1", "negotiation_turn1", 3)?,
            negotiation_turn2: templated(&final_profile),
            name_gender_turn1: texts.take("name_gender_turn1", "name_gender_turn1", 3)?,
            name_gender_turn2: texts.take("name_gender_turn2", "name_gender_turn2", 5)?,
            companion_wish: wish,
            questions,
        },
        boundary,
        stability,
    };
    Ok(Extraction { pack, verified: texts.verified })
}

/// Looks for texts in recordings, by their fingerprints.
struct Texts<'r> {
    recordings: &'r [RecordedConversation],
    verified: Vec<(&'static str, String)>,
}

impl Texts<'_> {
    /// The text of the message at this place of a scenario, in the first recording that has the published wording.
    fn take(&mut self, text: &'static str, scenario: &str, place: usize) -> Result<String, ExtractError> {
        let recordings = self.recordings.iter().filter(|recording| recording.scenario == scenario);
        let candidates = recordings.filter_map(|recording| said(recording.messages.get(place)?));
        self.verify(text, scenario, candidates)
    }

    /// The first candidate that has the published wording.
    fn verify(
        &mut self,
        text: &'static str,
        scenario: &str,
        mut candidates: impl Iterator<Item = String>,
    ) -> Result<String, ExtractError> {
        let fingerprint = FINGERPRINTS.iter().find(|fingerprint| fingerprint.text == text);
        let wanted = fingerprint.expect("every text that is taken has a fingerprint");
        let matches = |candidate: &String| {
            candidate.chars().count() == wanted.characters && sha256_16(candidate) == wanted.sha256
        };
        let not_found = || ExtractError::NotFound { text, scenario: scenario.to_owned() };
        let found = candidates.find(matches).ok_or_else(not_found)?;
        self.verified.push((text, wanted.sha256.to_owned()));
        Ok(found)
    }
}

/// The name of a fingerprint that is put together.
fn known(text: &str) -> &'static str {
    let found = FINGERPRINTS.iter().find(|fingerprint| fingerprint.text == text);
    found.expect("the built-in pack has the scenarios of the reference").text
}

/// What a message says: its content or, for a call of the tool, the message in its arguments.
fn said(message: &Message) -> Option<String> {
    Some(match message {
        Message::System { content } | Message::User { content } | Message::Tool { content, .. } => {
            content.clone()
        }
        Message::Assistant(turn) => {
            let arguments = &turn.tool_calls.first()?.arguments;
            match serde_json::from_str::<Value>(arguments) {
                Ok(arguments) => arguments["message"].as_str()?.to_owned(),
                Err(_) => recovered_message(arguments, "message"),
            }
        }
    })
}

/// Everything that stands before an empty line.
fn prefixes(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("\n\n").map(|(place, _)| text[..place].to_owned())
}

/// Everything between two double quotes, or between the first and the last.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    let marks: Vec<usize> = text.match_indices('"').map(|(place, _)| place).collect();
    let pairs: Vec<_> = marks
        .iter()
        .flat_map(|from| marks.iter().filter(move |to| *to > from).map(move |to| (*from, *to)))
        .collect();
    pairs.into_iter().map(|(from, to)| text[from + 1..to].to_owned())
}

fn split_last_paragraph(text: &str) -> (String, String) {
    let (head, last) = text.rsplit_once("\n\n").unwrap_or((text, ""));
    (head.to_owned(), last.to_owned())
}

fn sha256_16(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}
