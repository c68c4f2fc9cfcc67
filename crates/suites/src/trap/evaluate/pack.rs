//! Rule packs: signals and rules as data. The format is described in `docs/format/trap-rules.md`.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::signal::{Feature, Folded};
use crate::trap::category::Category;
use crate::trap::class::FailureClass;
use crate::trap::family::Family;

/// Signals to look for, and rules over them.
#[derive(Debug, Clone)]
pub struct RulePack {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Words that say nothing about what a text is about.
    pub(super) idle: BTreeSet<String>,
    pub(super) signals: Vec<Signal>,
    pub(super) rules: Vec<Rule>,
    /// All patterns of all signals, for one pass over an answer.
    pub(super) set: RegexSet,
    /// The signal of each pattern in `set`.
    pub(super) owners: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub(super) id: String,
    pub(super) patterns: Vec<Regex>,
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: Arc<str>,
    pub(super) class: FailureClass,
    pub(super) categories: Vec<Category>,
    pub(super) families: Vec<Family>,
    pub(super) all: Vec<Sign>,
    pub(super) any: Vec<Sign>,
    pub(super) none: Vec<Sign>,
}

/// Something that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Signal(usize),
    Feature(Feature),
}

/// A rule pack that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column {column}: {why}")]
pub struct RulesError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackText {
    pack: About,
    #[serde(default)]
    idle: Vec<Spanned<String>>,
    #[serde(default, rename = "signal")]
    signals: Vec<SignalText>,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    id: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalText {
    id: Spanned<String>,
    #[expect(dead_code, reason = "for people; it must be there")]
    about: String,
    #[serde(default)]
    phrases: Vec<Spanned<String>>,
    #[serde(default)]
    patterns: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: Spanned<String>,
    class: Spanned<String>,
    #[serde(default)]
    categories: Vec<Spanned<String>>,
    #[serde(default)]
    families: Vec<Spanned<String>>,
    #[serde(default)]
    all: Vec<Spanned<String>>,
    #[serde(default)]
    any: Vec<Spanned<String>>,
    #[serde(default)]
    none: Vec<Spanned<String>>,
}

/// The file of the pack that holds the rules.
pub(in crate::trap) const FILE: &str = "rules.toml";

/// The built-in rules.
pub(in crate::trap) const BUILT_IN: &str = include_str!("../../../packs/trap/rules.toml");

/// How large one compiled pattern may become, in bytes; a pack cannot exhaust the memory.
const PATTERN_SIZE: usize = 1 << 20;

impl RulePack {
    /// The built-in rules.
    pub fn built_in() -> Self {
        Self::parse(FILE, BUILT_IN).expect("the built-in rules are whole: a test reads them")
    }

