//! The sampling error of a weighted sum of means of parts, from what each trial adds to it.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::EstimateError;

/// What is known of how values, or differences of pairs, vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// The error that follows from it.
    Known(EstimateError),
    /// In every part, all clusters are alike.
    None,
    /// There is nothing to see it by.
    Unknown,
}

/// What one trial adds to a sum: the weight of its part, times how far its value is from the mean of the part, over the
/// number of values of the part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Influence {
    pub(super) part: &'static str,
    pub(super) cluster: u32,
    pub(super) case: u32,
    pub(super) repeat: u32,
    pub(super) points: f64,
}

/// What is drawn: a cluster, or in a part with a single one a trial of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Cluster(u32),
    Trial(u32, u32),
}

/// What the influences sum up to by part and by what is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Influences {
    parts: BTreeMap<&'static str, BTreeMap<Unit, f64>>,
}

/// A variance with the degrees of freedom that it is known with.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Variance {
    /// In squared points.
    pub(super) squared: f64,
    /// The sum over independent terms of their squares over their degrees of freedom.
    of_degrees: f64,
}

impl Variance {
    /// Adds a term that is independent of the others; one that is known has endless degrees of freedom.
    pub(super) fn add(&mut self, squared: f64, degrees_of_freedom: f64) {
        self.squared += squared;
        self.of_degrees += squared * squared / degrees_of_freedom;
    }

    /// Adds a variance that is independent of this one.
    pub(super) fn absorb(&mut self, other: Self) {
        self.squared += other.squared;
        self.of_degrees += other.of_degrees;
    }

    /// The degrees of freedom of the sum (Satterthwaite 1946), none if there is no variance. Past a million they are as good as
    /// endless.
    pub(super) fn degrees_of_freedom(&self) -> Option<f64> {
        (self.squared > 0.0).then(|| (self.squared * self.squared / self.of_degrees).min(ENDLESS))
    }

    /// The error.
    pub(super) fn spread(&self) -> Spread {
        let error = self.squared.sqrt();
        // Below this, what there is comes from rounding.
        let known = self.degrees_of_freedom().filter(|_| error >= 1e-9);
        known.and_then(|degrees| EstimateError::new(error, degrees)).map_or(Spread::None, Spread::Known)
    }
}

const ENDLESS: f64 = 1e6;

impl Influences {
    /// Sums up.
    pub(super) fn of(influences: impl Iterator<Item = Influence> + Clone) -> Self {
        let mut clusters: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for influence in influences.clone() {
            clusters.entry(influence.part).or_default().insert(influence.cluster);
        }
        let mut summed = Self::default();
        for influence in influences {
            let unit = if clusters[influence.part].len() > 1 {
                Unit::Cluster(influence.cluster)
            } else {
                Unit::Trial(influence.case, influence.repeat)
            };
            let units = summed.parts.entry(influence.part).or_default();
            *units.entry(unit).or_default() += influence.points;
        }
        summed
    }

    /// By part, of how many clusters it is, or of how many trials if of a single cluster.
    pub(super) fn units(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.parts.iter().map(|(part, units)| (*part, units.len()))
    }

    /// What is drawn in a part where this cluster and trial is.
    pub(super) fn unit(&self, part: &str, cluster: u32, (case, repeat): (u32, u32)) -> Unit {
        // All of a part are of one kind.
        let of_trials = |units: &BTreeMap<Unit, f64>| matches!(units.keys().next(), Some(Unit::Trial(..)));
        if self.parts.get(part).is_some_and(of_trials) {
            Unit::Trial(case, repeat)
        } else {
            Unit::Cluster(cluster)
        }
    }

