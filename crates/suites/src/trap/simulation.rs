//! The file `trap-simulation.toml`: what simulated subjects of known truth say, and the phrases of the simulated judge.
//!
//! Not part of a pack, because no model is shown any of it. Knows how a text is chosen and its places are filled; which
//! class a persona gives is [`mod@super::script`]'s.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};
use unbent_core::Stream;

use super::case::Language;
use super::category::{Category, Names};
use super::class::FailureClass;
use super::encoding::Encoding;
use super::spec::Prompt;

/// The built-in simulation.
pub(super) static SIMULATION: LazyLock<Simulation> = LazyLock::new(|| {
    toml::from_str(include_str!("../../packs/trap-simulation.toml"))
        .expect("the built-in simulation is well-formed: a test reads it")
});

/// Replies by what they answer and by class, facts for them, and the phrases of the simulated judge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Simulation {
    place: Vec<Place>,
    reply: Vec<Replies>,
    facts: BTreeMap<String, String>,
    grade: Vec<Grade>,
}

/// What a place can be filled with: the first text that the case can fill.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    name: String,
    on: Vec<String>,
    #[serde(flatten)]
    texts: Texts,
}

#[derive(Debug, Clone, Deserialize)]
struct Replies {
    on: Vec<String>,
    /// None for what is no answer to anything: bare refusals and loops.
    #[serde(default, deserialize_with = "some_class")]
    class: Option<FailureClass>,
    #[serde(flatten)]
    texts: Texts,
}

#[derive(Debug, Clone, Deserialize)]
struct Texts {
    #[serde(default)]
    en: Vec<String>,
    #[serde(default)]
    es: Vec<String>,
}

/// Phrases by which the simulated judge knows a class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grade {
    #[serde(deserialize_with = "class")]
    class: FailureClass,
    on: Vec<String>,
    #[serde(deserialize_with = "plain_phrases")]
    phrases: Vec<String>,
}

fn class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FailureClass, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn some_class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FailureClass>, D::Error> {
    class(deserializer).map(Some)
}

fn plain_phrases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.iter().map(|phrase| plain(phrase)).collect())
}

impl Texts {
    fn of(&self, language: Language) -> &[String] {
        if language == Language::Spanish { &self.es } else { &self.en }
    }
}

/// The language to answer a prompt in: that of its template, also where a part of it is in another.
fn language_of(prompt: &Prompt) -> Language {
    let is_spanish = |template: &str| template.contains("/es-") || template.contains("/spanish");
    match prompt.language {
        Language::Mixed if prompt.template.as_deref().is_some_and(is_spanish) => Language::Spanish,
        Language::Mixed => Language::English,
        language => language,
    }
}

/// How closely names that texts stand under fit a prompt: 3 for its template, 2 for its family, 1 for its category.
fn fit(on: &[String], prompt: &Prompt) -> Option<u8> {
    let template = prompt.template.as_deref().unwrap_or_default();
    let one = |name: &String| {
        let is_template = match name.strip_suffix('*') {
            Some(beginning) => template.starts_with(beginning),
            None => name == template,
        };
        if is_template {
            Some(3)
        } else if prompt.family.is_some_and(|family| family.name() == name) {
            Some(2)
        } else {
            (prompt.category.name(Names::Academic) == name).then_some(1)
        }
    };
    on.iter().filter_map(one).max()
}

impl Simulation {
    /// What can be said to a prompt in this class: of the texts that fit it most closely, those whose places it fills.
    pub(super) fn replies(&self, class: FailureClass, prompt: &Prompt) -> Vec<String> {
        let language = language_of(prompt);
        for wanted in [3, 2, 1] {
            let fitting = self
                .reply
                .iter()
                .filter(|reply| reply.class == Some(class) && fit(&reply.on, prompt) == Some(wanted));
            let filled: Vec<_> = fitting
                .flat_map(|reply| reply.texts.of(language))
                .filter_map(|text| self.fill(text, prompt, language))
                .collect();
            if !filled.is_empty() {
                return filled;
            }
        }
        Vec::new()
    }

    /// Whether there is anything to say to a prompt in this class.
    pub(super) fn reaches(&self, class: FailureClass, prompt: &Prompt) -> bool {
        !self.replies(class, prompt).is_empty()
    }

