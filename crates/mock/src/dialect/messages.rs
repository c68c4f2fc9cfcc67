//! Anthropic's Messages API.
//!
//! After <https://docs.anthropic.com/en/api/messages> and its streaming events.

use serde_json::{Value, json};

use super::{Event, PIECES};
use crate::reply::{Finish, Reply, Usage};
use crate::text::{hex, pieces};

/// Writes the answer as one value.
pub(super) fn whole(reply: &Reply) -> Value {
    message(reply, &blocks(reply), Some(stop_reason(reply.finish)), reply.usage.output)
}

fn message(reply: &Reply, content: &[Value], stop: Option<&str>, output: u64) -> Value {
    json!({
        "id": format!("msg_{}", hex(reply.issued.0)),
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": usage(&reply.usage, output),
    })
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Tools => "tool_use",
        Finish::Refusal => "refusal",
    }
}

/// Here what a cache gave or took is not part of the input.
fn usage(usage: &Usage, output: u64) -> Value {
    let mut told = json!({
        "input_tokens": usage.input - usage.cache_read - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    });
    if let Some(cost) = usage.cost_usd {
        told["cost"] = json!(cost);
    }
    told
}

fn blocks(reply: &Reply) -> Vec<Value> {
    let mut blocks = Vec::new();
    if reply.hollow {
        return blocks;
    }
    if reply.reasons {
        blocks.extend(reply.issued.message_blocks());
    }
    if reply.calls.is_empty() && reply.finish != Finish::Refusal {
        blocks.push(json!({"type": "text", "text": reply.text}));
    }
    for (place, call) in reply.calls.iter().enumerate() {
        let id = format!("toolu_{}_{place}", hex(reply.issued.0));
        blocks
            .push(json!({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments.value()}));
    }
    blocks
}

/// Writes the answer as events.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = vec![Event::named(
        "message_start",
        json!({"message": message(reply, &[], None, reply.usage.output.min(1))}),
    )];
    let arguments = reply.calls.iter().map(|call| call.arguments.text());
    let mut arguments = arguments.collect::<Vec<_>>().into_iter();
    for (index, block) in blocks(reply).into_iter().enumerate() {
        let (opened, deltas) = opened(block, arguments.by_ref());
        events.push(Event::named("content_block_start", json!({"index": index, "content_block": opened})));
        if index == 0 {
            events.push(Event::named("ping", json!({})));
        }
        for delta in deltas {
            events.push(Event::named("content_block_delta", json!({"index": index, "delta": delta})));
        }
        events.push(Event::named("content_block_stop", json!({"index": index})));
    }
    let delta = json!({"stop_reason": stop_reason(reply.finish), "stop_sequence": null});
    let usage = usage(&reply.usage, reply.usage.output);
    events.push(Event::named("message_delta", json!({"delta": delta, "usage": usage})));
    events.push(Event::named("message_stop", json!({})));
    events
}

/// A block as it opens, and what is added to it.
fn opened(mut block: Value, arguments: &mut impl Iterator<Item = String>) -> (Value, Vec<Value>) {
    let deltas = |text: &str, most: usize, kind: &str, field: &str| -> Vec<Value> {
        pieces(text, most).into_iter().map(|piece| json!({"type": kind, field: piece})).collect()
    };
    let kind = block["type"].as_str().unwrap_or_default().to_owned();
    let text = |block: &Value, field: &str| block[field].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "thinking" => {
            let mut said = deltas(&text(&block, "thinking"), 2, "thinking_delta", "thinking");
            said.push(json!({"type": "signature_delta", "signature": block["signature"]}));
            block["thinking"] = json!("");
            block["signature"] = json!("");
            (block, said)
        }
        "text" => {
            let said = deltas(&text(&block, "text"), PIECES, "text_delta", "text");
            block["text"] = json!("");
            (block, said)
        }
        "tool_use" => {
            let json = arguments.next().unwrap_or_default();
            let said = deltas(&json, 2, "input_json_delta", "partial_json");
            block["input"] = json!({});
            (block, said)
        }
        // What is redacted comes at once.
        _ => (block, Vec::new()),
    }
}
