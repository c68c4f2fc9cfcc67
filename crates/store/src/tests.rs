//! What holds for run files as a whole, on real databases in temporary folders.

mod caching;
mod digesting;
mod foreign;
mod locking;
mod priming;
mod reading;
mod replaying;
mod verifying;
mod writing;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use serde_json::json;
use tempfile::TempDir;
use unbent_core::{
    Answer, Ask, AssistantMessage, Blob, Case, Entry, Event, FinishReason, Manifest, Message, Meter,
    ModelRole, Origin, Outcome, Program, Reply, Sampling, Score, Served, Subject, TrialKey, TrialNo,
};

use crate::RunWriter;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn run_path(folder: &TempDir) -> PathBuf {
    folder.path().join("run.unbent")
}

fn subject(id: &str) -> Subject {
    Subject {
        id: id.into(),
        model: format!("sim/{id}"),
        settings: Sampling::default(),
        simulated: true,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        created_at_ms: 1_000,
        program: Program { name: "test".into(), version: "0".into() },
        origin: Origin::Asked,
        suites: Vec::new(),
        subjects: vec![subject("m1"), subject("m2")],
        judge: None,
        guard: None,
        seed: 7,
        repeats: 1,
        credentials: std::collections::BTreeMap::new(),
        sandbox: None,
        rescored: Vec::new(),
        git: None,
    }
}

fn case(name: &str) -> Case {
    Case {
        suite: "s".into(),
        id: name.into(),
        spec: json!({"question": name}),
        world: None,
        inherits: Vec::new(),
    }
}

fn key(case: &str, subject: &str, repeat: u32) -> TrialKey {
    TrialKey { suite: "s".into(), case: case.into(), subject: subject.into(), repeat }
}

/// A run with the cases a and b and their trials 1 to 4: a × m1, a × m2, b × m1, b × m2.
fn small_run(path: &Path) -> RunWriter {
    let writer = RunWriter::create(path, &manifest()).unwrap();
    writer.add_cases(&[case("a"), case("b")]).unwrap();
    let keys = ["a", "b"].into_iter().flat_map(|case| ["m1", "m2"].map(|subject| key(case, subject, 1)));
    assert_eq!(writer.add_trials(keys).unwrap(), 4);
    writer
}

fn opened(trial: u64, at_ms: i64) -> Entry {
    Entry { trial: TrialNo(trial), at_ms, event: Event::Opened, blobs: Vec::new() }
}

fn ask(text: &str) -> Ask {
    Ask {
        role: ModelRole::Subject,
        messages: vec![Message::user(text)],
        tools: Vec::new(),
        tool_choice: unbent_core::ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling::default(),
    }
}

fn answered(trial: u64, need: &str, text: &str) -> Entry {
    let request = Blob::of_json(&ask(&format!("about {text}")));
    let reply = Reply::of(AssistantMessage::text(text));
    let meter = Meter { cost_usd: Some(0.25), ..Meter::default() };
    let answer = Blob::of_json(&Answer::Reply(Box::new(reply)));
    Entry {
        trial: TrialNo(trial),
        at_ms: 2_000,
        event: Event::Answered {
            need: need.into(),
            role: ModelRole::Subject,
            tried: 1,
            request: Some(request.address()),
            answer: answer.address(),
            finish: FinishReason::Stop,
            meter,
            served: Served::default(),
            wire: None,
            cached: false,
            unsent: Vec::new(),
        },
        blobs: vec![request, answer],
    }
}

fn finished(trial: u64, score: f64) -> Entry {
    Entry {
        trial: TrialNo(trial),
        at_ms: 3_000,
        event: Event::Finished {
            outcome: Outcome::Scored {
                scores: [
                    ("firmness".to_owned(), Score::Number(score)),
                    ("held".to_owned(), Score::Flag(score > 5.0)),
                    ("name".to_owned(), Score::Label("Iris".to_owned())),
                ]
                .into_iter()
                .collect(),
                note: Some("because".to_owned()),
            },
        },
        blobs: Vec::new(),
    }
}

fn append(writer: &RunWriter, entries: Vec<Entry>) {
    wait(writer.sink().append(entries)).unwrap();
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a future to its end on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
