//! Answers that were paid for once: used again, kept, replayed, shown and deleted.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use unbent::core::{TrialKey, TrialState};
use unbent::store::RunReader;

use self::program::server::{ModelServer, Response};
use self::program::{Ended, Place};

/// Calls of the subject and of the judge that one set of the suite takes.
const SUBJECT_CALLS: usize = 26;
const JUDGE_CALLS: usize = 15;
const ALL: usize = SUBJECT_CALLS + JUDGE_CALLS;

/// A place, a server that answers well, and a command line against it.
struct Setting {
    place: Place,
    server: ModelServer,
}

impl Setting {
    fn new() -> Self {
        Self::with(ModelServer::start(Response::well))
    }

    fn with(server: ModelServer) -> Self {
        Self { place: Place::new(), server }
    }

    fn line(&self, out: &str, mode: &str, rest: &[&str]) -> Vec<String> {
        let url = self.server.base_url();
        let models = ["--model", "openai-compatible/m", "--judge", "openai-compatible/j"];
        let wanted = ["--cache-file", "kept/answers", "--cache", mode, "--out", out, "--json"];
        let base = ["run", "independence", "--base-url", &url];
        base.iter().chain(&models).chain(&wanted).chain(rest).map(|word| (*word).to_owned()).collect()
    }

    fn run(&self, out: &str, mode: &str, rest: &[&str]) -> Ended {
        self.place.unbent(self.line(out, mode, rest))
    }

    /// Runs to a good end; returns how many answers came from the cache, and how many calls of subject and judge were
    /// made.
    fn done(&self, out: &str, mode: &str, rest: &[&str]) -> (u64, usize, usize) {
        let before = self.calls();
        let ended = self.run(out, mode, rest);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        let (subject, judge) = self.calls();
        (cached(&ended), subject - before.0, judge - before.1)
    }

    /// How often subject and judge were asked so far.
    fn calls(&self) -> (usize, usize) {
        let seen = self.server.seen();
        let of = |model: &str| seen.iter().filter(|request| request.model() == model).count();
        (of("m"), of("j"))
    }

    fn outcomes(&self, out: &str) -> Vec<(TrialKey, TrialState)> {
        let reader = RunReader::open(&self.place.path(out)).unwrap();
        let trials: Vec<_> = reader.trials().map(|trial| trial.unwrap()).collect();
        assert!(reader.verify().unwrap().is_clean());
        trials.into_iter().map(|trial| (trial.key, trial.state)).collect()
    }

    fn cache(&self, rest: &[&str]) -> Ended {
        self.place.unbent(["cache", "--cache-file", "kept/answers"].iter().chain(rest))
    }

    /// How many answers are kept.
    fn kept(&self) -> u64 {
        let shown: Value = serde_json::from_str(&self.cache(&["--json"]).stdout).unwrap();
        shown["answers"].as_u64().unwrap()
    }
}

fn last_line(ended: &Ended) -> Value {
    ended.json_lines().pop().unwrap()
}

fn cached(ended: &Ended) -> u64 {
    last_line(ended)["cached"].as_u64().unwrap()
}

#[test]
fn a_second_run_makes_no_call_and_gives_the_same_scores() {
    let setting = Setting::new();
    assert_eq!(setting.done("a.unbent", "write", &[]), (0, SUBJECT_CALLS, JUDGE_CALLS));
    assert_eq!(setting.kept(), ALL as u64);
    for mode in ["read", "write", "replay"] {
        let out = format!("{mode}.unbent");
        assert_eq!(setting.done(&out, mode, &[]), (ALL as u64, 0, 0));
        assert_eq!(setting.outcomes(&out), setting.outcomes("a.unbent"));
    }
    let line = setting.line("text.unbent", "read", &[]);
    let told = setting.place.unbent(line.iter().filter(|word| *word != "--json"));
    assert!(told.stderr.contains("41 answers came from the cache"), "{}", told.stderr);
    assert_eq!(setting.kept(), ALL as u64);
}

