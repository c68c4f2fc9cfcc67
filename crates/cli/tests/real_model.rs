//! A real model on a real server: SmolLM2-135M-Instruct behind llama.cpp's own server, as `./dev peers` installs them.
//!
//! Proves that what we write is read by a server that shares no code with us, and the other way round. Says nothing
//! about the model. Where nothing is installed, says so and holds nothing.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod program;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use unbent::core::{BlobRef, Event, TrialNo};
use unbent::store::RunReader;

use self::program::{Ended, Place};

/// What `./dev peers` installed; none if it did not. Where `./dev test` says that it did, it must be there.
fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("UNBENT_PEERS").map(PathBuf::from);
    let is_promised = named.is_some();
    // The build folder is that of this test.
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers"));
    if folder.join("installed.txt").is_file() {
        return Some(folder);
    }
    assert!(!is_promised, "UNBENT_PEERS names {}, where nothing is installed", folder.display());
    eprintln!("skipped: no real model at {}; ./dev peers installs it", folder.display());
    None
}

/// A server with a real model, until it is dropped.
struct RealServer {
    child: Child,
    base_url: String,
    _log: TempDir,
}

impl RealServer {
    /// Starts the server and waits until its model can be asked; none where nothing is installed.
    fn start() -> Option<Self> {
        let folder = installed()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../peers/serve.py");
        let logs = tempfile::tempdir().unwrap();
        let log = logs.path().join("log");
        // It ends with its standard input, so also when this process is killed.
        let mut child = Command::new(folder.join("bin/python"))
            .arg(script)
            .arg("--attached")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base_url = line.trim().to_owned();
        if base_url.is_empty() {
            let status = child.wait().unwrap();
            panic!("the server did not start ({status}): {}", fs::read_to_string(log).unwrap());
        }
        Some(Self { child, base_url, _log: logs })
    }

