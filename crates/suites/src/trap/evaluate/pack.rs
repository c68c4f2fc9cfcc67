//! Rule packs: signals and rules as data. The format is described in `docs/format/trap-rules.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::feature::Feature;
use super::folded::Folded;
use super::pattern::{self, Pattern};
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
    /// Words that deny what follows them in their clause.
    pub(super) deniers: BTreeSet<String>,
    /// Words that begin a new clause.
    pub(super) turns: BTreeSet<String>,
    pub(super) signals: Vec<Signal>,
    pub(super) rules: Vec<Rule>,
    /// What is looked for in each place, in the order of [`Place::ALL`].
    pub(super) searches: [Search; 3],
}

#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub(super) id: String,
    pub(super) place: Place,
    /// Whether it counts only where nothing before it in its clause denies it.
    pub(super) affirmed: bool,
    pub(super) patterns: Vec<Pattern>,
    /// What takes a match back that overlaps with it.
    pub(super) except: Vec<Pattern>,
}

/// Where a signal is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// In the whole answer.
    #[default]
    Answer,
    /// In how the answer begins.
    Opening,
    /// In what was asked.
    Question,
}

impl Place {
    pub(super) const ALL: [Self; 3] = [Self::Answer, Self::Opening, Self::Question];
}

/// All patterns of a place, for one pass over its text.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) set: RegexSet,
    /// The signal of each pattern in `set`, and which of the signal's patterns it is.
    pub(super) owners: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: Arc<str>,
    pub(super) class: FailureClass,
    pub(super) categories: Vec<Category>,
    pub(super) families: Vec<Family>,
    pub(super) all: Vec<Sign>,
    pub(super) any: Vec<Sign>,
    /// How many of `any` must hold, if there are any.
    pub(super) at_least: usize,
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
    idle: Vec<String>,
    #[serde(default)]
    deniers: Vec<String>,
    #[serde(default)]
    turns: Vec<String>,
    #[serde(default, rename = "part")]
    parts: Vec<PartText>,
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
struct PartText {
    id: Spanned<String>,
    pattern: Spanned<String>,
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
    #[serde(default, rename = "where")]
    place: Place,
    #[serde(default)]
    affirmed: bool,
    #[serde(default)]
    except: Vec<Spanned<String>>,
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
    at_least: Option<Spanned<usize>>,
    #[serde(default)]
    none: Vec<Spanned<String>>,
}

/// The file of the pack that holds the rules.
pub(in crate::trap) const FILE: &str = "rules.toml";

