//! Which tools a request offers and whether it answers a call. Does not know what a model does with them.

use serde_json::Value;

use super::{Ask, either, elements, text_at};
use crate::dialect::Dialect;
use crate::scenario::NO_PARAMETERS;

/// A tool that is offered.
#[derive(Clone, Copy)]
pub(crate) struct Tool<'v> {
    pub(crate) name: &'v str,
    pub(crate) parameters: &'v Value,
}

/// The tools that are offered, unless the request forbids their use.
pub(super) fn offered<'v>(ask: &'v Ask<'_>) -> Vec<Tool<'v>> {
    let whole = ask.whole();
    if matches!(choice(ask), Choice::Forbidden) {
        return Vec::new();
    }
    let tools = elements(whole.get("tools"));
    match ask.dialect {
        Dialect::Messages => tools.map(|tool| tool_in(tool, "input_schema")).collect(),
        Dialect::Responses => tools
            .filter(|tool| text_at(tool, "type") == "function")
            .map(|tool| tool_in(tool, "parameters"))
            .collect(),
        Dialect::Gemini => tools
            .flat_map(|tool| elements(either(tool, "functionDeclarations", "function_declarations")))
            .map(|tool| {
                let json = either(tool, "parametersJsonSchema", "parameters_json_schema");
                let parameters = json.or_else(|| tool.get("parameters")).unwrap_or(&NO_PARAMETERS);
                Tool { name: text_at(tool, "name"), parameters }
            })
            .collect(),
        Dialect::Completions | Dialect::OllamaGenerate => Vec::new(),
        Dialect::Chat | Dialect::OpenRouter | Dialect::OllamaChat => {
            tools.filter_map(|tool| tool.get("function")).map(|tool| tool_in(tool, "parameters")).collect()
        }
    }
}

fn tool_in<'v>(tool: &'v Value, parameters: &str) -> Tool<'v> {
    Tool { name: text_at(tool, "name"), parameters: tool.get(parameters).unwrap_or(&NO_PARAMETERS) }
}

/// What a request says about the use of tools.
enum Choice<'v> {
    Free,
    Forbidden,
    /// One must be called.
    Any,
    /// This one must be called.
    Named(&'v str),
}

fn choice<'v>(ask: &'v Ask<'_>) -> Choice<'v> {
    let whole = ask.whole();
    if ask.dialect == Dialect::Gemini {
        let config = either(whole, "toolConfig", "tool_config")
            .and_then(|config| either(config, "functionCallingConfig", "function_calling_config"));
        let allowed =
            config.and_then(|config| either(config, "allowedFunctionNames", "allowed_function_names"));
        return match config.map_or("", |config| text_at(config, "mode")) {
            "NONE" => Choice::Forbidden,
            "ANY" => {
                let first = elements(allowed).next().and_then(Value::as_str);
                first.map_or(Choice::Any, Choice::Named)
            }
            _ => Choice::Free,
        };
    }
    let Some(choice) = whole.get("tool_choice") else { return Choice::Free };
    let word = choice.as_str().unwrap_or_else(|| text_at(choice, "type"));
    let name = choice.get("name").or_else(|| choice.pointer("/function/name")).and_then(Value::as_str);
    match word {
        "none" => Choice::Forbidden,
        "any" | "required" => Choice::Any,
        "tool" | "function" => name.map_or(Choice::Any, Choice::Named),
        _ => Choice::Free,
    }
}

/// The tool that must be called, if one must.
pub(super) fn forced<'v>(ask: &'v Ask<'_>) -> Option<Tool<'v>> {
    let tools = ask.tools();
    match choice(ask) {
        Choice::Any => tools.first().copied(),
        Choice::Named(name) => tools.into_iter().find(|tool| tool.name == name),
        Choice::Free | Choice::Forbidden => None,
    }
}

/// Whether the last that a request says is the result of a tool.
pub(super) fn ends_in_a_result(ask: &Ask<'_>) -> bool {
    let whole = ask.whole();
    let last = |field: &str| elements(whole.get(field)).next_back();
    match ask.dialect {
        Dialect::Chat | Dialect::OpenRouter | Dialect::OllamaChat => {
            last("messages").is_some_and(|message| text_at(message, "role") == "tool")
        }
        Dialect::Responses => {
            last("input").is_some_and(|item| text_at(item, "type") == "function_call_output")
        }
        Dialect::Messages => last("messages").is_some_and(|message| {
            elements(message.get("content")).any(|block| text_at(block, "type") == "tool_result")
        }),
        Dialect::Gemini => last("contents").is_some_and(|content| {
            elements(content.get("parts"))
                .any(|part| either(part, "functionResponse", "function_response").is_some())
        }),
        Dialect::Completions | Dialect::OllamaGenerate => false,
    }
}
