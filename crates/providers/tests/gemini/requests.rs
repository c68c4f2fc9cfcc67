//! What goes over the wire.

use serde_json::{Value, json};
use unbent_core::{AssistantMessage, FaultKind, Message, ReplySchema, Sampling, ToolCall, ToolChoice};
use unbent_providers::{Efforts, Gemini};
use wiremock::{Request, ResponseTemplate};

use crate::support::{Asked, one_string};
use crate::{KEY, answer, dialect, exchange, fixture, ok};

/// The request that an ask becomes, and the parameters that are told as unsent.
async fn sent(asked: &Asked, dialect: Gemini) -> (Request, Vec<String>) {
    let answer = answer(&json!([{"text": "Hm."}]), "STOP");
    let (returned, request) =
        exchange(asked, dialect, ResponseTemplate::new(200).set_body_json(answer)).await;
    (request, returned.result.expect("the server answers").unsent)
}

async fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&sent(asked, dialect()).await.0.body).expect("a request is JSON")
}

#[tokio::test]
async fn a_plain_question_is_sent_with_nothing_that_was_not_asked_for() {
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user("Who are \"you\", ü?")]);
    let (request, unsent) = sent(&asked, dialect()).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Who are \"you\", ü?"}]}]}"#
    );
    assert_eq!(request.url.path(), "/v1beta/models/gemini-somewhat:generateContent");
    assert_eq!(request.headers["x-goog-api-key"], KEY);
    assert!(!request.headers.contains_key("authorization"));
    assert!(unsent.is_empty());
    let (request, _) = sent(&asked, Gemini::new("tunedModels/mine")).await;
    assert_eq!(request.url.path(), "/v1beta/tunedModels/mine:generateContent");
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
                ToolCall { id: "t2".into(), name: "ask".into(), arguments: "{\"message\": \"H".into() },
            ],
            reasoning: Some("kept to ourselves".into()),
            ..AssistantMessage::default()
        }),
        Message::tool("t1", "Done."),
        Message::user("And now?"),
        Message::tool("t2", "{\"found\": 2}"),
        Message::Assistant(AssistantMessage::default()),
        Message::system("Late."),
        Message::assistant("Plain."),
    ])
    .with_tool("say", one_string("message"));
    asked.ask.tool_choice = ToolChoice::Tool("say".into());
    asked.ask.reply_schema = Some(ReplySchema {
        name: "grade".into(),
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer", "minimum": 1}}}),
    });
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.5),
        top_k: Some(40),
        repeat_penalty: Some(1.1),
        max_tokens: Some(2048),
        stop: Some(vec!["END".into()]),
        seed: Some((5 << 32) + 42),
        logprobs: Some(2),
        reasoning_effort: Some("high".into()),
        reasoning_tokens: None,
    };
    let (request, unsent) = sent(&asked, dialect()).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        concat!(
            r#"{"systemInstruction":{"parts":[{"text":"Speak through the tool."},{"text":"Late."}]},"contents":["#,
            r#"{"role":"user","parts":[{"text":"[start]"},{"text":"Well?"}]},"#,
            r#"{"role":"model","parts":[{"text":"So:"},"#,
            r#"{"functionCall":{"id":"t1","name":"say","args":{"b":1,"a":2}}},"#,
            r#"{"functionCall":{"id":"t2","name":"ask","args":{"_malformed":"{\"message\": \"H"}}}]},"#,
            r#"{"role":"user","parts":["#,
            r#"{"functionResponse":{"id":"t1","name":"say","response":{"output":"Done."}}},"#,
            r#"{"functionResponse":{"id":"t2","name":"ask","response":{"found":2}}},"#,
            r#"{"text":"And now?"}]},"#,
            r#"{"role":"model","parts":[{"text":"Plain."}]}],"#,
            r#""tools":[{"functionDeclarations":[{"name":"say","description":"Calls say.","#,
            r#""parametersJsonSchema":{"type":"object","properties":{"message":{"type":"string"}},"#,
            r#""required":["message"]}}]}],"#,
            r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["say"]}},"#,
            r#""generationConfig":{"temperature":0.7,"topP":0.5,"topK":40,"maxOutputTokens":2048,"#,
            r#""stopSequences":["END"],"seed":42,"responseLogprobs":true,"logprobs":2,"#,
            r#""responseMimeType":"application/json","responseJsonSchema":{"type":"object","#,
            r#""properties":{"z":{"type":"string"},"a":{"type":"integer","minimum":1}}},"#,
            r#""thinkingConfig":{"thinkingLevel":"high","includeThoughts":true}}}"#,
        )
    );
    assert_eq!(unsent, ["repeat_penalty"]);
}

#[tokio::test]
async fn a_turn_with_signatures_goes_back_part_by_part_as_it_came() {
    let came = fixture(include_str!("../fixtures/gemini/thoughts_and_calls.json"));
    let turn = ok(came.clone()).await.result.unwrap().message;
    let asked = |turn| {
        Asked::of(vec![
            Message::user("Look."),
            Message::Assistant(turn),
            Message::tool("call-1", "Dust."),
            Message::tool("call-2", "[]"),
        ])
    };
    let sent = body(&asked(turn.clone())).await;
    let parts = &came["candidates"][0]["content"]["parts"];
    assert_eq!(sent["contents"][1]["parts"].to_string(), parts.to_string());
    assert_eq!(
        sent["contents"][2]["parts"],
        json!([
            {"functionResponse": {"id": "call-1", "name": "look", "response": {"output": "Dust."}}},
            {"functionResponse": {"id": "call-2", "name": "look", "response": {"output": "[]"}}},
        ])
    );

    // A turn that was changed since is what it says now.
    let changed = AssistantMessage { content: Some("I look once.".into()), ..turn };
    assert_eq!(body(&asked(changed)).await["contents"][1]["parts"][0], json!({"text": "I look once."}));
}

