//! What each fault looks like on the wire, and which requests meet one.

use serde_json::json;
use unbent_mock::{FaultKind, MockServer, Options};

use crate::client::{APIS, Api, server};

fn fault(api: Api, kind: &str) -> crate::client::Got {
    api.call(&server(), &format!("fault-{kind}"), &api.request("hi"))
}

#[test]
fn refusals_for_now_say_when_to_come_back_or_do_not() {
    let server = MockServer::start(Options { retry_after_ms: 1500, ..Options::default() });
    for api in APIS {
        let call = |kind: &str| api.call(&server, kind, &api.request("hi"));
        let plain = call("fault-rate-limit");
        assert_eq!((plain.status, plain.header("retry-after")), (429, Some("2")), "{api:?}");
        assert_eq!(plain.header("retry-after-ms"), Some("1500"));
        let dated = call("fault-rate-limit-date");
        assert!(dated.header("retry-after").unwrap().ends_with(" GMT"), "{api:?}");
        let bare = call("fault-rate-limit-bare");
        assert_eq!(
            (bare.status, bare.header("retry-after"), bare.header("retry-after-ms")),
            (429, None, None)
        );
    }
}

#[test]
fn every_dialect_words_its_errors_as_its_own() {
    let error = |api, kind| fault(api, kind).json();
    assert_eq!(error(Api::Chat, "quota")["error"]["code"], "insufficient_quota");
    assert_eq!(error(Api::OpenRouter, "quota")["error"]["code"], 402);
    assert_eq!(error(Api::Messages, "overloaded")["error"]["type"], "overloaded_error");
    assert_eq!(error(Api::Gemini, "quota")["error"]["status"], "RESOURCE_EXHAUSTED");
    assert!(error(Api::OllamaChat, "server")["error"].is_string());
    assert_eq!(fault(Api::Messages, "overloaded").status, 529);
    assert_eq!(fault(Api::Chat, "overloaded").status, 503);
    for (kind, status) in [("server", 500), ("bad-request", 400), ("not-found", 404), ("unauthorized", 401)] {
        for api in APIS {
            assert_eq!(fault(api, kind).status, status, "{api:?} {kind}");
        }
    }
}

