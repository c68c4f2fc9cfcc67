//! One run under the faults of its seed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use unbent_core::{
    Case, ErasedSuite, Event, FaultKind, Manifest, ModelRef, ModelRole, Origin, Outcome, PlannedTrial, Price,
    Program, Provider, ReferenceScript, Sampling, Subject, TrialKey, TrialState, UnscoredReason, Usage,
};
use unbent_engine::{
    Begun, Budget, EngineError, Job, Lane, LaneLimits, Limits, Respondent, RetryPolicy, Silent, StopHandle,
    World, execute,
};
use unbent_mock::{FaultKind as Scripted, MockServer, Options};
use unbent_providers::{SimPersona, SimProvider};
use unbent_store::{RunReader, RunWriter, plan_run};
use unbent_suites::kit::{Benchmark, Setup};

use crate::accounts::Seen;
use crate::wired::dialects::{DIALECTS, Spoken, model};
use crate::wired::{Skipping, kind_and_status};

/// Three requests in ten fail. Silence is rare because it costs the client's whole patience in real time.
const FAULTS: &str = "0.2675,zero-usage=0.02,silence=0.0005,quota=0.002,unauthorized=0.002,bad-request=0.004,\
                      not-found=0.004";

/// Long enough that only the fault of silence exhausts it, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Dialects in which the server tells what a call costs; in the others the prices of the manifest count.
const TELL_THEIR_PRICE: [&str; 6] =
    ["chat", "chat streamed", "openrouter", "responses", "responses streamed", "completions"];

/// The way to ask that refuses a question with earlier turns before it is sent.
const HOLDS_NO_CONVERSATION: &str = "ollama-generate";

const PRICE: Price = Price { input: 3.0, output: 15.0, cached_input: None, cache_write: None };

/// More executions than any schedule takes; each fault that stops a run costs one.
const MOST_EXECUTIONS: u64 = 200;

/// Faults for which the server charges an answer that it then does not bring home.
const UNTOLD: [Scripted; 3] = [Scripted::Cut, Scripted::HangUp, Scripted::Silence];

pub(crate) struct Scheduled {
    seed: u64,
    of: Spoken,
    server: MockServer,
    suite: Arc<dyn Benchmark>,
    cases: Vec<Case>,
    /// Whether the judge is behind the server too, and not simulated.
    is_judge_asked: bool,
    path: PathBuf,
    _folder: TempDir,
}

impl Scheduled {
    /// Plans the run of a seed; the seed says the dialect, how many trials, who judges and how long faults can last.
    pub(crate) fn new(seed: u64) -> Self {
        let spoken: Vec<_> = DIALECTS.into_iter().filter(|of| of.0 != HOLDS_NO_CONVERSATION).collect();
        let of = spoken[(seed % spoken.len() as u64) as usize];
        let round = seed / spoken.len() as u64;
        let server = MockServer::start(Options {
            seed,
            faults: FAULTS.parse().unwrap(),
            max_faults_in_a_row: [3, 5, 9][(round % 3) as usize],
            price_usd: 0.01,
            keep_requests: 0,
            ..Options::default()
        });
        let delivery = if of.2 { "tool_role" } else { "user_role" };
        let params = [("delivery".to_owned(), delivery.to_owned())].into();
        let registration = unbent_suites::find("independence").unwrap();
        let suite = (registration.open)(&Setup { params, ..Setup::default() }).unwrap();
        let cases: Vec<_> = suite.cases().into_iter().take(10 + (round % 4) as usize).collect();
        // The disk is not what is tested here; syncing a thousand files is most of the time where it is slow.
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let path = folder.path().join("run.unbent");
        let scheduled = Self {
            seed,
            of,
            server,
            suite,
            cases,
            is_judge_asked: of.2 && round.is_multiple_of(2),
            path,
            _folder: folder,
        };
        plan_run(&scheduled.path, &scheduled.manifest(), &scheduled.cases, scheduled.trials()).unwrap();
        scheduled
    }

    fn price(&self) -> Option<Price> {
        (!TELL_THEIR_PRICE.contains(&self.of.0)).then_some(PRICE)
    }

