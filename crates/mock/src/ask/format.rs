//! Which form a request wants its answer in. Does not know how an instance is made.

use serde_json::Value;

use super::{Ask, Wanted, either, text_at, tools};
use crate::dialect::Dialect;

/// Reads the form: a tool that must be called comes before a schema, and a schema before any JSON.
pub(super) fn wanted<'v>(ask: &'v Ask<'_>) -> Wanted<'v> {
    if let Some(tool) = tools::forced(ask) {
        return Wanted::Call(tool);
    }
    let whole = ask.whole();
    match ask.dialect {
        Dialect::Chat | Dialect::OpenRouter | Dialect::Completions => {
            whole.get("response_format").map_or(Wanted::Text, |format| named(format, "/json_schema/schema"))
        }
        Dialect::Responses => {
            whole.pointer("/text/format").map_or(Wanted::Text, |format| named(format, "/schema"))
        }
        Dialect::Messages => {
            whole.pointer("/output_config/format").map_or(Wanted::Text, |format| named(format, "/schema"))
        }
        Dialect::Gemini => {
            either(whole, "generationConfig", "generation_config").map_or(Wanted::Text, of_gemini)
        }
        Dialect::OllamaChat | Dialect::OllamaGenerate => match whole.get("format") {
            Some(schema @ Value::Object(_)) => Wanted::Json(schema),
            Some(Value::String(word)) if word == "json" => Wanted::AnyJson,
            _ => Wanted::Text,
        },
    }
}

fn named<'v>(format: &'v Value, schema: &str) -> Wanted<'v> {
    match text_at(format, "type") {
        "json_schema" => format.pointer(schema).map_or(Wanted::AnyJson, Wanted::Json),
        "json_object" => Wanted::AnyJson,
        _ => Wanted::Text,
    }
}

fn of_gemini(config: &Value) -> Wanted<'_> {
    let schema = either(config, "responseJsonSchema", "response_json_schema")
        .or_else(|| either(config, "responseSchema", "response_schema"));
    let mime = either(config, "responseMimeType", "response_mime_type").and_then(Value::as_str);
    match schema {
        Some(schema) => Wanted::Json(schema),
        None if mime == Some("application/json") => Wanted::AnyJson,
        None => Wanted::Text,
    }
}
