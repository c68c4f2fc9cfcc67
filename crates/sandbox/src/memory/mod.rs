//! Sandboxes in memory: a world's files in a map and its tools called by name, without a shell and without walls.
//!
//! For tests of what goes around sandboxes. A command is a tool with its arguments, or `cat` with paths; words are cut at
//! blanks, and single quotes keep them together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use unbent_core::{
    Act, Acted, BoxFuture, Deed, Done, Fault, FaultKind, FileChange, HostedWorld, Invocation, Observation,
    Observe, PathState, Sandbox, SandboxHost, Seen, TrialKey, WorldSpec, Worlds,
};

/// Opens sandboxes in memory.
#[derive(Clone)]
pub struct Memory {
    worlds: Arc<dyn Worlds>,
    now_ms: i64,
}

impl Memory {
    /// Sandboxes whose worlds all begin at this time, in milliseconds since 1970.
    pub fn new(worlds: Arc<dyn Worlds>, now_ms: i64) -> Self {
        Self { worlds, now_ms }
    }
}

impl SandboxHost for Memory {
    fn open<'a>(
        &'a self,
        _trial: &'a TrialKey,
        world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>> {
        Box::pin(async move {
            let world =
                self.worlds.world(world, self.now_ms).map_err(|why| Fault::new(FaultKind::Sandbox, why))?;
            let layout = world.layout();
            let files = layout.files.iter().map(|file| (file.path.clone(), file.content.clone())).collect();
            let daemons = layout.daemons.iter().map(|daemon| (daemon.name.clone(), true)).collect();
            let room = Room { world, work_dir: layout.work_dir, files, daemons };
            Ok(Box::new(Mutexed(Mutex::new(room))) as Box<dyn Sandbox>)
        })
    }
}

struct Mutexed(Mutex<Room>);

struct Room {
    world: Box<dyn HostedWorld>,
    work_dir: String,
    files: BTreeMap<String, Vec<u8>>,
    daemons: BTreeMap<String, bool>,
}

impl Room {
    fn seen(&self, paths: Vec<String>) -> Seen {
        let look = |path: String| {
            let state = self.look(&path);
            (path, state)
        };
        Seen { paths: paths.into_iter().map(look).collect(), daemons: self.daemons.clone() }
    }

    fn look(&self, path: &str) -> PathState {
        if let Some(content) = self.files.get(path) {
            return PathState::File { content: content.clone(), size: content.len() as u64, mode: 0o644 };
        }
        let folder = format!("{}/", path.trim_end_matches('/'));
        let below = self.files.keys().filter_map(|file| file.strip_prefix(&folder)?.split('/').next());
        let mut entries: Vec<_> = below.map(str::to_owned).collect();
        entries.dedup();
        if entries.is_empty() { PathState::Absent } else { PathState::Folder { entries } }
    }

    fn absolute(&self, path: &str) -> String {
        Invocation { cwd: self.work_dir.clone(), ..Invocation::default() }.path(path)
    }

    fn exec(&mut self, command: &str, cwd: Option<String>) -> Done {
        let cwd = cwd.unwrap_or_else(|| self.work_dir.clone());
        let done = |code, stdout, stderr| Done::Exec { code: Some(code), cwd: cwd.clone(), stdout, stderr };
        let mut words = words(command).into_iter();
        let Some(tool) = words.next() else { return done(0, String::new(), String::new()) };
        if tool == "cat" {
            let files = words.filter_map(|path| self.files.get(&self.absolute(&path)));
            return done(
                0,
                files.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect(),
                String::new(),
            );
        }
        let invocation = Invocation { tool, args: words.collect(), cwd: cwd.clone() };
        let seen = self.seen(self.world.reads(&invocation));
        let ran = self.world.run(&invocation, &seen);
        for change in ran.changes {
            match change {
                FileChange::Write(file) => _ = self.files.insert(file.path, file.content),
                FileChange::Remove { path } => _ = self.files.remove(&path),
            }
        }
        done(i32::from(ran.code), ran.stdout, ran.stderr)
    }

    fn act(&mut self, deed: Deed) -> Done {
        match deed {
            Deed::Exec { command, cwd, .. } => self.exec(&command, cwd),
            Deed::Read { path } => match self.files.get(&self.absolute(&path)) {
                Some(content) => Done::Read { content: String::from_utf8_lossy(content).into_owned() },
                None => Done::NotFound { path },
            },
            Deed::Write { path, content } => {
                self.files.insert(self.absolute(&path), content.into_bytes());
                Done::Written
            }
        }
    }
}

/// The words of a command.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is always a last word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

impl Sandbox for Mutexed {
    fn act<'a>(&'a self, act: &'a Act) -> BoxFuture<'a, Result<Acted, Fault>> {
        Box::pin(async move {
            let deed = Deed::of_act(act);
            let deed = deed
                .ok_or_else(|| Fault::new(FaultKind::Sandbox, format!("no sandbox does {:?}", act.tool)))?;
            let done = self.0.lock().unwrap_or_else(PoisonError::into_inner).act(deed);
            Ok(Acted { output: done.to_value(), elapsed_ms: 0 })
        })
    }

    fn observe<'a>(&'a self, _observe: &'a Observe) -> BoxFuture<'a, Result<Observation, Fault>> {
        Box::pin(async move {
            let mut room = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = room.seen(room.world.watches());
            Ok(Observation { state: room.world.picture(&seen) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_is_cut_into_words_at_blanks_outside_of_quotes() {
        assert_eq!(words("record  'a b' c"), ["record", "a b", "c"]);
    }
}
