//! The commands, a file each.

mod analyze;
mod cache;
mod calibrate;
mod compare;
mod completions;
mod demo;
mod docs;
mod doctor;
mod figures;
mod generate;
mod go_on;
mod import;
mod judges;
mod leaderboard;
mod manifest;
mod models;
mod plan;
mod power;
mod profile;
mod rejudge;
mod report;
mod rescore;
mod resume;
mod run;
mod show;
mod suites;
mod validate;
mod validate_only;

use crate::args::{Cli, Command};
use crate::error::{CommandError, Exit};

/// Runs the command that the command line names.
pub fn dispatch(cli: Cli) -> Result<Exit, CommandError> {
    let json = cli.json;
    match cli.command {
        Command::Run(args) => run::run(&args, json),
        Command::Resume(args) => resume::resume(&args, json),
        Command::Rejudge(args) => rejudge::rejudge(&args, json),
        Command::Rescore(args) => rescore::rescore(&args, json),
        Command::Import(args) => import::import(&args, json),
        Command::Leaderboard(args) => leaderboard::leaderboard(&args, json),
        Command::Analyze(args) => analyze::analyze(&args, json),
        Command::Compare(args) => compare::compare(&args, json),
        Command::Judges(args) => judges::judges(&args, json),
        Command::Calibrate(args) => calibrate::calibrate(&args, json),
        Command::Figures(args) => figures::figures(&args, json),
        Command::Report(args) => report::report(&args, json),
        Command::Profile(args) => profile::profile(&args, json),
        Command::Manifest(args) => manifest::manifest(&args, json),
        Command::Show(args) => show::show(&args, json),
        Command::Plan(args) => plan::plan(&args, json),
        Command::Power(args) => power::power(&args, json),
        Command::Cache(args) => cache::cache(&args, json),
        Command::Suites(args) => suites::suites(args.command, json),
        Command::Models(args) => models::models(args.command, json),
        Command::Doctor(args) => doctor::doctor(&args, json),
        Command::Validate(args) => validate::validate(&args, json),
        Command::Generate { command } => generate::generate(&command, json),
        Command::Demo(args) => demo::demo(&args, json),
        Command::Completions { shell } => Ok(completions::completions(shell)),
        Command::Docs { document } => Ok(docs::docs(document)),
    }
}
