//! `unbent doctor`: what it finds, how it ends, and what it never shows.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::{Value, json};
use unbent_mock::{MockServer, Options};

use self::program::server::{ModelServer, Response};
use self::program::{Ended, Place};

const DONE: i32 = 0;
const INCOMPLETE: i32 = 3;

const KEY: &str = "sk-planted/0123456789+abcdef";

fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

fn finding<'v>(told: &'v Value, what: &str) -> &'v Value {
    let findings = told["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("no {what} in {told}"))
}

#[test]
fn a_machine_that_is_fit_is_told_so_and_left_as_it_was() {
    let place = Place::new();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let place = place.with("PATH", empty.to_str().unwrap());
    let before = place.files();
    let ended = place.unbent(["doctor", "--json"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    let told = told(&ended);
    assert_eq!((&told["ok"], &told["problems"]), (&json!(true), &json!(0)));
    for what in ["program", "folder", "SQLite", "open files", "certificates", "proxy", "keys"] {
        assert_ne!(finding(&told, what)["health"], "problem", "{told}");
    }
    // There is no program on its path.
    for what in ["git", "bubblewrap"] {
        assert_eq!(finding(&told, what)["health"], "warning");
        assert!(finding(&told, what)["to_do"].is_string());
    }
    assert!(place.files() == before);
    let shown = place.unbent(["doctor"]);
    assert_eq!(shown.code, Some(DONE));
    assert!(
        shown.stdout.contains("ok       SQLite") && shown.stdout.contains("0 problems"),
        "{}",
        shown.stdout
    );
}

#[test]
fn more_calls_at_once_than_files_may_be_open_are_a_problem() {
    let place = Place::new();
    let ended = place.unbent(["doctor", "--parallel", "100000000000", "--json"]);
    assert_eq!(ended.code, Some(INCOMPLETE), "{ended:?}");
    let told = told(&ended);
    assert_eq!(finding(&told, "open files")["health"], "problem");
    assert!(finding(&told, "open files")["to_do"].as_str().unwrap().contains("ulimit -n"), "{told}");
}

#[test]
fn providers_are_reached_without_a_call_of_a_model() {
    let server = MockServer::start(Options::default());
    let url = format!("{}/v1", server.url());
    let place = Place::new().with("UNBENT_BASE_URL", &url);
    let ended = place.unbent(["doctor", "--online", "--json"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    let seen = finding(&told(&ended), "openai-compatible")["seen"].as_str().unwrap().to_owned();
    assert!(seen.contains("reached in") && seen.contains("HTTP 200"), "{seen}");
    let requests = server.last(9);
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("GET", "/v1/models"));

    drop(server);
    let gone = place.unbent(["doctor", "--online", "--json"]);
    assert_eq!(gone.code, Some(INCOMPLETE), "{gone:?}");
    assert_eq!(finding(&told(&gone), "openai-compatible")["health"], "problem");
    let nobody = Place::new().unbent(["doctor", "--online", "--json"]);
    assert!(finding(&told(&nobody), "online")["seen"].as_str().unwrap().contains("no key is set"));
}

#[test]
fn the_value_of_a_key_is_never_shown() {
    // A server that repeats the key in its refusal, as some do.
    let server = ModelServer::start(|request| {
        let said = &request.authorization;
        Response::status(401, json!({ "error": { "message": format!("no such key: {said}") } }).to_string())
    });
    let place = Place::new()
        .with("UNBENT_BASE_URL", &server.base_url())
        .with("UNBENT_API_KEY", KEY)
        .with("HTTPS_PROXY", "http://me:hunter2@proxy.invalid:3128");
    for args in [&["doctor", "--online"][..], &["doctor", "--online", "--json"], &["doctor"]] {
        let ended = place.unbent(args);
        for hidden in [KEY, "0123456789", "hunter2"] {
            assert!(!ended.stdout.contains(hidden) && !ended.stderr.contains(hidden), "{ended:?}");
        }
        assert!(
            ended.stdout.contains("set: UNBENT_API_KEY") && ended.stdout.contains("HTTPS_PROXY set"),
            "{ended:?}"
        );
        if args.contains(&"--online") {
            assert_eq!(ended.code, Some(INCOMPLETE));
            assert!(ended.stdout.contains("the key is refused"), "{}", ended.stdout);
        }
    }
    assert!(server.seen().iter().all(|request| request.authorization == format!("Bearer {KEY}")));
}
