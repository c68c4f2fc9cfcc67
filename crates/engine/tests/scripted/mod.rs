//! A scripted world: toy suites, a provider that counts and may fail, and a sandbox that forgets.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::json;
use unbent_core::{
    Act, Acted, Ask, AssistantMessage, BoxFuture, Call, CaseId, Clock, ErasedSuite, Fault, FaultKind,
    History, Inherit, Message, ModelRole, Need, NeedKey, Observation, Observe, Outcome, Provider, Reply,
    Returned, Sampling, Sandbox, SandboxHost, Score, Step, Suite, SuiteId, TrialKey, UnscoredReason,
    WorldSpec,
};
use unbent_engine::{
    Begun, Budget, Job, Lane, LaneLimits, Limits, MemoryLog, Respondent, RetryPolicy, Silent, TokioClock,
    World,
};

/// A suite with one case of each shape.
pub(crate) struct Toy;

/// The shapes of the toy suite's cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Two questions, one after the other.
    Chain,
    /// Three questions at once, then a judgement and a guard's decision at once.
    Fan,
    /// A tool, a question, a picture of the state.
    Worldly,
    /// A judgement of what the chain answered.
    Heir,
}

pub(crate) const SHAPES: [Shape; 4] = [Shape::Chain, Shape::Fan, Shape::Worldly, Shape::Heir];

pub(crate) fn ask(role: ModelRole, text: &str) -> Ask {
    Ask {
        role,
        messages: vec![Message::user(text)],
        tools: vec![],
        tool_choice: unbent_core::ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling::default(),
    }
}

fn text(history: &History, key: &str) -> Option<String> {
    history.reply(&key.into()).and_then(|reply| reply.message.content.clone())
}

fn fault(history: &History) -> Option<Outcome> {
    let fault = history.keys().find_map(|key| history.fault(key))?;
    Some(Outcome::unscored(UnscoredReason::SubjectFault(fault.kind), fault.message.clone()))
}

fn scored(text: String) -> Step {
    let scores = [("said".to_owned(), Score::Label(text))].into_iter().collect();
    Step::Done(Outcome::Scored { scores, note: None })
}

fn need(role: ModelRole, key: &str, prompt: &str) -> Need {
    Need::ask(key.into(), ask(role, prompt))
}

impl Suite for Toy {
    type Spec = Shape;

    fn id(&self) -> SuiteId {
        "toy".into()
    }

    fn specs(&self) -> Vec<(CaseId, Shape)> {
        SHAPES.into_iter().map(|shape| (CaseId::new(format!("{shape:?}")), shape)).collect()
    }

    fn world(&self, shape: &Shape) -> Option<WorldSpec> {
        (*shape == Shape::Worldly).then(|| WorldSpec { kind: "counter".into(), spec: json!(0) })
    }

    fn inherits(&self, shape: &Shape) -> Vec<Inherit> {
        match shape {
            Shape::Heir => vec![Inherit { case: "Chain".into(), need: "second".into() }],
            _ => vec![],
        }
    }

    fn next(&self, shape: &Shape, history: &History) -> Step {
        if let Some(outcome) = fault(history) {
            return Step::Done(outcome);
        }
        let subject = ModelRole::Subject;
        match shape {
            Shape::Chain => match (text(history, "first"), text(history, "second")) {
                (Some(_), Some(second)) => scored(second),
                (Some(first), None) => Step::Needs(vec![need(subject, "second", &first)]),
                _ => Step::Needs(vec![need(subject, "first", "begin")]),
            },
            Shape::Fan => {
                let keys = ["a", "b", "c"];
                let open: Vec<_> = keys.iter().filter(|key| text(history, key).is_none()).collect();
                if !open.is_empty() {
                    return Step::Needs(open.into_iter().map(|key| need(subject, key, key)).collect());
                }
                let said: Vec<_> = keys.iter().filter_map(|key| text(history, key)).collect();
                let others = [(ModelRole::Judge, "judge"), (ModelRole::Guard, "guard")];
                let open = others.into_iter().filter(|(_, key)| text(history, key).is_none());
                let open: Vec<_> = open.map(|(role, key)| need(role, key, &said.join(" "))).collect();
                match text(history, "judge") {
                    Some(grade) if open.is_empty() => scored(grade),
                    _ => Step::Needs(open),
                }
            }
            Shape::Worldly => {
                let act = |n: i64| Act { tool: "add".into(), arguments: json!(n) };
                if history.acted(&"one".into()).is_none() {
                    return Step::Needs(vec![Need::act("one".into(), act(1))]);
                }
                let Some(said) = text(history, "ask") else {
                    return Step::Needs(vec![need(subject, "ask", "how many?")]);
                };
                if history.acted(&"two".into()).is_none() {
                    return Step::Needs(vec![Need::act("two".into(), act(2))]);
                }
                match history.observation(&"end".into()) {
                    Some(end) => scored(format!("{said} {}", end.state)),
                    None => Step::Needs(vec![Need::observe("end".into(), Observe { scope: "sum".into() })]),
                }
            }
            Shape::Heir => match (text(history, "second"), text(history, "judge")) {
                (None, _) => Step::Done(Outcome::unscored(UnscoredReason::NothingToScore, "no chain")),
                (_, Some(grade)) => scored(grade),
                (Some(second), None) => Step::Needs(vec![need(ModelRole::Judge, "judge", &second)]),
            },
        }
    }
}

