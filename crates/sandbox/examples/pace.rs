//! How fast sandboxes are: prints, as JSON, the times of opening one, of a command, of a tool's call and of many at once, and for
//! comparison of a shell outside.
//!
//! `cargo run --release -p unbent-sandbox --example pace -- 200` measures 200 of each. Judges nothing: `cargo xtask bench sandbox`
//! does.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use unbent_core::{
    Deed, Done, HostedWorld, Invocation, Layout, Ran, Sandbox, SandboxHost, Seen, TrialKey, WorldSpec, Worlds,
};
use unbent_sandbox::{Bubblewrap, Limits, Options};

/// How many are opened at once in the last measurement.
const AT_ONCE: usize = 8;

struct Empty;

impl Worlds for Empty {
    fn world(&self, _spec: &WorldSpec, _now_ms: i64) -> Result<Box<dyn HostedWorld>, String> {
        Ok(Box::new(World))
    }
}

/// A world with one tool that says one word.
struct World;

impl HostedWorld for World {
    fn layout(&self) -> Layout {
        Layout {
            host_name: "ops".to_owned(),
            home: "/home/ana".to_owned(),
            work_dir: "/home/ana/desk".to_owned(),
            local_time: 1_900_000_000,
            zone: "UTC".to_owned(),
            tools: vec!["/opt/tools/word".to_owned()],
            socket: "/run/ops/ops.sock".to_owned(),
            ..Layout::default()
        }
    }

    fn reads(&self, _invocation: &Invocation) -> Vec<String> {
        Vec::new()
    }

    fn run(&mut self, _invocation: &Invocation, _seen: &Seen) -> Ran {
        Ran { stdout: "word\n".to_owned(), ..Ran::default() }
    }

    fn watches(&self) -> Vec<String> {
        Vec::new()
    }

    fn picture(&mut self, _seen: &Seen) -> Value {
        Value::Null
    }
}

type Opened = Result<Box<dyn Sandbox>, Box<dyn Error>>;

async fn open(host: &Bubblewrap) -> Opened {
    let trial: TrialKey =
        serde_json::from_value(json!({ "suite": "s", "case": "c", "subject": "m", "repeat": 1 }))?;
    let world = WorldSpec { kind: "empty".to_owned(), spec: Value::Null };
    Ok(host.open(&trial, &world).await.map_err(|fault| fault.to_string())?)
}

async fn run(room: &dyn Sandbox, command: &str, prints: &str) -> Result<(), Box<dyn Error>> {
    let deed = Deed::Exec { command: command.to_owned(), cwd: None, timeout_s: 60 };
    let acted = room.act(&deed.to_act()).await.map_err(|fault| fault.to_string())?;
    match Done::of_value(&acted.output) {
        Some(Done::Exec { code: Some(0), stdout, .. }) if stdout == prints => Ok(()),
        other => Err(format!("{command}: {other:?}").into()),
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn told(mut times: Vec<f64>) -> Value {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
    json!({ "n": times.len(), "least_ms": times[0], "median_ms": at(0.5), "p95_ms": at(0.95) })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let n: usize = std::env::args().nth(1).map_or(Ok(100), |n| n.parse())?;
    let options = Options { worlds: Arc::new(Empty), limits: Limits::default(), max_open: 2 * AT_ONCE };
    let host = Arc::new(Bubblewrap::new(options)?);
    run(&*open(&host).await?, "true", "").await?;

    let mut yardstick = Vec::new();
    for _ in 0..n {
        let began = Instant::now();
        let ended =
            std::process::Command::new("/bin/bash").args(["--noprofile", "--norc", "-c", "true"]).status()?;
        yardstick.push(ms(began));
        assert!(ended.success(), "bash runs on this machine");
    }
    let (mut opening, mut first) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let began = Instant::now();
        let room = open(&host).await?;
        opening.push(ms(began));
        run(&*room, "true", "").await?;
        first.push(ms(began));
    }
    let room = open(&host).await?;
    let (mut nothing, mut program, mut tool) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        for (times, command, prints) in
            [(&mut nothing, "true", ""), (&mut program, "/bin/true", ""), (&mut tool, "word", "word\n")]
        {
            let began = Instant::now();
            run(&*room, command, prints).await?;
            times.push(ms(began));
            // A shell that waits for the next command is begun behind the answer; it is part of no command.
            tokio::task::yield_now().await;
        }
    }
    let began = Instant::now();
    let mut lanes = Vec::new();
    for _ in 0..AT_ONCE {
        let host = host.clone();
        lanes.push(async move {
            for _ in 0..n.div_ceil(AT_ONCE) {
                run(&*open(&host).await?, "true", "").await?;
            }
            Ok::<(), Box<dyn Error>>(())
        });
    }
    for lane in join_all(lanes).await {
        lane?;
    }
    let opened = n.div_ceil(AT_ONCE) * AT_ONCE;
    let report = json!({
        "bash_outside": told(yardstick),
        "open": told(opening),
        "open_and_first_command": told(first),
        "command_of_the_shell": told(nothing),
        "command_of_a_program": told(program),
        "command_of_a_tool": told(tool),
        "at_once": { "lanes": AT_ONCE, "opened": opened, "per_s": opened as f64 / began.elapsed().as_secs_f64() },
    });
    println!("{report:#}");
    Ok(())
}

/// Waits for all, which run on this task.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}
