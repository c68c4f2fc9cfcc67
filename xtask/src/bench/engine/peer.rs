//! The same requests put to the same server by Inspect AI, in a Python environment of its own beside the build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::server::Server;
use super::{Pace, data_folder};
use crate::Failure;
use crate::bench::measure::{Usage, measure};

/// What is compared with; `requirements.txt` pins the same versions.
pub(super) const NAME: &str = "Inspect AI 0.3.285";

/// Requests of the run that warms up, whose time and CPU are taken off the measured one: that is starting Python.
const FEW: usize = 50;

/// What one trial takes the peer, or why that cannot be known here.
pub(super) fn measure_peer(
    target: &Path,
    folder: &Path,
    server: &Server,
    requests: &[String],
    parallel: usize,
) -> Result<Result<Pace, String>, Failure> {
    let environment = match environment(&target.join("bench-peer"))? {
        Ok(environment) => environment,
        Err(why) => return Ok(Err(why)),
    };
    let few = evaluate(&environment, folder, server, &requests[..FEW], parallel)?;
    let all = evaluate(&environment, folder, server, requests, parallel)?;
    let more = (requests.len() - FEW) as f64;
    Ok(Ok(Pace { rate: more / (all.wall_ms - few.wall_ms) * 1e3, cpu_ms: (all.cpu_ms - few.cpu_ms) / more }))
}

/// The environment with the peer installed; made when it is not there or holds other versions.
fn environment(folder: &Path) -> Result<Result<PathBuf, String>, Failure> {
    let requirements = data_folder().join("requirements.txt");
    let (wanted, installed) = (std::fs::read_to_string(&requirements)?, folder.join("installed.txt"));
    let venv = folder.join("venv");
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(Ok(venv));
    }
    let is_new_enough = "import sys; sys.exit(sys.version_info < (3, 10))";
    if !succeeds(Command::new("python3").args(["-c", is_new_enough])) {
        return Ok(Err("there is no Python 3.10 or later (python3)".to_owned()));
    }
    if !succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv)) {
        return Ok(Err(
            "Python cannot make an environment (on Debian: apt-get install python3-venv)".to_owned()
        ));
    }
    let mut install = Command::new(venv.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
    if !succeeds(&mut install) {
        return Ok(Err(format!("pip cannot install {}", requirements.display())));
    }
    std::fs::write(installed, wanted)?;
    Ok(Ok(venv))
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Has the peer put these requests to the server, and checks that the server answered each once.
fn evaluate(
    venv: &Path,
    folder: &Path,
    server: &Server,
    requests: &[String],
    parallel: usize,
) -> Result<Usage, Failure> {
    let (prompts, logs) = (folder.join("prompts.jsonl"), folder.join("peer-logs"));
    let lines =
        requests.iter().enumerate().map(|(n, request)| prompt(n, request)).collect::<Result<Vec<_>, _>>()?;
    std::fs::write(&prompts, lines.concat())?;
    // `env` becomes the peer, so what is measured has its variables and no process more.
    let mut args: Vec<OsString> = vec![
        format!("MOCK_BASE_URL={}/v1", server.url()).into(),
        "MOCK_API_KEY=none".into(),
        format!("UNBENT_PROMPTS={}", prompts.display()).into(),
        venv.join("bin/inspect").into(),
        "eval".into(),
        // Inspect takes task files by a path relative to where it runs.
        "task.py".into(),
    ];
    std::fs::copy(data_folder().join("task.py"), folder.join("task.py"))?;
    let options = ["--model", "openai-api/mock/text", "--display", "none", "--max-connections"];
    args.extend(options.map(OsString::from));
    args.extend([parallel.to_string().into(), "--log-dir".into(), logs.clone().into()]);
    args.splice(0..0, ["-C".into(), folder.into()]);
    server.reset()?;
    let used = measure(Path::new("env"), &args, 1, || Ok(()))?.remove(0);
    let answers = server.ledger()?["answers"].as_u64();
    if answers != Some(requests.len() as u64) {
        return Err(format!("the peer got {answers:?} answers for {} requests", requests.len()).into());
    }
    let logged =
        std::fs::read_dir(&logs)?.flatten().any(|entry| entry.path().extension() == Some("eval".as_ref()));
    if !logged {
        return Err("the peer wrote no log".into());
    }
    std::fs::remove_dir_all(logs)?;
    Ok(used)
}

/// A request as a line of the peer's data.
fn prompt(n: usize, request: &str) -> Result<String, Failure> {
    let body: Value = serde_json::from_str(request)?;
    let line = serde_json::json!({
        "id": n,
        "messages": body["messages"],
        "temperature": body["temperature"],
        "max_tokens": body["max_tokens"],
    });
    Ok(format!("{line}\n"))
}
