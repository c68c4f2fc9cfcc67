//! What a run would ask, use, cost and take: found by rehearsing it on simulated answers of three lengths.
//!
//! The rehearsal is the engine's own, in memory: the calls are exactly those of a run in which nothing fails. Tokens are
//! counted by the length of the texts, so they are a range and not a count.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use unbent_core::{
    Ask, AssistantMessage, BoxFuture, Call, Case, CostSource, ErasedSuite, Message, Price, Provider,
    ReferenceScript, Reply, Returned, Sampling, Subject, TrialKey, Usage,
};
use unbent_engine::{
    Begun, Budget, Caps, Job, Lane, LaneLimits, Limits, MemoryLog, Respondent, RetryPolicy, Silent,
    StopHandle, TokioClock, World,
};
use unbent_providers::sim::{SimPersona, SimProvider};
use unbent_report::{thousands, usd};

use crate::error::{CommandError, Exit};
use crate::hosts;
use crate::output;
use crate::session::{Scripts, Suites, run_to_completion};
use crate::settings::{Chosen, expected_price};

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
/// Seconds that a call takes when models are quick, usual and slow.
const SECONDS_OF_CALL: [f64; 3] = [1.0, 4.0, 20.0];

/// Low, usual and high.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Range<T> {
    pub(crate) low: T,
    pub(crate) usual: T,
    pub(crate) high: T,
}

/// What one model would be asked.
#[derive(Debug, Serialize)]
pub(crate) struct ModelEstimate {
    pub(crate) model: String,
    /// What it is in the run: `subject` or `judge`.
    pub(crate) role: &'static str,
    pub(crate) calls: u64,
    pub(crate) input_tokens: Range<u64>,
    pub(crate) output_tokens: Range<u64>,
    /// None where its price is not known.
    pub(crate) usd: Option<Range<f64>>,
    /// Minutes that its own limits on requests and tokens make it take at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minutes_by_limits: Option<f64>,
}

/// What a run would ask, use, cost and take.
#[derive(Debug, Serialize)]
pub(crate) struct Estimate {
    pub(crate) trials: u64,
    pub(crate) calls: u64,
    pub(crate) models: Vec<ModelEstimate>,
    /// None where the price of any model is not known.
    pub(crate) usd: Option<Range<f64>>,
    pub(crate) minutes: Range<f64>,
}

/// Rehearses a run. Every subject goes through every case once; repeats are counted in.
pub(crate) fn estimate<'s>(
    suites: &Suites,
    cases: &[Case],
    subjects: impl Iterator<Item = (&'s Subject, &'s Chosen)>,
    judge: Option<(&'s Subject, &'s Chosen)>,
    repeats: u32,
    parallel: NonZeroUsize,
) -> Result<Estimate, CommandError> {
    let mut known: Vec<(Sampling, [Used; 3], [Used; 3])> = Vec::new();
    let mut models = Vec::new();
    let mut judged = [Used::default(); 3];
    let mut trials = 0;
    let judge_settings = judge.map(|(judge, _)| judge.settings.clone()).unwrap_or_default();
    for (subject, chosen) in subjects {
        trials += cases.len() as u64 * u64::from(repeats);
        let at = known.iter().position(|(settings, ..)| *settings == subject.settings);
        let at = if let Some(at) = at {
            at
        } else {
            let mut of_subject = [Used::default(); 3];
            let mut of_judge = [Used::default(); 3];
            for length in 0..3 {
                (of_subject[length], of_judge[length]) =
                    rehearse(suites, cases, &subject.settings, &judge_settings, length)?;
            }
            known.push((subject.settings.clone(), of_subject, of_judge));
            known.len() - 1
        };
        let (_, of_subject, of_judge) = &known[at];
        models.push(ModelEstimate::of(
            "subject",
            subject,
            chosen,
            of_subject.map(|used| used.times(repeats)),
        )?);
        for (sum, used) in judged.iter_mut().zip(of_judge) {
            *sum = sum.plus(used.times(repeats));
        }
    }
    if let Some((judge, chosen)) = judge.filter(|_| judged[1].calls > 0) {
        models.push(ModelEstimate::of("judge", judge, chosen, judged)?);
    }
    let calls = models.iter().map(|model| model.calls).sum();
    let priced = models.iter().map(|model| model.usd).collect::<Option<Vec<_>>>();
    let slowest = models.iter().filter_map(|model| model.minutes_by_limits).fold(0.0, f64::max);
    let minutes = SECONDS_OF_CALL.map(|seconds| {
        let rounds = (calls as f64 / parallel.get() as f64).max(1.0);
        (rounds * seconds / 60.0).max(slowest)
    });
    Ok(Estimate {
        trials,
        calls,
        usd: priced.map(|all| Range {
            low: all.iter().map(|usd| usd.low).sum(),
            usual: all.iter().map(|usd| usd.usual).sum(),
            high: all.iter().map(|usd| usd.high).sum(),
        }),
        models,
        minutes: range(minutes),
    })
}

fn range<T: Copy>([low, usual, high]: [T; 3]) -> Range<T> {
    Range { low, usual, high }
}

