//! `unbent completions`: a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::args::Cli;
use crate::error::Exit;
use crate::output;

pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "unbent", &mut script);
    output::out(&String::from_utf8_lossy(&script));
    Exit::Done
}