    fn manifest(&self) -> Manifest {
        let subject = |id: &str| Subject {
            id: id.into(),
            model: id.to_owned(),
            settings: Sampling::default(),
            simulated: false,
            price: self.price(),
            price_source: None,
            regraded: None,
            null: false,
        };
        Manifest {
            created_at_ms: 0,
            program: Program { name: "unbent".to_owned(), version: "0".to_owned() },
            origin: Origin::Asked,
            suites: vec![self.suite.record()],
            subjects: vec![subject("subject")],
            judge: Some(subject("judge")),
            guard: None,
            seed: self.seed,
            repeats: 1,
            credentials: BTreeMap::new(),
            sandbox: None,
            rescored: Vec::new(),
            git: None,
        }
    }

    fn trials(&self) -> impl Iterator<Item = TrialKey> {
        self.cases.iter().map(|case| TrialKey {
            suite: case.suite.clone(),
            case: case.id.clone(),
            subject: "subject".into(),
            repeat: 1,
        })
    }

    /// A model behind the server, whose name makes it tell prices.
    fn asked(&self, name: &str) -> Respondent {
        let provider = model(&self.server.url(), self.of, "priced", PATIENCE);
        Self::respondent(name, Arc::new(provider), self.price())
    }

    fn simulated_judge(&self) -> Respondent {
        let reference: ModelRef = "sim/rule-judge".parse().unwrap();
        let script = Arc::clone(&self.suite) as Arc<dyn ReferenceScript>;
        let persona = SimPersona::parse(&reference).unwrap();
        Self::respondent("judge", Arc::new(SimProvider::new(persona, script, "judge")), None)
    }

    fn respondent(name: &str, provider: Arc<dyn Provider>, price: Option<Price>) -> Respondent {
        let lane = Arc::new(Lane::new(name, parallel(), LaneLimits::default()));
        Respondent { provider, settings: Sampling::default(), price, lane }
    }

    fn world(&self, reader: RunReader, writer: &RunWriter) -> Arc<World> {
        let erased: Arc<dyn ErasedSuite> = Arc::clone(&self.suite) as Arc<dyn ErasedSuite>;
        let judge = if self.is_judge_asked { self.asked("judge") } else { self.simulated_judge() };
        Arc::new(World {
            suites: [(self.suite.id(), erased)].into(),
            cases: World::index_cases(self.cases.clone()),
            subjects: [("subject".into(), self.asked("subject"))].into(),
            judge: Some(judge),
            guard: None,
            judges: BTreeMap::new(),
            sandboxes: None,
            sink: writer.sink(),
            source: Arc::new(reader),
            clock: Arc::new(Skipping::default()),
            observer: Arc::new(Silent),
            retry: RetryPolicy::default(),
            limits: Limits::parallel(parallel()),
            budget: Budget::default(),
            cache: None,
            seed: self.seed,
        })
    }

