//! Keys: where they go, and where they never show.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::{Value, json};
use unbent::core::TrialNo;
use unbent::store::RunReader;

use self::program::server::{ModelServer, Request, Response};
use self::program::{Ended, Place};

/// Keys with characters that change when they are encoded.
const SUBJECT_KEY: &str = "sk-live/Zm9v+YmFy=0123456789";
const JUDGE_KEY: &str = "gr-test/aGVs+bG8g=9876543210";

/// Every way in which a key could stand in a text.
fn spellings(key: &str) -> Vec<String> {
    let percent = |kept: &str| {
        key.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || kept.contains(c) {
                    c.to_string()
                } else {
                    format!("%{:02X}", u32::from(c))
                }
            })
            .collect::<String>()
    };
    let mut all = vec![key.to_owned(), percent("-"), percent("-/"), key.replace('/', "\\/")];
    all.extend((0..3).map(|before| base64_inside(key, before)));
    all
}

/// The part of the Base64 of a text with `before` bytes ahead of it that no neighbour changes.
fn base64_inside(text: &str, before: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = text.bytes().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1)).collect();
    bits[(6 - before * 8 % 6) % 6..]
        .chunks_exact(6)
        .map(|six| char::from(ALPHABET[six.iter().fold(0, |index, bit| index * 2 + usize::from(*bit))]))
        .collect()
}

#[test]
fn a_spelling_is_found_wherever_a_key_stands() {
    for (before, encoded) in
        ["c2stbGl2ZS9abTl2", "eHNrLWxpdmUvWm05dg==", "eHlzay1saXZlL1ptOXY="].iter().enumerate()
    {
        let inside = base64_inside("sk-live/Zm9v", before);
        assert!(inside.len() > 12 && encoded.contains(&inside), "{inside}");
    }
}

fn assert_hidden(place: &Place, shown: &[&Ended], runs: &[&str]) {
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    for ended in shown {
        texts.push(("standard output".to_owned(), ended.stdout.clone().into_bytes()));
        texts.push(("standard error".to_owned(), ended.stderr.clone().into_bytes()));
    }
    for (path, bytes) in place.files() {
        texts.push((path.display().to_string(), path.display().to_string().into_bytes()));
        texts.push((path.display().to_string(), bytes));
    }
    for run in runs {
        let reader = RunReader::open(&place.path(run)).unwrap();
        texts.push((format!("{run}: manifest"), serde_json::to_vec(&reader.manifest().unwrap()).unwrap()));
        for no in 1..=reader.trial_count().unwrap() {
            for logged in reader.events(TrialNo(no)).unwrap() {
                let place = format!("{run}: event {}", logged.id);
                for blob in logged.event.blobs() {
                    texts.push((place.clone(), reader.blob(blob).unwrap()));
                }
                texts.push((place, serde_json::to_vec(&logged.event).unwrap()));
            }
        }
    }
    let texts: Vec<_> = texts
        .into_iter()
        .map(|(place, bytes)| (place, String::from_utf8_lossy(&bytes).to_ascii_lowercase()))
        .collect();
    for spelling in [SUBJECT_KEY, JUDGE_KEY].into_iter().flat_map(spellings) {
        for (place, text) in &texts {
            assert!(!text.contains(&spelling.to_ascii_lowercase()), "{place} holds {spelling}");
        }
    }
}

/// Repeats the key in every kind of failure, and beside and inside good answers: in bodies, headers and the target of a
/// redirect, plain, escaped, percent-encoded and in Base64.
fn indiscreet(request: &Request) -> Response {
    let said = &request.authorization;
    let coded = base64_inside(said, 0);
    let echoing = |response: Response| match response {
        Response::Http(status, mut headers, body) => {
            headers.extend([("x-echo", said.clone()), ("x-echo-coded", coded.clone())]);
            Response::Http(status, headers, body)
        }
        silence @ Response::Silence => silence,
    };
    let encoded = said.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D").replace(' ', "%20");
    match request.number {
        2 => Response::status(
            500,
            json!({ "error": { "message": format!("no such key: {said}") } }).to_string(),
        ),
        4 => Response::status(503, format!("<html>{said} or {encoded} is not <b>known</b></html>")),
        6 => Response::status(200, json!({ "error": { "message": said, "code": encoded } }).to_string()),
        8 => Response::status(400, json!({ "error": said.replace('/', "\\/") }).to_string()),
        10 => Response::status(200, format!("not JSON but {said}")),
        30 => Response::Http(302, vec![("location", format!("http://x.invalid/?k={encoded}"))], said.clone()),
        14 => echoing(Response::status(500, json!({ "error": format!("who is {coded}?") }).to_string())),
        12 => match Response::well(request) {
            Response::Http(status, headers, body) => {
                let mut answer: Value = serde_json::from_str(&body).unwrap();
                answer["debug"] = json!({ "authorization": said });
                answer["choices"][0]["message"]["reasoning"] =
                    Value::from(format!("they sent {said} ({coded})"));
                Response::Http(status, headers, answer.to_string())
            }
            silence @ Response::Silence => silence,
        },
        _ => echoing(Response::well(request)),
    }
}

