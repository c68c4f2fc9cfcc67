//! How the `response` object becomes a reply or a fault.

use serde_json::{Map, Value, json};
use unbent_core::{
    Ask, AssistantMessage, Fault, FaultKind, FinishReason, Reply, Served, ToolCall, Usage, Wasted,
};

use super::OUTPUT_ITEMS;
use crate::answer::{error_inside, logprobs, nothing_said, object, picture};
use crate::http::{Failure, describe_error, is_error};
use crate::lenient::{count, text};
use crate::openai_usage::cost_of;
use crate::tool_calls::generated_id;

/// Fields of the answer that are read, or that repeat the request.
const READ_OR_REPEATED: [&str; 31] = [
    "background",
    "completed_at",
    "error",
    "frequency_penalty",
    "id",
    "incomplete_details",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "object",
    "output",
    "output_text",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "status",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "usage",
];

/// Reads the response of a request that met status 200.
///
/// # Errors
///
/// What a failed response says, `Cut` for one that is not finished, `Empty` for one that says nothing and `Malformed`
/// for JSON of another shape.
pub(super) fn reply(body: &str, ask: &Ask) -> Result<Reply, Failure> {
    let response = Value::Object(object(body, "a response")?);
    let wasted = wasted_in(&response);
    read(response, wasted, ask).map_err(|fault| Failure { fault, wasted })
}

/// What a response says that it used.
pub(super) fn wasted_in(response: &Value) -> Wasted {
    Wasted { usage: usage_of(&response["usage"]), cost: cost_of(&response["usage"]) }
}

/// The fault that an error of this API means, inside a response or as an event of a stream.
pub(super) fn fault_of(error: &Value) -> Fault {
    let kind = match error["code"].as_str().unwrap_or_default() {
        "rate_limit_exceeded" => FaultKind::RateLimited,
        "insufficient_quota" | "billing_hard_limit_reached" => FaultKind::Exhausted,
        code if code.starts_with("invalid_") => FaultKind::Rejected,
        _ => FaultKind::Server,
    };
    Fault { kind, ..error_inside(error) }
}

fn read(response: Value, used: Wasted, ask: &Ask) -> Result<Reply, Fault> {
    if is_error(&response["error"]) {
        return Err(fault_of(&response["error"]));
    }
    let status = response["status"].as_str();
    match status {
        Some("failed") => {
            return Err(Fault::new(FaultKind::Server, "the response failed; the server does not say why"));
        }
        Some(status @ ("in_progress" | "queued" | "cancelled")) => {
            return Err(Fault::new(
                FaultKind::Cut,
                format!("the response is not finished (status {status})"),
            ));
        }
        _ => {}
    }
    let items = match &response["output"] {
        Value::Array(items) => items.as_slice(),
        Value::Null => {
            return Err(match describe_error(&response) {
                Some(story) => error_inside(&story.into()),
                None => Fault::new(FaultKind::Empty, "the response holds no output"),
            });
        }
        _ => return Err(Fault::new(FaultKind::Malformed, "the response's output is no list of items")),
    };
    let Turn { message, has_picture, tokens } = turn(items, ask);
    let reason = response["incomplete_details"]["reason"].as_str();
    if message.is_empty() {
        let reason = reason.or(status.filter(|status| *status != "completed"));
        let has_reasoned = items.iter().any(|item| item["type"] == "reasoning");
        return Err(if has_picture { picture() } else { nothing_said(has_reasoned, reason) });
    }
    let finish = match (status, reason) {
        (Some("incomplete"), Some("max_output_tokens")) => FinishReason::Length,
        (Some("incomplete"), Some("content_filter")) => FinishReason::ContentFilter,
        (Some("incomplete"), reason) => FinishReason::Other(reason.unwrap_or("incomplete").to_owned()),
        (Some("completed"), _) if message.tool_calls.is_empty() => FinishReason::Stop,
        (Some("completed"), _) => FinishReason::ToolCalls,
        (Some(other), _) => FinishReason::Other(other.to_owned()),
        (None, _) => FinishReason::Unknown,
    };
    let served =
        Served { model: text(&response["model"]), response_id: text(&response["id"]), ..Served::default() };
    let applied = applied(&response, ask);
    let Value::Object(mut extra) = response else { unreachable!("it was read as an object") };
    extra.retain(|name, value| !value.is_null() && !READ_OR_REPEATED.contains(&name.as_str()));
    if let Some(tokens) = logprobs(tokens) {
        extra.insert("logprobs".into(), tokens);
    }
    if !applied.is_empty() {
        extra.insert("applied".into(), applied.into());
    }
    Ok(Reply {
        message,
        finish,
        usage: used.usage,
        cost: used.cost,
        latency_ms: None,
        served,
        unsent: Vec::new(),
        extra,
    })
}

