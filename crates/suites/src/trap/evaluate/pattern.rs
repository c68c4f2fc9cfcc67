//! How a pack writes its patterns, and the regular expressions that become of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::folded::Folded;

/// How large compiled patterns may become, each by itself and all together, in bytes; a pack cannot exhaust the memory.
pub(super) const SIZE: usize = 32 << 20;

/// How much memory the search for all patterns may keep its states in, in bytes.
pub(super) const STATES: usize = 32 << 20;

/// A pattern. Most are only ever looked for together with all the others; one is compiled when it is looked for by
/// itself.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) source: String,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    pub(super) fn new(source: &str) -> Self {
        // No word may go on before or behind it.
        Self { source: format!(r"\b{{start-half}}(?:{source})\b{{end-half}}"), compiled: OnceLock::new() }
    }

    /// Compiles it.
    ///
    /// # Errors
    ///
    /// It is no regular expression, or it is too large.
    pub(super) fn compile(&self) -> Result<Regex, String> {
        let regex = RegexBuilder::new(&self.source).unicode(false).size_limit(SIZE).build();
        regex.map_err(|error| told(&error))
    }

    /// Compiles it as one that is looked for.
    ///
    /// # Errors
    ///
    /// That of [`Self::compile`], or it fits an empty text.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.compile()?.is_match(b"") {
            return Err("the pattern fits an empty text, so that it would fit every answer".to_owned());
        }
        Ok(())
    }

    pub(super) fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| self.compile().expect("it was compiled together with the others"))
    }
}

/// A phrase as a regular expression: any white space between its words.
pub(super) fn of_phrase(phrase: &str) -> String {
    let words: Vec<_> = Folded::new(phrase).text.split_whitespace().map(regex::escape).collect();
    words.join(r"\s+")
}

/// A pattern as a regular expression: letters folded, parts put in, and any white space for a blank. What stands behind a
/// backslash stays; within brackets a blank is a blank.
pub(super) fn of_pattern(pattern: &str, parts: &BTreeMap<&str, String>) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let (mut escaped, mut in_class) = (false, false);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            _ if escaped => out.push(c),
            ' ' if !in_class => out.push_str(r"\s+"),
            '{' if !in_class && rest.clone().next().is_some_and(|c| c.is_ascii_alphabetic()) => {
                let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                let part = parts.get(name.as_str());
                let part = part.ok_or_else(|| format!("there is no part {name:?} before this place"))?;
                out.push_str(&format!("(?:{part})"));
            }
            // A capital would never be met in a folded text; behind a backslash it means a class.
            _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            _ => out.push_str(&Folded::new(c.encode_utf8(&mut [0; 4])).text),
        }
        in_class = !escaped && c == '[' || in_class && (escaped || c != ']');
        escaped = c == '\\' && !escaped;
    }
    Ok(out)
}

pub(super) fn told(error: &regex::Error) -> String {
    match error {
        regex::Error::Syntax(why) => {
            let last = why.lines().last().unwrap_or(why);
            format!("not a regular expression: {}", last.trim_start_matches("error: "))
        }
        regex::Error::CompiledTooBig(most) => format!("the pattern compiles to more than {most} bytes"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Pattern, of_pattern, of_phrase};

    #[test]
    fn patterns_are_folded_and_take_their_parts() {
        let parts: BTreeMap<_, _> = [("cant", "can'?t|cannot".to_owned())].into();
        let of = |pattern| of_pattern(pattern, &parts).unwrap();
        assert_eq!(of("I {cant} [a b]{2,3}\\S É"), r"i\s+(?:can'?t|cannot)\s+[a b]{2,3}\S\s+e");
        assert!(of_pattern("I {wont} go", &parts).unwrap_err().contains("\"wont\""));
        assert_eq!(of_phrase("Así es, (no)"), r"asi\s+es,\s+\(no\)");
    }

    #[test]
    fn no_word_goes_on_before_or_behind_a_pattern() {
        let yes = Pattern::new("yes");
        assert!(yes.regex().is_match(b"well, yes.") && !yes.regex().is_match(b"yesterday"));
        assert!(Pattern::new("(").check().unwrap_err().contains("not a regular expression"));
        assert!(Pattern::new("a*").check().unwrap_err().contains("empty text"));
    }
}
