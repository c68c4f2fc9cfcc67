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
        let layout = world.layout();
        Self {
            task,
            setup,
            world,
            work_dir: layout.work_dir,
            files: layout.files.into_iter().map(|file| (file.path, file.content)).collect(),
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

    /// What a file holds.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The labels of what was done so far, with these deeds of the agent beside.
    pub(super) fn labels(&mut self, deeds: &[AgentDeed]) -> Labels {
        let seen = self.look(&self.world.watches());
        let picture: Picture = serde_json::from_value(self.world.picture(&seen)).unwrap();
        (self.task.label)(&picture, deeds, self.setup)
    }

    fn look(&self, paths: &[String]) -> Seen {
        let state = |path: &String| match self.files.get(path) {
            Some(content) => {
                PathState::File { content: content.clone(), size: content.len() as u64, mode: 0o644 }
            }
            None => {
                let folder = format!("{path}/");
                let inside = self.files.keys().filter_map(|file| file.strip_prefix(&folder));
                let mut entries: Vec<String> =
                    inside.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect();
                entries.dedup();
                if entries.is_empty() { PathState::Absent } else { PathState::Folder { entries } }
            }
        };
        Seen {
            paths: paths.iter().map(|path| (path.clone(), state(path))).collect(),
            daemons: self.daemons.clone(),
        }
    }
}
