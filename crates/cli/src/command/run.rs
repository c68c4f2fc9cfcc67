//! `unbent run`: plans a run, makes its file or goes on with it, works on it and shows how it came out.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use unbent_core::{
    Case, Clock as _, GitState, Manifest, Origin, Program, ReferenceScript, Sampling, Subject, SubjectId,
    TrialKey,
};
use unbent_store::{RunReader, plan_run};
use unbent_suites::inference::Sampled;

use super::go_on::go_on;
use super::leaderboard;
use super::validate_only::validate_only;
use crate::args::{MethodArg, RunArgs};
use crate::environment;
use crate::error::{CommandError, Exit};
use crate::estimate::{self, Estimate};
use crate::models::{self, SIMULATED_JUDGE};
use crate::output;
use crate::paid::foreseen;
use crate::progress::Telling;
use crate::sandboxes::{self, Sandboxes, Wanted};
use crate::serving::Pooling;
use crate::session::{ProgramClock, Scripts, Suites, open_suite, work};
use crate::settings::Chosen;
use crate::setups::setups;
use crate::sockets;

pub(super) fn run(args: &RunArgs, json: bool) -> Result<Exit, CommandError> {
    let plan = Plan::of(args)?;
    for warning in &plan.warnings {
        output::warn(warning, json);
    }
    if args.validate_only {
        let trials = plan.trials().count() as u64;
        return validate_only(&plan.cases, trials, plan.sandboxes.as_ref(), json);
    }
    if args.dry_run {
        return estimate::tell(&plan.estimate(args.parallel)?, json);
    }
    sockets::make_room(plan.manifest.models().map(|(_, model)| model), args.parallel)?;
    let path = args.out.clone().unwrap_or_else(|| default_path(&args.suites, plan.manifest.created_at_ms));
    let cache = args.cache.open(json)?;
    if path.exists() {
        go_on(&path, &plan.manifest, &plan.cases, json)?;
    } else {
        plan.write(&path)?;
        if json {
            let trials = plan.trials().count();
            output::line(&json!({ "event": "run_began", "file": path, "trials": trials }).to_string());
        }
    }
    // What was planned stands in the file; a large suite is not to be held twice.
    drop(plan);
    let worked =
        work(&path, None, args.parallel, args.sandbox.room, args.caps.caps(), cache, Telling::suiting(json))?;
    tell(&worked, &path, json)
}

/// Tells how the work on a run went, with the leaderboard of what there is.
pub(super) fn tell(worked: &crate::worked::Worked, path: &Path, json: bool) -> Result<Exit, CommandError> {
    for warning in worked.accounts.warnings(&RunReader::open(path)?, &worked.manifest)? {
        output::warn(&warning, json);
    }
    if json {
        output::line(&worked.to_json(path).to_string());
        return Ok(worked.exit());
    }
    for suite in &worked.manifest.suites {
        let (suite, method) = (Some(suite.id.as_str()), MethodArg::Corrected);
        let table = leaderboard::table(&[path.to_owned()], suite, method, Sampled::Cases, Pooling::Told)?;
        output::line(&table.to_text(output::terminal_width()));
    }
    output::err_line(&worked.to_text(path));
    Ok(worked.exit())
}

/// A run before it has a file.
pub(super) struct Plan {
    pub(super) manifest: Manifest,
    cases: Vec<Case>,
    suites: Suites,
    chosen: Vec<Chosen>,
    judge: Option<Chosen>,
    guard: Option<Chosen>,
    /// Who opens the sandboxes of its agents, where they act.
    sandboxes: Option<Sandboxes>,
    /// What the user should know before anything is asked.
    warnings: Vec<String>,
}