/// A place from which a run may take its key.
struct Source {
    /// Puts the key there.
    planted: fn(Place, &str) -> Place,
    /// What the command line says of it.
    args: &'static [&'static str],
    /// The file of the user's own that holds it, if any.
    held_in: Option<&'static str>,
}

/// Every place from which a run may take its key; a new one is one row.
const SOURCES: &[Source] = &[
    Source { planted: |place, key| place.with("UNBENT_API_KEY", key), args: &[], held_in: None },
    Source {
        planted: |place, key| place.with("MY_KEY", key),
        args: &["--api-key-env", "MY_KEY"],
        held_in: None,
    },
    Source {
        planted: |place, key| {
            place.put(".env", format!("UNBENT_API_KEY={key}\n"));
            place
        },
        args: &[],
        held_in: Some(".env"),
    },
];

#[test]
fn a_key_shows_nowhere_wherever_it_was_taken_from() {
    for source in SOURCES {
        let server = ModelServer::start(indiscreet);
        let place = (source.planted)(Place::new(), SUBJECT_KEY);
        let url = server.base_url();
        let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--json"];
        let models = ["--model", "openai-compatible/m", "--judge", "openai-compatible/j"];
        let mut shown = vec![place.unbent(line.iter().chain(&models).chain(source.args))];
        assert!(server.seen().iter().all(|request| request.authorization == format!("Bearer {SUBJECT_KEY}")));
        assert!(server.seen().len() > 30, "every indiscretion came up");
        for command in [
            &["resume", "a.unbent", "--json"][..],
            &["show", "a.unbent"],
            &["show", "a.unbent", "1"],
            &["show", "a.unbent", "1", "--json"],
            &["leaderboard", "a.unbent"],
            &["leaderboard", "a.unbent", "--json"],
        ] {
            shown.push(place.unbent(command));
        }
        if let Some(file) = source.held_in {
            std::fs::remove_file(place.path(file)).unwrap();
        }
        assert_hidden(&place, &shown.iter().collect::<Vec<_>>(), &["a.unbent"]);
    }
}

#[test]
fn a_key_in_an_address_or_a_reference_is_refused_unshown_before_there_is_a_file() {
    const KEY: &str = "sk-planted-0123456789abcdef";
    let place = Place::new();
    let before = place.files();
    for (base_url, reference) in [
        (format!("http://user:{KEY}@127.0.0.1:9/v1"), "openai-compatible/m".to_owned()),
        (format!("http://{KEY}@127.0.0.1:9/v1"), "openai-compatible/m".to_owned()),
        (format!("http://127.0.0.1:9/v1?key={KEY}"), "openai-compatible/m".to_owned()),
        (format!("http://127.0.0.1:9/v1#{KEY}"), "openai-compatible/m".to_owned()),
        (format!("ftp://user:{KEY}@127.0.0.1:9/v1"), "openai-compatible/m".to_owned()),
        (
            "http://127.0.0.1:9/v1".to_owned(),
            format!("openai-compatible/m?base_url=http://user:{KEY}@127.0.0.1:9/v1"),
        ),
        ("http://127.0.0.1:9/v1".to_owned(), format!("openai-compatible/m?api_key={KEY}")),
        (
            "http://127.0.0.1:9/v1".to_owned(),
            format!("openai-compatible/m?timeout_s=x&base_url=http://u:{KEY}@h/v1"),
        ),
    ] {
        for extra in [&[][..], &["--json"]] {
            let line =
                ["run", "independence", "--judge", "sim/rule-judge", "--base-url", &base_url, "--model"];
            let run = place.unbent(line.into_iter().chain([reference.as_str()]).chain(extra.iter().copied()));
            assert_eq!(run.code, Some(2), "{base_url} {reference}: {}", run.stderr);
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(!said.contains(KEY), "{said}");
            assert_eq!(place.files(), before);
        }
    }
}

