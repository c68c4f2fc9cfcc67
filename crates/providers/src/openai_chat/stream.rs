//! Puts the chunks of a streamed chat completion together to the body of an unstreamed one.

use serde_json::{Map, Value, json};
use unbent_core::{Fault, FaultKind};

use crate::http::{Failure, describe_error, is_error, sse_events};
use crate::openai_usage::{cost_of, usage_of};

/// The body that these chunks are the pieces of.
///
/// # Errors
///
/// `Cut` without the end mark, `Server` for an error among the chunks, `Malformed` for a chunk that is not JSON.
pub(super) fn assemble(stream: &str) -> Result<String, Failure> {
    let mut body = Map::new();
    let mut message = Map::new();
    let mut calls: Vec<Value> = Vec::new();
    let mut choice = Map::new();
    let mut ended = false;
    let mut broken = None;
    for event in sse_events(stream) {
        if event.data == "[DONE]" {
            ended = true;
            break;
        }
        let chunk: Value = match serde_json::from_str(&event.data) {
            Ok(chunk) => chunk,
            // What the answer used is told in a later chunk.
            Err(error) => {
                broken.get_or_insert_with(|| format!("a chunk of the stream is not JSON ({error})"));
                continue;
            }
        };
        if is_error(&chunk["error"]) {
            let story = describe_error(&chunk["error"]).unwrap_or_else(|| chunk["error"].to_string());
            return Err(failure(
                FaultKind::Server,
                &format!("the stream broke off with an error: {story}"),
                &body,
            ));
        }
        let Value::Object(mut fields) = chunk else { continue };
        if let Some(Value::Array(choices)) = fields.remove("choices")
            && let Some(Value::Object(mut piece)) = choices.into_iter().next()
        {
            if let Some(Value::Object(delta)) = piece.remove("delta") {
                take_delta(&mut message, &mut calls, delta);
            }
            if let Some(more) = piece.remove("logprobs").filter(|more| !more.is_null()) {
                take_logprobs(&mut choice, more);
            }
            choice.extend(piece.into_iter().filter(|(_, value)| !value.is_null()));
        }
        body.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    if let Some(story) = broken {
        return Err(failure(FaultKind::Malformed, &story, &body));
    }
    if !ended && !choice.contains_key("finish_reason") {
        return Err(failure(FaultKind::Cut, "the stream ended without its end mark", &body));
    }
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.into());
    }
    choice.insert("message".into(), message.into());
    body.insert("object".into(), "chat.completion".into());
    body.insert("choices".into(), json!([choice]));
    Ok(Value::Object(body).to_string())
}

fn failure(kind: FaultKind, story: &str, body: &Map<String, Value>) -> Failure {
    let usage = body.get("usage").cloned().unwrap_or_default();
    Failure {
        fault: Fault::new(kind, story),
        wasted: unbent_core::Wasted { usage: usage_of(&usage), cost: cost_of(&usage) },
    }
}

/// Texts are appended, lists extended, and tool calls put together by their index.
fn take_delta(message: &mut Map<String, Value>, calls: &mut Vec<Value>, delta: Map<String, Value>) {
    for (name, value) in delta {
        match (name.as_str(), value) {
            // The old form of the same call beside the new one, in pieces.
            (_, Value::Null) | ("function_call", _) => {}
            ("tool_calls", Value::Array(pieces)) => {
                for piece in pieces {
                    take_call(calls, &piece);
                }
            }
            ("role", value) => {
                message.insert(name, value);
            }
            (_, Value::String(more)) => match message.get_mut(&name) {
                Some(Value::String(text)) => text.push_str(&more),
                _ => {
                    message.insert(name, more.into());
                }
            },
            (_, Value::Array(more)) => match message.get_mut(&name) {
                Some(Value::Array(list)) => list.extend(more),
                _ => {
                    message.insert(name, more.into());
                }
            },
            (_, value) => {
                message.insert(name, value);
            }
        }
    }
}

fn take_call(calls: &mut Vec<Value>, piece: &Value) {
    let index = piece["index"].as_u64().map_or(calls.len(), |index| index as usize);
    // A server that counts wrongly must not make us allocate as much as it says.
    let index = index.min(calls.len());
    if index == calls.len() {
        calls.push(json!({ "id": null, "type": "function", "function": { "name": "", "arguments": "" } }));
    }
    let call = &mut calls[index];
    if !piece["id"].is_null() {
        call["id"] = piece["id"].clone();
    }
    for field in ["name", "arguments"] {
        if let Some(more) = piece["function"][field].as_str() {
            let text = call["function"][field].as_str().unwrap_or_default();
            // Some servers, llama-cpp-python for one, say the name again with every piece.
            if field == "arguments" || text != more {
                call["function"][field] = format!("{text}{more}").into();
            }
        }
    }
}

fn take_logprobs(choice: &mut Map<String, Value>, more: Value) {
    match (choice.get_mut("logprobs").and_then(|so_far| so_far.get_mut("content")), &more["content"]) {
        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more.iter().cloned()),
        _ => {
            choice.insert("logprobs".into(), more);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use unbent_core::FaultKind;

    use super::assemble;

    fn stream(chunks: &[Value], end: &str) -> String {
        chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect::<Vec<_>>().concat() + end
    }

    fn piece(delta: Value) -> Value {
        let mut chunk = json!({"id": "x", "model": "m", "choices": [{"index": 0, "finish_reason": null}]});
        chunk["choices"][0]["delta"] = delta;
        chunk
    }

    #[test]
    fn pieces_of_text_reasoning_and_calls_are_put_together() {
        let call = |index: u64, id: Value, name: &str, arguments: &str| {
            piece(
                json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}),
            )
        };
        let chunks = [
            piece(json!({"role": "assistant", "content": "He", "reasoning_content": "hm"})),
            piece(json!({"content": "llo", "reasoning_content": "m"})),
            call(0, json!("a"), "look", "{\"x\""),
            call(0, Value::Null, "", ":1}"),
            call(1, json!("b"), "say", "{}"),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
        ];
        let body: Value =
            serde_json::from_str(&assemble(&stream(&chunks, "data: [DONE]\n\n")).unwrap()).unwrap();
        let message = &body["choices"][0]["message"];
        assert_eq!(message["content"], "Hello");
        assert_eq!(message["reasoning_content"], "hmm");
        assert_eq!(message["tool_calls"][0]["function"], json!({"name": "look", "arguments": "{\"x\":1}"}));
        assert_eq!(message["tool_calls"][1]["id"], "b");
        assert_eq!(body["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(body["usage"]["completion_tokens"], 4);
    }

    #[test]
    fn a_stream_without_its_end_is_cut() {
        let cut = assemble(&stream(&[piece(json!({"content": "He"}))], "")).unwrap_err();
        assert_eq!(cut.fault.kind, FaultKind::Cut);
    }

    #[test]
    fn an_error_among_the_chunks_is_the_servers() {
        let chunks = [piece(json!({"content": "He"})), json!({"error": {"message": "upstream died"}})];
        let broken = assemble(&stream(&chunks, "data: [DONE]\n\n")).unwrap_err().fault;
        assert_eq!(broken.kind, FaultKind::Server);
        assert!(broken.message.contains("upstream died"));
    }
}
