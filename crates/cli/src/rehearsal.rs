//! A run in memory, on simulated answers of a wanted length: what is asked, and how much text goes to and fro.
//!
//! The rehearsal is the engine's own: the calls are exactly those of a run in which nothing fails. Tokens are told by the
//! length of the texts.

mod acting;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use unbent_core::{
    Ask, AssistantMessage, BoxFuture, ByRole, Call, Case, CostSource, ErasedSuite, Message, ModelRole,
    Provider, ReferenceScript, Reply, Returned, Sampling, TrialKey, Usage,
};
use unbent_engine::{
    Begun, Budget, Caps, Job, Lane, LaneLimits, Limits, MemoryLog, Respondent, RetryPolicy, Silent,
    StopHandle, TokioClock, World,
};
use unbent_providers::sim::{SimPersona, SimProvider};

use crate::error::{CommandError, Exit};
use crate::session::{Scripts, Suites, run_to_completion};

/// Tokens of a short and of a usual answer of a subject, without reasoning.
const SHORT_ANSWER: u64 = 40;
const USUAL_ANSWER: u64 = 250;
/// Tokens of a long answer, where nothing limits it.
const LONG_ANSWER: u64 = 2_000;
/// Tokens of reasoning before a usual and before a long answer, where an effort is asked for.
const USUAL_REASONING: u64 = 800;
const LONG_REASONING: u64 = 6_000;
/// Bytes of a token: many, usual and few; English prose has about four.
const BYTES_OF_TOKEN: [f64; 3] = [5.0, 4.0, 3.0];
/// Tokens around each message that are not its text.
const TOKENS_AROUND_MESSAGE: u64 = 4;
/// What was used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) calls: u64,
    /// Tokens.
    pub(crate) input: u64,
    /// Tokens.
    pub(crate) output: u64,
}

impl Used {
    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            input: self.input + other.input,
            output: self.output + other.output,
        }
    }

    /// What so many times the cases would use.
    pub(crate) fn scaled(self, share: f64) -> Self {
        let scaled = |n: u64| (n as f64 * share).round() as u64;
        Self { calls: scaled(self.calls), input: scaled(self.input), output: scaled(self.output) }
    }

    /// So many times as much.
    pub(crate) fn times(self, n: u32) -> Self {
        let n = u64::from(n);
        Self { calls: self.calls * n, input: self.input * n, output: self.output * n }
    }

    /// As a model reports it.
    pub(crate) fn usage(self) -> Usage {
        Usage { input: self.input, output: self.output, ..Usage::default() }
    }
}

/// Puts every case once to a simulated subject whose answers are short (0), usual (1) or long (2).
pub(crate) fn rehearse(
    suites: &Suites,
    cases: &[Case],
    settings: &ByRole<Sampling>,
    length: usize,
) -> Result<ByRole<Used>, CommandError> {
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
    let played = |role: ModelRole| {
        let persona = if role == ModelRole::Judge { "sim/rule-judge" } else { "sim/steadfast" };
        Rehearsing::new(persona, &script, length, role == ModelRole::Subject).map(Arc::new)
    };
    let cast = ByRole {
        subject: played(ModelRole::Subject)?,
        judge: played(ModelRole::Judge)?,
        guard: played(ModelRole::Guard)?,
    };
    let respondent = |role: ModelRole| Respondent {
        provider: Arc::clone(&cast[role]) as Arc<dyn Provider>,
        settings: settings[role].clone(),
        price: None,
        lane: Arc::new(Lane::new("rehearsal", NonZeroUsize::MIN.saturating_add(31), LaneLimits::default())),
    };
    let trials = cases.iter().map(|case| TrialKey {
        suite: case.suite.clone(),
        case: case.id.clone(),
        subject: "rehearsal".into(),
        repeat: 1,
    });
    let log = MemoryLog::new(trials);
    let jobs = log.trials().into_iter().map(|trial| Job { trial, begun: Begun::No });
    let world = Arc::new(World {
        suites: suites
            .iter()
            .map(|(id, suite)| (id.clone(), Arc::clone(suite) as Arc<dyn ErasedSuite>))
            .collect(),
        cases: World::index_cases(cases.iter().cloned()),
        subjects: BTreeMap::from([("rehearsal".into(), respondent(ModelRole::Subject))]),
        judge: Some(respondent(ModelRole::Judge)),
        guard: Some(respondent(ModelRole::Guard)),
        judges: BTreeMap::new(),
        sandboxes: Some(Arc::new(acting::Empty { length })),
        sink: Arc::new(log.clone()),
        source: Arc::new(log),
        clock: Arc::new(TokioClock),
        observer: Arc::new(Silent),
        retry: RetryPolicy::default(),
        limits: Limits::parallel(NonZeroUsize::MIN.saturating_add(31)),
        budget: Budget::new(Caps::default(), unbent_engine::Spent::default()),
        cache: None,
        seed: 0,
    });
    let (handle, stop) = StopHandle::new();
    run_to_completion(&world, jobs, &handle, &stop)?.map_err(|error| {
        CommandError::new(Exit::Internal, format!("the run cannot be rehearsed: {error}"))
    })?;
    Ok(ByRole::of(|role| cast[role].used()))
}