fn usage_of(usage: &Value) -> Usage {
    Usage {
        input: count(usage, "/input_tokens"),
        output: count(usage, "/output_tokens"),
        cached_input: count(usage, "/input_tokens_details/cached_tokens"),
        cache_write: count(usage, "/input_tokens_details/cache_write_tokens"),
        reasoning: count(usage, "/output_tokens_details/reasoning_tokens"),
    }
}

/// Parameters that the server says it applied otherwise than it was asked to.
fn applied(response: &Value, ask: &Ask) -> Map<String, Value> {
    [("temperature", ask.sampling.temperature), ("top_p", ask.sampling.top_p)]
        .into_iter()
        .filter_map(|(name, asked)| {
            let said = response[name].as_f64()?;
            let differs = asked.is_some_and(|asked| (asked - said).abs() > 1e-6);
            differs.then(|| (name.to_owned(), json!(said)))
        })
        .collect()
}

/// The model's turn, and what else its items held.
#[derive(Default)]
struct Turn {
    message: AssistantMessage,
    has_picture: bool,
    tokens: Vec<Value>,
}

fn turn(items: &[Value], ask: &Ask) -> Turn {
    let mut turn = Turn::default();
    let mut thoughts = Vec::new();
    let mut others = Vec::new();
    for item in items {
        match item["type"].as_str() {
            Some("message") => take_message(item, &mut turn),
            Some("function_call") => {
                let calls = &mut turn.message.tool_calls;
                if let Some(call) = tool_call(item, calls.len(), ask) {
                    calls.push(call);
                }
            }
            Some("reasoning") => {
                // The summary, or the text itself from servers of open models.
                let summary = texts(&item["summary"]);
                thoughts.extend(if summary.is_empty() { texts(&item["content"]) } else { summary });
            }
            kind => {
                turn.has_picture |= kind == Some("image_generation_call");
                others.push(item.clone());
            }
        }
    }
    let message = &mut turn.message;
    message.reasoning = (!thoughts.is_empty()).then(|| thoughts.join("\n\n"));
    if items.iter().any(|item| item["type"] == "reasoning") {
        message.extra.insert(OUTPUT_ITEMS.into(), items.into());
    } else if !others.is_empty() {
        message.extra.insert("other_items".into(), others.into());
    }
    turn
}

fn take_message(item: &Value, turn: &mut Turn) {
    let message = &mut turn.message;
    for part in item["content"].as_array().into_iter().flatten() {
        match (part["type"].as_str(), &part["text"], &part["refusal"]) {
            (Some("output_text"), Value::String(piece), _) => {
                message.content.get_or_insert_default().push_str(piece);
                turn.tokens.extend(part["logprobs"].as_array().into_iter().flatten().cloned());
                if part["annotations"].as_array().is_some_and(|notes| !notes.is_empty()) {
                    message.extra.insert("annotations".into(), part["annotations"].clone());
                }
            }
            (Some("refusal"), _, Value::String(refusal)) => {
                message.content.get_or_insert_default().push_str(refusal);
                message.extra.insert("refusal".into(), refusal.as_str().into());
            }
            (Some(kind), _, _) => turn.has_picture |= kind.contains("image"),
            (None, _, _) => {}
        }
    }
}

fn texts(parts: &Value) -> Vec<&str> {
    let parts = parts.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).filter(|text| !text.is_empty()).collect()
}

/// A call without a name calls nothing.
fn tool_call(item: &Value, n: usize, ask: &Ask) -> Option<ToolCall> {
    let name = item["name"].as_str()?.to_owned();
    let arguments = text(&item["arguments"]).unwrap_or_default();
    let id = text(&item["call_id"])
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| generated_id(n, &name, &arguments, ask));
    Some(ToolCall { id, name, arguments })
}