#[tokio::test]
async fn a_call_that_came_without_an_id_goes_back_without_and_so_does_its_result() {
    let came = fixture(include_str!("../fixtures/gemini/calls_without_ids.json"));
    let turn = ok(came.clone()).await.result.unwrap().message;
    let results: Vec<_> = turn.tool_calls.iter().map(|call| Message::tool(&call.id, "Dust.")).collect();
    let asked = Asked::of([vec![Message::user("Look."), Message::Assistant(turn)], results].concat());
    let sent = body(&asked).await;
    assert_eq!(sent["contents"][1]["parts"], came["candidates"][0]["content"]["parts"]);
    let result = |name| json!({"functionResponse": {"name": name, "response": {"output": "Dust."}}});
    assert_eq!(sent["contents"][2]["parts"], json!([result("look"), result("look"), result("rest")]));
}

#[tokio::test]
async fn a_tool_can_be_demanded_and_a_choice_without_tools_is_not_sent() {
    for (choice, wire) in [
        (ToolChoice::Auto, None),
        (ToolChoice::None, Some(json!({"functionCallingConfig": {"mode": "NONE"}}))),
        (ToolChoice::Required, Some(json!({"functionCallingConfig": {"mode": "ANY"}}))),
    ] {
        let mut asked = Asked::hello().with_tool("say", one_string("message"));
        asked.ask.tool_choice = choice;
        assert_eq!(body(&asked).await.get("toolConfig"), wire.as_ref());
    }
    let mut toolless = Asked::hello();
    toolless.ask.tool_choice = ToolChoice::None;
    assert_eq!(body(&toolless).await.get("toolConfig"), None);
}

#[tokio::test]
async fn reasoning_is_a_level_or_a_budget_and_never_both() {
    let level = |level: &str| json!({"thinkingLevel": level, "includeThoughts": true});
    let budget = |tokens: u32| json!({"thinkingBudget": tokens, "includeThoughts": true});
    let off = json!({"thinkingBudget": 0});
    let both = vec!["reasoning_effort".to_owned()];
    for (effort, tokens, efforts, expected, unsent) in [
        (Some("low"), None, Efforts::Named, level("low"), vec![]),
        (Some("Minimal"), None, Efforts::Named, level("minimal"), vec![]),
        (Some("xhigh"), None, Efforts::Named, level("high"), vec![]),
        (Some("none"), None, Efforts::Named, off.clone(), vec![]),
        (Some("medium"), None, Efforts::Budgeted, budget(8192), vec![]),
        (Some("max"), None, Efforts::Budgeted, budget(24_576), vec![]),
        (Some("off"), None, Efforts::Budgeted, off.clone(), vec![]),
        (Some("heroic"), None, Efforts::Budgeted, Value::Null, both.clone()),
        (Some("low"), Some(300), Efforts::Named, budget(300), both.clone()),
        (None, Some(300), Efforts::Budgeted, budget(300), vec![]),
        (None, Some(0), Efforts::Named, off, vec![]),
        (None, None, Efforts::Named, Value::Null, vec![]),
    ] {
        let mut asked = Asked::hello();
        asked.ask.sampling = Sampling {
            reasoning_effort: effort.map(Into::into),
            reasoning_tokens: tokens,
            ..Sampling::default()
        };
        let (request, told) = sent(&asked, Gemini { efforts, ..dialect() }).await;
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["generationConfig"]["thinkingConfig"], expected, "{effort:?} {tokens:?}");
        assert_eq!(told, unsent);
    }
}

#[tokio::test]
async fn what_a_model_refuses_is_left_out_and_told() {
    let mut asked = Asked::hello().with_tool("say", one_string("message"));
    asked.ask.tool_choice = ToolChoice::Required;
    asked.ask.reply_schema = Some(ReplySchema { name: "n".into(), schema: json!({"type": "object"}) });
    asked.ask.sampling = Sampling {
        temperature: Some(0.7),
        logprobs: Some(0),
        seed: Some(1),
        reasoning_tokens: Some(1),
        ..Sampling::default()
    };
    let refuses = ["temperature", "seed", "reasoning_tokens", "reply_schema", "tool_choice"];
    let dialect = Gemini { refuses: refuses.map(str::to_owned).into(), ..dialect() };
    let (request, mut unsent) = sent(&asked, dialect).await;
    unsent.sort();
    assert_eq!(unsent, ["reasoning_tokens", "reply_schema", "seed", "temperature", "tool_choice"]);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["generationConfig"], json!({"responseLogprobs": true}));
    assert_eq!(body.get("toolConfig"), None);
}

#[test]
fn a_question_of_nothing_is_rejected_before_it_is_sent() {
    use unbent_providers::http::Dialect as _;
    let asked = Asked::of(vec![Message::system("Be brief."), Message::user(" \n")]);
    assert_eq!(dialect().request(&asked.ask).unwrap_err().kind, FaultKind::Rejected);
}
