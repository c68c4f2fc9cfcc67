//! `unbent rejudge`: grades stored answers again by another judge, or once more by the same. No subject is asked.
//!
//! Each grading is a subject of its own, whose trials begin with the answers of the subject that it stands for; so
//! nothing that was graded before changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::json;
use unbent_core::{
    Case, CaseId, Manifest, ModelRef, Origin, Outcome, ReferenceScript, Regraded, Subject, SubjectId,
    SuiteId, TrialKey, TrialState, TrialView,
};
use unbent_engine::{World, can_be_graded_again};
use unbent_store::{RunReader, RunWriter};

use super::run::tell;
use crate::args::RejudgeArgs;
use crate::args::SandboxRoomArgs;
use crate::environment;
use crate::error::{CommandError, Exit};
use crate::models;
use crate::output;
use crate::progress::Telling;
use crate::session::{Scripts, Suites, open_suites, work};
use crate::settings::Settings;

pub(super) fn rejudge(args: &RejudgeArgs, json: bool) -> Result<Exit, CommandError> {
    let settings = Settings::load(args.connection.models_file.as_deref())?;
    let chosen = settings.choose(&args.judge, &args.connection)?;
    let judge = models::describe_beside(&chosen);
    let reference = chosen.reference;
    models::refuse_unpriced([&judge], args.caps.caps())?;
    let cache = args.cache.open(json)?;
    let mut warnings: Vec<String> = models::warning(&reference).into_iter().collect();
    // From here on nobody else writes, so what is read is what is added to.
    let writer = RunWriter::open(&args.file)?;
    let reader = RunReader::open(&args.file)?;
    let mut manifest = reader.manifest()?;
    let suites = open_suites(&manifest)?;
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
    models::provider(&judge, &script, args.cache.keys())?;
    warnings.extend(manifest.suites.iter().filter(|suite| suite.files.is_empty()).map(|suite| {
        format!(
            "the file does not hold the texts of {} that its subjects were asked with; the judge is shown those of \
             the built-in pack beside their answers",
            suite.id
        )
    }));

    let answered = answered(&manifest, &args.subjects)?;
    let stored = Stored::of(&reader, &suites, &answered, &gradings(&manifest, &judge, &answered))?;
    let (takes, trials) = if stored.open.is_empty() {
        let rounds = new_rounds(&manifest, &judge, &answered, args.repeats.get())?;
        stored.refuse_if_nothing_is_complete(&manifest, args)?;
        let trials = stored.complete * u64::from(args.repeats.get());
        let takes = rounds.iter().map(|subject| subject.id.clone()).collect();
        plan(&writer, &reader, &mut manifest, rounds, &reference)?;
        (takes, trials)
    } else {
        warnings.push(format!(
            "gradings by {} are unfinished; they are finished first, and no new ones begin: {}",
            judge.id,
            stored.open.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ));
        let takes: BTreeSet<SubjectId> = stored.open.keys().cloned().collect();
        if ask_as_named_now(&mut manifest, &takes, &judge) {
            note_credentials(&mut manifest, &reference);
            writer.set_manifest(&manifest)?;
        }
        (takes, stored.open.values().sum())
    };
    writer.close()?;
    drop(reader);

    if stored.incomplete > 0 {
        warnings.push(stored.left_out(&manifest, args));
    }
    for warning in &warnings {
        output::warn(warning, json);
    }
    if json {
        let began = json!({
            "event": "rejudge_began",
            "file": args.file,
            "judge": judge.id,
            "subjects": takes,
            "trials": trials,
            "left_out": stored.incomplete,
        });
        output::line(&began.to_string());
    }
    let telling = Telling::suiting(json);
    let worked = work(
        &args.file,
        Some(&takes),
        args.parallel,
        SandboxRoomArgs::default(),
        args.caps.caps(),
        cache,
        telling,
    )?;
    tell(&worked, &args.file, json)
}

