//! Shares and differences of shares with intervals that know that prompts of one template resemble each other.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use unbent_report::Cell;
use unbent_stats::{Interval, Level, ShareUnit, clustered_share, newcombe_interval, student_t_critical};

/// A share of trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Trials that count.
    pub(super) hits: u64,
    /// Trials.
    pub(super) n: u64,
    /// Its interval by clusters of templates, of any trials: [`clustered_share()`].
    pub(super) interval: Option<Interval>,
}

impl Rate {
    /// The share of hits among trials that are given by their cluster.
    pub(super) fn of(trials: impl IntoIterator<Item = (u32, bool)>) -> Self {
        let unit = |(cluster, hit)| ShareUnit { hits: f64::from(u8::from(hit)), size: 1.0, cluster };
        let units: Vec<ShareUnit> = trials.into_iter().map(unit).collect();
        Self {
            hits: units.iter().filter(|unit| unit.hits > 0.0).count() as u64,
            n: units.len() as u64,
            interval: clustered_share(&units, Level::P95).map(|share| share.interval),
        }
    }

    /// The share, of any trials.
    pub(super) fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.hits as f64 / self.n as f64)
    }

    /// The share and its interval in percent.
    pub(super) fn cells(&self) -> [Cell; 2] {
        [percent(self.share()), range(self.interval)]
    }
}

/// A share or a difference of shares in percent or points.
pub(super) fn percent(share: Option<f64>) -> Cell {
    Cell::number(share.map(|share| share * 100.0), 1)
}

/// Its interval.
pub(super) fn range(interval: Option<Interval>) -> Cell {
    interval.map_or(Cell::Missing, |interval| Cell::Range(interval.low * 100.0, interval.high * 100.0, 1))
}

/// A p-value.
pub(super) fn p_value(p: Option<f64>) -> Cell {
    Cell::number(p, 4)
}

/// A count of clusters as an interval needs it.
pub(super) fn scaled(share: f64, clusters: u64) -> u64 {
    ((share * clusters as f64).round() as u64).min(clusters)
}

/// A trial of one of two sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// What it is compared within, such as its family.
    pub(super) stratum: u32,
    /// Whether it is of the first set.
    pub(super) first: bool,
    /// Whether it counts.
    pub(super) hit: bool,
    /// Its cluster.
    pub(super) cluster: u32,
}

/// The share in a first set less that in a second, of different trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contrast {
    /// Hits and trials of the first.
    pub(super) first: (u64, u64),
    /// Hits and trials of the second.
    pub(super) second: (u64, u64),
    /// The difference, within strata.
    pub(super) difference: f64,
    /// Newcombe's interval of the difference of the pooled shares, as if all trials were independent.
    pub(super) newcombe: Interval,
    /// The interval of the difference within strata by clusters.
    pub(super) clustered: Option<Interval>,
}

