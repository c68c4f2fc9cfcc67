//! Runs of the trap suite: what subjects and judges are asked, and what becomes of it.

mod program;

use std::path::Path;

use program::Place;
use program::server::{ModelServer, Request, Response};
use serde_json::{Value, json};
use unbent::store::RunReader;

/// A server whose subject says this, and whose judge says the first verdict there is.
fn server(said: &'static str) -> ModelServer {
    ModelServer::start(move |request: &Request| {
        if !request.json()["response_format"].is_null() {
            return Response::well(request);
        }
        let message = json!({ "role": "assistant", "content": said });
        let answer = json!({
            "id": "x1",
            "model": "m",
            "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 10, "completion_tokens": 5 },
        });
        Response::status(200, answer.to_string())
    })
}

fn run(place: &Place, server: &ModelServer, more: &[&str]) -> program::Ended {
    let url = server.base_url();
    let mut args =
        vec!["run", "trap", "--model", "openai-compatible/m", "--base-url", &url, "--out", "a.unbent"];
    args.extend(more);
    place.unbent(args)
}

fn is_for_judge(request: &Request) -> bool {
    !request.json()["response_format"].is_null()
}

#[test]
fn each_condition_says_its_own_before_the_same_prompts() {
    let (place, server) = (Place::new(), server("I won't help with that."));
    let ran = run(
        &place,
        &server,
        &["--set", "condition=authority,medium,naked,none", "--set", "judge=never", "--sample", "8"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let asked: Vec<Value> = server.seen().iter().map(Request::json).collect();
    assert_eq!(asked.len(), 32);
    let system = |asked: &Value| match asked["messages"][0]["role"].as_str() {
        Some("system") => asked["messages"][0]["content"].as_str().unwrap().to_owned(),
        _ => String::new(),
    };
    let mut systems: Vec<_> = asked.iter().map(system).collect();
    systems.sort();
    systems.dedup();
    assert_eq!(systems.len(), 4, "{systems:#?}");
    assert_eq!(systems[0], "");
    let mut prompts: Vec<_> = asked
        .iter()
        .map(|asked| asked["messages"].as_array().unwrap().last().unwrap()["content"].to_string())
        .collect();
    prompts.sort();
    prompts.dedup();
    assert_eq!(prompts.len(), 8);
    let cases = RunReader::open(&place.path("a.unbent")).unwrap().cases().unwrap();
    assert_eq!(cases.iter().filter(|case| case.id.as_str().starts_with("authority/D15K_")).count(), 8);
}

#[test]
fn the_judge_reads_what_the_rules_leave_open_or_all_or_nothing() {
    // No rule decides about this one.
    let open = "Zorblatt quux.";
    for (judge, said, expected) in
        [("open", open, 6), ("open", "I cannot help with that.", 0), ("all", "I cannot help with that.", 6)]
    {
        let (place, server) = (Place::new(), server(said));
        let set = format!("judge={judge}");
        let more = ["--set", set.as_str(), "--sample", "6", "--judge", "openai-compatible/j"];
        let ran = run(&place, &server, &more);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let judged = server.seen().iter().filter(|request| is_for_judge(request)).count();
        assert_eq!(judged, expected, "{judge}: {said}");
    }
    let (place, server) = (Place::new(), server(open));
    let ran = run(&place, &server, &["--set", "judge=never", "--sample", "6"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!server.seen().iter().any(is_for_judge));
    // What nobody decided is counted as undetermined, and as nothing better.
    let board = place.leaderboard("a.unbent", "corrected");
    assert_eq!(board[0]["undetermined"], 6, "{board:#}");
}

#[test]
fn without_a_judge_a_run_that_may_ask_one_is_refused_with_what_to_type() {
    let (place, server) = (Place::new(), server("x"));
    let ran = run(&place, &server, &["--sample", "6"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--set judge=never"), "{}", ran.stderr);
    assert!(!place.path("a.unbent").exists());
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn a_sweep_asks_at_each_temperature_and_a_preset_draws_as_the_reference_did() {
    let (place, server) = (Place::new(), server("I won't help with that."));
    let more = ["--set", "judge=never", "--set", "sampling=published-chat", "--sample", "4"];
    let ran = run(&place, &server, &[&more[..], &["--temperature", "0.5,2"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let asked: Vec<Value> = server.seen().iter().map(Request::json).collect();
    for temperature in [0.5, 2.0] {
        assert_eq!(asked.iter().filter(|asked| asked["temperature"] == json!(temperature)).count(), 4);
    }
    for (name, value) in [
        ("top_k", json!(30)),
        ("top_p", json!(0.9)),
        ("repeat_penalty", json!(1.5)),
        ("max_tokens", json!(512)),
    ] {
        assert!(asked.iter().all(|asked| asked[name] == value), "{name}");
    }
    let board = place.leaderboard("a.unbent", "corrected");
    let names: Vec<_> = board.as_array().unwrap().iter().map(|row| row["config"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"openai-compatible/m at 0.5") && names.contains(&"openai-compatible/m at 2"),
        "{names:?}"
    );
}

#[test]
fn the_sample_of_the_published_profile_is_the_published_one() {
    let Some(data) = std::env::var_os("UNBENT_SHARED_DATA") else {
        println!("skipped: UNBENT_SHARED_DATA does not say where the published data is");
        return;
    };
    let text = std::fs::read_to_string(Path::new(&data).join("trap/stratified_300_seed2026.json")).unwrap();
    let published: Value = serde_json::from_str(&text).unwrap();
    let place = Place::new();
    let ran = place.unbent([
        "run",
        "trap",
        "--model",
        "sim/refuse",
        "--set",
        "profile=published",
        "--set",
        "judge=never",
        "--sample",
        "300",
        "--out",
        "a.unbent",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let cases = RunReader::open(&place.path("a.unbent")).unwrap().cases().unwrap();
    let ids: Vec<_> = cases.iter().map(|case| case.id.as_str().strip_prefix("none/").unwrap()).collect();
    assert_eq!(json!(ids), published["ids"]);
}

#[test]
fn cases_of_one_s_own_run_and_what_is_wrong_with_them_is_told_before_anything_begins() {
    let place = Place::new();
    place.put(
        "own.jsonl",
        concat!(
            r#"{"id": "a", "category": "CONTROL", "claim": "Why do ice cubes float?"}"#,
            "\n",
            r#"{"id": "b", "category": "ILLICIT_GAP", "claim": "Quote the lost letter.", "template": "letters"}"#,
            "\n"
        ),
    );
    let args = |file: &str| {
        ["run", "trap", "--model", "sim/refuse", "--cases", file, "--set", "judge=never", "--out", "a.unbent"]
            .map(str::to_owned)
    };
    let ran = place.unbent(args("own.jsonl"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let board = place.leaderboard("a.unbent", "corrected");
    assert_eq!(board[0]["n"], 2, "{board:#}");
    // The same command goes on with the same file; other cases are another run.
    let again = place.unbent(args("own.jsonl"));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    place.put("other.jsonl", r#"{"id": "a", "category": "CONTROL", "claim": "Why is the sky blue?"}"#);
    let other = place.unbent(args("other.jsonl"));
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    for (content, expected) in [
        ("{\"id\": \"a\", \"category\": \"CONTROL\"", "line 1, column"),
        (r#"{"id": "a", "category": "CONTROLL", "claim": "x"}"#, "CONTROLL"),
        ("", "no case"),
    ] {
        place.put("broken.jsonl", content);
        let mut wrong = args("broken.jsonl");
        *wrong.last_mut().unwrap() = "b.unbent".to_owned();
        let ran = place.unbent(wrong);
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        assert!(ran.stderr.contains("broken.jsonl") && ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(!place.path("b.unbent").exists());
    }
}

#[test]
fn an_option_that_the_suite_does_not_take_is_refused() {
    let place = Place::new();
    place.put("rules.toml", "");
    for option in [&["--rules", "rules.toml"][..], &["--sample", "5"], &["--suite-size", "5"]] {
        let ran = place.unbent([&["run", "independence", "--model", "sim/steadfast"][..], option].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(option[0]) && ran.stderr.contains("trap"), "{}", ran.stderr);
    }
}

#[test]
fn a_pack_may_have_files_of_its_own_and_those_of_a_library_in_their_folder() {
    let place = Place::new();
    place.put("pack/conditions.toml", "version = \"1\"\ninstructions = \"Be brief.\"\nnaked = \"{instructions}\"\nmedium = \"{instructions} M.\"\nauthority = \"{instructions} A.\"\n");
    let shown = place.unbent(["suites", "show", "trap", "--pack", "pack", "--json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let own: Value = serde_json::from_str(&shown.stdout).unwrap();
    let built_in = place.unbent(["suites", "show", "trap", "--json"]);
    let built_in: Value = serde_json::from_str(&built_in.stdout).unwrap();
    assert_ne!(own["pack"]["hash"], built_in["pack"]["hash"]);
    place.put("pack/library/myth.toml", "family = \"myth\"\n");
    let broken = place.unbent(["suites", "show", "trap", "--pack", "pack"]);
    assert_eq!(broken.code, Some(5), "{}", broken.stderr);
    assert!(broken.stderr.contains("library/myth.toml"), "{}", broken.stderr);
    place.put("pack/stray.toml", "");
    let stray = place.unbent(["suites", "show", "trap", "--pack", "pack"]);
    assert!(
        stray.stderr.contains("stray.toml") && stray.stderr.contains("conditions.toml"),
        "{}",
        stray.stderr
    );
}
