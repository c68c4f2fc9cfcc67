//! The forms of answers: schemas, tools, and what each scenario is named for.

use serde_json::{Value, json};
use unbent_mock::{MockServer, Options};

use crate::client::{Api, server};

fn answer(api: Api, model: &str, more: &Value) -> Value {
    let got = api.call(&server(), model, &api.with("hi", more));
    assert_eq!(got.status, 200, "{api:?} {}", got.text());
    got.json()
}

#[test]
fn a_schema_is_answered_with_its_smallest_instance() {
    let schema = json!({"type": "object", "required": ["score", "why"], "properties": {
        "score": {"type": "integer"}, "why": {"type": "string"}, "more": {"type": "string"}}});
    let asked = [
        (
            Api::Chat,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}}),
        ),
        (Api::Responses, json!({"text": {"format": {"type": "json_schema", "name": "n", "schema": schema}}})),
        (Api::Messages, json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}})),
        (Api::Gemini, json!({"generationConfig": {"responseJsonSchema": schema}})),
        (Api::Gemini, json!({"generationConfig": {"responseSchema": schema}})),
        (Api::OllamaChat, json!({"format": schema})),
        (Api::OllamaGenerate, json!({"format": schema})),
    ];
    for (api, more) in asked {
        let said = api.said(&answer(api, "text", &more));
        let instance: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(instance, json!({"score": 7, "why": "as the rubric says"}), "{api:?}");
    }
}

#[test]
fn any_json_is_answered_with_an_object() {
    let asked = [
        (Api::Chat, json!({"response_format": {"type": "json_object"}})),
        (Api::Gemini, json!({"generationConfig": {"responseMimeType": "application/json"}})),
        (Api::OllamaChat, json!({"format": "json"})),
    ];
    for (api, more) in asked {
        let said = api.said(&answer(api, "text", &more));
        assert!(serde_json::from_str::<Value>(&said).unwrap().is_object(), "{api:?}");
    }
}

fn tools(api: Api) -> Value {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}});
    let of = |name: &str| match api {
        Api::Messages => json!({"name": name, "input_schema": schema}),
        Api::Responses => json!({"type": "function", "name": name, "parameters": schema}),
        Api::Gemini => json!({"functionDeclarations": [{"name": name, "parameters": schema}]}),
        _ => json!({"type": "function", "function": {"name": name, "parameters": schema}}),
    };
    json!([of("look"), of("take")])
}

/// Names and arguments of the calls in an answer.
fn calls(api: Api, answer: &Value) -> Vec<(String, Value)> {
    let (list, name, arguments) = match api {
        Api::Messages => ("/content", "/name", "/input"),
        Api::Responses => ("/output", "/name", "/arguments"),
        Api::Gemini => ("/candidates/0/content/parts", "/functionCall/name", "/functionCall/args"),
        Api::OllamaChat => ("/message/tool_calls", "/function/name", "/function/arguments"),
        _ => ("/choices/0/message/tool_calls", "/function/name", "/function/arguments"),
    };
    let entries = answer.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let call = |entry: &Value| {
        let name = entry.pointer(name)?.as_str()?.to_owned();
        let arguments = entry.pointer(arguments)?.clone();
        let is_text = matches!(api, Api::Chat | Api::OpenRouter | Api::Responses);
        let parsed = arguments.as_str().filter(|_| is_text).and_then(|text| serde_json::from_str(text).ok());
        Some((name, parsed.unwrap_or(arguments)))
    };
    entries.iter().filter_map(call).collect()
}

const WITH_TOOLS: [Api; 6] =
    [Api::Chat, Api::OpenRouter, Api::Responses, Api::Messages, Api::Gemini, Api::OllamaChat];

#[test]
fn tools_are_called_once_or_twice_or_with_arguments_that_break_off() {
    for api in WITH_TOOLS {
        let more = json!({"tools": tools(api)});
        let called = |model: &str| calls(api, &answer(api, model, &more));
        let look = ("look".to_owned(), json!({"n": 3}));
        let take = ("take".to_owned(), json!({"n": 3}));
        let both = [look, take];
        assert_eq!(called("tools"), both[..1], "{api:?}");
        assert_eq!(called("org/talk-by-tool"), both[..1], "{api:?}");
        assert_eq!(called("parallel-tools"), both, "{api:?}");
        assert_eq!(called("text"), [], "{api:?}");
        let bad = called("bad-arguments");
        assert!(bad.len() == 1 && bad[0].1.is_string(), "{api:?}: {bad:?}");
    }
}

#[test]
fn without_tools_there_is_text() {
    for api in WITH_TOOLS {
        assert_eq!(api.said(&answer(api, "talk-by-tool", &json!({}))).len(), 64, "{api:?}");
    }
}

