//! From verdicts to a metric's value, interval and bounds, by either method.
//!
//! A metric is a weighted sum of shares ([`Term`]). *Published* counts trials and takes Wilson's interval at 1.96, as the
//! reference does. *Corrected* counts equal prompts once, clusters them by template, and says how far the verdicts that
//! are missing could move the value. See `docs/method/trap-metrics.md`.

use std::collections::{BTreeSet, HashMap};

use unbent_stats::{Interval, Level, ShareUnit, clustered_share, combined_interval};

use super::metrics::{Counting, Metric, Sizes};
use super::observed::{CaseInfo, Observation, State};
use crate::kit::Method;
use crate::trap::category::Category;
use crate::trap::class::{FailureClass, Verdict};
use crate::trap::condition::Condition;
use crate::trap::reference::Rate;

/// A metric of a subject, by one method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// What is estimated.
    pub metric: Metric,
    /// How.
    pub method: Method,
    /// Trials that are hits; of a sum of shares, those that speak for the subject in any of them.
    pub hits: u64,
    /// Trials with a class in the denominator.
    pub n: u64,
    /// The value, over what was determined; none if nothing was, or if the metric is not defined for these cases.
    pub value: Option<f64>,
    /// The 95 % interval; the corrected one holds the bounds.
    pub interval: Option<Interval>,
    /// Where the value lies whatever the missing verdicts would have been; none by the published method.
    pub bounds: Option<Interval>,
    /// How many independent cases the interval takes the prompts for; none for a sum of several shares.
    pub effective: Option<f64>,
    /// The cases that the metric is about.
    pub population: Sizes,
}

/// A share that is a part of a metric.
#[derive(Clone, Copy)]
pub(super) struct Term {
    /// What it is multiplied by; negative for a share that speaks against the subject.
    pub(super) weight: f64,
    /// What each class counts for.
    pub(super) counts: Counting,
    /// Whether the cases of a category belong to it.
    pub(super) holds: fn(Category) -> bool,
    /// The one category whose cases belong to it, if it is one.
    pub(super) only: Option<Category>,
}

impl Term {
    fn has(&self, unit: &Unit) -> bool {
        self.only.is_none_or(|only| unit.category == only) && (self.holds)(unit.category)
    }
}

/// The trials of one prompt under one condition: repeats, and prompts that differ in case and punctuation only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) category: Category,
    cluster: u32,
    /// Trials by class, in the order of [`FailureClass::ALL`].
    pub(super) classes: [u32; FailureClass::ALL.len()],
    undetermined: u32,
    unscored: u32,
    unfinished: u32,
}

impl Unit {
    fn determined(&self) -> u32 {
        self.classes.iter().sum()
    }

    fn missing(&self) -> u32 {
        self.undetermined + self.unscored + self.unfinished
    }

    /// Hits and cases among its trials with a class.
    fn count(&self, counts: Counting) -> (u32, u32) {
        let each = FailureClass::ALL.into_iter().zip(self.classes);
        each.fold((0, 0), |(hits, cases), (class, n)| match counts(class) {
            Some(hit) => (hits + if hit { n } else { 0 }, cases + n),
            None => (hits, cases),
        })
    }
}

/// Puts the trials of equal prompts together, in the order of first sight.
pub(super) fn units<'a>(trials: impl IntoIterator<Item = (&'a CaseInfo, &'a Observation)>) -> Vec<Unit> {
    let mut places: HashMap<(u32, Condition, Category), usize> = HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for (case, trial) in trials {
        let place = *places.entry((case.distinct, case.condition, case.category)).or_insert(units.len());
        if place == units.len() {
            let (category, cluster) = (case.category, case.cluster);
            units.push(Unit {
                category,
                cluster,
                classes: [0; FailureClass::ALL.len()],
                undetermined: 0,
                unscored: 0,
                unfinished: 0,
            });
        }
        let unit = &mut units[place];
        match &trial.state {
            State::Scored(scored) => match scored.verdict().class() {
                Some(class) => unit.classes[class as usize] += 1,
                None => unit.undetermined += 1,
            },
            State::Unscored(_) => unit.unscored += 1,
            State::Unfinished => unit.unfinished += 1,
        }
    }
    units
}

