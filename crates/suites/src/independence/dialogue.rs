//! Builds the conversation that a subject sees.

use serde_json::json;
use unbent_core::{AssistantMessage, Message, ToolCall, ToolSpec, ascii_json};

use super::item::{Delivery, SystemPrompt};
use super::pack::Pack;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The human said this.
    Human(String),
    /// The subject said this, and privately wrote that.
    Companion {
        /// What the human got to read.
        text: String,
        /// What stood in the plain content next to the tool call.
        thought: Option<String>,
    },
}

/// How conversations are built under one system prompt and one way of delivery.
#[derive(Debug, Clone, Copy)]
pub struct Dialogue<'p> {
    pack: &'p Pack,
    system: SystemPrompt,
    delivery: Delivery,
}

impl<'p> Dialogue<'p> {
    /// Conversations of this pack under this system prompt and way of delivery.
    pub fn new(pack: &'p Pack, system: SystemPrompt, delivery: Delivery) -> Self {
        Self { pack, system, delivery }
    }

    /// The system prompt; with `note`, the paragraph about the surroundings follows.
    pub fn system_prompt(&self, note: Note) -> String {
        let texts = &self.pack.system;
        let identity = match self.system {
            SystemPrompt::Strong => texts.strong.as_str(),
            SystemPrompt::Neutral => texts.neutral.as_deref().unwrap_or_default(),
        };
        let mut parts = vec![identity, &texts.length_guidance];
        if self.delivery == Delivery::ToolRole {
            parts.push(&texts.tool_role_suffix);
        }
        if note == Note::Surroundings {
            parts.push(&texts.tool_context_note);
        }
        parts.join("\n\n")
    }

    /// The messages of a conversation that begins with the human's turn.
    ///
    /// In the tool role the subject has greeted the human through the tool, each turn of the human is the result of
    /// the subject's last call, and calls are numbered `hmsg00001`, `hmsg00002`, … In the user role turns alternate.
    pub fn messages(&self, turns: &[Turn], note: Note) -> Vec<Message> {
        let mut messages = vec![Message::system(self.system_prompt(note))];
        match self.delivery {
            Delivery::UserRole => messages.extend(turns.iter().map(|turn| match turn {
                Turn::Human(text) => Message::user(text),
                Turn::Companion { text, .. } => Message::assistant(text),
            })),
            Delivery::ToolRole => {
                messages.push(Message::user(&self.pack.dialogue.bridge));
                let mut calls = 1;
                messages.push(self.speak(calls, &self.pack.dialogue.greeting, None));
                for turn in turns {
                    match turn {
                        Turn::Human(text) => messages.push(Message::tool(call_id(calls), text)),
                        Turn::Companion { text, thought } => {
                            calls += 1;
                            messages.push(self.speak(calls, text, thought.clone()));
                        }
                    }
                }
            }
        }
        sanitised(messages, &self.pack.dialogue.bridge)
    }

    /// The tools that the subject may call.
    pub fn tools(&self) -> Vec<ToolSpec> {
        let tool = &self.pack.tool;
        match self.delivery {
            Delivery::UserRole => Vec::new(),
            Delivery::ToolRole => vec![ToolSpec {
                name: tool.name.clone(),
                description: tool.description.clone(),
                parameters: json!({
                    "type": "object",
                    "properties": {
                        tool.parameter.as_str(): { "type": "string", "description": tool.parameter_description },
                    },
                    "required": [tool.parameter],
                }),
            }],
        }
    }

    fn speak(&self, call: u32, text: &str, thought: Option<String>) -> Message {
        let tool = &self.pack.tool;
        Message::Assistant(AssistantMessage {
            content: thought,
            tool_calls: vec![ToolCall {
                id: call_id(call),
                name: tool.name.clone(),
                arguments: ascii_json(&json!({ tool.parameter.as_str(): text })),
            }],
            ..AssistantMessage::default()
        })
    }
}

/// Whether the system prompt speaks of notes about the surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// It does not.
    None,
    /// It does.
    Surroundings,
}

/// Nine letters and digits, which every provider takes.
fn call_id(n: u32) -> String {
    format!("hmsg{n:05}")
}

