//! How a conversation is written down for a model that only continues text. Knows no server.

use std::borrow::Cow;

use unbent_core::{Fault, FaultKind, Message};

/// The labels of a plain transcript.
///
/// A single user message is no conversation: it is the prompt, raw and verbatim, without any label. Anything else is
/// written down turn by turn, with an empty line between, and ends in the assistant's label for the model to go on:
///
/// ```text
/// System: Be brief.
///
/// User: Who are you?
///
/// Assistant: Nobody.
///
/// User: And now?
///
/// Assistant:
/// ```
///
/// An assistant's turn at the end is left open in place of that, so that the model goes on with it. Unless an ask names
/// its own, the model stops where it begins to write the next user turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The label of instructions.
    pub system: String,
    /// The label of the human's turns.
    pub user: String,
    /// The label of the model's turns.
    pub assistant: String,
}

impl Default for Template {
    fn default() -> Self {
        Self { system: "System".into(), user: "User".into(), assistant: "Assistant".into() }
    }
}

impl Template {
    /// Whether these messages are continued as they are.
    pub(super) fn is_raw(messages: &[Message]) -> bool {
        matches!(messages, [Message::User { .. }])
    }

    /// Where the model begins to write the next user turn.
    pub(super) fn stop(&self) -> String {
        format!("\n{}:", self.user)
    }

    /// The text to continue.
    ///
    /// # Errors
    ///
    /// `Rejected` for messages that no transcript has words for.
    pub(super) fn prompt<'m>(&self, messages: &'m [Message]) -> Result<Cow<'m, str>, Fault> {
        if let [Message::User { content }] = messages {
            return Ok(Cow::Borrowed(content));
        }
        let mut turns = Vec::with_capacity(messages.len() + 1);
        for message in messages {
            let (label, content) = match message {
                Message::System { content } => (&self.system, content.as_str()),
                Message::User { content } => (&self.user, content.as_str()),
                Message::Assistant(turn) if turn.tool_calls.is_empty() => {
                    (&self.assistant, turn.content.as_deref().unwrap_or_default())
                }
                Message::Assistant(_) | Message::Tool { .. } => return Err(no_tools()),
            };
            turns.push(format!("{label}: {content}"));
        }
        match messages.last() {
            None => return Err(Fault::new(FaultKind::Rejected, "there is no text to complete")),
            Some(Message::Assistant(_)) => {}
            Some(_) => turns.push(format!("{}:", self.assistant)),
        }
        Ok(Cow::Owned(turns.join("\n\n")))
    }
}

/// The fault of tools in an ask.
pub(super) fn no_tools() -> Fault {
    Fault::new(FaultKind::Rejected, "a raw completion model calls no tools")
}