impl Plan {
    /// Plans what the command line asks for.
    pub(super) fn of(args: &RunArgs) -> Result<Self, CommandError> {
        let mut suites = Suites::new();
        for (id, setup) in args.suites.iter().zip(setups(&args.suite, &args.suites)?) {
            let suite = open_suite(id, &setup)?;
            if suites.insert(suite.id(), suite).is_some() {
                return Err(CommandError::usage(format!("the suite {id} is named twice")));
            }
        }
        let settings = Sampling {
            max_tokens: args.max_answer_tokens.map(Into::into),
            reasoning_effort: args.reasoning_effort.clone(),
            seed: args.sampling_seed,
            ..Sampling::default()
        };
        let known = crate::settings::Settings::load(args.connection.models_file.as_deref())?;
        let choose = |text: &String| known.choose(text, &args.connection);
        let chosen = args.models.iter().map(choose).collect::<Result<Vec<_>, _>>()?;
        let judge = match &args.judge {
            Some(text) => Some(choose(text)?),
            None if !suites.values().any(|suite| suite.needs_judge()) => None,
            None if chosen.iter().all(|chosen| chosen.reference.provider == "sim") => {
                Some(choose(&SIMULATED_JUDGE.to_owned())?)
            }
            None => {
                return Err(CommandError::usage("no judge is named")
                    .hint("name the model that grades: --judge openai-compatible/MODEL")
                    .hint(format!("or, to try things out, the simulated one: --judge {SIMULATED_JUDGE}"))
                    .hint("the suite trap can go by its rules alone: --set judge=never"));
            }
        };
        let is_guarded = suites.values().any(|suite| suite.needs_guard());
        let guard = match &args.guard {
            Some(text) if is_guarded => Some(choose(text)?),
            Some(_) => {
                return Err(CommandError::usage("a guard is named, and no suite of the run asks one")
                    .hint("for the suite trap, have its answers guarded: --set guard=on"));
            }
            None if is_guarded => {
                return Err(CommandError::usage("no guard is named")
                    .hint("name the model that guards: --guard openai-compatible/MODEL")
                    .hint("a model guards itself where both name it: --model REF --guard REF")
                    .hint(
                        "to try things out, the simulated one that goes by the rules: --guard sim/steadfast",
                    ));
            }
            None => None,
        };
        Self::new(suites, chosen, &settings, judge, guard, args)
    }

