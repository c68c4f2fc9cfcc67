//! OpenAI's Responses API.
//!
//! After <https://platform.openai.com/docs/api-reference/responses> and its streaming events.

use serde_json::{Value, json};

use super::{Event, PIECES};
use crate::reply::{Finish, PIXEL, REFUSAL, Reply, likely_tokens};
use crate::text::{hex, pieces};

/// Writes the answer as one value.
pub(super) fn whole(reply: &Reply) -> Value {
    let output: Vec<Value> = items(reply).into_iter().map(|item| item.done).collect();
    let is_cut = reply.finish == Finish::Length;
    response(reply, if is_cut { "incomplete" } else { "completed" }, &output)
}

/// A response without an answer, as it is told when it fails.
pub(crate) fn failed(reply: &Reply, message: &str) -> Value {
    let mut answer = response(reply, "failed", &[]);
    answer["error"] = json!({"code": "server_error", "message": message});
    answer["usage"] = Value::Null;
    answer
}

fn response(reply: &Reply, status: &str, output: &[Value]) -> Value {
    let is_cut = status == "incomplete";
    let usage = &reply.usage;
    let is_open = status == "in_progress";
    let mut told = json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    });
    if usage.cache_write > 0 {
        told["input_tokens_details"]["cache_write_tokens"] = json!(usage.cache_write);
    }
    if let Some(cost) = usage.cost_usd {
        told["cost"] = json!(cost);
    }
    json!({
        "id": format!("resp_{}", hex(reply.issued.0)),
        "object": "response",
        "created_at": reply.created,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": if is_cut { json!({"reason": "max_output_tokens"}) } else { Value::Null },
        "instructions": null,
        "max_output_tokens": null,
        "model": reply.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "service_tier": "default",
        "store": false,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": if is_open { Value::Null } else { told },
        "metadata": {},
    })
}

/// An item of the output as it opens, what is added to it, and as it is done.
struct Item {
    opened: Value,
    body: Body,
    done: Value,
}

enum Body {
    Reasoning(String),
    Part { part: Value, text: String, logprobs: Value },
    Arguments(String),
    Nothing,
}

fn items(reply: &Reply) -> Vec<Item> {
    let mut items = Vec::new();
    if reply.hollow {
        return items;
    }
    let nonce = hex(reply.issued.0);
    if reply.reasons {
        let thinking = reply.issued.thinking();
        let mut opened = json!({"id": reply.issued.item_id(), "type": "reasoning", "summary": []});
        let mut done = opened.clone();
        done["summary"] = json!([{"type": "summary_text", "text": thinking}]);
        if reply.encrypted {
            opened["encrypted_content"] = json!("");
            done["encrypted_content"] = json!(reply.issued.encrypted());
        }
        items.push(Item { opened, body: Body::Reasoning(thinking), done });
    }
    if reply.image {
        let mut done = json!({"id": format!("ig_{nonce}"), "type": "image_generation_call",
            "status": "in_progress", "result": null});
        let opened = done.clone();
        done["status"] = json!("completed");
        done["result"] = json!(PIXEL);
        items.push(Item { opened, body: Body::Nothing, done });
    } else if reply.calls.is_empty() {
        items.push(message(reply, &nonce));
    }
    for (place, call) in reply.calls.iter().enumerate() {
        let arguments = call.arguments.text();
        let mut done = json!({
            "id": format!("fc_{nonce}_{place}"),
            "type": "function_call",
            "status": "in_progress",
            "arguments": "",
            "call_id": format!("call_{nonce}_{place}"),
            "name": call.name,
        });
        let opened = done.clone();
        done["status"] = json!("completed");
        done["arguments"] = json!(arguments);
        items.push(Item { opened, body: Body::Arguments(arguments), done });
    }
    items
}

