//! The JSON of a request, and how an ask becomes one.

use serde::Serialize;
use serde_json::{Map, Value};
use unbent_core::{Ask, AssistantMessage, Fault, FaultKind, Message, ToolCall};

use super::{Ollama, OllamaMode};
use crate::sending::Sending;

/// The body of a request. The order of the fields is the order on the wire.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    #[serde(flatten)]
    question: Question<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u8>,
    stream: bool,
}

/// What is asked, in either way.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Question<'a> {
    Chat {
        messages: Vec<ChatMessage<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tools: Vec<Tool<'a>>,
    },
    Generate {
        #[serde(skip_serializing_if = "String::is_empty")]
        system: String,
        prompt: &'a str,
    },
}

/// A message of a chat.
#[derive(Debug, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum ChatMessage<'a> {
    System {
        content: &'a str,
    },
    User {
        content: &'a str,
    },
    Assistant {
        content: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        thinking: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<CallMade<'a>>,
    },
    Tool {
        content: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_name: Option<&'a str>,
    },
}

/// A call that the model made earlier.
#[derive(Debug, Serialize)]
struct CallMade<'a> {
    function: FunctionCalled<'a>,
}

/// What was called, and with what.
#[derive(Debug, Serialize)]
struct FunctionCalled<'a> {
    name: &'a str,
    arguments: Map<String, Value>,
}

/// A tool on offer.
#[derive(Debug, Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

/// A function on offer.
#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// Whether a model thinks, or how much.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Effort(String),
}

/// How the model runs.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
}

impl Options<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The request for an ask, and the parameters that it does not carry.
pub(super) fn request<'a>(api: &'a Ollama, ask: &'a Ask) -> Result<(Request<'a>, Vec<String>), Fault> {
    let sampling = &ask.sampling;
    let mut parameters = Sending::new(&api.refuses);
    let options = Options {
        temperature: parameters.take("temperature", sampling.temperature),
        top_p: parameters.take("top_p", sampling.top_p),
        top_k: parameters.take("top_k", sampling.top_k),
        repeat_penalty: parameters.take("repeat_penalty", sampling.repeat_penalty),
        num_predict: parameters.take("max_tokens", sampling.max_tokens),
        seed: parameters.take("seed", sampling.seed),
        stop: parameters.take("stop", sampling.stop.as_deref()),
        num_ctx: api.num_ctx,
    };
    let effort = parameters.take("reasoning_effort", sampling.reasoning_effort.as_deref());
    let think = effort.and_then(|effort| match effort.to_ascii_lowercase().as_str() {
        "none" | "off" => Some(Think::Switch(false)),
        known @ ("low" | "medium" | "high") => Some(Think::Effort(known.to_owned())),
        _ => None,
    });
    let logprobs = parameters.take("logprobs", sampling.logprobs);
    parameters.lacks("reasoning_effort", effort.is_some() && think.is_none());
    parameters.lacks("reasoning_tokens", sampling.reasoning_tokens.is_some());
    parameters.lacks("tool_choice", !ask.tool_choice.is_auto());
    let request = Request {
        model: &api.model,
        question: match api.mode {
            OllamaMode::Chat => chat(ask),
            OllamaMode::Generate => generate(ask)?,
        },
        format: ask.reply_schema.as_ref().map(|reply| &reply.schema),
        think,
        options,
        logprobs: logprobs.map(|_| true),
        top_logprobs: logprobs.filter(|n| *n > 0),
        stream: false,
    };
    Ok((request, parameters.unsent()))
}

fn chat(ask: &Ask) -> Question<'_> {
    let tools = ask.tools.iter().map(|tool| Tool {
        kind: "function",
        function: Function { name: &tool.name, description: &tool.description, parameters: &tool.parameters },
    });
    let mut messages = Vec::with_capacity(ask.messages.len());
    for (n, message) in ask.messages.iter().enumerate() {
        messages.push(match message {
            Message::System { content } => ChatMessage::System { content },
            Message::User { content } => ChatMessage::User { content },
            Message::Assistant(turn) => assistant(turn),
            Message::Tool { tool_call_id, content } => {
                ChatMessage::Tool { content, tool_name: name_of(tool_call_id, &ask.messages[..n]) }
            }
        });
    }
    Question::Chat { messages, tools: tools.collect() }
}

/// The turn with its thinking, which the API wants back beside the calls and their results: "the thinking, tool call from
/// the model, and the executed tool result must be passed back to the model in the next request"
/// (<https://docs.ollama.com/capabilities/streaming>). What a model's template does with older thinking is its own.
fn assistant(turn: &AssistantMessage) -> ChatMessage<'_> {
    ChatMessage::Assistant {
        content: turn.content.as_deref().unwrap_or_default(),
        thinking: turn.reasoning.as_deref(),
        tool_calls: turn
            .tool_calls
            .iter()
            .map(|call| CallMade {
                function: FunctionCalled { name: &call.name, arguments: arguments(call) },
            })
            .collect(),
    }
}

/// The arguments as an object, which alone is taken; text that is none is told as an empty one.
fn arguments(call: &ToolCall) -> Map<String, Value> {
    serde_json::from_str(&call.arguments).unwrap_or_default()
}

/// The name of the tool that this call, the last of its id, went to: results are told apart by it.
fn name_of<'a>(id: &str, before: &'a [Message]) -> Option<&'a str> {
    before.iter().rev().find_map(|message| match message {
        Message::Assistant(turn) => {
            turn.tool_calls.iter().find(|call| call.id == id).map(|call| call.name.as_str())
        }
        _ => None,
    })
}

fn generate(ask: &Ask) -> Result<Question<'_>, Fault> {
    let rejected = |story: &str| Err(Fault::new(FaultKind::Rejected, story));
    if !ask.tools.is_empty() {
        return rejected("Ollama's api/generate takes no tools; ask by chat");
    }
    let mut system = Vec::new();
    let mut prompt = None;
    for message in &ask.messages {
        match message {
            Message::System { content } => system.push(content.as_str()),
            Message::User { content } if prompt.is_none() => prompt = Some(content.as_str()),
            _ => {
                return rejected(
                    "Ollama's api/generate takes one user turn, not a conversation; ask by chat",
                );
            }
        }
    }
    match prompt {
        Some(prompt) => Ok(Question::Generate { system: system.join("\n\n"), prompt }),
        None => rejected("Ollama's api/generate takes one user turn, and there is none"),
    }
}
