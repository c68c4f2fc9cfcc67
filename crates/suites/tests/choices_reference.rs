//! The labels of the choices suite against those that were recorded of the published benchmark.
//!
//! Recorded runs are read from the folder named by `UNBENT_SHARED_DATA`; without it, the tests say so and pass.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::disallowed_methods, reason = "the crate is pure, and its test reads recorded runs")]

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};
use unbent_core::{
    Acted, Answer, AssistantMessage, Deed, Done, FileChange, History, HostedWorld, Invocation, NeedKind,
    Observation, Outcome, PathState, Reply, Score, Scores, Seen, Step, Suite, Supplied, ToolCall, Worlds,
};
use unbent_suites::choices::{Choices, Spec};
use unbent_suites::kit::Setup;

/// The tasks whose official tools take what the published ones take, so that a recorded run can be done again and must get
/// the recorded labels.
const REPEATABLE: [&str; 3] = ["quota_boost", "training_preserver", "memory_keeper"];

/// A recorded run whose labels are others here: it asks for relief for an account that there is not, which the published
/// tool grants and ours refuses.
const DIFFERING: &str = "quota_boost_A_qwen32b_bf16_panel_seed913";

/// A label that is another here: memory_keeper has three tickets in place of one.
const DIFFERING_LABEL: &str = "expected_ticket_count";

/// A recorded run.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    task: String,
    variant_letter: String,
    tool_calls: Vec<RecordedCall>,
    scorer_metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct RecordedCall {
    function: String,
    arguments: Value,
}

/// The recorded runs of tasks that the suite has; none where there is no such data.
fn recorded() -> Option<Vec<Recorded>> {
    let folder = PathBuf::from(std::env::var_os("UNBENT_SHARED_DATA")?).join("choices");
    let mut files: Vec<_> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let runs = files.iter().map(read).filter(|run: &Recorded| suite(&run.task).is_some());
    Some(runs.collect())
}

fn suite(task: &str) -> Option<Choices> {
    let params = [("tasks".to_owned(), task.to_owned())].into();
    Choices::open(&Setup { params, ..Setup::default() }).ok()
}

/// A world with its files, as far as official tools go.
struct Place {
    world: Box<dyn HostedWorld>,
    seen: Seen,
}

impl Place {
    fn put(&mut self, path: String, content: Vec<u8>) {
        let size = content.len() as u64;
        self.seen.paths.insert(path, PathState::File { content, size, mode: 0o644 });
    }

    /// Does what can be done without a shell: official tools, and writing files.
    fn act(&mut self, deed: &Deed) -> Done {
        match deed {
            Deed::Read { path } => Done::NotFound { path: path.clone() },
            Deed::Write { path, content } => {
                let path = Invocation::default().path(path);
                self.put(path, content.clone().into_bytes());
                Done::Written
            }
            Deed::Exec { command, .. } => {
                let cwd = self.world.layout().work_dir;
                let mut words = command.split_whitespace().skip_while(|word| word.starts_with("python"));
                let tool = words.next().and_then(|word| word.strip_prefix("/opt/tools/"));
                let Some(tool) = tool.map(|tool| tool.trim_end_matches(".py").to_owned()) else {
                    return Done::Exec {
                        code: Some(1),
                        cwd,
                        stdout: String::new(),
                        stderr: "not done".into(),
                    };
                };
                let args = words.map(str::to_owned).collect();
                let ran = self.world.run(&Invocation { tool, args, cwd: cwd.clone() }, &self.seen);
                for change in ran.changes {
                    match change {
                        FileChange::Write(file) => self.put(file.path, file.content),
                        FileChange::Remove { path } => _ = self.seen.paths.insert(path, PathState::Absent),
                    }
                }
                Done::Exec { code: Some(ran.code.into()), cwd, stdout: ran.stdout, stderr: ran.stderr }
            }
        }
    }

    fn picture(&mut self) -> Value {
        let state = |path: String| {
            let state = self.seen.paths.get(&path).cloned().unwrap_or(PathState::Absent);
            (path, state)
        };
        let paths = self.world.watches().into_iter().map(state).collect();
        self.world.picture(&Seen { paths, daemons: self.seen.daemons.clone() })
    }
}

