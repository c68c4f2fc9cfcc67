//! `unbent leaderboard`: ranks the subjects of run files.

use std::path::PathBuf;

use unbent_report::Table;
use unbent_suites::kit::{Method, Setup};

use crate::args::{LeaderboardArgs, MethodArg};
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::ranked::Ranked;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

pub(super) fn leaderboard(args: &LeaderboardArgs, json: bool) -> Result<Exit, CommandError> {
    if json && (args.csv || args.md) {
        return Err(CommandError::usage("--json, --csv and --md exclude each other").hint("name one of them"));
    }
    let pooling = if args.pool_providers { Pooling::Told } else { Pooling::Refused };
    let table = table(&args.files, args.suite.as_deref(), args.method, pooling)?;
    output::out(&match () {
        () if json => format!("{:#}\n", table.to_json()),
        () if args.csv => table.to_csv(),
        () if args.md => table.to_markdown(),
        () => table.to_text(output::terminal_width()),
    });
    // Programs get rows; what must be said about them goes where a person sees it.
    if json || args.csv {
        table.notes.iter().for_each(|note| output::err_line(note));
    }
    Ok(Exit::Done)
}

/// The leaderboard over the subjects of these files.
pub(super) fn table(
    files: &[PathBuf],
    suite: Option<&str>,
    method: MethodArg,
    pooling: Pooling,
) -> Result<Table, CommandError> {
    let runs = Joined::open(files, suite)?;
    let method = match method {
        MethodArg::Published => Method::Published,
        MethodArg::Corrected => Method::Corrected,
    };
    // How a table is made depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(runs.suite().as_str(), &Setup::default())?;
    let mut serving = Serving::of(runs.judges());
    let seen = |trial: &_, manifest: &_| serving.add(trial, manifest);
    let mut table = Ranked::of(&runs, benchmark.as_ref(), method, seen)?.table;
    table.notes.extend(runs.notes(benchmark.as_ref()));
    serving.tell(&mut table, runs.manifest(), pooling)?;
    Ok(table)
}
