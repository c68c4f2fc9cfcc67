//! The JSON of chat completions, as OpenAI wrote it down and others bent it.
//!
//! Requests are written exactly; answers are read leniently: a field of an unexpected type costs that field, not the
//! answer. Knows nothing of `Ask` and `Reply`; see [`super::convert`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of a request. The order of the fields is the order on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Request<'a> {
    /// The model, as the server names it.
    pub(super) model: &'a str,
    /// The conversation.
    pub(super) messages: Vec<RequestMessage<'a>>,
    /// Tools that may be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    /// Whether a tool must be called; left out where the model decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<Value>,
    /// The form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_format: Option<ResponseFormat<'a>>,
    /// Softmax temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f64>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<f64>,
    /// Sampling among so many tokens; not of OpenAI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<u32>,
    /// Repetition penalty as OpenRouter names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repetition_penalty: Option<f64>,
    /// Repetition penalty as llama.cpp and others name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repeat_penalty: Option<f64>,
    /// Upper limit of generated tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u32>,
    /// Upper limit of generated tokens as OpenAI's own API names it; its reasoning models refuse the other name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_completion_tokens: Option<u32>,
    /// Reasoning effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_effort: Option<&'a str>,
    /// Reasoning as OpenRouter takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<Reasoning<'a>>,
    /// Texts at which to stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop: Option<&'a [String]>,
    /// Sampling seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<u64>,
    /// Whether log-probabilities are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<bool>,
    /// Log-probabilities of so many alternatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_logprobs: Option<u8>,
    /// Who may serve it, behind a router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<Routing<'a>>,
    /// What a router reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<UsageOption>,
    /// Whether the answer is streamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream: Option<bool>,
    /// What the stream reports at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream_options: Option<UsageInStream>,
}

/// Reasoning as OpenRouter takes it: an effort or a number of tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Reasoning<'a> {
    /// The effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<&'a str>,
    /// The tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u32>,
}

/// Who may serve a request behind a router.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Routing<'a> {
    /// Providers in the order in which they are tried.
    pub(super) order: [&'a str; 1],
    /// Whether others may be tried after them.
    pub(super) allow_fallbacks: bool,
}

/// What a router reports with an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct UsageOption {
    /// Tokens and price.
    pub(super) include: bool,
}

/// What a stream reports at its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct UsageInStream {
    /// Tokens.
    pub(super) include_usage: bool,
}

/// A message of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(super) enum RequestMessage<'a> {
    /// Instructions.
    System {
        /// The text.
        content: &'a str,
    },
    /// A turn of the human.
    User {
        /// The text.
        content: &'a str,
    },
    /// A turn of the model.
    Assistant {
        /// The text; an explicit null where there is none.
        content: Option<&'a str>,
        /// Its calls.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<RequestToolCall<'a>>,
        /// Reasoning that a router gave with the turn.
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_details: Option<&'a Value>,
    },
    /// The result of a call.
    Tool {
        /// The call that it answers.
        tool_call_id: &'a str,
        /// The text.
        content: &'a str,
    },
}

/// A call that the model made earlier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RequestToolCall<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// Always `function`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// What was called.
    pub(super) function: RequestFunctionCall<'a>,
}

/// What was called, and with what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RequestFunctionCall<'a> {
    /// The tool's name.
    pub(super) name: &'a str,
    /// The arguments as text.
    pub(super) arguments: &'a str,
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tool<'a> {
    /// Always `function`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The function.
    pub(super) function: Function<'a>,
}

/// A function on offer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Function<'a> {
    /// The name to call it by.
    pub(super) name: &'a str,
    /// What it does.
    pub(super) description: &'a str,
    /// JSON schema of its arguments.
    pub(super) parameters: &'a Value,
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ResponseFormat<'a> {
    /// Always `json_schema`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The schema.
    pub(super) json_schema: JsonSchema<'a>,
}

/// A schema that the answer should satisfy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct JsonSchema<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Whether the server refuses schemas that it cannot enforce in full.
    pub(super) strict: bool,
    /// The schema.
    pub(super) schema: &'a Value,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Response {
    /// Answers; we ask for one.
    pub(super) choices: Option<Vec<Choice>>,
    /// An error, also with status 200.
    pub(super) error: Option<Value>,
    /// The response's id.
    pub(super) id: Option<Value>,
    /// The model that answered.
    pub(super) model: Option<Value>,
    /// The provider behind a router.
    pub(super) provider: Option<Value>,
    /// The server's fingerprint of its configuration.
    pub(super) system_fingerprint: Option<Value>,
    /// Tokens and price.
    pub(super) usage: Option<Value>,
    /// Always `chat.completion`; read so that it is not kept as an unknown field.
    pub(super) object: Option<Value>,
    /// Fields that have no place above.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Choice {
    /// The model's turn.
    pub(super) message: Option<ResponseMessage>,
    /// Why it ended, in the words of the dialect.
    pub(super) finish_reason: Option<Value>,
    /// Why it ended, in the words of the provider behind a router.
    pub(super) native_finish_reason: Option<Value>,
    /// An error of the provider behind a router.
    pub(super) error: Option<Value>,
    /// Always 0; read so that it is not kept as an unknown field.
    pub(super) index: Option<Value>,
    /// Fields that have no place above.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// The model's turn.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ResponseMessage {
    /// Text, a list of parts, or null.
    pub(super) content: Option<Value>,
    /// Calls.
    pub(super) tool_calls: Option<Vec<ResponseToolCall>>,
    /// Always `assistant`; read so that it is not kept as an unknown field.
    pub(super) role: Option<Value>,
    /// Fields that have no place above, reasoning among them because it has several names.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// A call that the model makes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ResponseToolCall {
    /// Its id; some servers send none.
    pub(super) id: Option<Value>,
    /// What is called.
    pub(super) function: ResponseFunctionCall,
}

/// What is called, and with what.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ResponseFunctionCall {
    /// The tool's name.
    pub(super) name: String,
    /// Text, or from some servers an object.
    pub(super) arguments: Option<Value>,
}
