//! One contract for every dialect, against a server that reads the public API references on its own.

mod support;

use std::time::Duration;

use serde_json::json;
use unbent_core::{Fault, FaultKind, FinishReason, Message, Provider as _, Reply};
use unbent_mock::{MockServer, Options};
use unbent_providers::HttpModel;

use self::support::dialects::{DIALECTS, KEY, Spoken, model};
use self::support::{Asked, one_string};

/// A server of its own, started outside of the test's runtime.
fn server() -> MockServer {
    std::thread::spawn(|| MockServer::start(Options { retry_after_ms: 2_000, ..Options::default() }))
        .join()
        .expect("a loopback port")
}

fn model_of(server: &MockServer, of: Spoken, name: &str) -> HttpModel {
    // Nothing ever comes of the fault `silence`, so that it need not be waited for long.
    let timeout = Duration::from_millis(if name == "fault-silence" { 200 } else { 20_000 });
    model(&server.url(), of, name, timeout)
}

async fn put(server: &MockServer, of: Spoken, name: &str, asked: &Asked) -> Result<Reply, Fault> {
    asked.put_to(&model_of(server, of, name)).await
}

#[tokio::test]
async fn every_dialect_brings_text_usage_and_who_answered() {
    let server = server();
    for of in DIALECTS {
        let reply = put(&server, of, "text", &Asked::hello()).await.expect(of.0);
        assert!(!reply.message.is_empty() && reply.message.tool_calls.is_empty(), "{}", of.0);
        assert_eq!(reply.finish, FinishReason::Stop, "{}", of.0);
        assert!(reply.usage.input > 0 && reply.usage.output > 0, "{}: {:?}", of.0, reply.usage);
        assert!(reply.served.model.is_some(), "{}", of.0);
    }
    assert_eq!(server.ledger().answers, DIALECTS.len() as u64);
}

#[tokio::test]
async fn every_dialect_with_tools_brings_calls_parallel_and_malformed_ones_too() {
    let server = server();
    for of in DIALECTS.into_iter().filter(|of| of.2) {
        let asked = Asked::hello().with_tool("say", one_string("text"));
        for (scenario, calls) in [("tools", 1), ("parallel-tools", 2)] {
            let reply = put(&server, of, scenario, &asked).await.expect(of.0);
            assert_eq!(reply.message.tool_calls.len(), calls, "{} {scenario}", of.0);
            assert_eq!(reply.finish, FinishReason::ToolCalls, "{} {scenario}", of.0);
            for call in &reply.message.tool_calls {
                assert_eq!(call.name, "say");
                let arguments: serde_json::Value = serde_json::from_str(&call.arguments).expect(of.0);
                assert!(arguments["text"].is_string(), "{}: {arguments}", of.0);
            }
        }
        let reply = put(&server, of, "bad-arguments", &asked).await.expect(of.0);
        let arguments = &reply.message.tool_calls[0].arguments;
        let is_object =
            serde_json::from_str::<serde_json::Value>(arguments).is_ok_and(|read| read.is_object());
        assert!(!is_object, "{}: {arguments}", of.0);
    }
}

#[tokio::test]
async fn reasoning_is_kept_apart_and_goes_back_as_it_came() {
    let server = server();
    for of in DIALECTS.into_iter().filter(|of| of.2) {
        let mut asked = Asked::hello().with_tool("say", one_string("text"));
        asked.ask.sampling.reasoning_effort = Some("high".into());
        let first = put(&server, of, "reasoning-tools", &asked).await.expect(of.0);
        assert!(first.message.reasoning.is_some(), "{}", of.0);
        assert!(first.message.content.as_deref().is_none_or(|text| !text.contains("reason")), "{}", of.0);
        let call = first.message.tool_calls[0].id.clone();
        asked.ask.messages.extend([Message::Assistant(first.message), Message::tool(call, "done")]);
        // The server refuses a follow-up without the signed or encrypted parts that it gave.
        let second = put(&server, of, "reasoning-tools", &asked).await.expect(of.0);
        assert!(second.message.content.is_some(), "{}", of.0);
    }
}

#[tokio::test]
async fn every_fault_is_of_its_kind_in_every_dialect() {
    let server = server();
    let table: &[(&str, &[FaultKind])] = &[
        ("rate-limit", &[FaultKind::RateLimited]),
        ("rate-limit-date", &[FaultKind::RateLimited]),
        ("rate-limit-bare", &[FaultKind::RateLimited]),
        ("overloaded", &[FaultKind::RateLimited, FaultKind::Server]),
        // Gemini says "quota" for a busy minute too; only a daily one is used up.
        ("quota", &[FaultKind::Exhausted, FaultKind::RateLimited]),
        ("server", &[FaultKind::Server]),
        ("bad-gateway", &[FaultKind::Server]),
        ("error-in-200", &[FaultKind::Server, FaultKind::RateLimited]),
        ("no-choices", &[FaultKind::Empty]),
        ("empty", &[FaultKind::Empty]),
        ("zero-usage", &[FaultKind::ZeroUsage]),
        ("cut", &[FaultKind::Cut]),
        ("html", &[FaultKind::WebPage]),
        ("not-utf8", &[FaultKind::Malformed]),
        ("not-json", &[FaultKind::Malformed]),
        ("hang-up", &[FaultKind::Connection]),
        ("silence", &[FaultKind::Timeout]),
        ("unauthorized", &[FaultKind::Unauthorized]),
        ("bad-request", &[FaultKind::Rejected]),
        ("not-found", &[FaultKind::Rejected]),
    ];
    let mut wrong = Vec::new();
    for of in DIALECTS {
        for (fault, kinds) in table {
            match put(&server, of, &format!("fault-{fault}"), &Asked::hello()).await {
                Err(met) if kinds.contains(&met.kind) => {
                    assert!(!met.message.contains(KEY), "{} {fault}: {met}", of.0);
                    if *fault == "rate-limit" {
                        assert_eq!(met.retry_after_ms, Some(2_000), "{}", of.0);
                    }
                }
                other => wrong.push(format!("{} {fault}: {other:?}", of.0)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_answer_that_must_fit_a_schema_fits_it() {
    let server = server();
    for of in DIALECTS.into_iter().filter(|of| of.2) {
        let mut asked = Asked::hello();
        asked.ask.reply_schema = Some(unbent_core::ReplySchema {
            name: "grade".into(),
            schema: json!({"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}),
        });
        let reply = put(&server, of, "text", &asked).await.expect(of.0);
        let text = reply.message.content.unwrap_or_default();
        let grade: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: {text}", of.0));
        assert!(grade["score"].is_i64(), "{}: {text}", of.0);
    }
}

#[tokio::test]
async fn what_crossed_the_network_is_told_in_every_dialect_without_the_key() {
    let server = server();
    for of in DIALECTS {
        for name in ["text", "fault-unauthorized"] {
            let asked = Asked::hello();
            let wire = model_of(&server, of, name).ask(&asked.call()).await.wire.expect(of.0);
            let text = serde_json::to_string(&wire).expect("a record is JSON");
            assert!(!text.contains(KEY), "{} {name}: {text}", of.0);
            assert!(wire.request.contains("Hello?") && !wire.response.is_empty(), "{} {name}", of.0);
            assert!(wire.headers.iter().any(|(header, _)| header.contains("request-id")), "{} {name}", of.0);
        }
    }
}
