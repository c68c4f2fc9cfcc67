//! The turns of a conversation as the API takes them: instructions apart, then user and model by turns, each a list of
//! parts.
//!
//! Blank texts are left out, because the API refuses parts of nothing.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use unbent_core::{AssistantMessage, Message};

use super::PARTS;
use super::reply::said;
use crate::tool_calls::{arguments_object, arguments_text};

/// What a call was, for the result that refers to it.
struct Called<'a> {
    name: &'a str,
    /// Whether the call goes out with its id; one that came without goes back without.
    has_id: bool,
}

/// The parts of the instructions and the turns. Neighbours of one role become one turn, so that the results of one
/// turn's calls are together, as the API wants them.
pub(super) fn turns(messages: &[Message]) -> (Vec<Value>, Vec<Value>) {
    let mut system = Vec::new();
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut called: HashMap<&str, Called<'_>> = HashMap::new();
    for message in messages {
        let (role, parts) = match message {
            Message::System { content } => {
                system.extend(text_part(content));
                continue;
            }
            Message::User { content } => ("user", text_part(content).into_iter().collect()),
            Message::Tool { tool_call_id, content } => {
                ("user", vec![result_part(tool_call_id, content, called.get(tool_call_id.as_str()))])
            }
            Message::Assistant(turn) => {
                let parts = model_parts(turn);
                let calls = parts.iter().filter_map(|part| part.get("functionCall"));
                for (call, sent) in turn.tool_calls.iter().zip(calls) {
                    let has_id = given_id(sent).is_some();
                    called.insert(&call.id, Called { name: &call.name, has_id });
                }
                ("model", parts)
            }
        };
        if parts.is_empty() {
            continue;
        }
        match turns.last_mut() {
            Some((last, so_far)) if *last == role => so_far.extend(parts),
            _ => turns.push((role, parts)),
        }
    }
    let turns = turns.into_iter().map(|(role, mut parts)| {
        // Results go before anything else that is said in their turn.
        if role == "user" {
            parts.sort_by_key(|part| part.get("functionResponse").is_none());
        }
        json!({ "role": role, "parts": parts })
    });
    (system, turns.collect())
}

fn text_part(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({ "text": text }))
}

/// A result, which the API takes only as an object and only with the name of what was called.
fn result_part(id: &str, content: &str, called: Option<&Called<'_>>) -> Value {
    let output = match serde_json::from_str(content) {
        Ok(object @ Value::Object(_)) => object,
        _ => json!({ "output": content }),
    };
    let mut response = Map::new();
    if called.is_none_or(|called| called.has_id) {
        response.insert("id".into(), id.into());
    }
    response.insert("name".into(), called.map_or(id, |called| called.name).into());
    response.insert("response".into(), output);
    json!({ "functionResponse": response })
}

/// The parts as they came, where the turn still says what they say, or else ones of our making.
fn model_parts(turn: &AssistantMessage) -> Vec<Value> {
    if let Some(Value::Array(parts)) = turn.extra.get(PARTS)
        && is_of(turn, parts)
    {
        return parts.clone();
    }
    let calls = turn.tool_calls.iter().map(|call| {
        json!({ "functionCall": { "id": call.id, "name": call.name, "args": arguments_object(&call.arguments) } })
    });
    turn.content.as_deref().and_then(text_part).into_iter().chain(calls).collect()
}

fn is_of(turn: &AssistantMessage, parts: &[Value]) -> bool {
    let calls = parts.iter().filter_map(|part| part.get("functionCall"));
    said(parts).text.unwrap_or_default() == turn.content.as_deref().unwrap_or_default()
        && calls.clone().count() == turn.tool_calls.len()
        && calls.zip(&turn.tool_calls).all(|(part, call)| {
            given_id(part).is_none_or(|id| id == call.id)
                && part["name"] == call.name.as_str()
                && arguments_text(&part["args"]) == call.arguments
        })
}

/// The id of a call, if it has one.
fn given_id(call: &Value) -> Option<&str> {
    call["id"].as_str().filter(|id| !id.is_empty())
}
