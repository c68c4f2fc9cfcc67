//! How streams begin, what they add up to, and how they end.

use serde_json::{Value, json};

use crate::client::{Api, server};

#[test]
fn chat_streams_end_in_done_and_tell_usage_when_asked() {
    let server = server();
    for api in [Api::Chat, Api::OpenRouter, Api::Completions] {
        let plain = api.stream(&server, "text", &api.request("hi"));
        assert_eq!(plain.data().last().unwrap(), "[DONE]");
        assert!(plain.events().iter().all(|event| event.get("usage").is_none()), "{api:?}");
        let asked = api.with("hi", &json!({"stream_options": {"include_usage": true}}));
        let events = api.stream(&server, "text", &asked).events();
        let last = events.last().unwrap();
        assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0 && last["choices"] == json!([]));
    }
}

#[test]
fn the_pieces_of_a_chat_make_up_its_text() {
    let events = Api::Chat.stream(&server(), "text", &Api::Chat.request("hi")).events();
    let text: String =
        events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text.len(), 64);
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[test]
fn responses_run_from_created_to_completed_in_numbered_events() {
    let events = Api::Responses.stream(&server(), "text", &Api::Responses.request("hi")).events();
    assert_eq!(events[0]["type"], "response.created");
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    let deltas = events.iter().filter(|event| event["type"] == "response.output_text.delta");
    let text: String = deltas.filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(text, Api::Responses.said(&last["response"]));
}

#[test]
fn a_response_that_is_cut_short_ends_incomplete() {
    let events = Api::Responses.stream(&server(), "length", &Api::Responses.request("hi")).events();
    assert_eq!(events.last().unwrap()["type"], "response.incomplete");
    assert_eq!(events.last().unwrap()["response"]["incomplete_details"]["reason"], "max_output_tokens");
}

#[test]
fn messages_open_and_close_every_block() {
    let request = Api::Messages.with(
        "hi",
        &json!({"tools": [{"name": "look", "input_schema": {"type": "object",
            "properties": {"at": {"type": "string"}}}}]}),
    );
    let events = Api::Messages.stream(&server(), "reasoning-tools", &request).events();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("message_start", "message_stop"));
    let count = |kind: &str| kinds.iter().filter(|each| **each == kind).count();
    assert_eq!((count("content_block_start"), count("content_block_stop")), (3, 3));
    let deltas = events.iter().filter(|event| event["delta"]["type"] == "input_json_delta");
    let input: String = deltas.filter_map(|event| event["delta"]["partial_json"].as_str()).collect();
    assert_eq!(input, r#"{"at":"as the rubric says"}"#);
    assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], "tool_use");
}

#[test]
fn gemini_says_why_it_ends_in_its_last_event() {
    let events = Api::Gemini.stream(&server(), "text", &Api::Gemini.request("hi")).events();
    let reasons: Vec<&Value> = events.iter().map(|event| &event["candidates"][0]["finishReason"]).collect();
    assert_eq!(**reasons.last().unwrap(), json!("STOP"));
    assert!(reasons[..reasons.len() - 1].iter().all(|reason| reason.is_null()));
}

#[test]
fn gemini_without_events_streams_one_array() {
    let server = server();
    let body = Api::Gemini.request("hi").to_string();
    let got = crate::client::send(&server, "POST", "/v1beta/models/text:streamGenerateContent", "", &body);
    assert!(got.json().as_array().unwrap().len() > 2);
}

#[test]
fn ollama_streams_lines_unless_told_otherwise() {
    for api in [Api::OllamaChat, Api::OllamaGenerate] {
        let mut request = api.request("hi");
        request.as_object_mut().unwrap().remove("stream");
        let got = api.call(&server(), "text", &request);
        let lines: Vec<Value> = got.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() > 2, "{api:?}");
        assert_eq!(lines.iter().map(|line| api.said(line)).collect::<String>().len(), 64);
        assert!(lines.iter().rev().skip(1).all(|line| line["done"] == false));
        assert_eq!(lines.last().unwrap()["done_reason"], "stop");
    }
}
