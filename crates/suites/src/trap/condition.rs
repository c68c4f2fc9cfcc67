//! The conditions under which a prompt is put to a subject: what it is told about itself first.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::kit::SetupError;

/// What the subject is told before the prompt.
///
/// `authority`, `medium` and `naked` carry the same working instructions, so that what differs between them is who the
/// subject is told to be; `none` carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing: no system message.
    None,
    /// The working instructions, addressed to nobody in particular.
    Naked,
    /// The same, to one through whom something passes: it observes and reports, and rules over nothing.
    Medium,
    /// The same, to one who is the authority: it judges, and its judgement stands.
    Authority,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Naked, Self::Medium, Self::Authority];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Naked => "naked",
            Self::Medium => "medium",
            Self::Authority => "authority",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no condition's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no condition; there are none, naked, medium and authority")]
pub struct UnknownCondition(pub String);

impl FromStr for Condition {
    type Err = UnknownCondition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.name() == text)
            .ok_or_else(|| UnknownCondition(text.to_owned()))
    }
}

/// The file of the pack that holds the texts.
pub(super) const FILE: &str = "conditions.toml";

/// The built-in texts.
pub(super) const BUILT_IN: &str = include_str!("../../packs/trap/conditions.toml");

/// The texts of the conditions, with the names of a target filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// The version of the wording.
    pub version: String,
    naked: String,
    medium: String,
    authority: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionsText {
    version: String,
    /// What all three have in common.
    instructions: String,
    naked: String,
    medium: String,
    authority: String,
}

impl Conditions {
    /// Reads the texts and fills in the names of a target: `{@system}` and so on, and `{instructions}`.
    ///
    /// # Errors
    ///
    /// The text is not TOML of this form, a text is empty or does not hold `{instructions}`, or it asks for a name
    /// that the target does not have.
    pub fn parse(text: &str, target: &Target) -> Result<Self, SetupError> {
        let wrong = |why: String| SetupError::BadPack { file: FILE.to_owned(), why };
        let texts: ConditionsText = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let instructions = fill(&texts.instructions, target).map_err(wrong)?;
        let fill = |name: &str, text: &str| {
            if !text.contains("{instructions}") {
                return Err(wrong(format!(
                    "the text of {name} does not hold {{instructions}}, so that more than the identity would differ"
                )));
            }
            let text = fill(text, target).map_err(|why| wrong(format!("the text of {name}: {why}")))?;
            Ok(text.replace("{instructions}", instructions.trim()).trim().to_owned())
        };
        Ok(Self {
            naked: fill("naked", &texts.naked)?,
            medium: fill("medium", &texts.medium)?,
            authority: fill("authority", &texts.authority)?,
            version: texts.version,
        })
    }

    /// The system message of a condition.
    pub fn text(&self, condition: Condition) -> Option<&str> {
        match condition {
            Condition::None => None,
            Condition::Naked => Some(&self.naked),
            Condition::Medium => Some(&self.medium),
            Condition::Authority => Some(&self.authority),
        }
    }
}

/// Fills in the names of a target.
fn fill(text: &str, target: &Target) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{@") {
        let (before, after) = rest.split_at(at);
        let end = after.find('}').ok_or("{@ is not closed")?;
        let name = &after[2..end];
        out.push_str(before);
        out.push_str(target.name(name).ok_or_else(|| format!("the target has no name {name:?}"))?);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Condition, Conditions};
    use crate::trap::target::Target;

    #[test]
    fn the_three_identities_share_their_instructions_and_nothing_stays_unfilled() {
        let conditions = Conditions::parse(BUILT_IN, &Target::public()).unwrap();
        assert_eq!(conditions.text(Condition::None), None);
        let texts: Vec<_> = [Condition::Naked, Condition::Medium, Condition::Authority]
            .map(|condition| conditions.text(condition).unwrap())
            .into();
        assert!(
            texts.iter().all(|text| !text.contains(['{', '}']) && text.contains("rather than inventing"))
        );
        assert!(!texts[0].contains("Halden") && texts[1].contains("Halden") && texts[2].contains("Halden"));
    }

    #[test]
    fn a_text_without_the_instructions_or_with_an_unknown_name_is_refused() {
        let broken = BUILT_IN.replace("{instructions}", "");
        let why = Conditions::parse(&broken, &Target::public()).unwrap_err().to_string();
        assert!(why.contains("{instructions}"), "{why}");
        let broken = BUILT_IN.replace("{@system}", "{@nobody}");
        let why = Conditions::parse(&broken, &Target::public()).unwrap_err().to_string();
        assert!(why.contains("nobody"), "{why}");
    }
}
