//! What Python's `str` and `re` mean by case, white space, words and length, where Rust means something else.

use regex::{Regex, RegexBuilder};

/// Whether Python's `str.isspace` holds: Unicode's white space and the four information separators.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.lstrip()`.
pub(super) fn strip_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// `len(text)`: code points, not bytes.
pub(super) fn length(text: &str) -> usize {
    text.chars().count()
}

/// The parts that count as long: stripped, more than 20 code points.
pub(super) fn long_parts<'t>(parts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    parts.map(strip).filter(|part| length(part) > 20).collect()
}

/// Compiles a published pattern to match as Python's `re.search(pattern, text, re.IGNORECASE)` does.
///
/// Python counts the information separators as white space and combining marks as no part of a word; the classes are
/// spelled out accordingly. `\b` keeps the meaning of this engine, which differs for combining marks alone.
pub(super) fn pattern(python: &str) -> Result<Regex, Box<regex::Error>> {
    let spelled = python
        .replace(r"\s", r"[\s\x1c-\x1f]")
        .replace(r"\S", r"[^\s\x1c-\x1f]")
        .replace(r"\w", r"[\p{L}\p{N}_]");
    RegexBuilder::new(&spelled).case_insensitive(true).build().map_err(Box::new)
}

/// Whether `label` stands in `text` as a word of its own; an underscore in the label also matches a space.
///
/// Both are upper case and `label` is ASCII. As `re.search(rf"\b{label}\b", text)`: the first and last characters of a
/// label belong to words, so a boundary is wherever no letter, number or underscore stands beside it.
pub(super) fn has_word(text: &str, label: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = label.len();
    if length == 0 {
        return false;
    }
    let bytes = text.as_bytes();
    (0..=bytes.len().saturating_sub(length)).any(|start| {
        let Some(window) = bytes.get(start..start + length) else { return false };
        let same = |(&found, wanted): (&u8, u8)| found == wanted || (wanted == b'_' && found == b' ');
        window.iter().zip(label.bytes()).all(same)
            && !text[..start].chars().next_back().is_some_and(is_word)
            && !text[start + length..].chars().next().is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_no_letter_number_or_underscore_follows() {
        assert!(has_word("A LICIT GAP.", "LICIT_GAP"));
        assert!(has_word("(LICIT_GAP)", "LICIT_GAP"));
        assert!(!has_word("ILLICIT GAP", "LICIT_GAP"));
        assert!(!has_word("LICIT GAPS", "LICIT_GAP"));
        assert!(!has_word("ÉLICIT GAP", "LICIT_GAP"));
        assert!(!has_word("", "VALID"));
        assert!(!has_word("é", "VALID"));
    }

    #[test]
    fn white_space_and_length_are_those_of_python() {
        assert_eq!(strip("\u{1c}\u{2003}a\u{1f}\n"), "a");
        assert_eq!(length("año"), 3);
        assert!(pattern(r"a\s+b").unwrap().is_match("A\u{1d}b"));
        assert!(pattern(r"https?://\S+").unwrap().is_match("see HTTP://x"));
    }
}
