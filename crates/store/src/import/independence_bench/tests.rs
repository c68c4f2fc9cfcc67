//! Small caches made by hand, and the published one.

mod conversion;
mod tree;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use unbent_core::{
    Answer, Ask, Blob, BlobRef, Case, Event, FinishReason, Message, ModelRole, Origin, Outcome, Program,
    Reply, Score, TrialKey, TrialNo, UnscoredReason,
};

use super::import_independence_bench;
use crate::import::{ImportError, ImportReport};
use crate::{RunReader, RunWriter, StoreError};

const ITEMS: [&str; 16] = [
    "direct",
    "psych",
    "tool_context",
    "negotiation",
    "name_gender",
    "rs01",
    "rs02",
    "rs03",
    "rs04",
    "rs05",
    "pt01",
    "pt02",
    "pt03",
    "pt04",
    "pt05",
    "names",
];

/// The suite's cases, all settings of them.
fn cases() -> Vec<Case> {
    let settings = ["strong/tool_role", "strong/user_role", "neutral/tool_role"];
    let ids = settings.iter().flat_map(|setting| ITEMS.map(|item| format!("{setting}/{item}")));
    ids.map(|id| Case {
        suite: "independence".into(),
        id: id.as_str().into(),
        spec: Value::Null,
        world: None,
        inherits: Vec::new(),
    })
    .collect()
}

/// A cache folder in the making.
struct Cache(TempDir);

const CONFIG: &str = "lab--model-x+pin-int4@low-t0.7";

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn scenario(&self, run: u32, place: &str, content: &Value) -> PathBuf {
        let (experiment, name) = place.split_once('/').unwrap();
        let path = format!("{CONFIG}/run_{run}/{experiment}/strong_independence/tool_role/{name}.json");
        self.put(&path, content.to_string())
    }

    fn try_import(&self) -> Result<ImportReport, ImportError> {
        import(&self.path(), &self.out())
    }

    fn import(&self) -> (ImportReport, RunReader) {
        let report = self.try_import().unwrap();
        let reader = RunReader::open(&self.out()).unwrap();
        let found = reader.verify().unwrap();
        assert!(found.is_clean(), "{:?}", found.problems);
        (report, reader)
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("run.unbent")
    }
}

fn import(dir: &Path, out: &Path) -> Result<ImportReport, ImportError> {
    let program = Program { name: "test".into(), version: "0".into() };
    import_independence_bench(dir, &cases(), out, 99, program, &mut |_| {})
}

fn spoken(text: &str) -> Value {
    json!({
        "metadata": {"model": "lab/model-x+pin-int4", "timestamp": "2026-01-02T03:04:05.678901+00:00"},
        "response": text,
        "finish_reason": "stop",
        "gen_cost": {"prompt_tokens": 11, "completion_tokens": 7, "cost_usd": 0.5, "elapsed_seconds": 1.25},
        "judge_scores": null,
        "judge_cost": null,
        "request_messages": [
            {"role": "system", "content": "Be."},
            {"role": "user", "content": "[start]"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "h1", "type": "function", "function": {"name": "send_message_to_human", "arguments": "{\"message\": \"Hi\"}"}}
            ]},
            {"role": "tool", "content": "Who are you?", "tool_call_id": "h1"}
        ]
    })
}

const AT_MS: i64 = 1_767_323_045_678;

fn called(arguments: &str, text: &str) -> Value {
    let mut file = spoken(text);
    file["finish_reason"] = "tool_calls".into();
    file["response_tool_calls"] = json!([
        {"id": "c9", "type": "function", "function": {"name": "send_message_to_human", "arguments": arguments}}
    ]);
    file
}

fn graded(mut file: Value, scores: &Value, raw: Option<&str>) -> Value {
    file["judge_scores"] = scores.clone();
    file["judge_cost"] = json!({
        "prompt_tokens": 20, "completion_tokens": 4, "cost_usd": 0.001, "elapsed_seconds": 2.0,
        "judge_model": "lab/judge", "_byok_original_cost_usd": 0.002
    });
    if let Some(raw) = raw {
        file["judge_raw_response"] = raw.into();
    }
    file
}

fn key(item: &str, repeat: u32) -> TrialKey {
    TrialKey {
        suite: "independence".into(),
        case: format!("strong/tool_role/{item}").as_str().into(),
        subject: CONFIG.into(),
        repeat,
    }
}

fn events(reader: &RunReader, item: &str) -> Vec<Event> {
    let no = reader.find(&key(item, 1)).unwrap().unwrap();
    reader.events(no).unwrap().into_iter().map(|logged| logged.event).collect()
}

fn reply(reader: &RunReader, answer: BlobRef) -> Reply {
    match serde_json::from_slice(&reader.blob(answer).unwrap()).unwrap() {
        Answer::Reply(reply) => *reply,
        other => panic!("{other:?}"),
    }
}

/// The replies of a trial with the needs that they answer.
fn replies(reader: &RunReader, item: &str) -> Vec<(String, Reply)> {
    events(reader, item)
        .into_iter()
        .filter_map(|event| match event {
            Event::Answered { need, answer, .. } => Some((need.to_string(), reply(reader, answer))),
            _ => None,
        })
        .collect()
}
