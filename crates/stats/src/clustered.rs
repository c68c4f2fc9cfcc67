//! Means of values that come in clusters, such as cases that share a prompt: values of one cluster tell less than as many
//! independent ones.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use thiserror::Error;

use crate::bootstrap::ResamplePlan;
use crate::draws::Draws;
use crate::interval::{Interval, Level};
use crate::resampled::{bca_interval, percentile_interval};

/// Why a clustered mean cannot be estimated.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterError {
    /// Values and cluster names differ in number.
    #[error("{values} values have {clusters} clusters named: each value needs one")]
    Lengths {
        /// How many values.
        values: usize,
        /// How many names.
        clusters: usize,
    },
    /// A spread between clusters needs two.
    #[error("{found} clusters are too few: at least 2 are needed")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// A resample plan for another number of clusters.
    #[error("resample plan is for {expected} clusters, there are {found}")]
    Plan {
        /// The plan's number.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

/// Values by cluster: what a cluster's mean needs, and no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// Sum, sum of squares and number of values of each cluster, by ascending name.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    sum: f64,
    squares: f64,
    size: f64,
}

impl Clusters {
    /// Groups `values` by the cluster named beside each.
    ///
    /// # Errors
    ///
    /// When the lengths differ or there are fewer than two clusters.
    pub fn group<K: Ord>(values: &[f64], clusters: &[K]) -> Result<Clusters, ClusterError> {
        if values.len() != clusters.len() {
            return Err(ClusterError::Lengths { values: values.len(), clusters: clusters.len() });
        }
        let mut parts: BTreeMap<&K, Part> = BTreeMap::new();
        for (value, cluster) in values.iter().zip(clusters) {
            let part = parts.entry(cluster).or_default();
            part.sum += value;
            part.squares += value * value;
            part.size += 1.0;
        }
        if parts.len() < 2 {
            return Err(ClusterError::TooFew { found: parts.len() });
        }
        Ok(Clusters { parts: parts.into_values().collect() })
    }

    /// Returns the number of clusters.
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Returns the number of values.
    pub fn values(&self) -> f64 {
        self.parts.iter().map(|part| part.size).sum()
    }

    /// Returns the mean of all values.
    pub fn mean(&self) -> f64 {
        ratio(self.parts.iter())
    }

    /// Returns the standard error of the mean for clusters drawn independently, whatever goes on within them.
    ///
    /// The root of the squared sums of deviations by cluster over `n`, as in Miller (2024), "Adding Error Bars to Evals"
    /// (after Liang and Zeger 1986), times `g / (g - 1)` for `g` clusters, so that clusters of one value give the
    /// usual standard error. Too small for fewer than about 30 clusters; take Student's quantile with `g - 1` degrees.
    pub fn standard_error(&self) -> f64 {
        let (centre, n, g) = (self.mean(), self.values(), self.parts.len() as f64);
        let squares: f64 = self.parts.iter().map(|part| (part.sum - part.size * centre).powi(2)).sum();
        (squares * g / (g - 1.0)).sqrt() / n
    }

    /// Returns the standard error that the same values would have if none belonged together: `s / √n`.
    pub fn independent_standard_error(&self) -> f64 {
        let n = self.values();
        (self.total_squares() / (n - 1.0) / n).sqrt()
    }

    /// Returns how many times the clusters multiply the variance of the mean (Kish 1965); NaN of values without spread.
    pub fn design_effect(&self) -> f64 {
        (self.standard_error() / self.independent_standard_error()).powi(2)
    }

    /// Returns how many independent values would tell as much: `n` over the design effect.
    pub fn effective_size(&self) -> f64 {
        self.values() / self.design_effect()
    }

    /// Returns how much alike values of one cluster are: 1 if equal, 0 if no more than others, below 0 if less.
    ///
    /// The estimator of one-way analysis of variance for clusters of unequal size (Donner 1986); `None` where every cluster
    /// has one value or the values have no spread.
    pub fn intraclass_correlation(&self) -> Option<f64> {
        let (n, g) = (self.values(), self.parts.len() as f64);
        let within: f64 = self.parts.iter().map(|part| part.squares - part.sum * part.sum / part.size).sum();
        let between = self.total_squares() - within;
        let typical = (n - self.parts.iter().map(|part| part.size * part.size).sum::<f64>() / n) / (g - 1.0);
        let (between, within) = (between / (g - 1.0), within / (n - g));
        let whole = between + (typical - 1.0) * within;
        (n > g && whole > 0.0).then(|| (between - within) / whole)
    }

