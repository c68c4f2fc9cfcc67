//! Between our words and the dialect's: an ask becomes a request body, a response body becomes a reply or a fault.
//!
//! Pure: knows no socket and no key. The caller redacts what comes back.

use serde_json::{Value, json};
use unbent_core::{
    Ask, AssistantMessage, Fault, FaultKind, FinishReason, Message, Reply, Served, ToolCall, ToolChoice,
    Wasted,
};

use super::{Flavour, OpenAiChat, wire};
use crate::answer::{error_inside, nothing_said};
use crate::http::{Failure, describe_error, is_error};
use crate::lenient::{drop_nulls, text_of};
use crate::openai_usage::{cost_of, unplaced_usage, usage_of};
use crate::sending::Sending;
use crate::tool_calls::generated_id;

/// The request body for an ask, and the parameters that it does not carry.
///
/// `strict` is false: strict mode takes only a subset of JSON schema (every property required, nothing additional) and
/// refuses the request otherwise, whereas local servers constrain the answer with or without it. Suites check the
/// answer's shape themselves.
pub(super) fn request<'a>(chat: &'a OpenAiChat, ask: &'a Ask) -> (wire::Request<'a>, Vec<String>) {
    let sampling = &ask.sampling;
    let is_router = chat.flavour == Flavour::OpenRouter;
    let is_openai = chat.flavour == Flavour::OpenAi;
    let mut sending = Sending::new(&chat.refuses);
    let temperature = sending.take("temperature", sampling.temperature);
    let top_p = sending.take("top_p", sampling.top_p);
    let top_k = sending.take_if("top_k", sampling.top_k, |_| !is_openai);
    let repeat_penalty = sending.take_if("repeat_penalty", sampling.repeat_penalty, |_| !is_openai);
    let max_tokens = sending.take("max_tokens", sampling.max_tokens);
    let seed = sending.take("seed", sampling.seed);
    let stop = sending.take("stop", sampling.stop.as_deref());
    let logprobs = sending.take("logprobs", sampling.logprobs);
    let effort = sending.take("reasoning_effort", sampling.reasoning_effort.as_deref());
    let budget = sending.take_if("reasoning_tokens", sampling.reasoning_tokens, |_| is_router);
    // "None" is an effort to a router and to OpenAI's newer models; to others the field's absence says the same.
    let said_effort = effort.filter(|effort| {
        is_router || is_openai || !matches!(effort.to_ascii_lowercase().as_str(), "none" | "off")
    });
    let request = wire::Request {
        model: &chat.model,
        messages: ask.messages.iter().map(|message| request_message(message, chat)).collect(),
        tools: ask
            .tools
            .iter()
            .map(|tool| wire::Tool {
                kind: "function",
                function: wire::Function {
                    name: &tool.name,
                    description: &tool.description,
                    parameters: &tool.parameters,
                },
            })
            .collect(),
        tool_choice: match &ask.tool_choice {
            ToolChoice::Auto => None,
            ToolChoice::None => Some("none".into()),
            ToolChoice::Required => Some("required".into()),
            ToolChoice::Tool(name) => Some(json!({ "type": "function", "function": { "name": name } })),
        },
        response_format: ask.reply_schema.as_ref().map(|reply| wire::ResponseFormat {
            kind: "json_schema",
            json_schema: wire::JsonSchema { name: &reply.name, strict: false, schema: &reply.schema },
        }),
        temperature,
        top_p,
        top_k,
        repetition_penalty: repeat_penalty.filter(|_| is_router),
        repeat_penalty: repeat_penalty.filter(|_| !is_router),
        max_completion_tokens: max_tokens.filter(|_| is_openai),
        max_tokens: max_tokens.filter(|_| !is_openai),
        reasoning_effort: said_effort.filter(|_| !is_router),
        reasoning: (is_router && (effort.is_some() || budget.is_some())).then_some(wire::Reasoning {
            effort: said_effort.filter(|_| budget.is_none()),
            max_tokens: budget,
        }),
        stop,
        seed,
        logprobs: logprobs.map(|_| true),
        top_logprobs: logprobs.filter(|n| *n > 0),
        provider: chat
            .pin
            .as_deref()
            .filter(|_| is_router)
            .map(|pin| wire::Routing { order: [pin], allow_fallbacks: false }),
        usage: is_router.then_some(wire::UsageOption { include: true }),
        stream: chat.streams.then_some(true),
        stream_options: chat.streams.then_some(wire::UsageInStream { include_usage: true }),
    };
    (request, sending.unsent())
}