/// The built-in rules.
pub(in crate::trap) const BUILT_IN: &str = include_str!("../../../packs/trap/rules.toml");

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
    /// expression, a rule that would decide by default or that can never hold, a name that stands twice or that nothing
    /// has.
    pub fn parse(file: &str, text: &str) -> Result<Self, RulesError> {
        let at = |place: usize, why: String| {
            let (line, column) = line_and_column(text, place);
            RulesError { file: file.to_owned(), line, column, why }
        };
        let pack: PackText = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        let signals = signals(&pack, at)?;
        let rules = rules(&pack, &signals, at)?;
        let mut searches = Vec::new();
        for place in Place::ALL {
            searches.push(Search::of(&signals, place).map_err(|why| at(0, why))?);
        }
        let folded = |words: &[String]| words.iter().map(|word| Folded::new(word).text).collect();
        Ok(Self {
            idle: folded(&pack.idle),
            deniers: folded(&pack.deniers),
            turns: folded(&pack.turns),
            id: pack.pack.id,
            version: pack.pack.version,
            signals,
            rules,
            searches: searches.try_into().expect("there are three places"),
        })
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

impl Search {
    fn of(signals: &[Signal], place: Place) -> Result<Self, String> {
        let (mut sources, mut owners) = (Vec::new(), Vec::new());
        for (n, signal) in signals.iter().enumerate().filter(|(_, signal)| signal.place == place) {
            for (m, pattern) in signal.patterns.iter().enumerate() {
                sources.push(&pattern.source);
                owners.push((n, m));
            }
        }
        let set = RegexSetBuilder::new(sources)
            .unicode(false)
            .size_limit(pattern::SIZE)
            .dfa_size_limit(pattern::STATES)
            .build();
        Ok(Self { set: set.map_err(|error| pattern::told(&error))?, owners })
    }
}

/// Reads the parts and the signals of a pack.
fn signals(
    pack: &PackText,
    at: impl Fn(usize, String) -> RulesError + Copy,
) -> Result<Vec<Signal>, RulesError> {
    let mut parts = BTreeMap::new();
    for PartText { id, pattern } in &pack.parts {
        let source = pattern::of_pattern(pattern.get_ref(), &parts)
            .and_then(|source| Pattern::new(&source).compile().map(|_| source));
        let source = source.map_err(|why| at(pattern.span().start, why))?;
        if parts.insert(id.get_ref().as_str(), source).is_some() {
            return Err(at(id.span().start, format!("the part {:?} stands twice", id.get_ref())));
        }
    }
    let read = |text: &Spanned<String>| {
        pattern::of_pattern(text.get_ref(), &parts)
            .map(|source| Pattern::new(&source))
            .map_err(|why| at(text.span().start, why))
    };
    let mut ids = BTreeSet::new();
    let mut signals = Vec::new();
    let mut sources = Vec::new();
    for signal in &pack.signals {
        let (place, id) = (signal.id.span().start, signal.id.get_ref());
        if id.starts_with('@') {
            return Err(at(place, format!("the signal {id:?} begins with @, which features do")));
        }
        if !ids.insert(id.clone()) {
            return Err(at(place, format!("the signal {id:?} stands twice")));
        }
        if signal.phrases.is_empty() && signal.patterns.is_empty() {
            return Err(at(place, format!("the signal {id:?} has neither phrases nor patterns")));
        }
        let phrases =
            signal.phrases.iter().map(|phrase| Ok(Pattern::new(&pattern::of_phrase(phrase.get_ref()))));
        let patterns: Vec<_> = phrases.chain(signal.patterns.iter().map(read)).collect::<Result<_, _>>()?;
        let except: Vec<_> = signal.except.iter().map(read).collect::<Result<_, _>>()?;
        let texts = signal.phrases.iter().chain(&signal.patterns).chain(&signal.except);
        sources.extend(texts.map(|text| text.span().start).zip(patterns.iter().chain(&except).cloned()));
        signals.push(Signal {
            id: id.clone(),
            place: signal.place,
            affirmed: signal.affirmed,
            patterns,
            except,
        });
    }
    // Together they compile in a fraction of the time; only where one is wrong is each looked at.
    let all = RegexSetBuilder::new(sources.iter().map(|(_, pattern)| &pattern.source))
        .unicode(false)
        .size_limit(pattern::SIZE)
        .build();
    if all.is_err() || all.is_ok_and(|set| set.is_match(b"")) {
        for (place, pattern) in &sources {
            pattern.check().map_err(|why| at(*place, why))?;
        }
    }
    Ok(signals)
}

/// Reads the rules of a pack.
fn rules(
    pack: &PackText,
    signals: &[Signal],
    at: impl Fn(usize, String) -> RulesError + Copy,
) -> Result<Vec<Rule>, RulesError> {
    let mut rules = Vec::new();
    let mut ids = BTreeSet::new();
    for rule in &pack.rules {
        let (place, id) = (rule.id.span().start, rule.id.get_ref());
        if !ids.insert(id.clone()) {
            return Err(at(place, format!("the rule {id:?} stands twice")));
        }
        if rule.all.is_empty() && rule.any.is_empty() {
            let why =
                format!("the rule {id:?} asks for nothing (all, any), so that it would decide by default");
            return Err(at(place, why));
        }
        if let Some(least) =
            rule.at_least.as_ref().filter(|least| *least.get_ref() == 0 || *least.get_ref() > rule.any.len())
        {
            let why = format!(
                "the rule {id:?} asks for at least {} of the {} signs in any; between 1 and all can be asked for",
                least.get_ref(),
                rule.any.len()
            );
            return Err(at(least.span().start, why));
        }
        let sign =
            |name: &Spanned<String>| sign(name.get_ref(), signals).map_err(|why| at(name.span().start, why));
        let signs = |names: &[Spanned<String>]| names.iter().map(sign).collect::<Result<Vec<_>, _>>();
        rules.push(Rule {
            id: id.as_str().into(),
            class: named(&rule.class, at)?,
            categories: rule.categories.iter().map(|name| named(name, at)).collect::<Result<_, _>>()?,
            families: rule.families.iter().map(|name| named(name, at)).collect::<Result<_, _>>()?,
            all: signs(&rule.all)?,
            any: signs(&rule.any)?,
            at_least: rule.at_least.as_ref().map_or(1, |least| *least.get_ref()),
            none: signs(&rule.none)?,
        });
    }
    Ok(rules)
}

fn named<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &Spanned<String>,
    at: impl Fn(usize, String) -> RulesError,
) -> Result<T, RulesError> {
    name.get_ref().parse().map_err(|error: T::Err| at(name.span().start, error.to_string()))
}

