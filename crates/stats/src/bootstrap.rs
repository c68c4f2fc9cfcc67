//! The percentile bootstrap of a mean, with its resamples drawn as CPython draws them.
//!
//! Kept because results were published with it. For samples of five its intervals are much too narrow; see
//! [`crate::corrected`] for one that is honest.

use std::num::NonZeroU32;

use rayon::prelude::*;
use thiserror::Error;

use crate::describe::naive_sum;
use crate::interval::{Interval, Level};
use crate::python_random::PythonRandom;

/// Fewer positions than this are not worth a thread.
const POSITIONS_AT_ONCE: usize = 1 << 15;

/// Which elements each resample takes: a table of `resamples × size` positions.
///
/// The stream starts from the same seed for every sample, so the table depends on the sample size alone and is
/// drawn once for many samples. It takes four bytes for each position: 36 MB for 2,000 resamples of 4,500 values.
#[derive(Clone, Debug)]
pub struct ResamplePlan {
    size: NonZeroU32,
    positions: Vec<u32>,
}

impl ResamplePlan {
    /// Draws the table for samples of `size` values: one `choice` of `random.Random(seed)` for each element in
    /// turn.
    pub fn new(size: NonZeroU32, resamples: NonZeroU32, seed: u64) -> ResamplePlan {
        let mut random = PythonRandom::new(seed);
        let elements = size.get() as usize * resamples.get() as usize;
        let positions = (0..elements).map(|_| random.below(size)).collect();
        ResamplePlan { size, positions }
    }

    /// Returns how many values a sample must have.
    pub fn size(&self) -> NonZeroU32 {
        self.size
    }

    /// Returns how many resamples the table holds.
    pub fn resamples(&self) -> usize {
        self.positions.len() / self.size.get() as usize
    }

    /// Returns the positions that each resample takes, in the order drawn.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.positions.chunks_exact(self.size.get() as usize)
    }

    /// Computes something of each resample, in the order drawn, by several threads at once where there is much to do.
    pub(crate) fn each<T: Send>(&self, of: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        let size = self.size.get() as usize;
        let at_once = (POSITIONS_AT_ONCE / size).max(1);
        self.positions.par_chunks_exact(size).with_min_len(at_once).map(&of).collect()
    }

    /// Returns the mean of each resample of `values`, in the order drawn; each is a left-to-right sum over the
    /// count.
    ///
    /// # Errors
    ///
    /// When `values` has another length than the plan was drawn for.
    pub fn resampled_means(&self, values: &[f64]) -> Result<Vec<f64>, SizeError> {
        let size = self.size.get() as usize;
        if values.len() != size {
            return Err(SizeError { expected: size, found: values.len() });
        }
        let mean = |resample: &[u32]| {
            naive_sum(resample.iter().map(|&position| values[position as usize])) / f64::from(self.size.get())
        };
        Ok(self.each(mean))
    }
}

/// The percentile interval of the mean over the resamples of a plan (Efron 1979; the plainest of the bootstraps).
///
/// Of the `b` sorted resample means it takes those at the zero-based positions `floor(alpha / 2 * b)` and `floor((1
/// - alpha / 2) * b)`: 250 and 9750 for 10,000 resamples at 0.95.
#[derive(Clone, Debug)]
pub struct PercentileBootstrap {
    plan: ResamplePlan,
    level: Level,
    /// Where so few values are drawn that resamples repeat.
    alike: Option<Alike>,
}

/// Samples of more values than these have too many different resamples for looking at each once to pay.
const MOST_ALIKE: u32 = 7;

/// Resamples that take the same elements, whatever the order: their means are the same but for rounding.
#[derive(Clone, Debug)]
struct Alike {
    /// The elements of each kind, in their order: `size` positions for each.
    elements: Vec<u32>,
    /// The resamples, those of a kind together.
    resamples: Vec<u32>,
    /// By kind, where in `resamples` it ends.
    ends: Vec<usize>,
}

impl Alike {
    fn of(plan: &ResamplePlan) -> Self {
        // How often each element is taken, an octal digit for each: at most seven times.
        let counts = |row: &[u32]| row.iter().map(|element| 1_u32 << (3 * element)).sum::<u32>();
        let mut kinds: Vec<(u32, u32)> = plan.rows().map(counts).zip(0..).collect();
        kinds.sort_unstable();
        let mut alike = Self { elements: Vec::new(), resamples: Vec::new(), ends: Vec::new() };
        for kind in kinds.chunk_by(|a, b| a.0 == b.0) {
            let times = |element: u32| (kind[0].0 >> (3 * element)) & 7;
            let elements = (0..plan.size.get()).flat_map(|element| (0..times(element)).map(move |_| element));
            alike.elements.extend(elements);
            alike.resamples.extend(kind.iter().map(|(_, resample)| resample));
            alike.ends.push(alike.resamples.len());
        }
        alike
    }

