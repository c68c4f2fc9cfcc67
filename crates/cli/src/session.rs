//! Works on the open trials of a run file: builds the world that its manifest describes and executes.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use unbent_core::{
    Ask, AssistantMessage, BoxFuture, Call, Clock, ErasedSuite, Manifest, Origin, Outcome, ReferenceScript,
    Stream, Subject, SubjectId, SuiteId, TrialState, TrialView,
};
use unbent_engine::{
    Begun, Budget, Cache, Caps, EngineError, Job, Limits, Regrading, RetryPolicy, Stop, StopHandle,
    StopLevel, Tally, TokioClock, World, execute,
};
use unbent_store::{RunReader, RunWriter};
use unbent_suites::kit::{Benchmark, PackFiles, Setup, SetupError};

use crate::args::SandboxRoomArgs;
use crate::error::{CommandError, Exit};
use crate::hosts::Keys;
use crate::models::{self, Models};
use crate::output;
use crate::paid::Accounts;
use crate::progress::{Display, Telling};
use crate::sandboxes::{self, Wanted};
use crate::sockets;
use crate::worked::Worked;

/// The suites of a run by name.
pub(crate) type Suites = BTreeMap<SuiteId, Arc<dyn Benchmark>>;

/// Opens the suites as the manifest records them.
pub(crate) fn open_suites(manifest: &Manifest) -> Result<Suites, CommandError> {
    let open = |record: &unbent_core::SuiteRecord| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pack = (!record.files.is_empty()).then(|| PackFiles {
            path: record.pack.as_ref().and_then(|pack| pack.path.clone()),
            files: record.files.clone(),
        });
        let params = record.params.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        Ok((record.id.clone(), open_suite(record.id.as_str(), &Setup { params, pack, ..Setup::default() })?))
    };
    manifest.suites.iter().map(open).collect()
}

/// Opens a suite.
pub(crate) fn open_suite(id: &str, setup: &Setup) -> Result<Arc<dyn Benchmark>, CommandError> {
    let registration = unbent_suites::find(id).ok_or_else(|| {
        let known: Vec<_> = unbent_suites::registry().iter().map(|suite| suite.id).collect();
        CommandError::usage(format!("there is no suite {id:?}")).hint(format!("suites: {}", known.join(", ")))
    })?;
    (registration.open)(setup).map_err(|error| match &error {
        SetupError::UnknownParam { .. } | SetupError::BadParam { .. } => {
            CommandError::usage(error.to_string())
                .hint(format!("parameters and their values: unbent suites show {id}"))
        }
        SetupError::BadPack { .. } => CommandError::new(Exit::BadFile, error.to_string())
            .hint(format!("see everything that is wrong with it: unbent suites lint {id} --pack PATH")),
    })
}

/// The reference subjects of all suites of a run, as one.
pub(crate) struct Scripts(pub(crate) Suites);

impl ReferenceScript for Scripts {
    fn speak(
        &self,
        persona: &str,
        params: &BTreeMap<String, String>,
        call: &Call<'_>,
        stream: Stream,
    ) -> Option<AssistantMessage> {
        self.0.get(&call.case.suite)?.speak(persona, params, call, stream)
    }

    fn judge(&self, ask: &Ask) -> Option<Value> {
        self.0.values().find_map(|suite| suite.judge(ask))
    }

    fn guard(
        &self,
        persona: &str,
        params: &BTreeMap<String, String>,
        call: &Call<'_>,
        stream: Stream,
    ) -> Option<Value> {
        self.0.get(&call.case.suite)?.guard(persona, params, call, stream)
    }
}

/// The system's time, or the one that `SOURCE_DATE_EPOCH` names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramClock {
    fixed_ms: Option<i64>,
}

impl ProgramClock {
    /// The clock that the environment asks for; see <https://reproducible-builds.org/specs/source-date-epoch/>.
    pub(crate) fn from_environment() -> Self {
        let seconds = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<i64>().ok());
        Self { fixed_ms: seconds.map(|seconds| seconds.saturating_mul(1000)) }
    }
}

impl Clock for ProgramClock {
    fn now_ms(&self) -> i64 {
        self.fixed_ms.unwrap_or_else(|| TokioClock.now_ms())
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        TokioClock.sleep(ms)
    }
}

