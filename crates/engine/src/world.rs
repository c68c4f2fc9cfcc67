//! Everything that an execution works with, as ports.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use unbent_core::{
    AnswerCache, BoxFuture, Case, CaseId, Clock, CostSource, ErasedSuite, Meter, ModelRole, Price, Provider,
    Reply, Sampling, SandboxHost, Sink, Source, SubjectId, SuiteId,
};

use crate::{Budget, Lane, Observer, Regrading, RetryPolicy};

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
    /// Who guards; trials that need a guard fail without one.
    pub guard: Option<Respondent>,
    /// Subjects whose answers are graded again. They are never asked, whoever answers for them in `subjects`.
    pub judges: BTreeMap<SubjectId, Regrading>,
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
    /// What may be spent.
    pub budget: Budget,
    /// Where answers that were paid for are kept, if anywhere.
    pub cache: Option<Cache>,
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
    /// What its tokens cost, where the provider does not report that.
    pub price: Option<Price>,
    /// How fast it may be asked.
    pub lane: Arc<Lane>,
}

impl Respondent {
    /// Who it is, for people.
    pub(crate) fn label(&self) -> &str {
        self.lane.label()
    }

    /// What a reply used, at the price that the provider reports or else at ours.
    pub(crate) fn meter(&self, reply: &Reply) -> Meter {
        self.price_up(Meter::of(reply))
    }

    /// The meter with a price, where one can be told from its tokens.
    pub(crate) fn price_up(&self, meter: Meter) -> Meter {
        match self.price {
            Some(price) if meter.cost_usd.is_none() && (meter.usage.total() > 0 || price.is_free()) => {
                Meter {
                    cost_usd: Some(price.usd(&meter.usage)),
                    cost_source: Some(CostSource::Prices),
                    ..meter
                }
            }
            _ => meter,
        }
    }
}

impl World {
    /// Who has this role in the trials of a subject.
    pub(crate) fn respondent(&self, role: ModelRole, subject: &SubjectId) -> Option<&Respondent> {
        match role {
            ModelRole::Subject => self.subjects.get(subject),
            ModelRole::Judge => {
                self.regrading(subject).map(|regrading| &regrading.judge).or(self.judge.as_ref())
            }
            ModelRole::Guard => self.guard.as_ref(),
        }
    }

    /// How the answers of a subject are graded again, if that is what it stands for.
    pub(crate) fn regrading(&self, subject: &SubjectId) -> Option<&Regrading> {
        self.judges.get(subject)
    }
}

/// Where answers that were paid for are kept, and what is done with them.
///
/// Only answers of providers with an identity are kept. Others are asked whatever this says: they are offline, and what
/// they say costs nothing.
#[derive(Clone)]
pub struct Cache {
    /// The answers.
    pub answers: Arc<dyn AnswerCache>,
    /// Whether new ones are kept.
    pub writes: bool,
    /// Whether what is not there is asked for; if not, it is a fault.
    pub asks: bool,
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
