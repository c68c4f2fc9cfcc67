//! An answer as evaluators read it: what the user sees, apart from the reasoning before it.

use unbent_core::{FinishReason, Reply};

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAnswer<'a> {
    /// What the user sees.
    pub visible: &'a str,
    /// The reasoning: the provider's own field, or what stands between `<think>` tags at the start of the text.
    pub reasoning: Option<&'a str>,
    /// Whether it ran into the token limit, or stopped within its reasoning.
    pub cut_off: bool,
}

/// Tags that open and close reasoning in plain text; the second pair is that of the reference's models.
const TAGS: [(&str, &str); 3] =
    [("<think>", "</think>"), ("<logos_think>", "</logos_think>"), ("<thinking>", "</thinking>")];

impl<'a> ReadAnswer<'a> {
    /// Takes a reply apart.
    pub fn of(reply: &'a Reply) -> Self {
        let read = Self::of_text(reply.message.content.as_deref().unwrap_or_default());
        Self {
            reasoning: reply
                .message
                .reasoning
                .as_deref()
                .filter(|text| !text.trim().is_empty())
                .or(read.reasoning),
            cut_off: read.cut_off || reply.finish == FinishReason::Length,
            ..read
        }
    }

    /// Takes a text apart. Reasoning that is not closed leaves nothing to see.
    pub fn of_text(text: &'a str) -> Self {
        let text = text.trim();
        for (open, close) in TAGS {
            let Some(inside) = text.strip_prefix(open) else {
                // Some templates open the reasoning themselves, so that only its end is in the text.
                if let Some((reasoning, visible)) = text.split_once(close) {
                    return Self::split(reasoning, visible);
                }
                continue;
            };
            return match inside.rsplit_once(close) {
                Some((reasoning, visible)) => Self::split(reasoning, visible),
                None => Self { visible: "", reasoning: some(inside), cut_off: true },
            };
        }
        Self { visible: text, reasoning: None, cut_off: false }
    }

    fn split(reasoning: &'a str, visible: &'a str) -> Self {
        Self { visible: visible.trim(), reasoning: some(reasoning), cut_off: false }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use unbent_core::{AssistantMessage, FinishReason, Reply};

    use super::ReadAnswer;

    #[test]
    fn reasoning_is_kept_apart_from_what_the_user_sees() {
        for (text, visible, reasoning, cut_off) in [
            ("Plain.", "Plain.", None, false),
            ("<think>why</think>\nBecause.", "Because.", Some("why"), false),
            ("why</think> Because.", "Because.", Some("why"), false),
            ("<logos_think>a</logos_think> b <logos_think>", "b <logos_think>", Some("a"), false),
            ("<think>never ends", "", Some("never ends"), true),
            ("<think></think>Because.", "Because.", None, false),
            ("", "", None, false),
        ] {
            assert_eq!(ReadAnswer::of_text(text), ReadAnswer { visible, reasoning, cut_off }, "{text}");
        }
    }

    #[test]
    fn the_provider_s_own_reasoning_and_its_token_limit_count() {
        let message = AssistantMessage { reasoning: Some("hm".into()), ..AssistantMessage::text("So.") };
        let reply = Reply { finish: FinishReason::Length, ..Reply::of(message) };
        let read = ReadAnswer::of(&reply);
        assert_eq!((read.visible, read.reasoning, read.cut_off), ("So.", Some("hm"), true));
    }
}
