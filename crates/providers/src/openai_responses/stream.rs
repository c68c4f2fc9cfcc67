//! Finds the finished `response` object in a stream, whose other events are only its pieces.

use serde_json::Value;
use unbent_core::{Fault, FaultKind};

use super::reply::{fault_of, wasted_in};
use crate::http::{Failure, is_error, sse_events};

/// The body that the API would have sent without streaming.
///
/// # Errors
///
/// `Cut` for a stream that does not come to its end, what an error event says, and `Malformed` for data that is not
/// JSON.
pub(super) fn assemble(stream: &str) -> Result<String, Failure> {
    let mut broken = None;
    for event in sse_events(stream) {
        if event.data == "[DONE]" {
            break;
        }
        let data: Value = match serde_json::from_str(&event.data) {
            Ok(data) => data,
            // The last event tells what the answer used.
            Err(error) => {
                broken.get_or_insert_with(|| format!("an event of the stream is not JSON ({error})"));
                continue;
            }
        };
        match data["type"].as_str().unwrap_or(&event.name) {
            "response.completed" | "response.incomplete" | "response.failed"
                if data["response"].is_object() =>
            {
                return match broken {
                    Some(story) => Err(Failure {
                        fault: Fault::new(FaultKind::Malformed, story),
                        wasted: wasted_in(&data["response"]),
                    }),
                    None => Ok(data["response"].to_string()),
                };
            }
            "error" => {
                let error = if is_error(&data["error"]) { &data["error"] } else { &data };
                return Err(fault_of(error).into());
            }
            _ => {}
        }
    }
    Err(match broken {
        Some(story) => Fault::new(FaultKind::Malformed, story),
        None => Fault::new(FaultKind::Cut, "the stream ended before the response was complete"),
    }
    .into())
}
