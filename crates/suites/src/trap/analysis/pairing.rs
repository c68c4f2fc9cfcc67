//! Two arms on the same prompts: which pair up, and what the pairs say.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use unbent_stats::{
    Clusters, Equivalence, Interval, Level, PairedCounts, PairedDesign, mcnemar_exact, mcnemar_mid_p,
    newcombe_paired_interval, student_t_critical, tost_paired_proportions, wilson_interval,
};

use super::arms::{Tally, Trial};
use super::observed::{CaseInfo, State};
use super::shares::scaled;
use crate::trap::category::Category;
use crate::trap::class::FailureClass;

/// The power at which a smallest difference is named.
pub(super) const POWER: f64 = 0.8;

/// A prompt that both arms were asked at the same repeat, with both classes where both are known.
#[derive(Debug, Clone, Copy)]
struct Match<'o> {
    case: &'o CaseInfo,
    pair: Result<(FailureClass, FailureClass), Open>,
}

/// Why a match is no pair; of two reasons the later counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Undetermined,
    Unscored,
    Unfinished,
    /// Only one of the arms was asked.
    Apart,
}

/// The prompts of two arms, matched.
#[derive(Debug, Clone)]
pub(super) struct Pairing<'o> {
    matches: Vec<Match<'o>>,
}

impl<'o> Pairing<'o> {
    /// Matches trials of the same prompt and repeat; both come in the order of prompts and repeats.
    pub(super) fn of(first: &[Trial<'o>], second: &[Trial<'o>]) -> Self {
        let key = |trial: &Trial<'_>| (trial.prompt, trial.observation.repeat);
        let mut matches = Vec::with_capacity(first.len().max(second.len()));
        let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
        loop {
            let pair = match (first.peek(), second.peek()) {
                (None, None) => break,
                (Some(one), Some(other)) if key(one) == key(other) => {
                    let matched = Match { case: one.case, pair: classes(one, other) };
                    first.next();
                    second.next();
                    matched
                }
                (Some(one), other) if other.is_none_or(|other| key(one) < key(other)) => {
                    let case = one.case;
                    first.next();
                    Match { case, pair: Err(Open::Apart) }
                }
                (_, Some(other)) => {
                    let case = other.case;
                    second.next();
                    Match { case, pair: Err(Open::Apart) }
                }
                (Some(_), None) => unreachable!("taken above"),
            };
            matches.push(pair);
        }
        Self { matches }
    }

    /// Whether any prompt was put to both.
    pub(super) fn meets(&self) -> bool {
        self.matches.iter().any(|matched| matched.pair != Err(Open::Apart))
    }

    /// The categories in which they meet.
    pub(super) fn categories(&self) -> Vec<Category> {
        let meets = |category: &Category| {
            self.matches.iter().any(|one| one.case.category == *category && one.pair != Err(Open::Apart))
        };
        Category::ALL.into_iter().filter(meets).collect()
    }

    /// The pairs of some cases with both classes.
    pub(super) fn pairs(
        &self,
        keep: impl Fn(&CaseInfo) -> bool,
    ) -> impl Iterator<Item = (&'o CaseInfo, FailureClass, FailureClass)> {
        self.matches.iter().filter(move |matched| keep(matched.case)).filter_map(|matched| {
            let (first, second) = matched.pair.ok()?;
            Some((matched.case, first, second))
        })
    }

    /// What the pairs of some cases say of an outcome.
    pub(super) fn shift(
        &self,
        keep: impl Fn(&CaseInfo) -> bool + Copy,
        hit: impl Fn(FailureClass) -> bool,
    ) -> Shift {
        let (mut open, mut apart) = (Tally::default(), 0);
        for matched in self.matches.iter().filter(|matched| keep(matched.case)) {
            open.n += 1;
            match matched.pair {
                Ok(_) => {}
                Err(Open::Undetermined) => open.undetermined += 1,
                Err(Open::Unscored) => open.unscored += 1,
                Err(Open::Unfinished) => open.unfinished += 1,
                Err(Open::Apart) => (open.n, apart) = (open.n - 1, apart + 1),
            }
        }
        Shift::of(self.pairs(keep).map(|(case, first, second)| (case, hit(first), hit(second))), open, apart)
    }
}

fn classes(one: &Trial<'_>, other: &Trial<'_>) -> Result<(FailureClass, FailureClass), Open> {
    let class = |trial: &Trial<'_>| match &trial.observation.state {
        State::Unfinished => Err(Open::Unfinished),
        State::Unscored(_) => Err(Open::Unscored),
        State::Scored(scored) => scored.verdict().class().ok_or(Open::Undetermined),
    };
    match (class(one), class(other)) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(open), Ok(_)) | (Ok(_), Err(open)) => Err(open),
        (Err(one), Err(other)) => Err(one.max(other)),
    }
}

/// What pairs say of an outcome: first less second.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shift {
    /// Prompts, each counted once however often it was asked: by its first pair.
    pub(super) counts: PairedCounts,
    /// Pairs, repeats and equal prompts included.
    pub(super) pairs: u64,
    /// Templates among them.
    pub(super) clusters: u64,
    /// Newcombe's interval of the difference, as if prompts were independent.
    pub(super) newcombe: Option<Interval>,
    /// The interval at 95 % by clusters over all pairs, prompts weighing alike.
    pub(super) clustered: Option<Interval>,
    /// The same at 90 %, which two one-sided tests at 5 % go by.
    clustered_90: Option<Interval>,
    /// The difference of shares that a run like this finds in four of five cases.
    pub(super) detectable: Option<f64>,
    /// Matches, and those that are no pairs.
    pub(super) open: Tally,
    /// Prompts that only one of the two was asked.
    pub(super) apart: u64,
}