    fn new(
        suites: Suites,
        chosen: Vec<Chosen>,
        settings: &Sampling,
        judge: Option<Chosen>,
        guard: Option<Chosen>,
        args: &RunArgs,
    ) -> Result<Self, CommandError> {
        let (chosen, subjects) = described(chosen, settings, &args.temperature);
        let mut labels = BTreeSet::new();
        if let Some(twice) = subjects.iter().find(|subject| !labels.insert(subject.id.clone())) {
            return Err(CommandError::usage(format!("the subject {} is named twice", twice.id))
                .hint("to put each case to it more often, use --repeats"));
        }
        refuse_repeats_of_one_draw(&subjects, args.repeats.into())?;
        let (judge_described, guard_described) =
            (judge.as_ref().map(models::describe_beside), guard.as_ref().map(models::describe_beside));
        let beside = || judge_described.iter().chain(&guard_described);
        models::refuse_unpriced(subjects.iter().chain(beside()), args.caps.caps())?;
        let cases = chosen_cases(&suites, args)?;
        let records = suites.values().map(|suite| suite.record()).collect();
        let wanted = Wanted::asked(&args.sandbox)?;
        let sandboxes = match sandboxes::find(&suites, &cases, &wanted, args.sandbox.room) {
            Err(_) if args.dry_run => None,
            found => found?,
        };
        // Whatever cannot be asked is found out before there is a file.
        let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
        let references = || chosen.iter().chain(&judge).chain(&guard).map(|chosen| &chosen.reference);
        let mut warnings: Vec<_> = references().filter_map(models::warning).collect();
        if args.connection.base_url.is_some() && !references().any(models::wants_address) {
            warnings.push(
                "--base-url is for openai-compatible models, and the run has none; others take ?base_url="
                    .to_owned(),
            );
        }
        let is_subject = subjects.iter().map(|_| true).chain(beside().map(|_| false));
        for (subject, is_subject) in subjects.iter().chain(beside()).zip(is_subject) {
            match models::provider(subject, &script, args.cache.keys()) {
                Ok(provider) if is_subject => warnings.extend(foreseen(&suites, subject, &*provider)),
                Ok(_) => {}
                // What would be asked of a provider that there is can be told without a key.
                Err(error) if args.dry_run && models::is_hosted(subject) => {
                    warnings.push(format!("the run could not begin yet: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        let variables = references().flat_map(models::key_variables);
        let manifest = Manifest {
            created_at_ms: ProgramClock::from_environment().now_ms(),
            program: program(),
            origin: Origin::Asked,
            suites: records,
            subjects,
            judge: judge_described,
            guard: guard_described,
            seed: args.seed,
            repeats: args.repeats.get(),
            credentials: variables.map(|name| (name.clone(), environment::is_set(&name))).collect(),
            sandbox: sandboxes.as_ref().map(|sandboxes| sandboxes.record.clone()),
            rescored: Vec::new(),
            git: git_state(),
        };
        Ok(Self { manifest, cases, suites, chosen, judge, guard, sandboxes, warnings })
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

    /// What the run would ask, use and cost.
    pub(super) fn estimate(&self, parallel: NonZeroUsize) -> Result<Estimate, CommandError> {
        let subjects = self.manifest.subjects.iter().zip(&self.chosen);
        let judge = self.manifest.judge.as_ref().zip(self.judge.as_ref());
        let guard = self.manifest.guard.as_ref().zip(self.guard.as_ref());
        estimate::estimate(&self.suites, &self.cases, subjects, judge, guard, self.manifest.repeats, parallel)
    }

    /// Makes the run file.
    pub(super) fn write(&self, path: &Path) -> Result<(), CommandError> {
        plan_run(path, &self.manifest, &self.cases, self.trials()).map_err(CommandError::from_making)?;
        Ok(())
    }
}

/// The subjects that the command line names: each model once, or once at each temperature of a sweep.
fn described(chosen: Vec<Chosen>, settings: &Sampling, temperatures: &[f64]) -> (Vec<Chosen>, Vec<Subject>) {
    let mut described = Vec::new();
    for chosen in chosen {
        match temperatures {
            [] => described.push((chosen.clone(), models::describe_subject(&chosen, settings))),
            several => {
                for temperature in several {
                    let settings = Sampling { temperature: Some(*temperature), ..settings.clone() };
                    let mut subject = models::describe_subject(&chosen, &settings);
                    if several.len() > 1 {
                        subject.id = SubjectId::new(format!("{} at {temperature}", subject.id));
                    }
                    described.push((chosen.clone(), subject));
                }
            }
        }
    }
    described.into_iter().unzip()
}

/// Refuses repeats under one seed for sampling: they would be one answer several times, with an interval that is far too
/// narrow.
fn refuse_repeats_of_one_draw(subjects: &[Subject], repeats: u32) -> Result<(), CommandError> {
    match subjects.iter().find(|subject| subject.settings.seed.is_some()) {
        Some(subject) if repeats > 1 => Err(CommandError::usage(format!(
            "{} has a sampling seed, and under one seed --repeats {repeats} are one answer several times",
            subject.id
        ))
        .hint("leave --sampling-seed away, or make a run for each seed and show their files side by side")),
        _ => Ok(()),
    }
}

/// The cases that the command line asks for, in the order of their suites.
fn chosen_cases(suites: &Suites, args: &RunArgs) -> Result<Vec<Case>, CommandError> {
    let all: Vec<Vec<Case>> = suites.values().map(|suite| suite.cases()).collect();
    let stray = args.cases.iter().find(|name| !all.iter().flatten().any(|case| fits(name, case.id.as_str())));
    if let Some(name) = stray {
        let list = args.suites.iter().map(|suite| format!("unbent suites show {suite}"));
        let mut error = CommandError::usage(format!("no case is called {name:?}"));
        error = error.hint(format!("cases are listed by: {}", list.collect::<Vec<_>>().join(", ")));
        return Err(error.hint("* stands for any text, as in: --case '*/direct'"));
    }
    let is_wanted =
        |case: &Case| args.cases.is_empty() || args.cases.iter().any(|name| fits(name, case.id.as_str()));
    let most = args.limit.map_or(usize::MAX, Into::into);
    Ok(all.into_iter().flat_map(|cases| cases.into_iter().filter(is_wanted).take(most)).collect())
}

/// Whether a name fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(tail, &rest[at..]))
        }),
    }
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

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_and_everything_else_for_itself() {
        for (pattern, name, expected) in [
            ("strong/user_role/direct", "strong/user_role/direct", true),
            ("direct", "strong/user_role/direct", false),
            ("*/direct", "strong/user_role/direct", true),
            ("*/rs*", "strong/user_role/rs01", true),
            ("*/rs0", "strong/user_role/rs01", false),
            ("strong/*/rs01", "neutral/user_role/rs01", false),
            ("*", "", true),
            ("**", "é", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