    /// The resample means at these zero-based positions of their order; none where a value is not finite.
    ///
    /// Orders kinds in place of resamples. Kinds whose means differ by no more than rounding can be told apart only by the
    /// sums themselves, so of those around a position every resample is summed as drawn.
    fn order_statistics(&self, plan: &ResamplePlan, values: &[f64], at: [usize; 2]) -> Option<[f64; 2]> {
        let size = f64::from(plan.size.get());
        let total: f64 = values.iter().map(|value| value.abs()).sum();
        if !total.is_finite() {
            return None;
        }
        // A sum of n terms is off by at most n ε times the sum of their magnitudes (Higham 2002, § 4.2), and no element occurs
        // more than n times; twice that for two sums, and room for the division.
        let rounding = 4.0 * size * size * total * f64::EPSILON;
        let mean = |row: &[u32]| naive_sum(row.iter().map(|&position| values[position as usize])) / size;
        let mut means: Vec<(f64, usize)> =
            self.elements.chunks_exact(plan.size.get() as usize).map(mean).zip(0..).collect();
        means.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let start = |kind: usize| kind.checked_sub(1).map_or(0, |before| self.ends[before]);
        let rows = plan.positions.as_slice();
        let width = plan.size.get() as usize;
        Some(at.map(|position| {
            let mut before = 0;
            for close in means.chunk_by(|a, b| b.0 - a.0 <= rounding) {
                let resamples =
                    close.iter().flat_map(|(_, kind)| &self.resamples[start(*kind)..self.ends[*kind]]);
                let count = resamples.clone().count();
                if position < before + count {
                    let mut exact: Vec<f64> =
                        resamples.map(|&row| mean(&rows[row as usize * width..][..width])).collect();
                    return *exact.select_nth_unstable_by(position - before, f64::total_cmp).1;
                }
                before += count;
            }
            f64::NAN
        }))
    }
}

impl PercentileBootstrap {
    /// Returns the method over `plan` at two-sided `level`.
    pub fn new(plan: ResamplePlan, level: Level) -> PercentileBootstrap {
        let alike = (plan.size.get() <= MOST_ALIKE).then(|| Alike::of(&plan));
        PercentileBootstrap { plan, level, alike }
    }

    /// Returns the method as published for samples of `size` values: 10,000 resamples, seed 42, level 0.95.
    pub fn published(size: NonZeroU32) -> PercentileBootstrap {
        const RESAMPLES: NonZeroU32 = NonZeroU32::new(10_000).expect("10,000 is not zero");
        PercentileBootstrap::new(ResamplePlan::new(size, RESAMPLES, 42), Level::P95)
    }

    /// Returns the interval of the mean of `values`, in their order and unit; clamp it with [`Interval::clamped`]
    /// where the quantity is bounded.
    ///
    /// One value gives an interval of no width at that value. NaNs sort to the ends.
    ///
    /// # Errors
    ///
    /// When `values` has another length than the plan was drawn for.
    pub fn interval(&self, values: &[f64]) -> Result<Interval, SizeError> {
        let count = self.plan.resamples() as f64;
        let half_alpha = self.level.alpha() / 2.0;
        let last = self.plan.resamples() - 1;
        let low_position = ((half_alpha * count) as usize).min(last);
        let high_position = (((1.0 - half_alpha) * count) as usize).min(last);
        if let Some(alike) = self.alike.as_ref().filter(|_| values.len() == self.plan.size.get() as usize)
            && let Some([low, high]) =
                alike.order_statistics(&self.plan, values, [low_position, high_position])
        {
            return Ok(Interval { low, high });
        }
        let mut means = self.plan.resampled_means(values)?;
        let (_, &mut low, above) = means.select_nth_unstable_by(low_position, f64::total_cmp);
        let high = match (high_position - low_position).checked_sub(1) {
            Some(position) => *above.select_nth_unstable_by(position, f64::total_cmp).1,
            None => low,
        };
        Ok(Interval { low, high })
    }
}

