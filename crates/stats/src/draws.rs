//! Resamples that are drawn when they are needed and never stored, by several threads at once.
//!
//! For samples whose [`crate::ResamplePlan`] would be large. Every resample has a random stream of its own, which follows from
//! the seed and its number, so that nothing depends on how many threads there are. No source of entropy.

use std::num::NonZeroU32;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::interval::{Interval, Level};
use crate::resampled::{bca_interval, percentile_interval};

/// How many resamples are drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    resamples: NonZeroU32,
    seed: u64,
}

impl Draws {
    /// As many resamples, from this seed.
    pub fn new(resamples: NonZeroU32, seed: u64) -> Draws {
        Draws { resamples, seed }
    }

    /// Returns how many resamples there are.
    pub fn resamples(&self) -> NonZeroU32 {
        self.resamples
    }

    /// Computes something from the stream of each resample and returns it in their order.
    pub fn each<T: Send>(&self, of: impl Fn(&mut Stream) -> T + Sync) -> Vec<T> {
        (0..self.resamples.get()).into_par_iter().map(|number| of(&mut self.stream(number))).collect()
    }

    /// Counts something over the streams of all resamples: `count` adds what one of them shows to as many counts as `places`.
    pub fn counts(&self, places: usize, count: impl Fn(&mut Stream, &mut [u64]) + Sync) -> Vec<u64> {
        let counted = |mut counts: Vec<u64>, number| {
            count(&mut self.stream(number), &mut counts);
            counts
        };
        let none = || vec![0; places];
        (0..self.resamples.get()).into_par_iter().fold(none, counted).reduce(none, summed)
    }

    /// Returns the mean of each resample of `values`, in the order of the resamples; nothing of no values.
    pub fn means(&self, values: &[f64]) -> Vec<f64> {
        let Some(count) = count(values) else { return Vec::new() };
        self.each(|stream| {
            let drawn = stream.positions(count).take(values.len());
            drawn.map(|position| values[position]).sum::<f64>() / f64::from(count.get())
        })
    }

    /// Returns the percentile interval of the mean of `values`, or `None` of no values; see [`percentile_interval`].
    pub fn mean_percentile_interval(&self, values: &[f64], level: Level) -> Option<Interval> {
        percentile_interval(self.means(values), level)
    }

    /// Returns the bias-corrected and accelerated interval of the mean of `values`; `None` of fewer than two, and where it does
    /// not exist: see [`bca_interval`].
    pub fn mean_bca_interval(&self, values: &[f64], level: Level) -> Option<Interval> {
        let (sum, n) = (values.iter().sum::<f64>(), values.len() as f64);
        let left_out: Vec<f64> = values.iter().map(|value| (sum - value) / (n - 1.0)).collect();
        (values.len() > 1).then(|| bca_interval(sum / n, self.means(values), &left_out, level)).flatten()
    }

    fn stream(&self, number: u32) -> Stream {
        // Seeds next to each other must not share streams: the number is added to a seed that is mixed first.
        let mixed = Xoshiro256PlusPlus::seed_from_u64(self.seed).next_u64();
        Stream(Xoshiro256PlusPlus::seed_from_u64(mixed.wrapping_add(u64::from(number))))
    }
}

/// The sums of counts, place by place.
pub(crate) fn summed(mut one: Vec<u64>, other: Vec<u64>) -> Vec<u64> {
    for (one, other) in one.iter_mut().zip(other) {
        *one += other;
    }
    one
}

fn count(values: &[f64]) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(values.len()).expect("fewer values than fit into memory"))
}