    /// Goes on with the run, as a person would after a fault that stops it, until every trial has ended; returns how
    /// often it took.
    pub(crate) fn run_to_its_end(&self) -> u64 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for execution in 1..=MOST_EXECUTIONS {
            let reader = RunReader::open(&self.path).unwrap();
            let jobs: Vec<_> = reader.trials().map(Result::unwrap).filter_map(job).collect();
            let writer = RunWriter::open(&self.path).unwrap();
            let world = self.world(reader, &writer);
            let ended = runtime.block_on(execute(&world, jobs.into_iter(), &StopHandle::new().1));
            drop(world);
            writer.close().unwrap();
            match ended {
                Ok(tally) => {
                    assert_eq!(tally.left_open, 0);
                    return execution;
                }
                Err(EngineError::Fatal { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the run did not end in {MOST_EXECUTIONS} executions");
    }

    /// Checks what the run file holds against the accounts of the server.
    pub(crate) fn checked(&self) -> Seen {
        let ledger = self.server.wait_until(PATIENCE, |ledger| ledger.in_flight == 0);
        let reader = RunReader::open(&self.path).unwrap();
        assert!(reader.verify().unwrap().is_clean());
        let is_asked = |role: ModelRole| role == ModelRole::Subject || self.is_judge_asked;
        let mut seen = Seen { runs: 1, ..Seen::default() };
        let mut fault_kinds: BTreeMap<FaultKind, u64> = BTreeMap::new();
        let (mut answers, mut used, mut cost_usd) = (0, Usage::default(), 0.0);
        for trial in reader.trials() {
            let trial = trial.unwrap();
            seen.trials += 1;
            let mut given_up = None;
            let mut answered = std::collections::BTreeSet::new();
            for logged in reader.events(trial.no).unwrap() {
                match logged.event {
                    Event::Answered { need, role, .. } => {
                        assert!(answered.insert(need.clone()), "{} {need} was answered twice", trial.key);
                        answers += u64::from(is_asked(role));
                    }
                    Event::Faulted { role: Some(role), fault, retry_in_ms, .. } => {
                        *fault_kinds.entry(fault.kind).or_default() += u64::from(is_asked(role));
                        if retry_in_ms.is_none() {
                            given_up = Some((role, fault.kind));
                        }
                    }
                    _ => {}
                }
            }
            match trial.state {
                TrialState::Finished(Outcome::Scored { .. }) => {}
                TrialState::Finished(Outcome::Unscored { reason, detail }) => {
                    seen.unscored += 1;
                    let told = given_up.map(|(role, kind)| UnscoredReason::fault_of(role, kind));
                    assert_eq!(told, Some(reason), "{}: {detail}", trial.key);
                }
                state => panic!("{} was lost: {state:?}", trial.key),
            }
            let judge = self.is_judge_asked.then_some(&trial.meters.judge);
            for meters in judge.into_iter().chain([&trial.meters.subject]) {
                used += meters.usage;
                cost_usd += meters.cost_usd;
            }
        }
        assert_eq!(seen.trials, self.cases.len() as u64);

        // Every call that the server counted is an event, and every fault is of the kind that the server made.
        let mut scripted: BTreeMap<FaultKind, u64> = BTreeMap::new();
        for (name, n) in &ledger.faults {
            let fault: Scripted = name.parse().unwrap();
            *scripted.entry(kind_and_status(self.of.0, fault).0).or_default() += n;
        }
        fault_kinds.retain(|_, n| *n > 0);
        assert_eq!(fault_kinds, scripted);
        seen.faults = fault_kinds.values().sum();
        seen.calls = answers + seen.faults;
        assert_eq!(ledger.requests, seen.calls, "{ledger:?}");

        // No question was answered in full twice.
        assert_eq!((ledger.distinct_answered, ledger.repeated.calls), (answers, 0), "{ledger:?}");

        // What the server charged and told is in the run file; what it did not tell is known by its fault.
        let told = ledger.told;
        assert_eq!((used.input, used.output), (told.input_tokens, told.output_tokens), "{ledger:?}");
        let expected_usd = self.price().map_or(told.cost_usd, |price| price.usd(&used));
        assert!((cost_usd - expected_usd).abs() < 1e-9, "{cost_usd} for {expected_usd}: {ledger:?}");
        let count = |fault: &Scripted| ledger.faults.get(fault.name()).copied().unwrap_or_default();
        // A stream goes on after an event that breaks off, and tells in the end what it used.
        let is_streamed = self.of.0.ends_with("streamed");
        let not_json = if is_streamed { 0 } else { count(&Scripted::NotJson) };
        // Every event of this one tells all of it, so a cut comes too late to hide anything.
        let told_by_cuts = if self.of.0 == "gemini streamed" { count(&Scripted::Cut) } else { 0 };
        let untold = UNTOLD.iter().map(count).sum::<u64>() + not_json - told_by_cuts;
        assert_eq!(ledger.untold.calls, untold, "{ledger:?}");
        Seen { untold: ledger.untold.calls, ..seen }
    }
}

fn parallel() -> NonZeroUsize {
    NonZeroUsize::new(4).unwrap()
}

/// A trial that has not ended; one that ended unscored is left as it is, so that its reason can be checked.
fn job(trial: unbent_core::TrialView) -> Option<Job> {
    let begun = match trial.state {
        TrialState::Pending => Begun::No,
        TrialState::Open => Begun::Yes,
        TrialState::Finished(_) => return None,
    };
    Some(Job { trial: PlannedTrial { no: trial.no, key: trial.key }, begun })
}