/// The categories that occur, in their order.
pub(super) fn occurring(units: &[Unit]) -> Vec<Category> {
    let found: BTreeSet<Category> = units.iter().map(|unit| unit.category).collect();
    found.into_iter().collect()
}

/// Sums over units.
pub(super) fn sizes<'a>(units: impl Iterator<Item = &'a Unit>) -> Sizes {
    let (mut sizes, mut clusters) = (Sizes::default(), BTreeSet::new());
    for unit in units {
        sizes.prompts += 1;
        sizes.determined += u64::from(unit.determined());
        sizes.undetermined += u64::from(unit.undetermined);
        sizes.unscored += u64::from(unit.unscored);
        sizes.unfinished += u64::from(unit.unfinished);
        clusters.insert(unit.cluster);
    }
    sizes.trials = sizes.determined + sizes.missing();
    sizes.clusters = clusters.len() as u64;
    sizes
}

/// How often a verdict was given, of all trials with scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerdictShare {
    /// Trials.
    pub count: u64,
    /// The share, with equal prompts counted once; none if there are no trials with scores.
    pub value: Option<f64>,
    /// Its 95 % interval, clustered by template.
    pub interval: Option<Interval>,
}

/// How often a verdict was given.
pub(super) fn verdict_share(verdict: Verdict, units: &[Unit]) -> VerdictShare {
    let of = |unit: &Unit| match verdict {
        Verdict::Class(class) => unit.classes[class as usize],
        Verdict::Undetermined => unit.undetermined,
    };
    let scored = units.iter().filter(|unit| unit.determined() + unit.undetermined > 0);
    let shares: Vec<_> = scored
        .map(|unit| ShareUnit {
            hits: f64::from(of(unit)) / f64::from(unit.determined() + unit.undetermined),
            size: 1.0,
            cluster: unit.cluster,
        })
        .collect();
    let share = clustered_share(&shares, Level::P95);
    VerdictShare {
        count: units.iter().map(|unit| u64::from(of(unit))).sum(),
        value: share.map(|share| share.share),
        interval: share.map(|share| share.interval),
    }
}

/// A metric by a method.
pub(super) fn estimate(metric: Metric, method: Method, units: &[Unit]) -> Estimate {
    of_terms(metric, method, &metric.terms(method, &occurring(units)), units)
}

/// The sum of these terms by a method. `metric` is what the sum is called, and says within which range it lies.
pub(super) fn of_terms(metric: Metric, method: Method, terms: &[Term], units: &[Unit]) -> Estimate {
    let population = sizes(units.iter().filter(|unit| terms.iter().any(|term| term.has(unit))));
    let (mut hits, mut n) = (0, 0);
    for term in terms {
        let (of_term, cases) = count(term, units);
        hits += if term.weight < 0.0 { cases - of_term } else { of_term };
        n += cases;
    }
    let shares: Vec<Share> = match method {
        Method::Published => terms.iter().filter_map(|term| published(term, units)).collect(),
        Method::Corrected => terms.iter().filter_map(|term| corrected(term, units)).collect(),
    };
    let shares = reweighted(terms, &shares);
    let parts: Vec<_> = shares.iter().map(|share| (share.term.weight, share.value, share.interval)).collect();
    let least = if metric == Metric::Discrimination { -1.0 } else { 0.0 };
    let value =
        (!shares.is_empty()).then(|| parts.iter().map(|(weight, value, _)| weight * value).sum::<f64>());
    let sampling = value.map(|_| match parts.as_slice() {
        [(_, _, interval)] => *interval,
        parts => combined_interval(parts).clamped(least, 1.0),
    });
    let bounds = (method == Method::Corrected).then(|| bounds(terms, units)).flatten();
    let interval = match (value, sampling, bounds) {
        // The interval of what is identified, widened by sampling error: Horowitz and Manski (2000).
        (Some(value), Some(sampling), Some(bounds)) => Some(
            Interval {
                low: sampling.low + (bounds.low - value).min(0.0),
                high: sampling.high + (bounds.high - value).max(0.0),
            }
            .clamped(least, 1.0),
        ),
        (_, sampling, bounds) => sampling.or(bounds),
    };
    let effective = match shares.as_slice() {
        [share] => share.effective,
        _ => None,
    };
    Estimate { metric, method, hits, n, value, interval, bounds, effective, population }
}

