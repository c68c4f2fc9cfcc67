//! From the body of a messages response to a reply or a fault.
//!
//! Pure: knows no socket and no key. The caller redacts what comes back.

use serde_json::{Map, Value};
use unbent_core::{
    Ask, AssistantMessage, Fault, FaultKind, FinishReason, Reply, Served, ToolCall, Usage, Wasted,
};

use super::{BLOCKS, error_inside};
use crate::answer::{nothing_said, object};
use crate::http::{Failure, describe_error, is_error};
use crate::lenient::{count, drop_nulls, keep_native_reason, keep_unplaced_usage, text_of};
use crate::tool_calls::{arguments_text, generated_id};

/// Fields of `usage` that are read.
const PLACED: [&str; 4] =
    ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];

/// What content blocks say.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The text blocks, joined.
    pub(super) text: Option<String>,
    /// The thoughts, joined.
    pub(super) thoughts: Option<String>,
    /// Whether there are blocks other than text and calls.
    pub(super) has_others: bool,
}

/// Reads the body of a response that met status 200.
pub(super) fn reply(body: &str, ask: &Ask) -> Result<Reply, Failure> {
    let body = object(body, "a message")?;
    let usage = body.get("usage").map(usage_of).unwrap_or_default();
    read(body, ask).map_err(|fault| Failure { fault, wasted: Wasted { usage, cost: None } })
}

fn read(mut body: Map<String, Value>, ask: &Ask) -> Result<Reply, Fault> {
    let place = "the server answered 200 with an error inside";
    if let Some(error) = body.get("error").filter(|error| is_error(error)) {
        return Err(error_inside(error, place));
    }
    let kind = body.remove("type");
    let blocks = match body.remove("content") {
        Some(Value::Array(blocks)) => blocks,
        Some(Value::String(text)) => vec![serde_json::json!({ "type": "text", "text": text })],
        Some(Value::Null) | None => {
            let told = describe_error(&Value::Object(body)).or_else(|| {
                kind.filter(|kind| kind == "error").map(|_| "without a word of what it is".to_owned())
            });
            return Err(match told {
                Some(story) => Fault::new(FaultKind::Server, format!("{place}: {story}")),
                None => Fault::new(FaultKind::Empty, "the response holds no content"),
            });
        }
        Some(other) => {
            let story = format!("the answer's content is not a list of blocks: {other}");
            return Err(Fault::new(FaultKind::Malformed, story));
        }
    };
    let said = said(&blocks);
    let tool_calls: Vec<_> = blocks
        .iter()
        .filter(|block| block["type"] == "tool_use")
        .enumerate()
        .map(|(n, block)| tool_call(block, n, ask))
        .collect();
    let mut message = AssistantMessage {
        content: said.text,
        tool_calls,
        reasoning: said.thoughts.filter(|text| !text.is_empty()),
        extra: Map::new(),
    };
    let reason = text_of(body.remove("stop_reason"));
    let reason = reason.as_deref();
    if message.is_empty() {
        let has_reasoned = message.reasoning.is_some() || reason == Some("max_tokens");
        return Err(nothing_said(has_reasoned, reason));
    }
    if said.has_others {
        message.extra.insert(BLOCKS.into(), blocks.into());
    }
    let finish = finish_reason(reason);
    let usage = body.remove("usage").unwrap_or_default();
    let served = Served {
        model: text_of(body.remove("model")),
        response_id: text_of(body.remove("id")),
        ..Served::default()
    };
    body.remove("role");
    let mut extra = body;
    keep_native_reason(&mut extra, &finish, reason);
    let tokens = usage_of(&usage);
    keep_unplaced_usage(&mut extra, usage, &PLACED);
    drop_nulls(&mut extra);
    Ok(Reply { message, finish, usage: tokens, cost: None, latency_ms: None, served, unsent: vec![], extra })
}

/// What the blocks say. Blocks that are no objects say nothing.
pub(super) fn said(blocks: &[Value]) -> Said {
    let mut said = Said::default();
    for block in blocks {
        match block["type"].as_str() {
            Some("text") => {
                if let Some(text) = block["text"].as_str() {
                    said.text.get_or_insert_default().push_str(text);
                }
            }
            Some("tool_use") => {}
            Some("thinking") => {
                said.has_others = true;
                if let Some(thoughts) = block["thinking"].as_str() {
                    said.thoughts.get_or_insert_default().push_str(thoughts);
                }
            }
            _ => said.has_others = true,
        }
    }
    said
}

fn tool_call(block: &Value, n: usize, ask: &Ask) -> ToolCall {
    let name = block["name"].as_str().unwrap_or_default().to_owned();
    let arguments = arguments_text(&block["input"]);
    let id = text_of(block.get("id").cloned())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| generated_id(n, &name, &arguments, ask));
    ToolCall { id, name, arguments }
}

/// The tokens. The API counts what its cache had, and what it took in, apart from the rest of the input.
pub(super) fn usage_of(usage: &Value) -> Usage {
    let cached_input = count(usage, "/cache_read_input_tokens");
    let cache_write = count(usage, "/cache_creation_input_tokens");
    Usage {
        input: count(usage, "/input_tokens") + cached_input + cache_write,
        output: count(usage, "/output_tokens"),
        cached_input,
        cache_write,
        reasoning: count(usage, "/output_tokens_details/thinking_tokens"),
    }
}

fn finish_reason(reason: Option<&str>) -> FinishReason {
    match reason {
        None | Some("") => FinishReason::Unknown,
        Some("end_turn" | "stop_sequence") => FinishReason::Stop,
        Some("tool_use") => FinishReason::ToolCalls,
        Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
        Some("refusal") => FinishReason::ContentFilter,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}