/// The random stream of one resample: xoshiro256++ (Blackman and Vigna 2021).
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// Returns positions drawn evenly from `0..n`, without end.
    ///
    /// By multiplication, with what would favour some positions rejected: Lemire (2019), ACM Transactions on Modeling and
    /// Computer Simulation 29, 3.
    pub fn positions(&mut self, n: NonZeroU32) -> impl Iterator<Item = usize> {
        let favoured = n.get().wrapping_neg() % n;
        std::iter::from_fn(move || {
            loop {
                let product = (self.0.next_u64() >> 32) * u64::from(n.get());
                if product as u32 >= favoured {
                    return Some((product >> 32) as usize);
                }
            }
        })
    }

    /// Returns 64 fair bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clustered::Clusters;
    use crate::describe::{mean, sample_std_dev};

    fn draws(resamples: u32, seed: u64) -> Draws {
        Draws::new(NonZeroU32::new(resamples).unwrap(), seed)
    }

    fn with_threads<T: Send>(threads: usize, of: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(of)
    }

    #[test]
    fn nothing_depends_on_the_number_of_threads() {
        let values: Vec<f64> = (0..500).map(|at| f64::from(at * at % 97) / 7.0).collect();
        let names: Vec<usize> = (0..500).map(|at| at / 4).collect();
        let clusters = Clusters::group(&values, &names).unwrap();
        let all = || {
            let draws = draws(700, 3);
            let by_clusters = clusters.drawn_bca_interval(&draws, Level::P95);
            (draws.means(&values), draws.mean_bca_interval(&values, Level::P95), by_clusters)
        };
        let one = with_threads(1, all);
        assert_eq!(one, with_threads(2, all));
        assert_eq!(one, with_threads(7, all));
    }

    #[test]
    fn the_stream_is_that_of_the_published_generator() {
        // The first output of xoshiro256++ from the state 1, 2, 3, 4, as its authors' program gives it.
        let mut state = [0u8; 32];
        for word in 0..4u8 {
            state[8 * usize::from(word)] = word + 1;
        }
        let mut stream = Stream(Xoshiro256PlusPlus::from_seed(state));
        assert_eq!([stream.bits(), stream.bits()], [41_943_041, 58_720_359]);
    }

    #[test]
    fn positions_are_even_and_streams_are_apart() {
        let mut counts = [0u32; 6];
        let six = NonZeroU32::new(6).unwrap();
        for drawn in draws(1000, 42).each(|stream| stream.positions(six).take(60).collect::<Vec<_>>()) {
            for position in drawn {
                counts[position] += 1;
            }
        }
        // 60,000 draws: 10,000 each, give or take four standard deviations.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 365), "{counts:?}");
        let firsts = |seed| draws(200, seed).each(Stream::bits);
        let mut all: Vec<u64> = [firsts(1), firsts(2), firsts(3)].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 600);
    }

    #[test]
    fn the_spread_of_resampled_means_is_the_standard_error() {
        let values: Vec<f64> = (0..300).map(|at| f64::from(at % 17)).collect();
        let spread = sample_std_dev(&draws(4000, 9).means(&values)).unwrap();
        let n = values.len() as f64;
        let expected = sample_std_dev(&values).unwrap() * ((n - 1.0) / n).sqrt() / n.sqrt();
        assert!((spread / expected - 1.0).abs() < 0.05, "{spread}, {expected}");
        assert_eq!(draws(3, 9).means(&[]), Vec::<f64>::new());
        assert_eq!(draws(3, 9).mean_bca_interval(&[1.0], Level::P95), None);
        assert_eq!(draws(3, 9).mean_percentile_interval(&[], Level::P95), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn clusters_of_one_are_values_and_intervals_hold_the_mean(values in prop::collection::vec(-5.0f64..5.0, 4..40), seed in any::<u64>()) {
            let names: Vec<usize> = (0..values.len()).collect();
            let clusters = Clusters::group(&values, &names).unwrap();
            let draws = draws(500, seed);
            let (one, other) = (draws.mean_percentile_interval(&values, Level::P95).unwrap(), clusters.drawn_percentile_interval(&draws, Level::P95));
            prop_assert!((one.low - other.low).abs() < 1e-9 && (one.high - other.high).abs() < 1e-9);
            let centre = mean(&values).unwrap();
            prop_assert!(one.contains(centre));
            prop_assert!(draws.mean_bca_interval(&values, Level::P95).is_none_or(|interval| interval.contains(centre)));
        }
    }
}