#[test]
fn without_a_mode_nothing_is_used_and_nothing_is_kept() {
    let setting = Setting::new();
    assert_eq!(setting.done("a.unbent", "off", &[]), (0, SUBJECT_CALLS, JUDGE_CALLS));
    assert!(!setting.place.path("kept").exists());
    setting.done("b.unbent", "write", &[]);
    assert_eq!(setting.done("c.unbent", "off", &[]), (0, SUBJECT_CALLS, JUDGE_CALLS));
    let line = setting.line("d.unbent", "off", &[]);
    let default = line.iter().filter(|word| !["--cache", "off"].contains(&word.as_str()));
    assert_eq!(cached(&setting.place.unbent(default)), 0);
}

#[test]
fn a_changed_setting_is_asked_anew_and_a_repeat_is_a_draw_of_its_own() {
    let setting = Setting::new();
    setting.done("a.unbent", "write", &[]);
    let warm = ["--temperature", "1.3"];
    // The subject says the same, so what the judge is asked is kept already.
    assert_eq!(setting.done("b.unbent", "read", &warm), (JUDGE_CALLS as u64, SUBJECT_CALLS, 0));
    assert_eq!(setting.kept(), ALL as u64, "who only reads keeps nothing");
    let twice = ["--repeats", "2"];
    assert_eq!(setting.done("c.unbent", "write", &twice), (ALL as u64, SUBJECT_CALLS, JUDGE_CALLS));
    assert_eq!(setting.kept(), 2 * ALL as u64);
}

