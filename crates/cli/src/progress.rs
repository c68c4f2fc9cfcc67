//! Tells how a run goes on: bars for a person, lines of JSON for a program, nothing into a pipe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use unbent_core::Outcome;
use unbent_engine::{Notice, Observer};
use unbent_report::{thousands, usd};
use unbent_store::import::Progress;

use crate::output;

/// How a run tells its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// A bar on standard error.
    Bar,
    /// Lines of JSON on standard output.
    JsonLines,
    /// Nothing.
    Quiet,
}

impl Telling {
    /// What suits the command line and where the output goes.
    pub(crate) fn suiting(json: bool) -> Self {
        match (json, output::is_watched()) {
            (true, _) => Self::JsonLines,
            (false, true) => Self::Bar,
            (false, false) => Self::Quiet,
        }
    }
}

/// Counts what happens, and tells it.
pub(crate) struct Display {
    telling: Telling,
    bar: ProgressBar,
    answers: AtomicU64,
    cached: AtomicU64,
    faults: AtomicU64,
    unscored: AtomicU64,
    in_flight: AtomicU64,
    cost_usd: Mutex<f64>,
}

impl Display {
    /// A display of this many trials to work on.
    pub(crate) fn new(telling: Telling, trials: u64) -> Self {
        let target = match telling {
            Telling::Bar => ProgressDrawTarget::stderr_with_hz(8),
            _ => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} trials  {elapsed} (eta {eta})  {msg}")
            .expect("the template names only fields that there are");
        let bar = ProgressBar::with_draw_target(Some(trials), target).with_style(style);
        if telling == Telling::Bar {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self {
            telling,
            bar,
            answers: AtomicU64::new(0),
            cached: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            unscored: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            cost_usd: Mutex::new(0.0),
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// How many answers came from the cache.
    pub(crate) fn cached(&self) -> u64 {
        self.cached.load(Ordering::Relaxed)
    }

    fn refresh(&self) {
        if self.telling != Telling::Bar {
            return;
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let cost = *self.cost_usd.lock().unwrap_or_else(PoisonError::into_inner);
        self.bar.set_message(format!(
            "{} in flight, {} answers, {}, {} faults, {} unscored",
            read(&self.in_flight),
            thousands(read(&self.answers)),
            usd(cost),
            read(&self.faults),
            read(&self.unscored),
        ));
    }

    /// A call came home. One that never went out, for want of a model, counts nothing.
    fn landed(&self) {
        let less_one = |n: u64| Some(n.saturating_sub(1));
        let _ = self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one);
    }

    fn tell(&self, line: &serde_json::Value) {
        if self.telling == Telling::JsonLines {
            output::line(&line.to_string());
        }
    }
}

impl Observer for Display {
    fn notice(&self, notice: &Notice<'_>) {
        match notice {
            Notice::TrialBegun { .. } => {}
            Notice::Asked { .. } => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
            }
            Notice::Answered { meter, cached, .. } => {
                if *cached {
                    self.cached.fetch_add(1, Ordering::Relaxed);
                } else {
                    self.landed();
                }
                self.answers.fetch_add(1, Ordering::Relaxed);
                *self.cost_usd.lock().unwrap_or_else(PoisonError::into_inner) +=
                    meter.cost_usd.unwrap_or_default();
            }
            Notice::Faulted { trial, need, role, fault, retry_in_ms, meter } => {
                *self.cost_usd.lock().unwrap_or_else(PoisonError::into_inner) +=
                    meter.cost_usd.unwrap_or_default();
                if role.is_some() {
                    self.landed();
                }
                self.faults.fetch_add(1, Ordering::Relaxed);
                self.tell(&json!({
                    "event": "faulted",
                    "trial": trial,
                    "need": need,
                    "fault": fault,
                    "retry_in_ms": retry_in_ms,
                }));
            }
            Notice::TrialFinished { trial, outcome } => {
                if matches!(outcome, Outcome::Unscored { .. }) {
                    self.unscored.fetch_add(1, Ordering::Relaxed);
                }
                self.bar.inc(1);
                self.tell(&json!({ "event": "trial_finished", "trial": trial, "outcome": outcome }));
            }
        }
        self.refresh();
    }
}

/// Shows how far an import has come.
pub(crate) struct ImportBar(ProgressBar);

impl ImportBar {
    /// A bar, if one suits.
    pub(crate) fn new(telling: Telling) -> Self {
        let target = match telling {
            Telling::Bar => ProgressDrawTarget::stderr_with_hz(8),
            _ => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files  {elapsed} (eta {eta})")
            .expect("the template names only fields that there are");
        Self(ProgressBar::with_draw_target(None, target).with_style(style))
    }

    /// Moves on.
    pub(crate) fn show(&self, progress: Progress) {
        self.0.set_length(progress.files_total);
        self.0.set_position(progress.files_done);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
