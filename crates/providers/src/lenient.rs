//! Answers read leniently: a field of an unexpected type costs that field, not the answer.
//!
//! Knows no dialect and no field by name.

use serde_json::{Map, Value};
use unbent_core::FinishReason;

/// A finite number that is not negative, or text that holds one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

/// The count at this place; 0 where there is none.
pub(crate) fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).map_or(0, count_of)
}

/// The count that a value is; 0 for what is none.
pub(crate) fn count_of(value: &Value) -> u64 {
    number(value).unwrap_or(0.0) as u64
}

/// Text as it is, anything else as its JSON; null is nothing.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// The same of a field that may be absent.
pub(crate) fn text_of(value: Option<Value>) -> Option<String> {
    text(&value?)
}

/// A null says nothing; servers send many.
pub(crate) fn drop_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
}

/// Null, zero, or an object of nothing but those.
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Object(fields) => Map::values(fields).all(is_blank),
        _ => false,
    }
}

/// Puts the fields of a usage object that were not read among the extra ones, if they say something.
pub(crate) fn keep_unplaced_usage(extra: &mut Map<String, Value>, usage: Value, placed: &[&str]) {
    let Value::Object(mut rest) = usage else { return };
    rest.retain(|name, value| !placed.contains(&name.as_str()) && !is_blank(value));
    if !rest.is_empty() {
        extra.insert("usage".into(), rest.into());
    }
}

/// Puts a provider's word for why it ended among the extra fields, unless it is ours too.
pub(crate) fn keep_native_reason(
    extra: &mut Map<String, Value>,
    finish: &FinishReason,
    native: Option<&str>,
) {
    let ours = match finish {
        FinishReason::Other(text) => text.as_str(),
        FinishReason::Stop => "stop",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Error => "error",
        FinishReason::Unknown => "unknown",
    };
    if let Some(native) = native.filter(|native| !native.is_empty() && *native != ours) {
        extra.insert("native_finish_reason".into(), native.into());
    }
}