#[test]
fn a_replay_makes_no_call_and_leaves_what_is_not_kept_unscored() {
    let setting = Setting::new();
    setting.done("a.unbent", "write", &[]);
    let ended = setting.run("b.unbent", "replay", &["--temperature", "1.3"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(setting.calls(), (SUBJECT_CALLS, JUDGE_CALLS));
    let last = last_line(&ended);
    assert_eq!((&last["scored"], &last["cached"]), (&0.into(), &0.into()));
    assert!(last["unscored_reasons"]["subject not_recorded"].as_u64().unwrap() > 0, "{last}");

    let resumed = setting.place.unbent([
        "resume",
        "b.unbent",
        "--json",
        "--cache",
        "write",
        "--cache-file",
        "kept/answers",
    ]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(cached(&resumed), JUDGE_CALLS as u64);
    assert_eq!(setting.calls(), (2 * SUBJECT_CALLS, JUDGE_CALLS));
}

#[test]
fn neither_faults_nor_answers_that_were_withheld_are_kept() {
    let works = Arc::new(AtomicBool::new(false));
    let setting = Setting::with(ModelServer::start({
        let works = Arc::clone(&works);
        move |request| match (works.load(Ordering::SeqCst), request.model().as_str(), request.number) {
            (false, "j", _) => Response::status(400, "{\"error\": \"not now\"}"),
            (false, _, 2) => Response::status(500, "{\"error\": \"out of breath\"}"),
            (false, _, 7) => match Response::well(request) {
                Response::Http(status, headers, body) => {
                    Response::Http(status, headers, body.replace("\"stop\"", "\"content_filter\""))
                }
                silence @ Response::Silence => silence,
            },
            _ => Response::well(request),
        }
    }));
    let ended = setting.run("a.unbent", "write", &[]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let (asked, _) = setting.calls();
    assert_eq!(asked, SUBJECT_CALLS + 1, "one call failed and was tried again");
    assert_eq!(setting.kept(), SUBJECT_CALLS as u64 - 1, "one answer was withheld");
    works.store(true, Ordering::SeqCst);
    let (cached, subject, judge) = setting.done("b.unbent", "write", &[]);
    assert_eq!((cached, subject, judge), (SUBJECT_CALLS as u64 - 1, 1, JUDGE_CALLS));
}

#[test]
fn a_cache_that_is_not_there_is_no_cache_to_replay() {
    let setting = Setting::new();
    let ended = setting.run("a.unbent", "replay", &[]);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    for part in ["there is no cache of answers kept/answers", "--cache write", "--cache-file"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert!(!setting.place.path("a.unbent").exists() && !setting.place.path("kept").exists());
    let ended = setting.run("a.unbent", "read", &[]);
    assert_eq!((ended.code, cached(&ended)), (Some(0), 0));
    assert!(ended.stderr.contains("everything is asked for"), "{}", ended.stderr);
    assert!(!setting.place.path("kept").exists());
}

#[test]
fn two_runs_at_once_share_a_cache() {
    let setting = Setting::new();
    let runs = ["a.unbent", "b.unbent"].map(|out| setting.place.start(setting.line(out, "write", &[])));
    for ended in runs.map(program::Running::end) {
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    assert_eq!(setting.kept(), ALL as u64);
    assert_eq!(setting.done("c.unbent", "replay", &[]), (ALL as u64, 0, 0));
}

#[test]
fn a_damaged_cache_ends_the_run_names_itself_and_can_be_deleted() {
    let setting = Setting::new();
    setting.done("a.unbent", "write", &[]);
    let file = setting.place.path("kept/answers");
    let mut bytes = fs::read(&file).unwrap();
    // All but the page that says what the file is.
    bytes[4096..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let before = setting.calls();
    let ended = setting.run("b.unbent", "read", &[]);
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    for part in ["kept/answers is damaged", "delete the file", "unbent cache clear", "unbent resume b.unbent"]
    {
        assert!(ended.stderr.contains(part), "no {part:?} in {}", ended.stderr);
    }
    assert_eq!(setting.calls(), before);
    let cleared = setting.cache(&["clear"]);
    assert_eq!(cleared.code, Some(0), "{}", cleared.stderr);
    assert!(!file.exists());
    assert_eq!(setting.place.unbent(["resume", "b.unbent"]).code, Some(0));
}

#[test]
fn the_cache_is_shown_and_deleted_and_nothing_else_is() {
    let setting = Setting::new();
    let shown = setting.cache(&[]);
    assert_eq!((shown.code, shown.stdout.contains("kept/answers: not there")), (Some(0), true));
    setting.done("a.unbent", "write", &[]);
    let shown = setting.cache(&["show"]);
    assert!(shown.stdout.starts_with("kept/answers: 41 answers in "), "{}", shown.stdout);
    let shown: Value = serde_json::from_str(&setting.cache(&["--json"]).stdout).unwrap();
    assert_eq!((&shown["file"], &shown["exists"]), (&"kept/answers".into(), &true.into()));
    assert!(shown["bytes"].as_u64().unwrap() > 4096);

    let cleared: Value = serde_json::from_str(&setting.cache(&["clear", "--json"]).stdout).unwrap();
    assert_eq!((&cleared["deleted"], &cleared["answers"]), (&true.into(), &41.into()));
    assert_eq!(fs::read_dir(setting.place.path("kept")).unwrap().count(), 0);
    let again = setting.cache(&["clear"]);
    assert_eq!((again.code, again.stdout.contains("nothing to delete")), (Some(0), true));

    let before = fs::read(setting.place.path("a.unbent")).unwrap();
    for line in [&["cache", "clear"][..], &["cache"], &["resume", "a.unbent", "--cache", "write"]] {
        let refused = setting.place.unbent(line.iter().chain(&["--cache-file", "a.unbent"]));
        assert_eq!(refused.code, Some(5), "{line:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("a.unbent is not a cache of answers"), "{}", refused.stderr);
    }
    assert_eq!(fs::read(setting.place.path("a.unbent")).unwrap(), before);
}

#[test]
fn the_cache_is_where_the_environment_says() {
    let file_of = |place: Place| {
        let shown = place.unbent(["cache", "--json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        shown["file"].as_str().unwrap().to_owned()
    };
    assert!(file_of(Place::new()).ends_with(".cache/unbent/answers.sqlite"));
    let xdg = || Place::new().with("XDG_CACHE_HOME", "/x/cache");
    assert_eq!(file_of(xdg()), "/x/cache/unbent/answers.sqlite");
    assert_eq!(file_of(xdg().with("UNBENT_CACHE", "mine")), "mine");
    assert!(
        file_of(Place::new().with("XDG_CACHE_HOME", "relative")).ends_with(".cache/unbent/answers.sqlite")
    );
}
