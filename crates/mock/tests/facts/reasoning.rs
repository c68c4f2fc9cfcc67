//! Reasoning as each API shows it, and whether what was signed comes back as it was given out.

use serde_json::{Value, json};

use crate::client::{Api, Got, server};

fn schema() -> Value {
    json!({"type": "object", "properties": {"at": {"type": "string"}}})
}

/// Tools as each API offers them.
fn tools(api: Api) -> Value {
    match api {
        Api::Messages => json!([{"name": "look", "input_schema": schema()}]),
        Api::Responses => json!([{"type": "function", "name": "look", "parameters": schema()}]),
        Api::Gemini => json!([{"functionDeclarations": [{"name": "look", "parameters": schema()}]}]),
        _ => json!([{"type": "function", "function": {"name": "look", "parameters": schema()}}]),
    }
}

fn first_turn(api: Api, model: &str) -> Value {
    let more = json!({"tools": tools(api), "include": ["reasoning.encrypted_content"], "store": false});
    api.call(&server(), model, &api.with("hi", &more)).json()
}

/// Sends the first answer back, after `change`, with a result of the tool.
fn follow_up(api: Api, turns: &[Value]) -> Got {
    let field = match api {
        Api::Responses => "input",
        Api::Gemini => "contents",
        _ => "messages",
    };
    let more = json!({"tools": tools(api), "store": false, field: turns});
    api.call(&server(), "reasoning-tools", &api.with("hi", &more))
}

#[test]
fn thinking_blocks_must_come_back_verbatim() {
    let answer = first_turn(Api::Messages, "reasoning-tools");
    assert_eq!(answer["stop_reason"], "tool_use");
    let blocks = answer["content"].as_array().unwrap().clone();
    let kinds: Vec<&str> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "redacted_thinking", "tool_use"]);
    let again = |blocks: Vec<Value>| {
        let result =
            json!([{"type": "tool_result", "tool_use_id": answer["content"][2]["id"], "content": "x"}]);
        let said = json!({"role": "assistant", "content": blocks});
        let asked = json!({"role": "user", "content": "hi"});
        follow_up(Api::Messages, &[asked, said, json!({"role": "user", "content": result})])
    };
    let accepted = again(blocks.clone());
    assert_eq!((accepted.status, accepted.json()["content"][2]["type"].as_str()), (200, Some("text")));
    assert_eq!(again(blocks[1..].to_vec()).status, 400);
    assert_eq!(again(blocks[2..].to_vec()).status, 400);
    let mut changed = blocks.clone();
    changed[0]["thinking"] = json!("something else");
    let message = again(changed).json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "messages.1.content.0: Invalid `signature` in `thinking` block");
    let mut changed = blocks;
    changed[1]["data"] = json!("AAAA");
    assert_eq!(again(changed).status, 400);
}

#[test]
fn reasoning_items_must_come_back_with_what_they_encrypt() {
    let answer = first_turn(Api::Responses, "reasoning-tools");
    let items = answer["output"].as_array().unwrap().clone();
    assert_eq!(
        (items[0]["type"].as_str(), items[1]["type"].as_str()),
        (Some("reasoning"), Some("function_call"))
    );
    let again = |items: &[Value]| {
        let mut input = vec![json!({"role": "user", "content": "hi"})];
        input.extend_from_slice(items);
        input.push(
            json!({"type": "function_call_output", "call_id": answer["output"][1]["call_id"], "output": "x"}),
        );
        follow_up(Api::Responses, &input)
    };
    let accepted = again(&items);
    assert_eq!((accepted.status, accepted.json()["output"][1]["type"].as_str()), (200, Some("message")));
    let refused = again(&items[1..]);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(refused.status == 400 && message.contains("without its required 'reasoning' item"), "{message}");
    let mut changed = items.clone();
    changed[0].as_object_mut().unwrap().remove("encrypted_content");
    assert_eq!(again(&changed).status, 400);
    let mut changed = items;
    changed[0]["encrypted_content"] = json!("AAAA");
    assert_eq!(again(&changed).json()["error"]["code"], "invalid_encrypted_content");
}

#[test]
fn what_is_encrypted_is_given_only_when_asked_for() {
    let answer = Api::Responses.call(&server(), "reasoning", &Api::Responses.request("hi")).json();
    assert_eq!(answer["output"][0]["type"], "reasoning");
    assert!(answer["output"][0].get("encrypted_content").is_none());
}

#[test]
fn the_signature_of_a_call_must_come_back() {
    let answer = first_turn(Api::Gemini, "reasoning-tools");
    let content = answer["candidates"][0]["content"].clone();
    assert_eq!(content["parts"][0]["thought"], true);
    let again = |content: Value| {
        let asked = json!({"role": "user", "parts": [{"text": "hi"}]});
        let result = json!({"functionResponse": {"name": "look", "response": {"result": "x"}}});
        follow_up(Api::Gemini, &[asked, content, json!({"role": "user", "parts": [result]})])
    };
    let accepted = again(content.clone());
    assert_eq!(accepted.status, 200);
    assert!(accepted.json()["candidates"][0]["content"]["parts"][1]["thoughtSignature"].is_string());
    let mut bare = content.clone();
    bare["parts"][1].as_object_mut().unwrap().remove("thoughtSignature");
    assert_eq!(again(bare).status, 400);
    let mut changed = content;
    changed["parts"][1]["thoughtSignature"] = json!("AAAA");
    assert_eq!(again(changed).status, 400);
}

#[test]
fn the_details_of_a_router_must_come_back_and_plain_reasoning_need_not() {
    for (api, refused) in [(Api::OpenRouter, 400), (Api::Chat, 200)] {
        let answer = first_turn(api, "reasoning-tools");
        let message = answer["choices"][0]["message"].clone();
        let again = |message: Value| {
            let id = message["tool_calls"][0]["id"].clone();
            let asked = json!({"role": "user", "content": "hi"});
            let result = json!({"role": "tool", "tool_call_id": id, "content": "x"});
            follow_up(api, &[asked, message, result])
        };
        assert_eq!(again(message.clone()).status, 200, "{api:?}");
        let mut changed = message;
        changed["reasoning_details"] = json!([]);
        assert_eq!(again(changed).status, refused, "{api:?}");
    }
}

#[test]
fn every_api_shows_reasoning_where_its_documents_say() {
    let server = server();
    let answer = |api: Api| api.call(&server, "reasoning", &api.request("hi")).json();
    assert!(answer(Api::Chat)["choices"][0]["message"]["reasoning_content"].is_string());
    let routed = answer(Api::OpenRouter)["choices"][0]["message"].clone();
    assert!(routed["reasoning"].is_string());
    assert_eq!(routed["reasoning_details"][1]["type"], "reasoning.encrypted");
    assert!(answer(Api::OllamaChat)["message"]["thinking"].is_string());
    assert!(answer(Api::OllamaGenerate)["thinking"].is_string());
    let counts = [
        (Api::Chat, "/usage/completion_tokens_details/reasoning_tokens"),
        (Api::Responses, "/usage/output_tokens_details/reasoning_tokens"),
        (Api::Gemini, "/usageMetadata/thoughtsTokenCount"),
    ];
    for (api, at) in counts {
        assert!(answer(api).pointer(at).and_then(Value::as_u64).unwrap() > 0, "{api:?}");
    }
}
