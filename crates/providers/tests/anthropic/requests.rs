//! What goes over the wire.

use serde_json::{Value, json};
use unbent_core::{AssistantMessage, FaultKind, Message, ReplySchema, Sampling, ToolCall, ToolChoice};
use unbent_providers::{Anthropic, Efforts};
use wiremock::{Request, ResponseTemplate};

use crate::support::{Asked, one_string};
use crate::{KEY, dialect, exchange, fixture, message};

/// The request that an ask becomes, and the parameters that are told as unsent.
async fn sent(asked: &Asked, dialect: Anthropic) -> (Request, Vec<String>) {
    let answer = message(&json!([{"type": "text", "text": "Hm."}]), "end_turn");
    let (returned, request) =
        exchange(asked, dialect, ResponseTemplate::new(200).set_body_json(answer)).await;
    (request, returned.result.expect("the server answers").unsent)
}

async fn body_and_unsent(asked: &Asked, dialect: Anthropic) -> (Value, Vec<String>) {
    let (request, unsent) = sent(asked, dialect).await;
    (serde_json::from_slice(&request.body).expect("a request is JSON"), unsent)
}

async fn body(asked: &Asked) -> Value {
    body_and_unsent(asked, dialect()).await.0
}

fn sampled(sampling: Sampling) -> Asked {
    let mut asked = Asked::hello();
    asked.ask.sampling = sampling;
    asked
}

#[tokio::test]
async fn a_plain_question_is_sent_with_nothing_but_the_limit_that_the_api_wants() {
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user("Who are \"you\", ü?")]);
    let (request, unsent) = sent(&asked, dialect()).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"model":"claude-somewhat","max_tokens":4096,"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Who are \"you\", ü?"}]}]}"#
    );
    assert_eq!(request.headers["x-api-key"], KEY);
    assert_eq!(request.headers["anthropic-version"], "2023-06-01");
    assert!(!request.headers.contains_key("authorization"));
    assert!(unsent.is_empty());
}

#[tokio::test]
async fn a_full_ask_is_sent_field_by_field() {
    let mut asked = Asked::of(vec![
        Message::system("Speak through the tool."),
        Message::user("[start]"),
        Message::user("Well?"),
        Message::Assistant(AssistantMessage {
            content: Some("So:".into()),
            tool_calls: vec![
                ToolCall { id: "t1".into(), name: "say".into(), arguments: "{\"b\": 1, \"a\": 2}".into() },
                ToolCall { id: "t2".into(), name: "say".into(), arguments: "{\"message\": \"H".into() },
            ],
            reasoning: Some("kept to ourselves".into()),
            ..AssistantMessage::default()
        }),
        Message::tool("t1", "Done."),
        Message::user("And now?"),
        Message::tool("t2", ""),
        Message::Assistant(AssistantMessage::default()),
        Message::system("Late."),
        Message::assistant("Plain."),
    ])
    .with_tool("say", one_string("message"));
    asked.ask.reply_schema = Some(ReplySchema {
        name: "grade".into(),
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer", "minimum": 1}}}),
    });
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(2048),
        stop: Some(vec!["END".into()]),
        ..Sampling::default()
    };
    let (request, unsent) = sent(&asked, Anthropic { streams: true, ..dialect() }).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        concat!(
            r#"{"model":"claude-somewhat","max_tokens":2048,"#,
            r#""system":[{"type":"text","text":"Speak through the tool."},{"type":"text","text":"Late."}],"#,
            r#""messages":["#,
            r#"{"role":"user","content":[{"type":"text","text":"[start]"},{"type":"text","text":"Well?"}]},"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"So:"},"#,
            r#"{"type":"tool_use","id":"t1","name":"say","input":{"b":1,"a":2}},"#,
            r#"{"type":"tool_use","id":"t2","name":"say","input":{"_malformed":"{\"message\": \"H"}}]},"#,
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"Done."},"#,
            r#"{"type":"tool_result","tool_use_id":"t2"},{"type":"text","text":"And now?"}]},"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"Plain."}]}],"#,
            r#""tools":[{"name":"say","description":"Calls say.","input_schema":{"type":"object","#,
            r#""properties":{"message":{"type":"string"}},"required":["message"]}}],"#,
            r#""temperature":0.7,"top_p":0.5,"top_k":40,"stop_sequences":["END"],"#,
            r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object","#,
            r#""properties":{"z":{"type":"string"},"a":{"type":"integer"}},"additionalProperties":false}}},"#,
            r#""stream":true}"#,
        )
    );
    assert!(unsent.is_empty());
}