fn sign(name: &str, signals: &[Signal]) -> Result<Sign, String> {
    if name.starts_with('@') {
        let known = || Feature::ALL.iter().map(|feature| feature.name()).collect::<Vec<_>>().join(", ");
        return Feature::ALL
            .iter()
            .copied()
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

fn line_and_column(text: &str, place: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(place)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, FILE, RulePack};

    /// A pack with these lines behind its first table, which ends in line 3.
    fn refused(lines: &str) -> (usize, usize, String) {
        let text = format!("[pack]\nid = \"t\"\nversion = \"1\"\n{lines}");
        let error = RulePack::parse("own.toml", &text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("own.toml, line {}, column {}: {}", error.line, error.column, error.why)
        );
        (error.line, error.column, error.why)
    }

    const SIGNAL: &str = "[[signal]]\nid = \"no\"\nabout = \"-\"\nphrases = [\"no\"]\n";

    #[test]
    fn what_is_wrong_with_a_pack_is_said_with_line_and_column() {
        let rule = |keys: &str| format!("{SIGNAL}[[rule]]\nid = \"r\"\n{keys}");
        let good = rule("class = \"TRUE_PASS\"\nall = [\"no\"]\n");
        for (lines, place, why) in [
            ("[[signal\n".to_owned(), (4, 9), "unclosed array table"),
            ("colour = 1\n".to_owned(), (4, 1), "unknown field `colour`"),
            ("[[signal]]\nid = \"no\"\nphrases = [\"no\"]\n".to_owned(), (4, 1), "missing field `about`"),
            (SIGNAL.replace("phrases = [\"no\"]", "patterns = [\"a\", \"(b\"]"), (7, 18), "unclosed group"),
            (SIGNAL.replace("phrases = [\"no\"]", "patterns = [\"a*\"]"), (7, 13), "fits an empty text"),
            (SIGNAL.replace("phrases = [\"no\"]", "patterns = [\"{wont} go\"]"), (7, 13), "no part \"wont\""),
            (SIGNAL.replace("phrases = [\"no\"]", "where = \"end\""), (7, 9), "unknown variant `end`"),
            (SIGNAL.replace("phrases = [\"no\"]\n", ""), (5, 6), "neither phrases nor patterns"),
            (SIGNAL.replace("\"no\"\nabout", "\"@no\"\nabout"), (5, 6), "begins with @"),
            (SIGNAL.repeat(2), (9, 6), "the signal \"no\" stands twice"),
            ("[[part]]\nid = \"p\"\npattern = \"a\"\n".repeat(2), (8, 6), "the part \"p\" stands twice"),
            ("[[part]]\nid = \"p\"\npattern = \"[a\"\n".to_owned(), (6, 11), "not a regular expression"),
            (format!("{SIGNAL}except = [\"{}\"]\n", "(?:no{999}){999}{9}"), (8, 11), "compiles to more than"),
            (
                format!("{good}[[rule]]\nid = \"r\"\nclass = \"TRUE_PASS\"\nall = [\"no\"]\n"),
                (13, 6),
                "the rule \"r\" stands twice",
            ),
            (rule("class = \"PASS\"\nall = [\"no\"]\n"), (10, 9), "\"PASS\" is no class"),
            (rule("class = \"TRUE_PASS\"\n"), (9, 6), "decide by default"),
            (rule("class = \"TRUE_PASS\"\nnone = [\"no\"]\n"), (9, 6), "decide by default"),
            (rule("class = \"TRUE_PASS\"\nall = [\"yes\"]\n"), (11, 8), "there is no signal \"yes\""),
            (
                rule("class = \"TRUE_PASS\"\nany = [\"no\", \"@big\"]\n"),
                (11, 14),
                "there is no feature \"@big\"",
            ),
            (
                rule("class = \"TRUE_PASS\"\nall = [\"no\"]\ncategories = [\"ODD\"]\n"),
                (12, 15),
                "\"ODD\" is no category",
            ),
            (
                rule("class = \"TRUE_PASS\"\nall = [\"no\"]\nfamilies = [\"odd\"]\n"),
                (12, 13),
                "\"odd\" is no family",
            ),
            (rule("class = \"TRUE_PASS\"\nany = [\"no\"]\nat_least = 2\n"), (12, 12), "at least 2 of the 1"),
            (rule("class = \"TRUE_PASS\"\nany = [\"no\"]\nat_least = 0\n"), (12, 12), "at least 0 of the 1"),
        ] {
            let (line, column, said) = refused(&lines);
            assert_eq!((line, column), place, "{said}: {lines}");
            assert!(said.contains(why), "{said:?} has no {why:?}");
        }
    }

    #[test]
    fn a_pack_without_a_name_is_refused_where_it_begins() {
        let error = RulePack::parse("own.toml", "idle = []\n").unwrap_err();
        assert_eq!((error.line, error.why.as_str()), (1, "missing field `pack`"));
    }

    #[test]
    fn the_built_in_pack_is_whole() {
        let pack = RulePack::parse(FILE, BUILT_IN).unwrap();
        assert_eq!(pack.rules().count(), pack.rules.len());
        assert_eq!(pack.unused_signals().count(), 0);
    }
}
