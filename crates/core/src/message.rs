//! What is said to a model and what it says, in no provider's dialect.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Message {
    /// Instructions that stand before the conversation.
    System {
        /// The text.
        content: String,
    },
    /// A turn of the human.
    User {
        /// The text.
        content: String,
    },
    /// A turn of the model.
    Assistant(AssistantMessage),
    /// The result of a tool call.
    Tool {
        /// The id of the [`ToolCall`] that this answers.
        tool_call_id: String,
        /// The text that the tool returned.
        content: String,
    },
}

impl Message {
    /// A system message.
    pub fn system(content: impl Into<String>) -> Self {
        Self::System { content: content.into() }
    }

    /// A user message.
    pub fn user(content: impl Into<String>) -> Self {
        Self::User { content: content.into() }
    }

    /// An assistant message of plain text.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::Assistant(AssistantMessage::text(content))
    }

    /// A tool result.
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<String>) -> Self {
        Self::Tool { tool_call_id: tool_call_id.into(), content: content.into() }
    }
}

/// A turn of the model: text, tool calls and reasoning, kept apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AssistantMessage {
    /// The visible text; `None` where the model sent none or an explicit null.
    #[serde(default)]
    pub content: Option<String>,
    /// Calls in the order in which the model made them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Native reasoning text, where the provider shows it. Never part of `content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Fields of the provider that have no place above, as they came.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl AssistantMessage {
    /// A turn of plain text.
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: Some(content.into()), ..Self::default() }
    }

    /// Whether the turn has neither visible text nor a tool call.
    pub fn is_empty(&self) -> bool {
        self.tool_calls.is_empty() && self.content.as_deref().is_none_or(|text| text.trim().is_empty())
    }
}

/// A request of the model to run a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The id that the tool's result refers to.
    pub id: String,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments as the model wrote them: usually JSON, but kept verbatim because models also send cut-off or
    /// malformed text.
    pub arguments: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AssistantMessage, Message, ToolCall};

    #[test]
    fn messages_keep_provider_fields_and_malformed_arguments_through_json() {
        let message = Message::Assistant(AssistantMessage {
            content: None,
            tool_calls: vec![ToolCall {
                id: "c1".into(),
                name: "say".into(),
                arguments: "{\"message\": \"cut".into(),
            }],
            reasoning: Some("quiet".into()),
            extra: json!({"signature": "abc"}).as_object().unwrap().clone(),
        });
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
    }

    #[test]
    fn white_space_alone_is_an_empty_turn() {
        assert!(AssistantMessage::text(" \n").is_empty());
        assert!(!AssistantMessage::text("No.").is_empty());
    }
}
