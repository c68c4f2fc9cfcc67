//! The stories that dialects tell alike of an answer that is none. Knows no dialect.

use serde_json::{Map, Value};
use unbent_core::{Fault, FaultKind};

use crate::http::describe_error;

/// The object that an answer is; `what` names it in the fault of an answer that is something else.
pub(crate) fn object(body: &str, what: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(body)
        .map_err(|error| Fault::new(FaultKind::Malformed, format!("the answer is not {what} ({error})")))
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
    let reason = reason.map_or_else(String::new, |text| format!(" (finish reason {text})"));
    let hint = if has_reasoned { "; the model only reasoned, so more max_tokens may help" } else { "" };
    Fault::new(FaultKind::Empty, format!("the answer holds neither text nor a tool call{reason}{hint}"))
}
