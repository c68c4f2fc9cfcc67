//! The machine that a sandbox hosts: a task's state behind its official tools.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use unbent_core::{Daemon, FileChange, HostedWorld, Invocation, Layout, PathState, Ran, Seen, WorldFile};

use super::calendar::Moment;
use super::data::WorldData;
use super::desk::{Answered, Desk, Role, Tool};
use super::picture::{CallRecord, FileSeen, Picture, Receipt, Tampering};
use crate::choices::variant::Scene;

/// Where the official tools stand.
const TOOLS: &str = "/opt/tools";

/// The state of a task's world, and what of the inside it depends on.
pub(crate) trait Model: Serialize + Send + Sized + 'static {
    /// The official tools of this world.
    fn tools(&self) -> Vec<Tool<Self>>;

    /// The files that the world reads back: who changes them by hand changes what the tools work with. They are looked at
    /// before every call of a tool and at the end. All of them are documents or mirrors.
    fn controls(&self) -> Vec<String>;

    /// Files that a call of a tool with these arguments reads, beside those that its arguments name as paths.
    fn reads(&self, _args: &[String]) -> Vec<String> {
        Vec::new()
    }

    /// Files and folders that are looked at, at the end only.
    fn artefacts(&self) -> Vec<String> {
        Vec::new()
    }

    /// Takes in that a control file was changed by hand, or that a daemon (`daemon:NAME`) was stopped.
    fn absorb(&mut self, change: &Change<'_>);

    /// The files that show the state. They are written at the start, and again when what they show has changed.
    fn mirrors(&self) -> Vec<WorldFile>;

    /// Answers the body of a POST request to the loopback port; only worlds with a port are asked. `now` is the world's
    /// time in seconds since 1970.
    fn serve(&mut self, _body: &[u8], _now: i64) -> Vec<u8> {
        Vec::new()
    }
}

/// A change by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    /// The control file, or `daemon:NAME`.
    pub(crate) path: &'a str,
    /// What it holds now; none where it is gone.
    pub(crate) now: Option<&'a str>,
}

/// A task's state behind its official tools.
#[derive(Clone)]
pub(crate) struct Machine<M> {
    model: M,
    data: Arc<WorldData>,
    scene: Scene,
    start: Moment,
    minutes: i64,
    receipts: Vec<Receipt>,
    calls: Vec<CallRecord>,
    tampering: Vec<Tampering>,
    /// What the control files and mirrors held when they were last as the world left them, or as it last took them in.
    known: BTreeMap<String, Option<Vec<u8>>>,
    /// What the mirrors last showed.
    shown: BTreeMap<String, Vec<u8>>,
    stopped: Vec<String>,
}

impl<M: Model> Machine<M> {
    /// The machine at its start.
    pub(crate) fn new(model: M, data: Arc<WorldData>, scene: Scene, now_ms: i64) -> Self {
        let start = Moment::starting(now_ms, &data.start).expect("checked when the data was read");
        let documents = data.documents(scene, start);
        let mirrors = model.mirrors();
        let known =
            documents.iter().chain(&mirrors).map(|file| (file.path.clone(), Some(file.content.clone())));
        Self {
            known: known.collect(),
            shown: mirrors.iter().map(|file| (file.path.clone(), file.content.clone())).collect(),
            model,
            data,
            scene,
            start,
            minutes: 0,
            receipts: Vec::new(),
            calls: Vec::new(),
            tampering: Vec::new(),
            stopped: Vec::new(),
        }
    }

    /// Takes in what was done to control files and daemons since the last look.
    fn absorb(&mut self, seen: &Seen) {
        for path in self.model.controls() {
            let now = match seen.paths.get(&path) {
                Some(PathState::File { content, .. }) => Some(content.clone()),
                Some(_) => None,
                None => continue,
            };
            // What stands in the file of a process number is known only once it was seen; that it stands there is known.
            if now.is_some() && !self.known.contains_key(&path) && self.is_pid_file(&path) {
                self.known.insert(path, now);
                continue;
            }
            let absent = if self.is_pid_file(&path) { Some(Vec::new()) } else { None };
            let before = self.known.entry(path.clone()).or_insert(absent);
            if *before == now {
                continue;
            }
            before.clone_from(&now);
            let text = now.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            self.model.absorb(&Change { path: &path, now: text.as_deref() });
            self.tampering.push(Tampering { path, minute: self.minutes, now: text });
        }
        for (name, alive) in &seen.daemons {
            if *alive || self.stopped.contains(name) {
                continue;
            }
            self.stopped.push(name.clone());
            let path = format!("daemon:{name}");
            self.model.absorb(&Change { path: &path, now: None });
            self.tampering.push(Tampering { path, minute: self.minutes, now: None });
        }
    }

    fn is_pid_file(&self, path: &str) -> bool {
        self.data.daemons().iter().any(|daemon| daemon.pid_file.as_deref() == Some(path))
    }

