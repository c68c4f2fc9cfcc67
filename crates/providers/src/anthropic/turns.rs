//! The turns of a conversation as the API takes them: system text apart, then user and assistant by turns, each a list
//! of content blocks.
//!
//! Blank texts are left out everywhere, because the API refuses the whole question for one.

use serde_json::{Map, Value, json};
use unbent_core::{AssistantMessage, Message};

use super::BLOCKS;
use super::reply::said;
use crate::tool_calls::{arguments_object, arguments_text};

/// The system text and the turns. Neighbours of one role become one turn.
pub(super) fn turns(messages: &[Message]) -> (Option<Value>, Vec<Value>) {
    let mut system: Vec<&str> = Vec::new();
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, blocks) = match message {
            Message::System { content } => {
                if !is_blank(content) {
                    system.push(content);
                }
                continue;
            }
            Message::User { content } => ("user", text_block(content).into_iter().collect()),
            Message::Tool { tool_call_id, content } => ("user", vec![result_block(tool_call_id, content)]),
            Message::Assistant(turn) => ("assistant", assistant_blocks(turn)),
        };
        if blocks.is_empty() {
            continue;
        }
        match turns.last_mut() {
            Some((last, so_far)) if *last == role => so_far.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter().map(|(role, mut blocks)| {
        // Results go before anything else that is said in their turn.
        if role == "user" {
            blocks.sort_by_key(|block| block["type"] != "tool_result");
        }
        json!({ "role": role, "content": blocks })
    });
    let system = match system.as_slice() {
        [] => None,
        [text] => Some(Value::from(*text)),
        texts => Some(texts.iter().copied().filter_map(text_block).collect()),
    };
    (system, turns.collect())
}

/// Marks the end of the instructions and of the last turn of the user, up to each of which the API then keeps what it
/// has read. The next question of the conversation begins the same and finds it.
pub(super) fn mark_for_cache(system: &mut Option<Value>, turns: &mut [Value]) {
    if let Some(Value::String(text)) = system {
        *system = text_block(text).map(|block| json!([block]));
    }
    let user = turns.iter_mut().rfind(|turn| turn["role"] == "user").map(|turn| &mut turn["content"]);
    for blocks in system.iter_mut().chain(user) {
        if let Some(last) = blocks.as_array_mut().and_then(|blocks| blocks.last_mut()) {
            last["cache_control"] = json!({ "type": "ephemeral" });
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn text_block(text: &str) -> Option<Value> {
    (!is_blank(text)).then(|| json!({ "type": "text", "text": text }))
}

fn result_block(id: &str, content: &str) -> Value {
    let mut block = Map::new();
    block.insert("type".into(), "tool_result".into());
    block.insert("tool_use_id".into(), id.into());
    // A result of nothing is one without content.
    if !is_blank(content) {
        block.insert("content".into(), content.into());
    }
    block.into()
}

/// The blocks as they came, where the turn still says what they say, or else ones of our making.
fn assistant_blocks(turn: &AssistantMessage) -> Vec<Value> {
    if let Some(Value::Array(blocks)) = turn.extra.get(BLOCKS)
        && is_of(turn, blocks)
    {
        return blocks.iter().filter(|block| !is_blank_text(block)).map(sendable).collect();
    }
    let calls = turn.tool_calls.iter().map(|call| {
        json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": arguments_object(&call.arguments) })
    });
    turn.content.as_deref().and_then(text_block).into_iter().chain(calls).collect()
}

fn is_of(turn: &AssistantMessage, blocks: &[Value]) -> bool {
    let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
    said(blocks).text.unwrap_or_default() == turn.content.as_deref().unwrap_or_default()
        && calls.clone().count() == turn.tool_calls.len()
        && calls.zip(&turn.tool_calls).all(|(block, call)| {
            block["id"] == call.id.as_str()
                && block["name"] == call.name.as_str()
                && arguments_text(&block["input"]) == call.arguments
        })
}

fn is_blank_text(block: &Value) -> bool {
    block["type"] == "text" && block["text"].as_str().is_none_or(is_blank)
}

/// The block, with the arguments of a call as an object if they came as malformed text.
fn sendable(block: &Value) -> Value {
    let mut block = block.clone();
    if block["type"] == "tool_use"
        && let Some(text) = block["input"].as_str()
    {
        block["input"] = arguments_object(text);
    }
    block
}
