//! Whether what a reasoning model signed or encrypted comes back as it was given out.
//!
//! Only the turns since the last word of the user are looked at, as the APIs do: earlier reasoning may be left out.
//! What is there is checked in any case. Knows where each API wants it; chat completions and Ollama want nothing back.

use serde_json::Value;

use super::{Ask, Invalid, either, elements, text_at};
use crate::dialect::Dialect;
use crate::issued::Issued;

pub(super) fn check(ask: &Ask<'_>) -> Result<(), Invalid> {
    let whole = ask.whole();
    match ask.dialect {
        Dialect::Messages => messages(whole),
        Dialect::Responses => responses(whole),
        Dialect::Gemini => gemini(whole),
        Dialect::OpenRouter => openrouter(whole),
        Dialect::Chat | Dialect::Completions | Dialect::OllamaChat | Dialect::OllamaGenerate => Ok(()),
    }
}

/// Where the turns after the user's last word begin.
fn since_the_user(turns: &[Value], is_word_of_user: impl Fn(&Value) -> bool) -> usize {
    turns.iter().rposition(is_word_of_user).map_or(0, |place| place + 1)
}

fn list<'v>(whole: &'v Value, name: &str) -> &'v [Value] {
    whole.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn messages(whole: &Value) -> Result<(), Invalid> {
    let turns = list(whole, "messages");
    let since = since_the_user(turns, |turn| {
        let is_result = |block: &Value| text_at(block, "type") == "tool_result";
        text_at(turn, "role") == "user" && !elements(turn.get("content")).any(is_result)
    });
    for (place, turn) in turns.iter().enumerate().filter(|(_, turn)| text_at(turn, "role") == "assistant") {
        let blocks = list(turn, "content");
        for (at, block) in blocks.iter().enumerate() {
            message_block(block, &format!("messages.{place}.content.{at}"))?;
        }
        let call = blocks.iter().find(|block| text_at(block, "type") == "tool_use");
        let Some(issued) = call.and_then(|call| Issued::of_call(text_at(call, "id"))) else { continue };
        if place >= since && !blocks.starts_with(&issued.message_blocks()) {
            let found = blocks.first().map_or("", |block| text_at(block, "type"));
            return Err(Invalid::new(format!(
                "messages.{place}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. \
                 When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceding \
                 the lastmost set of `tool_use` and `tool_result` blocks), and all of its blocks must be sent back."
            )));
        }
    }
    Ok(())
}

fn message_block(block: &Value, place: &str) -> Result<(), Invalid> {
    match text_at(block, "type") {
        "thinking" => {
            let issued = Issued::of_sealed(text_at(block, "signature"), "thinking");
            let is_ours = issued.is_some_and(|issued| issued.thinking() == text_at(block, "thinking"));
            is_ours
                .then_some(())
                .ok_or_else(|| Invalid::new(format!("{place}: Invalid `signature` in `thinking` block")))
        }
        "redacted_thinking" => Issued::of_sealed(text_at(block, "data"), "redacted")
            .map(|_| ())
            .ok_or_else(|| Invalid::new(format!("{place}: Invalid `data` in `redacted_thinking` block"))),
        _ => Ok(()),
    }
}

fn responses(whole: &Value) -> Result<(), Invalid> {
    let items = list(whole, "input");
    let is_stored = whole.get("store").and_then(Value::as_bool).unwrap_or(true);
    let reasoning: Vec<&Value> = items.iter().filter(|item| text_at(item, "type") == "reasoning").collect();
    for item in &reasoning {
        let id = text_at(item, "id");
        match item.get("encrypted_content").and_then(Value::as_str) {
            Some(content) => {
                let issued = Issued::of_sealed(content, "item");
                if issued.is_none_or(|issued| issued.item_id() != id) {
                    return Err(Invalid {
                        code: Some("invalid_encrypted_content"),
                        ..Invalid::new(format!("The encrypted content for item {id} could not be verified."))
                    });
                }
            }
            None if !is_stored => {
                return Err(Invalid::new(format!(
                    "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again \
                     with `store` set to true, or remove this item from your input."
                )));
            }
            None => {}
        }
    }
    let has_state = whole.get("previous_response_id").is_some_and(|id| !id.is_null());
    let since = since_the_user(items, |item| text_at(item, "role") == "user");
    for call in items.iter().skip(since).filter(|item| text_at(item, "type") == "function_call") {
        let Some(issued) = Issued::of_call(text_at(call, "call_id")) else { continue };
        let wanted = issued.item_id();
        if !has_state && !reasoning.iter().any(|item| text_at(item, "id") == wanted) {
            let id = text_at(call, "id");
            return Err(Invalid::new(format!(
                "Item '{id}' of type 'function_call' was provided without its required 'reasoning' item: '{wanted}'."
            )));
        }
    }
    Ok(())
}

fn gemini(whole: &Value) -> Result<(), Invalid> {
    let turns = list(whole, "contents");
    let is_result = |part: &Value| either(part, "functionResponse", "function_response").is_some();
    let since = since_the_user(turns, |turn| {
        text_at(turn, "role") != "model" && !elements(turn.get("parts")).any(is_result)
    });
    for (place, turn) in turns.iter().enumerate().filter(|(_, turn)| text_at(turn, "role") == "model") {
        // Of calls in parallel only the first is signed.
        let mut is_first = true;
        for (at, part) in elements(turn.get("parts")).enumerate() {
            let signature = either(part, "thoughtSignature", "thought_signature").and_then(Value::as_str);
            let call = either(part, "functionCall", "function_call");
            let purpose = call.map_or("text", |call| text_at(call, "name"));
            let is_wanted = call.is_some() && std::mem::take(&mut is_first) && place >= since;
            match signature {
                Some(signature) if Issued::of_sealed(signature, purpose).is_none() => {
                    return Err(Invalid::new(format!(
                        "Thought signature is not valid in contents[{place}].parts[{at}]."
                    )));
                }
                None if is_wanted => {
                    return Err(Invalid::new(format!(
                        "Function call is missing a thought_signature in functionCall parts. This is required for \
                         tools to work correctly, and missing thought_signature may lead to degraded model \
                         performance. Function call `{purpose}`, position {place}."
                    )));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn openrouter(whole: &Value) -> Result<(), Invalid> {
    let turns = list(whole, "messages");
    let since = since_the_user(turns, |turn| text_at(turn, "role") == "user");
    for (place, turn) in turns.iter().enumerate().skip(since) {
        let call = elements(turn.get("tool_calls")).next();
        let Some(issued) = call.and_then(|call| Issued::of_call(text_at(call, "id"))) else { continue };
        if turn.get("reasoning_details") != Some(&issued.details()) {
            return Err(Invalid::new(format!(
                "messages.{place}.reasoning_details: the reasoning blocks of a message with tool calls must be sent \
                 back as they were received"
            )));
        }
    }
    Ok(())
}
