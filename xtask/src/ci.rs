//! Every check that must hold before a change is merged, in the order in which failures are cheapest to find.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::workspace::{Profile, Workspace};
use crate::{Failure, codegen, tidy};

/// What became of a step that did not fail.
enum Passed {
    Checked,
    /// It could not be checked here, and why.
    Skipped(&'static str),
}

type Check = fn(&Workspace) -> Result<Passed, Failure>;

const STEPS: &[(&str, Check)] = &[
    // What the build of the sandboxes compiles by itself is no target of cargo's.
    ("format", |w| cargo(w, &["fmt", "--all", "--check", "--", "crates/sandbox/guest/main.rs"])),
    ("lints", |w| cargo(w, &["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("tidy", |w| tidy::run(w).map(|()| Passed::Checked)),
    ("generated documents", |w| codegen::check(w).map(|()| Passed::Checked)),
    ("tests", tests),
    ("examples in documentation", |w| cargo(w, &["test", "--quiet", "--locked", "--workspace", "--doc"])),
    ("documentation", documentation),
    ("demo without a network", demo),
    ("licences, bans and sources", dependencies),
];

/// Runs the steps; stops at the first that fails.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let started = Instant::now();
    for (n, (name, check)) in (1..).zip(STEPS) {
        println!("==> {n}/{} {name}", STEPS.len());
        let step = Instant::now();
        let passed = check(workspace);
        let seconds = step.elapsed().as_secs_f64();
        match passed {
            Ok(Passed::Checked) => println!("    {name}: holds ({seconds:.1} s)"),
            Ok(Passed::Skipped(why)) => println!("    {name}: skipped, {why}"),
            Err(failure) => {
                return Err(format!("step {n}, {name}, failed after {seconds:.1} s: {failure}").into());
            }
        }
    }
    println!("==> all {} steps passed in {:.1} s", STEPS.len(), started.elapsed().as_secs_f64());
    Ok(())
}

fn cargo(workspace: &Workspace, args: &[&str]) -> Result<Passed, Failure> {
    succeeds(&mut workspace.cargo(args))
}

fn succeeds(command: &mut Command) -> Result<Passed, Failure> {
    let status = command.status()?;
    if status.success() {
        return Ok(Passed::Checked);
    }
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or(&program);
    Err(format!("{program} {}: {status}", words.join(" ")).into())
}

fn is_there(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn tests(workspace: &Workspace) -> Result<Passed, Failure> {
    if is_there(&mut workspace.cargo(&["nextest", "--version"])) {
        cargo(workspace, &["nextest", "run", "--locked", "--workspace", "--status-level", "fail"])
    } else {
        cargo(workspace, &["test", "--quiet", "--locked", "--workspace", "--all-targets"])
    }
}

fn documentation(workspace: &Workspace) -> Result<Passed, Failure> {
    let mut command = workspace.cargo(&[
        "doc",
        "--quiet",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    succeeds(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs the demo as a stranger would: with an empty home, an empty environment and, where the system lets us, no
/// network at all.
fn demo(workspace: &Workspace) -> Result<Passed, Failure> {
    let unbent = workspace.build_unbent(Profile::Dev)?;
    let home = tempfile::tempdir()?;
    let isolation = ["--map-root-user", "--net", "--"];
    let mut command = if is_there(Command::new("unshare").args(isolation).arg("true")) {
        let mut command = Command::new("unshare");
        command.args(isolation).arg(&unbent);
        command
    } else {
        println!("    unshare cannot take the network away here; the demo runs with it in reach");
        Command::new(&unbent)
    };
    let output = command
        .arg("demo")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("NO_COLOR", "1")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("unbent demo: {}\n{said}{complaint}", output.status).into());
    }
    if said.trim().is_empty() {
        return Err("unbent demo said nothing".into());
    }
    Ok(Passed::Checked)
}

fn dependencies(workspace: &Workspace) -> Result<Passed, Failure> {
    if !is_there(&mut workspace.cargo(&["deny", "--version"])) {
        return Ok(Passed::Skipped("cargo-deny is not installed (./dev setup --all installs it)"));
    }
    cargo(workspace, &["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
}
