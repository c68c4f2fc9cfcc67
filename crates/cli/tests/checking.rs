//! `unbent models check` against servers on the loopback: good ones, and every way in which one can be of no use.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::net::TcpListener;

use serde_json::{Value, json};
use unbent_mock::{MockServer, Options};

use self::program::server::{ModelServer, Response};
use self::program::{Ended, Place};

const DONE: i32 = 0;
const USAGE: i32 = 2;
const INCOMPLETE: i32 = 3;
const REFUSED: i32 = 8;

const KEY: &str = "sk-planted-0123456789abcdef";

fn check(place: &Place, args: &[&str]) -> Ended {
    place.unbent(["models", "check"].iter().chain(args))
}

/// The object that a check prints.
fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

fn verdict(report: &Value, name: &str) -> String {
    let parameters = report["parameters"].as_array().unwrap();
    let found = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
    found["verdict"].as_str().unwrap().to_owned()
}

fn assert_says(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "no {part:?} in:\n{}", ended.stderr);
    }
    assert!(!ended.stdout.contains(KEY) && !ended.stderr.contains(KEY), "{ended:?}");
}

#[test]
fn a_good_model_is_asked_once_and_everything_it_tells_is_shown() {
    let server =
        MockServer::start(Options { rpm: Some(60), key: Some(KEY.to_owned()), ..Options::default() });
    let place = Place::new().with("MY_KEY", KEY);
    let url = format!("{}/v1", server.url());
    let args = ["openai-compatible/logprobs", "--base-url", &url, "--api-key-env", "MY_KEY"];
    let ended = check(&place, &args);
    assert_says(&ended, DONE, &[]);
    for part in [
        "yes: HTTP 200 after",
        "accepted, from MY_KEY",
        "served model    logprobs",
        "fingerprint     fp_mock",
        "request id      req_",
        "requests left   59",
        "temperature  0.7",
        "cannot be told",
    ] {
        assert!(ended.stdout.contains(part), "no {part:?} in:\n{}", ended.stdout);
    }
    assert_eq!(server.ledger().requests, 1);
    let asked: Value = serde_json::from_str(&server.last(1)[0].body).unwrap();
    for (name, value) in
        [("temperature", json!(0.7)), ("top_p", json!(0.95)), ("seed", json!(7)), ("max_tokens", json!(64))]
    {
        assert_eq!(asked[name], value, "{asked}");
    }
    assert_eq!((&asked["logprobs"], &asked["stop"]), (&json!(true), &json!(["six"])));
    assert_eq!(asked.get("tools"), None);

    let told = report(&check(&place, &[&args[..], &["--json"]].concat()));
    assert_eq!((&told["ok"], &told["reached"], &told["status"]), (&json!(true), &json!(true), &json!(200)));
    assert_eq!(told["key"], json!({ "verdict": "accepted", "variable": "MY_KEY" }));
    assert_eq!(told["pace"]["requests"]["remaining"], 58);
    assert!(told["usage"]["output"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(verdict(&told, "logprobs"), "honoured");
    assert_eq!(verdict(&told, "temperature"), "unknown");
}

#[test]
fn a_parameter_without_effect_is_a_warning() {
    let server = MockServer::start(Options { answer_bytes: 4000, ..Options::default() });
    let place = Place::new();
    let url = format!("{}/v1", server.url());
    let ended = check(&place, &["openai-compatible/text", "--base-url", &url, "--tools"]);
    assert_says(
        &ended,
        DONE,
        &[
            "warning: logprobs was sent and ignored: none came with the answer",
            "warning: max_tokens was sent and ignored: ",
            "warning: tools was sent and ignored: the model was asked to call the tool",
        ],
    );
    assert!(ended.stdout.contains("none sent, none needed"), "{}", ended.stdout);
    let told = report(&check(&place, &["openai-compatible/tools", "--base-url", &url, "--tools", "--json"]));
    assert_eq!(verdict(&told, "tools"), "honoured");
    assert!(told["warnings"][0].as_str().unwrap().starts_with("logprobs was sent and ignored"), "{told}");
}

#[test]
fn every_dialect_can_be_checked() {
    let server = MockServer::start(Options::default());
    let place = Place::new().with("MY_KEY", KEY);
    for (reference, path, unsent) in [
        ("openai/reasoning?api=responses", "/v1", &["stop", "seed"][..]),
        ("openai/text?api=completions", "/v1", &[]),
        ("anthropic/reasoning", "/v1", &["seed", "logprobs"]),
        ("google/text", "/v1beta", &[]),
        ("openrouter/lab/text+alpha", "/api/v1", &[]),
        ("ollama/text", "", &[]),
    ] {
        let url = format!("{}{path}", server.url());
        let ended = check(&place, &[reference, "--base-url", &url, "--api-key-env", "MY_KEY", "--json"]);
        assert_eq!(ended.code, Some(DONE), "{reference}: {}", ended.stderr);
        let told = report(&ended);
        assert_eq!(told["ok"], true, "{told}");
        let left: Vec<_> = ["temperature", "top_p", "max_tokens", "stop", "seed", "logprobs"]
            .into_iter()
            .filter(|name| verdict(&told, name) == "not_sent")
            .collect();
        assert_eq!(left, unsent, "{reference}");
    }
}

#[test]
fn options_of_one_api_are_taken_by_it_and_refused_by_others() {
    let server = MockServer::start(Options::default());
    let place = Place::new().with("MY_KEY", KEY);
    let checked = |reference: &str, path: &str| {
        let url = format!("{}{path}", server.url());
        check(&place, &[reference, "--base-url", &url, "--api-key-env", "MY_KEY"])
    };
    assert_says(&checked("openrouter/lab/text?exacto=true", "/api/v1"), DONE, &["not pinned"]);
    let asked: Value = serde_json::from_str(&server.last(1)[0].body).unwrap();
    assert_eq!(asked["model"], "lab/text:exacto");
    assert_says(&checked("anthropic/text?cache=true", "/v1"), DONE, &[]);
    assert!(server.last(1)[0].body.contains("\"cache_control\":{\"type\":\"ephemeral\"}"));
    assert_says(&checked("google/text?stream=true", "/v1beta"), DONE, &[]);
    assert!(server.last(1)[0].path.contains(":streamGenerateContent"), "{}", server.last(1)[0].path);
    let before = server.ledger().requests;
    for (reference, part) in [
        ("openrouter/lab/text+alpha?exacto=true", "without a pin"),
        ("openrouter/lab/text:free?exacto=true", "without another variant"),
        ("openai/text?exacto=true", "models of OpenRouter"),
        ("google/text?cache=true", "it is for Anthropic's messages"),
        ("ollama/text?stream=true", "it is for APIs other than Ollama's"),
        ("anthropic/text?cache=yes", "cache=yes is not true or false"),
    ] {
        assert_says(&checked(reference, "/v1"), USAGE, &[part]);
    }
    assert_eq!(server.ledger().requests, before);
}

#[test]
fn a_bad_key_and_a_missing_one_are_told_apart() {
    let server = MockServer::start(Options { key: Some("another".to_owned()), ..Options::default() });
    let place = Place::new().with("MY_KEY", KEY);
    let url = format!("{}/v1", server.url());
    let model = ["openai-compatible/m", "--base-url", &url];
    let bad = check(&place, &[&model[..], &["--api-key-env", "MY_KEY"]].concat());
    assert_says(&bad, REFUSED, &["the key is refused", "HTTP 401", "the key came from MY_KEY"]);
    assert!(bad.stdout.contains("REFUSED, from MY_KEY"), "{}", bad.stdout);
    let missing = check(&place, &model);
    assert_says(&missing, REFUSED, &["a key is wanted and none was sent", "--api-key-env NAME"]);
    let echo = check(
        &place,
        &["openai-compatible/fault-unauthorized", "--base-url", &url, "--api-key-env", "MY_KEY", "--json"],
    );
    assert_says(&echo, REFUSED, &["\"exit\":\"refused\""]);
    let told = report(&echo);
    assert_eq!((&told["ok"], &told["key"]["verdict"]), (&json!(false), &json!("refused")));
    assert_eq!(told["fault"]["status"], 401);
}

#[test]
fn a_parameter_that_the_model_does_not_take_is_named_with_the_reference_to_use() {
    let server = MockServer::start(Options::default());
    let place = Place::new();
    let url = format!("{}/v1", server.url());
    let refused = check(&place, &["openai-compatible/strict-temperature", "--base-url", &url]);
    let better = "openai-compatible/strict-temperature?refuses=temperature";
    let again = format!("unbent models check '{better}' --base-url {url}");
    assert_says(&refused, USAGE, &["'temperature' is not supported", &again]);
    assert!(refused.stdout.contains("REFUSED"), "{}", refused.stdout);
    assert_eq!(server.ledger().requests, 1, "nothing is tried again behind one's back");
    let taken = check(&place, &[better, "--base-url", &url, "--json"]);
    assert_says(&taken, DONE, &[]);
    assert_eq!(verdict(&report(&taken), "temperature"), "not_sent");
    let two = check(&place, &["openai-compatible/strict-seed?refuses=temperature", "--base-url", &url]);
    assert_says(&two, USAGE, &["refuses=temperature,seed"]);
}

#[test]
fn an_address_that_is_no_api_is_shown_with_what_is_there() {
    let page = "<!DOCTYPE html>\n<html><title>LM \u{1b}[31mStudio</title>";
    let server = ModelServer::start(move |request| match request.json()["model"].as_str().unwrap() {
        "page" => Response::status(200, page),
        "missing" => Response::status(404, "404 page not found"),
        "other" => Response::status(200, json!({ "status": "ok", "note": "no model here" }).to_string()),
        "moved" => Response::Http(302, vec![("location", "https://x.invalid/".to_owned())], String::new()),
        _ => Response::status(200, "pong"),
    });
    let place = Place::new();
    let url = server.base_url();
    let bare = url.trim_end_matches("/v1");
    for (model, parts) in [
        (
            "page",
            &["(HTTP 200) with a web page; it begins: <!DOCTYPE html> <html><title>LM \u{fffd}[31mStudio"][..],
        ),
        ("missing", &["(HTTP 404)", "it begins: 404 page not found"]),
        ("other", &["not as a model does", "{\"status\":\"ok\",\"note\":\"no model here\"}"]),
        ("moved", &["(HTTP 302)", "it begins: (nothing)"]),
        ("pong", &["not as a model does; it begins: pong"]),
    ] {
        let reference = format!("openai-compatible/{model}");
        let versioned = check(&place, &[&reference, "--base-url", &url]);
        assert_says(&versioned, USAGE, parts);
        assert!(!versioned.stderr.contains("forget"), "{}", versioned.stderr);
        let forgotten = check(&place, &[&reference, "--base-url", bare]);
        assert_says(&forgotten, USAGE, &[&format!("did you forget /v1? --base-url {bare}/v1")]);
    }
}

#[test]
fn a_server_that_is_not_there_or_has_no_answer_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = Place::new();
    let gone = check(&place, &["openai-compatible/m", "--base-url", &format!("http://{free}/v1"), "--json"]);
    assert_says(&gone, REFUSED, &["cannot reach", "is the server running"]);
    let told = report(&gone);
    assert_eq!((&told["reached"], &told["status"]), (&json!(false), &Value::Null));
    assert_eq!(told["key"]["verdict"], "unknown");

    let server = MockServer::start(Options::default());
    let url = format!("{}/v1", server.url());
    for (model, code, part) in [
        ("fault-empty", INCOMPLETE, "--max-tokens 2048"),
        ("fault-zero-usage", INCOMPLETE, "zero_usage=allow"),
        ("fault-rate-limit", INCOMPLETE, "the server asks to wait 1 s"),
        ("fault-server", INCOMPLETE, "it may pass"),
        ("fault-not-found", USAGE, "the model has another name"),
        ("fault-quota", REFUSED, "add credit"),
    ] {
        let ended = check(&place, &[&format!("openai-compatible/{model}"), "--base-url", &url]);
        assert_says(&ended, code, &[part]);
    }
}

#[test]
fn what_needs_no_network_needs_no_check_but_must_be_there() {
    let place = Place::new();
    let simulated = check(&place, &["sim/steadfast"]);
    assert_says(&simulated, DONE, &[]);
    assert!(simulated.stdout.contains("nothing more to check"), "{}", simulated.stdout);
    assert_says(&check(&place, &["sim/stedfast"]), USAGE, &["unknown persona"]);
    assert_eq!(report(&check(&place, &["sim/steadfast", "--json"]))["ok"], true);
    let run = place.unbent(["run", "independence", "--model", "sim/steadfast", "--out", "a.unbent"]);
    assert_eq!(run.code, Some(DONE));
    assert_says(&check(&place, &["replay/a.unbent"]), DONE, &[]);
    assert_says(&check(&place, &["replay/b.unbent"]), 5, &["there is no file b.unbent"]);
    assert_says(&check(&place, &["nosuch/m"]), USAGE, &["there is no provider \"nosuch\""]);
    assert_says(&check(&place, &["openai/m"]), USAGE, &["OPENAI_API_KEY holds no key"]);
}

#[test]
fn providers_are_listed_with_the_names_of_their_keys_only() {
    let place = Place::new().with("OPENAI_API_KEY", KEY).with("TOGETHER_API_KEY", " ");
    let ended = place.unbent(["models"]);
    assert_says(&ended, DONE, &[]);
    for part in [
        "openai/MODEL",
        "https://api.openai.com/v1; key OPENAI_API_KEY (set)",
        "TOGETHER_API_KEY (not set)",
        "GOOGLE_API_KEY (not set) or GEMINI_API_KEY (not set)",
        "http://127.0.0.1:11434; no key",
        "sim/PERSONA",
    ] {
        assert!(ended.stdout.contains(part), "no {part:?} in:\n{}", ended.stdout);
    }
    let listed = place.unbent(["models", "list", "--json"]);
    let told: Value = serde_json::from_str(&listed.stdout).unwrap();
    let openai = told.as_array().unwrap().iter().find(|host| host["provider"] == "openai").unwrap();
    assert_eq!(openai["keys"], json!([{ "variable": "OPENAI_API_KEY", "set": true }]));
    assert!(!listed.stdout.contains(KEY));
}