#[test]
fn no_credential_reaches_a_file() {
    let server = ModelServer::start(indiscreet);
    let place = Place::new().with("MY_KEY", SUBJECT_KEY).with("UNBENT_API_KEY", JUDGE_KEY);
    let url = server.base_url();
    let line =
        ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--judge", "openai-compatible/j"];
    let model =
        ["--model", "openai-compatible/m?api_key_env=MY_KEY", "--json", "--cache-file", "c", "--cache"];
    let run = place.unbent(line.into_iter().chain(model).chain(["write"]));
    assert_eq!(run.code, Some(3), "{}{}", run.stdout, run.stderr);
    let faults: Vec<Value> = run.json_lines().into_iter().filter(|line| line["event"] == "faulted").collect();
    assert_eq!(faults.len(), 7);
    assert!(
        faults.iter().all(|line| line["fault"]["message"].as_str().unwrap().contains("***")),
        "{faults:?}"
    );
    for key in [SUBJECT_KEY, JUDGE_KEY] {
        let bearer = format!("Bearer {key}");
        assert!(server.seen().iter().any(|request| request.authorization == bearer));
    }

    // What the cache holds comes out of it again.
    let replayed: Vec<_> = line.into_iter().chain(model).chain(["replay"]).collect();
    let replayed = place.unbent(replayed.iter().map(|word| word.replace("a.unbent", "b.unbent")));
    assert!(replayed.json_lines().pop().unwrap()["cached"].as_u64().unwrap() > 20, "{}", replayed.stdout);

    let mut shown = vec![run, replayed];
    for trial in 1..=15 {
        shown.push(place.unbent(["show", "a.unbent", &trial.to_string()]));
        shown.push(place.unbent(["show", "a.unbent", &trial.to_string(), "--json"]));
    }
    shown.push(place.unbent(["show", "a.unbent", "--json"]));
    shown.push(place.unbent(["resume", "a.unbent"]));
    assert_eq!(shown.last().unwrap().code, Some(0));
    assert_hidden(&place, &shown.iter().collect::<Vec<_>>(), &["a.unbent", "b.unbent"]);
}

#[test]
fn a_killed_run_leaves_no_credential_in_its_log_or_lock() {
    let server =
        ModelServer::start(
            |request| {
                if request.number > 20 { Response::Silence } else { indiscreet(request) }
            },
        );
    let place = Place::new().with("MY_KEY", SUBJECT_KEY);
    let url = server.base_url();
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--api-key-env", "MY_KEY"];
    let run = place.start(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    server.wait_for(20);
    run.kill();
    assert!(place.path("a.unbent-wal").exists() && place.path("a.unbent.lock").exists());
    assert_hidden(&place, &[], &[]);
    assert_hidden(&place, &[], &["a.unbent"]);
}

#[test]
fn a_refused_key_ends_the_run_with_its_own_code_and_the_run_goes_on_with_a_good_one() {
    let server = ModelServer::start(|request| {
        if request.authorization == format!("Bearer {JUDGE_KEY}") {
            return Response::well(request);
        }
        let message = format!("Incorrect API key provided: {}", request.authorization);
        Response::status(401, json!({ "error": { "message": message } }).to_string())
    });
    let place = Place::new().with("UNBENT_API_KEY", SUBJECT_KEY);
    let url = server.base_url();
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--parallel", "2"];
    let run = place.unbent(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    assert_eq!(run.code, Some(8));
    for part in
        ["HTTP 401: Incorrect API key provided: Bearer ***", "--api-key-env", "unbent resume a.unbent"]
    {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    let asked = server.seen().len();
    assert!(asked <= 4, "{asked} calls with a refused key: more than one for each trial of the window");
    assert_hidden(&place, &[&run], &["a.unbent"]);

    let place = place.with("UNBENT_API_KEY", JUDGE_KEY);
    let resumed = place.unbent(["resume", "a.unbent"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
}

#[test]
fn a_variable_without_a_key_is_named_before_there_is_a_file() {
    let place = Place::new();
    let before = place.files();
    let line = ["run", "independence", "--base-url", "http://127.0.0.1:9/v1", "--api-key-env", "MY_KEY"];
    let run = place.unbent(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("MY_KEY holds no key"), "{}", run.stderr);
    assert_eq!(place.files(), before);
}
