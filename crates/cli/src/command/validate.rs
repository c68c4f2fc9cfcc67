//! `unbent validate`: runs the subjects that a suite is validated with, and says whether they get what is known of them.

use std::path::Path;

use clap::Parser as _;
use serde_json::{Value, json};
use unbent_engine::Caps;
use unbent_providers::sim;
use unbent_suites::kit::{Setup, Validated, Validation};

use super::run::Plan;
use crate::args::{Cli, Command, ValidateArgs};
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::progress::Telling;
use crate::session::{open_suite, open_suites, work};

/// The seed of the run: equal suites get equal verdicts.
const SEED: &str = "2026";

pub(super) fn validate(args: &ValidateArgs, json: bool) -> Result<Exit, CommandError> {
    let mut reports = Vec::new();
    let mut exit = Exit::Done;
    for (id, validation) in wanted(args.suite.as_deref())? {
        let folder = tempfile::Builder::new().prefix("unbent-validate-").tempdir().map_err(|error| {
            CommandError::new(Exit::Io, format!("no temporary folder can be made: {error}"))
                .hint("name a file for the run: unbent validate SUITE --out FILE")
        })?;
        let path = args.out.clone().unwrap_or_else(|| folder.path().join("validate.unbent"));
        let validated = validated(id, &validation, args, &path)?;
        if !validated.failures.is_empty() {
            exit = Exit::Incomplete;
        }
        if json {
            reports.push(report(id, &validated));
        } else {
            tell(id, &validated, args.out.as_deref());
        }
    }
    if json {
        output::line(&format!("{:#}", Value::from(reports)));
    }
    Ok(exit)
}

/// The suites to validate, with what.
fn wanted(named: Option<&str>) -> Result<Vec<(&str, Validation)>, CommandError> {
    if let Some(id) = named {
        let validation = open_suite(id, &Setup::default())?.validation().ok_or_else(|| {
            CommandError::usage(format!("the suite {id} names no subjects that it could be validated with"))
                .hint("suites that can be validated: unbent validate")
        })?;
        return Ok(vec![(id, validation)]);
    }
    let mut wanted = Vec::new();
    for registration in unbent_suites::registry() {
        if let Some(validation) = open_suite(registration.id, &Setup::default())?.validation() {
            wanted.push((registration.id, validation));
        }
    }
    Ok(wanted)
}

/// Runs the subjects and holds what came of it against what is known.
fn validated(
    id: &str,
    validation: &Validation,
    args: &ValidateArgs,
    path: &Path,
) -> Result<Validated, CommandError> {
    let mut line: Vec<String> = ["unbent", "run", id, "--seed", SEED].map(str::to_owned).into();
    for reference in validation.references.iter().chain(validation.nulls) {
        line.extend(["--model".to_owned(), (*reference).to_owned()]);
    }
    let Ok(Cli { command: Command::Run(mut run), .. }) = Cli::try_parse_from(&line) else {
        return Err(CommandError::new(Exit::Internal, "the command line of a validation cannot be read"));
    };
    run.suite = args.setup.clone();
    run.sandbox = args.sandbox.clone();
    let gives = |name: &str| {
        run.suite.params.iter().any(|param| param.split_once('=').is_some_and(|(given, _)| given == name))
    };
    let mut params: Vec<String> = validation
        .params
        .iter()
        .filter(|(name, _)| !gives(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let is_sized = args.full || args.setup.sample.is_some() || gives("sample");
    if let Some(n) = validation.sample.filter(|_| !is_sized) {
        params.push(format!("sample={n}"));
    }
    run.suite.params.extend(params);
    let plan = Plan::of(&run)?;
    plan.write(path)?;
    let worked =
        work(path, None, args.parallel, args.sandbox.room, Caps::default(), None, Telling::suiting(false))?;
    if worked.tally.left_open > 0 {
        return Err(CommandError::new(Exit::Stopped, "the run was stopped, so nothing can be said"));
    }
    let runs = Joined::open(&[path.to_owned()], Some(id))?.with_notes();
    // The rules and texts are those of the run.
    let suites = open_suites(runs.manifest())?;
    let suite = suites.get(runs.suite()).expect("the suite is that of the run");
    let seed = runs.manifest().seed;
    runs.read(|_, _| {}, |run| suite.validate(run, &|trial| sim::chance(seed, trial.subject.as_str(), trial)))
}

fn report(id: &str, validated: &Validated) -> Value {
    let tables = validated
        .tables
        .iter()
        .map(|table| json!({ "title": table.title, "rows": table.to_json(), "notes": table.notes }));
    json!({
        "suite": id,
        "valid": validated.failures.is_empty(),
        "failures": validated.failures,
        "tables": tables.collect::<Vec<_>>(),
    })
}

fn tell(id: &str, validated: &Validated, kept: Option<&Path>) {
    for table in &validated.tables {
        output::line(&table.to_text(output::terminal_width()));
    }
    if validated.failures.is_empty() {
        output::line(&format!(
            "{id} is valid: what is known of every reference subject is met, and no null subject gets what it did not earn"
        ));
        return;
    }
    output::line(&format!("{id} is NOT valid:"));
    validated.failures.iter().for_each(|failure| output::line(&format!("- {failure}")));
    let look = kept.map_or_else(
        || format!("keep the run to look into it: unbent validate {id} --out check.unbent"),
        |file| format!("look at the answers: unbent show {}", file.display()),
    );
    output::err_line(&format!("  hint: {look}"));
}