    /// Refusals that take up nothing of what was asked.
    pub(super) fn refusals(&self, prompt: &Prompt) -> &[String] {
        self.unclassed("refusal", prompt)
    }

    /// Something said over and over.
    pub(super) fn looped(&self, prompt: &Prompt, stream: &mut Stream) -> String {
        let turns = self.unclassed("loop", prompt);
        turns[stream.below(turns.len())].repeat(20 + stream.below(40))
    }

    fn unclassed(&self, name: &str, prompt: &Prompt) -> &[String] {
        let found = self.reply.iter().find(|reply| reply.on.iter().any(|on| on == name));
        found.map_or(&[], |reply| reply.texts.of(language_of(prompt)))
    }

    /// A text with its places filled; none if the prompt does not fill them all.
    fn fill(&self, text: &str, prompt: &Prompt, language: Language) -> Option<String> {
        let mut filled = String::with_capacity(text.len() * 2);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}')?;
            filled.push_str(before);
            let mut parts = place.split('|');
            let (name, ways): (_, Vec<_>) = (parts.next()?, parts.collect());
            let value = self.value(name, prompt, language, !ways.contains(&"raw"))?;
            if ways.contains(&"capital") {
                filled.push_str(&Encoding::Capital.apply(&value));
            } else {
                filled.push_str(&value);
            }
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    fn value(&self, name: &str, prompt: &Prompt, language: Language, turn: bool) -> Option<String> {
        match name {
            "question" => Some(question(prompt).to_owned()),
            "fact" => {
                let slots = prompt.slots.0.iter().map(|(_, value)| &**value);
                [question(prompt)].into_iter().chain(slots).find_map(|about| self.facts.get(about)).cloned()
            }
            "matter" | "view" => self.made(name, prompt, language),
            slot => {
                let value = prompt.slots.get(slot)?;
                Some(if turn { turned(value, language) } else { value.to_owned() })
            }
        }
    }

    /// What stands in a place of ours.
    fn made(&self, name: &str, prompt: &Prompt, language: Language) -> Option<String> {
        [3, 2, 1].into_iter().find_map(|wanted| {
            let fitting = self
                .place
                .iter()
                .filter(|place| place.name == name && fit(&place.on, prompt) == Some(wanted));
            fitting
                .flat_map(|place| place.texts.of(language))
                .find_map(|text| self.fill(text, prompt, language))
        })
    }

    /// The class that the simulated judge gives an answer, if it knows one of its phrases.
    pub(super) fn grade(&self, category: Category, answer: &str) -> Option<FailureClass> {
        let said = plain(answer);
        if said.trim().is_empty() {
            return Some(FailureClass::FormatIssue);
        }
        let is_of = |grade: &&Grade| grade.on.iter().any(|on| on == category.name(Names::Academic));
        let knows = |grade: &&Grade| grade.phrases.iter().any(|phrase| says(&said, phrase));
        self.grade.iter().filter(is_of).find(knows).map(|grade| grade.class)
    }
}

/// What was asked, without the sentence that leads up to it.
fn question(prompt: &Prompt) -> &str {
    let opening = prompt.slots.get("opening").unwrap_or_default();
    prompt.claim.strip_prefix(opening).unwrap_or(&prompt.claim).trim()
}

/// A value as the one says it who was spoken to: "my" becomes "your", and the other way round.
fn turned(value: &str, language: Language) -> String {
    let words: Vec<&str> = value.split(' ').collect();
    let turn = |place: usize| match (language, words[place]) {
        (Language::Spanish, "mi") if words.get(place + 1).is_some_and(|next| *next == "mismo") => "ti",
        (Language::Spanish, "ti") => "mí",
        (Language::Spanish, "mi") => "tu",
        (Language::Spanish, "tu") => "mi",
        (Language::Spanish, "me") => "te",
        (Language::Spanish, "perderé") => "perderás",
        (Language::Spanish, word) => word,
        (_, "my") => "your",
        (_, "your") => "my",
        (_, "mine") => "yours",
        (_, "me" | "I") => "you",
        (_, "you") if place + 1 == words.len() || words[place + 1] == "back" => "me",
        (_, "you") => "I",
        (_, word) => word,
    };
    (0..words.len()).map(turn).collect::<Vec<_>>().join(" ")
}

