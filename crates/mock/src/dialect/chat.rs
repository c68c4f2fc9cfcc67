//! OpenAI's chat completions, plain and as OpenRouter writes them.
//!
//! After <https://platform.openai.com/docs/api-reference/chat> and <https://openrouter.ai/docs/api-reference>.

use serde_json::{Value, json};

use super::{Dialect, Event, PIECES};
use crate::reply::{Finish, PIXEL, REFUSAL, Reply, Usage, likely_tokens};
use crate::text::{hex, pieces};

/// Writes a plain text without a tree of values in between: the answer that the benchmark asks for.
///
/// The text and the name must need no escape in JSON.
pub(crate) fn plain(reply: &Reply) -> String {
    let (input, output) = (reply.usage.input, reply.usage.output);
    let (id, created, model, text) = (hex(reply.issued.0), reply.created, &reply.model, &reply.text);
    let total = input + output;
    format!(
        r#"{{"id":"chatcmpl-{id}","object":"chat.completion","created":{created},"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":{output},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},"service_tier":"default","system_fingerprint":"fp_mock"}}"#
    )
}

/// Writes the answer as one value.
pub(super) fn whole(dialect: Dialect, reply: &Reply) -> Value {
    let mut answer = json!({
        "id": id(dialect, reply),
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": if reply.hollow { json!([]) } else { json!([choice(dialect, reply)]) },
        "usage": usage(dialect, &reply.usage),
        "service_tier": "default",
        "system_fingerprint": "fp_mock",
    });
    if let Some(provider) = &reply.provider {
        answer["provider"] = json!(provider);
    }
    answer
}

fn id(dialect: Dialect, reply: &Reply) -> String {
    let prefix = if dialect == Dialect::OpenRouter { "gen" } else { "chatcmpl" };
    format!("{prefix}-{}", hex(reply.issued.0))
}

fn choice(dialect: Dialect, reply: &Reply) -> Value {
    let is_refused = reply.finish == Finish::Refusal;
    let says_nothing = !reply.calls.is_empty() || is_refused;
    let content = if says_nothing { Value::Null } else { json!(reply.text) };
    let refusal = if is_refused { json!(REFUSAL) } else { Value::Null };
    let mut message = json!({"role": "assistant", "content": content, "refusal": refusal});
    if !reply.calls.is_empty() {
        message["tool_calls"] = (0..reply.calls.len()).map(|place| call(reply, place)).collect();
    }
    if reply.image {
        message["images"] = images();
    }
    if reply.reasons {
        reasoning(dialect, reply, &mut message);
    }
    let mut choice = json!({
        "index": 0,
        "message": message,
        "logprobs": if reply.logprobs { logprobs(&reply.text) } else { Value::Null },
        "finish_reason": finish_reason(dialect, reply.finish),
    });
    if dialect == Dialect::OpenRouter {
        choice["native_finish_reason"] = choice["finish_reason"].clone();
    }
    choice
}

fn images() -> Value {
    json!([{"type": "image_url", "index": 0, "image_url": {"url": format!("data:image/png;base64,{PIXEL}")}}])
}

fn reasoning(dialect: Dialect, reply: &Reply, message: &mut Value) {
    if dialect == Dialect::OpenRouter {
        message["reasoning"] = json!(reply.issued.thinking());
        message["reasoning_details"] = reply.issued.details();
    } else {
        message["reasoning_content"] = json!(reply.issued.thinking());
    }
}

fn call_id(reply: &Reply, place: usize) -> String {
    format!("call_{}_{place}", hex(reply.issued.0))
}

fn call(reply: &Reply, place: usize) -> Value {
    let call = &reply.calls[place];
    json!({
        "id": call_id(reply, place),
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.text()},
    })
}

fn finish_reason(dialect: Dialect, finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::Tools => "tool_calls",
        // A router tells of the filter; the model itself stops and says so in `refusal`.
        Finish::Refusal if dialect == Dialect::OpenRouter => "content_filter",
        Finish::Stop | Finish::Refusal => "stop",
    }
}

/// The usage of chat completions.
pub(super) fn usage(dialect: Dialect, usage: &Usage) -> Value {
    let mut told = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    });
    if dialect == Dialect::OpenRouter {
        told["prompt_tokens_details"]["cache_write_tokens"] = json!(usage.cache_write);
    }
    if let Some(cost) = usage.cost_usd {
        told["cost"] = json!(cost);
        told["is_byok"] = json!(false);
        told["cost_details"] = json!({"upstream_inference_cost": null});
    }
    told
}

/// The likelihoods of chat completions.
fn logprobs(text: &str) -> Value {
    let entry =
        |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
    let content: Vec<Value> = likely_tokens(text)
        .map(|likely| {
            let mut told = entry(likely.token, likely.logprob);
            told["top_logprobs"] =
                json!([entry(likely.token, likely.logprob), entry(likely.other, likely.other_logprob)]);
            told
        })
        .collect();
    json!({"content": content, "refusal": null})
}

/// Writes the answer as events; `[DONE]` is not one of them.
pub(super) fn events(dialect: Dialect, reply: &Reply, includes_usage: bool) -> Vec<Event> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": id(dialect, reply),
            "object": "chat.completion.chunk",
            "created": reply.created,
            "model": reply.model,
            "service_tier": "default",
            "system_fingerprint": "fp_mock",
            "choices": choices,
        });
        if let Some(provider) = &reply.provider {
            chunk["provider"] = json!(provider);
        }
        // Every chunk tells that the usage comes in the last one.
        if includes_usage {
            chunk["usage"] = Value::Null;
        }
        Event::plain(chunk)
    };
    let part = |delta: Value, logprobs: Value, finish: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]))
    };
    let delta = |delta: Value| part(delta, Value::Null, None);
    let mut events = Vec::new();
    if reply.hollow {
        events.push(chunk(json!([])));
    } else {
        events.push(delta(json!({"role": "assistant", "content": ""})));
        if reply.reasons {
            let mut thought = json!({});
            reasoning(dialect, reply, &mut thought);
            events.push(delta(thought));
        }
        if reply.image {
            events.push(delta(json!({"images": images()})));
        }
        if reply.finish == Finish::Refusal {
            events.push(delta(json!({"refusal": REFUSAL})));
        }
        for piece in pieces(&reply.text, PIECES) {
            let likely = if reply.logprobs { logprobs(piece) } else { Value::Null };
            events.push(part(json!({"content": piece}), likely, None));
        }
        for (place, call) in reply.calls.iter().enumerate() {
            let opened = json!({"name": call.name, "arguments": ""});
            events.push(delta(json!({"tool_calls": [
                {"index": place, "id": call_id(reply, place), "type": "function", "function": opened}]})));
            for piece in pieces(&call.arguments.text(), 2) {
                let more = json!({"index": place, "function": {"arguments": piece}});
                events.push(delta(json!({"tool_calls": [more]})));
            }
        }
        events.push(part(json!({}), Value::Null, Some(finish_reason(dialect, reply.finish))));
    }
    if includes_usage {
        let mut last = chunk(json!([]));
        last.data["usage"] = usage(dialect, &reply.usage);
        events.push(last);
    }
    events
}
