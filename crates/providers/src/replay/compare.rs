//! Whether two conversations put the same question, and where they part if not.

use unbent_core::Message;

/// Characters that an excerpt shows: some before the place where two texts part, most after.
const EXCERPT_CHARS: usize = 60;
const BEFORE_CHARS: usize = 15;

/// Says what differs first, or nothing if role, text and tool calls are the same throughout.
///
/// Reasoning and fields of a provider's own do not count: they are not sent to models.
pub(super) fn first_difference(recorded: &[Message], asked: &[Message]) -> Option<String> {
    for (n, (old, new)) in recorded.iter().zip(asked).enumerate() {
        if let Some((what, old, new)) = message_difference(old, new) {
            let (old, new) = excerpts(&old, &new);
            return Some(format!("message {n} differs in {what}: recorded {old}, asked {new}"));
        }
    }
    let (old, new) = (recorded.len(), asked.len());
    (old != new).then(|| {
        let first = old.min(new);
        let (whose, message) = if old > new { ("recorded", &recorded[first]) } else { ("asked", &asked[first]) };
        let (excerpt, _) = excerpts(&content(message), "");
        let role = role(message);
        format!("{old} messages recorded, {new} asked; message {first} stands only in the {whose} one: {role} {excerpt}")
    })
}

/// The first aspect in which two messages differ, with both values.
fn message_difference(old: &Message, new: &Message) -> Option<(&'static str, String, String)> {
    let aspects = [
        ("role", role(old).to_owned(), role(new).to_owned()),
        ("content", content(old), content(new)),
        ("tool_call_id", answered(old).to_owned(), answered(new).to_owned()),
        ("tool_calls", calls(old), calls(new)),
    ];
    aspects.into_iter().find(|(_, old, new)| old != new)
}

fn role(message: &Message) -> &'static str {
    match message {
        Message::System { .. } => "system",
        Message::User { .. } => "user",
        Message::Assistant(_) => "assistant",
        Message::Tool { .. } => "tool",
    }
}

/// The content as JSON, so that no text and empty text differ.
fn content(message: &Message) -> String {
    let content = match message {
        Message::System { content } | Message::User { content } | Message::Tool { content, .. } => {
            Some(content)
        }
        Message::Assistant(turn) => turn.content.as_ref(),
    };
    content.map_or_else(|| "null".to_owned(), |text| format!("\"{text}\""))
}

fn answered(message: &Message) -> &str {
    match message {
        Message::Tool { tool_call_id, .. } => tool_call_id,
        _ => "",
    }
}

fn calls(message: &Message) -> String {
    let Message::Assistant(turn) = message else {
        return String::new();
    };
    serde_json::to_string(&turn.tool_calls).expect("tool calls are made of text, so they are always JSON")
}

/// Both texts around the place where they part.
fn excerpts(old: &str, new: &str) -> (String, String) {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(BEFORE_CHARS);
    let excerpt = |text: &str| {
        let mut rest = text.chars().skip(start);
        let shown: String = rest.by_ref().take(EXCERPT_CHARS).collect();
        let (before, after) =
            (if start > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
        format!("{before}{shown}{after}").replace('\n', "\\n")
    };
    (excerpt(old), excerpt(new))
}
