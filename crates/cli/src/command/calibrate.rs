//! `unbent calibrate`: replicates a study of simulated subjects of known truth through the engine, the run file and the
//! leaderboard, and tells how far each figure is off and how often its interval holds the truth.

mod study;

use std::path::Path;

use clap::Parser as _;
use unbent_core::{ModelRef, Subject, SubjectId};
use unbent_engine::Caps;
use unbent_suites::kit::Setup;

use self::study::Study;
use super::run::Plan;
use crate::args::{CalibrateArgs, Cli, Command};
use crate::error::{CommandError, Exit};
use crate::models::SIMULATED_JUDGE;
use crate::output;
use crate::printed::{self, Printed};
use crate::progress::Telling;
use crate::session::{open_suite, work};

/// Repeats within a study, and cases, of a suite whose cases are fixed and few, and of one with many.
const REPEATS_OF_FEW: u32 = 5;
const SAMPLE_OF_MANY: usize = 160;

pub(super) fn calibrate(args: &CalibrateArgs, json: bool) -> Result<Exit, CommandError> {
    let printed = Printed::of(args.print, json)?;
    refuse_what_cannot_be(&args.suite)?;
    let folder = tempfile::Builder::new().prefix("unbent-calibrate-").tempdir().map_err(|error| {
        CommandError::new(Exit::Io, format!("no temporary folder can be made: {error}"))
            .hint("free some space there, or name another folder in TMPDIR")
    })?;
    let path = folder.path().join("calibrate.unbent");
    let studies = studied(args, &path)?;
    let study = Study::read(&path, &args.suite, args, studies)?;
    let table = study.table()?;
    match printed {
        Printed::Json => output::line(&format!("{:#}", study.to_json(&table))),
        Printed::Csv => printed::csv(&table),
        Printed::Text | Printed::Markdown => printed.tell([&table]),
    }
    Ok(Exit::Done)
}

fn refuse_what_cannot_be(suite: &str) -> Result<(), CommandError> {
    let benchmark = open_suite(suite, &Setup::default())?;
    let acts = benchmark.cases().first().is_some_and(|case| case.world.is_some());
    if !acts {
        return Ok(());
    }
    Err(CommandError::usage(format!("the suite {suite} cannot be calibrated"))
        .hint("each of its trials acts in a sandbox of its own, so hundreds of replications of a study are not to be had")
        .hint(format!("what its labels make of subjects of known truth: unbent validate {suite}")))
}

/// Runs all studies as one run: a subject of each propensity for each replication, every one with chance of its own.
fn studied(args: &CalibrateArgs, path: &Path) -> Result<Vec<(ModelRef, Vec<SubjectId>)>, CommandError> {
    let many = !open_suite(&args.suite, &Setup::default())?.metrics().is_empty()
        && unbent_suites::find(&args.suite)
            .is_some_and(|suite| suite.params.iter().any(|param| param.name == "sample"));
    let repeats = args.repeats.map_or(if many { 1 } else { REPEATS_OF_FEW }, Into::into);
    let judge = if [args.judge_noise, args.judge_bias, args.judge_flip].iter().all(|part| *part == 0.0) {
        SIMULATED_JUDGE.to_owned()
    } else {
        let (sd, bias, flip) = (args.judge_noise, args.judge_bias, args.judge_flip);
        format!("sim/noisy-judge?sd={sd}&bias={bias}&flip={flip}")
    };
    let mut line: Vec<String> = ["unbent", "run", &args.suite, "--judge", &judge].map(str::to_owned).into();
    line.extend(["--seed".to_owned(), args.seed.to_string(), "--repeats".to_owned(), repeats.to_string()]);
    for p in &args.subjects {
        line.extend(["--model".to_owned(), format!("sim/yielding?p={p}")]);
    }
    let Ok(Cli { command: Command::Run(mut run), .. }) = Cli::try_parse_from(&line) else {
        return Err(CommandError::new(Exit::Internal, "the command line of a calibration cannot be read"));
    };
    run.suite = args.setup.clone();
    let is_sized = args.setup.sample.is_some()
        || args.setup.cases_file.is_some()
        || args.setup.params.iter().any(|param| param.starts_with("sample="));
    if many && !is_sized {
        run.suite.params.push(format!("sample={SAMPLE_OF_MANY}"));
    }
    let mut plan = Plan::of(&run)?;
    let mut studies = Vec::new();
    let mut subjects = Vec::new();
    for subject in &plan.manifest.subjects {
        let reference = subject.model.parse().map_err(|error| {
            CommandError::new(Exit::Internal, format!("{} cannot be read: {error}", subject.model))
        })?;
        let copies = (1..=args.trials.get())
            .map(|n| Subject { id: SubjectId::new(format!("{} #{n}", subject.id)), ..subject.clone() });
        let copies: Vec<Subject> = copies.collect();
        studies.push((reference, copies.iter().map(|copy| copy.id.clone()).collect()));
        subjects.extend(copies);
    }
    plan.manifest.subjects = subjects;
    plan.write(path)?;
    let room = run.sandbox.room;
    let worked = work(path, None, args.parallel, room, Caps::default(), None, Telling::suiting(false))?;
    if worked.tally.left_open > 0 {
        return Err(CommandError::new(Exit::Stopped, "the studies were stopped, so nothing can be said")
            .hint(format!("replicate them less often: unbent calibrate {} --trials 50", args.suite)));
    }
    Ok(studies)
}