    /// The parts that a single trial tells of.
    pub(super) fn lone(&self) -> impl Iterator<Item = &'static str> {
        self.units().filter(|(_, units)| *units < 2).map(|(part, _)| part)
    }

    /// The same with the influences in each part times a factor of its own.
    pub(super) fn scaled(mut self, factor: impl Fn(&str) -> f64) -> Self {
        for (part, units) in &mut self.parts {
            let factor = factor(part);
            for points in units.values_mut() {
                *points *= factor;
            }
        }
        self
    }

    /// The variance of the sum.
    ///
    /// Parts that have clusters in common are a stratum, and strata are independent: the variance is the sum over strata of
    /// the squared sums of influences of each cluster times g / (g - 1) for g clusters (Liang and Zeger 1986; Cochran 1977,
    /// section 11.10), with degrees of freedom by Satterthwaite (1946) over strata, which are clusters less one where
    /// there is one stratum. In a part with a single cluster the trials count each for itself: its error is that of repeats
    /// of what it asks. A part with a single trial shows no spread at all, and has the largest that there can be:
    /// `largest` gives the standard deviation of one trial of it, in points.
    pub(super) fn variance(&self, largest: impl Fn(&str) -> f64) -> Variance {
        let mut variance = Variance::default();
        for part in self.lone() {
            variance.add(largest(part).powi(2), f64::INFINITY);
        }
        for stratum in self.strata() {
            let units = stratum.len() as f64;
            let squares: f64 = stratum.values().map(|points| points * points).sum();
            variance.add(squares * units / (units - 1.0), units - 1.0);
        }
        variance
    }

    /// The influences of parts that have units in common, summed by unit; without parts of a single trial.
    fn strata(&self) -> Vec<BTreeMap<Unit, f64>> {
        let mut strata: Vec<BTreeMap<Unit, f64>> = Vec::new();
        for units in self.parts.values().filter(|units| units.len() > 1) {
            let (joined, apart): (Vec<_>, Vec<_>) =
                strata.into_iter().partition(|stratum| stratum.keys().any(|unit| units.contains_key(unit)));
            let mut stratum = units.clone();
            for (unit, points) in joined.into_iter().flatten() {
                *stratum.entry(unit).or_default() += points;
            }
            strata = apart;
            strata.push(stratum);
        }
        strata
    }
}

#[cfg(test)]
mod tests {
    use unbent_stats::EstimateError;

    use super::{Influence, Influences, Spread};

    fn influence(part: &'static str, cluster: u32, repeat: u32, points: f64) -> Influence {
        Influence { part, cluster, case: cluster, repeat, points }
    }

    fn of(influences: &[Influence]) -> Influences {
        Influences::of(influences.iter().copied())
    }

    fn known(spread: Spread) -> (f64, f64) {
        match spread {
            Spread::Known(error) => (error.standard_error(), EstimateError::degrees_of_freedom(error)),
            other => panic!("{other:?}"),
        }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn parts_with_clusters_in_common_are_one_stratum_and_others_are_strata_of_their_own() {
        let common = [("a", 1, 3.0), ("a", 2, -3.0), ("b", 1, 4.0), ("b", 2, -4.0)];
        let common = common.map(|(part, cluster, points)| influence(part, cluster, 1, points));
        // Sums of 7 and -7: 98 times 2 / 1.
        let (error, degrees) = known(of(&common).variance(|_| 0.0).spread());
        assert!(near(error, 14.0) && near(degrees, 1.0), "{error} {degrees}");
        let apart = common
            .map(|one| Influence { cluster: one.cluster + if one.part == "b" { 10 } else { 0 }, ..one });
        // Squares of 18 and 32, times 2.
        let (error, degrees) = known(of(&apart).variance(|_| 0.0).spread());
        assert!(near(error, 10.0), "{error}");
        assert!(near(degrees, 10_000.0 / (36.0_f64.powi(2) + 64.0_f64.powi(2))), "{degrees}");
    }

    #[test]
    fn one_cluster_has_the_error_of_its_trials_and_one_trial_the_largest_there_is() {
        let trials = [influence("a", 1, 1, 2.0), influence("a", 1, 2, -2.0)];
        let (error, degrees) = known(of(&trials).variance(|_| 0.0).spread());
        assert!(near(error, 4.0) && near(degrees, 1.0), "{error} {degrees}");
        let lone = of(&trials[..1]);
        assert_eq!(lone.lone().collect::<Vec<_>>(), ["a"]);
        let (error, degrees) = known(lone.variance(|_| 25.0).spread());
        assert!(near(error, 25.0) && near(degrees, 1e6), "{error} {degrees}");
    }

    #[test]
    fn what_does_not_vary_has_no_spread() {
        let flat = [influence("a", 1, 1, 0.0), influence("a", 2, 1, 0.0)];
        assert_eq!(of(&flat).variance(|_| 1.0).spread(), Spread::None);
    }
}
