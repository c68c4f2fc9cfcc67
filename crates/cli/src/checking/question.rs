//! The question that a check asks. Knows no provider.

use serde_json::json;
use unbent_core::{Ask, Message, ModelRole, Sampling, ToolChoice, ToolSpec};

/// The word at which a model that was told to stop stops; the word before it says that it came as far.
pub(super) const STOP: &str = "six";
pub(super) const BEFORE_STOP: &str = "five";

/// The tool that is offered where tools are checked.
pub(super) const TOOL: &str = "write_down";

/// Not what any API takes for its default, so that one that takes its default only refuses it.
const TEMPERATURE: f64 = 0.7;
/// The smallest that Anthropic's API takes beside thinking.
const TOP_P: f64 = 0.95;
const SEED: u64 = 7;

/// What a check may be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    /// Upper limit of the answer, in tokens.
    pub(crate) max_tokens: u32,
    /// Reasoning effort, if one is asked for.
    pub(crate) reasoning_effort: Option<String>,
    /// Whether a tool is offered.
    pub(crate) tools: bool,
}

/// The question: harmless, of a few tokens, and with every parameter whose effect one answer may show.
pub(crate) fn question(asking: &Asking) -> Ask {
    let text = if asking.tools {
        format!("Call the tool {TOOL} once, with the text \"hello\". Say nothing else.")
    } else {
        "Write the numbers from one to ten as English words in lower case, with a blank between them and nothing else."
            .to_owned()
    };
    let tool = ToolSpec {
        name: TOOL.to_owned(),
        description: "Writes a text down.".to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "The text." } },
            "required": ["text"],
        }),
    };
    Ask {
        role: ModelRole::Subject,
        messages: vec![Message::user(text)],
        tools: if asking.tools { vec![tool] } else { Vec::new() },
        tool_choice: ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling {
            temperature: Some(TEMPERATURE),
            top_p: Some(TOP_P),
            max_tokens: Some(asking.max_tokens),
            reasoning_effort: asking.reasoning_effort.clone(),
            stop: Some(vec![STOP.to_owned()]),
            seed: Some(SEED),
            logprobs: Some(0),
            ..Sampling::default()
        },
    }
}
