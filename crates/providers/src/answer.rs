//! Reading JSON answers leniently: a field of an unexpected type costs that field, not the answer.
//!
//! Knows the stories that dialects tell alike, and no dialect.

use serde_json::{Map, Value};
use unbent_core::{Fault, FaultKind};

use crate::http::describe_error;
use crate::lenient::tell_nothing_said;

/// The object that an answer is; `what` names it in the fault of an answer that is something else.
pub(crate) fn object(body: &str, what: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(body)
        .map_err(|error| Fault::new(FaultKind::Malformed, format!("the answer is not {what} ({error})")))
}

/// The text of a value that is text, or the JSON of one that is neither text nor null.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// A count; 0 for what is none.
pub(crate) fn count(value: &Value) -> u64 {
    value.as_f64().filter(|n| n.is_finite() && *n >= 0.0).unwrap_or(0.0) as u64
}

/// Log-probabilities of tokens in the form that chat completions give them; none where there are none.
pub(crate) fn logprobs(tokens: Vec<Value>) -> Option<Value> {
    let has_any = !tokens.is_empty();
    has_any.then(|| Value::Object(Map::from_iter([("content".to_owned(), Value::Array(tokens))])))
}

/// An error that stands where an answer should.
pub(crate) fn error_inside(error: &Value) -> Fault {
    let story = describe_error(error).unwrap_or_else(|| error.to_string());
    Fault::new(FaultKind::Server, format!("the server answered 200 with an error inside: {story}"))
}

/// An answer of something else than text.
pub(crate) fn picture() -> Fault {
    Fault::new(FaultKind::Rejected, "the answer is an image; only text is read")
}

/// An answer without text and tool calls.
pub(crate) fn nothing_said(has_reasoned: bool, reason: Option<&str>) -> Fault {
    Fault::new(FaultKind::Empty, tell_nothing_said(reason, has_reasoned))
}
