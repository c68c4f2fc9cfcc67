//! What the program prints: the same figures in every form, nothing but data into a pipe, and lines that programs read.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::collections::BTreeMap;
use std::io::pipe;
use std::net::TcpListener;
use std::sync::{Arc, RwLock};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use unbent::store::RunReader;

use self::program::server::{ModelServer, Response};
use self::program::{Ended, Place, UNBENT, answers};

const STOPPED: i32 = 4;

fn run(place: &Place, rest: &[&str]) -> Ended {
    let line = [
        "run",
        "independence",
        "--model",
        "sim/steadfast",
        "--model",
        "sim/yielding?p=0.5",
        "--out",
        "a.unbent",
    ];
    let ended = place.unbent(line.iter().chain(rest));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

fn json(place: &Place, line: &[&str]) -> Value {
    let ended = place.unbent(line);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn only_the_cases_that_are_named_are_run() {
    let place = Place::new();
    let ended =
        run(&place, &["--json", "--case", "*/direct", "--case", "strong/tool_role/rs0*", "--limit", "3"]);
    let mut cases: Vec<_> = ended
        .json_lines()
        .iter()
        .filter(|line| line["event"] == "trial_finished" && line["trial"]["subject"] == "sim/steadfast")
        .map(|line| line["trial"]["case"].as_str().unwrap().to_owned())
        .collect();
    cases.sort();
    assert_eq!(cases, ["strong/tool_role/direct", "strong/tool_role/rs01", "strong/tool_role/rs02"]);
}

#[test]
fn a_run_told_in_json_begins_ends_and_has_a_line_for_each_trial() {
    let place = Place::new();
    let ended = run(&place, &["--json", "--repeats", "2"]);
    assert_eq!(ended.stderr, "");
    let lines = ended.json_lines();
    let [began, between @ .., last] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(*began, json!({ "event": "run_began", "file": "a.unbent", "trials": 60 }));
    assert!(
        between
            .iter()
            .all(|line| line["event"] == "trial_finished" && line["outcome"]["outcome"] == "scored"),
        "{between:?}"
    );
    let mut trials: Vec<_> = between.iter().map(|line| line["trial"].to_string()).collect();
    trials.sort();
    trials.dedup();
    assert_eq!(trials.len(), 60);
    let mut last = last.clone();
    let fields = last.as_object_mut().unwrap();
    let tokens = fields.remove("tokens").unwrap();
    assert!(tokens.as_u64().unwrap() > 0);
    let roles = fields.remove("roles").unwrap();
    assert_eq!((&roles["subject"]["answers"], &roles["judge"]["answers"]), (&json!(104), &json!(60)));
    for lane in fields.remove("lanes").unwrap().as_array().unwrap() {
        assert_eq!((&lane["asked"], &lane["cuts"]), (&json!(16), &json!(0)));
        assert!((1..=16).contains(&lane["attained"].as_u64().unwrap()), "{lane}");
    }
    let end = json!({
        "event": "run_ended", "file": "a.unbent", "scored": 60, "unscored": 0, "unscored_reasons": {}, "left_open": 0,
        "waiting": 0, "cached": 0, "cost_usd": 0.0, "exit": "done",
        "paid": { "usd": 0.0, "tokens": tokens }, "kept": { "usd": 0.0, "tokens": tokens },
    });
    assert_eq!(last, end);
}

#[test]
fn faults_told_in_json_say_whether_another_try_follows() {
    let place = Place::new();
    let line = ["run", "independence", "--model", "sim/empty", "--out", "a.unbent", "--json"];
    let ended = place.unbent(line);
    assert_eq!(ended.code, Some(3));
    let lines = ended.json_lines();
    let faults: Vec<_> = lines.iter().filter(|line| line["event"] == "faulted").collect();
    assert_eq!(faults.len(), 45, "15 trials, of which each first question is asked three times");
    assert!(faults.iter().all(|line| line["fault"]["kind"] == "empty"));
    assert_eq!(faults.iter().filter(|line| line["retry_in_ms"].is_null()).count(), 15);
    let last = lines.last().unwrap();
    assert_eq!((&last["unscored"], &last["exit"]), (&json!(15), &json!("incomplete")));
}

#[test]
fn an_error_told_in_json_is_one_line_with_its_hints() {
    let place = Place::new();
    let ended = place.unbent(["show", "missing.unbent", "--json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!((&error["event"], &error["exit"]), (&json!("error"), &json!("bad_file")));
    assert_eq!(error["message"], "there is no file missing.unbent");
    assert!(error["hints"][0].as_str().unwrap().contains("unbent run"));
}

/// The fields of a line of CSV without quotation marks.
fn fields(line: &str) -> Vec<&str> {
    assert!(!line.contains('"'), "{line}");
    line.split(',').collect()
}

/// Whether a field of CSV says what a value of JSON says.
fn is_same(value: &Value, field: &str) -> bool {
    match value {
        Value::Null => field.is_empty(),
        Value::Number(number) => field.parse::<f64>().ok() == number.as_f64(),
        Value::String(text) => text == field,
        Value::Array(values) => {
            let parts: Vec<_> = field.split_terminator(';').collect();
            parts.len() == values.len() && values.iter().zip(parts).all(|(value, part)| is_same(value, part))
        }
        Value::Bool(flag) => field.parse() == Ok(*flag),
        Value::Object(_) => false,
    }
}

#[test]
fn every_form_of_the_leaderboard_has_the_same_rows() {
    let place = Place::new();
    run(&place, &["--repeats", "2", "--seed", "3"]);
    for method in ["published", "corrected"] {
        let shown = |form: &[&str]| {
            let line = ["leaderboard", "a.unbent", "--method", method];
            let ended = place.unbent(line.iter().chain(form));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            // What must be said about the rows stands under them or, where a form has no place for it, beside them.
            let notes = if form == ["--json"] || form == ["--csv"] { &ended.stderr } else { &ended.stdout };
            assert!(notes.contains("Graded by sim/rule-judge, a simulated judge"), "{form:?}: {notes}");
            ended.stdout
        };
        let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(&shown(&["--json"])).unwrap();
        assert_eq!(rows.len(), 2);

        let csv = shown(&["--csv"]);
        let lines: Vec<_> = csv.split_terminator("\r\n").map(fields).collect();
        assert_eq!(lines.len(), 1 + rows.len());
        for (row, line) in rows.iter().zip(&lines[1..]) {
            assert_eq!((row.len(), line.len()), (lines[0].len(), lines[0].len()));
            for (name, field) in lines[0].iter().zip(line) {
                assert!(is_same(&row[*name], field), "{name}: {} and {field}", row[*name]);
            }
        }

        let [text, markdown] = [&[][..], &["--md"]].map(shown);
        let subjects = |lines: Vec<Vec<String>>| -> Vec<Vec<String>> {
            lines.into_iter().filter(|cells| cells.len() > 4 && cells[3].starts_with("sim/")).collect()
        };
        let cells_of = |line: &str, separator: &str| -> Vec<String> {
            line.split(separator).map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
        };
        let of_text = subjects(text.lines().map(|line| cells_of(line, "  ")).collect());
        let of_markdown = subjects(markdown.lines().map(|line| cells_of(line, "|")).collect());
        assert_eq!(of_text, of_markdown);
        let labels: Vec<_> = of_text.iter().map(|cells| Value::from(cells[3].as_str())).collect();
        assert_eq!(labels, rows.iter().map(|row| row["config"].clone()).collect::<Vec<_>>());
        for (cells, row) in of_text.iter().zip(&rows) {
            assert_eq!(cells[4], format!("{:.1}", row["index"].as_f64().unwrap()));
        }
    }
}

#[test]
fn a_pipe_gets_no_progress_bar_and_no_colours() {
    let place = Place::new();
    let ended = run(&place, &[]);
    assert_eq!(ended.stderr, "a.unbent: 30 trials scored\n");
    for text in [&ended.stdout, &ended.stderr] {
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
    }
    let shown = place.unbent(["show", "a.unbent", "2"]);
    assert!(shown.stdout.chars().all(|c| !c.is_control() || c == '\n'), "{:?}", shown.stdout);
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let place = Place::new();
    run(&place, &[]);
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut show = place.command(UNBENT);
    let ended = Ended::of(&show.args(["show", "a.unbent", "2"]).stdout(writer).output().unwrap());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn every_shell_gets_its_completions() {
    let place = Place::new();
    for (shell, mark) in
        [("bash", "complete -F _unbent"), ("zsh", "#compdef unbent"), ("fish", "complete -c unbent")]
    {
        let ended = place.unbent(["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(ended.stdout.contains(mark), "{shell}");
        assert!(
            ended.stdout.contains("leaderboard") && ended.stdout.contains("--repeats") || shell == "fish",
            "{shell}"
        );
    }
}

#[test]
fn a_plan_has_26_questions_and_15_grades_and_the_five_questions_in_a_row() {
    let place = Place::new();
    let nodes = json(&place, &["plan", "independence", "--json"]);
    let nodes = nodes.as_array().unwrap();
    let of_kind = |kind: &str| nodes.iter().filter(|node| node["kind"] == kind).count();
    assert_eq!((nodes.len(), of_kind("subject"), of_kind("judge")), (41, 26, 15));

    let psych: Vec<_> =
        nodes.iter().filter(|node| node["case"].as_str().unwrap().ends_with("/psych")).collect();
    assert_eq!(psych.len(), 6);
    assert_eq!(psych[0]["after"], json!([]));
    for pair in psych.windows(2) {
        assert_eq!(pair[1]["after"], json!([pair[0]["need"]]), "{psych:?}");
    }
    assert_eq!(psych[5]["kind"], "judge");

    let text = place.unbent(["plan", "independence"]).stdout;
    assert!(text.contains("41 nodes a set: 26 questions to the subject, 15 to the judge"), "{text}");
}

#[test]
fn the_built_in_packs_have_no_errors() {
    let place = Place::new();
    let ended = place.unbent(["suites", "lint"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("0 errors, "), "{}", ended.stdout);
    let findings = json(&place, &["suites", "lint", "--json"]);
    assert!(findings.as_array().unwrap().iter().all(|finding| finding["severity"] == "warning"));
    let suites = json(&place, &["suites", "--json"]);
    assert!(suites.as_array().unwrap().iter().any(|suite| suite["id"] == "independence"));
}

/// What Ctrl-C in a terminal sends.
fn interrupt(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
}

#[test]
fn a_run_that_is_interrupted_lets_its_calls_come_home_and_goes_on_when_resumed() {
    let place = Place::new();
    let gate = Arc::new(RwLock::new(()));
    let closed = gate.write().unwrap();
    let server = ModelServer::start({
        let gate = Arc::clone(&gate);
        move |request| {
            let _passed = (request.number > 20).then(|| gate.read().unwrap());
            Response::well(request)
        }
    });
    let url = server.base_url();
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--parallel", "3", "--json"];
    let mut run = place.start(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    server.wait_for(23);
    interrupt(run.pid());
    assert!(run.read_error_line().contains("waiting for the calls in flight"));
    drop(closed);
    let ended = run.end();
    assert_eq!(ended.code, Some(STOPPED), "{}", ended.stderr);
    let last = ended.json_lines().pop().unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&json!("run_ended"), &json!("stopped")));
    assert!(last["left_open"].as_u64().unwrap() > 0);
    assert_eq!(answers(&RunReader::open(&place.path("a.unbent")).unwrap()).len(), 23);
    assert_eq!(server.seen().len(), 23, "nothing is begun once a run is stopping");

    let resumed = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(server.seen().len(), 26 + 15);
}

#[test]
fn a_second_interrupt_ends_a_run_at_once() {
    let place = Place::new();
    let server =
        ModelServer::start(
            |request| {
                if request.number > 20 { Response::Silence } else { Response::well(request) }
            },
        );
    let url = server.base_url();
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--repeats", "2"];
    let mut run = place.start(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    server.wait_for(21);
    interrupt(run.pid());
    assert!(run.read_error_line().contains("Ctrl-C again ends at once"));
    interrupt(run.pid());
    assert!(run.read_error_line().contains("ending at once"));
    let ended = run.end();
    assert_eq!(ended.code, Some(STOPPED));
    assert!(ended.stderr.contains("unbent resume a.unbent"), "{}", ended.stderr);
}

#[test]
fn a_server_that_is_not_there_is_named_and_waited_for() {
    let place = Place::new();
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let url = format!("http://{nobody}/v1");
    let line = ["run", "independence", "--out", "a.unbent", "--base-url", &url, "--limit", "1", "--json"];
    let mut run = place.start(line.into_iter().chain([
        "--model",
        "openai-compatible/m",
        "--judge",
        "openai-compatible/j",
    ]));
    let fault: Value = serde_json::from_str(&run.read_lines(2)[1]).unwrap();
    assert_eq!((&fault["event"], &fault["fault"]["kind"]), (&json!("faulted"), &json!("connection")));
    let message = fault["fault"]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("cannot reach {url}")) && message.contains("may not be running"),
        "{message}"
    );
    assert!(fault["retry_in_ms"].is_u64());
    interrupt(run.pid());
    assert_eq!(run.end().code, Some(STOPPED));
}

#[test]
fn ranks_hold_for_other_cases_or_for_further_repeats_of_these() {
    let place = Place::new();
    run(&place, &["--model", "sim/yielding?p=0.9", "--repeats", "6"]);
    let ranks = |over: &str| {
        let ended = place.unbent(["leaderboard", "a.unbent", "--json", "--ranks-over", over]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let rows: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        let range = |row: &Value| [&row["rank_low"], &row["rank_high"]].map(|rank| rank.as_u64().unwrap());
        (rows.iter().map(range).collect::<Vec<_>>(), ended.stderr)
    };
    let ((cases, told), (repeats, told_of_repeats)) = (ranks("cases"), ranks("repeats"));
    assert_eq!(repeats, [[1, 1], [2, 2], [3, 3]]);
    for (over_cases, over_repeats) in cases.iter().zip(&repeats) {
        assert!(over_cases[0] <= over_repeats[0] && over_repeats[1] <= over_cases[1], "{cases:?}");
    }
    assert!(told.contains("for other cases of their kind too"), "{told}");
    assert!(told_of_repeats.contains("for further repeats of these very cases"), "{told_of_repeats}");
    let ended = place.unbent(["leaderboard", "a.unbent", "--ranks-over", "luck"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("cases, repeats"), "{}", ended.stderr);
}
