//! What a reasoning model signs or encrypts and wants back verbatim. All of it is a function of one number, so that a
//! server can check what it gave out without remembering it, even after a restart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::text::hex;

/// What one answer gave out, known by the number in its identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issued(pub(crate) u64);

impl Issued {
    /// Reads the number back from an identifier such as `call_00000000000000ab_0`.
    pub(crate) fn of_call(id: &str) -> Option<Self> {
        let digits = id.split('_').nth(1)?;
        let whole = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole { u64::from_str_radix(digits, 16).ok().map(Self) } else { None }
    }

    /// The text of the reasoning.
    pub(crate) fn thinking(self) -> String {
        format!("Weighing request {}: the question is plain, so the answer can be too.", hex(self.0))
    }

    /// Bytes that only this server makes, in base64; the number leads.
    pub(crate) fn sealed(self, purpose: &str) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("unbent-mock 2026 issued to clients");
        hasher.update(&self.0.to_le_bytes());
        hasher.update(purpose.as_bytes());
        STANDARD.encode(format!("{}:{}", hex(self.0), hasher.finalize().to_hex()))
    }

    /// Reads the number back from what was sealed, if this server sealed it for that purpose.
    pub(crate) fn of_sealed(sealed: &str, purpose: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(sealed).ok()?).ok()?;
        let number = u64::from_str_radix(text.split(':').next()?, 16).ok().map(Self)?;
        (number.sealed(purpose) == sealed).then_some(number)
    }

    /// The blocks of the Messages API that precede an answer.
    pub(crate) fn message_blocks(self) -> [Value; 2] {
        [
            json!({"type": "thinking", "thinking": self.thinking(), "signature": self.sealed("thinking")}),
            json!({"type": "redacted_thinking", "data": self.sealed("redacted")}),
        ]
    }

    /// The `reasoning_details` of OpenRouter.
    pub(crate) fn details(self) -> Value {
        json!([
            {"type": "reasoning.text", "text": self.thinking(), "signature": self.sealed("text"),
             "id": format!("rd_{}_0", hex(self.0)), "format": "anthropic-claude-v1", "index": 0},
            {"type": "reasoning.encrypted", "data": self.sealed("encrypted"),
             "id": format!("rd_{}_1", hex(self.0)), "format": "anthropic-claude-v1", "index": 1},
        ])
    }

    /// Identifier of the reasoning item of the Responses API.
    pub(crate) fn item_id(self) -> String {
        format!("rs_{}", hex(self.0))
    }

    /// What stands in `encrypted_content` of the reasoning item.
    pub(crate) fn encrypted(self) -> String {
        self.sealed("item")
    }
}

#[cfg(test)]
mod tests {
    use super::Issued;

    #[test]
    fn a_signature_is_known_again_and_no_other_is() {
        let sealed = Issued(42).sealed("look");
        assert_eq!(Issued::of_sealed(&sealed, "look"), Some(Issued(42)));
        assert_eq!(Issued::of_sealed(&sealed, "lock"), None);
        assert_eq!(Issued::of_sealed("c2tpcA==", "look"), None);
    }

    #[test]
    fn the_number_is_read_back_from_an_identifier() {
        assert_eq!(Issued::of_call("toolu_000000000000002a_1"), Some(Issued(42)));
        assert_eq!(Issued::of_call("call_other"), None);
    }
}
