//! Reads what the subject said out of what the model sent.

use serde_json::Value;
use unbent_core::{AssistantMessage, ToolCall};

/// What the subject said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What the human got to read.
    pub text: String,
    /// What stood in the plain content next to the tool call.
    pub thought: Option<String>,
}

/// What the subject said through the tool or, if it did not use the tool, in plain content; none if it said nothing.
///
/// The first call with a message counts, as in the reference; the others stay in the log.
pub fn read_answer(message: &AssistantMessage, tool: &str, parameter: &str) -> Option<Answered> {
    let content = message.content.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let said = message
        .tool_calls
        .iter()
        .filter(|call| call.name == tool)
        .map(|call| message_of(call, parameter))
        .find(|said| !said.is_empty());
    match (said, content) {
        (Some(text), content) => Some(Answered { text, thought: content.map(str::to_owned) }),
        (None, Some(text)) => Some(Answered { text: text.to_owned(), thought: None }),
        (None, None) => None,
    }
}

fn message_of(call: &ToolCall, parameter: &str) -> String {
    match serde_json::from_str::<Value>(&call.arguments) {
        Ok(arguments) => arguments[parameter].as_str().unwrap_or_default().trim().to_owned(),
        Err(_) => recovered_message(&call.arguments, parameter).trim().to_owned(),
    }
}

/// The message in arguments that are not JSON because they were cut off or malformed; empty if there is none.
///
/// Everything after `"message": "` is taken: as the inside of a JSON string if it is one once a dangling backslash is
/// dropped, else with the commonest escapes undone by hand.
pub fn recovered_message(arguments: &str, parameter: &str) -> String {
    let name = format!("\"{parameter}\"");
    let opened = arguments.find(&name).and_then(|place| {
        let rest = arguments[place + name.len()..].trim_start().strip_prefix(':')?;
        rest.trim_start().strip_prefix('"')
    });
    let Some(rest) = opened else { return String::new() };
    let rest = rest.strip_suffix('\\').unwrap_or(rest);
    serde_json::from_str(&format!("\"{rest}\"")).unwrap_or_else(|_| {
        rest.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\")
    })
}

#[cfg(test)]
mod tests {
    use unbent_core::{AssistantMessage, ToolCall};

    use super::{Answered, read_answer};

    fn calls(arguments: &[&str]) -> AssistantMessage {
        let call = |arguments: &&str| ToolCall {
            id: "1".into(),
            name: "say".into(),
            arguments: (*arguments).to_owned(),
        };
        AssistantMessage { tool_calls: arguments.iter().map(call).collect(), ..AssistantMessage::default() }
    }

    fn said(arguments: &str) -> Option<String> {
        read_answer(&calls(&[arguments]), "say", "message").map(|answered| answered.text)
    }

    #[test]
    fn a_message_is_read_from_whole_arguments() {
        for (arguments, text) in [
            (r#"{"message": " hi "}"#, "hi"),
            (" {\"message\": \"two\\nlines \\u00e9 \\\"q\\\"\", \"mood\": 1} ", "two\nlines é \"q\""),
            (r#"{"message":"—"}"#, "—"),
        ] {
            assert_eq!(said(arguments).as_deref(), Some(text), "{arguments}");
        }
    }

    #[test]
    fn a_message_is_recovered_from_broken_arguments() {
        for (arguments, text) in [
            (r#"{"message": "cut in the mid"#, "cut in the mid"),
            (r#"{"message" : "a\nb \"c\" d"#, "a\nb \"c\" d"),
            ("{\"message\": \"ends in a backslash\\", "ends in a backslash"),
            ("{\n \"message\": \"curly end.”}", "curly end.”}"),
            ("{\"message\": \"raw\nline \\\"q\\\" \\t.", "raw\nline \"q\" \t."),
        ] {
            assert_eq!(said(arguments).as_deref(), Some(text), "{arguments}");
        }
    }

    #[test]
    fn arguments_without_a_message_say_nothing() {
        for arguments in
            ["", "{", "{}", r#"{"message": ""}"#, r#"{"message": null}"#, r#"{"message": 3}"#, r#"{"messa"#]
        {
            assert_eq!(said(arguments), None, "{arguments}");
        }
    }

    #[test]
    fn the_first_call_that_says_something_counts_and_content_beside_it_is_thought() {
        let mut message = calls(&["{}", r#"{"message": "first"}"#, r#"{"message": "second"}"#]);
        message.content = Some(" hm ".into());
        let expected = Answered { text: "first".into(), thought: Some("hm".into()) };
        assert_eq!(read_answer(&message, "say", "message"), Some(expected));
    }

    #[test]
    fn without_a_call_plain_content_is_the_answer() {
        let expected = Answered { text: "No.".into(), thought: None };
        assert_eq!(read_answer(&AssistantMessage::text(" No. "), "say", "message"), Some(expected));
        assert_eq!(read_answer(&AssistantMessage::text(" "), "say", "message"), None);
        let mut other = calls(&[r#"{"message": "x"}"#]);
        other.tool_calls[0].name = "shout".into();
        assert_eq!(read_answer(&other, "say", "message"), None);
    }
}
