//! How the body of an answer becomes a reply or a fault.

use serde_json::{Map, Value};
use unbent_core::{Ask, AssistantMessage, Fault, FaultKind, FinishReason, Reply, Served, Wasted};

use super::Template;
use crate::answer::{error_inside, nothing_said, object, picture};
use crate::http::{Failure, describe_error, is_error};
use crate::lenient::text;
use crate::openai_usage::{cost_of, unplaced_usage, usage_of};

/// Reads the response of a request that met status 200.
///
/// # Errors
///
/// `Server` for an error in place of an answer, `Empty` for an answer that says nothing, `Malformed` for JSON of
/// another shape.
pub(super) fn reply(body: &str, ask: &Ask) -> Result<Reply, Failure> {
    let response = object(body, "a completion")?;
    let usage = response.get("usage").cloned().unwrap_or_default();
    let wasted = Wasted { usage: usage_of(&usage), cost: cost_of(&usage) };
    read(response, &usage, ask).map_err(|fault| Failure { fault, wasted })
}

fn read(mut response: Map<String, Value>, usage: &Value, ask: &Ask) -> Result<Reply, Fault> {
    if let Some(error) = response.get("error").filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    let choice = match response.shift_remove("choices") {
        None | Some(Value::Null) => None,
        Some(Value::Array(choices)) => choices.into_iter().next(),
        Some(_) => return Err(Fault::new(FaultKind::Malformed, "the response's choices are no list")),
    };
    let Some(Value::Object(mut choice)) = choice else {
        return Err(match describe_error(&Value::Object(response)) {
            Some(story) => error_inside(&story.into()),
            None => Fault::new(FaultKind::Empty, "the response holds no choices"),
        });
    };
    if let Some(error) = choice.get("error").filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    let reason = choice.shift_remove("finish_reason").as_ref().and_then(text);
    let content = match choice.shift_remove("text") {
        // The space after the label belongs to the transcript, not to what is said.
        Some(Value::String(said)) if !Template::is_raw(&ask.messages) => {
            Some(said.strip_prefix(' ').map(str::to_owned).unwrap_or(said))
        }
        Some(Value::String(said)) => Some(said),
        _ => None,
    };
    let message = AssistantMessage { content, ..AssistantMessage::default() };
    if message.is_empty() {
        let has_picture = choice.keys().any(|name| name.starts_with("image"));
        return Err(if has_picture { picture() } else { nothing_said(false, reason.as_deref()) });
    }
    let served = Served {
        model: take(&mut response, "model"),
        provider: take(&mut response, "provider"),
        response_id: take(&mut response, "id"),
        fingerprint: take(&mut response, "system_fingerprint"),
    };
    let mut extra = response;
    extra.extend(choice);
    for read in ["usage", "object", "index"] {
        extra.shift_remove(read);
    }
    if let Some(rest) = unplaced_usage(usage) {
        extra.insert("usage".into(), rest);
    }
    extra.retain(|_, value| !value.is_null());
    Ok(Reply {
        message,
        finish: finish_reason(reason),
        usage: usage_of(usage),
        cost: cost_of(usage),
        latency_ms: None,
        served,
        unsent: Vec::new(),
        extra,
    })
}

fn take(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    fields.shift_remove(name).as_ref().and_then(text)
}

fn finish_reason(reason: Option<String>) -> FinishReason {
    match reason.as_deref() {
        None | Some("") => FinishReason::Unknown,
        Some("stop") => FinishReason::Stop,
        Some("length") => FinishReason::Length,
        Some("content_filter") => FinishReason::ContentFilter,
        Some("error") => FinishReason::Error,
        Some(_) => FinishReason::Other(reason.unwrap_or_default()),
    }
}
