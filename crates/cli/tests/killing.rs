//! A run that is killed, and what going on with it asks again.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use unbent::core::{Outcome, Stream, TrialState, Usage};
use unbent::store::RunReader;
use unbent_mock::{Ledger, MockServer, Options};

use self::program::{Place, UNBENT, answers};

/// Calls of the subject and of the judge that one set of the suite takes.
const SUBJECT_CALLS: usize = 26;
const JUDGE_CALLS: usize = 15;

/// How often a run is cut off anew if it ended before it could be.
const ATTEMPTS: usize = 20;

fn simulated(out: &str) -> Vec<&str> {
    let mut line = vec!["run", "independence", "--repeats", "5", "--seed", "7", "--json", "--out", out];
    line.extend(["--model", "sim/steadfast?latency_ms=10", "--model", "sim/yielding?p=0.5&latency_ms=10"]);
    line
}

/// Cuts a run off after so many lines of its output, before it has answered everything.
fn cut_off(place: &Place, out: &str, lines: usize) {
    for _ in 0..ATTEMPTS {
        let mut run = place.start(simulated(out));
        assert_eq!(run.read_lines(lines).len(), lines);
        let was_killed = run.kill().signal() == Some(9);
        let reader = RunReader::open(&place.path(out)).unwrap();
        if was_killed && reader.finished_count().unwrap() < reader.trial_count().unwrap() {
            return;
        }
        drop(reader);
        std::fs::remove_file(place.path(out)).unwrap();
    }
    panic!("the run was over {ATTEMPTS} times before it could be killed");
}

fn verified(path: &Path) -> RunReader {
    let reader = RunReader::open(path).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    reader
}

#[test]
fn a_finished_answer_outlives_kill_9() {
    let place = Place::new();
    assert_eq!(place.unbent(simulated("undisturbed.unbent")).code, Some(0));
    let undisturbed = place.leaderboards("undisturbed.unbent");
    for lines in [1, 20, 90] {
        let out = format!("{lines}.unbent");
        cut_off(&place, &out, lines);
        let kept = answers(&verified(&place.path(&out)));
        assert!(
            kept.len() >= lines - 1,
            "of {lines} trials that were told, {} answers are there",
            kept.len()
        );

        let resumed = place.unbent(["resume", &out, "--json"]);
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        let reader = verified(&place.path(&out));
        assert!(reader.seal().unwrap().is_some());
        let all = answers(&reader);
        assert_eq!(all.len(), (SUBJECT_CALLS + JUDGE_CALLS) * 5 * 2);
        for (need, answer) in &all {
            assert_eq!(answer.len(), 1, "{need:?} was answered twice");
        }
        for (need, answer) in kept {
            assert_eq!(all[&need], answer);
        }
        assert_eq!(place.leaderboards(&out), undisturbed);
    }
}

const KILLS: u64 = 100;
const TRIALS: u64 = 2_000;

/// Fifty of the sixty cases, for forty subjects.
const CASES: &str = "50";
const SUBJECTS: usize = 40;

/// Calls of those: three blocks of fifteen scenarios, and the five of identity.
const CALLS: u64 = (3 * SUBJECT_CALLS as u64 + 11) * SUBJECTS as u64;

/// Calls in flight at once.
const PARALLEL: u64 = 8;

/// After how many further calls a process is killed at most; so few that the run lasts for all the kills.
const MOST_CALLS_A_LIFE: f64 = 50.0;

/// How much longer it then lives at most.
const LONGEST_SPIN: Duration = Duration::from_millis(3);

/// Far longer than any of this takes.
const PATIENCE: Duration = Duration::from_mins(1);

fn server() -> MockServer {
    MockServer::start(Options {
        latency_ms: 1,
        jitter_ms: 4,
        price_usd: 0.01,
        keep_requests: 0,
        ..Options::default()
    })
}

/// Two thousand trials, no two of whose questions are alike.
fn many_trials(server: &MockServer, out: &str) -> Vec<String> {
    let base_url = format!("{}/v1", server.url());
    let parallel = PARALLEL.to_string();
    let mut line: Vec<_> = ["run", "independence", "--judge", "sim/rule-judge", "--limit", CASES, "--json"]
        .into_iter()
        .chain(["--set", "system=strong,neutral", "--set", "delivery=tool_role,user_role"])
        .chain(["--base-url", &base_url, "--parallel", &parallel, "--out", out])
        .map(str::to_owned)
        .collect();
    // The last part of the name makes the server tell prices.
    line.extend((0..SUBJECTS).flat_map(|n| ["--model".to_owned(), format!("openai-compatible/m{n}/priced")]));
    line
}

