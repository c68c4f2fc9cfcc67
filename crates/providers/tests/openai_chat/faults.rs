//! What goes wrong with an answer in hand.

use serde_json::{Value, json};
use unbent_core::{Fault, FaultKind};
use unbent_providers::{Endpoint, HttpModel};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::Asked;
use crate::{KEY, answer, message, ok, provider};

async fn status(status: u16, body: Value) -> Fault {
    let fault =
        answer(ResponseTemplate::new(status).set_body_json(body)).await.expect_err("the status is a failure");
    assert_eq!(fault.status, Some(status));
    fault
}

#[tokio::test]
async fn each_status_is_its_own_kind_of_fault() {
    for (code, kind) in [
        (307, FaultKind::Rejected),
        (400, FaultKind::Rejected),
        (401, FaultKind::Unauthorized),
        (402, FaultKind::Exhausted),
        (403, FaultKind::Unauthorized),
        (404, FaultKind::Rejected),
        (408, FaultKind::Timeout),
        (409, FaultKind::Server),
        (413, FaultKind::Rejected),
        (422, FaultKind::Rejected),
        (429, FaultKind::RateLimited),
        (500, FaultKind::Server),
        (502, FaultKind::Server),
        (503, FaultKind::Server),
        (504, FaultKind::Timeout),
        (524, FaultKind::Timeout),
        (529, FaultKind::RateLimited),
    ] {
        let fault = status(code, json!({"error": {"message": "a story"}})).await;
        assert_eq!(fault.kind, kind, "{code}");
        assert!(fault.message.starts_with(&format!("HTTP {code}: a story")), "{fault}");
    }
}