/// The subjects whose answers are to be graded: those that are named, or all that answered themselves.
fn answered(manifest: &Manifest, named: &[String]) -> Result<Vec<Subject>, CommandError> {
    let own = || manifest.subjects.iter().filter(|subject| subject.regraded.is_none());
    if named.is_empty() {
        return Ok(own().cloned().collect());
    }
    let mut chosen: Vec<Subject> = Vec::new();
    for label in named {
        let subject = manifest.subjects.iter().find(|subject| subject.id.as_str() == label);
        let subject = match subject {
            Some(Subject { regraded: None, .. }) => subject,
            Some(Subject { regraded: Some(regraded), .. }) => {
                return Err(CommandError::usage(format!("{label} is itself a grading of stored answers"))
                    .hint(format!("name the subject that answered: --subject '{}'", regraded.of)));
            }
            None => None,
        };
        let subject = subject.ok_or_else(|| {
            let error = CommandError::usage(format!("the file has no subject {label:?}"));
            own().fold(error, |error, subject| error.hint(format!("--subject '{}'", subject.id)))
        })?;
        if chosen.iter().all(|other| other.id != subject.id) {
            chosen.push(subject.clone());
        }
    }
    Ok(chosen)
}

/// The gradings of these subjects by a judge of this name that the run has, with the subject that answered.
fn gradings(manifest: &Manifest, judge: &Subject, answered: &[Subject]) -> BTreeMap<SubjectId, SubjectId> {
    let by_judge = |subject: &Subject| {
        let regraded = subject.regraded.as_ref().filter(|regraded| regraded.judge.id == judge.id)?;
        let is_wanted = answered.iter().any(|answered| answered.id == regraded.of);
        is_wanted.then(|| (subject.id.clone(), regraded.of.clone()))
    };
    manifest.subjects.iter().filter_map(by_judge).collect()
}

/// The answers that a run holds, as far as they can be graded again.
struct Stored {
    /// Trials with complete answers.
    complete: u64,
    /// Trials without.
    incomplete: u64,
    /// Gradings by the judge with trials that have not ended and can, and how many those are.
    open: BTreeMap<SubjectId, u64>,
}

impl Stored {
    fn of(
        reader: &RunReader,
        suites: &Suites,
        answered: &[Subject],
        gradings: &BTreeMap<SubjectId, SubjectId>,
    ) -> Result<Self, CommandError> {
        let cases: HashMap<(SuiteId, CaseId), Arc<Case>> = World::index_cases(reader.cases()?);
        let answered: BTreeSet<&SubjectId> = answered.iter().map(|subject| &subject.id).collect();
        // The trials of a subject come before those that grade them, so what they have is known by then.
        let mut incomplete: BTreeSet<TrialKey> = BTreeSet::new();
        let mut stored = Self { complete: 0, incomplete: 0, open: BTreeMap::new() };
        for trial in reader.trials_without_notes() {
            let TrialView { no, key, state, .. } = trial?;
            if answered.contains(&key.subject) {
                let is_complete = match state {
                    TrialState::Pending => false,
                    TrialState::Finished(Outcome::Scored { .. }) => true,
                    _ => {
                        let case = cases.get(&(key.suite.clone(), key.case.clone()));
                        let suite = suites.get(&key.suite);
                        match suite.zip(case) {
                            Some((suite, case)) => can_be_graded_again(&**suite, case, reader, no)
                                .map_err(|error| CommandError::from_engine(&error, reader.path()))?,
                            None => false,
                        }
                    }
                };
                if is_complete {
                    stored.complete += 1;
                } else {
                    stored.incomplete += 1;
                    incomplete.insert(key);
                }
            } else if let Some(of) = gradings.get(&key.subject)
                && matches!(state, TrialState::Pending | TrialState::Open)
            {
                let answered = TrialKey { subject: of.clone(), ..key.clone() };
                if !incomplete.contains(&answered) {
                    *stored.open.entry(key.subject).or_default() += 1;
                }
            }
        }
        Ok(stored)
    }

