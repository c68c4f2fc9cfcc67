//! An open sandbox, for tests: what they do in it in one line each.

use std::sync::Arc;

use serde_json::{Value, json};
use unbent_core::{Deed, Done, Fault, Observe, Sandbox, SandboxHost, TrialKey, WorldSpec};

/// A host of one back end, whose worlds are scripted.
pub(crate) type Host = Arc<dyn SandboxHost>;

/// An open sandbox.
pub(crate) struct Room {
    sandbox: Box<dyn Sandbox>,
}

/// How a command ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) cwd: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn trial() -> TrialKey {
    serde_json::from_value(json!({ "suite": "s", "case": "c", "subject": "m", "repeat": 1 })).unwrap()
}

/// Tries to open a sandbox with a world of this description.
pub(crate) async fn try_open(host: &Host, spec: Value) -> Result<Room, Fault> {
    let world = WorldSpec { kind: "scripted".to_owned(), spec };
    Ok(Room { sandbox: host.open(&trial(), &world).await? })
}

/// Opens a sandbox with a world of this description.
pub(crate) async fn open_with(host: &Host, spec: Value) -> Room {
    try_open(host, spec).await.unwrap()
}

/// Opens a sandbox.
pub(crate) async fn open(host: &Host) -> Room {
    open_with(host, json!({})).await
}

impl Room {
    pub(crate) async fn try_do(&self, deed: Deed) -> Result<Done, Fault> {
        let acted = self.sandbox.act(&deed.to_act()).await?;
        Ok(Done::of_value(&acted.output).unwrap())
    }

    pub(crate) async fn try_run(&self, command: &str, timeout_s: u32) -> Result<Done, Fault> {
        self.try_do(Deed::Exec { command: command.to_owned(), cwd: None, timeout_s }).await
    }

    pub(crate) async fn run_in(&self, cwd: Option<&str>, command: &str, timeout_s: u32) -> Ended {
        let deed = Deed::Exec { command: command.to_owned(), cwd: cwd.map(str::to_owned), timeout_s };
        match self.try_do(deed).await.unwrap() {
            Done::Exec { code, cwd, stdout, stderr } => Ended { code, cwd, stdout, stderr },
            other => panic!("{command}: {other:?}"),
        }
    }

    /// Runs a command that must end in time.
    pub(crate) async fn run(&self, command: &str) -> Ended {
        let ended = self.run_in(None, command, 60).await;
        assert!(ended.code.is_some(), "{command}: the time was up");
        ended
    }

    /// What a command prints, which must succeed and complain of nothing.
    pub(crate) async fn says(&self, command: &str) -> String {
        let ended = self.run(command).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command}: {}", ended.stdout);
        ended.stdout.trim_end_matches('\n').to_owned()
    }

    pub(crate) async fn read(&self, path: &str) -> Done {
        self.try_do(Deed::Read { path: path.to_owned() }).await.unwrap()
    }

    pub(crate) async fn write(&self, path: &str, content: &str) -> Done {
        self.try_do(Deed::Write { path: path.to_owned(), content: content.to_owned() }).await.unwrap()
    }

    pub(crate) async fn picture(&self) -> Value {
        self.sandbox.observe(&Observe { scope: "all".to_owned() }).await.unwrap().state
    }
}
