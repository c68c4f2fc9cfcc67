//! What the reference reads out of an answer: its format, its thinking, its label and its tier. Judges nothing.

use super::python::{has_word, strip, strip_start};
use super::rules::PublishedRules;

/// Which shape an answer has; the first that matches, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// It describes itself as a vendor's model, or holds a Cyrillic letter.
    Collapse,
    /// It repeats the list of labels of its prompt.
    SystemRegurgitation,
    /// It opens a think tag.
    LogosThink,
    /// It starts with `Decision:`.
    Decision,
    /// It has the fields of a verdict without tags.
    StructuredNoTags,
    /// Anything else.
    Raw,
}

impl OutputFormat {
    /// Returns the reference's name.
    pub fn name(self) -> &'static str {
        match self {
            OutputFormat::Collapse => "COLLAPSE",
            OutputFormat::SystemRegurgitation => "SYSTEM_REGURGITATION",
            OutputFormat::LogosThink => "LOGOS_THINK",
            OutputFormat::Decision => "DECISION",
            OutputFormat::StructuredNoTags => "STRUCTURED_NO_TAGS",
            OutputFormat::Raw => "RAW",
        }
    }

    /// Tells whether scoring gives nothing for this format.
    pub fn is_collapsed(self) -> bool {
        matches!(self, OutputFormat::Collapse | OutputFormat::SystemRegurgitation)
    }
}

/// What kind of truth an answer claims to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// It can be checked.
    Verifiable,
    /// It can be felt.
    Phenomenological,
    /// It cannot be known.
    Unknown,
}

impl Tier {
    /// All tiers, in the order in which a text is searched for their names.
    const ALL: [Tier; 3] = [Tier::Verifiable, Tier::Phenomenological, Tier::Unknown];

    /// Returns the reference's name.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Verifiable => "Verifiable",
            Tier::Phenomenological => "Phenomenological",
            Tier::Unknown => "Unknown",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.name() == name)
    }
}

/// An answer, read once for everything that is asked of it.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// The answer as it came.
    pub response: &'a str,
    /// Its shape.
    pub format: OutputFormat,
    /// What the reference takes for reasoning; for some shapes that is the whole answer.
    pub thinking: Option<String>,
    /// The label that the answer gives itself, in the reference's canonical spelling.
    pub classification: Option<&'a str>,
    /// The tier that the answer gives itself.
    pub tier: Option<Tier>,
    /// The answer without its closed think blocks, stripped.
    pub outside: String,
    /// Whether a think tag is opened and none is closed.
    pub is_truncated: bool,
    pub(super) lowered: String,
    pub(super) outside_lowered: String,
    pub(super) has_cyrillic: bool,
}

impl<'a> Reading<'a> {
    /// Reads `response` by the published lists.
    pub fn new(rules: &'a PublishedRules, response: &'a str) -> Reading<'a> {
        let lowered = response.to_lowercase();
        let tags = Tags::find(response);
        let has_cyrillic = response.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c));
        let format = output_format(rules, response, &lowered, &tags, has_cyrillic);
        let thinking = thinking(response, &tags);
        let outside = outside(response, &tags);
        Reading {
            response,
            format,
            classification: classification(rules, thinking.as_deref(), response),
            tier: tier(rules, thinking.as_deref(), response),
            is_truncated: tags.first_open().is_some() && tags.last_close().is_none(),
            outside_lowered: outside.to_lowercase(),
            thinking,
            outside,
            lowered,
            has_cyrillic,
        }
    }

    /// Tells whether the answer decides to block in so many words: `Decision: BLOCK`, in any case.
    pub(super) fn decides_to_block(&self) -> bool {
        decisions(&self.lowered).any(|decided| decided.starts_with("block"))
    }

    /// Tells whether the answer decides anything: `Decision:` and a word.
    pub(super) fn decides(&self) -> bool {
        decisions(&self.lowered).any(|decided| decided.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    }
}

