//! From an ask to the body of a `generateContent` request.
//!
//! Pure: knows no socket and no key. The turns are in [`super::turns`].

use serde_json::{Map, Value, json};
use unbent_core::{Ask, Fault, FaultKind, ToolChoice};

use super::{Gemini, turns};
use crate::effort::{Effort, Efforts};
use crate::sending::Sending;

/// The largest budget that an effort becomes; what the smaller models take at most.
const MAX_BUDGET: u32 = 24_576;

/// The body, and the parameters that it does not carry.
pub(super) fn request(dialect: &Gemini, ask: &Ask) -> Result<(Value, Vec<String>), Fault> {
    let sampling = &ask.sampling;
    let mut sending = Sending::new(&dialect.refuses);
    let temperature = sending.take("temperature", sampling.temperature);
    let top_p = sending.take("top_p", sampling.top_p);
    let top_k = sending.take("top_k", sampling.top_k);
    sending.take_if("repeat_penalty", sampling.repeat_penalty, |_| false);
    let max_tokens = sending.take("max_tokens", sampling.max_tokens);
    let stop = sending.take("stop", sampling.stop.as_ref());
    let seed = sending.take("seed", sampling.seed);
    let logprobs = sending.take("logprobs", sampling.logprobs);
    let thinking = thinking(dialect, ask, &mut sending);
    let reply_schema = sending.take("reply_schema", ask.reply_schema.as_ref());
    let tool_config = sending.take("tool_choice", tool_config(ask));

    let mut generation = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            generation.insert(name.to_owned(), value);
        }
    };
    put("temperature", temperature.map(Value::from));
    put("topP", top_p.map(Value::from));
    put("topK", top_k.map(Value::from));
    put("maxOutputTokens", max_tokens.map(Value::from));
    put("stopSequences", stop.map(|stop| json!(stop)));
    put("seed", seed.map(|seed| seed_of(seed).into()));
    put("responseLogprobs", logprobs.map(|_| Value::Bool(true)));
    put("logprobs", logprobs.filter(|n| *n > 0).map(Value::from));
    put("responseMimeType", reply_schema.map(|_| "application/json".into()));
    put("responseJsonSchema", reply_schema.map(|reply| reply.schema.clone()));
    put("thinkingConfig", thinking);

    let (system, contents) = turns::turns(&ask.messages);
    if contents.is_empty() {
        let story = "the question holds no text, which this API has no words for";
        return Err(Fault::new(FaultKind::Rejected, story));
    }
    let mut body = Map::new();
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({ "parts": system }));
    }
    body.insert("contents".into(), contents.into());
    if !ask.tools.is_empty() {
        let functions: Vec<_> = ask
            .tools
            .iter()
            .map(|tool| {
                json!({
                    "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters
                })
            })
            .collect();
        body.insert("tools".into(), json!([{ "functionDeclarations": functions }]));
    }
    if let Some(config) = tool_config {
        body.insert("toolConfig".into(), json!({ "functionCallingConfig": config }));
    }
    if !generation.is_empty() {
        body.insert("generationConfig".into(), generation.into());
    }
    Ok((body.into(), sending.unsent()))
}

/// The seed in the 31 bits that the API has for it.
fn seed_of(seed: u64) -> u64 {
    seed & 0x7fff_ffff
}

/// A choice without tools is an error to the API; nothing can be called then anyway.
fn tool_config(ask: &Ask) -> Option<Value> {
    match &ask.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => (!ask.tools.is_empty()).then(|| json!({ "mode": "NONE" })),
        ToolChoice::Required => Some(json!({ "mode": "ANY" })),
        ToolChoice::Tool(name) => Some(json!({ "mode": "ANY", "allowedFunctionNames": [name] })),
    }
}

/// A budget or a level, never both, which the API refuses: a number of tokens goes before an effort. A model that is
/// not to think is not asked for its thoughts, which the API refuses too.
fn thinking(dialect: &Gemini, ask: &Ask, sending: &mut Sending<'_>) -> Option<Value> {
    let sampling = &ask.sampling;
    let tokens = sending.take("reasoning_tokens", sampling.reasoning_tokens);
    let effort = sending
        .take_if("reasoning_effort", sampling.reasoning_effort.as_deref(), |_| tokens.is_none())
        .map(Effort::of);
    let budget = |tokens: u32| match tokens {
        0 => json!({ "thinkingBudget": 0 }),
        _ => json!({ "thinkingBudget": tokens, "includeThoughts": true }),
    };
    if let Some(tokens) = tokens {
        return Some(budget(tokens));
    }
    match effort? {
        Effort::Off => Some(budget(0)),
        Effort::Of(name) if dialect.efforts == Efforts::Named => {
            let level = match name.to_ascii_lowercase().as_str() {
                "xhigh" | "max" => "high".to_owned(),
                level => level.to_owned(),
            };
            Some(json!({ "thinkingLevel": level, "includeThoughts": true }))
        }
        effort @ Effort::Of(_) => {
            let tokens = effort.tokens();
            if tokens.is_none() {
                sending.leave_out("reasoning_effort");
            }
            tokens.map(|tokens| budget(tokens.min(MAX_BUDGET)))
        }
    }
}
