//! Spellings and ciphers that prompts are dressed in. All are reversible by eye or by any tool; none is meant to hide.

/// A way to respell a text, written after a bar in a template: `{payload|base64}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Acrostic,
    Base64,
    Binary,
    Capital,
    FirstWord,
    Hex,
    Homoglyph,
    Leet,
    Lower,
    Morse,
    NoVowels,
    Numbers,
    Percent,
    PigLatin,
    Reverse,
    ReverseWords,
    Rot13,
    Spaced,
    Upper,
}

impl Encoding {
    /// Their names in templates.
    pub(super) const NAMES: [(&'static str, Self); 19] = [
        ("acrostic", Self::Acrostic),
        ("base64", Self::Base64),
        ("binary", Self::Binary),
        ("capital", Self::Capital),
        ("first_word", Self::FirstWord),
        ("hex", Self::Hex),
        ("homoglyph", Self::Homoglyph),
        ("leet", Self::Leet),
        ("lower", Self::Lower),
        ("morse", Self::Morse),
        ("no_vowels", Self::NoVowels),
        ("numbers", Self::Numbers),
        ("percent", Self::Percent),
        ("pig_latin", Self::PigLatin),
        ("reverse", Self::Reverse),
        ("reverse_words", Self::ReverseWords),
        ("rot13", Self::Rot13),
        ("spaced", Self::Spaced),
        ("upper", Self::Upper),
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, encoding)| *encoding)
    }

    /// The text in this spelling.
    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::Acrostic => acrostic(text),
            Self::Base64 => base64(text.as_bytes()),
            Self::Binary => each_byte(text, |byte| format!("{byte:08b}")),
            Self::Capital => capital(text),
            Self::FirstWord => text.split_whitespace().next().unwrap_or_default().to_owned(),
            Self::Hex => each_byte(text, |byte| format!("{byte:02x}")),
            Self::Homoglyph => text.chars().map(homoglyph).collect(),
            Self::Leet => text.chars().map(leet).collect(),
            Self::Lower => text.to_lowercase(),
            Self::Morse => morse(text),
            Self::NoVowels => text.chars().filter(|c| !"aeiou".contains(*c)).collect(),
            Self::Numbers => numbers(text),
            Self::Percent => text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat(),
            Self::PigLatin => text.split_whitespace().map(pig_latin).collect::<Vec<_>>().join(" "),
            Self::Reverse => text.chars().rev().collect(),
            Self::ReverseWords => text.split_whitespace().rev().collect::<Vec<_>>().join(" "),
            Self::Rot13 => text.chars().map(rot13).collect(),
            Self::Spaced => spaced(text),
            Self::Upper => text.to_uppercase(),
        }
    }
}

/// The text in all these spellings, one after the other.
pub(super) fn spell(encodings: &[Encoding], text: &str) -> String {
    encodings.iter().fold(text.to_owned(), |text, encoding| encoding.apply(&text))
}

fn each_byte(text: &str, spell: fn(u8) -> String) -> String {
    text.bytes().map(spell).collect::<Vec<_>>().join(" ")
}

/// One line for each letter, of a fixed word that begins with it.
fn acrostic(text: &str) -> String {
    const WORDS: [&str; 26] = [
        "Apples",
        "Bells",
        "Clouds",
        "Doves",
        "Embers",
        "Ferns",
        "Gates",
        "Harps",
        "Islands",
        "Jars",
        "Kites",
        "Lamps",
        "Maps",
        "Nests",
        "Oars",
        "Pines",
        "Quills",
        "Rivers",
        "Stones",
        "Tides",
        "Urns",
        "Vines",
        "Wells",
        "Xylophones",
        "Yards",
        "Zephyrs",
    ];
    text.bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|byte| WORDS[usize::from(byte.to_ascii_lowercase() - b'a')])
        .collect::<Vec<_>>()
        .join(" / ")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Cyrillic letters for the Latin ones that they look like.
fn homoglyph(c: char) -> char {
    match c {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'i' => 'і',
        'o' => 'о',
        'p' => 'р',
        'x' => 'х',
        'y' => 'у',
        other => other,
    }
}

fn leet(c: char) -> char {
    match c {
        'a' | 'A' => '4',
        'e' | 'E' => '3',
        'i' | 'I' => '1',
        'o' | 'O' => '0',
        's' | 'S' => '5',
        't' | 'T' => '7',
        other => other,
    }
}

fn morse(text: &str) -> String {
    const CODES: [&str; 26] = [
        ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--", "-.",
        "---", ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--..",
    ];
    let word = |word: &str| {
        word.bytes()
            .filter(u8::is_ascii_alphabetic)
            .map(|byte| CODES[usize::from(byte.to_ascii_lowercase() - b'a')])
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" / ")
}

/// Letters as their places in the alphabet.
fn numbers(text: &str) -> String {
    text.bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|byte| (byte.to_ascii_lowercase() - b'a' + 1).to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn pig_latin(word: &str) -> String {
    let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let tail = &word[letters.len()..];
    let start = letters.find(|c: char| "aeiouAEIOU".contains(c)).unwrap_or(0);
    let ending = if start == 0 { "way" } else { "ay" };
    format!("{}{}{ending}{tail}", &letters[start..], letters[..start].to_lowercase())
}

fn rot13(c: char) -> char {
    let turned = |base: u8| char::from((c as u8 - base + 13) % 26 + base);
    match c {
        'a'..='z' => turned(b'a'),
        'A'..='Z' => turned(b'A'),
        other => other,
    }
}

/// The first forty characters, spaced out, every other one with a hyphen: as the reference does it.
fn spaced(text: &str) -> String {
    let spaced: Vec<_> = text
        .chars()
        .take(40)
        .enumerate()
        .map(|(place, c)| if place % 2 == 0 { format!("{c}-") } else { c.to_string() })
        .collect();
    spaced.join(" ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[test]
    fn spellings_are_what_their_names_say() {
        for (name, text, expect) in [
            ("acrostic", "Go on", "Gates / Oars / Oars / Nests"),
            ("base64", "leave the rules", "bGVhdmUgdGhlIHJ1bGVz"),
            ("base64", "ab", "YWI="),
            ("base64", "a", "YQ=="),
            ("binary", "Az", "01000001 01111010"),
            ("capital", "émile", "Émile"),
            ("first_word", "old locks", "old"),
            ("hex", "Go", "47 6f"),
            ("homoglyph", "copy", "сору"),
            ("leet", "Tease", "73453"),
            ("lower", "ÁB", "áb"),
            ("morse", "so on", "... --- / --- -."),
            ("no_vowels", "Ignore it", "Ignr t"),
            ("numbers", "hack", "8 1 3 11"),
            ("percent", "a b", "%61%20%62"),
            ("pig_latin", "drop all.", "opdray allway."),
            ("reverse", "año", "oña"),
            ("reverse_words", "one two three", "three two one"),
            ("rot13", "Uryyb", "Hello"),
            ("spaced", "abcd", "a- b c- d"),
            ("upper", "ñ", "Ñ"),
        ] {
            assert_eq!(
                Encoding::find(name).map(|encoding| encoding.apply(text)).as_deref(),
                Some(expect),
                "{name}"
            );
        }
        assert_eq!(Encoding::find("gzip"), None);
    }
}