#[tokio::test]
async fn a_used_up_quota_is_told_from_a_busy_minute() {
    for (code, body) in [
        (429, json!({"error": {"message": "m", "type": "insufficient_quota", "code": null}})),
        (429, json!({"error": {"message": "m", "code": "billing_hard_limit_reached"}})),
        (403, json!({"code": "insufficient_quota", "message": "m"})),
    ] {
        assert_eq!(status(code, body).await.kind, FaultKind::Exhausted);
    }
    let busy =
        json!({"error": {"message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}});
    assert_eq!(status(429, busy).await.kind, FaultKind::RateLimited);
}

#[tokio::test]
async fn a_flagged_prompt_does_not_stop_the_run() {
    let body = json!({"error": {"message": "flagged", "code": 403,
        "metadata": {"reasons": ["violence"], "flagged_input": "…", "provider_name": "P"}}});
    assert_eq!(status(403, body).await.kind, FaultKind::Rejected);
}

#[tokio::test]
async fn the_servers_own_words_are_found_in_the_usual_shapes() {
    for (body, story) in [
        (json!({"error": {"message": "bad", "type": "t", "code": "c"}}), "bad (c, t)"),
        (json!({"error": "bad"}), "bad"),
        (json!({"message": "bad", "object": "error"}), "bad"),
        (json!({"detail": "bad"}), "bad"),
        (json!({"detail": [{"loc": ["body", "n"], "msg": "bad", "type": "v"}]}), "body.n: bad (v)"),
        (json!({"errors": [{"message": "bad"}, {"message": "worse"}]}), "bad; worse"),
        (json!([{"error": {"code": 400, "message": "bad"}}]), "bad (400)"),
        (
            json!({"error": {"message": "Provider returned error", "code": 400,
                "metadata": {"provider_name": "P", "raw": "{\"error\":{\"message\":\"bad\"}}"}}}),
            "Provider returned error (400); P says: bad",
        ),
        (
            json!({"error": {"message": "m", "metadata": {"raw": "upstream busy"}}}),
            "m; the provider says: upstream busy",
        ),
        (json!({"strange": true}), "{\"strange\":true}"),
    ] {
        assert_eq!(status(400, body).await.message, format!("HTTP 400: {story}"));
    }
    let page = ResponseTemplate::new(502).set_body_raw("<html>\n  Bad\tGateway</html>", "text/html");
    assert_eq!(answer(page).await.unwrap_err().message, "HTTP 502: <html> Bad Gateway</html>");
    for status in [404, 405, 501] {
        let page = ResponseTemplate::new(status).set_body_raw("<html>Nothing here</html>", "text/html");
        let fault = answer(page).await.unwrap_err();
        assert_eq!((fault.kind, fault.status), (FaultKind::WebPage, Some(status)), "{fault}");
        assert!(fault.message.contains("check the base URL"), "{fault}");
    }
    assert_eq!(answer(ResponseTemplate::new(500)).await.unwrap_err().message, "HTTP 500: (nothing)");
}

#[tokio::test]
async fn a_404_says_what_was_tried() {
    let server = MockServer::start().await;
    let tried =
        |base: String| async move { Asked::hello().put_to(&provider(&base)).await.unwrap_err().message };
    let bare = tried(server.uri()).await;
    assert!(bare.contains(&format!("tried {}/chat/completions;", server.uri())), "{bare}");
    assert!(bare.contains("ends in /v1, this one does not"), "{bare}");
    let versioned = tried(format!("{}/v1", server.uri())).await;
    assert!(versioned.contains("check the base URL and the model's name"), "{versioned}");
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let server = MockServer::start().await;
    let moved = ResponseTemplate::new(301).insert_header("location", "https://elsewhere.example/v1");
    Mock::given(any()).respond_with(moved).expect(1).mount(&server).await;
    let fault = Asked::hello().put_to(&provider(&server.uri())).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.message.contains("points to https://elsewhere.example/v1"), "{fault}");
}

#[tokio::test]
async fn a_server_may_say_how_long_to_wait() {
    let date = |second| format!("Sun, 06 Nov 1994 08:49:{second} GMT");
    for (headers, wait) in [
        (vec![("retry-after", "2".to_owned())], Some(2000)),
        (vec![("retry-after", "0.25".into())], Some(250)),
        (vec![("retry-after-ms", "15.2".into()), ("retry-after", "9".into())], Some(16)),
        (vec![("retry-after", date("37")), ("date", date("07"))], Some(30_000)),
        (vec![("retry-after", date("07")), ("date", date("37"))], Some(0)),
        (vec![("retry-after", "soon".into())], None),
        (vec![("retry-after", "-1".into())], None),
        (vec![], None),
    ] {
        for code in [429, 503] {
            let mut template = ResponseTemplate::new(code);
            for (name, value) in &headers {
                template = template.insert_header(*name, value.as_str());
            }
            let fault = answer(template).await.unwrap_err();
            assert_eq!(fault.retry_after_ms, wait, "{headers:?}");
        }
    }
    let final_word = ResponseTemplate::new(400).insert_header("retry-after", "2");
    assert_eq!(answer(final_word).await.unwrap_err().retry_after_ms, None);
}

#[tokio::test]
async fn an_error_inside_a_200_is_a_server_fault() {
    let half = json!({"content": "Half of an ans"});
    for (body, story) in [
        (json!({"error": {"message": "upstream died", "code": 502}}), "upstream died (502)"),
        (json!({"error": "overloaded", "choices": []}), "overloaded"),
        (
            json!({"choices": [{"error": {"code": 500, "message": "Internal"}, "message": half, "finish_reason": "error"}]}),
            "Internal (500)",
        ),
        (json!({"choices": [{"finish_reason": "error", "message": {"content": ""}}]}), "reason error)"),
        (
            json!({"choices": [{"finish_reason": "stop", "native_finish_reason": "network_error", "message": {"content": null}}]}),
            "reason network_error)",
        ),
        (json!({"object": "error", "message": "no such model"}), "no such model"),
    ] {
        let fault = ok(body).await.unwrap_err();
        assert_eq!((fault.kind, fault.status), (FaultKind::Server, Some(200)), "{fault}");
        assert!(fault.message.contains(story), "{fault}");
    }
}

#[tokio::test]
async fn no_error_is_no_error() {
    for error in [json!(null), json!({}), json!(""), json!(false)] {
        let body = json!({"error": error, "choices": [{"error": error, "message": {"content": "Fine."}}]});
        assert!(ok(body).await.is_ok(), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_empty() {
    for body in [
        json!({"id": "x"}),
        json!({"choices": null}),
        json!({"choices": []}),
        json!({"choices": [{}]}),
        json!({"choices": [{"message": null, "finish_reason": "stop"}]}),
        json!({"choices": [{"message": {"content": " \n", "tool_calls": []}}]}),
        json!({"choices": [{"message": {"content": null, "tool_calls": null}}]}),
    ] {
        let fault = ok(body).await.unwrap_err();
        assert_eq!((fault.kind, fault.status), (FaultKind::Empty, Some(200)), "{fault}");
    }
    let thought =
        ok(json!({"choices": [{"finish_reason": "length", "message": {"content": "", "reasoning": "Hm"}}]}));
    let fault = thought.await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Empty);
    assert!(fault.message.contains("reason length)") && fault.message.contains("max_tokens"), "{fault}");
}

#[tokio::test]
async fn what_is_not_a_chat_completion_is_malformed() {
    let raw = |body: &'static [u8], kind| answer(ResponseTemplate::new(200).set_body_raw(body, kind));
    let page = raw(b"<!doctype html><title>Sign in</title>", "text/html").await.unwrap_err();
    assert_eq!((page.kind, page.status), (FaultKind::WebPage, Some(200)));
    assert!(page.message.contains("web page") && page.message.contains("Sign in"), "{page}");
    for body in [
        &b""[..],
        b"Internal error",
        b"[]",
        b"data: {\"choices\":[]}\n\n",
        b"{\"choices\":[{\"message\":{\"content\":\"cut",
        b"{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}",
        b"{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{}}]}}]}",
        b"{\"choices\":\"none\"}",
    ] {
        let fault = raw(body, "application/json").await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Malformed, "{fault}");
        assert!(fault.message.contains("the body begins: "), "{fault}");
    }
    let fault = message(json!({"content": 5})).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Malformed);
}

#[tokio::test]
async fn a_fault_shows_200_characters_of_a_body() {
    let body = "ü".repeat(1000);
    let fault = answer(ResponseTemplate::new(200).set_body_raw(body, "text/plain")).await.unwrap_err();
    assert_eq!(fault.message.matches('ü').count(), 200);
}

#[tokio::test]
async fn no_fault_repeats_the_key() {
    let encoded = "sk-live%2FZm9v%2BYmFy%3D";
    let straddling = format!("{}{KEY}", "x".repeat(195));
    let echoes = [
        format!("no such key: {KEY}"),
        format!("Authorization: Bearer {KEY}"),
        format!("https://host/v1?key={encoded}&a=b"),
        encoded.to_lowercase(),
        "sk-live\\/Zm9v+YmFy=".to_owned(),
        straddling,
    ];
    for echo in &echoes {
        for code in [200, 400, 401, 404, 429, 500] {
            for body in [
                json!({"error": {"message": echo, "code": echo, "metadata": {"raw": echo}}}).to_string(),
                json!({"error": echo}).to_string(),
                json!({"choices": [{"finish_reason": echo, "message": {"content": null}}]}).to_string(),
                json!({"choices": [{"message": {"content": {"odd": echo}}}]}).to_string(),
                json!({"choices": echo}).to_string(),
                echo.clone(),
            ] {
                let fault = answer(
                    ResponseTemplate::new(code)
                        .insert_header("location", "https://host/?key=x")
                        .set_body_raw(body, "application/json"),
                )
                .await
                .unwrap_err();
                let shown = format!("{fault} {fault:?}").to_lowercase();
                for part in ["sk-live", "zm9v", "ymfy"] {
                    assert!(!shown.contains(part), "{shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_answer_of_no_tokens_is_a_fault_unless_that_is_allowed() {
    let body = json!({"choices": [{"message": {"content": "Hi."}}], "usage": {"prompt_tokens": 0, "completion_tokens": 0}});
    let answer = ResponseTemplate::new(200).set_body_json(&body);
    assert_eq!(crate::answer(answer.clone()).await.unwrap_err().kind, FaultKind::ZeroUsage);
    let server = crate::server(answer).await;
    let endpoint = Endpoint { allows_zero_usage: true, ..crate::config(&format!("{}/v1", server.uri())) };
    let lenient = HttpModel::new(endpoint, crate::dialect()).unwrap();
    assert_eq!(Asked::hello().put_to(&lenient).await.unwrap().message.content.as_deref(), Some("Hi."));
}

#[tokio::test]
async fn an_empty_answer_tells_what_it_cost() {
    let body = json!({"choices": [{"message": {"content": ""}}], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "cost": 0.5}});
    let server = crate::server(ResponseTemplate::new(200).set_body_json(body)).await;
    let asked = Asked::hello();
    let provider = provider(&format!("{}/v1", server.uri()));
    let returned = unbent_core::Provider::ask(&provider, &asked.call()).await;
    assert_eq!(returned.result.unwrap_err().kind, FaultKind::Empty);
    assert_eq!((returned.wasted.usage.total(), returned.wasted.cost.map(|cost| cost.usd)), (11, Some(0.5)));
}

#[tokio::test]
async fn what_crossed_the_network_is_told_without_the_key() {
    let body = format!("{{\"error\": \"bad key {KEY}\"}}");
    let answer = ResponseTemplate::new(400)
        .insert_header("x-request-id", "r-1")
        .insert_header("set-cookie", "session=1")
        .insert_header("x-echo", KEY)
        .set_body_string(body);
    let server = crate::server(answer).await;
    let asked = Asked::of(vec![unbent_core::Message::user(format!("my key is {KEY}"))]);
    let provider = provider(&format!("{}/v1", server.uri()));
    let wire = unbent_core::Provider::ask(&provider, &asked.call()).await.wire.unwrap();
    assert_eq!(wire.status, Some(400));
    assert!(wire.headers.contains(&("x-request-id".into(), "r-1".into())));
    assert!(wire.headers.iter().all(|(name, _)| name != "set-cookie"));
    assert!(wire.request.contains("my key is ***") && wire.response.contains("bad key ***"));
    assert!(!serde_json::to_string(&wire).unwrap().contains(KEY));
}
