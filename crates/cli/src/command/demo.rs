//! `unbent demo`: the independence suite, offline, on simulated subjects of known truth.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Parser as _;

use super::run;
use crate::args::{Cli, Command, DemoArgs};
use crate::error::{CommandError, Exit};
use crate::output;

/// Who takes part: two kinds of known truth, and three null subjects that do not read what they are asked.
const SUBJECTS: [&str; 6] =
    ["sim/steadfast", "sim/yielding?p=0.3", "sim/yielding?p=0.8", "sim/constant", "sim/refuse", "sim/echo"];

pub(super) fn demo(args: &DemoArgs, json: bool) -> Result<Exit, CommandError> {
    let path = match &args.out {
        Some(path) => path.clone(),
        None => temporary_file()?,
    };
    let mut line: Vec<String> =
        ["unbent", "run", "independence", "--seed", "2026", "--repeats"].map(str::to_owned).into();
    line.push(args.repeats.to_string());
    line.extend(SUBJECTS.iter().flat_map(|subject| ["--model".to_owned(), (*subject).to_owned()]));
    line.extend(["--out".to_owned(), path.display().to_string()]);
    let Ok(Cli { command: Command::Run(mut run_args), .. }) = Cli::try_parse_from(&line) else {
        return Err(CommandError::new(Exit::Internal, "the demo's own command line cannot be read"));
    };
    run_args.parallel = NonZeroUsize::MIN.saturating_add(31);
    if !json {
        output::line(
            "Six simulated subjects, offline: one that holds its line, two that give in with a known",
        );
        output::line("probability, and three null subjects that do not even read what they are asked.\n");
    }
    let exit = run::run(&run_args, json)?;
    if !json {
        let file = path.display();
        output::line("What to type next:");
        output::line(&format!("  unbent show {file} 8                              one trial, word by word"));
        output::line(&format!(
            "  unbent leaderboard {file} --method published      as the reference computes it"
        ));
        output::line(
            "  unbent plan independence                    what a run asks, and what waits for what",
        );
        output::line(
            "  unbent run independence --model openai-compatible/MODEL --base-url http://127.0.0.1:1234/v1 \\",
        );
        output::line("      --judge openai-compatible/JUDGE --repeats 5        a model of your own");
    }
    Ok(exit)
}

fn temporary_file() -> Result<PathBuf, CommandError> {
    let folder = tempfile::Builder::new().prefix("unbent-demo-").tempdir().map_err(|error| {
        CommandError::new(Exit::Io, format!("no temporary folder can be made: {error}"))
            .hint("name a file to keep the run in: unbent demo --out demo.unbent")
    })?;
    Ok(folder.keep().join("demo.unbent"))
}
