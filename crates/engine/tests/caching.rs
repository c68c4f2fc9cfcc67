//! Answers that were paid for once: when they are used again, and what is never kept.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod scripted;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use scripted::{Scripted, answered, jobs, outcomes, trial_keys, world};
use unbent_core::{
    AnswerCache, Ask, BlobRef, BoxFuture, Call, CostSource, Event, Fault, FaultKind, FinishReason, Provider,
    Reply, Returned, Sampling, SourceError, TrialKey, UnscoredReason,
};
use unbent_engine::{Cache, EngineError, MemoryLog, Respondent, StopHandle, Tally, World, execute};

/// A scripted provider whose questions have an identity.
struct Identified {
    scripted: Arc<Scripted>,
    finish: Option<FinishReason>,
}

impl Provider for Identified {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(async move {
            let mut returned = self.scripted.ask(call).await;
            if let (Ok(reply), Some(finish)) = (&mut returned.result, &self.finish) {
                reply.finish = finish.clone();
            }
            returned
        })
    }

    fn identity(&self, ask: &Ask) -> Option<Vec<u8>> {
        Some(format!("{:?}", ask.messages).into_bytes())
    }
}

/// Answers in memory; may be made to fail.
#[derive(Default)]
struct Drawer {
    kept: Mutex<BTreeMap<BlobRef, Reply>>,
    gives_nothing: AtomicBool,
    takes_nothing: AtomicBool,
}

impl Drawer {
    fn len(&self) -> usize {
        self.kept.lock().unwrap().len()
    }
}

fn jammed() -> SourceError {
    SourceError { message: "the drawer is jammed".to_owned() }
}

impl AnswerCache for Drawer {
    fn get(&self, key: BlobRef) -> Result<Option<Reply>, SourceError> {
        if self.gives_nothing.load(Ordering::SeqCst) {
            return Err(jammed());
        }
        Ok(self.kept.lock().unwrap().get(&key).cloned())
    }

    fn put(&self, key: BlobRef, reply: &Reply) -> Result<(), SourceError> {
        if self.takes_nothing.load(Ordering::SeqCst) {
            return Err(jammed());
        }
        self.kept.lock().unwrap().entry(key).or_insert_with(|| reply.clone());
        Ok(())
    }
}

/// What a run may do with a drawer.
#[derive(Clone, Copy)]
enum Mode {
    Read,
    Write,
    Replay,
}

/// A run over some trials of the toy suite, with a drawer.
struct Run {
    log: MemoryLog,
    scripted: Arc<Scripted>,
    finish: Option<FinishReason>,
    settings: Sampling,
}

impl Run {
    fn of(keys: impl IntoIterator<Item = TrialKey>) -> Self {
        Self {
            log: MemoryLog::new(keys),
            scripted: Scripted::new(10, |_| Ok(())),
            finish: None,
            settings: Sampling::default(),
        }
    }

    async fn with(&self, drawer: &Arc<Drawer>, mode: Mode) -> Result<Tally, EngineError> {
        let mut world = Arc::into_inner(world(&self.log, Arc::clone(&self.scripted), 4, 8)).unwrap();
        let subjects: Vec<_> = self.log.trials().into_iter().map(|trial| trial.key.subject).collect();
        let respondent = Respondent {
            provider: Arc::new(Identified {
                scripted: Arc::clone(&self.scripted),
                finish: self.finish.clone(),
            }),
            settings: self.settings.clone(),
            ..world.judge.clone().unwrap()
        };
        world.subjects = subjects.into_iter().map(|subject| (subject, respondent.clone())).collect();
        world.judge = Some(respondent.clone());
        world.guard = Some(respondent);
        world.cache = Some(Cache {
            answers: Arc::clone(drawer) as Arc<dyn AnswerCache>,
            writes: matches!(mode, Mode::Write),
            asks: !matches!(mode, Mode::Replay),
        });
        let world: Arc<World> = Arc::new(world);
        execute(&world, jobs(&self.log).into_iter(), &StopHandle::new().1).await
    }

    fn calls(&self) -> usize {
        self.scripted.total_calls()
    }

