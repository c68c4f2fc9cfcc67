//! Executes many trials at once, in a window that does not grow with their number.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use unbent_core::{
    Fault, Outcome, PlannedTrial, SinkError, SourceError, SuiteError, SuiteId, TrialKey, UnscoredReason,
};

use crate::call::TrialContext;
use crate::trial::Driven;
use crate::{Stop, StopHandle, StopLevel, World};

/// A trial to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The trial.
    pub trial: PlannedTrial,
    /// Whether it has events already, which must then be read first.
    pub begun: Begun,
}

/// Whether a trial has events already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It has none.
    No,
    /// It has some.
    Yes,
}

/// How the trials of an execution ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Trials with scores.
    pub scored: u64,
    /// Trials without, by reason.
    pub unscored: BTreeMap<UnscoredReason, u64>,
    /// Trials that stay open because the execution was stopped, or never began.
    pub left_open: u64,
    /// Trials that stay open because the answers that they would grade again are not all there.
    pub waiting: u64,
    /// Whether the run stopped because its budget is spent.
    pub budget_spent: bool,
}

/// Why an execution could not go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The log takes no more events.
    #[error("the run file takes no more events: {0}")]
    Sink(SinkError),
    /// The log cannot be read.
    #[error("the run file cannot be read: {0}")]
    Source(#[from] SourceError),
    /// The cache cannot be read, or takes nothing more. What was answered is in the log.
    #[error("the cache of answers fails: {0}")]
    Cache(SourceError),
    /// A fault that every further call would meet.
    #[error("the run was stopped by a fault that every further call would meet: {fault}")]
    Fatal {
        /// The fault.
        fault: Fault,
    },
    /// Dollars are counted and an answer came whose price is not known.
    #[error(
        "{who} gave an answer whose price is not known, so what the run costs cannot be held to its limit"
    )]
    Unpriced {
        /// Who answered.
        who: String,
    },
    /// A suite that is not part of this program.
    #[error("the run has trials of the suite {suite:?}, which this program does not have")]
    UnknownSuite {
        /// The suite.
        suite: SuiteId,
    },
    /// A case that is not part of the suite.
    #[error("the run has a trial of a case that its suite does not have: {trial}")]
    UnknownCase {
        /// The trial.
        trial: TrialKey,
    },
    /// A suite that does not understand its case.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// A suite that waits for something that it has already been given: a bug in the suite.
    #[error("the trial {trial} wants nothing new and does not end")]
    Stuck {
        /// The trial.
        trial: TrialKey,
    },
    /// A task of the execution panicked: a bug.
    #[error("a task of the execution failed: {0}")]
    Task(String),
}

/// Works on trials until all have ended or the execution is stopped.
///
/// Trials whose case takes over answers from other cases run after all others, and those that grade stored answers again
/// after these. After an error nothing more is begun,
/// calls in flight come home and are recorded where that is still possible, and the first error is returned.
pub async fn execute(
    world: &Arc<World>,
    jobs: impl Iterator<Item = Job>,
    stop: &Stop,
) -> Result<Tally, EngineError> {
    let permits = Arc::new(Semaphore::new(world.limits.parallel.get().min(Semaphore::MAX_PERMITS)));
    let (halt, halted) = StopHandle::new();
    let mut execution = Execution {
        world,
        permits,
        halt,
        halted,
        running: JoinSet::new(),
        tally: Tally::default(),
        error: None,
    };
    let (mut later, mut last) = (Vec::new(), Vec::new());
    let mut answers_come = false;
    for job in jobs {
        if world.regrading(&job.trial.key.subject).is_some() {
            // Where nobody is asked but judges, all answers that there will be are there.
            if answers_come {
                last.push(job);
            } else {
                execution.admit(job, stop).await;
            }
            continue;
        }
        answers_come = true;
        match execution.case_inherits(&job) {
            Ok(true) => later.push(job),
            Ok(false) => execution.admit(job, stop).await,
            Err(error) => execution.fail(error),
        }
    }
    execution.finish(stop).await;
    for jobs in [later, last] {
        for job in jobs {
            execution.admit(job, stop).await;
        }
        execution.finish(stop).await;
    }
    execution.tally.budget_spent = world.budget.is_spent() && execution.tally.left_open > 0;
    execution.error.map_or(Ok(execution.tally), Err)
}

struct Execution<'w> {
    world: &'w Arc<World>,
    permits: Arc<Semaphore>,
    /// Follows the caller's stop and rises by itself after an error.
    halt: StopHandle,
    halted: Stop,
    running: JoinSet<Result<Driven, EngineError>>,
    tally: Tally,
    error: Option<EngineError>,
}

impl Execution<'_> {
    fn case_inherits(&self, job: &Job) -> Result<bool, EngineError> {
        let key = &job.trial.key;
        let case = self.world.cases.get(&(key.suite.clone(), key.case.clone()));
        case.map(|case| !case.inherits.is_empty())
            .ok_or_else(|| EngineError::UnknownCase { trial: key.clone() })
    }

    /// Begins a trial as soon as the window has room for it.
    async fn admit(&mut self, job: Job, stop: &Stop) {
        while self.running.len() >= self.world.limits.window.get() {
            self.settle_one(stop).await;
        }
        self.halt.raise(stop.level());
        if self.halted.is_stopping() {
            self.tally.left_open += 1;
            return;
        }
        let key = &job.trial.key;
        let Some(case) = self.world.cases.get(&(key.suite.clone(), key.case.clone())) else {
            self.fail(EngineError::UnknownCase { trial: key.clone() });
            return;
        };
        let context = TrialContext {
            world: Arc::clone(self.world),
            case: Arc::clone(case),
            trial: job.trial,
            permits: Arc::clone(&self.permits),
            stop: self.halted.clone(),
            halt: self.halt.clone(),
            over: StopHandle::new(),
            sandbox: OnceCell::new(),
        };
        self.running.spawn(context.drive(job.begun));
    }

    async fn finish(&mut self, stop: &Stop) {
        while !self.running.is_empty() {
            self.settle_one(stop).await;
        }
    }

    /// Waits until one running trial has ended, passing on the caller's wish to stop meanwhile.
    async fn settle_one(&mut self, stop: &Stop) {
        let next = match self.halted.level().max(stop.level()) {
            StopLevel::Run => StopLevel::Drain,
            _ => StopLevel::Abort,
        };
        tokio::select! {
            biased;
            Some(ended) = self.running.join_next() => match ended {
                Ok(Ok(Driven::Finished(outcome))) => self.count(&outcome),
                Ok(Ok(Driven::LeftOpen)) => self.tally.left_open += 1,
                Ok(Ok(Driven::Waiting)) => self.tally.waiting += 1,
                Ok(Err(error)) => self.fail(error),
                Err(join) if join.is_cancelled() => self.tally.left_open += 1,
                Err(join) => self.fail(EngineError::Task(join.to_string())),
            },
            () = stop.reached(next) => {
                self.halt.raise(stop.level());
                if stop.level() == StopLevel::Abort {
                    self.running.abort_all();
                }
            }
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Scored { .. } => self.tally.scored += 1,
            Outcome::Unscored { reason, .. } => *self.tally.unscored.entry(*reason).or_default() += 1,
        }
    }

    fn fail(&mut self, error: EngineError) {
        self.tally.left_open += 1;
        self.halt.raise(StopLevel::Drain);
        self.error.get_or_insert(error);
    }
}
