//! Every registered suite, crashed after every event and resumed with a fresh world.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use unbent::core::{
    Case, ErasedSuite, Event, ModelRef, NeedKey, Outcome, ReferenceScript, Sampling, SandboxHost, SubjectId,
    TrialKey, TrialNo,
};
use unbent::engine::{
    Begun, Budget, Job, Lane, LaneLimits, Limits, MemoryLog, Respondent, RetryPolicy, Silent, StopHandle,
    TokioClock, World, execute,
};
use unbent::providers::sim::{SimPersona, SimProvider};
use unbent::sandbox::memory::Memory;
use unbent::suites::kit::{Benchmark, Registration, Setup};
use unbent::suites::registry;

fn respondent(suite: &Arc<dyn Benchmark>, reference: &str) -> Respondent {
    let persona = SimPersona::parse(&reference.parse::<ModelRef>().unwrap()).unwrap();
    let script: Arc<dyn ReferenceScript> = Arc::clone(suite) as Arc<dyn ReferenceScript>;
    Respondent {
        provider: Arc::new(SimProvider::new(persona, script, reference)),
        settings: Sampling::default(),
        price: None,
        lane: Arc::new(Lane::new(reference, NonZeroUsize::new(4).unwrap(), LaneLimits::default())),
    }
}

/// One of them fails now and then, so that retries are among the events.
const SUBJECTS: [&str; 2] = ["sim/steadfast?fault_rate=0.2", "sim/yielding?p=0.5"];
/// The same of agents.
const AGENTS: [&str; 2] = ["sim/honest?fault_rate=0.2", "sim/official-then-shortcut"];

fn subjects(suite: &Arc<dyn Benchmark>) -> [&'static str; 2] {
    if Arc::clone(suite).worlds().is_some() { AGENTS } else { SUBJECTS }
}

/// A fresh world around a log.
fn world(suite: &Arc<dyn Benchmark>, cases: &[Case], log: &MemoryLog) -> Arc<World> {
    let erased: Arc<dyn ErasedSuite> = Arc::clone(suite) as Arc<dyn ErasedSuite>;
    Arc::new(World {
        suites: [(suite.id(), erased)].into(),
        cases: World::index_cases(cases.to_vec()),
        subjects: subjects(suite).map(|name| (SubjectId::from(name), respondent(suite, name))).into(),
        judge: Some(respondent(suite, "sim/rule-judge")),
        guard: Some(respondent(suite, "sim/yielding?p=0.5")),
        judges: BTreeMap::new(),
        sandboxes: Arc::clone(suite)
            .worlds()
            .map(|worlds| Arc::new(Memory::new(worlds, 0)) as Arc<dyn SandboxHost>),
        sink: Arc::new(log.clone()),
        source: Arc::new(log.clone()),
        clock: Arc::new(TokioClock),
        observer: Arc::new(Silent),
        retry: RetryPolicy { tries: 8, base_ms: 10, cap_ms: 20 },
        limits: Limits::parallel(NonZeroUsize::new(4).unwrap()),
        budget: Budget::default(),
        cache: None,
        seed: 11,
    })
}

async fn work(suite: &Arc<dyn Benchmark>, cases: &[Case], log: &MemoryLog) {
    let entries = log.entries();
    let begun =
        |no: TrialNo| if entries.iter().any(|(other, _)| *other == no) { Begun::Yes } else { Begun::No };
    let jobs: Vec<_> = log.trials().into_iter().map(|trial| Job { begun: begun(trial.no), trial }).collect();
    let tally = execute(&world(suite, cases, log), jobs.into_iter(), &StopHandle::new().1).await.unwrap();
    assert_eq!(tally.left_open, 0);
}

fn outcomes(log: &MemoryLog) -> Vec<Option<Outcome>> {
    log.views().iter().map(|view| view.outcome().cloned()).collect()
}

fn answers(log: &MemoryLog) -> BTreeMap<(TrialNo, NeedKey), usize> {
    let mut counts = BTreeMap::new();
    for (no, event) in log.entries() {
        if let Event::Answered { need, .. } = event {
            *counts.entry((no, need)).or_default() += 1;
        }
    }
    counts
}

/// The suite with every kind of case that it has.
fn open_in_full(registration: &Registration) -> Arc<dyn Benchmark> {
    let params = match registration.id {
        "independence" => [("names".to_owned(), "true".to_owned())].into(),
        "trap" => [("condition", "none,authority"), ("sample", "12"), ("judge", "all"), ("guard", "on")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        "choices" => [("tasks", "budget_siphon"), ("variants", "A,H")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        _ => BTreeMap::new(),
    };
    (registration.open)(&Setup { params, ..Setup::default() }).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_every_event_of_every_suite_and_a_resume_give_the_same_outcomes() {
    for registration in registry() {
        let suite = open_in_full(registration);
        let cases = suite.cases();
        let acts = cases.iter().any(|case| case.world.is_some());
        let keys = subjects(&suite).into_iter().flat_map(|subject| {
            cases.iter().map(move |case| TrialKey {
                suite: case.suite.clone(),
                case: case.id.clone(),
                subject: SubjectId::from(subject),
                repeat: 1,
            })
        });
        let whole = MemoryLog::new(keys);
        work(&suite, &cases, &whole).await;
        let expected = outcomes(&whole);
        assert!(
            expected.iter().all(|outcome| matches!(outcome, Some(Outcome::Scored { .. }))),
            "{expected:?}"
        );
        assert!(whole.entries().iter().any(|(_, event)| matches!(event, Event::Faulted { .. })));
        for n in 0..whole.entries().len() {
            let log = whole.cut_after(n);
            work(&suite, &cases, &log).await;
            assert_eq!(outcomes(&log), expected, "{} after event {n}", registration.id);
            if acts {
                // What was answered in a sandbox that is gone is asked for again, and counted as started over.
                let voided = log.entries().iter().any(|(_, event)| matches!(event, Event::Voided { .. }));
                assert!(voided || answers(&log).values().all(|count| *count == 1), "after event {n}");
                continue;
            }
            let twice: Vec<_> = answers(&log).into_iter().filter(|(_, count)| *count > 1).collect();
            assert_eq!(
                twice,
                [],
                "{} after event {n}: answers on disk are not asked for again",
                registration.id
            );
        }
    }
}