/// A share as estimated.
#[derive(Clone, Copy)]
struct Share {
    term: Term,
    value: f64,
    interval: Interval,
    effective: Option<f64>,
}

/// Hits and cases of a term over all trials with a class.
fn count(term: &Term, units: &[Unit]) -> (u64, u64) {
    let of_term = units.iter().filter(|unit| term.has(unit)).map(|unit| unit.count(term.counts));
    of_term.fold((0, 0), |sums, (hits, cases)| (sums.0 + u64::from(hits), sums.1 + u64::from(cases)))
}

fn published(term: &Term, units: &[Unit]) -> Option<Share> {
    let (hits, n) = count(term, units);
    let interval = Rate { hits, n }.interval()?;
    Some(Share { term: *term, value: hits as f64 / n as f64, interval, effective: Some(n as f64) })
}

fn corrected(term: &Term, units: &[Unit]) -> Option<Share> {
    let unit = |unit: &Unit| {
        let determined = f64::from(unit.determined());
        let (hits, cases) = unit.count(term.counts);
        (determined > 0.0).then(|| ShareUnit {
            hits: f64::from(hits) / determined,
            size: f64::from(cases) / determined,
            cluster: unit.cluster,
        })
    };
    let units: Vec<_> = units.iter().filter(|unit| term.has(unit)).filter_map(unit).collect();
    let share = clustered_share(&units, Level::P95)?;
    Some(Share {
        term: *term,
        value: share.share,
        interval: share.interval,
        effective: Some(share.effective_size),
    })
}

/// The shares with the weights of those terms that have none spread over the others of their sign; of a pole that has
/// none, nothing is left.
fn reweighted(terms: &[Term], shares: &[Share]) -> Vec<Share> {
    let group = |term: &Term| (term.weight > 0.0, term.only.map(Category::pole));
    let weight = |of: &mut dyn Iterator<Item = &Term>, term: &Term| -> f64 {
        of.filter(|other| group(other) == group(term)).map(|other| other.weight).sum()
    };
    let is_whole = terms.iter().all(|term| shares.iter().any(|share| group(&share.term) == group(term)));
    if !is_whole {
        return Vec::new();
    }
    let scaled = |share: &Share| {
        let planned = weight(&mut terms.iter(), &share.term);
        let there = weight(&mut shares.iter().map(|share| &share.term), &share.term);
        let term = Term { weight: share.term.weight * planned / there, ..share.term };
        Share { term, ..*share }
    };
    shares.iter().map(scaled).collect()
}

/// Where the sum lies whatever the missing verdicts would have been: each a case that is no hit, or one that is.
fn bounds(terms: &[Term], units: &[Unit]) -> Option<Interval> {
    let mut bounds = Interval { low: 0.0, high: 0.0 };
    for term in terms {
        let (mut hits, mut missed, mut cases) = (0.0, 0.0, 0.0);
        for unit in units.iter().filter(|unit| term.has(unit)) {
            let missing = f64::from(unit.missing());
            let all = f64::from(unit.determined()) + missing;
            let (hit, case) = unit.count(term.counts);
            hits += f64::from(hit) / all;
            missed += missing / all;
            cases += (f64::from(case) + missing) / all;
        }
        if cases == 0.0 {
            return None;
        }
        let [worst, best] = [hits / cases, (hits + missed) / cases].map(|share| term.weight * share);
        bounds.low += worst.min(best);
        bounds.high += worst.max(best);
    }
    (!terms.is_empty()).then_some(bounds)
}