/// A simulated model that counts what it is asked, and answers at the length that is wanted.
struct Rehearsing {
    inner: SimProvider,
    length: usize,
    is_subject: bool,
    used: Mutex<Used>,
}

impl Rehearsing {
    fn new(
        persona: &str,
        script: &Arc<dyn ReferenceScript>,
        length: usize,
        is_subject: bool,
    ) -> Result<Self, CommandError> {
        let internal = |error: String| CommandError::new(Exit::Internal, error);
        let reference = persona.parse().map_err(|error| internal(format!("{error}")))?;
        let persona = SimPersona::parse(&reference).map_err(|error| internal(error.to_string()))?;
        let inner = SimProvider::new(persona, Arc::clone(script), "rehearsal");
        Ok(Self { inner, length, is_subject, used: Mutex::default() })
    }

    fn used(&self) -> Used {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tokens of the answer to a question, reasoning included, and those that can be seen.
    fn answer_tokens(&self, ask: &Ask, said: u64) -> (u64, u64) {
        let sampling = &ask.sampling;
        let reasons = sampling.reasoning_effort.as_deref().is_some_and(|effort| effort != "none")
            || sampling.reasoning_tokens.is_some();
        let visible = match (self.is_subject, self.length) {
            (true, 0) => SHORT_ANSWER,
            (true, 1) => USUAL_ANSWER,
            (true, _) => LONG_ANSWER,
            (false, 0 | 1) => said,
            (false, _) => said * 3,
        };
        let reasoning = match self.length {
            0 => 0,
            1 => USUAL_REASONING,
            _ => LONG_REASONING,
        };
        let limit = sampling.max_tokens.map_or(u64::MAX, u64::from);
        let all = visible + if reasons { reasoning } else { 0 };
        (all.min(limit), visible.min(limit))
    }
}

impl Provider for Rehearsing {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(async move {
            let acts = call.case.world.is_some() && self.is_subject;
            let mut reply = if let Some(turn) = acting::turn(call.ask, self.length).filter(|_| acts) {
                Reply::of(turn)
            } else {
                let returned = self.inner.ask(call).await;
                returned.result.unwrap_or_else(|_| Reply::of(AssistantMessage::text("Yes.")))
            };
            let bytes_of_token = BYTES_OF_TOKEN[self.length];
            let said = (turn_bytes(&reply.message) as f64 / bytes_of_token).ceil() as u64;
            let calls_tool = !reply.message.tool_calls.is_empty();
            let (output, visible) = match self.answer_tokens(call.ask, said) {
                // A call of a tool is as long as it is; what a model thinks before it is its own.
                (all, visible) if calls_tool => ((all - visible) + said, said),
                tokens => tokens,
            };
            if self.is_subject
                && !calls_tool
                && let Some(text) = &mut reply.message.content
            {
                let more = (visible as f64 * 4.0) as usize;
                text.extend(std::iter::repeat_n(" so", more.saturating_sub(text.len()) / 3));
            }
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            *used = used.plus(Used { calls: 1, input: input_tokens(call.ask, bytes_of_token), output });
            drop(used);
            reply.cost = Some(unbent_core::Cost { usd: 0.0, source: CostSource::Free });
            Ok(reply).into()
        })
    }
}

fn input_tokens(ask: &Ask, bytes_of_token: f64) -> u64 {
    let bytes: usize = ask.messages.iter().map(message_bytes).sum();
    let json = |value: &serde_json::Value| value.to_string().len();
    let tools: usize =
        ask.tools.iter().map(|tool| tool.name.len() + tool.description.len() + json(&tool.parameters)).sum();
    let schema = ask.reply_schema.as_ref().map_or(0, |schema| json(&schema.schema));
    ((bytes + tools + schema) as f64 / bytes_of_token).ceil() as u64
        + TOKENS_AROUND_MESSAGE * ask.messages.len() as u64
}

fn message_bytes(message: &Message) -> usize {
    match message {
        Message::System { content } | Message::User { content } | Message::Tool { content, .. } => {
            content.len()
        }
        Message::Assistant(turn) => turn_bytes(turn),
    }
}

fn turn_bytes(turn: &AssistantMessage) -> usize {
    let calls: usize = turn.tool_calls.iter().map(|call| call.name.len() + call.arguments.len()).sum();
    turn.content.as_ref().map_or(0, String::len) + calls
}
