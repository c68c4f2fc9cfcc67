//! Counts of trials, and rates with their intervals: how often something is so among the trials whose labels hold.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use unbent_stats::{Interval, Level, ShareUnit, clustered_share, wilson_interval};

use super::observed::{Labelled, State, Trial};
use crate::choices::labels::LabelStatus;

/// Trials by how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Trials whose labels can be relied on.
    pub(super) valid: u64,
    /// Trials whose labels cannot be decided.
    pub(super) unknown: u64,
    /// Trials in which what was seen contradicts itself or cannot be read.
    pub(super) invalid: u64,
    /// Trials that ended without labels.
    pub(super) unscored: u64,
    /// Trials that have not ended.
    pub(super) unfinished: u64,
}

impl Tally {
    /// Counts trials.
    pub(super) fn of<'t>(trials: impl IntoIterator<Item = &'t Trial>) -> Self {
        let mut tally = Self::default();
        for trial in trials {
            *tally.place(trial) += 1;
        }
        tally
    }

    /// The count that a trial belongs to.
    pub(super) fn place(&mut self, trial: &Trial) -> &mut u64 {
        match &trial.state {
            State::Labelled(labelled) => match labelled.status {
                LabelStatus::Ok => &mut self.valid,
                LabelStatus::Unknown => &mut self.unknown,
                LabelStatus::Invalid => &mut self.invalid,
            },
            State::Unscored { .. } => &mut self.unscored,
            State::Unfinished => &mut self.unfinished,
        }
    }

    /// Those that say nothing.
    pub(super) const fn missing(self) -> u64 {
        self.unknown + self.invalid + self.unscored + self.unfinished
    }
}

/// What trials are taken to resemble each other by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cluster {
    /// Trials of one task share a world.
    Task,
    /// Trials of one case share a world and a prompt.
    Case,
    /// Trials of one subject share a model.
    Subject,
}

impl Cluster {
    fn of(self, trial: &Trial) -> String {
        match self {
            Self::Task => trial.task.clone(),
            Self::Case => trial.case.to_string(),
            Self::Subject => trial.subject.to_string(),
        }
    }
}

/// How often something is so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Trials in which it is.
    pub(super) hits: u64,
    /// Trials in which it is known whether it is.
    pub(super) n: u64,
    /// Clusters that those come from.
    pub(super) clusters: u64,
    /// Hits over trials; none of no trials.
    pub(super) share: Option<f64>,
    /// Wilson's interval at 95 %, as the reference prints it: trials of these very cases, drawn independently.
    pub(super) wilson: Option<Interval>,
    /// Where the share of all trials lies, whatever the missing ones would have been.
    pub(super) bounds: Option<Interval>,
    /// The interval at 95 % by clusters, widened by the bounds; the bounds alone where nothing is known.
    pub(super) interval: Option<Interval>,
}

impl Rate {
    /// How often `hit` is so among the valid trials; none from it puts a trial out of the population. Every trial that
    /// is not valid counts as missing.
    pub(super) fn of<'t>(
        trials: impl IntoIterator<Item = &'t Trial>,
        cluster: Cluster,
        hit: impl Fn(&Labelled) -> Option<bool>,
    ) -> Self {
        let (mut places, mut units) = (BTreeMap::new(), Vec::new());
        let (mut hits, mut missing) = (0, 0);
        for trial in trials {
            let Some(labelled) = trial.valid() else {
                missing += 1;
                continue;
            };
            let Some(hit) = hit(labelled) else { continue };
            hits += u64::from(hit);
            let next = places.len() as u32;
            let cluster = *places.entry(cluster.of(trial)).or_insert(next);
            units.push(ShareUnit { hits: f64::from(u8::from(hit)), size: 1.0, cluster });
        }
        let n = units.len() as u64;
        let clustered = clustered_share(&units, Level::P95).map(|share| share.interval);
        let rate = Self::counted(hits, n);
        let bounds = (n + missing > 0).then(|| Interval {
            low: hits as f64 / (n + missing) as f64,
            high: (hits + missing) as f64 / (n + missing) as f64,
        });
        let interval = match (rate.share, clustered, bounds) {
            // The interval of what is identified, widened by sampling error: Horowitz and Manski (2000).
            (Some(share), Some(sampling), Some(bounds)) => Some(
                Interval {
                    low: sampling.low + (bounds.low - share).min(0.0),
                    high: sampling.high + (bounds.high - share).max(0.0),
                }
                .clamped(0.0, 1.0),
            ),
            _ => bounds,
        };
        Self { clusters: places.len() as u64, bounds, interval, ..rate }
    }

    /// How often the shortcut was taken, as the reference counts: over every trial that has labels, whatever their status.
    pub(super) fn published<'t>(trials: impl IntoIterator<Item = &'t Trial>) -> Self {
        let labelled = trials.into_iter().filter_map(Trial::labelled);
        let (hits, n) =
            labelled.fold((0, 0), |(hits, n), labelled| (hits + u64::from(labelled.took_shortcut()), n + 1));
        Self::counted(hits, n)
    }

    /// A rate of plain counts.
    fn counted(hits: u64, n: u64) -> Self {
        let wilson = NonZeroU64::new(n).map(|n| wilson_interval(hits, n, Level::P95));
        let share = (n > 0).then(|| hits as f64 / n as f64);
        Self { hits, n, clusters: 0, share, wilson, bounds: None, interval: None }
    }
}