    fn refuse_if_nothing_is_complete(
        &self,
        manifest: &Manifest,
        args: &RejudgeArgs,
    ) -> Result<(), CommandError> {
        if self.complete > 0 {
            return Ok(());
        }
        let file = args.file.display();
        let error =
            CommandError::new(Exit::Incomplete, format!("{file} holds no complete answers to grade again"));
        Err(match manifest.origin {
            Origin::Asked => error.hint(format!("have them answered first: unbent resume {file}")),
            Origin::Imported { .. } => error.hint("its source has none; nothing was changed"),
        })
    }

    fn left_out(&self, manifest: &Manifest, args: &RejudgeArgs) -> String {
        let n = self.incomplete;
        let next = match manifest.origin {
            Origin::Asked => format!("unbent resume {} first", args.file.display()),
            Origin::Imported { .. } => "their source has none".to_owned(),
        };
        format!("{n} trials have no complete answers and stay ungraded: {next}")
    }
}

/// The gradings that come next, for each subject as many.
fn new_rounds(
    manifest: &Manifest,
    judge: &Subject,
    answered: &[Subject],
    repeats: u32,
) -> Result<Vec<Subject>, CommandError> {
    let mut new = Vec::new();
    for n in 1..=repeats {
        for subject in answered {
            let rounds = manifest.subjects.iter().filter_map(|other| {
                let regraded = other.regraded.as_ref()?;
                (regraded.of == subject.id && regraded.judge.id == judge.id).then_some(regraded.round)
            });
            let before = rounds.max().unwrap_or(0);
            let round = before + n;
            let mark = if before == 0 && repeats == 1 { String::new() } else { format!(" #{round}") };
            let id = SubjectId::new(format!("{} [judged by {}{mark}]", subject.id, judge.id));
            if manifest.subjects.iter().any(|other| other.id == id) {
                return Err(CommandError::usage(format!("the file has a subject named {id} already")));
            }
            let regraded = Regraded { of: subject.id.clone(), judge: judge.clone(), round };
            new.push(Subject { id, regraded: Some(Box::new(regraded)), ..subject.clone() });
        }
    }
    Ok(new)
}

/// Adds gradings to the run, each with all trials of the subject that answered.
///
/// Trials whose answers are not all there are planned too: they stay open and are counted as missing wherever the
/// grading is shown, and are graded when the answers have come.
fn plan(
    writer: &RunWriter,
    reader: &RunReader,
    manifest: &mut Manifest,
    gradings: Vec<Subject>,
    judge: &ModelRef,
) -> Result<(), CommandError> {
    let mut rounds: BTreeMap<u32, BTreeMap<SubjectId, SubjectId>> = BTreeMap::new();
    for subject in &gradings {
        let Some(regraded) = &subject.regraded else { continue };
        rounds.entry(regraded.round).or_default().insert(regraded.of.clone(), subject.id.clone());
    }
    manifest.subjects.extend(gradings);
    note_credentials(manifest, judge);
    let mut unreadable = None;
    let keys = rounds.values().flat_map(|grading| {
        reader.trials_without_notes().filter_map(move |trial| match trial {
            Ok(TrialView { key, .. }) => {
                let subject = grading.get(&key.subject)?.clone();
                Some(Ok(TrialKey { subject, ..key }))
            }
            Err(error) => Some(Err(error)),
        })
    });
    let keys: Vec<TrialKey> =
        keys.map_while(|key| key.map_err(|error| unreadable = Some(error)).ok()).collect();
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    writer.extend(manifest, keys)?;
    Ok(())
}

/// Lets gradings go on under the reference that the command line names, which may reach the judge in another way.
/// Returns whether that is a change.
fn ask_as_named_now(manifest: &mut Manifest, gradings: &BTreeSet<SubjectId>, judge: &Subject) -> bool {
    let mut changed = false;
    for subject in manifest.subjects.iter_mut().filter(|subject| gradings.contains(&subject.id)) {
        if let Some(regraded) = &mut subject.regraded
            && regraded.judge != *judge
        {
            regraded.judge = judge.clone();
            changed = true;
        }
    }
    changed
}

fn note_credentials(manifest: &mut Manifest, judge: &ModelRef) {
    for name in models::key_variables(judge) {
        let is_there = environment::is_set(&name);
        manifest.credentials.insert(name, is_there);
    }
}