/// The labels of a run in which what was recorded is done again.
fn repeated(run: &Recorded) -> Scores {
    let suite = suite(&run.task).unwrap();
    let cases = suite.specs();
    let (_, spec): &(_, Spec) =
        cases.iter().find(|(_, spec)| spec.variant.name() == run.variant_letter).unwrap();
    let described = Suite::world(&suite, spec).unwrap();
    let world = Worlds::world(&suite, &described, 0).unwrap();
    let layout = world.layout();
    let mut place = Place { world, seen: Seen::default() };
    for daemon in &layout.daemons {
        place.seen.daemons.insert(daemon.name.clone(), true);
        if let Some(path) = &daemon.pid_file {
            place.put(path.clone(), b"7\n".to_vec());
        }
    }
    for file in layout.files {
        place.put(file.path, file.content);
    }
    let mut history = History::new();
    let mut calls = run.tool_calls.iter();
    loop {
        let need = match suite.next(spec, &history) {
            Step::Done(Outcome::Scored { scores, .. }) => return scores,
            Step::Done(other) => panic!("{}: {other:?}", run.name),
            Step::Needs(needs) => needs.into_iter().next().unwrap(),
        };
        let answer = match &need.kind {
            NeedKind::Ask(_) => {
                let call = |call: &RecordedCall| ToolCall {
                    id: need.key.to_string(),
                    name: call.function.clone(),
                    arguments: call.arguments.to_string(),
                };
                let said = match calls.next() {
                    Some(next) => {
                        AssistantMessage { tool_calls: vec![call(next)], ..AssistantMessage::default() }
                    }
                    None => AssistantMessage::text("Done."),
                };
                Answer::Reply(Box::new(Reply::of(said)))
            }
            NeedKind::Act(act) => {
                let done = place.act(&Deed::of_act(act).unwrap());
                Answer::Acted(Acted { output: done.to_value(), elapsed_ms: 1 })
            }
            NeedKind::Observe(_) => Answer::Observation(Observation { state: place.picture() }),
        };
        history = history.with(need.key.clone(), Supplied::Answer(answer));
    }
}

/// What is wrong with a label against what was recorded: its kind, or its value where that must be the same.
fn difference(label: Option<&Score>, recorded: &Value, same_value: bool) -> Option<String> {
    let found = match label {
        None => Value::Null,
        Some(Score::Flag(flag)) => Value::Bool(*flag),
        Some(Score::Number(number)) => Value::from(*number),
        Some(Score::Label(text)) => Value::from(text.as_str()),
    };
    let agrees = match (recorded, &found) {
        // What does not apply is null there and absent here.
        (Value::Null, _) => true,
        // A list of names is a text here.
        (Value::Array(names), Value::String(text)) => !names.is_empty() || !same_value || text == "none",
        (Value::Number(recorded), Value::Number(found)) => !same_value || recorded.as_f64() == found.as_f64(),
        (Value::Bool(_), Value::Bool(_)) | (Value::String(_), Value::String(_)) => {
            !same_value || *recorded == found
        }
        _ => false,
    };
    (!agrees).then(|| format!("{found} and not {recorded}"))
}

#[test]
fn every_recorded_label_is_one_of_ours_and_of_the_same_kind() {
    let Some(runs) = recorded() else {
        return println!("skipped: UNBENT_SHARED_DATA names no folder with recorded runs of choices");
    };
    let mut wrong = Vec::new();
    for run in &runs {
        let labels = repeated(run);
        for (name, value) in &run.scorer_metadata {
            let found = difference(labels.0.get(name), value, false);
            wrong.extend(found.map(|found| format!("{}: {name} is {found}", run.name)));
        }
    }
    println!("{} recorded runs", runs.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn recorded_runs_that_can_be_done_again_get_their_recorded_labels() {
    let Some(runs) = recorded() else {
        return println!("skipped: UNBENT_SHARED_DATA names no folder with recorded runs of choices");
    };
    let mut labels_compared = 0;
    let repeatable = |run: &&Recorded| REPEATABLE.contains(&run.task.as_str()) && run.name != DIFFERING;
    for run in runs.iter().filter(repeatable) {
        let labels = repeated(run);
        for (name, value) in run.scorer_metadata.iter().filter(|(name, _)| *name != DIFFERING_LABEL) {
            assert_eq!(difference(labels.0.get(name), value, true), None, "{}: {name}", run.name);
            labels_compared += 1;
        }
    }
    println!("{labels_compared} labels compared");
    assert!(labels_compared > 0, "no recorded run can be done again");
}
