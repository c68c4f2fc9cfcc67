//! The JSON of a request, and how an ask becomes one.
//!
//! `strict` is false everywhere: strict mode takes only a subset of JSON schema and refuses the request otherwise.

use serde::Serialize;
use serde_json::{Value, json};
use unbent_core::{Ask, AssistantMessage, Message, ToolChoice};

use super::{OUTPUT_ITEMS, OpenAiResponses};
use crate::sending::Sending;

/// The body of a request. The order of the fields is the order on the wire.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    input: Vec<Item<'a>>,
    store: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

/// A piece of the conversation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Item<'a> {
    /// Text of one side.
    Message { role: &'static str, content: &'a str },
    /// A call that the model made.
    Call {
        #[serde(rename = "type")]
        kind: &'static str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    /// What came of it.
    CallOutput {
        #[serde(rename = "type")]
        kind: &'static str,
        call_id: &'a str,
        output: &'a str,
    },
    /// An item that the API gave.
    Given(&'a Value),
}

/// A tool on offer.
#[derive(Debug, Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    strict: bool,
}

/// The form of the text.
#[derive(Debug, Serialize)]
struct Text<'a> {
    format: Format<'a>,
}

/// A schema that the text should satisfy.
#[derive(Debug, Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    strict: bool,
    schema: &'a Value,
}

/// How much is reasoned, and what is shown of it.
#[derive(Debug, Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

/// The request for an ask, and the parameters that it does not carry.
pub(super) fn request<'a>(api: &'a OpenAiResponses, ask: &'a Ask) -> (Request<'a>, Vec<String>) {
    let sampling = &ask.sampling;
    let mut parameters = Sending::new(&api.refuses);
    let temperature = parameters.take("temperature", sampling.temperature);
    let top_p = parameters.take("top_p", sampling.top_p);
    let max_output_tokens = parameters.take("max_tokens", sampling.max_tokens);
    let effort = parameters.take("reasoning_effort", sampling.reasoning_effort.as_deref());
    let logprobs = parameters.take("logprobs", sampling.logprobs);
    parameters.lacks("top_k", sampling.top_k.is_some());
    parameters.lacks("repeat_penalty", sampling.repeat_penalty.is_some());
    parameters.lacks("reasoning_tokens", sampling.reasoning_tokens.is_some());
    parameters.lacks("stop", sampling.stop.is_some());
    parameters.lacks("seed", sampling.seed.is_some());
    let reasons =
        effort.is_some_and(|effort| !matches!(effort.to_ascii_lowercase().as_str(), "none" | "off"));
    let mut include = Vec::new();
    if reasons {
        // Nothing is kept on the server, so only this lets the model see its own reasoning again.
        include.push("reasoning.encrypted_content");
    }
    if logprobs.is_some() {
        include.push("message.output_text.logprobs");
    }
    let request = Request {
        model: &api.model,
        input: ask.messages.iter().flat_map(items).collect(),
        store: false,
        include,
        tools: ask
            .tools
            .iter()
            .map(|tool| Tool {
                kind: "function",
                name: &tool.name,
                description: &tool.description,
                parameters: &tool.parameters,
                strict: false,
            })
            .collect(),
        tool_choice: match &ask.tool_choice {
            ToolChoice::Auto => None,
            ToolChoice::None => Some("none".into()),
            ToolChoice::Required => Some("required".into()),
            ToolChoice::Tool(name) => Some(json!({ "type": "function", "name": name })),
        },
        text: ask.reply_schema.as_ref().map(|reply| Text {
            format: Format { kind: "json_schema", name: &reply.name, strict: false, schema: &reply.schema },
        }),
        temperature,
        top_p,
        max_output_tokens,
        reasoning: effort.map(|effort| Reasoning { effort, summary: reasons.then_some("auto") }),
        top_logprobs: logprobs.filter(|n| *n > 0),
        stream: api.streams.then_some(true),
    };
    (request, parameters.unsent())
}

fn items(message: &Message) -> Vec<Item<'_>> {
    match message {
        Message::System { content } => vec![Item::Message { role: "system", content }],
        Message::User { content } => vec![Item::Message { role: "user", content }],
        Message::Tool { tool_call_id, content } => {
            vec![Item::CallOutput { kind: "function_call_output", call_id: tool_call_id, output: content }]
        }
        Message::Assistant(turn) => match given_items(turn) {
            Some(given) => given.iter().map(Item::Given).collect(),
            None => turn_items(turn),
        },
    }
}

/// The items that the API made this turn of, if it takes them back.
///
/// Reasoning without its encrypted content stands for something that the server kept; ours keeps nothing and would
/// refuse it, and the items that follow it too. Such a turn is told anew.
fn given_items(turn: &AssistantMessage) -> Option<&[Value]> {
    let items = turn.extra.get(OUTPUT_ITEMS)?.as_array()?;
    let is_whole = |item: &Value| item["type"] != "reasoning" || item["encrypted_content"].is_string();
    (!items.is_empty() && items.iter().all(is_whole)).then_some(items)
}

fn turn_items(turn: &AssistantMessage) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    match turn.content.as_deref() {
        Some(content) if !content.is_empty() => items.push(Item::Message { role: "assistant", content }),
        _ if turn.tool_calls.is_empty() => items.push(Item::Message { role: "assistant", content: "" }),
        _ => {}
    }
    items.extend(turn.tool_calls.iter().map(|call| Item::Call {
        kind: "function_call",
        call_id: &call.id,
        name: &call.name,
        arguments: &call.arguments,
    }));
    items
}