fn request_message<'a>(message: &'a Message, chat: &OpenAiChat) -> wire::RequestMessage<'a> {
    match message {
        Message::System { content } => wire::RequestMessage::System { content },
        Message::User { content } => wire::RequestMessage::User { content },
        Message::Tool { tool_call_id, content } => wire::RequestMessage::Tool { tool_call_id, content },
        Message::Assistant(turn) => wire::RequestMessage::Assistant {
            // Null is allowed beside tool calls only; a turn of nothing is sent as empty text.
            content: match turn.content.as_deref() {
                None if turn.tool_calls.is_empty() || chat.fills_null => Some(""),
                content => content,
            },
            tool_calls: turn
                .tool_calls
                .iter()
                .map(|call| wire::RequestToolCall {
                    id: &call.id,
                    kind: "function",
                    function: wire::RequestFunctionCall { name: &call.name, arguments: &call.arguments },
                })
                .collect(),
            // A router wants the reasoning of a turn back as it gave it, signed and encrypted parts included. Other
            // servers of this dialect refuse the field or ignore it.
            reasoning_details: turn
                .extra
                .get("reasoning_details")
                .filter(|_| chat.flavour == Flavour::OpenRouter),
        },
    }
}

/// Reads the response of a request that met status 200; `ask` is what was asked.
///
/// # Errors
///
/// `Server` for an error in place of an answer, `Empty` for an answer that says nothing, `Malformed` for JSON of
/// another shape.
pub(super) fn reply(response: wire::Response, ask: &Ask) -> Result<Reply, Failure> {
    let usage = response.usage.clone().unwrap_or_default();
    let wasted = Wasted { usage: usage_of(&usage), cost: cost_of(&usage) };
    read(response, ask).map_err(|fault| Failure { fault, wasted })
}

fn read(response: wire::Response, ask: &Ask) -> Result<Reply, Fault> {
    if let Some(error) = response.error.as_ref().filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    let Some(mut choice) = response.choices.and_then(|choices| choices.into_iter().next()) else {
        return Err(match describe_error(&Value::Object(response.rest)) {
            Some(story) => error_inside(&Value::String(story)),
            None => Fault::new(FaultKind::Empty, "the response holds no choices"),
        });
    };
    if let Some(error) = choice.error.as_ref().filter(|error| is_error(error)) {
        return Err(error_inside(error));
    }
    let usage = response.usage.unwrap_or_default();
    let reason = choice.finish_reason.as_ref().and_then(Value::as_str);
    let native = choice.native_finish_reason.take();
    let native = native.as_ref().and_then(Value::as_str);
    let message = match choice.message {
        Some(message) => turn(message, ask)?,
        None => AssistantMessage::default(),
    };
    if message.is_empty() {
        let is_picture =
            ["images", "content_parts", "audio"].iter().any(|name| message.extra.contains_key(*name));
        return Err(if is_picture {
            Fault::new(FaultKind::Rejected, "the answer is an image or a sound; only text is read")
        } else {
            silent(&message, reason, native)
        });
    }
    let finish = finish_reason(reason);

    let mut extra = response.rest;
    extra.extend(choice.rest);
    if let Some(native) = native.or_else(|| reason.filter(|text| !is_spelt(&finish, text))) {
        extra.insert("native_finish_reason".into(), native.into());
    }
    if let Some(rest) = unplaced_usage(&usage) {
        extra.insert("usage".into(), rest);
    }
    drop_nulls(&mut extra);
    Ok(Reply {
        message,
        finish,
        usage: usage_of(&usage),
        cost: cost_of(&usage),
        latency_ms: None,
        served: Served {
            model: text_of(response.model),
            provider: text_of(response.provider),
            response_id: text_of(response.id),
            fingerprint: text_of(response.system_fingerprint),
        },
        unsent: Vec::new(),
        extra,
    })
}