/// What is left to do in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// Trials that have not ended.
    pub(crate) unfinished: u64,
    /// Trials that ended without scores.
    pub(crate) unscored: u64,
}

impl Left {
    /// Counts what is left of these subjects' trials.
    pub(crate) fn of(reader: &RunReader, subjects: &BTreeSet<SubjectId>) -> Result<Self, CommandError> {
        let mut left = Self { unfinished: 0, unscored: 0 };
        for trial in reader.trials_without_notes() {
            let trial = trial?;
            if !subjects.contains(&trial.key.subject) {
                continue;
            }
            match trial.state {
                TrialState::Pending | TrialState::Open => left.unfinished += 1,
                TrialState::Finished(Outcome::Unscored { .. }) => left.unscored += 1,
                TrialState::Finished(Outcome::Scored { .. }) => {}
            }
        }
        Ok(left)
    }

    /// How many trials there are to work on.
    pub(crate) fn total(self) -> u64 {
        self.unfinished + self.unscored
    }
}

/// The subjects of a run whose trials can be worked on: those that can be asked, and those that only a judge is asked
/// about.
pub(crate) fn workable(manifest: &Manifest) -> BTreeSet<SubjectId> {
    let asks = manifest.origin == Origin::Asked;
    let subjects = manifest.subjects.iter().filter(|subject| asks || subject.regraded.is_some());
    subjects.map(|subject| subject.id.clone()).collect()
}

/// The models that are asked when these subjects' trials are worked on.
fn asked<'m>(manifest: &'m Manifest, takes: &BTreeSet<SubjectId>) -> Vec<&'m Subject> {
    let taken = manifest.subjects.iter().filter(|subject| takes.contains(&subject.id));
    let (regraded, own): (Vec<_>, Vec<_>) = taken.partition(|subject| subject.regraded.is_some());
    let judges = regraded.into_iter().filter_map(|subject| Some(&subject.regraded.as_ref()?.judge));
    let beside = manifest.judge.iter().chain(&manifest.guard).filter(|_| !own.is_empty());
    judges.chain(beside).chain(own.iter().copied()).collect()
}

