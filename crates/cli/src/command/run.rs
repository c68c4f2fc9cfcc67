//! `unbent run`: plans a run, makes its file, works on it and shows how it came out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use unbent_core::{
    Case, Clock as _, GitState, Manifest, ModelRef, Origin, Program, ReferenceScript, Sampling, Subject,
    TrialKey,
};
use unbent_store::{RunReader, plan_run};
use unbent_suites::kit::Setup;

use super::leaderboard;
use crate::args::{MethodArg, RunArgs, SuiteArgs};
use crate::error::{CommandError, Exit};
use crate::models::{self, SIMULATED_JUDGE};
use crate::output;
use crate::packs::read_pack;
use crate::paid::foreseen;
use crate::progress::Telling;
use crate::serving::Pooling;
use crate::session::{ProgramClock, Scripts, Suites, open_suite, work};

pub(super) fn run(args: &RunArgs, json: bool) -> Result<Exit, CommandError> {
    let plan = Plan::of(args)?;
    for warning in &plan.warnings {
        output::warn(warning, json);
    }
    let path = args.out.clone().unwrap_or_else(|| default_path(&args.suites, plan.manifest.created_at_ms));
    plan.write(&path)?;
    if json {
        let trials = plan.trials().count();
        output::line(&json!({ "event": "run_began", "file": path, "trials": trials }).to_string());
    }
    let worked = work(&path, None, args.parallel, args.caps.caps(), Telling::suiting(json))?;
    tell(&worked, &path, json)
}

/// Tells how the work on a run went, with the leaderboard of what there is.
pub(super) fn tell(worked: &crate::session::Worked, path: &Path, json: bool) -> Result<Exit, CommandError> {
    for warning in worked.accounts.warnings(&RunReader::open(path)?, &worked.manifest)? {
        output::warn(&warning, json);
    }
    if json {
        output::line(&worked.to_json(path).to_string());
        return Ok(worked.exit());
    }
    for suite in &worked.manifest.suites {
        let (suite, method) = (Some(suite.id.as_str()), MethodArg::Corrected);
        let table = leaderboard::table(&[path.to_owned()], suite, method, Pooling::Told)?;
        output::line(&table.to_text(output::terminal_width()));
    }
    output::err_line(&worked.to_text(path));
    Ok(worked.exit())
}

/// A run before it has a file.
pub(super) struct Plan {
    pub(super) manifest: Manifest,
    cases: Vec<Case>,
    /// What the user should know before anything is asked.
    warnings: Vec<String>,
}

impl Plan {
    fn of(args: &RunArgs) -> Result<Self, CommandError> {
        let setup = setup(&args.suite)?;
        let mut suites = Suites::new();
        for id in &args.suites {
            let suite = open_suite(id, &setup)?;
            if suites.insert(suite.id(), suite).is_some() {
                return Err(CommandError::usage(format!("the suite {id} is named twice")));
            }
        }
        let settings = Sampling {
            temperature: args.temperature,
            max_tokens: args.max_answer_tokens.map(Into::into),
            reasoning_effort: args.reasoning_effort.clone(),
            ..Sampling::default()
        };
        let references = args
            .models
            .iter()
            .map(|text| models::parse_reference(text, &args.connection))
            .collect::<Result<Vec<_>, _>>()?;
        let judge = match &args.judge {
            Some(text) => models::parse_reference(text, &args.connection)?,
            None if references.iter().all(|reference| reference.provider == "sim") => SIMULATED_JUDGE
                .parse()
                .map_err(|error| CommandError::new(Exit::Internal, format!("{error}")))?,
            None => {
                return Err(CommandError::usage("no judge is named")
                    .hint("name the model that grades: --judge openai-compatible/MODEL")
                    .hint(format!("or, to try things out, the simulated one: --judge {SIMULATED_JUDGE}")));
            }
        };
        Self::new(&suites, &references, &settings, &judge, args)
    }

    fn new(
        suites: &Suites,
        references: &[ModelRef],
        settings: &Sampling,
        judge: &ModelRef,
        args: &RunArgs,
    ) -> Result<Self, CommandError> {
        let subjects: Vec<Subject> =
            references.iter().map(|reference| models::describe(reference, settings.clone())).collect();
        let mut labels = BTreeSet::new();
        if let Some(twice) = subjects.iter().find(|subject| !labels.insert(subject.id.clone())) {
            return Err(CommandError::usage(format!("the subject {} is named twice", twice.id))
                .hint("to put each case to it more often, use --repeats"));
        }
        let judge_described = models::describe(judge, Sampling::default());
        let mut cases = Vec::new();
        for suite in suites.values() {
            cases.extend(suite.cases().into_iter().take(args.limit.map_or(usize::MAX, Into::into)));
        }
        let records = suites.values().map(|suite| suite.record()).collect();
        // Whatever cannot be asked is found out before there is a file.
        let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
        let mut warnings: Vec<_> = references.iter().chain([judge]).filter_map(models::warning).collect();
        models::provider(&judge_described, &script)?;
        for subject in &subjects {
            warnings.extend(foreseen(suites, subject, &*models::provider(subject, &script)?));
        }
        let variables = references.iter().chain([judge]).flat_map(models::key_variables);
        let manifest = Manifest {
            created_at_ms: ProgramClock::from_environment().now_ms(),
            program: program(),
            origin: Origin::Asked,
            suites: records,
            subjects,
            judge: Some(judge_described),
            seed: args.seed,
            repeats: args.repeats.get(),
            credentials: variables.map(|name| (name.clone(), std::env::var_os(&name).is_some())).collect(),
            git: git_state(),
        };
        Ok(Self { manifest, cases, warnings })
    }

    /// The trials in their order: whole sets first, so that a run that is stopped early has been fair to all subjects.
    fn trials(&self) -> impl Iterator<Item = TrialKey> {
        (1..=self.manifest.repeats).flat_map(move |repeat| {
            self.manifest.subjects.iter().flat_map(move |subject| {
                self.cases.iter().map(move |case| TrialKey {
                    suite: case.suite.clone(),
                    case: case.id.clone(),
                    subject: subject.id.clone(),
                    repeat,
                })
            })
        })
    }

    fn write(&self, path: &Path) -> Result<(), CommandError> {
        plan_run(path, &self.manifest, &self.cases, self.trials()).map_err(CommandError::from_making)?;
        Ok(())
    }
}

/// Reads the parameters and the pack that a command line names.
pub(super) fn setup(args: &SuiteArgs) -> Result<Setup, CommandError> {
    let mut params = BTreeMap::new();
    for param in &args.params {
        let (name, value) = param.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("--set {param} is not of the form NAME=VALUE"))
                .hint("parameters and their values: unbent suites show SUITE")
        })?;
        if params.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(CommandError::usage(format!("--set {name} is given twice")));
        }
    }
    Ok(Setup { params, pack: args.pack.as_deref().map(read_pack).transpose()? })
}

/// This program, as run files record it.
pub(super) fn program() -> Program {
    Program { name: "unbent".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

fn default_path(suites: &[String], now_ms: i64) -> PathBuf {
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    PathBuf::from(format!("{}-{}.unbent", suites.join("-"), time.strftime("%Y%m%d-%H%M%S")))
}

/// The state of the working tree that the program was started in; none outside of one, or without git.
fn git_state() -> Option<GitState> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let commit = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    let dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.trim().is_empty();
    Some(GitState { commit, dirty })
}