    /// Of each answer, whether it came from the drawer.
    fn sources(&self) -> Vec<bool> {
        let cached = |event: &Event| match event {
            Event::Answered { cached, .. } => Some(*cached),
            _ => None,
        };
        self.log.entries().iter().filter_map(|(_, event)| cached(event)).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_not_asked_again_and_costs_nothing() {
    let drawer = Arc::new(Drawer::default());
    let first = Run::of(trial_keys(2));
    first.with(&drawer, Mode::Write).await.unwrap();
    assert_eq!(first.calls(), answered(&first.log).len());
    assert!(first.sources().iter().all(|cached| !cached));
    for mode in [Mode::Read, Mode::Write, Mode::Replay] {
        let again = Run::of(trial_keys(2));
        again.with(&drawer, mode).await.unwrap();
        assert_eq!((again.calls(), outcomes(&again.log)), (0, outcomes(&first.log)));
        assert!(again.sources().iter().all(|cached| *cached) && again.sources().len() == first.calls());
        for (_, event) in again.log.entries() {
            if let Event::Answered { meter, .. } = event {
                assert_eq!((meter.cost_usd, meter.usage.total()), (Some(0.0), 0));
                assert_eq!(meter.cost_source, Some(CostSource::Free));
            }
        }
    }
    assert_eq!(drawer.len(), first.calls());
}

#[tokio::test(start_paused = true)]
async fn repeats_and_subjects_are_draws_of_their_own() {
    let drawer = Arc::new(Drawer::default());
    let other = trial_keys(1).into_iter().map(|key| TrialKey { subject: "other".into(), ..key });
    let run = Run::of(trial_keys(3).into_iter().chain(other));
    run.with(&drawer, Mode::Write).await.unwrap();
    assert_eq!(run.calls(), answered(&run.log).len());
    assert_eq!(drawer.len(), run.calls(), "every answer of a run has its own place");
}

#[tokio::test(start_paused = true)]
async fn another_setting_is_another_question() {
    let drawer = Arc::new(Drawer::default());
    let first = Run::of(trial_keys(1));
    first.with(&drawer, Mode::Write).await.unwrap();
    let warm = Run {
        settings: Sampling { temperature: Some(1.0), ..Sampling::default() },
        ..Run::of(trial_keys(1))
    };
    warm.with(&drawer, Mode::Read).await.unwrap();
    assert_eq!(warm.calls(), first.calls());
    assert_eq!(drawer.len(), first.calls(), "who only reads keeps nothing");
}

#[tokio::test(start_paused = true)]
async fn faults_and_refusals_by_policy_are_never_kept() {
    for finish in [FinishReason::ContentFilter, FinishReason::Error] {
        let drawer = Arc::new(Drawer::default());
        let withheld = Run { finish: Some(finish), ..Run::of(trial_keys(1)) };
        withheld.with(&drawer, Mode::Write).await.unwrap();
        assert!(withheld.calls() > 0);
        assert_eq!(drawer.len(), 0);
    }
    let drawer = Arc::new(Drawer::default());
    let failing = Run {
        scripted: Scripted::new(10, |call| match (call.need.as_str(), call.tried) {
            ("a", 1) => Err(Fault::new(FaultKind::Server, "503")),
            ("b", _) => Err(Fault::new(FaultKind::Rejected, "400")),
            _ => Ok(()),
        }),
        ..Run::of(trial_keys(1))
    };
    failing.with(&drawer, Mode::Write).await.unwrap();
    assert_eq!(drawer.len(), answered(&failing.log).len(), "answers are kept, faults are not");
}

#[tokio::test(start_paused = true)]
async fn a_replay_asks_nothing_and_leaves_unscored_what_is_not_kept() {
    let drawer = Arc::new(Drawer::default());
    Run::of(trial_keys(1)).with(&drawer, Mode::Write).await.unwrap();
    let replay = Run::of(trial_keys(2));
    let tally = replay.with(&drawer, Mode::Replay).await.unwrap();
    assert_eq!((replay.calls(), tally.scored), (0, 4), "the first repeat is kept");
    assert_eq!(tally.unscored[&UnscoredReason::SubjectFault(FaultKind::NotRecorded)], 3);
    assert_eq!(tally.unscored[&UnscoredReason::NothingToScore], 1, "the heir of one of them");
    let tally = replay.with(&drawer, Mode::Write).await.unwrap();
    assert_eq!((tally.scored, tally.unscored.len()), (8, 0), "asked after all, when asking is allowed");
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_fails_ends_the_run_and_loses_no_answer() {
    let drawer = Arc::new(Drawer::default());
    drawer.takes_nothing.store(true, Ordering::SeqCst);
    let run = Run::of(trial_keys(5));
    let error = run.with(&drawer, Mode::Write).await.unwrap_err();
    assert!(matches!(&error, EngineError::Cache(_)), "{error}");
    assert!(error.to_string().contains("the drawer is jammed"), "{error}");
    let paid = run.calls();
    assert!((1..=4).contains(&paid), "{paid} calls");
    assert_eq!(answered(&run.log).len(), paid);

    drawer.gives_nothing.store(true, Ordering::SeqCst);
    let error = run.with(&drawer, Mode::Read).await.unwrap_err();
    assert!(matches!(error, EngineError::Cache(_)), "{error}");
    assert_eq!(run.calls(), paid, "nothing is asked past a cache that cannot be read");
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_identity_is_asked_and_not_kept() {
    let drawer = Arc::new(Drawer::default());
    let log = MemoryLog::new(trial_keys(1));
    let scripted = Scripted::new(10, |_| Ok(()));
    let mut world = Arc::into_inner(world(&log, Arc::clone(&scripted), 4, 8)).unwrap();
    world.cache =
        Some(Cache { answers: Arc::clone(&drawer) as Arc<dyn AnswerCache>, writes: true, asks: false });
    execute(&Arc::new(world), jobs(&log).into_iter(), &StopHandle::new().1).await.unwrap();
    assert!(scripted.total_calls() > 0);
    assert_eq!(drawer.len(), 0);
}