#[tokio::test]
async fn a_turn_with_thoughts_goes_back_block_by_block_as_it_came() {
    let came = fixture(include_str!("../fixtures/anthropic/thinking_and_tools.json"));
    let turn = crate::ok(came.clone()).await.result.unwrap().message;
    let asked = |turn| {
        Asked::of(vec![
            Message::user("Look."),
            Message::Assistant(turn),
            Message::tool("toolu_01", "Dust."),
            Message::tool("toolu_02", "Nothing."),
        ])
    };
    let sent = body(&asked(turn.clone())).await;
    let mut blocks = came["content"].as_array().unwrap().clone();
    // The API refuses a blank text even where it wrote it.
    blocks.remove(2);
    assert_eq!(sent["messages"][1]["content"].to_string(), Value::from(blocks).to_string());
    assert_eq!(sent["messages"][2]["content"].as_array().unwrap().len(), 2);

    // A turn that was changed since is what it says now.
    let changed = AssistantMessage { content: Some("I look once.".into()), ..turn };
    let sent = body(&asked(changed)).await;
    assert_eq!(sent["messages"][1]["content"][0], json!({"type": "text", "text": "I look once."}));
}

#[tokio::test]
async fn a_tool_can_be_demanded_and_a_choice_without_tools_is_not_sent() {
    for (choice, wire) in [
        (ToolChoice::Auto, None),
        (ToolChoice::None, Some(json!({"type": "none"}))),
        (ToolChoice::Required, Some(json!({"type": "any"}))),
        (ToolChoice::Tool("say".into()), Some(json!({"type": "tool", "name": "say"}))),
    ] {
        let mut asked = Asked::hello().with_tool("say", one_string("message"));
        asked.ask.tool_choice = choice;
        assert_eq!(body(&asked).await.get("tool_choice"), wire.as_ref());
    }
    let mut toolless = Asked::hello();
    toolless.ask.tool_choice = ToolChoice::None;
    assert_eq!(body(&toolless).await.get("tool_choice"), None);
}

/// The fields that reasoning touches.
async fn reasoning(sampling: Sampling, efforts: Efforts) -> (Value, Vec<String>) {
    let (body, unsent) = body_and_unsent(&sampled(sampling), Anthropic { efforts, ..dialect() }).await;
    let fields = ["max_tokens", "thinking", "output_config"].map(|name| body[name].clone());
    (fields.into(), unsent)
}

fn effort(name: &str) -> Sampling {
    Sampling { reasoning_effort: Some(name.into()), ..Sampling::default() }
}

#[tokio::test]
async fn an_effort_is_a_name_to_newer_models_and_a_budget_to_older_ones() {
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let none: Vec<String> = vec![];
    for (name, limit, wire) in
        [("minimal", 5120, "low"), ("high", 20_480, "high"), ("xhigh", 36_864, "xhigh")]
    {
        let expected = json!([limit, adaptive, {"effort": wire}]);
        assert_eq!(reasoning(effort(name), Efforts::Named).await, (expected, none.clone()));
    }
    for (name, budget) in
        [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16_384), ("max", 32_768)]
    {
        let expected = json!([4096 + budget, {"type": "enabled", "budget_tokens": budget}, null]);
        assert_eq!(reasoning(effort(name), Efforts::Budgeted).await, (expected, none.clone()));
    }
    for efforts in [Efforts::Named, Efforts::Budgeted] {
        for name in ["none", "off"] {
            let expected = json!([4096, {"type": "disabled"}, null]);
            assert_eq!(reasoning(effort(name), efforts).await, (expected, none.clone()));
        }
    }
    let unknown = reasoning(effort("heroic"), Efforts::Budgeted).await;
    assert_eq!(unknown, (json!([4096, null, null]), vec!["reasoning_effort".to_owned()]));
}

#[tokio::test]
async fn a_number_of_thinking_tokens_is_a_budget_and_the_limit_exceeds_it() {
    let tokens = |tokens, max_tokens, effort: Option<&str>| Sampling {
        reasoning_tokens: Some(tokens),
        max_tokens,
        reasoning_effort: effort.map(Into::into),
        ..Sampling::default()
    };
    let enabled = |budget: u32| json!({"type": "enabled", "budget_tokens": budget});
    for (sampling, efforts, expected, unsent) in [
        (tokens(2000, Some(3000), None), Efforts::Named, json!([3000, enabled(2000), null]), vec![]),
        (tokens(2000, None, None), Efforts::Named, json!([6096, enabled(2000), null]), vec![]),
        (
            tokens(2000, Some(500), None),
            Efforts::Named,
            json!([2500, enabled(2000), null]),
            vec!["max_tokens"],
        ),
        (tokens(5, None, None), Efforts::Named, json!([5120, enabled(1024), null]), vec!["reasoning_tokens"]),
        (tokens(0, None, None), Efforts::Named, json!([4096, {"type": "disabled"}, null]), vec![]),
        (
            tokens(2000, None, Some("high")),
            Efforts::Named,
            json!([6096, enabled(2000), {"effort": "high"}]),
            vec![],
        ),
        (
            tokens(2000, None, Some("high")),
            Efforts::Budgeted,
            json!([6096, enabled(2000), null]),
            vec!["reasoning_effort"],
        ),
        (
            tokens(2000, None, Some("none")),
            Efforts::Named,
            json!([4096, {"type": "disabled"}, null]),
            vec!["reasoning_tokens"],
        ),
    ] {
        let unsent = unsent.into_iter().map(str::to_owned).collect();
        assert_eq!(reasoning(sampling, efforts).await, (expected, unsent));
    }
}