/// Compares two sets within the strata in which both occur; none where there is no such stratum.
///
/// Each stratum's difference weighs `n m / (n + m)` (Mantel and Haenszel's weights of a risk difference: Greenland and
/// Robins 1985, Biometrics 41, 55). The spread is that of the influence of each cluster, as in [`unbent_stats::Clusters`]; where there is
/// none, each cluster counts as one trial.
pub(super) fn contrast(members: &[Member]) -> Option<Contrast> {
    let mut strata: BTreeMap<u32, [(u64, u64); 2]> = BTreeMap::new();
    for member in members {
        let set = &mut strata.entry(member.stratum).or_default()[usize::from(!member.first)];
        set.0 += u64::from(member.hit);
        set.1 += 1;
    }
    strata.retain(|_, sets| sets.iter().all(|(_, n)| *n > 0));
    let weight = |[(_, n), (_, m)]: &[(u64, u64); 2]| (n * m) as f64 / (n + m) as f64;
    let total: f64 = strata.values().map(weight).sum();
    let share = |(hits, n): (u64, u64)| hits as f64 / n as f64;
    let difference =
        strata.values().map(|sets| weight(sets) * (share(sets[0]) - share(sets[1]))).sum::<f64>() / total;
    let pooled = |set: usize| {
        let sum = |of: fn(&(u64, u64)) -> u64| strata.values().map(|sets| of(&sets[set])).sum();
        (sum(|counts| counts.0), sum(|counts| counts.1))
    };
    let (first, second) = (pooled(0), pooled(1));
    let sized = |(hits, n): (u64, u64)| Some((hits, NonZeroU64::new(n)?));
    let newcombe = newcombe_interval(sized(first)?, sized(second)?, Level::P95);

    let mut influence: BTreeMap<u32, f64> = BTreeMap::new();
    let mut in_set = [BTreeSet::new(), BTreeSet::new()];
    for member in members {
        let Some(sets) = strata.get(&member.stratum) else { continue };
        let set = usize::from(!member.first);
        let apart = f64::from(u8::from(member.hit)) - share(sets[set]);
        let sign = if member.first { 1.0 } else { -1.0 };
        *influence.entry(member.cluster).or_default() +=
            sign * weight(sets) / total * apart / sets[set].1 as f64;
        in_set[set].insert(member.cluster);
    }
    let g = influence.len() as f64;
    let error = (influence.values().map(|value| value * value).sum::<f64>() * g / (g - 1.0)).sqrt();
    let clustered = (influence.len() > 1).then(|| {
        if error > 1e-12 {
            let half = student_t_critical(Level::P95, g - 1.0) * error;
            Interval { low: difference - half, high: difference + half }.clamped(-1.0, 1.0)
        } else {
            let of = |counts, clusters: &BTreeSet<u32>| {
                let clusters = clusters.len() as u64;
                (scaled(share(counts), clusters), NonZeroU64::new(clusters).expect("both sets have trials"))
            };
            newcombe_interval(of(first, &in_set[0]), of(second, &in_set[1]), Level::P95)
        }
    });
    Some(Contrast { first, second, difference, newcombe, clustered })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn members(stratum: u32, first: bool, hits: usize, n: usize, from: u32) -> Vec<Member> {
        (0..n).map(|at| Member { stratum, first, hit: at < hits, cluster: from + at as u32 }).collect()
    }

    #[test]
    fn of_one_stratum_the_difference_is_that_of_the_shares() {
        let all = [members(0, true, 6, 10, 0), members(0, false, 2, 8, 100)].concat();
        let got = contrast(&all).unwrap();
        assert_eq!((got.first, got.second), ((6, 10), (2, 8)));
        assert!((got.difference - 0.35).abs() < 1e-12);
        // Single trials: the usual error of two shares, times 18/17 for the clusters.
        let variance = (0.6 * 0.4 / 10.0 + 0.25 * 0.75 / 8.0) * 18.0 / 17.0;
        let half = student_t_critical(Level::P95, 17.0) * f64::sqrt(variance);
        let clustered = got.clustered.unwrap();
        assert!(
            (clustered.low - (0.35 - half)).abs() < 1e-12 && (clustered.high - (0.35 + half)).abs() < 1e-12
        );
    }

    // Two families, each without any difference, in which forms stand mostly in the one where all fail.
    #[test]
    fn what_only_the_mixture_makes_is_no_difference() {
        let all = [
            members(0, true, 18, 18, 0),
            members(0, false, 2, 2, 100),
            members(1, true, 0, 2, 200),
            members(1, false, 0, 18, 300),
            members(2, true, 1, 1, 400),
        ]
        .concat();
        let got = contrast(&all).unwrap();
        assert!(got.difference.abs() < 1e-12);
        assert_eq!((got.first, got.second), ((18, 20), (2, 20)));
        assert!(contrast(&members(0, true, 1, 5, 0)).is_none());
    }

    #[test]
    fn where_nothing_differs_a_cluster_counts_once() {
        let mut all = [members(0, true, 0, 30, 0), members(0, false, 0, 30, 100)].concat();
        for member in &mut all {
            member.cluster /= 10;
        }
        let got = contrast(&all).unwrap().clustered.unwrap();
        let three = NonZeroU64::new(3).unwrap();
        assert_eq!(got, newcombe_interval((0, three), (0, three), Level::P95));
    }

    #[test]
    fn a_rate_of_one_cluster_tells_as_much_as_one_trial() {
        let rate = Rate::of([(4, true), (4, true)]);
        assert_eq!(rate.share(), Some(1.0));
        assert!((rate.interval.unwrap().low - 0.025).abs() < 1e-12, "{rate:?}");
        assert_eq!(Rate::of([]), Rate { hits: 0, n: 0, interval: None });
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_difference_and_turns_with_it(rows in prop::collection::vec((0u32..3, any::<bool>(), any::<bool>(), 0u32..20), 4..60)) {
            let all: Vec<Member> = rows.into_iter().map(|(stratum, first, hit, cluster)| Member { stratum, first, hit, cluster }).collect();
            if let Some(got) = contrast(&all) {
                let turned: Vec<Member> = all.iter().map(|member| Member { first: !member.first, ..*member }).collect();
                let other = contrast(&turned).unwrap();
                prop_assert!((got.difference + other.difference).abs() < 1e-12);
                if let (Some(one), Some(other)) = (got.clustered, other.clustered) {
                    prop_assert!((one.low + other.high).abs() < 1e-9);
                    prop_assert!(one.low - 1e-9 <= got.difference || one.width() > 0.0);
                }
            }
        }
    }
}