impl ModelEstimate {
    fn of(
        role: &'static str,
        subject: &Subject,
        chosen: &Chosen,
        used: [Used; 3],
    ) -> Result<Self, CommandError> {
        let free = Price { input: 0.0, output: 0.0, cached_input: None, cache_write: None };
        let offline = hosts::Host::find(&chosen.reference.provider).is_none();
        let price = expected_price(chosen).or(offline.then_some(free));
        let minutes_by_limits = if offline {
            None
        } else {
            let limits = hosts::limits(&chosen.reference)?;
            let by_requests = limits.requests_per_minute.map(|limit| used[1].calls as f64 / limit);
            let tokens = (used[1].input + used[1].output) as f64;
            let by_tokens = limits.tokens_per_minute.map(|limit| tokens / limit);
            by_requests.into_iter().chain(by_tokens).reduce(f64::max)
        };
        Ok(Self {
            model: subject.id.to_string(),
            role,
            calls: used[1].calls,
            input_tokens: range(used.map(|used| used.input)),
            output_tokens: range(used.map(|used| used.output)),
            usd: price.map(|price| range(used.map(|used| price.usd(&used.usage())))),
            minutes_by_limits,
        })
    }
}

/// What was used.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    calls: u64,
    input: u64,
    output: u64,
}

impl Used {
    fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            input: self.input + other.input,
            output: self.output + other.output,
        }
    }

    fn times(self, n: u32) -> Self {
        let n = u64::from(n);
        Self { calls: self.calls * n, input: self.input * n, output: self.output * n }
    }

    fn usage(self) -> Usage {
        Usage { input: self.input, output: self.output, ..Usage::default() }
    }
}

/// Puts every case once to a simulated subject whose answers are short (0), usual (1) or long (2).
fn rehearse(
    suites: &Suites,
    cases: &[Case],
    settings: &Sampling,
    judge_settings: &Sampling,
    length: usize,
) -> Result<(Used, Used), CommandError> {
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(suites.clone()));
    let subject = Arc::new(Rehearsing::new("sim/steadfast", &script, length, true)?);
    let judge = Arc::new(Rehearsing::new("sim/rule-judge", &script, length, false)?);
    let respondent = |provider: &Arc<Rehearsing>, settings: &Sampling| Respondent {
        provider: Arc::clone(provider) as Arc<dyn Provider>,
        settings: settings.clone(),
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
        subjects: BTreeMap::from([("rehearsal".into(), respondent(&subject, settings))]),
        judge: Some(respondent(&judge, judge_settings)),
        judges: BTreeMap::new(),
        sandboxes: None,
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
    Ok((subject.used(), judge.used()))
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
            let returned = self.inner.ask(call).await;
            let mut reply = returned.result.unwrap_or_else(|_| Reply::of(AssistantMessage::text("Yes.")));
            let bytes_of_token = BYTES_OF_TOKEN[self.length];
            let said = (turn_bytes(&reply.message) as f64 / bytes_of_token).ceil() as u64;
            let (output, visible) = self.answer_tokens(call.ask, said);
            if self.is_subject
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

/// Tells an estimate.
pub(crate) fn tell(estimate: &Estimate, json: bool) -> Result<Exit, CommandError> {
    if json {
        let mut line = serde_json::to_value(estimate)
            .map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?;
        line["event"] = "dry_run".into();
        output::line(&line.to_string());
        return Ok(Exit::Done);
    }
    output::out(&estimate.to_text());
    Ok(Exit::Done)
}

impl Estimate {
    fn to_text(&self) -> String {
        let mut text = format!(
            "{} trials, {} calls if nothing is asked twice\n",
            thousands(self.trials),
            thousands(self.calls)
        );
        for model in &self.models {
            let (input, output) = (&model.input_tokens, &model.output_tokens);
            text.push_str(&format!(
                "  {} ({}): {} calls, {} tokens in ({} to {}), {} out ({} to {}), {}\n",
                model.model,
                model.role,
                thousands(model.calls),
                thousands(input.usual),
                thousands(input.low),
                thousands(input.high),
                thousands(output.usual),
                thousands(output.low),
                thousands(output.high),
                dollars(model.usd.as_ref()),
            ));
            if let Some(minutes) = model.minutes_by_limits {
                text.push_str(&format!("    its limits alone make it take {}\n", duration(minutes)));
            }
        }
        text.push_str(&format!("cost: {}\n", dollars(self.usd.as_ref())));
        let minutes = &self.minutes;
        text.push_str(&format!(
            "time: about {} ({} to {}, by calls of {} s to {} s)\n",
            duration(minutes.usual),
            duration(minutes.low),
            duration(minutes.high),
            SECONDS_OF_CALL[0],
            SECONDS_OF_CALL[2],
        ));
        text.push_str("tokens are guessed from the length of the texts; nothing was asked\n");
        text
    }
}

fn dollars(range: Option<&Range<f64>>) -> String {
    match range {
        None => "price not known".to_owned(),
        Some(range) if range.high == 0.0 => "free".to_owned(),
        Some(range) => format!("{} ({} to {})", usd(range.usual), usd(range.low), usd(range.high)),
    }
}

fn duration(minutes: f64) -> String {
    match minutes {
        minutes if minutes < 1.0 => format!("{:.0} s", (minutes * 60.0).max(1.0)),
        minutes if minutes < 90.0 => format!("{minutes:.0} min"),
        minutes => format!("{:.1} h", minutes / 60.0),
    }
}