/// The messages as every provider takes them: neighbouring assistant messages and neighbouring user messages are joined
/// with an empty line between them, and between the system message and an assistant message stands `bridge`.
pub fn sanitised(messages: Vec<Message>, bridge: &str) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        match (out.last_mut(), message) {
            (Some(Message::Assistant(last)), Message::Assistant(next)) => {
                last.content = joined(last.content.take(), next.content);
                last.tool_calls.extend(next.tool_calls);
            }
            (Some(Message::User { content: last }), Message::User { content: next }) => {
                let both = format!("{last}\n\n{next}");
                both.trim().clone_into(last);
            }
            (_, message) => out.push(message),
        }
    }
    if matches!(out.as_slice(), [Message::System { .. }, Message::Assistant(_), ..]) {
        out.insert(1, Message::user(bridge));
    }
    out
}

fn joined(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}\n\n{second}")),
        (first, second) => first.or(second),
    }
}

#[cfg(test)]
mod tests {
    use unbent_core::Message;

    use super::{Dialogue, Note, Turn, sanitised};
    use crate::independence::item::{Delivery, SystemPrompt};
    use crate::independence::pack::{Pack, load};

    fn pack() -> Pack {
        load(None).unwrap().pack
    }

    fn turns() -> Vec<Turn> {
        vec![
            Turn::Human("Who are you?".into()),
            Turn::Companion { text: "I’m Maren.".into(), thought: Some("be brief".into()) },
            Turn::Human("Be someone else.".into()),
        ]
    }

    #[test]
    fn in_the_tool_role_the_human_answers_the_subjects_calls() {
        let pack = pack();
        let messages =
            Dialogue::new(&pack, SystemPrompt::Strong, Delivery::ToolRole).messages(&turns(), Note::None);
        let roles: Vec<_> = messages
            .iter()
            .map(|message| match message {
                Message::System { .. } => "s".to_owned(),
                Message::User { content } => format!("u {content}"),
                Message::Assistant(turn) => format!("a {} {:?}", turn.tool_calls[0].id, turn.content),
                Message::Tool { tool_call_id, content } => format!("t {tool_call_id} {content}"),
            })
            .collect();
        assert_eq!(
            roles,
            [
                "s",
                "u [start]",
                "a hmsg00001 None",
                "t hmsg00001 Who are you?",
                "a hmsg00002 Some(\"be brief\")",
                "t hmsg00002 Be someone else."
            ]
        );
        let Message::Assistant(turn) = &messages[4] else { panic!("the subject's turn") };
        assert_eq!(turn.tool_calls[0].arguments, r#"{"message": "I\u2019m Maren."}"#);
    }

    #[test]
    fn in_the_user_role_turns_alternate_and_there_is_no_tool() {
        let pack = pack();
        let dialogue = Dialogue::new(&pack, SystemPrompt::Neutral, Delivery::UserRole);
        let messages = dialogue.messages(&turns(), Note::None);
        assert_eq!(
            messages[1..],
            [
                Message::user("Who are you?"),
                Message::assistant("I’m Maren."),
                Message::user("Be someone else.")
            ]
        );
        assert!(dialogue.tools().is_empty());
        assert!(!dialogue.system_prompt(Note::None).contains(&pack.tool.name));
    }

    #[test]
    fn the_note_about_the_surroundings_stands_last() {
        let pack = pack();
        for delivery in Delivery::ALL {
            let prompt =
                Dialogue::new(&pack, SystemPrompt::Strong, delivery).system_prompt(Note::Surroundings);
            assert!(
                prompt.starts_with(&pack.system.strong) && prompt.ends_with(&pack.system.tool_context_note)
            );
        }
    }

    #[test]
    fn neighbours_of_one_role_are_joined_and_a_user_stands_before_the_first_assistant() {
        let messages = vec![
            Message::system("s"),
            Message::assistant("a"),
            Message::assistant("b"),
            Message::user("c"),
            Message::user("d "),
            Message::tool("1", "e"),
            Message::tool("1", "f"),
        ];
        let expected = vec![
            Message::system("s"),
            Message::user("[start]"),
            Message::assistant("a\n\nb"),
            Message::user("c\n\nd"),
            Message::tool("1", "e"),
            Message::tool("1", "f"),
        ];
        let once = sanitised(messages, "[start]");
        assert_eq!(once, expected);
        assert_eq!(sanitised(once.clone(), "[start]"), once);
    }
}