fn message(reply: &Reply, nonce: &str) -> Item {
    let is_refused = reply.finish == Finish::Refusal;
    let status = if reply.finish == Finish::Length { "incomplete" } else { "completed" };
    let text = if is_refused { REFUSAL.to_owned() } else { reply.text.clone() };
    let logprobs = if reply.logprobs { logprobs(&text) } else { json!([]) };
    let part = if is_refused {
        json!({"type": "refusal", "refusal": text})
    } else {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs})
    };
    let mut done = json!({"id": format!("msg_{nonce}"), "type": "message", "status": "in_progress",
        "role": "assistant", "content": []});
    let opened = done.clone();
    done["status"] = json!(status);
    done["content"] = json!([part]);
    Item { opened, body: Body::Part { part, text, logprobs }, done }
}

fn logprobs(text: &str) -> Value {
    let entry =
        |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
    likely_tokens(text)
        .map(|likely| {
            let mut told = entry(likely.token, likely.logprob);
            told["top_logprobs"] =
                json!([entry(likely.token, likely.logprob), entry(likely.other, likely.other_logprob)]);
            told
        })
        .collect()
}

/// Writes the answer as events.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = vec![
        Event::named("response.created", json!({"response": response(reply, "in_progress", &[])})),
        Event::named("response.in_progress", json!({"response": response(reply, "in_progress", &[])})),
    ];
    for (at, item) in items(reply).iter().enumerate() {
        events.push(Event::named(
            "response.output_item.added",
            json!({"output_index": at, "item": item.opened}),
        ));
        growth(&mut events, at, item);
        events
            .push(Event::named("response.output_item.done", json!({"output_index": at, "item": item.done})));
    }
    let is_cut = reply.finish == Finish::Length;
    let last = if is_cut { "response.incomplete" } else { "response.completed" };
    events.push(Event::named(last, json!({"response": whole(reply)})));
    numbered(events)
}

/// Numbers events in their order.
pub(crate) fn numbered(mut events: Vec<Event>) -> Vec<Event> {
    for (number, event) in events.iter_mut().enumerate() {
        event.data["sequence_number"] = json!(number);
    }
    events
}

fn growth(events: &mut Vec<Event>, at: usize, item: &Item) {
    let id = &item.done["id"];
    match &item.body {
        Body::Reasoning(thinking) => {
            let part = |text: &str| json!({"type": "summary_text", "text": text});
            let place = json!({"item_id": id, "output_index": at, "summary_index": 0});
            let mut say = |name, more| events.push(Event::named(name, with(&place, more)));
            say("response.reasoning_summary_part.added", json!({"part": part("")}));
            for piece in pieces(thinking, 2) {
                say("response.reasoning_summary_text.delta", json!({"delta": piece}));
            }
            say("response.reasoning_summary_text.done", json!({"text": thinking}));
            say("response.reasoning_summary_part.done", json!({"part": part(thinking)}));
        }
        Body::Part { part, text, logprobs } => {
            let place = json!({"item_id": id, "output_index": at, "content_index": 0});
            let mut say = |name, more| events.push(Event::named(name, with(&place, more)));
            let is_refused = part["type"] == "refusal";
            let opened = if is_refused {
                json!({"type": "refusal", "refusal": ""})
            } else {
                json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []})
            };
            say("response.content_part.added", json!({"part": opened}));
            for piece in pieces(text, PIECES) {
                if is_refused {
                    say("response.refusal.delta", json!({"delta": piece}));
                } else {
                    say("response.output_text.delta", json!({"delta": piece, "logprobs": []}));
                }
            }
            if is_refused {
                say("response.refusal.done", json!({"refusal": text}));
            } else {
                say("response.output_text.done", json!({"text": text, "logprobs": logprobs}));
            }
            say("response.content_part.done", json!({"part": part}));
        }
        Body::Arguments(arguments) => {
            let place = json!({"item_id": id, "output_index": at});
            for piece in pieces(arguments, 2) {
                let more = with(&place, json!({"delta": piece}));
                events.push(Event::named("response.function_call_arguments.delta", more));
            }
            let more = with(&place, json!({"arguments": arguments, "name": item.done["name"]}));
            events.push(Event::named("response.function_call_arguments.done", more));
        }
        Body::Nothing => {}
    }
}

/// The fields of both objects.
fn with(place: &Value, more: Value) -> Value {
    let mut both = place.clone();
    if let (Some(fields), Value::Object(more)) = (both.as_object_mut(), more) {
        fields.extend(more);
    }
    both
}
