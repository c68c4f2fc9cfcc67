//! How long sandboxes take: until one is open, for a command and for a tool's call, and how many can be opened a second.

use serde_json::Value;

use super::compare;
use crate::Failure;
use crate::workspace::Workspace;

/// How many of each are measured.
const N: &str = "200";

/// What the design asks for, as medians.
const TARGET_OPEN_MS: f64 = 10.0;
const TARGET_COMMAND_MS: f64 = 1.0;

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let args = [
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "unbent-sandbox",
        "--example",
        "pace",
        "--",
        N,
    ];
    let output = workspace.cargo(&args).output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        println!("nothing measured: {}", complaint.lines().last().unwrap_or_default());
        return Ok(());
    }
    let measured: Value = serde_json::from_slice(&output.stdout)?;
    let ms = |what: &str, which: &str| measured[what][which].as_f64().ok_or("the example says nothing of it");
    println!("sandbox: bubblewrap, {N} of each, medians");
    compare("a ready shell", ms("open", "median_ms")?, TARGET_OPEN_MS, "ms");
    compare("a command of the shell", ms("command_of_the_shell", "median_ms")?, TARGET_COMMAND_MS, "ms");
    for (name, what) in [
        ("a ready shell", "open"),
        ("the same and a command", "open_and_first_command"),
        ("a command of the shell", "command_of_the_shell"),
        ("a program", "command_of_a_program"),
        ("a tool's call", "command_of_a_tool"),
        ("bash outside", "bash_outside"),
    ] {
        let (least, p95) = (ms(what, "least_ms")?, ms(what, "p95_ms")?);
        println!("  {name:<24} {:>10.2} ms   least {least:.2} ms   p95 {p95:.2} ms", ms(what, "median_ms")?);
    }
    let at_once = &measured["at_once"];
    println!(
        "  opened a second, {} at once: {:.0}",
        at_once["lanes"],
        at_once["per_s"].as_f64().unwrap_or(f64::NAN)
    );
    Ok(())
}
