//! What the server counts and keeps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use unbent_mock::{Ledger, MockServer, Options};

use crate::client::{APIS, Api, send, server};

/// Waits for what the server notices on a thread of its own.
fn ledger_when(server: &MockServer, is_so: impl Fn(&Ledger) -> bool) -> Ledger {
    let start = Instant::now();
    loop {
        let ledger = server.ledger();
        if is_so(&ledger) || start.elapsed() > Duration::from_secs(5) {
            return ledger;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_sampled_server_answers_equal_requests_with_different_texts() {
    let body = Api::Chat.request("one");
    let texts = |sampled: bool| {
        let server = MockServer::start(Options { sampled, ..Options::default() });
        [(); 2].map(|()| {
            Api::Chat.call(&server, "text", &body).json()["choices"][0]["message"]["content"].clone()
        })
    };
    let [first, second] = texts(false);
    assert_eq!(first, second);
    let sampled = texts(true);
    assert_ne!(sampled[0], sampled[1]);
    assert_eq!(texts(true), sampled);
}

#[test]
fn answers_are_counted_once_for_each_body_and_repeats_apart() {
    let server = MockServer::start(Options { price_usd: 0.25, ..Options::default() });
    for said in ["one", "two", "one"] {
        assert_eq!(Api::Chat.call(&server, "text", &Api::Chat.request(said)).status, 200);
    }
    Api::Chat.call(&server, "fault-server", &Api::Chat.request("one"));
    let ledger = server.ledger();
    assert_eq!((ledger.requests, ledger.answers), (4, 3));
    assert_eq!((ledger.distinct_answered, ledger.repeated_answers), (2, 1));
    assert_eq!(ledger.faults, BTreeMap::from([("server".to_owned(), 1)]));
    assert_eq!((ledger.by_model["text"].requests, ledger.by_model["text"].answers), (3, 3));
    assert_eq!((ledger.by_model["fault-server"].requests, ledger.by_model["fault-server"].answers), (1, 0));
    assert!((ledger.cost_usd - 0.75).abs() < 1e-12 && ledger.input_tokens > 0 && ledger.output_tokens > 0);
    assert_eq!((ledger.in_flight, ledger.max_in_flight, ledger.cut_off), (0, 1, 0));
}

#[test]
fn the_accounts_over_the_wire_are_those_of_the_library() {
    let server = server();
    for api in APIS {
        assert_eq!(api.call(&server, "text", &api.request("hi")).status, 200, "{api:?}");
    }
    let wire: Ledger = serde_json::from_value(send(&server, "GET", "/mock/ledger", "", "").json()).unwrap();
    assert_eq!(wire, server.ledger());
    assert_eq!(wire.distinct_answered, 8);
}

#[test]
fn a_client_that_hangs_up_is_counted() {
    let server = server();
    Api::Chat.call(&server, "fault-silence", &Api::Chat.request("hi"));
    let ledger = ledger_when(&server, |ledger| ledger.cut_off == 1);
    assert_eq!((ledger.cut_off, ledger.in_flight, ledger.answers), (1, 0, 0));
    assert_eq!(ledger.faults["silence"], 1);
}

#[test]
fn the_latest_requests_are_kept_as_they_came() {
    let server = server();
    for said in ["one", "two", "three"] {
        let request = Api::Messages.request(said);
        Api::Messages.call_with(
            &server,
            "text",
            &request,
            "x-api-key: k\r\nX-Twice: a\r\nX-Twice: b\r\n",
            false,
        );
    }
    let last = server.last(2);
    assert_eq!((last.len(), last[0].body.contains("two"), last[1].body.contains("three")), (2, true, true));
    assert_eq!((last[1].method.as_str(), last[1].path.as_str()), ("POST", "/v1/messages"));
    assert_eq!((last[1].headers["x-api-key"].as_str(), last[1].headers["x-twice"].as_str()), ("k", "a, b"));
    let wire = send(&server, "GET", "/mock/last?n=2", "", "").json();
    assert_eq!(wire, json!(last));
}

#[test]
fn a_reset_forgets_all() {
    let server = server();
    Api::Chat.call(&server, "text", &Api::Chat.request("hi"));
    assert_eq!(send(&server, "POST", "/mock/reset", "", "").status, 200);
    assert_eq!((server.ledger(), server.last(9).len()), (Ledger::default(), 0));
    Api::Chat.call(&server, "text", &Api::Chat.request("hi"));
    assert_eq!(server.ledger().repeated_answers, 0);
}

#[test]
fn texts_outlive_a_restart_and_have_the_length_asked_for() {
    let said = || {
        let server = MockServer::start(Options { answer_bytes: 300, ..Options::default() });
        APIS.map(|api| api.said(&api.call(&server, "text", &api.request("hi")).json()))
    };
    let first = said();
    assert_eq!(first, said());
    assert!(first.iter().all(|text| text.len() == 300));
}

#[test]
fn many_calls_wait_at_once_and_are_counted() {
    let server = MockServer::start(Options { latency_ms: 60, jitter_ms: 20, ..Options::default() });
    let start = Instant::now();
    std::thread::scope(|scope| {
        for body in 0..50 {
            let server = &server;
            scope.spawn(move || Api::Chat.call(server, "text", &Api::Chat.request(&body.to_string())));
        }
    });
    assert!(start.elapsed() >= Duration::from_millis(60));
    let ledger = server.ledger();
    assert_eq!((ledger.answers, ledger.in_flight), (50, 0));
    assert!(ledger.max_in_flight > 10, "{}", ledger.max_in_flight);
}
