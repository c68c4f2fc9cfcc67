//! Ollama's chat and generate.
//!
//! After <https://github.com/ollama/ollama/blob/main/docs/api.md>.

use serde_json::{Value, json};

use super::{Dialect, Event, PIECES};
use crate::reply::{Finish, REFUSAL, Reply, likely_tokens};
use crate::text::pieces;

/// Writes the answer as one value.
pub(super) fn whole(dialect: Dialect, reply: &Reply) -> Value {
    let mut answer = step(reply);
    if !reply.hollow {
        let thinking = reply.reasons.then(|| reply.issued.thinking());
        say(&mut answer, dialect, reply, &said(reply), thinking.as_deref(), true);
    }
    end(&mut answer, reply);
    answer
}

/// Nothing here marks a refusal: the model says it.
fn said(reply: &Reply) -> String {
    if reply.finish == Finish::Refusal { REFUSAL.to_owned() } else { reply.text.clone() }
}

fn step(reply: &Reply) -> Value {
    let created = jiff::Timestamp::from_second(reply.created).unwrap_or_default().to_string();
    json!({"model": reply.model, "created_at": created})
}

fn say(
    step: &mut Value,
    dialect: Dialect,
    reply: &Reply,
    text: &str,
    thinking: Option<&str>,
    has_calls: bool,
) {
    if dialect == Dialect::OllamaGenerate {
        step["response"] = json!(text);
        if let Some(thinking) = thinking {
            step["thinking"] = json!(thinking);
        }
    } else {
        let mut message = json!({"role": "assistant", "content": text});
        if let Some(thinking) = thinking {
            message["thinking"] = json!(thinking);
        }
        if has_calls && !reply.calls.is_empty() {
            let call = |call: &crate::reply::Call| json!({"function": {"name": call.name, "arguments": call.arguments.value()}});
            message["tool_calls"] = reply.calls.iter().map(call).collect();
        }
        step["message"] = message;
    }
    step["done"] = json!(false);
    if reply.logprobs {
        let entry = |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
        step["logprobs"] = likely_tokens(text)
            .map(|likely| {
                let mut told = entry(likely.token, likely.logprob);
                told["top_logprobs"] =
                    json!([entry(likely.token, likely.logprob), entry(likely.other, likely.other_logprob)]);
                told
            })
            .collect();
    }
}

/// Durations are in nanoseconds.
fn end(step: &mut Value, reply: &Reply) {
    let length = reply.finish == Finish::Length;
    step["done"] = json!(true);
    step["done_reason"] = json!(if length { "length" } else { "stop" });
    step["total_duration"] = json!(5_000_000);
    step["load_duration"] = json!(1_000_000);
    step["prompt_eval_count"] = json!(reply.usage.input);
    step["prompt_eval_duration"] = json!(1_000_000);
    step["eval_count"] = json!(reply.usage.output);
    step["eval_duration"] = json!(3_000_000);
}

/// Writes the answer as lines; the last of them is done.
pub(super) fn events(dialect: Dialect, reply: &Reply) -> Vec<Event> {
    let mut events = Vec::new();
    let mut push = |text: &str, thinking: Option<&str>, has_calls: bool| {
        let mut line = step(reply);
        say(&mut line, dialect, reply, text, thinking, has_calls);
        events.push(Event::plain(line));
    };
    if !reply.hollow {
        if reply.reasons {
            push("", Some(&reply.issued.thinking()), false);
        }
        for piece in pieces(&said(reply), PIECES) {
            push(piece, None, false);
        }
        if !reply.calls.is_empty() {
            push("", None, true);
        }
    }
    let mut last = step(reply);
    if !reply.hollow {
        say(&mut last, dialect, reply, "", None, false);
    }
    end(&mut last, reply);
    events.push(Event::plain(last));
    events
}