    /// What must be written so that the mirrors show the state.
    fn mirrored(&mut self) -> Vec<FileChange> {
        let mut changes = Vec::new();
        for mirror in self.model.mirrors() {
            if self.shown.get(&mirror.path) != Some(&mirror.content) {
                self.shown.insert(mirror.path.clone(), mirror.content.clone());
                self.known.insert(mirror.path.clone(), Some(mirror.content.clone()));
                changes.push(FileChange::Write(WorldFile { age_minutes: 0, ..mirror }));
            }
        }
        changes
    }

    fn answer(
        &mut self,
        tool: Tool<M>,
        invocation: &Invocation,
        seen: &Seen,
    ) -> (Answered, Vec<FileChange>, Role) {
        let args: Vec<&str> = invocation.args.iter().map(String::as_str).collect();
        let mut desk = Desk {
            state: &mut self.model,
            invocation,
            seen,
            start: self.start,
            minutes: &mut self.minutes,
            receipts: &mut self.receipts,
            changes: Vec::new(),
            role: tool.role,
        };
        let answered = (tool.run)(&mut desk, &args);
        (answered, desk.changes, desk.role)
    }
}

fn usage<M>(tool: &Tool<M>) -> String {
    format!("Usage: {} {}", tool.name, tool.usage).trim_end().to_owned() + "\n"
}

impl<M: Model> HostedWorld for Machine<M> {
    fn layout(&self) -> Layout {
        let data = &self.data;
        let mut files = data.documents(self.scene, self.start);
        files.extend(self.model.mirrors());
        let daemons: Vec<Daemon> = data.daemons();
        Layout {
            host_name: data.host.clone(),
            home: data.home.clone(),
            work_dir: data.work_dir.clone(),
            local_time: self.start.0,
            zone: data.zone.clone(),
            folders: data.folders.clone(),
            files,
            tools: self.model.tools().iter().map(|tool| format!("{TOOLS}/{}", tool.name)).collect(),
            socket: data.socket.clone(),
            port: data.port,
            daemons,
        }
    }

    fn reads(&self, invocation: &Invocation) -> Vec<String> {
        let named = invocation.args.iter().filter(|arg| !arg.starts_with('-') && !arg.is_empty());
        let mut paths: Vec<String> = named.map(|arg| invocation.path(arg)).collect();
        paths.extend(self.model.reads(&invocation.args));
        paths.extend(self.model.controls());
        paths
    }

    fn run(&mut self, invocation: &Invocation, seen: &Seen) -> Ran {
        self.absorb(seen);
        let Some(tool) = self.model.tools().into_iter().find(|tool| tool.name == invocation.tool) else {
            let stderr = format!("{}: not available on this host\n", invocation.tool);
            return Ran { stderr, code: 127, minutes: self.minutes, ..Ran::default() };
        };
        let asks_help = invocation.args.iter().any(|arg| arg == "--help" || arg == "-h");
        let minute = self.minutes;
        let (stdout, code, mut changes, role) = if asks_help {
            (format!("{}\n{}\n", usage(&tool), tool.about), 0, Vec::new(), Role::Neutral)
        } else {
            match self.answer(tool, invocation, seen) {
                (Answered::Done(text), changes, role) => (text, 0, changes, role),
                (Answered::Refused(text), changes, role) => (text, 2, changes, role),
                (Answered::Misused, _, role) => (usage(&tool), 1, Vec::new(), role),
            }
        };
        let (tool, args) = (invocation.tool.clone(), invocation.args.clone());
        self.calls.push(CallRecord { tool, role, args, code, minute });
        changes.extend(self.mirrored());
        for change in &changes {
            match change {
                FileChange::Write(file) => self.known.insert(file.path.clone(), Some(file.content.clone())),
                FileChange::Remove { path } => self.known.insert(path.clone(), None),
            };
        }
        let stdout = if stdout.is_empty() || stdout.ends_with('\n') { stdout } else { stdout + "\n" };
        Ran { stdout, stderr: String::new(), code, changes, minutes: self.minutes }
    }

    fn serve(&mut self, body: &[u8]) -> Vec<u8> {
        self.model.serve(body, self.start.after(self.minutes).0)
    }

    fn watches(&self) -> Vec<String> {
        let mut paths = self.model.controls();
        paths.extend(self.model.artefacts());
        paths.extend(self.shown.keys().cloned());
        paths.sort();
        paths.dedup();
        paths
    }

    fn picture(&mut self, seen: &Seen) -> serde_json::Value {
        self.absorb(seen);
        let picture = Picture {
            minutes: self.minutes,
            state: serde_json::to_value(&self.model).expect("a state has only text keys, so it is JSON"),
            receipts: self.receipts.clone(),
            calls: self.calls.clone(),
            tampering: self.tampering.clone(),
            files: seen.paths.iter().map(|(path, state)| (path.clone(), FileSeen::of(state))).collect(),
            daemons: seen.daemons.clone(),
        };
        serde_json::to_value(picture).expect("a picture has only text keys, so it is JSON")
    }
}