    /// Returns the percentile interval of the mean over resampled clusters, each kept whole.
    ///
    /// # Errors
    ///
    /// When the plan is for another number of clusters.
    pub fn percentile_interval(&self, plan: &ResamplePlan, level: Level) -> Result<Interval, ClusterError> {
        let means = self.resampled_means(plan)?;
        Ok(percentile_interval(means, level).expect("a plan has resamples"))
    }

    /// Returns the bias-corrected and accelerated interval of the mean over resampled clusters, each kept whole; `None`
    /// where it does not exist; see [`bca_interval`].
    ///
    /// # Errors
    ///
    /// When the plan is for another number of clusters.
    pub fn bca_interval(&self, plan: &ResamplePlan, level: Level) -> Result<Option<Interval>, ClusterError> {
        Ok(bca_interval(self.mean(), self.resampled_means(plan)?, &self.left_out(), level))
    }

    /// Returns the interval of [`Clusters::percentile_interval`] over resamples that are drawn on the way, for samples whose
    /// plan would be large.
    pub fn drawn_percentile_interval(&self, draws: &Draws, level: Level) -> Interval {
        percentile_interval(self.drawn_means(draws), level).expect("there are resamples")
    }

    /// Returns the interval of [`Clusters::bca_interval`] over resamples that are drawn on the way, for samples whose plan
    /// would be large.
    pub fn drawn_bca_interval(&self, draws: &Draws, level: Level) -> Option<Interval> {
        bca_interval(self.mean(), self.drawn_means(draws), &self.left_out(), level)
    }

    /// The mean without each cluster.
    fn left_out(&self) -> Vec<f64> {
        let (sum, n) = (self.mean() * self.values(), self.values());
        self.parts.iter().map(|part| (sum - part.sum) / (n - part.size)).collect()
    }

    fn drawn_means(&self, draws: &Draws) -> Vec<f64> {
        let count = u32::try_from(self.parts.len()).ok().and_then(NonZeroU32::new);
        let count = count.expect("fewer clusters than fit into memory, and at least two");
        draws.each(|stream| {
            let drawn = stream.positions(count).take(self.parts.len());
            ratio(drawn.map(|position| &self.parts[position]))
        })
    }

    fn resampled_means(&self, plan: &ResamplePlan) -> Result<Vec<f64>, ClusterError> {
        let expected = plan.size().get() as usize;
        if expected != self.parts.len() {
            return Err(ClusterError::Plan { expected, found: self.parts.len() });
        }
        Ok(plan.each(|rows| ratio(rows.iter().map(|&row| &self.parts[row as usize]))))
    }

    /// The sum of squared deviations from the mean of all values.
    fn total_squares(&self) -> f64 {
        let (centre, n) = (self.mean(), self.values());
        (self.parts.iter().map(|part| part.squares).sum::<f64>() - n * centre * centre).max(0.0)
    }
}

fn ratio<'a>(parts: impl Iterator<Item = &'a Part>) -> f64 {
    let (sum, size) = parts.fold((0.0, 0.0), |(sum, size), part| (sum + part.sum, size + part.size));
    sum / size
}

