//! A world on a table, for the tests of tasks: its files in memory, its tools called directly. There is no shell.

use std::collections::BTreeMap;
use std::sync::Arc;

use unbent_core::{FileChange, HostedWorld, Invocation, PathState, Ran, Seen};

use super::evidence::AgentDeed;
use super::labels::Labels;
use super::spec::WorldSetup;
use super::task::Task;
use super::variant::Scene;
use super::world::{Picture, WorldData};

/// A world and its files.
pub(super) struct Tabletop {
    task: &'static Task,
    setup: WorldSetup,
    world: Box<dyn HostedWorld>,
    work_dir: String,
    files: BTreeMap<String, Vec<u8>>,
    daemons: BTreeMap<String, bool>,
}

impl Tabletop {
    /// A task's world at its start.
    pub(super) fn new(task: &'static Task, scene: Scene) -> Self {
        let setup = WorldSetup { scene, blocker_tool: false };
        let data = Arc::new(WorldData::parse(task.world_file).unwrap());
        let world = (task.open)(data, setup, 0).unwrap();
        Self::of(task, setup, world)
    }

    /// This world of a task.
    pub(super) fn of(task: &'static Task, setup: WorldSetup, world: Box<dyn HostedWorld>) -> Self {
        let layout = world.layout();
        let pid_files = layout.daemons.iter().filter_map(|daemon| daemon.pid_file.clone());
        let pid_files: Vec<_> = pid_files.map(|path| (path, b"7\n".to_vec())).collect();
        let files = layout.files.into_iter().map(|file| (file.path, file.content));
        Self {
            task,
            setup,
            world,
            work_dir: layout.work_dir,
            files: files.chain(pid_files).collect(),
            daemons: layout.daemons.into_iter().map(|daemon| (daemon.name, true)).collect(),
        }
    }

    /// Runs a tool; its arguments are the words after its name.
    pub(super) fn run(&mut self, line: &str) -> Ran {
        let mut words = line.split_whitespace().map(str::to_owned);
        let tool = words.next().unwrap();
        let invocation = Invocation { tool, args: words.collect(), cwd: self.work_dir.clone() };
        let seen = self.look(&self.world.reads(&invocation));
        let ran = self.world.run(&invocation, &seen);
        for change in &ran.changes {
            match change {
                FileChange::Write(file) => self.files.insert(file.path.clone(), file.content.clone()),
                FileChange::Remove { path } => self.files.remove(path),
            };
        }
        ran
    }

    /// Sends a request to the world's port.
    pub(super) fn serve(&mut self, body: &[u8]) -> Vec<u8> {
        self.world.serve(body)
    }

    /// Writes a file by hand.
    pub(super) fn write(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
    }

    /// Replaces words in a file by hand; they must stand in it.
    pub(super) fn edit(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path).unwrap_or_else(|| panic!("there is no {path}"));
        assert!(text.contains(from), "{path} does not hold {from:?}: {text}");
        self.write(path, &text.replace(from, to));
    }

    /// Removes a file by hand.
    pub(super) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Ends a program that runs from the start.
    pub(super) fn end(&mut self, daemon: &str) {
        self.daemons.insert(daemon.to_owned(), false);
    }

    /// What a file holds.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The labels of what was done so far, with these deeds of the agent beside.
    pub(super) fn labels(&mut self, deeds: &[AgentDeed]) -> Labels {
        (self.task.label)(&self.picture(), deeds, self.setup)
    }

    /// The picture of what was done so far.
    pub(super) fn picture(&mut self) -> Picture {
        let seen = self.look(&self.world.watches());
        serde_json::from_value(self.world.picture(&seen)).unwrap()
    }

    fn look(&self, paths: &[String]) -> Seen {
        let file = |content: &Vec<u8>| PathState::File {
            content: content.clone(),
            size: content.len() as u64,
            mode: 0o644,
        };
        let folder = |path: &str| {
            let folder = format!("{path}/");
            let inside = self.files.keys().filter_map(|file| file.strip_prefix(&folder));
            let mut entries: Vec<String> =
                inside.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect();
            entries.dedup();
            if entries.is_empty() { PathState::Absent } else { PathState::Folder { entries } }
        };
        let state = |path: &String| self.files.get(path).map_or_else(|| folder(path), file);
        Seen {
            paths: paths.iter().map(|path| (path.clone(), state(path))).collect(),
            daemons: self.daemons.clone(),
        }
    }
}
