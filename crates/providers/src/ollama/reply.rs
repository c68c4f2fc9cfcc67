//! How the body of an answer becomes a reply or a fault.

use serde_json::{Map, Value};
use unbent_core::{
    Ask, AssistantMessage, Fault, FaultKind, FinishReason, Reply, Served, ToolCall, Usage, Wasted,
};

use crate::answer::{error_inside, logprobs, nothing_said, object, picture};
use crate::http::{Failure, is_error};
use crate::lenient::{count_of, text};
use crate::tool_calls::generated_id;

/// Fields of the answer that are read; `context` repeats the prompt as numbers.
const READ: [&str; 11] = [
    "context",
    "done",
    "done_reason",
    "error",
    "eval_count",
    "logprobs",
    "message",
    "model",
    "prompt_eval_count",
    "response",
    "thinking",
];

/// Reads the response of a request that met status 200, of either way to ask.
///
/// # Errors
///
/// `Server` for an error in place of an answer, `Cut` for an answer that is not done, `Empty` for one that says nothing
/// and `Malformed` for JSON of another shape.
pub(super) fn reply(body: &str, ask: &Ask) -> Result<Reply, Failure> {
    let response = object(body, "an answer of Ollama")?;
    let number = |name: &str| response.get(name).map_or(0, count_of);
    // A prompt that is all in the cache may come without a count.
    let usage =
        Usage { input: number("prompt_eval_count"), output: number("eval_count"), ..Usage::default() };
    read(response, usage, ask)
        .map_err(|fault| Failure { fault, wasted: Wasted { usage, ..Wasted::default() } })
}

fn read(mut response: Map<String, Value>, usage: Usage, ask: &Ask) -> Result<Reply, Fault> {
    if let Some(error) = response.get("error").filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    if response.get("done") == Some(&Value::Bool(false)) {
        return Err(Fault::new(FaultKind::Cut, "the answer ended before it was done"));
    }
    let is_answer = ["message", "response", "done"].iter().any(|name| response.contains_key(*name));
    if !is_answer {
        return Err(Fault::new(FaultKind::Malformed, "the answer is not an answer of Ollama"));
    }
    let mut has_picture = ["image", "images"].iter().any(|name| response.contains_key(*name));
    let message = match response.shift_remove("message") {
        Some(Value::Object(message)) => {
            has_picture |= message.get("images").is_some_and(|images| !images.is_null());
            turn(message, ask)
        }
        _ => AssistantMessage {
            content: string(response.get("response")),
            reasoning: thought(response.get("thinking")),
            ..AssistantMessage::default()
        },
    };
    let reason = response.get("done_reason").and_then(Value::as_str);
    if message.is_empty() {
        let has_reasoned = message.reasoning.is_some();
        return Err(if has_picture { picture() } else { nothing_said(has_reasoned, reason) });
    }
    let finish = match reason {
        None | Some("") => FinishReason::Unknown,
        Some("stop") if message.tool_calls.is_empty() => FinishReason::Stop,
        Some("stop") => FinishReason::ToolCalls,
        Some("length") => FinishReason::Length,
        Some(other) => FinishReason::Other(other.to_owned()),
    };
    let served = Served { model: response.get("model").and_then(text), ..Served::default() };
    let tokens = match response.shift_remove("logprobs") {
        Some(Value::Array(tokens)) => logprobs(tokens),
        _ => None,
    };
    let mut extra = response;
    extra.retain(|name, value| !value.is_null() && !READ.contains(&name.as_str()));
    extra.extend(tokens.map(|tokens| ("logprobs".to_owned(), tokens)));
    Ok(Reply { message, finish, usage, cost: None, latency_ms: None, served, unsent: Vec::new(), extra })
}

fn turn(mut message: Map<String, Value>, ask: &Ask) -> AssistantMessage {
    let content = string(message.shift_remove("content").as_ref());
    let reasoning = thought(message.shift_remove("thinking").as_ref());
    let tool_calls = match message.shift_remove("tool_calls") {
        Some(Value::Array(calls)) => {
            calls.iter().enumerate().filter_map(|(n, call)| tool_call(call, n, ask)).collect()
        }
        _ => Vec::new(),
    };
    message.retain(|name, value| name != "role" && !value.is_null());
    // Chat has an empty text beside calls where others have none.
    let content = content.filter(|text| !text.is_empty() || tool_calls.is_empty());
    AssistantMessage { content, tool_calls, reasoning, extra: message }
}

fn string(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

fn thought(value: Option<&Value>) -> Option<String> {
    string(value).filter(|text| !text.is_empty())
}

/// A call without a name calls nothing. Older servers give no ids.
fn tool_call(call: &Value, n: usize, ask: &Ask) -> Option<ToolCall> {
    let name = call["function"]["name"].as_str()?.to_owned();
    let arguments = text(&call["function"]["arguments"]).unwrap_or_default();
    let id = text(&call["id"])
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| generated_id(n, &name, &arguments, ask));
    Some(ToolCall { id, name, arguments })
}
