//! From an ask to the body of a messages request.
//!
//! Pure: knows no socket and no key. The turns are in [`super::turns`].

use serde_json::{Map, Value, json};
use unbent_core::{Ask, Fault, FaultKind, ToolChoice};

use super::{Anthropic, schema, turns};
use crate::effort::{Effort, Efforts};
use crate::sending::Sending;

/// Tokens of an answer where nobody says how many; the API takes no question without a limit.
const MAX_TOKENS: u32 = 4096;
/// The smallest budget of thinking tokens that the API takes.
const MIN_BUDGET: u32 = 1024;
/// The smallest `top_p` that goes with thinking.
const MIN_TOP_P: f64 = 0.95;

/// How the model is to think.
#[derive(Debug, Default)]
struct Thinking {
    /// The `thinking` field.
    field: Option<Value>,
    /// The effort by name.
    effort: Option<String>,
    /// The budget that `max_tokens` must exceed.
    budget: Option<u32>,
    /// Tokens by which a limit that nobody set is raised.
    room: u32,
    /// Whether it thinks, which the API allows few sampling parameters beside.
    is_on: bool,
}

/// The body, and the parameters that it does not carry as they were asked for.
pub(super) fn request(dialect: &Anthropic, ask: &Ask) -> Result<(Value, Vec<String>), Fault> {
    let sampling = &ask.sampling;
    let mut sending = Sending::new(&dialect.refuses);
    let thinking = thinking(dialect, ask, &mut sending);
    let temperature =
        sending.take_if("temperature", sampling.temperature, |t| !thinking.is_on || (t - 1.0).abs() < 1e-9);
    let top_p = sending.take_if("top_p", sampling.top_p, |p| !thinking.is_on || *p >= MIN_TOP_P);
    let top_k = sending.take_if("top_k", sampling.top_k, |_| !thinking.is_on);
    let stop = sending.take("stop", sampling.stop.as_ref());
    let max_tokens = max_tokens(sending.take("max_tokens", sampling.max_tokens), &thinking, &mut sending);
    for (name, is_asked) in [
        ("repeat_penalty", sampling.repeat_penalty.is_some()),
        ("seed", sampling.seed.is_some()),
        ("logprobs", sampling.logprobs.is_some()),
    ] {
        if is_asked {
            sending.leave_out(name);
        }
    }
    let tool_choice = sending
        .take_if("tool_choice", tool_choice(ask), |_| !thinking.is_on || ask.tool_choice == ToolChoice::None);
    let reply_schema = sending.take("reply_schema", ask.reply_schema.as_ref());

    let (mut system, mut messages) = turns::turns(&ask.messages);
    if dialect.caches {
        turns::mark_for_cache(&mut system, &mut messages);
    }
    if messages.is_empty() {
        let story = "the question holds no text, which this API has no words for";
        return Err(Fault::new(FaultKind::Rejected, story));
    }
    let mut output = Map::new();
    if let Some(effort) = thinking.effort {
        output.insert("effort".into(), effort.into());
    }
    if let Some(reply) = reply_schema {
        let schema = schema::closed(&reply.schema);
        output.insert("format".into(), json!({ "type": "json_schema", "schema": schema }));
    }
    let tools: Vec<_> = ask
        .tools
        .iter()
        .map(|tool| {
            json!({ "name": tool.name, "description": tool.description, "input_schema": tool.parameters })
        })
        .collect();

    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("model", Some(dialect.model.as_str().into()));
    put("max_tokens", Some(max_tokens.into()));
    put("system", system);
    put("messages", Some(messages.into()));
    put("tools", (!tools.is_empty()).then(|| tools.into()));
    put("tool_choice", tool_choice);
    put("temperature", temperature.map(Value::from));
    put("top_p", top_p.map(Value::from));
    put("top_k", top_k.map(Value::from));
    put("stop_sequences", stop.map(|stop| json!(stop)));
    put("thinking", thinking.field);
    put("output_config", (!output.is_empty()).then(|| output.into()));
    put("stream", dialect.streams.then_some(Value::Bool(true)));
    Ok((body.into(), sending.unsent()))
}

/// A choice without tools is an error to the API; nothing can be called then anyway.
fn tool_choice(ask: &Ask) -> Option<Value> {
    match &ask.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => (!ask.tools.is_empty()).then(|| json!({ "type": "none" })),
        ToolChoice::Required => Some(json!({ "type": "any" })),
        ToolChoice::Tool(name) => Some(json!({ "type": "tool", "name": name })),
    }
}

/// An effort by name makes a model think as much as it sees fit, with its thoughts in summary, which some models would
/// keep to themselves otherwise. A number of tokens is a budget, whatever the effort.
fn thinking(dialect: &Anthropic, ask: &Ask, sending: &mut Sending<'_>) -> Thinking {
    let sampling = &ask.sampling;
    let tokens = sending.take("reasoning_tokens", sampling.reasoning_tokens);
    let name = sending.take("reasoning_effort", sampling.reasoning_effort.as_deref());
    let effort = name.map(Effort::of);
    let off = || Thinking { field: Some(json!({ "type": "disabled" })), ..Thinking::default() };
    if effort == Some(Effort::Off) {
        if tokens.is_some_and(|tokens| tokens > 0) {
            sending.leave_out("reasoning_tokens");
        }
        return off();
    }
    let is_named = dialect.efforts == Efforts::Named;
    // The API's own names begin with low.
    let said = |name: &str| if name.eq_ignore_ascii_case("minimal") { "low" } else { name }.to_owned();
    let effort_name = match effort {
        Some(Effort::Of(name)) if is_named => Some(said(name)),
        _ => None,
    };
    let budget = match (tokens, effort) {
        (Some(0), None) => return off(),
        (Some(0), _) => {
            sending.leave_out("reasoning_effort");
            return off();
        }
        (Some(tokens), effort) => {
            if effort.is_some() && !is_named {
                sending.leave_out("reasoning_effort");
            }
            if tokens < MIN_BUDGET {
                sending.leave_out("reasoning_tokens");
            }
            tokens.max(MIN_BUDGET)
        }
        (None, Some(effort)) if is_named => {
            return Thinking {
                field: Some(json!({ "type": "adaptive", "display": "summarized" })),
                effort: effort_name,
                budget: None,
                room: effort.tokens().unwrap_or(0),
                is_on: true,
            };
        }
        (None, Some(effort)) => {
            let Some(tokens) = effort.tokens() else {
                sending.leave_out("reasoning_effort");
                return Thinking::default();
            };
            tokens
        }
        (None, None) => return Thinking::default(),
    };
    Thinking {
        field: Some(json!({ "type": "enabled", "budget_tokens": budget })),
        effort: effort_name,
        budget: Some(budget),
        room: budget,
        is_on: true,
    }
}

/// The limit, which counts the thinking and must exceed its budget: one that does not is taken as that of the answer
/// alone and told as not sent.
fn max_tokens(asked: Option<u32>, thinking: &Thinking, sending: &mut Sending<'_>) -> u32 {
    match (asked, thinking.budget) {
        (None, _) => MAX_TOKENS + thinking.room,
        (Some(limit), Some(budget)) if limit <= budget => {
            sending.leave_out("max_tokens");
            limit.saturating_add(budget)
        }
        (Some(limit), _) => limit,
    }
}
