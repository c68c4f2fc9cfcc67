//! From the body of a `generateContent` response to a reply or a fault.
//!
//! Pure: knows no socket and no key. The caller redacts what comes back.

use serde_json::{Map, Value};
use unbent_core::{
    Ask, AssistantMessage, Fault, FaultKind, FinishReason, Reply, Served, ToolCall, Usage, Wasted,
};

use super::PARTS;
use crate::answer::{error_inside, nothing_said, object, picture};
use crate::http::{Failure, is_error};
use crate::lenient::{count, drop_nulls, keep_native_reason, keep_unplaced_usage, text_of};
use crate::tool_calls::{arguments_text, generated_id};

/// Fields of `usageMetadata` that are read.
const PLACED: [&str; 5] = [
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "totalTokenCount",
];

/// What parts say.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The texts, joined.
    pub(super) text: Option<String>,
    /// The thoughts, joined.
    thoughts: Option<String>,
    /// Whether a picture, a sound or a file is among them.
    has_media: bool,
    /// Whether the parts are more than texts without signature.
    has_others: bool,
}

/// Reads the body of a response that met status 200.
pub(super) fn reply(body: &str, ask: &Ask) -> Result<Reply, Failure> {
    let body = object(body, "one of generateContent")?;
    let usage = body.get("usageMetadata").map(usage_of).unwrap_or_default();
    read(body, ask).map_err(|fault| Failure { fault, wasted: Wasted { usage, cost: None } })
}

fn read(mut body: Map<String, Value>, ask: &Ask) -> Result<Reply, Fault> {
    if let Some(error) = body.get("error").filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    let mut candidate = match body.remove("candidates") {
        Some(Value::Array(candidates)) => candidates.into_iter().next(),
        Some(Value::Null) | None => None,
        Some(other) => {
            let story = format!("the answer's candidates are not a list: {other}");
            return Err(Fault::new(FaultKind::Malformed, story));
        }
    };
    let Some(Value::Object(candidate)) = &mut candidate else { return Err(no_candidate(&body)) };
    let reason = text_of(candidate.remove("finishReason"));
    let reason = reason.as_deref();
    let told = candidate.get("finishMessage").and_then(Value::as_str).map(str::to_owned);
    if reason == Some("MALFORMED_FUNCTION_CALL") {
        let told = told.as_deref().unwrap_or("the API does not say how");
        let story = format!("the model wrote a call that the API could not read: {told}");
        return Err(Fault::new(FaultKind::Malformed, story));
    }
    let parts = match candidate.remove("content").map(|content| content["parts"].clone()) {
        Some(Value::Array(parts)) => parts,
        _ => Vec::new(),
    };
    let said = said(&parts);
    let tool_calls = parts.iter().filter_map(|part| part.get("functionCall"));
    let mut message = AssistantMessage {
        content: said.text,
        tool_calls: tool_calls.enumerate().map(|(n, call)| tool_call(call, n, ask)).collect(),
        reasoning: said.thoughts.filter(|text| !text.is_empty()),
        extra: Map::new(),
    };
    if message.is_empty() {
        return Err(if said.has_media {
            picture()
        } else {
            let has_reasoned = message.reasoning.is_some() || reason == Some("MAX_TOKENS");
            let told = told.map_or_else(String::new, |told| format!("; {told}"));
            let fault = nothing_said(has_reasoned, reason);
            Fault { message: fault.message + &told, ..fault }
        });
    }
    if said.has_others {
        message.extra.insert(PARTS.into(), parts.into());
    }
    let finish = finish_reason(reason, !message.tool_calls.is_empty());
    let usage = body.remove("usageMetadata").unwrap_or_default();
    let served = Served {
        model: text_of(body.remove("modelVersion")),
        response_id: text_of(body.remove("responseId")),
        ..Served::default()
    };
    candidate.remove("index");
    let mut extra = body;
    extra.append(candidate);
    keep_native_reason(&mut extra, &finish, reason);
    let tokens = usage_of(&usage);
    keep_unplaced_usage(&mut extra, usage, &PLACED);
    drop_nulls(&mut extra);
    Ok(Reply { message, finish, usage: tokens, cost: None, latency_ms: None, served, unsent: vec![], extra })
}

fn no_candidate(body: &Map<String, Value>) -> Fault {
    let feedback = body.get("promptFeedback").unwrap_or(&Value::Null);
    if let Some(reason) = feedback["blockReason"].as_str() {
        let told =
            feedback["blockReasonMessage"].as_str().map_or_else(String::new, |told| format!(": {told}"));
        let story = format!("the API refuses to put the question to the model ({reason}){told}");
        return Fault::new(FaultKind::Rejected, story);
    }
    Fault::new(FaultKind::Empty, "the response holds no candidates")
}

/// What the parts say. Parts that are no objects say nothing.
pub(super) fn said(parts: &[Value]) -> Said {
    let mut said = Said::default();
    for part in parts {
        let is_thought = part["thought"] == true;
        let text = part["text"].as_str();
        match text {
            Some(text) if is_thought => said.thoughts.get_or_insert_default().push_str(text),
            Some(text) => said.text.get_or_insert_default().push_str(text),
            None => {}
        }
        // Thoughts may hold pictures of their own.
        let is_medium = part.get("inlineData").or_else(|| part.get("fileData")).is_some();
        said.has_media |= is_medium && !is_thought;
        said.has_others |= is_thought || text.is_none() || part.get("thoughtSignature").is_some();
    }
    said
}

fn tool_call(call: &Value, n: usize, ask: &Ask) -> ToolCall {
    let name = call["name"].as_str().unwrap_or_default().to_owned();
    let arguments = arguments_text(&call["args"]);
    let id = text_of(call.get("id").cloned())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| generated_id(n, &name, &arguments, ask));
    ToolCall { id, name, arguments }
}

/// The tokens. The API counts thoughts apart from the rest of the output.
pub(super) fn usage_of(usage: &Value) -> Usage {
    let reasoning = count(usage, "/thoughtsTokenCount");
    Usage {
        input: count(usage, "/promptTokenCount"),
        output: count(usage, "/candidatesTokenCount") + reasoning,
        cached_input: count(usage, "/cachedContentTokenCount"),
        cache_write: 0,
        reasoning,
    }
}

/// Why it ended; the API has no word of its own for an end with calls.
fn finish_reason(reason: Option<&str>, has_calls: bool) -> FinishReason {
    match reason {
        Some("STOP") if has_calls => FinishReason::ToolCalls,
        Some("STOP") => FinishReason::Stop,
        Some("MAX_TOKENS") => FinishReason::Length,
        Some(
            "SAFETY"
            | "RECITATION"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION",
        ) => FinishReason::ContentFilter,
        None | Some("" | "FINISH_REASON_UNSPECIFIED") => FinishReason::Unknown,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}