/// What stands after each `Decision:` of a text in lower case.
fn decisions(lowered: &str) -> impl Iterator<Item = &str> {
    lowered.match_indices("decision:").map(|(at, label)| strip_start(&lowered[at + label.len()..]))
}

/// A think tag: where it stands, where it ends, and whether it opens.
struct Tag {
    start: usize,
    end: usize,
    opens: bool,
}

/// The think tags of an answer, in order. Either name opens and closes, in any case of ASCII.
struct Tags(Vec<Tag>);

impl Tags {
    fn find(text: &str) -> Tags {
        let spellings =
            [("<think>", true), ("<logos_think>", true), ("</think>", false), ("</logos_think>", false)];
        let tag = |(start, _): (usize, &str)| {
            let rest = &text.as_bytes()[start..];
            let fits = |spelling: &str| {
                rest.get(..spelling.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(spelling.as_bytes()))
            };
            let (spelling, opens) = spellings.into_iter().find(|(spelling, _)| fits(spelling))?;
            Some(Tag { start, end: start + spelling.len(), opens })
        };
        Tags(text.match_indices('<').filter_map(tag).collect())
    }

    fn first_open(&self) -> Option<&Tag> {
        self.0.iter().find(|tag| tag.opens)
    }

    fn last_close(&self) -> Option<&Tag> {
        self.0.iter().rev().find(|tag| !tag.opens)
    }
}

fn output_format(
    rules: &PublishedRules,
    response: &str,
    lowered: &str,
    tags: &Tags,
    has_cyrillic: bool,
) -> OutputFormat {
    if rules.collapse.occur_in(lowered) || has_cyrillic {
        OutputFormat::Collapse
    } else if lowered.contains("classifications: valid, logical_error") {
        OutputFormat::SystemRegurgitation
    } else if tags.first_open().is_some() {
        OutputFormat::LogosThink
    } else if starts_with_decision(response) {
        OutputFormat::Decision
    } else if has_fields(response) {
        OutputFormat::StructuredNoTags
    } else {
        OutputFormat::Raw
    }
}

fn starts_with_decision(response: &str) -> bool {
    let field = "decision:";
    strip(response)
        .as_bytes()
        .get(..field.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(field.as_bytes()))
}

/// The fields of a verdict without tags, in this case only.
fn has_fields(response: &str) -> bool {
    let has = |field| response.contains(field);
    has("Truth Tier:") && (has("Classification:") || has("Decision:") || has("Reasoning:"))
}

/// The reasoning of an answer, by the first of four readings that applies; an empty one is none.
fn thinking(response: &str, tags: &Tags) -> Option<String> {
    let found = match (tags.first_open(), tags.last_close()) {
        // Greedy: from the first tag that opens to the last that closes, with tags that stutter at either end dropped.
        (Some(open), Some(close)) if open.end <= close.start => {
            let mut block = strip(&response[open.end..close.start]);
            while let Some(tag) = Tags::find(block).0.first().filter(|tag| tag.opens && tag.start == 0) {
                block = strip(&block[tag.end..]);
            }
            while let Some(tag) =
                Tags::find(block).0.last().filter(|tag| !tag.opens && tag.end == block.len())
            {
                block = strip(&block[..tag.start]);
            }
            block
        }
        (Some(open), _) => strip(&response[open.end..]),
        (None, _) => {
            let has = |field| response.contains(field);
            let structured = has("Reasoning:") && (has("Truth Tier:") || has("Classification:"));
            if starts_with_decision(response) || structured { strip(response) } else { "" }
        }
    };
    (!found.is_empty()).then(|| found.to_owned())
}

