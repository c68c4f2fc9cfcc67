//! What developers run: the checks, the generated documents and the measurements.
//!
//! Knows the tree and the `unbent` binary from outside. Depends on no crate of the workspace, so that it builds and
//! can say what is wrong when they do not.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for a terminal: what it prints is its result"
)]

mod arrows;
mod bench;
mod ci;
mod codegen;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// A failure that ends the command, said in full.
type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check that must hold before a change is merged, and stop at the first that does not
    Ci,
    /// Check the tree itself: sizes, names, links, invariants, and which crate may know which
    Tidy,
    /// Write the reference documents that the binary knows best
    Codegen {
        /// Write nothing; fail if a document differs from what the binary says
        #[arg(long)]
        check: bool,
    },
    /// Measure the release binary against its targets
    Bench {
        #[command(flatten)]
        data: bench::DataArgs,
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Run a program once in a process that has no other child, and print what it used, as JSON
    #[command(hide = true)]
    Measure {
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Failure> {
    let in_workspace = |work: &dyn Fn(&Workspace) -> Result<(), Failure>| work(&Workspace::find()?);
    match task {
        Task::Ci => in_workspace(&ci::run),
        Task::Tidy => in_workspace(&tidy::run),
        Task::Codegen { check: true } => in_workspace(&codegen::check),
        Task::Codegen { check: false } => in_workspace(&codegen::write),
        Task::Bench { data, what } => in_workspace(&|workspace| bench::run(workspace, &data, &what)),
        // Asks cargo nothing: what is measured must be the only child of this process.
        Task::Measure { command } => bench::measure_here(&command),
    }
}
