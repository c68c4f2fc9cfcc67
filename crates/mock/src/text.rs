//! Texts that are functions of a request. Knows no dialect.

/// What texts are padded with; repeated as often as needed.
const FILLER: &str = "the quiet answer repeats a plain word so that every reply has the length it was asked to have \
                      and still reads as text that some model might have written on a slow day ";

/// Writes the text of a request: the 16 digits by which texts differ, then filler up to `bytes` bytes of ASCII.
pub(crate) fn text_of(nonce: u64, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes.max(17));
    text.push_str(&hex(nonce));
    if bytes > 17 {
        text.push(' ');
    }
    while text.len() < bytes {
        let wanted = bytes - text.len();
        text.push_str(&FILLER[..wanted.min(FILLER.len())]);
    }
    text
}

/// Writes a number as 16 digits.
pub(crate) fn hex(number: u64) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    (0..16).rev().map(|place| DIGITS[(number >> (place * 4) & 15) as usize] as char).collect()
}

/// Cuts a text into at most `pieces` pieces of about equal length, none of them empty.
pub(crate) fn pieces(text: &str, pieces: usize) -> Vec<&str> {
    let size = text.len().div_ceil(pieces).max(1);
    let mut rest = text;
    let mut cut = Vec::new();
    while !rest.is_empty() {
        let mut end = size.min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (head, tail) = rest.split_at(end);
        cut.push(head);
        rest = tail;
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::{hex, pieces, text_of};

    #[test]
    fn a_text_has_the_length_asked_for_and_begins_with_its_digits() {
        for bytes in [16, 17, 18, 64, 5000] {
            assert_eq!(text_of(7, bytes).len(), bytes);
        }
        assert!(text_of(0xabc, 40).starts_with("0000000000000abc the"));
        assert_eq!(hex(u64::MAX), "ffffffffffffffff");
    }

    #[test]
    fn pieces_make_up_the_text() {
        assert_eq!(pieces("größe", 3).concat(), "größe");
        assert_eq!(pieces("", 3), Vec::<&str>::new());
        assert_eq!(pieces("abcdefgh", 4), ["ab", "cd", "ef", "gh"]);
    }
}