fn start(place: &Place, line: &[String]) -> Child {
    place.command(UNBENT).args(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// What a run file holds of the subjects' calls.
#[derive(Default)]
struct Held {
    answers: u64,
    usage: Usage,
    cost_usd: f64,
    scored: u64,
}

fn held(reader: &RunReader) -> Held {
    let mut held = Held::default();
    for trial in reader.trials() {
        let trial = trial.unwrap();
        held.answers += trial.meters.subject.answers;
        held.usage += trial.meters.subject.usage;
        held.cost_usd += trial.meters.subject.cost_usd;
        held.scored += u64::from(matches!(trial.state, TrialState::Finished(Outcome::Scored { .. })));
    }
    held
}

#[test]
fn a_hundred_kills_lose_no_trial_and_repeat_no_call_but_those_in_flight() {
    let (place, server) = (Place::new(), server());
    let resume: Vec<_> =
        ["resume", "a.unbent", "--json", "--parallel", &PARALLEL.to_string()].map(str::to_owned).to_vec();
    let mut chance = Stream::new(9, "kills", "instants");
    let mut line = many_trials(&server, "a.unbent");
    for kill in 1..=KILLS {
        let asked = server.ledger().requests;
        let mut process = start(&place, &line);
        // The first one lives to make the file; others may be killed before they have asked anything.
        let calls = (chance.unit() * MOST_CALLS_A_LIFE) as u64 + u64::from(kill == 1);
        let ledger = server.wait_until(PATIENCE, |ledger| ledger.requests >= asked + calls);
        assert!(ledger.requests >= asked + calls, "kill {kill}: {:?} after {ledger:?}", process.try_wait());
        let (began, spin) = (Instant::now(), LONGEST_SPIN.mul_f64(chance.unit()));
        while began.elapsed() < spin {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        assert_eq!(process.wait().unwrap().signal(), Some(9), "the run ended before kill {kill}");
        resume.clone_into(&mut line);
        if kill % 10 == 0 {
            let ledger = settled(&server);
            let held = held(&verified(&place.path("a.unbent")));
            let lost = ledger.answers - held.answers;
            assert!(
                lost <= kill * PARALLEL,
                "{lost} answers are not in the file after {kill} kills: {ledger:?}"
            );
        }
    }
    let ended = place.unbent(&resume);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let reader = verified(&place.path("a.unbent"));
    assert!(reader.seal().unwrap().is_some());
    let held = held(&reader);
    assert_eq!((reader.trial_count().unwrap(), held.scored), (TRIALS, TRIALS));
    assert!(answers(&reader).values().all(|answers| answers.len() == 1), "a need was answered twice");

    let ledger = settled(&server);
    assert_eq!((held.answers, ledger.distinct_answered), (CALLS, CALLS));
    let again = ledger.requests - CALLS;
    assert!(again <= KILLS * PARALLEL, "{again} calls were made again in {KILLS} kills: {ledger:?}");
    // What was answered to a process that was killed before it could write it down is all that is paid twice.
    let (told, repeated) = (ledger.told, ledger.repeated);
    assert_eq!(ledger.answers - repeated.calls, CALLS);
    assert_eq!(held.usage.input, told.input_tokens - repeated.input_tokens);
    assert_eq!(held.usage.output, told.output_tokens - repeated.output_tokens);
    assert!(
        (held.cost_usd - (told.cost_usd - repeated.cost_usd)).abs() < 1e-6,
        "{} {ledger:?}",
        held.cost_usd
    );
    println!("{again} calls were made again, {} of them had been answered", repeated.calls);

    // The server answers equal requests equally.
    assert_eq!(place.unbent(many_trials(&server, "b.unbent")).code, Some(0));
    assert_eq!(place.leaderboards("a.unbent"), place.leaderboards("b.unbent"));
}

/// The accounts when every call of clients that are gone has come to its end.
fn settled(server: &MockServer) -> Ledger {
    let ledger = server.wait_until(PATIENCE, |ledger| ledger.in_flight == 0);
    assert_eq!(ledger.in_flight, 0, "{ledger:?}");
    ledger
}