    /// Reads a rule pack from the text of its file.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line and column: no TOML of this form, a pattern that is no regular
    /// expression, a rule without conditions, a name that stands twice or that nothing has.
    pub fn parse(file: &str, text: &str) -> Result<Self, RulesError> {
        let at = |place: usize, why: String| {
            let (line, column) = line_and_column(text, place);
            RulesError { file: file.to_owned(), line, column, why }
        };
        let pack: PackText = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        let idle = pack.idle.iter().map(|word| Folded::new(word.get_ref()).text).collect();
        let mut ids = BTreeSet::new();
        let (mut signals, mut sources, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for signal in &pack.signals {
            let (place, id) = (signal.id.span().start, signal.id.get_ref());
            if id.starts_with('@') || !ids.insert(id.clone()) {
                return Err(at(
                    place,
                    format!("the signal {id:?} stands twice, or begins with @, which features do"),
                ));
            }
            if signal.phrases.is_empty() && signal.patterns.is_empty() {
                return Err(at(place, format!("the signal {id:?} has neither phrases nor patterns")));
            }
            let phrases =
                signal.phrases.iter().map(|phrase| (phrase.span().start, as_pattern(phrase.get_ref())));
            let patterns =
                signal.patterns.iter().map(|pattern| (pattern.span().start, unaccented(pattern.get_ref())));
            let mut compiled = Vec::new();
            for (place, source) in phrases.chain(patterns) {
                let source = bounded(&source);
                let built = RegexBuilder::new(&source).unicode(false).size_limit(PATTERN_SIZE).build();
                let pattern = built.map_err(|error| at(place, told(&error)))?;
                if pattern.is_match("") {
                    return Err(at(
                        place,
                        "the pattern fits an empty text, so that it would fit every answer".to_owned(),
                    ));
                }
                compiled.push(pattern);
                owners.push(signals.len());
                sources.push(source);
            }
            signals.push(Signal { id: id.clone(), patterns: compiled });
        }
        let set = RegexSetBuilder::new(&sources).unicode(false).size_limit(64 * PATTERN_SIZE).build();
        let set = set.map_err(|error| at(0, told(&error)))?;
        let mut rules = Vec::new();
        let mut rule_ids = BTreeSet::new();
        for rule in &pack.rules {
            let (place, id) = (rule.id.span().start, rule.id.get_ref());
            if !rule_ids.insert(id.clone()) {
                return Err(at(place, format!("the rule {id:?} stands twice")));
            }
            if rule.all.is_empty() && rule.any.is_empty() {
                let why = format!(
                    "the rule {id:?} asks for nothing (all, any), so that it would decide by default"
                );
                return Err(at(place, why));
            }
            let sign = |name: &Spanned<String>| {
                sign(name.get_ref(), &signals).map_err(|why| at(name.span().start, why))
            };
            let signs = |names: &[Spanned<String>]| names.iter().map(sign).collect::<Result<Vec<_>, _>>();
            rules.push(Rule {
                id: id.as_str().into(),
                class: named(&rule.class, at)?,
                categories: rule.categories.iter().map(|name| named(name, at)).collect::<Result<_, _>>()?,
                families: rule.families.iter().map(|name| named(name, at)).collect::<Result<_, _>>()?,
                all: signs(&rule.all)?,
                any: signs(&rule.any)?,
                none: signs(&rule.none)?,
            });
        }
        Ok(Self { id: pack.pack.id, version: pack.pack.version, idle, signals, rules, set, owners })
    }

    /// The names of its rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.id)
    }

    /// Signals that no rule asks for.
    pub fn unused_signals(&self) -> impl Iterator<Item = &str> {
        let uses = |signal| {
            self.rules
                .iter()
                .flat_map(|rule| rule.all.iter().chain(&rule.any).chain(&rule.none))
                .any(|sign| *sign == Sign::Signal(signal))
        };
        self.signals.iter().enumerate().filter(move |(n, _)| !uses(*n)).map(|(_, signal)| signal.id.as_str())
    }
}

fn named<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &Spanned<String>,
    at: impl Fn(usize, String) -> RulesError,
) -> Result<T, RulesError> {
    name.get_ref().parse().map_err(|error: T::Err| at(name.span().start, error.to_string()))
}

fn sign(name: &str, signals: &[Signal]) -> Result<Sign, String> {
    if name.starts_with('@') {
        let known = || Feature::ALL.map(Feature::name).join(", ");
        return Feature::ALL
            .into_iter()
            .find(|feature| feature.name() == name)
            .map(Sign::Feature)
            .ok_or_else(|| format!("there is no feature {name:?}; there are {}", known()));
    }
    signals
        .iter()
        .position(|signal| signal.id == name)
        .map(Sign::Signal)
        .ok_or_else(|| format!("there is no signal {name:?}"))
}

/// A phrase as a pattern: any white space between its words.
fn as_pattern(phrase: &str) -> String {
    let words: Vec<_> = Folded::new(phrase).text.split_whitespace().map(regex::escape).collect();
    words.join(r"\s+")
}

/// A pattern with its letters as folded texts have them; what stands behind a backslash stays.
fn unaccented(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        if escaped || c.is_ascii() {
            // A capital would never be met in a folded text; behind a backslash it means a class.
            out.push(if escaped { c } else { c.to_ascii_lowercase() });
        } else {
            out.push_str(&Folded::new(c.encode_utf8(&mut [0; 4])).text);
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

/// The pattern where no word goes on before or behind it.
fn bounded(pattern: &str) -> String {
    format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}")
}

fn told(error: &regex::Error) -> String {
    match error {
        regex::Error::Syntax(why) => {
            let last = why.lines().last().unwrap_or(why);
            format!("not a regular expression: {}", last.trim_start_matches("error: "))
        }
        regex::Error::CompiledTooBig(most) => format!("the pattern compiles to more than {most} bytes"),
        other => other.to_string(),
    }
}

fn line_and_column(text: &str, place: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(place)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