/// A sample of another size than the plan was drawn for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("resample plan is for {expected} values, sample has {found}")]
pub struct SizeError {
    /// The plan's sample size.
    pub expected: usize,
    /// The length of the sample given.
    pub found: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn published(values: &[f64]) -> Interval {
        PercentileBootstrap::published(size(values.len())).interval(values).unwrap()
    }

    fn size(n: usize) -> NonZeroU32 {
        NonZeroU32::new(u32::try_from(n).unwrap()).unwrap()
    }

    fn check(values: &[f64], low: f64, high: f64) {
        let got = published(values).clamped(0.0, 100.0);
        assert_eq!(
            (got.low.to_bits(), got.high.to_bits()),
            (low.to_bits(), high.to_bits()),
            "{values:?}: {got:?}"
        );
    }

    #[test]
    fn published_intervals_are_met_to_the_bit() {
        check(&[10.0, 20.0, 30.0, 40.0, 50.0], 18.0, 42.0);
        check(&[99.75, 99.75, 99.625, 99.75, 99.625], 99.65, 99.75);
        check(&[80.0, 90.0], 80.0, 90.0);
        check(&[70.1, 82.3, 75.5, 91.2, 66.6, 88.8], 71.866_666_666_666_67, 86.300_000_000_000_01);
    }

    #[test]
    fn one_value_gives_an_interval_without_width() {
        assert_eq!(published(&[93.85]), Interval { low: 93.85, high: 93.85 });
    }

    #[test]
    fn a_sample_of_another_size_is_refused() {
        let bootstrap = PercentileBootstrap::published(size(5));
        assert_eq!(bootstrap.interval(&[1.0, 2.0]), Err(SizeError { expected: 5, found: 2 }));
        assert_eq!(
            bootstrap.interval(&[]).unwrap_err().to_string(),
            "resample plan is for 5 values, sample has 0"
        );
    }

    #[test]
    fn a_single_resample_is_both_ends() {
        let plan = ResamplePlan::new(size(3), NonZeroU32::MIN, 1);
        assert_eq!(plan.resamples(), 1);
        let interval = PercentileBootstrap::new(plan, Level::P95).interval(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(interval.width().to_bits(), 0.0f64.to_bits());
    }

    /// The ends by their definition: elements 250 and 9750 of the sorted means of all resamples.
    fn by_sorting_all(values: &[f64]) -> [u64; 2] {
        let mut means =
            PercentileBootstrap::published(size(values.len())).plan.resampled_means(values).unwrap();
        means.sort_by(f64::total_cmp);
        [means[250].to_bits(), means[9750].to_bits()]
    }

    #[test]
    fn what_is_not_finite_is_sorted_with_the_rest() {
        for odd in [f64::NAN, f64::INFINITY] {
            let values = [71.0, odd, 88.1, 64.0];
            let got = published(&values);
            assert_eq!([got.low.to_bits(), got.high.to_bits()], by_sorting_all(&values), "{got:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_ends_are_elements_250_and_9750_of_the_sorted_means(
            values in prop::collection::vec(-50.0f64..100.0, 1..10), places in 0..4i32
        ) {
            // Few places make resamples whose sums differ in their last bit only.
            let scale = 10.0_f64.powi(places);
            let values: Vec<f64> = values.iter().map(|value| (value * scale).round() / scale).collect();
            let got = published(&values);
            prop_assert_eq!([got.low.to_bits(), got.high.to_bits()], by_sorting_all(&values));
        }

        #[test]
        fn the_interval_stays_within_the_sample(values in prop::collection::vec(0.0f64..100.0, 1..8)) {
            let interval = published(&values);
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(interval.low >= lowest - 1e-9 && interval.high <= highest + 1e-9);
            prop_assert!(interval.low <= interval.high);
        }

        #[test]
        fn a_higher_level_is_not_narrower(values in prop::collection::vec(0.0f64..100.0, 5)) {
            let plan = ResamplePlan::new(size(5), NonZeroU32::new(1000).unwrap(), 7);
            let mut narrower = 0.0;
            for fraction in [0.5, 0.8, 0.9, 0.95, 0.99] {
                let bootstrap = PercentileBootstrap::new(plan.clone(), Level::parse(fraction).unwrap());
                let width = bootstrap.interval(&values).unwrap().width();
                prop_assert!(width >= narrower);
                narrower = width;
            }
        }
    }
}