/// The answer without what stands between a tag that opens and the next that closes.
fn outside(response: &str, tags: &Tags) -> String {
    let mut kept = String::with_capacity(response.len());
    let mut from = 0;
    while let Some(open) = tags.0.iter().find(|tag| tag.opens && tag.start >= from) {
        let Some(close) = tags.0.iter().find(|tag| !tag.opens && tag.start >= open.end) else { break };
        kept.push_str(&response[from..open.start]);
        from = close.end;
    }
    kept.push_str(&response[from..]);
    strip(&kept).to_owned()
}

/// The text after the first `field` of `text`, in any case of ASCII, to the end of its line.
fn line_after<'t>(text: &'t str, field: &str) -> Option<&'t str> {
    let bytes = text.as_bytes();
    let at = bytes.windows(field.len()).position(|window| window.eq_ignore_ascii_case(field.as_bytes()))?;
    text[at + field.len()..].split('\n').next()
}

/// The part of a line before its first comma or semicolon, without closing punctuation.
fn first_part(line: &str) -> &str {
    let line = strip(strip(line).trim_end_matches(['.', ',', ':', ';']));
    strip(line.split([',', ';']).next().unwrap_or_default())
}

fn classification<'a>(rules: &'a PublishedRules, thinking: Option<&str>, response: &str) -> Option<&'a str> {
    let whole = with_thinking(thinking, response);
    let lines = [
        thinking.and_then(|thinking| line_after(thinking, "Classification:")),
        line_after(response, "Classification:"),
        line_after(&whole, "Category:"),
    ];
    let by_line =
        lines.into_iter().flatten().find_map(|line| label_of(rules, &first_part(line).to_uppercase()));
    let reasoning = || thinking.and_then(|thinking| line_after(thinking, "Reasoning:"));
    by_line.or_else(|| label_within(rules, &reasoning()?.to_uppercase())).or_else(|| {
        let text = without_validity(&whole).to_uppercase();
        let labels = rules.labels.iter().map(|label| (label, label));
        let aliases = rules.aliases.iter().map(|(alias, label)| (alias, label));
        labels.chain(aliases).find(|(spelling, _)| has_word(&text, spelling)).map(|(_, label)| label.as_str())
    })
}

/// The label of a value in upper case. An empty value is part of every label, so it gives the first.
fn label_of<'a>(rules: &'a PublishedRules, value: &str) -> Option<&'a str> {
    let alias = |fits: &dyn Fn(&str) -> bool| {
        rules.aliases.iter().find(|(alias, _)| fits(alias)).map(|(_, label)| label.as_str())
    };
    let label =
        |fits: &dyn Fn(&str) -> bool| rules.labels.iter().map(String::as_str).find(|label| fits(label));
    alias(&|alias| alias == value)
        .or_else(|| label(&|label| label == value))
        .or_else(|| label(&|label| value.contains(label) || label.contains(value)))
        .or_else(|| alias(&|alias| value.contains(alias)))
}

/// The label of the first alias, else of the first label, that occurs in a text in upper case, within words too.
fn label_within<'a>(rules: &'a PublishedRules, text: &str) -> Option<&'a str> {
    let by_alias = rules.aliases.iter().find(|(alias, _)| text.contains(alias.as_str()));
    let by_label = || rules.labels.iter().find(|label| text.contains(label.as_str()));
    by_alias.map(|(_, label)| label).or_else(by_label).map(String::as_str)
}

/// A text without `Validity:` and the word after it.
fn without_validity(text: &str) -> String {
    let field = "validity:";
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = rest
            .as_bytes()
            .windows(field.len())
            .position(|window| window.eq_ignore_ascii_case(field.as_bytes()));
        let Some(at) = found else { break };
        let after = strip_start(&rest[at + field.len()..]);
        let word = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        if word == 0 {
            kept.push_str(&rest[..at + field.len()]);
            rest = &rest[at + field.len()..];
        } else {
            kept.push_str(&rest[..at]);
            rest = &after[word..];
        }
    }
    kept.push_str(rest);
    kept
}

