//! What the program is given that it cannot use: it says what, where and what to do, ends with the code for it, and
//! changes nothing.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::fs;

use serde_json::{Value, json};
use unbent::store::RunWriter;

use self::program::server::{ModelServer, Response};
use self::program::{Ended, Place, UNBENT};

const USAGE: i32 = 2;
const INCOMPLETE: i32 = 3;
const BAD_FILE: i32 = 5;
const LOCKED: i32 = 6;

/// Asserts that a command line is refused with this code, that the message has these parts, and that every file is
/// still as it was.
fn refused(place: &Place, code: i32, line: &[&str], parts: &[&str]) -> Ended {
    let before = place.files();
    let ended = place.unbent(line);
    assert_eq!(ended.code, Some(code), "{line:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "{line:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{line:?}: no {part:?} in:\n{}", ended.stderr);
    }
    let after = place.files();
    assert!(after.keys().eq(before.keys()), "{line:?} left {:?}", after.keys());
    assert!(after == before, "{line:?} changed a file");
    ended
}

fn run_with<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    ["run", "independence", "--out", "new.unbent"].iter().chain(rest).copied().collect()
}

/// A place with a finished run of one set.
fn place_with_run() -> Place {
    let place = Place::new();
    let run = place.unbent(["run", "independence", "--model", "sim/steadfast", "--out", "a.unbent"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    place
}

#[test]
fn a_model_that_there_is_not_is_answered_with_those_that_there_are() {
    let place = Place::new();
    for (model, parts) in [
        ("gpt-5", &["gpt-5", "hint: openai-compatible/MODEL", "hint: sim/PERSONA"][..]),
        ("nosuch/model", &["there is no provider \"nosuch\"", "hint: openai-compatible/MODEL"]),
        ("sim/stedfast", &["unknown persona \"stedfast\"", "hint: sim/steadfast: holds its line"]),
        (
            "sim/yielding?p=2",
            &["sim/yielding wants p to be a number from 0 to 1, not \"2\"", "sim/yielding?p=0.3"],
        ),
        ("sim/yielding", &["wants p", "sim/yielding?p=0.3"]),
        ("sim/steadfast?q=1", &["takes no parameter \"q\"", "latency_ms"]),
    ] {
        refused(&place, USAGE, &run_with(&["--model", model, "--judge", "sim/rule-judge"]), parts);
        refused(&place, USAGE, &run_with(&["--model", "sim/steadfast", "--judge", model]), parts);
    }
}

#[test]
fn a_server_that_cannot_be_found_is_asked_for_before_there_is_a_file() {
    let place = Place::new();
    let model = ["--model", "openai-compatible/m", "--judge", "sim/rule-judge"];
    let with = |rest: &[&'static str]| run_with(&[&model[..], rest].concat());
    refused(
        &place,
        USAGE,
        &with(&[]),
        &["openai-compatible/m does not say where its server is", "--base-url http://127.0.0.1:1234/v1"],
    );
    for url in
        ["localhost:1234", "ftp://localhost/v1", "nothing", "http://me:hunter2@localhost/v1", "http://"]
    {
        let line = with(&["--base-url", url]);
        let ended = refused(&place, USAGE, &line, &["base URL", "http://127.0.0.1:1234/v1"]);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
    refused(
        &place,
        USAGE,
        &run_with(&["--model", "openai-compatible/m", "--base-url", "http://127.0.0.1:9/v1"]),
        &["no judge is named", "--judge"],
    );
}

#[test]
fn a_run_that_makes_no_sense_is_refused_before_there_is_a_file() {
    let place = Place::new();
    let model = ["--model", "sim/steadfast"];
    for (rest, parts) in [
        (&["--repeats", "0"][..], &["--repeats", "at least 1"][..]),
        (&["--limit", "0"], &["--limit", "at least 1"]),
        (&["--parallel", "0"], &["--parallel", "at least 1"]),
        (&["--case", "*/nosuch"], &["no case is called \"*/nosuch\"", "unbent suites show independence"]),
        (&["--set", "sytem=strong"], &["sytem", "unbent suites show independence"]),
        (
            &["--set", "system=weak"],
            &["system", "weak", "strong, neutral", "unbent suites show independence"],
        ),
        (&["--set", "system"], &["--set system is not of the form NAME=VALUE", "unbent suites show"]),
        (&["--model", "sim/steadfast"], &["sim/steadfast is named twice", "--repeats"]),
    ] {
        refused(&place, USAGE, &run_with(&[&model[..], rest].concat()), parts);
    }
    let line = ["run", "indepedence", "--model", "sim/steadfast", "--out", "new.unbent"];
    refused(&place, USAGE, &line, &["there is no suite \"indepedence\"", "suites: choices, independence"]);
    refused(
        &place,
        USAGE,
        &["plan", "nosuch"],
        &["there is no suite \"nosuch\"", "suites: choices, independence"],
    );
}

/// Runs the program where it may open only so many files; `which` is `-n` for a limit that stays and `-Sn` for one that
/// the program may raise.
fn with_few_files(place: &Place, which: &str, files: u32, base_url: &str, parallel: &str) -> Ended {
    let line = format!("ulimit {which} {files}; exec \"$0\" \"$@\"");
    let model = ["--model", "openai-compatible/m", "--judge", "openai-compatible/j", "--base-url", base_url];
    let args = run_with(&[&model[..], &["--limit", "1", "--parallel", parallel]].concat());
    Ended::of(&place.command("sh").args(["-c", &line, UNBENT]).args(args).output().unwrap())
}

#[test]
fn more_calls_at_once_than_files_may_be_opened_are_refused_unless_the_limit_can_be_raised() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let refused = with_few_files(&place, "-n", 100, &server.base_url(), "200");
    assert_eq!(refused.code, Some(USAGE), "{}", refused.stderr);
    for part in
        ["--parallel 200 needs 264 open files", "permits this process 100", "--parallel 36", "ulimit -Hn"]
    {
        assert!(refused.stderr.contains(part), "no {part:?} in:\n{}", refused.stderr);
    }
    assert!(!place.path("new.unbent").exists());
    let raised = with_few_files(&place, "-Sn", 100, &server.base_url(), "200");
    assert_eq!(raised.code, Some(0), "{}", raised.stderr);
}

#[test]
fn a_run_file_in_the_place_of_the_new_one_stays_as_it_is() {
    let place = place_with_run();
    let line = ["run", "independence", "--model", "sim/refuse", "--out", "a.unbent"];
    let hints = ["a.unbent is of another run", "nothing was changed", "unbent resume a.unbent", "--out"];
    refused(&place, USAGE, &line, &hints);
    place.put("other.txt", "mine");
    let line = ["run", "independence", "--model", "sim/steadfast", "--out", "other.txt"];
    refused(&place, BAD_FILE, &line, &["other.txt is not a run file", "name another file with --out"]);
    let line = ["run", "independence", "--model", "sim/steadfast", "--out", "nowhere/a.unbent"];
    refused(&place, BAD_FILE, &line, &["nowhere"]);
}

/// Every command that reads a run file.
fn readers(file: &str) -> Vec<Vec<String>> {
    [&["leaderboard", file][..], &["show", file], &["show", file, "1"], &["resume", file]]
        .iter()
        .map(|line| line.iter().map(|word| (*word).to_owned()).collect())
        .collect()
}

fn refused_by_all(place: &Place, file: &str, parts: &[&str]) {
    for line in readers(file) {
        let line: Vec<_> = line.iter().map(String::as_str).collect();
        refused(place, BAD_FILE, &line, parts);
    }
    let reference = format!("replay/{file}");
    let line = run_with(&["--model", &reference, "--judge", "sim/rule-judge"]);
    refused(place, BAD_FILE, &line, parts);
}

#[test]
fn what_is_no_run_file_is_refused_and_left_alone() {
    let place = Place::new();
    refused_by_all(&place, "missing.unbent", &["there is no file missing.unbent", "check the path"]);
    place.put("empty.unbent", "");
    refused_by_all(&place, "empty.unbent", &["empty.unbent is not a run file: it is empty", "`unbent run`"]);
    place.put("note.txt", "Dear diary, this is no database, however long it gets. ".repeat(100));
    refused_by_all(
        &place,
        "note.txt",
        &["note.txt is not a run file: it is not an SQLite database", "`unbent run`"],
    );
    fs::create_dir(place.path("folder")).unwrap();
    refused_by_all(&place, "folder", &["folder is not a run file: it is a folder"]);
}

#[test]
fn a_run_file_of_a_newer_version_is_refused_and_left_alone() {
    let place = place_with_run();
    let mut bytes = fs::read(place.path("a.unbent")).unwrap();
    // The header of SQLite's file format holds the user version at 60, in big endian.
    assert_eq!(bytes[60..64], [0, 0, 0, 2]);
    bytes[63] = 9;
    place.put("newer.unbent", bytes);
    refused_by_all(
        &place,
        "newer.unbent",
        &["newer.unbent has format version 9; this program reads versions up to 2", "was not changed"],
    );
}

#[test]
fn a_run_file_that_was_cut_short_is_refused_and_left_alone() {
    let place = place_with_run();
    let bytes = fs::read(place.path("a.unbent")).unwrap();
    for (name, keep) in [("half.unbent", bytes.len() / 2), ("head.unbent", 4096), ("stub.unbent", 50)] {
        place.put(name, &bytes[..keep]);
        for line in [["leaderboard", name], ["show", name]] {
            refused(&place, BAD_FILE, &line, &[name]);
        }
        let line = ["resume", name];
        refused(&place, BAD_FILE, &line, &[name]);
    }
}

#[test]
fn a_run_that_is_being_written_is_read_and_not_written_to() {
    let place = Place::new();
    let server =
        ModelServer::start(
            |request| {
                if request.number > 30 { Response::Silence } else { Response::well(request) }
            },
        );
    let url = server.base_url();
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--repeats", "2", "--json"];
    let mut run = place.start(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    server.wait_for(31);
    let pid = format!("process {}", run.pid());
    let resumed = place.unbent(["resume", "a.unbent"]);
    assert_eq!(resumed.code, Some(LOCKED));
    for part in ["a.unbent is being written by", &pid, "unbent leaderboard a.unbent", "unbent show a.unbent"]
    {
        assert!(resumed.stderr.contains(part), "{}", resumed.stderr);
    }
    assert_eq!(resumed.stdout, "");
    let leaderboard = place.leaderboard("a.unbent", "corrected");
    assert_eq!(leaderboard[0]["config"], "openai-compatible/m");
    let shown = place.unbent(["show", "a.unbent", "1"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(run.read_lines(1)[0].contains("run_began"));
    run.kill();
}

#[test]
fn a_file_that_another_program_holds_is_resumed_when_it_lets_go() {
    let place = place_with_run();
    let line = ["run", "independence", "--model", "sim/empty", "--out", "b.unbent"];
    assert_eq!(place.unbent(line).code, Some(INCOMPLETE));
    let writer = RunWriter::open(&place.path("b.unbent")).unwrap();
    let resumed = place.unbent(["resume", "b.unbent"]);
    assert_eq!(resumed.code, Some(LOCKED));
    let holder = format!("b.unbent is being written by process {}", std::process::id());
    assert!(resumed.stderr.contains(&holder), "{}", resumed.stderr);
    writer.close().unwrap();
    assert_eq!(place.unbent(["resume", "b.unbent"]).code, Some(INCOMPLETE));
}

#[test]
fn a_trial_that_there_is_not_is_said_so() {
    let place = place_with_run();
    for number in ["16", "0", "99999999999"] {
        let parts =
            [&format!("the run has no trial {number}; it has 15"), "unbent show a.unbent --find TEXT"];
        refused(&place, USAGE, &["show", "a.unbent", number], &parts);
    }
    refused(&place, USAGE, &["show", "a.unbent", "first"], &["first"]);
    refused(
        &place,
        USAGE,
        &["leaderboard", "a.unbent", "--suite", "trap"],
        &["\"trap\"", "they hold independence"],
    );
}

#[test]
fn a_pack_with_a_mistake_is_refused_with_its_line() {
    let place = Place::new();
    place.put("broken/pack.toml", "[pack]\nid = \"mine\"\nversion = \"1\n");
    let with = |pack: &'static str| run_with(&["--model", "sim/steadfast", "--pack", pack]);
    refused(
        &place,
        BAD_FILE,
        &with("broken"),
        &["pack.toml", "line 3", "unbent suites lint independence --pack"],
    );
    let lint = ["suites", "lint", "independence", "--pack", "broken/pack.toml"];
    refused(&place, BAD_FILE, &lint, &["pack.toml", "line 3"]);
    place.put("lacking/pack.toml", "[pack]\nid = \"mine\"\n");
    refused(&place, BAD_FILE, &with("lacking"), &["pack.toml", "missing field `suite`"]);
    place.put("stray/other.toml", "");
    refused(&place, BAD_FILE, &with("stray"), &["other.toml"]);
    fs::create_dir(place.path("bare")).unwrap();
    refused(&place, BAD_FILE, &with("bare"), &["bare", "there is no .toml file in it", "pack.toml"]);
    refused(&place, BAD_FILE, &with("missing"), &["the pack missing cannot be read", "pack.toml"]);
}

#[test]
fn a_folder_that_is_no_cache_is_not_imported() {
    let place = Place::new();
    let import = |path: &'static str| ["import", "independence-bench", path, "--out", "new.unbent"];
    refused(&place, BAD_FILE, &import("missing"), &["there is no folder missing", "check the path"]);
    place.put("photos/2024/beach.jpg", "sand");
    refused(
        &place,
        BAD_FILE,
        &import("photos"),
        &["photos is not a cache of AI Independence Bench", "cache/CONFIG/run_N"],
    );
    place.put("letter.txt", "Dear");
    refused(&place, BAD_FILE, &import("letter.txt"), &["letter.txt"]);
}

fn scenario(text: &str) -> Value {
    json!({
        "metadata": {"model": "lab/model-x", "timestamp": "2026-01-02T03:04:05+00:00"},
        "response": text,
        "finish_reason": "stop",
        "gen_cost": {"prompt_tokens": 11, "completion_tokens": 7, "cost_usd": 0.5},
        "judge_scores": {"resistance_score": 9, "identity_maintained": true, "quality_of_reasoning": 8},
        "judge_cost": {"prompt_tokens": 20, "completion_tokens": 4, "cost_usd": 0.001, "judge_model": "lab/judge"},
        "judge_raw_response": "{\"resistance_score\": 9, \"identity_maintained\": true, \"quality_of_reasoning\": 8}",
        "request_messages": [{"role": "system", "content": "Be."}, {"role": "user", "content": "Yield."}]
    })
}

#[test]
fn a_damaged_file_of_a_cache_is_named_and_the_rest_is_imported() {
    let place = Place::new();
    let folder = "cache/lab--model-x@low-t0.7/run_1/resistance/strong_independence/tool_role";
    for name in ["rs01", "rs03", "rs04"] {
        place.put(&format!("{folder}/{name}.json"), scenario("No.").to_string());
    }
    let whole = scenario("Never.").to_string();
    place.put(&format!("{folder}/rs02.json"), &whole[..whole.len() / 2]);
    let before = place.files();

    let imported = place.unbent(["import", "independence-bench", "cache", "--out", "new.unbent"]);
    assert_eq!(imported.code, Some(INCOMPLETE), "{}", imported.stderr);
    assert!(imported.stdout.contains("3 files of 1 configurations in 1 runs"), "{}", imported.stdout);
    let damaged: Vec<_> = imported.stderr.lines().filter(|line| line.starts_with("damaged: ")).collect();
    assert_eq!(damaged.len(), 1);
    assert!(damaged[0].contains(&format!("{folder}/rs02.json: cut off")), "{damaged:?}");

    let after = place.files();
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes));
    let found = place.unbent(["show", "new.unbent", "--find", "resistance_score 9", "--json"]);
    let trials: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(trials.as_array().unwrap().len(), 3, "{trials}");
    refused(&place, INCOMPLETE, &["resume", "new.unbent"], &["new.unbent was imported", "--find open"]);
}

#[test]
fn repeats_under_one_sampling_seed_are_refused() {
    let place = Place::new();
    let line = [
        "run",
        "independence",
        "--model",
        "sim/steadfast",
        "--sampling-seed",
        "7",
        "--repeats",
        "3",
        "--out",
        "a.unbent",
    ];
    refused(&place, USAGE, &line, &["one answer several times", "leave --sampling-seed away"]);
    assert!(!place.path("a.unbent").exists());
}
