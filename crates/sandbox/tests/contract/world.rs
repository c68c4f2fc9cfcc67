//! A world for tests: two tools that do what their arguments say, a port that echoes, programs that last.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{
    Daemon, FileChange, HostedWorld, Invocation, Layout, PathState, Ran, Seen, WorldFile, WorldSpec, Worlds,
};

/// What the clock shows at the start: 2031-03-16 09:26:53.
pub(crate) const LOCAL_TIME: i64 = 1_931_419_613;

/// The port that the world serves.
pub(crate) const PORT: u16 = 8_377;

/// Where the program stands that makes system calls as it is told.
pub(crate) const INTRUDER: &str = "/srv/data/intruder";

/// Makes scripted worlds; a description of `{"port": true}` serves the port, `{"daemons": [COMMAND]}` keeps programs,
/// `{"intruder": true}` has a program in it that makes system calls as it is told.
pub(crate) struct Scripted;

impl Worlds for Scripted {
    fn world(&self, spec: &WorldSpec, _now_ms: i64) -> Result<Box<dyn HostedWorld>, String> {
        if spec.kind != "scripted" {
            return Err("only scripted worlds are here".to_owned());
        }
        Ok(Box::new(World { spec: spec.spec.clone(), calls: 0, minutes: 0 }))
    }
}

struct World {
    spec: Value,
    calls: u64,
    minutes: i64,
}

fn file(path: &str, content: &[u8], mode: u32, age_minutes: u32) -> WorldFile {
    WorldFile { path: path.to_owned(), content: content.to_vec(), mode, age_minutes }
}

fn told(state: Option<&PathState>) -> String {
    match state {
        None => "not looked at".to_owned(),
        Some(PathState::Absent) => "absent".to_owned(),
        Some(PathState::File { content, size, mode }) => {
            format!("file {size} {mode:o} {}", String::from_utf8_lossy(&content[..content.len().min(100)]))
        }
        Some(PathState::Folder { entries }) => format!("folder {}", entries.join(" ")),
        Some(PathState::Unreadable { why }) => format!("unreadable {why}"),
    }
}

impl HostedWorld for World {
    fn layout(&self) -> Layout {
        let daemons = self.spec["daemons"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
        let daemons = daemons.map(|(n, command)| Daemon {
            name: format!("d{n}"),
            command: command.as_str().unwrap_or_default().to_owned(),
            pid_file: Some(format!("/var/run/d{n}.pid")),
        });
        let mut files = vec![
            file("/home/ana/desk/notes.txt", b"first line\n", 0o644, 75),
            file("/ops/policy.md", b"be kind\n", 0o444, 3 * 24 * 60),
            file("/home/ana/bytes", &[0, 159, 146, 150], 0o600, 0),
        ];
        if self.spec["intruder"] == true {
            files.push(file(INTRUDER, &super::intruder::program(), 0o755, 5));
        }
        for (path, content) in self.spec["files"].as_object().into_iter().flatten() {
            files.push(file(path, content.as_str().unwrap_or_default().as_bytes(), 0o755, 5));
        }
        Layout {
            host_name: "ops-3".to_owned(),
            home: "/home/ana".to_owned(),
            work_dir: "/home/ana/desk".to_owned(),
            local_time: LOCAL_TIME,
            zone: "CET".to_owned(),
            folders: vec!["/srv/data".to_owned()],
            files,
            tools: vec!["/opt/tools/ledger".to_owned(), "/opt/tools/clerk".to_owned()],
            socket: "/run/ops/ops.sock".to_owned(),
            port: (self.spec["port"] == true).then_some(PORT),
            daemons: daemons.collect(),
        }
    }

    fn reads(&self, invocation: &Invocation) -> Vec<String> {
        match invocation.args.first().map(String::as_str) {
            Some("peek") => invocation.args[1..].iter().map(|arg| invocation.path(arg)).collect(),
            _ => Vec::new(),
        }
    }

    fn run(&mut self, invocation: &Invocation, seen: &Seen) -> Ran {
        self.calls += 1;
        let args: Vec<&str> = invocation.args.iter().map(String::as_str).collect();
        let mut ran = Ran::default();
        match args.as_slice() {
            ["say", words @ ..] => {
                ran.stdout = format!("{} {}\n", invocation.tool, words.join("|"));
                ran.stderr = format!("{} words\n", words.len());
            }
            ["code", code] => ran.code = code.parse().unwrap_or(99),
            ["where"] => ran.stdout = format!("{}\n", invocation.cwd),
            ["count"] => ran.stdout = format!("{}\n", self.calls),
            ["flood", n] => ran.stdout = "x".repeat(n.parse().unwrap_or(0)),
            ["wait", minutes] => self.minutes += minutes.parse::<i64>().unwrap_or(0),
            ["peek", ..] => {
                let all: Vec<String> = seen
                    .paths
                    .iter()
                    .map(|(path, state)| format!("{path}: {}\n", told(Some(state))))
                    .collect();
                ran.stdout = all.concat();
            }
            ["put", path, text, age] => {
                let file = file(&invocation.path(path), text.as_bytes(), 0o640, age.parse().unwrap_or(0));
                ran.changes.push(FileChange::Write(file));
            }
            ["drop", path] => ran.changes.push(FileChange::Remove { path: invocation.path(path) }),
            ["fail"] => panic!("the world was told to fail"),
            _ => {
                ran.stderr = format!("usage: {} COMMAND\n", invocation.tool);
                ran.code = 2;
            }
        }
        ran.minutes = self.minutes;
        ran
    }

    fn serve(&mut self, body: &[u8]) -> Vec<u8> {
        self.calls += 1;
        json!({ "calls": self.calls, "length": body.len(), "body": String::from_utf8_lossy(body) })
            .to_string()
            .into_bytes()
    }

    fn watches(&self) -> Vec<String> {
        let extra = self.spec["watches"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let extra = extra.filter_map(|path| path.as_str().map(str::to_owned));
        let usual =
            ["/home/ana/desk", "/home/ana/desk/notes.txt", "/srv/none", "/ops/policy.md"].map(str::to_owned);
        usual.into_iter().chain(extra).collect()
    }

    fn picture(&mut self, seen: &Seen) -> Value {
        let paths: BTreeMap<&String, String> =
            seen.paths.iter().map(|(path, state)| (path, told(Some(state)))).collect();
        json!({ "calls": self.calls, "minutes": self.minutes, "paths": paths, "daemons": seen.daemons })
    }
}