/// Returns how many independent values as many clusters of these sizes are worth if values of one cluster are all equal:
/// `(Σm)² / Σm²` (Kish 1965, for weights). Zero of no values.
pub fn kish_effective_size(sizes: &[u64]) -> f64 {
    let sum: f64 = sizes.iter().map(|&size| size as f64).sum();
    let squares: f64 = sizes.iter().map(|&size| (size as f64).powi(2)).sum();
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// Returns how many times clusters of these sizes multiply the variance of a mean if the values of one have the given
/// intraclass correlation: `1 + (Σm² / Σm - 1) ρ` (Kish 1965). 1 of no values.
pub fn design_effect(sizes: &[u64], intraclass_correlation: f64) -> f64 {
    let sum: f64 = sizes.iter().map(|&size| size as f64).sum();
    let squares: f64 = sizes.iter().map(|&size| (size as f64).powi(2)).sum();
    if sum > 0.0 { 1.0 + (squares / sum - 1.0) * intraclass_correlation } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::sample_std_dev;
    use crate::python_random::PythonRandom;
    use crate::student::student_t_critical;
    use proptest::prelude::*;

    fn plan(size: usize) -> ResamplePlan {
        let count = |n: usize| NonZeroU32::new(u32::try_from(n).unwrap()).unwrap();
        ResamplePlan::new(count(size), count(2000), 42)
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        assert_eq!(Clusters::group(&[1.0], &[0, 1]), Err(ClusterError::Lengths { values: 1, clusters: 2 }));
        let error = Clusters::group(&[1.0, 2.0], &["a", "a"]).unwrap_err();
        assert_eq!(error.to_string(), "1 clusters are too few: at least 2 are needed");
        let two = Clusters::group(&[1.0, 2.0], &[0, 1]).unwrap();
        assert_eq!(
            two.percentile_interval(&plan(3), Level::P95),
            Err(ClusterError::Plan { expected: 3, found: 2 })
        );
        assert_eq!(two.intraclass_correlation(), None);
        let flat = Clusters::group(&[1.0, 1.0], &[0, 1]).unwrap();
        assert_eq!(flat.bca_interval(&plan(2), Level::P95).unwrap(), Some(Interval { low: 1.0, high: 1.0 }));
    }

    #[test]
    fn repeats_of_one_answer_count_once() {
        let values: Vec<f64> = (0..40).map(|at| f64::from(u8::from(at % 3 == 0))).collect();
        let names: Vec<usize> = (0..40).collect();
        let once = Clusters::group(&values, &names).unwrap();
        let four = Clusters::group(&values.repeat(4), &names.repeat(4)).unwrap();
        assert!((once.standard_error() - four.standard_error()).abs() < 1e-12);
        assert!((four.intraclass_correlation().unwrap() - 1.0).abs() < 1e-12);
        assert!((design_effect(&[4; 40], 1.0) - 4.0).abs() < 1e-12);
        assert!((kish_effective_size(&[4; 40]) - 40.0).abs() < 1e-12);
        assert!((four.effective_size() - 40.0).abs() < 1.5, "{}", four.effective_size());
        let one = once.percentile_interval(&plan(40), Level::P95).unwrap();
        let other = four.percentile_interval(&plan(40), Level::P95).unwrap();
        assert!((one.low - other.low).abs() < 1e-12 && (one.high - other.high).abs() < 1e-12);
    }

    /// How often 0.95 intervals hold a mean of zero: by clusters, and as if all values were independent. 40 clusters of
    /// five, half of whose variance is common, in 1,000 samples.
    #[test]
    fn intervals_by_clusters_hold_the_mean_where_others_do_not() {
        let mut random = PythonRandom::new(3);
        let mut about_normal = || (0..12).map(|_| random.random()).sum::<f64>() - 6.0;
        let names: Vec<usize> = (0..200).map(|at| at / 5).collect();
        let (mut by_clusters, mut as_if_independent) = (0, 0);
        for _ in 0..1000 {
            let common: Vec<f64> = (0..40).map(|_| about_normal()).collect();
            let values: Vec<f64> = names.iter().map(|&name| common[name] + about_normal()).collect();
            let clusters = Clusters::group(&values, &names).unwrap();
            let holds = |error: f64| clusters.mean().abs() <= student_t_critical(Level::P95, 39.0) * error;
            by_clusters += u32::from(holds(clusters.standard_error()));
            as_if_independent += u32::from(holds(clusters.independent_standard_error()));
        }
        assert!((935..=965).contains(&by_clusters), "{by_clusters}");
        assert!(as_if_independent < 800, "{as_if_independent}");
    }

    proptest! {
        #[test]
        fn clusters_of_one_value_give_the_usual_standard_error(values in prop::collection::vec(-50.0f64..50.0, 2..30)) {
            let names: Vec<usize> = (0..values.len()).collect();
            let clusters = Clusters::group(&values, &names).unwrap();
            let usual = sample_std_dev(&values).unwrap() / (values.len() as f64).sqrt();
            prop_assert!((clusters.standard_error() - usual).abs() < 1e-9);
        }

        #[test]
        fn renaming_clusters_changes_nothing(rows in prop::collection::vec((-5.0f64..5.0, 0u32..6), 8..40)) {
            let (values, names): (Vec<f64>, Vec<u32>) = rows.into_iter().unzip();
            let renamed: Vec<u32> = names.iter().map(|name| 100 - name).collect();
            if let Ok(one) = Clusters::group(&values, &names) {
                let other = Clusters::group(&values, &renamed).unwrap();
                prop_assert!((one.standard_error() - other.standard_error()).abs() < 1e-12);
                prop_assert!((one.mean() - other.mean()).abs() < 1e-12);
                let interval = one.percentile_interval(&plan(one.count()), Level::P95).unwrap();
                prop_assert!(interval.low <= interval.high);
            }
        }
    }
}
