//! Finds the finished `response` object in a stream, whose other events are only its pieces.

use serde_json::Value;
use unbent_core::{Fault, FaultKind};

use super::reply::fault_of;
use crate::http::{Failure, is_error, sse_events};

/// The body that the API would have sent without streaming.
///
/// # Errors
///
/// `Cut` for a stream that does not come to its end, what an error event says, and `Malformed` for data that is not
/// JSON.
pub(super) fn assemble(stream: &str) -> Result<String, Failure> {
    for event in sse_events(stream) {
        if event.data == "[DONE]" {
            break;
        }
        let data: Value = serde_json::from_str(&event.data).map_err(|error| {
            Fault::new(FaultKind::Malformed, format!("an event of the stream is not JSON ({error})"))
        })?;
        match data["type"].as_str().unwrap_or(&event.name) {
            "response.completed" | "response.incomplete" | "response.failed"
                if data["response"].is_object() =>
            {
                return Ok(data["response"].to_string());
            }
            "error" => {
                let error = if is_error(&data["error"]) { &data["error"] } else { &data };
                return Err(fault_of(error).into());
            }
            _ => {}
        }
    }
    Err(Fault::new(FaultKind::Cut, "the stream ended before the response was complete").into())
}
