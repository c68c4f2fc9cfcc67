//! One trial, played through the engine against the server, and what its log says in a line each.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use unbent_core::{ErasedSuite, Event, Outcome, Sampling, Source as _, TrialKey, TrialNo, Wire};
use unbent_engine::{
    Begun, Budget, EngineError, Job, Lane, LaneLimits, Limits, MemoryLog, Respondent, RetryPolicy, Silent,
    StopHandle, Tally, World, execute,
};
use unbent_mock::{Bill, MockServer};

use crate::scene::{Scene, Shape};
use crate::wired::Skipping;
use crate::wired::dialects::{Spoken, model};

/// The longest wait before a second try that the other side did not ask for, in milliseconds.
pub(crate) const LONGEST_WAIT_MS: u64 = 100;

/// A trial that was played.
pub(crate) struct Played {
    pub(crate) result: Result<Tally, EngineError>,
    pub(crate) log: MemoryLog,
    pub(crate) waits: Vec<u64>,
    /// What the server charged and told.
    pub(crate) told: Bill,
}

/// Plays a trial with two tries a question.
pub(crate) async fn play(server: &MockServer, of: Spoken, name: &str, shape: Shape) -> Played {
    server.reset();
    let one = NonZeroUsize::MIN;
    // Nothing ever comes of the fault `silence`, so that it need not be waited for long.
    let timeout = Duration::from_millis(if name == "fault-silence" { 100 } else { 20_000 });
    let respondent = Respondent {
        provider: Arc::new(model(&server.url(), of, name, timeout)),
        settings: Sampling::default(),
        price: None,
        lane: Arc::new(Lane::new(name, one, LaneLimits::default())),
    };
    let key = TrialKey {
        suite: "scene".into(),
        case: format!("{shape:?}").as_str().into(),
        subject: "subject".into(),
        repeat: 1,
    };
    let log = MemoryLog::new([key]);
    let clock = Arc::new(Skipping::default());
    let world = Arc::new(World {
        suites: [("scene".into(), Arc::new(Scene) as Arc<dyn ErasedSuite>)].into(),
        cases: World::index_cases(ErasedSuite::cases(&Scene)),
        subjects: [("subject".into(), respondent)].into(),
        judge: None,
        guard: None,
        judges: BTreeMap::new(),
        sandboxes: None,
        sink: Arc::new(log.clone()),
        source: Arc::new(log.clone()),
        clock: Arc::clone(&clock) as Arc<dyn unbent_core::Clock>,
        observer: Arc::new(Silent),
        retry: RetryPolicy { tries: 2, base_ms: LONGEST_WAIT_MS, cap_ms: 1_000 },
        limits: Limits::parallel(one),
        budget: Budget::default(),
        cache: None,
        seed: 7,
    });
    let jobs = log.trials().into_iter().map(|trial| Job { begun: Begun::No, trial });
    let result = execute(&world, jobs, &StopHandle::new().1).await;
    Played { result, log, waits: clock.waits(), told: server.ledger().told }
}

impl Played {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.log.events(TrialNo(1)).expect("a log in memory")
    }

    /// The events and how the execution ended, a line each.
    pub(crate) fn story(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.events().iter().map(line).collect();
        if let Err(error) = &self.result {
            let kind = match error {
                EngineError::Fatal { fault } => fault.kind.to_string(),
                other => other.to_string(),
            };
            lines.push(format!("stopped: {kind}"));
        }
        lines
    }

    /// What crossed the network with each call.
    pub(crate) fn wires(&self) -> Vec<Wire> {
        let wire = |event: &Event| match event {
            Event::Answered { wire, .. } | Event::Faulted { wire, .. } => {
                let bytes =
                    self.log.blob(wire.expect("a call over HTTP leaves a record")).expect("it is kept");
                Some(serde_json::from_slice(&bytes).expect("a record is JSON"))
            }
            _ => None,
        };
        self.events().iter().filter_map(wire).collect()
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Answered { need, tried, finish, .. } => format!("answered {need} {tried}: {finish:?}"),
        Event::Faulted { tried, fault, retry_in_ms, .. } => {
            let status = fault.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
            let next = if retry_in_ms.is_some() { "again" } else { "given up" };
            format!("faulted {tried}: {} ({status}), {next}", fault.kind)
        }
        Event::Finished { outcome: Outcome::Scored { .. } } => "scored".to_owned(),
        Event::Finished { outcome: Outcome::Unscored { reason, .. } } => format!("unscored: {reason}"),
        other => other.kind().to_owned(),
    }
}