fn silent(message: &AssistantMessage, reason: Option<&str>, native: Option<&str>) -> Fault {
    let broke = |text: &&str| matches!(*text, "error" | "network_error");
    if let Some(text) = native.into_iter().chain(reason).find(broke) {
        return Fault::new(
            FaultKind::Server,
            format!("the provider failed before it said anything (finish reason {text})"),
        );
    }
    nothing_said(message.reasoning.is_some(), native.or(reason))
}

fn turn(message: wire::ResponseMessage, ask: &Ask) -> Result<AssistantMessage, Fault> {
    let mut extra = message.rest;
    drop_nulls(&mut extra);
    let (mut content, thoughts) = match message.content {
        None => (None, None),
        Some(Value::String(text)) => (Some(text), None),
        Some(Value::Array(parts)) => {
            let (text, thoughts, other) = read_parts(&parts);
            if other {
                extra.insert("content_parts".into(), Value::Array(parts));
            }
            (text, thoughts)
        }
        Some(other) => {
            return Err(Fault::new(
                FaultKind::Malformed,
                format!("the message's content is neither text nor a list of parts: {other}"),
            ));
        }
    };
    let tool_calls: Vec<_> = message
        .tool_calls
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(n, call)| tool_call(call, n, ask))
        .collect();
    // A refusal under a reply schema stands in a field of its own, but is what the model said.
    if tool_calls.is_empty()
        && content.as_deref().is_none_or(|text| text.trim().is_empty())
        && let Some(Value::String(refusal)) = extra.get("refusal")
    {
        content = Some(refusal.clone());
    }
    let reasoning = ["reasoning", "reasoning_content"].into_iter().find_map(|name| match extra.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Some((name, text.clone())),
        _ => None,
    });
    let reasoning = match reasoning {
        Some((_, text)) => {
            // The same text under its other name is the same field.
            extra.retain(|key, value| {
                !(matches!(key.as_str(), "reasoning" | "reasoning_content") && value.as_str() == Some(&text))
            });
            Some(text)
        }
        None => thoughts,
    };
    Ok(AssistantMessage { content, tool_calls, reasoning, extra })
}

/// The text of the text parts, that of the thinking parts, and whether there are parts of another kind.
fn read_parts(parts: &[Value]) -> (Option<String>, Option<String>, bool) {
    let (mut text, mut thoughts, mut other) = (None::<String>, None::<String>, false);
    for part in parts {
        let kind = part.get("type").and_then(Value::as_str);
        match (kind, part) {
            (_, Value::String(piece)) => text.get_or_insert_default().push_str(piece),
            (Some("text" | "output_text"), part) if part["text"].is_string() => {
                text.get_or_insert_default().push_str(part["text"].as_str().unwrap_or_default());
            }
            (Some("thinking"), part) => {
                let pieces = match &part["thinking"] {
                    Value::Array(pieces) => read_parts(pieces).0,
                    Value::String(piece) => Some(piece.clone()),
                    _ => None,
                };
                thoughts.get_or_insert_default().push_str(&pieces.unwrap_or_default());
            }
            _ => other = true,
        }
    }
    (text, thoughts, other)
}

fn tool_call(call: wire::ResponseToolCall, n: usize, ask: &Ask) -> ToolCall {
    let name = call.function.name;
    let arguments = match call.function.arguments {
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let id = text_of(call.id)
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| generated_id(n, &name, &arguments, ask));
    ToolCall { id, name, arguments }
}

fn finish_reason(reason: Option<&str>) -> FinishReason {
    match reason {
        None | Some("") => FinishReason::Unknown,
        Some("stop") => FinishReason::Stop,
        Some("tool_calls" | "function_call") => FinishReason::ToolCalls,
        Some("length" | "max_tokens") => FinishReason::Length,
        Some("content_filter") => FinishReason::ContentFilter,
        Some("error") => FinishReason::Error,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}

/// Whether this text is how the dialect itself spells the reason, so that nothing is lost by mapping it.
fn is_spelt(finish: &FinishReason, text: &str) -> bool {
    match finish {
        FinishReason::Stop => text == "stop",
        FinishReason::ToolCalls => text == "tool_calls",
        FinishReason::Length => text == "length",
        FinishReason::ContentFilter | FinishReason::Error | FinishReason::Unknown => true,
        FinishReason::Other(other) => text == other,
    }
}
