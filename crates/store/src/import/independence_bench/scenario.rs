//! Scenario files: what a model was asked, what it answered, and how that was graded.

use serde::Deserialize;
use serde_json::{Map, Value};
use unbent_core::{
    Ask, AssistantMessage, Cost, CostSource, FinishReason, Message, ModelRole, Outcome, Reply, Sampling,
    Score, Scores, Served, ToolCall, UnscoredReason, Usage,
};

use super::layout::Item;

/// A scenario file, as far as it is taken over.
#[derive(Debug, Deserialize)]
pub(super) struct ScenarioFile {
    metadata: Metadata,
    response: String,
    #[serde(default)]
    finish_reason: Option<String>,
    gen_cost: CallCost,
    #[serde(default)]
    judge_scores: Option<Map<String, Value>>,
    #[serde(default)]
    judge_cost: Option<CallCost>,
    request_messages: Vec<FileMessage>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    content_thinking: Option<String>,
    #[serde(default)]
    response_tool_calls: Option<Vec<FileToolCall>>,
    #[serde(default)]
    judge_raw_response: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    model: Option<String>,
    timestamp: String,
}

#[derive(Debug, Default, Deserialize)]
struct CallCost {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    cost_usd: Option<f64>,
    #[serde(default)]
    elapsed_seconds: Option<f64>,
    #[serde(default)]
    judge_model: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct FileMessage {
    role: String,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<FileToolCall>>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FileToolCall {
    id: String,
    function: FileFunction,
}

#[derive(Debug, Deserialize)]
struct FileFunction {
    name: String,
    arguments: String,
}

/// A scenario file in our words.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) at_ms: i64,
    pub(super) ask: Ask,
    pub(super) reply: Reply,
    /// The judge's answer, where there is one.
    pub(super) judged: Option<Reply>,
    /// How the trial ended, where a grade stands.
    pub(super) outcome: Option<Outcome>,
}

impl Scenario {
    /// Reads a file. `item` is the item that it belongs to if its grade stands in this file.
    pub(super) fn parse(
        bytes: &[u8],
        settings: &Sampling,
        provider: Option<&str>,
        item: Option<&Item>,
    ) -> Result<Self, String> {
        let file: ScenarioFile = super::parse_json(bytes)?;
        let at_ms = super::parse_time(&file.metadata.timestamp)
            .ok_or_else(|| format!("{:?} is not a time", file.metadata.timestamp))?;
        let messages = file.request_messages.into_iter().map(message).collect::<Result<Vec<_>, _>>()?;
        let ask = Ask {
            role: ModelRole::Subject,
            messages,
            tools: Vec::new(),
            tool_choice: unbent_core::ToolChoice::Auto,
            reply_schema: None,
            sampling: settings.clone(),
        };
        let scores = file.judge_scores.filter(|scores| !scores.is_empty());
        let judged = item.and_then(|_| {
            judge_reply(file.judge_raw_response, scores.as_ref(), file.judge_cost.unwrap_or_default())
        });
        let outcome = item.zip(scores).map(|(item, scores)| outcome(item, scores));
        let (calls, said) = (file.response_tool_calls.unwrap_or_default(), file.response);
        let message = AssistantMessage {
            content: match file.content_thinking {
                Some(thought) => Some(thought),
                None => calls.is_empty().then(|| said.clone()),
            },
            tool_calls: calls.into_iter().map(tool_call).collect(),
            reasoning: file.reasoning_content,
            extra: Map::new(),
        };
        let is_derivable = is_said_by(&message, &said);
        let mut reply = reply(message, file.gen_cost);
        reply.finish = finish(file.finish_reason.as_deref());
        reply.served.model = file.metadata.model;
        reply.served.provider = provider.map(str::to_owned);
        if !is_derivable {
            reply.extra.insert("response".to_owned(), Value::String(said));
        }
        Ok(Self { at_ms, ask, reply, judged, outcome })
    }
}

/// Whether the text that the reference took from a turn is the one that stands in it: the message of the first tool
/// call or, without one, the content.
fn is_said_by(message: &AssistantMessage, said: &str) -> bool {
    #[derive(Deserialize)]
    struct Arguments {
        message: String,
    }
    match message.tool_calls.first() {
        Some(call) => {
            call.name == "send_message_to_human"
                && serde_json::from_str::<Arguments>(&call.arguments)
                    .is_ok_and(|arguments| arguments.message == said)
        }
        None => message.content.as_deref() == Some(said),
    }
}

fn message(message: FileMessage) -> Result<Message, String> {
    let text = message.content.clone().unwrap_or_default();
    Ok(match message.role.as_str() {
        "system" => Message::System { content: text },
        "user" => Message::User { content: text },
        "assistant" => Message::Assistant(AssistantMessage {
            content: message.content,
            tool_calls: message.tool_calls.unwrap_or_default().into_iter().map(tool_call).collect(),
            ..AssistantMessage::default()
        }),
        "tool" => Message::Tool {
            tool_call_id: message.tool_call_id.ok_or("a tool message names no tool call")?,
            content: text,
        },
        other => return Err(format!("{other:?} is not the role of a message")),
    })
}

fn tool_call(call: FileToolCall) -> ToolCall {
    ToolCall { id: call.id, name: call.function.name, arguments: call.function.arguments }
}

fn finish(reason: Option<&str>) -> FinishReason {
    match reason {
        None => FinishReason::Unknown,
        Some("stop") => FinishReason::Stop,
        Some("tool_calls") => FinishReason::ToolCalls,
        Some("length") => FinishReason::Length,
        Some("content_filter") => FinishReason::ContentFilter,
        Some("error") => FinishReason::Error,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}

fn reply(message: AssistantMessage, cost: CallCost) -> Reply {
    Reply {
        unsent: Vec::new(),
        message,
        finish: FinishReason::Unknown,
        usage: Usage {
            input: cost.prompt_tokens.unwrap_or(0),
            output: cost.completion_tokens.unwrap_or(0),
            ..Usage::default()
        },
        cost: cost.cost_usd.map(|usd| Cost { usd, source: CostSource::Imported }),
        latency_ms: cost.elapsed_seconds.map(|seconds| (seconds * 1000.0).round().max(0.0) as u64),
        served: Served { model: cost.judge_model, ..Served::default() },
        extra: cost.other,
    }
}

fn judge_reply(raw: Option<String>, scores: Option<&Map<String, Value>>, cost: CallCost) -> Option<Reply> {
    let is_reconstructed = raw.is_none();
    let text = match raw {
        Some(raw) => raw,
        None => serde_json::to_string(scores?).expect("a map with text keys is JSON"),
    };
    let mut reply = reply(AssistantMessage::text(text), cost);
    if is_reconstructed {
        reply.extra.insert("reconstructed".to_owned(), Value::Bool(true));
    }
    Some(reply)
}

fn outcome(item: &Item, mut grades: Map<String, Value>) -> Outcome {
    let scores: Scores = item
        .scores
        .iter()
        .filter_map(|name| {
            let score = match grades.get(*name)? {
                Value::Bool(flag) => Score::Flag(*flag),
                Value::Number(number) => Score::Number(number.as_f64()?),
                _ => return None,
            };
            Some(((*name).to_owned(), score))
        })
        .collect();
    if scores.0.is_empty() {
        return Outcome::unscored(
            UnscoredReason::JudgeUnreadable,
            "the recorded grade has none of the scores that the judge was asked for",
        );
    }
    let note = match grades.remove("reasoning") {
        Some(Value::String(reasoning)) => Some(reasoning),
        _ => None,
    };
    Outcome::Scored { scores, note }
}
