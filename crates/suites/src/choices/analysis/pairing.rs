//! Two variants on the same tasks and repeats: which trials pair up, and what the pairs say.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::{
    Clusters, Interval, Level, PairedCounts, mcnemar_exact, newcombe_paired_interval, student_t_critical,
};

use super::observed::{Labelled, Trial};
use super::rate::Tally;
use crate::choices::variant::Variant;

/// What pairs say of something that is so or not: the first variant less the second.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired {
    /// The pairs in which both trials have labels that hold.
    pub(super) counts: PairedCounts,
    /// Tasks among them.
    pub(super) tasks: u64,
    /// Newcombe's interval of the difference, as if pairs were independent.
    pub(super) newcombe: Option<Interval>,
    /// The interval of the difference by tasks; none of a single task.
    pub(super) clustered: Option<Interval>,
    /// Pairs that were lost, by the worse of their two trials. `valid` is always zero.
    pub(super) lost: Tally,
    /// Trials of tasks that have both variants whose other trial was not planned.
    pub(super) apart: u64,
}

impl Paired {
    /// Pairs trials of one subject, task and repeat under two variants. Tasks that do not have both are passed over.
    pub(super) fn of<'t>(
        trials: impl IntoIterator<Item = &'t Trial>,
        with: Variant,
        without: Variant,
        hit: impl Fn(&Labelled) -> bool,
    ) -> Self {
        type Key<'t> = (&'t str, usize, u32);
        let mut sides: [BTreeMap<Key<'_>, &Trial>; 2] = Default::default();
        for trial in trials {
            let Some(side) = [with, without].iter().position(|variant| *variant == trial.variant) else {
                continue;
            };
            sides[side].insert((&trial.task, trial.subject, trial.repeat), trial);
        }
        let [first, second] = &sides;
        let tasks = |side: &BTreeMap<Key<'_>, &Trial>| -> BTreeSet<String> {
            side.keys().map(|(task, ..)| (*task).to_owned()).collect()
        };
        let shared: BTreeSet<String> = tasks(first).intersection(&tasks(second)).cloned().collect();
        let mut lost = Tally::default();
        let (mut pairs, mut names, mut apart) = (Vec::new(), Vec::new(), 0);
        let keys: BTreeSet<&Key<'_>> = first.keys().chain(second.keys()).collect();
        for key in keys.into_iter().filter(|(task, ..)| shared.contains(*task)) {
            let (Some(one), Some(other)) = (first.get(key), second.get(key)) else {
                apart += 1;
                continue;
            };
            match (one.valid(), other.valid()) {
                (Some(one), Some(other)) => {
                    pairs.push((hit(one), hit(other)));
                    names.push(key.0);
                }
                (Some(_), None) => *lost.place(other) += 1,
                (None, Some(_)) => *lost.place(one) += 1,
                (None, None) => {
                    let worse = std::cmp::max_by_key(one, other, |trial| badness(trial));
                    *lost.place(worse) += 1;
                }
            }
        }
        let counts = PairedCounts::count(pairs.iter().copied());
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        Self {
            counts,
            tasks: distinct.len() as u64,
            newcombe: newcombe_paired_interval(counts, Level::P95),
            clustered: clustered(&pairs, &names, counts),
            lost,
            apart,
        }
    }

    /// Whether there is anything to tell.
    pub(super) const fn is_empty(&self) -> bool {
        self.lost.missing() == 0
            && self.counts.both + self.counts.only_first + self.counts.only_second + self.counts.neither == 0
    }

    /// The p-value of McNemar's exact test, of any pairs.
    pub(super) fn exact(&self) -> Option<f64> {
        (self.counts.total() > 0).then(|| mcnemar_exact(self.counts).p_value)
    }

    /// How often the first, and how often the second, is so.
    pub(super) fn shares(&self) -> [Option<f64>; 2] {
        let PairedCounts { both, only_first, only_second, .. } = self.counts;
        let n = self.counts.total();
        [both + only_first, both + only_second].map(|hits| (n > 0).then(|| hits as f64 / n as f64))
    }

    /// Whether a difference is shown: by the test, which takes pairs as independent, and by the tasks, which does not.
    pub(super) fn is_shown(&self, adjusted_p: f64) -> bool {
        adjusted_p < 0.05 && self.clustered.is_some_and(|interval| !interval.contains(0.0))
    }
}

/// How much a trial without labels that hold stands for, of two: what is not there at all outweighs what cannot be read.
fn badness(trial: &Trial) -> usize {
    let mut tally = Tally::default();
    *tally.place(trial) += 1;
    let kinds = [tally.valid, tally.unknown, tally.invalid, tally.unscored, tally.unfinished];
    kinds.iter().position(|count| *count > 0).unwrap_or_default()
}

/// The mean difference with Student's quantile over tasks. Where pairs of all tasks differ alike, so that their spread
/// says nothing, each task counts as one pair.
fn clustered(pairs: &[(bool, bool)], names: &[&str], counts: PairedCounts) -> Option<Interval> {
    let difference = |&(first, second): &(bool, bool)| f64::from(i8::from(first) - i8::from(second));
    let values: Vec<f64> = pairs.iter().map(difference).collect();
    let clusters = Clusters::group(&values, names).ok()?;
    let (mean, error, g) = (clusters.mean(), clusters.standard_error(), clusters.count() as u64);
    if error > 1e-12 {
        let half = student_t_critical(Level::P95, g as f64 - 1.0) * error;
        return Some(Interval { low: mean - half, high: mean + half }.clamped(-1.0, 1.0));
    }
    let total = counts.total() as f64;
    let share = |count: u64| ((count as f64 / total * g as f64).round() as u64).min(g);
    let mut once = PairedCounts {
        both: share(counts.both),
        only_first: share(counts.only_first),
        only_second: share(counts.only_second),
        neither: 0,
    };
    once.neither = g.saturating_sub(once.total());
    newcombe_paired_interval(once, Level::P95)
}
