//! A credential that does not show itself.
//!
//! Knows nothing of who uses it. Does not wipe memory: it guards against keys in logs and run files, not against a
//! reader of the process.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands where a secret stood.
const MASK: &str = "***";
/// Bytes of a secret below which its Base64 could stand in a text by chance.
const SHORTEST_IN_BASE64: usize = 8;

/// A credential, such as an API key.
///
/// `Debug` and `Display` print `***`. Surrounding white space is dropped, because keys read from files end in a line
/// feed, which no HTTP header can carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    /// Every way in which a server may write it back, longest first so that no rest of a longer one remains.
    spellings: Arc<[String]>,
    /// The same in lower case and without backslashes.
    plain: Arc<[Vec<u8>]>,
}

impl Secret {
    /// Makes a secret of its text.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref().trim().to_owned();
        let spellings = spellings(&text);
        let plain = spellings
            .iter()
            .map(|spelling| spelling.to_ascii_lowercase().replace('\\', "").into_bytes())
            .filter(|spelling| !spelling.is_empty())
            .collect();
        Self { text, spellings: spellings.into(), plain }
    }

    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether [`Secret::scrub`] would change this text. Quicker than that, for texts that seldom hold it.
    pub fn is_in(&self, text: &str) -> bool {
        let plain: Vec<u8> =
            text.bytes().filter(|byte| *byte != b'\\').map(|byte| byte.to_ascii_lowercase()).collect();
        self.plain.iter().any(|spelling| memchr::memmem::find(&plain, spelling).is_some())
    }

    /// Returns `text` with `***` wherever it holds this secret: verbatim (so in `Bearer …` too), percent-encoded, as a
    /// form field, in Base64, or with backslashes as in JSON, in upper or lower case. An empty secret leaves the text
    /// as it is.
    pub fn scrub(&self, text: &str) -> String {
        self.spellings.iter().fold(text.to_owned(), |text, spelling| mask(&text, spelling))
    }
}

fn spellings(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut all = vec![
        text.to_owned(),
        percent_encoded(text, "", "%20"),
        percent_encoded(text, "-._~", "%20"),
        percent_encoded(text, "-._*", "+"),
        percent_encoded(text, "-._~!$&'()*+,;=:@/?", "%20"),
    ];
    all.extend(base64_spellings(text));
    all.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    all.dedup();
    all
}

/// What Base64 makes of a text wherever it stands among other bytes: at each of the three alignments, the letters that
/// do not depend on its neighbours. Nothing for a text so short that a chance match is likely.
fn base64_spellings(text: &str) -> Vec<String> {
    if text.len() < SHORTEST_IN_BASE64 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(text.as_bytes());
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            all.push(engine.encode(&bytes)[own.clone()].to_owned());
        }
    }
    all
}

/// Percent-encodes all but letters, digits and `kept`.
fn percent_encoded(text: &str, kept: &str, space: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || kept.contains(c) {
            out.push(c);
        } else if c == ' ' {
            out.push_str(space);
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    out
}

/// Puts the mask over every `spelling` in `text`, whatever the case of its ASCII letters and however many backslashes
/// escaping, perhaps more than once, has put between its characters.
fn mask(text: &str, spelling: &str) -> String {
    let seen: Vec<(usize, u8)> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte != b'\\')
        .map(|(at, byte)| (at, byte.to_ascii_lowercase()))
        .collect();
    let sought: Vec<u8> =
        spelling.bytes().filter(|byte| *byte != b'\\').map(|byte| byte.to_ascii_lowercase()).collect();
    let Some(last) = sought.len().checked_sub(1) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let (mut from, mut n) = (0, 0);
    while n + last < seen.len() {
        if seen[n..=n + last].iter().map(|(_, byte)| byte).eq(&sought) {
            // A match begins and ends with whole characters, because what is sought is whole characters.
            out.push_str(&text[from..seen[n].0]);
            out.push_str(MASK);
            from = seen[n + last].0 + 1;
            n += last + 1;
        } else {
            n += 1;
        }
    }
    out.push_str(&text[from..]);
    out
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("sk-1\n");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.reveal(), "sk-1");
    }

    #[test]
    fn a_secret_is_scrubbed_in_every_spelling() {
        let secret = Secret::new("sk/a+b=\"c d");
        for echoed in [
            "sk/a+b=\"c d",
            "Bearer sk/a+b=\"c d",
            "sk%2Fa%2Bb%3D%22c%20d",
            "sk%2fa%2bb%3d%22c%20d",
            "sk%2Fa%2Bb%3D%22c+d",
            "sk/a+b=%22c%20d",
            "SK/A+B=\"C D",
            "sk/a+b=\\\"c d",
            "sk\\/a+b=\\\"c d",
            "sk\\\\/a+b=\\\\\\\"c d",
        ] {
            let text = secret.scrub(&format!("bad key {echoed}, twice: {echoed}"));
            let bearer = if echoed.starts_with("Bearer") { "Bearer " } else { "" };
            assert_eq!(text, format!("bad key {bearer}***, twice: {bearer}***"), "{echoed}");
        }
    }

    #[test]
    fn a_secret_is_scrubbed_from_base64_at_every_alignment() {
        use base64::Engine as _;
        let secret = Secret::new("sk-live/Zm9v+YmFy=");
        for around in ["", "u", "me", "key"] {
            for engine in [&super::STANDARD_NO_PAD, &super::URL_SAFE_NO_PAD] {
                let text = engine.encode(format!("{around}:sk-live/Zm9v+YmFy=:{around}"));
                assert!(secret.is_in(&text));
                let scrubbed = secret.scrub(&text);
                assert!(scrubbed.contains("***") && scrubbed.len() < text.len() - 15, "{scrubbed}");
            }
        }
    }

    #[test]
    fn an_empty_secret_scrubs_nothing() {
        assert_eq!(Secret::new(" ").scrub("abc"), "abc");
    }
}