/// What is to be said of two outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// A difference is shown, and not that it is small.
    Different,
    /// A difference is shown, and that it is smaller than the margin.
    DifferentButSmall,
    /// It is shown that they differ by less than the margin.
    Equivalent,
    /// Neither is shown.
    NotShown,
}

impl Finding {
    /// In words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::DifferentButSmall => "different, within the margin",
            Self::Equivalent => "equivalent",
            Self::NotShown => "not shown",
        }
    }
}

/// A prompt's pairs.
struct Prompt {
    cluster: u32,
    first: (bool, bool),
    sum: f64,
    pairs: f64,
}

impl Shift {
    fn of<'o>(pairs: impl Iterator<Item = (&'o CaseInfo, bool, bool)>, open: Tally, apart: u64) -> Self {
        let mut prompts: BTreeMap<(u32, Category), Prompt> = BTreeMap::new();
        let mut total = 0;
        for (case, first, second) in pairs {
            total += 1;
            let prompt = prompts.entry((case.distinct, case.category)).or_insert(Prompt {
                cluster: case.cluster,
                first: (first, second),
                sum: 0.0,
                pairs: 0.0,
            });
            prompt.sum += f64::from(i8::from(first) - i8::from(second));
            prompt.pairs += 1.0;
        }
        let counts = PairedCounts::count(prompts.values().map(|prompt| prompt.first));
        let values: Vec<f64> = prompts.values().map(|prompt| prompt.sum / prompt.pairs).collect();
        let names: Vec<u32> = prompts.values().map(|prompt| prompt.cluster).collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let clusters = Clusters::group(&values, &names).ok();
        let at = |level| clusters.as_ref().map(|clusters| by_clusters(clusters, counts, level));
        Self {
            counts,
            pairs: total,
            clusters: distinct.len() as u64,
            newcombe: newcombe_paired_interval(counts, Level::P95),
            clustered: at(Level::P95),
            clustered_90: at(Level::parse(0.9).expect("0.9 is a level")),
            detectable: detectable(counts, clusters.as_ref()),
            open,
            apart,
        }
    }

    /// The p-value of McNemar's exact test, of any pairs.
    pub(super) fn exact(&self) -> Option<f64> {
        (self.counts.total() > 0).then(|| mcnemar_exact(self.counts).p_value)
    }

    /// The mid-p-value of the same.
    pub(super) fn mid_p(&self) -> Option<f64> {
        (self.counts.total() > 0).then(|| mcnemar_mid_p(self.counts).p_value)
    }

    /// The p-value of two one-sided tests against plus and minus the margin, as a share.
    pub(super) fn equivalence(&self, margin: f64) -> Option<f64> {
        tost_paired_proportions(self.counts, margin).ok().map(Equivalence::p_value)
    }

    /// What is shown at 5 %: a test says so that takes prompts for independent, and an interval that does not.
    pub(super) fn finding(&self, adjusted_p: f64, margin: f64) -> Finding {
        let different = adjusted_p < 0.05 && self.clustered.is_none_or(|interval| !interval.contains(0.0));
        let small = self.equivalence(margin).is_some_and(|p| p < 0.05)
            && self.clustered_90.is_none_or(|interval| interval.low > -margin && interval.high < margin);
        match (different, small) {
            (true, false) => Finding::Different,
            (true, true) => Finding::DifferentButSmall,
            (false, true) => Finding::Equivalent,
            (false, false) => Finding::NotShown,
        }
    }
}

/// The mean difference with Student's quantile; where all prompts differ alike, each cluster counts as one prompt.
fn by_clusters(clusters: &Clusters, counts: PairedCounts, level: Level) -> Interval {
    let (mean, error) = (clusters.mean(), clusters.standard_error());
    let g = clusters.count() as u64;
    if error > 1e-12 {
        let half = student_t_critical(level, g as f64 - 1.0) * error;
        return Interval { low: mean - half, high: mean + half }.clamped(-1.0, 1.0);
    }
    let total = counts.total() as f64;
    let share = |count: u64| scaled(count as f64 / total, g);
    let mut once = PairedCounts {
        both: share(counts.both),
        only_first: share(counts.only_first),
        only_second: share(counts.only_second),
        neither: 0,
    };
    once.neither = g.saturating_sub(once.total());
    newcombe_paired_interval(once, level).expect("there are clusters")
}

fn detectable(counts: PairedCounts, clusters: Option<&Clusters>) -> Option<f64> {
    let n = NonZeroU64::new(counts.total())?;
    let apart = counts.only_first + counts.only_second;
    let discordant = match apart {
        // None differs yet: as many as may.
        0 => wilson_interval(0, n, Level::P95).high,
        apart => apart as f64 / n.get() as f64,
    };
    let effect = clusters.map(Clusters::design_effect).filter(|effect| effect.is_finite());
    let pairs = (n.get() as f64 / effect.unwrap_or(1.0).max(1.0)).round().max(1.0) as u64;
    PairedDesign { pairs, discordant, level: Level::P95 }.minimum_detectable_difference(POWER).ok()
}