#[tokio::test]
async fn what_the_api_has_no_words_for_is_left_out_and_told() {
    let asked = sampled(Sampling {
        repeat_penalty: Some(1.1),
        seed: Some(42),
        logprobs: Some(2),
        ..Sampling::default()
    });
    let (body, unsent) = body_and_unsent(&asked, dialect()).await;
    assert_eq!(unsent, ["repeat_penalty", "seed", "logprobs"]);
    assert_eq!(body.as_object().unwrap().len(), 3, "{body}");
}

#[tokio::test]
async fn beside_thinking_neither_sampling_nor_a_forced_tool_is_sent() {
    let mut asked =
        sampled(Sampling { temperature: Some(0.7), top_p: Some(0.5), top_k: Some(40), ..effort("low") })
            .with_tool("say", one_string("message"));
    asked.ask.tool_choice = ToolChoice::Required;
    let (body, unsent) = body_and_unsent(&asked, dialect()).await;
    assert_eq!(unsent, ["temperature", "top_p", "top_k", "tool_choice"]);
    for name in ["temperature", "top_p", "top_k", "tool_choice"] {
        assert_eq!(body.get(name), None);
    }
    asked.ask.sampling = Sampling { temperature: Some(1.0), top_p: Some(0.95), ..effort("low") };
    asked.ask.tool_choice = ToolChoice::None;
    let (body, unsent) = body_and_unsent(&asked, dialect()).await;
    assert_eq!(unsent, Vec::<String>::new());
    assert_eq!((&body["temperature"], &body["top_p"]), (&json!(1.0), &json!(0.95)));
    assert_eq!(body["tool_choice"], json!({"type": "none"}));
}

#[tokio::test]
async fn what_a_model_refuses_is_left_out_and_told() {
    let mut asked = sampled(Sampling { temperature: Some(0.7), max_tokens: Some(9), ..effort("low") });
    asked.ask.reply_schema = Some(ReplySchema { name: "n".into(), schema: json!({"type": "object"}) });
    let refuses = ["temperature", "max_tokens", "reasoning_effort", "reply_schema"].map(str::to_owned).into();
    let (body, mut unsent) = body_and_unsent(&asked, Anthropic { refuses, ..dialect() }).await;
    unsent.sort();
    assert_eq!(unsent, ["max_tokens", "reasoning_effort", "reply_schema", "temperature"]);
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["model", "max_tokens", "messages"]);
    assert_eq!(body["max_tokens"], 4096);
}

#[test]
fn a_question_of_nothing_is_rejected_before_it_is_sent() {
    use unbent_providers::http::Dialect as _;
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user(" \n")]);
    assert_eq!(dialect().request(&asked.ask).unwrap_err().kind, FaultKind::Rejected);
}

#[tokio::test]
async fn what_a_conversation_begins_with_is_marked_to_be_kept() {
    let caching = || Anthropic { caches: true, ..dialect() };
    let kept = json!({"type": "ephemeral"});
    let asked = Asked::of(vec![
        Message::system("Be brief."),
        Message::user("Well?"),
        Message::Assistant(AssistantMessage::text("So.")),
        Message::user("And?"),
    ]);
    let (body, unsent) = body_and_unsent(&asked, caching()).await;
    assert_eq!(body["system"], json!([{"type": "text", "text": "Be brief.", "cache_control": kept}]));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "Well?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "So."}]},
            {"role": "user", "content": [{"type": "text", "text": "And?", "cache_control": kept}]},
        ])
    );
    assert!(unsent.is_empty());

    // Of several texts the last is marked, of results too, and the turn of the user also where the model's follows.
    let call = ToolCall { id: "t1".into(), name: "say".into(), arguments: "{}".into() };
    let asked = Asked::of(vec![
        Message::system("Be brief."),
        Message::system("Be kind."),
        Message::user("Well?"),
        Message::Assistant(AssistantMessage { tool_calls: vec![call], ..AssistantMessage::default() }),
        Message::tool("t1", "done"),
        Message::Assistant(AssistantMessage::text("So,")),
    ]);
    let body = body_and_unsent(&asked, caching()).await.0;
    let marks: Vec<_> =
        ["/system/0", "/system/1", "/messages/0/content/0", "/messages/2/content/0", "/messages/3/content/0"]
            .map(|place| body.pointer(place).unwrap().get("cache_control").is_some())
            .into();
    assert_eq!(marks, [false, true, false, true, false], "{body}");
    let body = body_and_unsent(&Asked::hello(), caching()).await.0;
    assert!(body.get("system").is_none() && body["messages"][0]["content"][0]["cache_control"] == kept);
}
