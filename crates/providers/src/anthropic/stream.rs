//! Puts the events of a streamed message together to the body of an unstreamed one.

use serde_json::{Map, Value, json};
use unbent_core::{Fault, FaultKind, Wasted};

use super::error_inside;
use super::reply::usage_of;
use crate::http::{Failure, sse_events};
use crate::lenient::number;

/// A message as far as its events have come.
#[derive(Debug, Default)]
struct Message {
    fields: Map<String, Value>,
    usage: Map<String, Value>,
    blocks: Vec<Block>,
}

/// A content block as far as its events have come.
#[derive(Debug)]
struct Block {
    index: Option<u64>,
    fields: Value,
    /// The arguments of a call as the model wrote them.
    arguments: String,
}

/// The body that these events are the pieces of.
///
/// # Errors
///
/// `Cut` without the last event, `Malformed` for an event that is not JSON, and whatever an error among the events says.
pub(super) fn assemble(stream: &str) -> Result<String, Failure> {
    let mut message = Message::default();
    let mut broken = None;
    for event in sse_events(stream) {
        let data: Value = match serde_json::from_str(&event.data) {
            Ok(data) => data,
            // What the answer used is told in a later event.
            Err(error) => {
                broken.get_or_insert_with(|| format!("an event of the stream is not JSON ({error})"));
                continue;
            }
        };
        match data["type"].as_str().unwrap_or(&event.name) {
            "message_start" => message.start(&data["message"]),
            "content_block_start" => message.blocks.push(Block {
                index: data["index"].as_u64(),
                fields: data["content_block"].clone(),
                arguments: String::new(),
            }),
            "content_block_delta" => message.take(&data),
            "message_delta" => {
                if let Value::Object(delta) = &data["delta"] {
                    message.fields.extend(delta.clone());
                }
                message.count(&data["usage"]);
            }
            "message_stop" => {
                return match broken {
                    Some(story) => Err(message.failure(Fault::new(FaultKind::Malformed, story))),
                    None => Ok(message.whole()),
                };
            }
            "error" => {
                let fault = error_inside(&data["error"], "the stream broke off with an error");
                return Err(message.failure(fault));
            }
            _ => {}
        }
    }
    Err(message.failure(match broken {
        Some(story) => Fault::new(FaultKind::Malformed, story),
        None => Fault::new(FaultKind::Cut, "the stream ended without its last event"),
    }))
}

impl Message {
    fn start(&mut self, message: &Value) {
        if let Value::Object(fields) = message {
            self.fields.extend(fields.clone());
            self.count(&message["usage"]);
        }
    }

    /// Later counts are of the whole message, so the larger holds; some servers send zeros for what they said before.
    fn count(&mut self, usage: &Value) {
        for (name, value) in usage.as_object().into_iter().flatten() {
            let is_less = match (self.usage.get(name).and_then(number), number(value)) {
                (Some(before), Some(now)) => now < before,
                _ => false,
            };
            if !value.is_null() && !is_less {
                self.usage.insert(name.clone(), value.clone());
            }
        }
    }

    fn take(&mut self, event: &Value) {
        let index = event["index"].as_u64();
        let Some(block) = self.blocks.iter_mut().rfind(|block| block.index == index) else { return };
        let delta = &event["delta"];
        match delta["type"].as_str() {
            Some("text_delta") => append(&mut block.fields, "text", &delta["text"]),
            Some("thinking_delta") => append(&mut block.fields, "thinking", &delta["thinking"]),
            Some("signature_delta") => append(&mut block.fields, "signature", &delta["signature"]),
            Some("input_json_delta") => {
                block.arguments.push_str(delta["partial_json"].as_str().unwrap_or_default());
            }
            Some("citations_delta") => {
                if let Value::Object(fields) = &mut block.fields {
                    let citations = fields.entry("citations").or_insert(Value::Null);
                    match citations {
                        Value::Array(citations) => citations.push(delta["citation"].clone()),
                        _ => *citations = json!([delta["citation"]]),
                    }
                }
            }
            _ => {}
        }
    }

    fn whole(self) -> String {
        let mut body = self.fields;
        let blocks: Vec<_> = self.blocks.into_iter().map(Block::whole).collect();
        body.insert("content".into(), blocks.into());
        if !self.usage.is_empty() {
            body.insert("usage".into(), self.usage.into());
        }
        Value::Object(body).to_string()
    }

    fn failure(&self, fault: Fault) -> Failure {
        let usage = usage_of(&Value::Object(self.usage.clone()));
        Failure { fault, wasted: Wasted { usage, cost: None } }
    }
}

impl Block {
    /// Arguments that are no JSON object stay the text that they are.
    fn whole(mut self) -> Value {
        if !self.arguments.trim().is_empty() && self.fields.is_object() {
            self.fields["input"] = match serde_json::from_str(&self.arguments) {
                Ok(object @ Value::Object(_)) => object,
                _ => self.arguments.into(),
            };
        }
        self.fields
    }
}

fn append(block: &mut Value, field: &str, more: &Value) {
    let Some(more) = more.as_str().filter(|_| block.is_object()) else { return };
    let text = block[field].as_str().unwrap_or_default();
    block[field] = format!("{text}{more}").into();
}