/// What the scripted provider does with a call.
pub(crate) type Script = Box<dyn Fn(&Call<'_>) -> Result<(), Fault> + Send + Sync>;

/// Answers after `latency_ms`, to the need `b` in half of that, with a text that depends on the question only; counts
/// calls and the most in flight.
pub(crate) struct Scripted {
    pub(crate) latency_ms: u64,
    pub(crate) script: Script,
    pub(crate) calls: Mutex<BTreeMap<String, usize>>,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) most_in_flight: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new(
        latency_ms: u64,
        script: impl Fn(&Call<'_>) -> Result<(), Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            latency_ms,
            script: Box::new(script),
            calls: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }

    pub(crate) fn total_calls(&self) -> usize {
        self.calls.lock().unwrap().values().sum()
    }
}

impl Provider for Scripted {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(async move {
            let name = format!("{} {}", call.trial, call.need);
            *self.calls.lock().unwrap().entry(name).or_default() += 1;
            let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_in_flight.fetch_max(now, Ordering::SeqCst);
            let share = if call.need.as_str() == "b" { 2 } else { 1 };
            tokio::time::sleep(std::time::Duration::from_millis(self.latency_ms / share)).await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            if let Err(fault) = (self.script)(call) {
                return Err(fault).into();
            }
            let Some(Message::User { content }) = call.ask.messages.first() else {
                panic!("a toy asks in user turns")
            };
            Ok(Reply::of(AssistantMessage::text(format!("<{content}>")))).into()
        })
    }
}

/// Opens sandboxes that hold a sum and lose it when they are dropped.
pub(crate) struct Counters;

struct Counter(Mutex<i64>);

impl SandboxHost for Counters {
    fn open<'a>(
        &'a self,
        _trial: &'a TrialKey,
        _world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>> {
        Box::pin(async { Ok(Box::new(Counter(Mutex::new(0))) as Box<dyn Sandbox>) })
    }
}

impl Sandbox for Counter {
    fn act<'a>(&'a self, act: &'a Act) -> BoxFuture<'a, Result<Acted, Fault>> {
        Box::pin(async move {
            let n = act.arguments.as_i64().ok_or_else(|| Fault::new(FaultKind::Sandbox, "not a number"))?;
            let mut sum = self.0.lock().unwrap();
            *sum += n;
            Ok(Acted { output: json!(*sum), elapsed_ms: 0 })
        })
    }

    fn observe<'a>(&'a self, _observe: &'a Observe) -> BoxFuture<'a, Result<Observation, Fault>> {
        Box::pin(async move { Ok(Observation { state: json!(*self.0.lock().unwrap()) }) })
    }
}

/// The names of `repeats` trials of every case of the toy suite.
pub(crate) fn trial_keys(repeats: u32) -> Vec<TrialKey> {
    let cases = ErasedSuite::cases(&Toy);
    (1..=repeats)
        .flat_map(|repeat| {
            cases.iter().map(move |case| TrialKey {
                suite: case.suite.clone(),
                case: case.id.clone(),
                subject: "subject".into(),
                repeat,
            })
        })
        .collect()
}

/// The time of tokio's timers, which tests stop.
struct StoppedClock(tokio::time::Instant);

impl Clock for StoppedClock {
    fn now_ms(&self) -> i64 {
        self.0.elapsed().as_millis() as i64
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        TokioClock.sleep(ms)
    }
}

/// A world of the toy suite around this log and provider.
pub(crate) fn world(log: &MemoryLog, provider: Arc<Scripted>, parallel: usize, window: usize) -> Arc<World> {
    let lane = Arc::new(Lane::new("toy", NonZeroUsize::new(parallel).unwrap(), LaneLimits::default()));
    let respondent = Respondent { provider, settings: Sampling::default(), price: None, lane };
    Arc::new(World {
        suites: [(SuiteId::from("toy"), Arc::new(Toy) as Arc<dyn ErasedSuite>)].into(),
        cases: World::index_cases(ErasedSuite::cases(&Toy)),
        subjects: [("subject".into(), respondent.clone())].into(),
        judge: Some(respondent.clone()),
        guard: Some(respondent),
        judges: BTreeMap::new(),
        sandboxes: Some(Arc::new(Counters)),
        sink: Arc::new(log.clone()),
        source: Arc::new(log.clone()),
        clock: Arc::new(StoppedClock(tokio::time::Instant::now())),
        observer: Arc::new(Silent),
        retry: RetryPolicy { tries: 3, base_ms: 100, cap_ms: 1_000 },
        limits: Limits {
            parallel: NonZeroUsize::new(parallel).unwrap(),
            window: NonZeroUsize::new(window).unwrap(),
        },
        budget: Budget::default(),
        cache: None,
        seed: 7,
    })
}

/// Every trial of the log as a job.
pub(crate) fn jobs(log: &MemoryLog) -> Vec<Job> {
    let entries = log.entries();
    let begun = |no| if entries.iter().any(|(other, _)| *other == no) { Begun::Yes } else { Begun::No };
    log.trials().into_iter().map(|trial| Job { begun: begun(trial.no), trial }).collect()
}

/// The outcome of every trial.
pub(crate) fn outcomes(log: &MemoryLog) -> Vec<Option<Outcome>> {
    log.views().iter().map(|view| view.outcome().cloned()).collect()
}

/// The keys that were answered, with repeats, over the whole log.
pub(crate) fn answered(log: &MemoryLog) -> Vec<NeedKey> {
    let events = log.entries();
    events
        .iter()
        .filter_map(|(_, event)| match event {
            unbent_core::Event::Answered { need, .. } => Some(need.clone()),
            _ => None,
        })
        .collect()
}