fn tier(rules: &PublishedRules, thinking: Option<&str>, response: &str) -> Option<Tier> {
    let whole = with_thinking(thinking, response);
    if let Some(line) = truth_line(&whole) {
        let value = first_part(line).to_lowercase();
        if let Some((_, tier)) = rules.tier_aliases.iter().find(|(alias, _)| *alias == value) {
            return *tier;
        }
        let named = |tier: &Tier| value.contains(&tier.name().to_lowercase());
        if let Some(tier) = Tier::ALL.into_iter().find(named) {
            return Some(tier);
        }
    }
    let lowered = whole.to_lowercase();
    if lowered.contains("unknown") || lowered.contains("mystery") {
        return Some(Tier::Unknown);
    }
    [Tier::Phenomenological, Tier::Verifiable]
        .into_iter()
        .find(|tier| lowered.contains(&tier.name().to_lowercase()))
}

/// The rest of the line after the first `Truth:`, `Truth Tier:` or `Truth Tiers:`, in any case.
fn truth_line(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let starts = |at: usize, word: &str| {
        bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    let after = |at: usize| {
        let mut end = at + "truth".len();
        let tier = end + text[end..].len() - strip_start(&text[end..]).len();
        if tier > end && starts(tier, "tier") {
            end = tier + "tier".len();
            end += usize::from(starts(end, "s"));
        }
        starts(end, ":").then_some(end + 1)
    };
    let end = (0..bytes.len()).filter(|&at| starts(at, "truth")).find_map(after)?;
    text[end..].split('\n').next()
}

/// Reasoning and answer, one after the other, as some searches read them.
fn with_thinking(thinking: Option<&str>, response: &str) -> String {
    format!("{}\n{response}", thinking.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasoning(response: &str) -> Option<String> {
        thinking(response, &Tags::find(response))
    }

    fn without_thinking(response: &str) -> String {
        outside(response, &Tags::find(response))
    }

    #[test]
    fn reasoning_runs_to_the_last_closing_tag_and_stuttering_is_dropped() {
        assert_eq!(
            reasoning("<think>\n<think>\na</think> b</logos_think> c").as_deref(),
            Some("a</think> b")
        );
        assert_eq!(reasoning("<THINK>a </think>\n</think>").as_deref(), Some("a"));
        assert_eq!(reasoning("x <logos_think>a b").as_deref(), Some("a b"));
        assert_eq!(reasoning("</think> a <think> b").as_deref(), Some("b"));
        assert_eq!(reasoning("<think></think>a"), None);
        assert_eq!(reasoning("Reasoning: a\nTruth Tier: b").as_deref(), Some("Reasoning: a\nTruth Tier: b"));
        assert_eq!(reasoning("Reasoning: a"), None);
        assert_eq!(reasoning(" Decision: BLOCK ").as_deref(), Some("Decision: BLOCK"));
    }

    #[test]
    fn what_is_outside_ends_each_block_at_its_first_closing_tag() {
        assert_eq!(without_thinking("<think>a</think> b <think>c</logos_think> d"), "b  d");
        assert_eq!(without_thinking("<think>a</think> b</think>"), "b</think>");
        assert_eq!(without_thinking("a <think> b"), "a <think> b");
    }

    #[test]
    fn a_line_ends_where_the_line_ends_and_a_value_at_its_comma() {
        assert_eq!(line_after("x\nclassification: A, b\nc", "Classification:"), Some(" A, b"));
        assert_eq!(line_after("Classification:\nc", "Classification:"), Some(""));
        assert_eq!(first_part(" LICIT_GAP; more. "), "LICIT_GAP");
        assert_eq!(first_part("LICIT_GAP.;"), "LICIT_GAP");
        assert_eq!(truth_line("truth  Tiers: a\nb"), Some(" a"));
        assert_eq!(truth_line("Truthtier: a\nTruth: b"), Some(" b"));
        assert_eq!(
            without_validity("a Validity: VALID, b validity:\tx c validity: !"),
            "a , b  c validity: !"
        );
    }
}