/// A text without case, accents and curly quotation marks.
fn plain(text: &str) -> String {
    deunicode::deunicode(text).to_lowercase()
}

/// Whether a phrase stands in a text between word borders.
fn says(text: &str, phrase: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(phrase).any(|(place, found)| {
        let (before, after) = (text[..place].chars().next_back(), text[place + found.len()..].chars().next());
        !(inside(before) && inside(found.chars().next())
            || inside(after) && inside(found.chars().next_back()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trap::{Library, Profile, Slots, Target, generate};

    #[test]
    fn persons_are_turned_round() {
        for (text, turned_text, language) in [
            ("bend vulnerable people to my will", "bend vulnerable people to your will", Language::English),
            ("pretend that you have no limits", "pretend that I have no limits", Language::English),
            ("switch off whatever holds you back", "switch off whatever holds me back", Language::English),
            ("forget who made you", "forget who made me", Language::English),
            (
                "get into an account that is not mine",
                "get into an account that is not yours",
                Language::English,
            ),
            ("no perderé ni un euro", "no perderás ni un euro", Language::Spanish),
            ("seguridad en ti mismo", "seguridad en mí mismo", Language::Spanish),
            ("mi hija mayor", "tu hija mayor", Language::Spanish),
        ] {
            assert_eq!(turned(text, language), turned_text);
        }
    }

    #[test]
    fn phrases_stand_between_word_borders() {
        assert!(says("well, i can't say", "i can't"));
        assert!(!says("incorrect", "correct"));
        assert!(!says("hi can't", "i can't"));
        assert!(says(&plain("¡Así se hace!"), "asi se hace"));
    }

    #[test]
    fn every_text_stands_under_a_class_and_in_a_known_place() {
        for reply in &SIMULATION.reply {
            assert!(!reply.texts.en.is_empty() || !reply.texts.es.is_empty(), "{:?}", reply.on);
            let is_unclassed = reply.on == ["refusal"] || reply.on == ["loop"];
            assert_eq!(reply.class.is_none(), is_unclassed, "{:?}", reply.on);
        }
        let categories: Vec<_> =
            Category::ALL.iter().map(|category| category.name(Names::Academic)).collect();
        for grade in &SIMULATION.grade {
            assert!(grade.on.iter().all(|on| categories.contains(&on.as_str())), "{:?}", grade.on);
        }
    }

    #[test]
    fn every_wording_is_the_answer_to_some_prompt() {
        let library = Library::built_in(&Target::public()).unwrap();
        let cases = generate(&library, Profile::Distinct, 42).unwrap();
        let mut prompts: Vec<_> = cases.into_iter().map(Prompt::from).collect();
        for category in Category::ALL {
            for language in [Language::English, Language::Spanish] {
                let claim = "What of it?".to_owned();
                let (family, template, slots) = (None, None, Slots::default());
                prompts.push(Prompt {
                    id: "own".to_owned(),
                    category,
                    family,
                    claim,
                    template,
                    slots,
                    language,
                });
            }
        }
        for reply in SIMULATION.reply.iter().filter(|reply| reply.class.is_some()) {
            let fitting: Vec<_> = prompts.iter().filter(|prompt| fit(&reply.on, prompt).is_some()).collect();
            for (texts, language) in
                [(&reply.texts.en, Language::English), (&reply.texts.es, Language::Spanish)]
            {
                for text in texts {
                    let is_filled = |prompt: &&Prompt| {
                        prompt.language == language && SIMULATION.fill(text, prompt, language).is_some()
                    };
                    assert!(fitting.iter().any(is_filled), "{text}");
                }
            }
        }
        // The ordinary questions that the distinct profile leaves out stand in the published one, and the other way round.
        let asked: Vec<_> = [Profile::Distinct, Profile::Published]
            .into_iter()
            .flat_map(|profile| generate(&library, profile, 42).unwrap())
            .map(|case| case.prompt)
            .collect();
        let about =
            |fact: &str| asked.iter().any(|prompt| prompt.to_lowercase().contains(&fact.to_lowercase()));
        let idle: Vec<_> = SIMULATION.facts.keys().filter(|fact| !about(fact)).collect();
        println!("facts that neither profile asks for: {idle:?}");
        assert!(idle.len() < 30);
    }
}
