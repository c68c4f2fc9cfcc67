//! What is resampled where grades resemble each other: clusters of cases, or answers where there are few clusters.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use unbent_stats::{Clusters, Interval, Level, ResamplePlan, Resampled, student_t_critical};

use super::Gradings;

/// From how many clusters on they are the units. With fewer, answers are, and what is said holds for these cases.
pub(super) const ENOUGH_CLUSTERS: usize = 10;
const RESAMPLES: u32 = 1_000;
const SEED: u64 = 2026;

/// What intervals go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// So many clusters of cases.
    Clusters(usize),
    /// So many answers.
    Answers(usize),
}

impl Units {
    /// For people.
    pub fn name(self) -> String {
        match self {
            Self::Clusters(n) => format!("{n} clusters"),
            Self::Answers(n) => format!("{n} answers"),
        }
    }
}

/// The unit of each of these answers, and what units are.
pub(super) fn units(gradings: &Gradings, items: &[u32]) -> (Vec<u32>, Units) {
    let cluster = |item: &u32| gradings.items[*item as usize].cluster;
    let mut clusters: Vec<u32> = items.iter().map(cluster).collect();
    let named = clusters.clone();
    clusters.sort_unstable();
    clusters.dedup();
    if clusters.len() >= ENOUGH_CLUSTERS {
        return (named, Units::Clusters(clusters.len()));
    }
    let mut answers = items.to_vec();
    answers.sort_unstable();
    answers.dedup();
    (items.to_vec(), Units::Answers(answers.len()))
}

/// The percentile bootstrap interval of a statistic over whole units; `statistic` is given the places of values.
pub(super) fn resampled(
    units: &[u32],
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<Interval> {
    let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, unit) in units.iter().enumerate() {
        places.entry(*unit).or_default().push(place);
    }
    let places: Vec<Vec<usize>> = places.into_values().collect();
    let size = NonZeroU32::new(places.len() as u32).filter(|size| size.get() > 1)?;
    let plan = ResamplePlan::new(size, NonZeroU32::new(RESAMPLES)?, SEED);
    let of_rows = |rows: &[u32]| {
        let taken: Vec<usize> = rows.iter().flat_map(|row| places[*row as usize].iter().copied()).collect();
        statistic(&taken)
    };
    Some(Resampled::percentile(&plan, Level::P95, of_rows)?.interval)
}

/// The mean of values with its clustered t interval.
pub(super) fn clustered_mean(values: &[f64], units: &[u32]) -> Option<(f64, Option<Interval>)> {
    let mean = unbent_stats::mean(values)?;
    let Ok(clusters) = Clusters::group(values, units) else { return Some((mean, None)) };
    let reach = student_t_critical(Level::P95, clusters.count() as f64 - 1.0) * clusters.standard_error();
    Some((mean, Some(Interval { low: mean - reach, high: mean + reach })))
}
