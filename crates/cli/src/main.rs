//! The `unbent` program: reads the command line, runs the command, tells what went wrong, ends with its code.

use std::process::ExitCode;

use clap::Parser as _;
use unbent::{Cli, dispatch};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.wants_json();
    match dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            error.report(json);
            error.exit().into()
        }
    }
}