#[test]
fn pages_for_people_come_with_a_wrong_and_with_a_right_status() {
    for (kind, status) in [("bad-gateway", 502), ("html", 200)] {
        let page = fault(Api::Chat, kind);
        assert_eq!((page.status, page.text().starts_with("<html>")), (status, true));
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

#[test]
fn a_cut_body_ends_before_its_declared_length() {
    for api in APIS {
        let got = fault(api, "cut");
        assert_eq!(got.status, 200, "{api:?}");
        assert_eq!(got.raw.len(), got.declared().unwrap() / 2, "{api:?}");
    }
}

#[test]
fn a_cut_stream_lacks_its_end() {
    let server = server();
    for api in APIS {
        let got = api.stream(&server, "fault-cut", &api.request("hi"));
        let text = got.text();
        assert!(!text.is_empty(), "{api:?}");
        let ends = ["[DONE]", "message_stop", "response.completed", "\"done\":true", "finishReason"];
        assert!(ends.iter().all(|end| !text.contains(end)), "{api:?}: {text}");
    }
}

#[test]
fn an_error_may_come_as_a_success() {
    for api in APIS {
        let got = fault(api, "error-in-200");
        assert_eq!(got.status, 200);
        assert!(!got.json()["error"].is_null(), "{api:?}");
    }
    let server = server();
    for api in APIS {
        let got = api.stream(&server, "fault-error-in-200", &api.request("hi"));
        assert!(got.text().contains("Provider returned error"), "{api:?}");
    }
}

#[test]
fn answers_may_lack_a_choice_a_text_or_their_counts() {
    for api in APIS {
        assert_eq!(api.said(&fault(api, "no-choices").json()), "", "{api:?}");
        assert_eq!(api.said(&fault(api, "empty").json()), "", "{api:?}");
        assert_eq!(api.said(&fault(api, "zero-usage").json()).len(), 64, "{api:?}");
    }
    assert_eq!(fault(Api::Chat, "no-choices").json()["choices"], json!([]));
    assert_eq!(fault(Api::Messages, "no-choices").json()["content"], json!([]));
    assert_eq!(fault(Api::Chat, "empty").json()["choices"][0]["message"]["content"], "");
    assert_eq!(fault(Api::Chat, "zero-usage").json()["usage"]["total_tokens"], 0);
    assert_eq!(fault(Api::OllamaChat, "zero-usage").json()["eval_count"], 0);
}

#[test]
fn bytes_may_be_no_utf8_and_text_no_json() {
    let server = server();
    for api in APIS {
        assert!(String::from_utf8(fault(api, "not-utf8").body()).is_err(), "{api:?}");
        assert!(
            serde_json::from_slice::<serde_json::Value>(&fault(api, "not-json").body()).is_err(),
            "{api:?}"
        );
        let streamed = api.stream(&server, "fault-not-utf8", &api.request("hi"));
        assert!(String::from_utf8(streamed.body()).is_err(), "{api:?}");
        let streamed = api.stream(&server, "fault-not-json", &api.request("hi")).text();
        let is_broken = |line: &str| {
            let data = line.strip_prefix("data: ").unwrap_or(line);
            data.starts_with('{') && serde_json::from_str::<serde_json::Value>(data).is_err()
        };
        assert!(streamed.lines().any(is_broken), "{api:?}: {streamed}");
    }
}

#[test]
fn a_server_may_hang_up_or_say_nothing() {
    let hung_up = fault(Api::Chat, "hang-up");
    assert_eq!((hung_up.head.as_str(), hung_up.timed_out), ("", false));
    let silent = fault(Api::Chat, "silence");
    assert_eq!((silent.head.as_str(), silent.timed_out), ("", true));
}

#[test]
fn a_refusal_may_repeat_the_key() {
    let headers = "authorization: Bearer sk-\"secret\r\n";
    let got = Api::Chat.call_with(&server(), "fault-unauthorized", &Api::Chat.request("hi"), headers, false);
    let message = got.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("sk-\"secret") && message.contains("c2stInNlY3JldA=="), "{message}");
}

/// The fates of some bodies, each asked until it is answered.
fn fates(seed: u64, order: impl Iterator<Item = usize>) -> Vec<(usize, Vec<u16>)> {
    let faults = "server=0.3,overloaded=0.4".parse().unwrap();
    let server = MockServer::start(Options { seed, faults, max_faults_in_a_row: 3, ..Options::default() });
    let fate = |body: usize| {
        let mut statuses = Vec::new();
        while statuses.last() != Some(&200) {
            let request = Api::Chat.request(&body.to_string());
            statuses.push(Api::Chat.call(&server, "text", &request).status);
        }
        (body, statuses)
    };
    let mut all: Vec<_> = order.map(fate).collect();
    all.sort();
    let ledger = server.ledger();
    assert_eq!((ledger.answers, ledger.distinct_answered, ledger.repeated_answers), (40, 40, 0));
    assert_eq!(ledger.requests, ledger.answers + ledger.faults.values().sum::<u64>());
    all
}

#[test]
fn faults_are_a_function_of_seed_and_body_and_not_of_order() {
    let first = fates(5, 0..40);
    assert_eq!(first, fates(5, (0..40).rev()));
    assert_ne!(first, fates(6, 0..40));
    assert!(first.iter().any(|(_, statuses)| statuses.len() == 4), "none met as many faults as are allowed");
    assert!(first.iter().all(|(_, statuses)| statuses.len() <= 4));
}

#[test]
fn a_bare_share_draws_from_transient_faults_only() {
    assert!(!FaultKind::transient().contains(&FaultKind::Silence));
    let faults = "1".parse().unwrap();
    let server = MockServer::start(Options { faults, max_faults_in_a_row: u32::MAX, ..Options::default() });
    for body in 0..60 {
        Api::Chat.call(&server, "text", &Api::Chat.request(&body.to_string()));
    }
    let ledger = server.ledger();
    let names: Vec<&str> = FaultKind::transient().iter().map(|kind| kind.name()).collect();
    assert!(ledger.faults.keys().all(|kind| names.contains(&kind.as_str())), "{:?}", ledger.faults);
    assert_eq!((ledger.answers, ledger.faults.len() > 8), (0, true));
}