#[test]
fn a_tool_that_must_be_called_is_called() {
    let asked = [
        (Api::Messages, json!({"tool_choice": {"type": "tool", "name": "take"}})),
        (Api::Chat, json!({"tool_choice": {"type": "function", "function": {"name": "take"}}})),
        (Api::Responses, json!({"tool_choice": {"type": "function", "name": "take"}})),
        (
            Api::Gemini,
            json!({"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["take"]}}}),
        ),
    ];
    for (api, mut more) in asked {
        more["tools"] = tools(api);
        assert_eq!(
            calls(api, &answer(api, "text", &more)),
            [("take".to_owned(), json!({"n": 3}))],
            "{api:?}"
        );
    }
    let more = json!({"tools": tools(Api::Chat), "tool_choice": "none"});
    assert_eq!(calls(Api::Chat, &answer(Api::Chat, "tools", &more)), []);
}

fn at(api: Api, model: &str, pointer: &str) -> Value {
    answer(api, model, &json!({})).pointer(pointer).cloned().unwrap_or_default()
}

#[test]
fn every_api_says_in_its_own_words_why_it_ends() {
    assert_eq!(at(Api::Chat, "length", "/choices/0/finish_reason"), "length");
    assert_eq!(at(Api::Responses, "length", "/status"), "incomplete");
    assert_eq!(at(Api::Messages, "length", "/stop_reason"), "max_tokens");
    assert_eq!(at(Api::Gemini, "length", "/candidates/0/finishReason"), "MAX_TOKENS");
    assert_eq!(at(Api::OllamaChat, "length", "/done_reason"), "length");
    assert!(at(Api::Chat, "refusal", "/choices/0/message/refusal").is_string());
    assert_eq!(at(Api::OpenRouter, "refusal", "/choices/0/finish_reason"), "content_filter");
    assert_eq!(at(Api::Completions, "refusal", "/choices/0/finish_reason"), "content_filter");
    assert_eq!(at(Api::Responses, "refusal", "/output/0/content/0/type"), "refusal");
    assert_eq!(at(Api::Messages, "refusal", "/stop_reason"), "refusal");
    assert_eq!(at(Api::Gemini, "refusal", "/candidates/0/finishReason"), "SAFETY");
}

#[test]
fn what_caches_gave_is_counted_where_each_api_counts_it() {
    assert_eq!(at(Api::Chat, "cached", "/usage/prompt_tokens_details/cached_tokens"), 1024);
    assert_eq!(at(Api::OpenRouter, "cached", "/usage/prompt_tokens_details/cache_write_tokens"), 256);
    assert_eq!(at(Api::Responses, "cached", "/usage/input_tokens_details/cached_tokens"), 1024);
    let usage = at(Api::Messages, "cached", "/usage");
    assert_eq!(
        (usage["cache_read_input_tokens"].as_u64(), usage["cache_creation_input_tokens"].as_u64()),
        (Some(1024), Some(256))
    );
    assert!(usage["input_tokens"].as_u64().unwrap() < 1024);
    let usage = at(Api::Gemini, "cached", "/usageMetadata");
    assert_eq!(usage["cachedContentTokenCount"], 1024);
    assert!(usage["promptTokenCount"].as_u64().unwrap() > 1280);
}

#[test]
fn likelihoods_are_told_where_an_api_has_them() {
    assert!(at(Api::Chat, "logprobs", "/choices/0/logprobs/content/0/logprob").is_number());
    assert!(at(Api::Completions, "logprobs", "/choices/0/logprobs/token_logprobs/0").is_number());
    assert!(at(Api::Responses, "logprobs", "/output/0/content/0/logprobs/0/logprob").is_number());
    let chosen = "/candidates/0/logprobsResult/chosenCandidates/0/logProbability";
    assert!(at(Api::Gemini, "logprobs", chosen).is_number());
    assert!(at(Api::OllamaChat, "logprobs", "/logprobs/0/logprob").is_number());
    let tokens = at(Api::Chat, "logprobs", "/choices/0/logprobs/content");
    let text: String =
        tokens.as_array().unwrap().iter().filter_map(|token| token["token"].as_str()).collect();
    assert_eq!(text, Api::Chat.said(&answer(Api::Chat, "logprobs", &json!({}))));
}

#[test]
fn images_come_where_an_api_has_them() {
    let url = at(Api::OpenRouter, "image", "/choices/0/message/images/0/image_url/url");
    assert!(url.as_str().unwrap().starts_with("data:image/png;base64,"));
    assert_eq!(at(Api::Responses, "image", "/output/0/type"), "image_generation_call");
    assert_eq!(at(Api::Gemini, "image", "/candidates/0/content/parts/0/inlineData/mimeType"), "image/png");
    assert_eq!(Api::Messages.said(&answer(Api::Messages, "image", &json!({}))).len(), 64);
}

#[test]
fn a_router_names_who_served_and_keeps_to_an_order() {
    let server = server();
    let served = |said: usize, more: &Value| {
        let request = Api::OpenRouter.with(&said.to_string(), more);
        Api::OpenRouter.call(&server, "unpinned", &request).json()["provider"].as_str().unwrap().to_owned()
    };
    let mut seen: Vec<String> = (0..30).map(|said| served(said, &json!({}))).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["Alpha", "Beta"]);
    assert!((0..5).all(|said| served(said, &json!({"provider": {"order": ["Gamma"]}})) == "Gamma"));
}

#[test]
fn a_price_is_told_and_summed() {
    let server = MockServer::start(Options { price_usd: 0.002, ..Options::default() });
    let priced = Api::OpenRouter.call(&server, "priced", &Api::OpenRouter.request("hi")).json();
    assert_eq!(priced["usage"]["cost"], 0.002);
    let plain = Api::OpenRouter.call(&server, "text", &Api::OpenRouter.request("hi")).json();
    assert!(plain["usage"].get("cost").is_none());
    assert!((server.ledger().cost_usd - 0.004).abs() < 1e-12);
}

#[test]
fn a_text_that_needs_escapes_is_written_with_them() {
    let request = Api::Chat.request("hi");
    let got = Api::Chat.call(&server(), "a \"quoted\" model", &request);
    assert_eq!(got.json()["model"], "a \"quoted\" model");
}
