//! `unbent leaderboard`: ranks the subjects of run files.

use std::path::PathBuf;

use unbent_report::Table;
use unbent_suites::inference::Sampled;
use unbent_suites::kit::{Method, Setup};

use crate::args::{LeaderboardArgs, MethodArg};
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::printed::{self, Printed};
use crate::ranked::Ranked;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

pub(super) fn leaderboard(args: &LeaderboardArgs, json: bool) -> Result<Exit, CommandError> {
    let printed = Printed::of(args.print, json)?;
    let pooling = if args.pool_providers { Pooling::Told } else { Pooling::Refused };
    let table = table(&args.files, args.suite.as_deref(), args.method, args.ranks_over.into(), pooling)?;
    match printed {
        Printed::Json => {
            output::line(&format!("{:#}", table.to_json()));
            printed::tell_notes(&table);
        }
        Printed::Csv => printed::csv(&table),
        Printed::Text | Printed::Markdown => printed.tell([&table]),
    }
    Ok(Exit::Done)
}

/// The leaderboard over the subjects of these files.
pub(super) fn table(
    files: &[PathBuf],
    suite: Option<&str>,
    method: MethodArg,
    sampled: Sampled,
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
    let mut table = Ranked::of(&runs, benchmark.as_ref(), method, sampled, seen)?.table;
    table.notes.extend(runs.notes(benchmark.as_ref()));
    serving.tell(&mut table, runs.manifest(), pooling)?;
    Ok(table)
}