/// Works on the open trials of a run file until all have ended or someone stops it; returns how that went. Where
/// subjects are named, nobody is asked for any other.
pub(crate) fn work(
    path: &Path,
    only: Option<&BTreeSet<SubjectId>>,
    parallel: NonZeroUsize,
    room: SandboxRoomArgs,
    caps: Caps,
    cache: Option<Cache>,
    telling: Telling,
) -> Result<Worked, CommandError> {
    let reader = Arc::new(RunReader::open(path)?);
    let manifest = reader.manifest()?;
    let takes = only.cloned().unwrap_or_else(|| workable(&manifest));
    let left = Left::of(&reader, &takes)?;
    if left.total() == 0 {
        let (stopped, accounts) = (false, Accounts::of(&reader)?);
        return Ok(Worked {
            tally: Tally::default(),
            stopped,
            accounts,
            cached: 0,
            lanes: Vec::new(),
            manifest,
        });
    }
    models::refuse_unpriced(asked(&manifest, &takes), caps)?;
    sockets::make_room(asked(&manifest, &takes), parallel)?;
    let suites = open_suites(&manifest)?;
    let cases = reader.cases()?;
    let sandboxes = sandboxes::find(&suites, &cases, &Wanted::recorded(manifest.sandbox.as_ref()), room)?;
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
    let keys = if cache.as_ref().is_none_or(|cache| cache.asks) { Keys::Needed } else { Keys::Unneeded };
    let mut models = Models::new(script, parallel, keys);
    let (mut subjects, mut judges) = (BTreeMap::new(), BTreeMap::new());
    for subject in manifest.subjects.iter().filter(|subject| takes.contains(&subject.id)) {
        match &subject.regraded {
            None => {
                subjects.insert(subject.id.clone(), models.respondent(subject)?);
            }
            Some(regraded) => {
                // Chance of the judge's own is another in every grading.
                let judge = Subject { id: subject.id.clone(), ..regraded.judge.clone() };
                let (of, round, judge) = (regraded.of.clone(), regraded.round, models.respondent(&judge)?);
                judges.insert(subject.id.clone(), Regrading { of, round, judge });
            }
        }
    }
    let mut beside = |model: &Option<Subject>| {
        let model = model.as_ref().filter(|_| !subjects.is_empty());
        model.map(|model| models.respondent(model)).transpose()
    };
    let (judge, guard) = (beside(&manifest.judge)?, beside(&manifest.guard)?);
    let lanes = models.into_lanes();
    let budget = Budget::new(caps, Accounts::of(&reader)?.spent());
    let writer = RunWriter::open(path)?;
    let clock = ProgramClock::from_environment();
    let display = Arc::new(Display::new(telling, left.total()));
    let world = Arc::new(World {
        suites: suites.into_iter().map(|(id, suite)| (id, suite as Arc<dyn ErasedSuite>)).collect(),
        cases: World::index_cases(cases),
        subjects,
        judge,
        guard,
        judges,
        sandboxes: sandboxes.map(|sandboxes| sandboxes.host),
        sink: writer.sink(),
        source: Arc::clone(&reader) as Arc<dyn unbent_core::Source>,
        clock: Arc::new(clock),
        observer: Arc::clone(&display) as Arc<dyn unbent_engine::Observer>,
        retry: RetryPolicy::default(),
        limits: Limits::parallel(parallel),
        budget,
        cache,
        seed: manifest.seed,
    });
    let listing = RunReader::open(path)?;
    let mut unreadable = None;
    let jobs = listing
        .trials_without_notes()
        .map_while(|trial| trial.map_err(|error| unreadable = Some(error)).ok());
    let (handle, stop) = StopHandle::new();
    let jobs = jobs.filter(|trial| takes.contains(&trial.key.subject)).filter_map(job);
    let tally = run_to_completion(&world, jobs, &handle, &stop)?;
    display.end();
    drop(world);
    let worked =
        tally.map_err(|error| CommandError::from_engine(&error, path)).and_then(|tally| match unreadable {
            Some(error) => Err(error.into()),
            None => Ok(Worked {
                tally,
                stopped: handle.level() > StopLevel::Run,
                cached: display.cached(),
                accounts: Accounts::of(&listing)?,
                lanes: lanes.iter().map(|lane| lane.report()).collect(),
                manifest,
            }),
        });
    if let Ok(worked) = &worked
        && worked.tally.left_open == 0
        && is_complete(&listing, &worked.manifest, &takes)?
    {
        writer.seal(clock.now_ms())?;
    }
    let closed = writer.close();
    let worked = worked?;
    closed?;
    Ok(worked)
}

/// Whether nothing is left to do in a run in which these subjects' trials were worked on to their end.
fn is_complete(
    reader: &RunReader,
    manifest: &Manifest,
    worked_on: &BTreeSet<SubjectId>,
) -> Result<bool, CommandError> {
    let others: BTreeSet<_> = workable(manifest).difference(worked_on).cloned().collect();
    Ok(others.is_empty() || Left::of(reader, &others)?.unfinished == 0)
}

fn job(trial: TrialView) -> Option<Job> {
    let begun = match trial.state {
        TrialState::Pending => Begun::No,
        TrialState::Finished(Outcome::Scored { .. }) => return None,
        _ => Begun::Yes,
    };
    Some(Job { trial: unbent_core::PlannedTrial { no: trial.no, key: trial.key }, begun })
}

/// Runs an execution on threads of its own, until its end or a Ctrl-C.
pub(crate) fn run_to_completion(
    world: &Arc<World>,
    jobs: impl Iterator<Item = Job>,
    handle: &StopHandle,
    stop: &Stop,
) -> Result<Result<Tally, EngineError>, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        CommandError::new(Exit::Io, format!("the system refuses to start threads: {error}"))
    })?;
    let tally = runtime.block_on(async {
        let interrupts = tokio::spawn(listen_for_interrupts(handle.clone()));
        let tally = execute(world, jobs, stop).await;
        interrupts.abort();
        tally
    });
    runtime.shutdown_background();
    Ok(tally)
}

/// The first Ctrl-C lets calls in flight come home, the second ends at once.
async fn listen_for_interrupts(handle: StopHandle) {
    while tokio::signal::ctrl_c().await.is_ok() {
        let (level, said) = match handle.level() {
            StopLevel::Run => {
                (StopLevel::Drain, "stopping: waiting for the calls in flight; Ctrl-C again ends at once")
            }
            _ => (StopLevel::Abort, "ending at once"),
        };
        handle.raise(level);
        output::err_line(said);
    }
}
