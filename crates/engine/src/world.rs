//! Everything that an execution works with, as ports.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use unbent_core::{
    BoxFuture, Case, CaseId, Clock, ErasedSuite, Provider, Sampling, SandboxHost, Sink, Source, SubjectId,
    SuiteId,
};

use crate::{Observer, RetryPolicy};

/// Everything that an execution works with.
pub struct World {
    /// The suites by name.
    pub suites: BTreeMap<SuiteId, Arc<dyn ErasedSuite>>,
    /// The cases by suite and name.
    pub cases: HashMap<(SuiteId, CaseId), Arc<Case>>,
    /// Who answers for each subject.
    pub subjects: BTreeMap<SubjectId, Respondent>,
    /// Who judges; trials that need a judge fail without one.
    pub judge: Option<Respondent>,
    /// Who opens sandboxes; trials that need one fail without.
    pub sandboxes: Option<Arc<dyn SandboxHost>>,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Where the events of earlier executions come from.
    pub source: Arc<dyn Source>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
    /// How often and how soon a failed call is tried again.
    pub retry: RetryPolicy,
    /// How much may go on at once.
    pub limits: Limits,
    /// The run's seed.
    pub seed: u64,
}

impl World {
    /// The cases of these suites, by suite and name.
    pub fn index_cases(cases: impl IntoIterator<Item = Case>) -> HashMap<(SuiteId, CaseId), Arc<Case>> {
        cases.into_iter().map(|case| ((case.suite.clone(), case.id.clone()), Arc::new(case))).collect()
    }
}

/// A provider together with the settings under which it is asked.
#[derive(Clone)]
pub struct Respondent {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Settings that go before those that a suite asks for.
    pub settings: Sampling,
}

/// How much may go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Model calls in flight.
    pub parallel: NonZeroUsize,
    /// Trials begun and not ended: what bounds the memory.
    pub window: NonZeroUsize,
}

impl Limits {
    /// This many calls in flight, with a window of trials wide enough to keep them busy.
    pub fn parallel(parallel: NonZeroUsize) -> Self {
        Self { parallel, window: parallel.saturating_mul(NonZeroUsize::MIN.saturating_add(1)) }
    }
}

/// The system's time and tokio's timers.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioClock;

impl Clock for TokioClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}
