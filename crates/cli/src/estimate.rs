//! What a run would ask, use, cost and take, as ranges: from a rehearsal on short, usual and long answers.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use serde::Serialize;
use unbent_core::{ByRole, Case, ModelRole, Price, Sampling, Subject};
use unbent_report::{thousands, usd};

use crate::error::{CommandError, Exit};
use crate::hosts;
use crate::output;
use crate::rehearsal::{Used, rehearse};
use crate::session::Suites;
use crate::settings::{Chosen, expected_price};

/// Seconds that a call takes when models are quick, usual and slow.
const SECONDS_OF_CALL: [f64; 3] = [1.0, 4.0, 20.0];

/// So many cases stand for all of a larger suite, where none takes over what another was told.
const REHEARSED: usize = 600;

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
    /// What it is in the run: `subject`, `judge` or `guard`.
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

/// A model as the run describes it and as it was chosen.
pub(crate) type Asked<'s> = (&'s Subject, &'s Chosen);

/// Rehearses a run. Every subject goes through every case once, or of a large suite through cases spread over it;
/// repeats are counted in.
pub(crate) fn estimate<'s>(
    suites: &Suites,
    cases: &[Case],
    subjects: impl Iterator<Item = Asked<'s>>,
    judge: Option<Asked<'s>>,
    guard: Option<Asked<'s>>,
    repeats: u32,
    parallel: NonZeroUsize,
) -> Result<Estimate, CommandError> {
    let mut known: Vec<(Sampling, [ByRole<Used>; 3])> = Vec::new();
    let mut models = Vec::new();
    let mut all = [ByRole::<Used>::default(); 3];
    let mut trials = 0;
    let spread = spread(cases);
    let share = cases.len() as f64 / spread.len().max(1) as f64;
    let settings_of =
        |asked: Option<Asked<'_>>| asked.map(|(model, _)| model.settings.clone()).unwrap_or_default();
    for (subject, chosen) in subjects {
        trials += cases.len() as u64 * u64::from(repeats);
        let at = known.iter().position(|(settings, ..)| *settings == subject.settings);
        let at = if let Some(at) = at {
            at
        } else {
            let settings = ByRole {
                subject: subject.settings.clone(),
                judge: settings_of(judge),
                guard: settings_of(guard),
            };
            let mut used = [ByRole::default(); 3];
            for (length, used) in used.iter_mut().enumerate() {
                let rehearsed = rehearse(suites, &spread, &settings, length)?;
                *used = ByRole::of(|role| rehearsed[role].scaled(share));
            }
            known.push((subject.settings.clone(), used));
            known.len() - 1
        };
        let (_, used) = &known[at];
        let role = ModelRole::Subject;
        models.push(ModelEstimate::of(role, subject, chosen, used.map(|used| used[role].times(repeats)))?);
        for (sum, used) in all.iter_mut().zip(used) {
            *sum = ByRole::of(|role| sum[role].plus(used[role].times(repeats)));
        }
    }
    for (role, beside) in [(ModelRole::Judge, judge), (ModelRole::Guard, guard)] {
        let used = all.map(|used| used[role]);
        if let Some((model, chosen)) = beside.filter(|_| used[1].calls > 0) {
            models.push(ModelEstimate::of(role, model, chosen, used)?);
        }
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

/// Cases that stand for all, evenly spread.
fn spread(cases: &[Case]) -> Cow<'_, [Case]> {
    if cases.len() <= REHEARSED || cases.iter().any(|case| !case.inherits.is_empty()) {
        return Cow::Borrowed(cases);
    }
    (0..REHEARSED).map(|n| cases[n * cases.len() / REHEARSED].clone()).collect()
}

fn range<T: Copy>([low, usual, high]: [T; 3]) -> Range<T> {
    Range { low, usual, high }
}

impl ModelEstimate {
    fn of(
        role: ModelRole,
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
            role: role.name(),
            calls: used[1].calls,
            input_tokens: range(used.map(|used| used.input)),
            output_tokens: range(used.map(|used| used.output)),
            usd: price.map(|price| range(used.map(|used| price.usd(&used.usage())))),
            minutes_by_limits,
        })
    }
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
