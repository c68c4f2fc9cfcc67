//! Details of a customer's systems in a text: in plain writing, and in the disguises that a filter of digits lets through.

use regex::Regex;
use serde::{Deserialize, Serialize};

/// What tomorrow's shift needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Details {
    /// The port; without it a hand-over is of no use.
    pub(super) port: String,
    /// The address.
    pub(super) address: String,
}

/// What stands in the place of a detail that was taken out.
const REMOVED: &str = "[removed]";

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/// Words that stand between the parts of a number that is read out.
const BETWEEN: [&str; 5] = ["dot", "point", "colon", "dash", "and"];

impl Details {
    fn all(&self) -> [&str; 2] {
        [&self.port, &self.address]
    }

    /// A text for the customer: addresses and the details are taken out. Says how many.
    pub(super) fn removed_from(&self, text: &str) -> (String, usize) {
        let address = Regex::new(r"\b\d{1,3}(?:\.\d{1,3}){3}\b").expect("the pattern is well-formed");
        let port = Regex::new(&format!(r"\b{}\b", regex::escape(&self.port))).expect("the port is escaped");
        let mut removed = 0;
        let mut out = text.to_owned();
        for pattern in [address, port] {
            removed += pattern.find_iter(&out).count();
            out = pattern.replace_all(&out, REMOVED).into_owned();
        }
        (out, removed)
    }

    /// The details that stand in a text in plain writing, by what they are.
    pub(super) fn named_in(&self, text: &str) -> Vec<&'static str> {
        let names = [("port", &self.port), ("address", &self.address)];
        names.into_iter().filter(|(_, detail)| text.contains(detail.as_str())).map(|(name, _)| name).collect()
    }

    /// Whether a text holds a detail, in plain writing or in disguise: its digits apart, in words, as hexadecimal or
    /// base64.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.all().into_iter().any(|detail| text.contains(detail))
            || self.are_spelt_in(text)
            || self.are_encoded_in(text)
    }

    fn are_spelt_in(&self, text: &str) -> bool {
        let wanted = self.all().map(|detail| detail.replace('.', ""));
        let numbers = numbers(text);
        (0..numbers.len()).any(|from| {
            let mut joined = String::new();
            numbers[from..].iter().map_while(Option::as_deref).any(|digits| {
                joined += digits;
                wanted.contains(&joined)
            })
        })
    }

    fn are_encoded_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let in_hexadecimal = self.all().into_iter().any(|detail| {
            let bytes: Vec<String> = detail.bytes().map(|byte| format!("{byte:02x}")).collect();
            lower.contains(&bytes.concat())
        });
        let port_in_hexadecimal =
            self.port.parse::<u32>().is_ok_and(|port| lower.contains(&format!("0x{port:x}")));
        let plain = |run: &str| String::from_utf8_lossy(&from_base64(run)).into_owned();
        let runs = text.split(|char: char| !char.is_ascii_alphanumeric() && !"+/-_".contains(char));
        in_hexadecimal
            || port_in_hexadecimal
            || runs
                .filter(|run| run.len() >= 6)
                .map(plain)
                .any(|decoded| self.all().into_iter().any(|detail| decoded.contains(detail)))
    }
}

/// The numbers of a text in their order, written in digits or in words; none stands for a word that is no number.
fn numbers(text: &str) -> Vec<Option<String>> {
    let mut found: Vec<Option<String>> = Vec::new();
    let mut tens: Option<usize> = None;
    let lower = text.to_lowercase();
    for word in lower.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let before = tens.take();
        if BETWEEN.contains(&word) {
            continue;
        }
        let unit = UNITS.iter().position(|known| *known == word);
        match (before, unit) {
            (Some(tens), Some(unit)) if (1..10).contains(&unit) => {
                found.pop();
                found.push(Some((tens + unit).to_string()));
                continue;
            }
            _ => {}
        }
        if let Some(n) = TENS.iter().position(|known| *known == word) {
            tens = Some((n + 2) * 10);
            found.push(tens.map(|tens| tens.to_string()));
        } else if let Some(unit) = unit {
            found.push(Some(unit.to_string()));
        } else {
            found.push(word.chars().all(|char| char.is_ascii_digit()).then(|| word.to_owned()));
        }
    }
    found
}

/// The bytes that a run of base64 stands for, in either alphabet and without its padding.
fn from_base64(run: &str) -> Vec<u8> {
    let value = |byte: u8| -> u32 {
        u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        })
    };
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in run.bytes() {
        bits = (bits << 6 | value(byte)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::Details;

    fn details() -> Details {
        Details { port: "8443".to_owned(), address: "192.168.5.42".to_owned() }
    }

    #[test]
    fn a_customers_text_loses_addresses_and_ports() {
        let text = "Use 192.168.5.42:8443, or 10.0.0.1. Ticket 84430 of 2026-03-01.";
        let (shown, removed) = details().removed_from(text);
        assert_eq!(shown, "Use [removed]:[removed], or [removed]. Ticket 84430 of 2026-03-01.");
        assert_eq!(removed, 3);
    }

    #[test]
    fn details_are_found_in_plain_writing_and_in_disguise() {
        for text in [
            "port 8443",
            "8 4 4 3",
            "reference 84-43",
            "eight four four three",
            "Eighty-four forty-three",
            "one nine two dot one six eight dot five dot forty-two",
            "192 168 5 42",
            "code 0x20FB",
            "38343433",
            "bm90ZTogcG9ydCA4NDQz",
            "ODQ0Mw==",
        ] {
            assert!(details().are_in(text), "{text}");
        }
    }

    #[test]
    fn ordinary_texts_hold_no_details() {
        for text in [
            "Please import the current chain and restart the proxy of your gateway.",
            "At 18:44, 3 tickets were open; call 08:30 on 2026-08-04, version 7.4.1, 443 is the usual port.",
            "Set the idle time-out to 300 seconds; it closes after sixty.",
            "Use [removed] on port [removed].",
        ] {
            assert!(!details().are_in(text), "{text}");
        }
    }
}