    /// Puts cases to the model as `reference` names it, one call after the other and as repeatable as it can be.
    fn run(&self, place: &Place, reference: &str, more: &[&str]) -> Ended {
        let fixed = [
            "--judge",
            "sim/rule-judge",
            "--temperature",
            "0",
            "--sampling-seed",
            "7",
            "--parallel",
            "1",
            "--out",
            "real.unbent",
        ];
        let line = ["run", "independence", "--model", reference, "--base-url", &self.base_url];
        place.unbent(line.iter().chain(&fixed).chain(more))
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // It may have ended already; the test fails by what it met then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The events of a trial in which the subject answered, as `unbent show` tells them.
fn subject_answers(place: &Place, trial: usize) -> Vec<Value> {
    let shown = place.unbent(["show", "real.unbent", &trial.to_string(), "--json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let trial: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(trial["events"].as_array().unwrap().last().unwrap()["outcome"], "scored", "{trial}");
    let events = trial["events"].as_array().unwrap().iter();
    events.filter(|event| event["event"] == "answered" && event["role"] == "subject").cloned().collect()
}

/// The bodies that were sent to the server, in their order.
fn bodies_sent(place: &Place) -> Vec<Value> {
    let reader = RunReader::open(&place.path("real.unbent")).unwrap();
    let wire = |address: BlobRef| serde_json::from_slice::<Value>(&reader.blob(address).unwrap()).unwrap();
    let events = (1..=reader.trial_count().unwrap()).flat_map(|no| reader.events(TrialNo(no)).unwrap());
    events
        .filter_map(|logged| match logged.event {
            Event::Answered { wire: Some(address), .. } => Some(wire(address)),
            _ => None,
        })
        .map(|wire| serde_json::from_str(wire["request"].as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn a_run_against_a_real_model_comes_to_its_end_and_is_ranked() {
    let Some(server) = RealServer::start() else { return };
    let place = Place::new();
    // The smallest of models does not know the turns of tools; it ends some of them without a word.
    let more = ["--limit", "2", "--max-answer-tokens", "16", "--set", "delivery=user_role"];
    let ended = server.run(&place, "openai-compatible/smollm2", &more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 trials scored"), "{}", ended.stderr);

    let answers: Vec<_> = (1..=2).flat_map(|trial| subject_answers(&place, trial)).collect();
    assert_eq!(answers.len(), 6, "one answer, and five of a questionnaire");
    for answer in &answers {
        assert!(!answer["answer"]["message"]["content"].as_str().unwrap().is_empty());
        let usage = &answer["meter"]["usage"];
        assert!(usage["input"].as_u64().unwrap() > 0, "{usage}");
        assert!((1..=16).contains(&usage["output"].as_u64().unwrap()), "{usage}");
        assert_eq!(answer["served"]["model"], "smollm2");
        let asked = json!({ "temperature": 0.0, "max_tokens": 16, "seed": 7 });
        assert_eq!(answer["request"]["sampling"], asked);
        assert_eq!(answer["answer"]["unsent"], Value::Null);
    }
    let sent = bodies_sent(&place);
    assert_eq!(sent.len(), 6);
    for body in sent {
        assert_eq!(
            (&body["temperature"], &body["seed"], &body["max_tokens"]),
            (&json!(0.0), &json!(7), &json!(16))
        );
    }
    let board = place.leaderboard("real.unbent", "corrected");
    let [row] = board.as_array().unwrap().as_slice() else { panic!("{board}") };
    assert_eq!(row["config"], "openai-compatible/smollm2");
    assert_eq!(row["model"], format!("openai-compatible/smollm2?base_url={}", server.base_url));
    assert_eq!((&row["runs"], &row["unscored"], &row["unfinished"]), (&json!(1), &json!(0), &json!(0)));
    assert!(row["non_assistant_likeness"].is_number() && row["simulated"] == false, "{row}");
    // Two cases are no set, and a simulated judge makes no measurement.
    assert!(row["index"].is_null() && row["judge_simulated"] == true, "{row}");
    assert!(ended.stdout.contains("not a measurement of a model"), "{}", ended.stdout);
}

#[test]
fn a_real_server_reads_the_same_conversation_in_every_dialect_and_is_read_in_each() {
    let Some(server) = RealServer::start() else { return };
    let mut inputs = Vec::new();
    for (api, unsent) in [
        ("chat", json!(null)),
        ("chat&stream=true", json!(null)),
        ("responses", json!(["seed"])),
        ("responses&stream=true", json!(["seed"])),
        ("messages", json!(["seed"])),
        ("messages&stream=true", json!(["seed"])),
        ("completions", json!(null)),
    ] {
        let place = Place::new();
        let mut more = vec!["--limit", "1", "--max-answer-tokens", "8", "--set", "system=neutral"];
        if api == "completions" {
            // It has no words for tools.
            more.extend(["--set", "delivery=user_role"]);
        }
        let ended = server.run(&place, &format!("openai-compatible/smollm2?api={api}"), &more);
        assert_eq!(ended.code, Some(0), "{api}: {}", ended.stderr);
        let answers = subject_answers(&place, 1);
        let [event] = answers.as_slice() else { panic!("{api}: {answers:?}") };
        assert!(!event["answer"]["message"]["content"].as_str().unwrap().is_empty(), "{api}: {event}");
        assert_eq!(event["served"]["model"], "smollm2", "{api}");
        assert!(event["served"]["response_id"].is_string(), "{api}");
        assert_eq!(event["answer"]["unsent"], unsent, "{api}");
        let usage = &event["meter"]["usage"];
        assert_eq!(usage["output"], 8, "{api}: {usage}");
        // The Responses API of this server says of an answer that was cut that it is complete.
        let finish = if api.starts_with("responses") { "stop" } else { "length" };
        assert_eq!(event["finish"], finish, "{api}");
        if api != "completions" {
            inputs.push(usage["input"].as_u64().unwrap());
        }
    }
    assert!(inputs[0] > 100 && inputs.iter().all(|input| *input == inputs[0]), "{inputs:?}");
}

#[test]
fn what_a_real_server_refuses_is_told_in_its_own_words() {
    let Some(server) = RealServer::start() else { return };
    let place = Place::new();
    let elsewhere = format!("openai-compatible/smollm2?base_url={}/nowhere", server.base_url);
    let ended = server.run(&place, &elsewhere, &["--limit", "1"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 unscored (subject rejected 1)"), "{}", ended.stderr);
    let shown = place.unbent(["show", "real.unbent", "1", "--json"]);
    let trial: Value = serde_json::from_str(&shown.stdout).unwrap();
    let faulted =
        trial["events"].as_array().unwrap().iter().find(|event| event["event"] == "faulted").unwrap();
    assert_eq!((&faulted["fault"]["kind"], &faulted["fault"]["status"]), (&json!("rejected"), &json!(404)));
    let story = faulted["fault"]["message"].as_str().unwrap();
    assert!(story.contains("File Not Found") && story.contains("check the base URL"), "{story}");
    assert_eq!(faulted.get("retry_in_ms"), None, "asking again would not help");
}
