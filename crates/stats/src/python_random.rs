//! The random stream of CPython's `random.Random`, for results that were published with it. No source of entropy.
//!
//! For new work any other generator is as good; this one exists because old numbers depend on its every bit.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use rand_mt::Mt;

/// A generator that yields the same numbers as CPython's `random.Random(seed)`.
///
/// MT19937 (Matsumoto and Nishimura 1998), seeded by `init_by_array` with the little-endian 32-bit words of the
/// seed, as Modules/_randommodule.c does for an integer. Unchanged in CPython since 3.2.
#[derive(Clone, Debug)]
pub struct PythonRandom {
    twister: Mt,
}

impl PythonRandom {
    /// Returns the generator of `random.Random(seed)` for a non-negative integer seed.
    pub fn new(seed: u64) -> PythonRandom {
        let low = seed as u32;
        let high = (seed >> 32) as u32;
        let words: &[u32] = if high == 0 { &[low] } else { &[low, high] };
        PythonRandom { twister: Mt::new_with_key(words.iter().copied()) }
    }

    /// Returns the next 32 bits, as `getrandbits(32)`.
    pub fn next_u32(&mut self) -> u32 {
        self.twister.next_u32()
    }

    /// Returns an integer drawn evenly from `0..n`, as `randrange(n)`.
    ///
    /// `_randbelow_with_getrandbits` of Lib/random.py: the top bits of one output for each attempt, repeated until
    /// the value is below `n`. It spends outputs even for `n = 1`.
    pub fn below(&mut self, n: NonZeroU32) -> u32 {
        let spare_bits = n.leading_zeros();
        loop {
            let value = self.next_u32() >> spare_bits;
            if value < n.get() {
                return value;
            }
        }
    }

    /// Returns the position that `choice` takes in a sequence of `length` elements.
    pub fn choice_index(&mut self, length: NonZeroU32) -> usize {
        self.below(length) as usize
    }

    /// Reorders the items as `shuffle(x)`: from the last place down, each item changes places with one at or before it.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below_len(last + 1);
            items.swap(last, other);
        }
    }

    /// Returns the positions that `sample(range(n), k)` takes, in its order; all of them if `k` exceeds `n`.
    ///
    /// Lib/random.py: a pool whose holes are filled from its end where the pool is small beside `k`, otherwise single
    /// draws of which those that came before are repeated.
    pub fn sample_indices(&mut self, n: usize, k: usize) -> Vec<usize> {
        let k = k.min(n);
        let mut pool_limit = 21;
        if k > 5 {
            let mut power = 1;
            while power < 3 * k {
                power *= 4;
            }
            pool_limit += power;
        }
        if n <= pool_limit {
            let mut pool: Vec<usize> = (0..n).collect();
            return (0..k)
                .map(|taken| {
                    let place = self.below_len(n - taken);
                    let chosen = pool[place];
                    pool[place] = pool[n - taken - 1];
                    chosen
                })
                .collect();
        }
        let mut seen = BTreeSet::new();
        (0..k)
            .map(|_| {
                loop {
                    let chosen = self.below_len(n);
                    if seen.insert(chosen) {
                        return chosen;
                    }
                }
            })
            .collect()
    }

    fn below_len(&mut self, n: usize) -> usize {
        let n = u32::try_from(n).ok().and_then(NonZeroU32::new).expect("a list that fits into memory here");
        self.below(n) as usize
    }

    /// Returns a number drawn evenly from the 2^53 multiples of 2^-53 in [0, 1), as `random()`.
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choices(n: u32) -> Vec<usize> {
        let mut random = PythonRandom::new(42);
        (0..24).map(|_| random.choice_index(NonZeroU32::new(n).unwrap())).collect()
    }

    #[test]
    fn seed_42_gives_the_outputs_of_cpython() {
        let mut random = PythonRandom::new(42);
        let outputs: Vec<u32> = (0..8).map(|_| random.next_u32()).collect();
        let expect = [
            2_746_317_213,
            478_163_327,
            107_420_369,
            3_184_935_163,
            1_181_241_943,
            1_051_802_512,
            958_682_846,
            599_310_825,
        ];
        assert_eq!(outputs, expect);
    }

    #[test]
    fn choices_of_seed_42_are_those_of_cpython() {
        assert_eq!(choices(5), [0, 0, 2, 1, 1, 1, 0, 4, 0, 4, 3, 0, 0, 0, 1, 1, 4, 4, 0, 4, 1, 4, 3, 1]);
        assert_eq!(choices(6), [5, 0, 0, 5, 2, 1, 1, 1, 5, 0, 5, 5, 4, 0, 4, 3, 0, 0, 0, 1, 1, 4, 4, 0]);
        assert_eq!(choices(2), [0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1]);
    }

    #[test]
    #[expect(clippy::unreadable_literal, reason = "pasted from Python")]
    fn other_seeds_give_the_outputs_of_cpython() {
        for (seed, bits, below, unit) in [
            (0_u64, 3626764237_u32, 1654615998_u32, 0.7579544029403025_f64),
            (1_u64, 577090037_u32, 2444712010_u32, 0.8474337369372327_f64),
            (4294967295_u64, 2728839433_u32, 2661025012_u32, 0.20319993954407756_f64),
            (4294967296_u64, 485306839_u32, 1508871100_u32, 0.41782886486292836_f64),
            (4294967303_u64, 968553300_u32, 3287823873_u32, 0.35860096918797_f64),
            (9223372036854788153_u64, 1308997459_u32, 1668775168_u32, 0.21243216957860434_f64),
            (18446744073709551615_u64, 93740670_u32, 1068495656_u32, 0.3380953268613758_f64),
        ] {
            let mut random = PythonRandom::new(seed);
            assert_eq!(random.next_u32(), bits, "seed {seed}");
            assert_eq!(random.below(NonZeroU32::MAX), below, "seed {seed}");
            assert_eq!(random.random().to_bits(), unit.to_bits(), "seed {seed}");
        }
    }

    #[test]
    fn a_choice_among_one_spends_outputs_until_a_zero_bit() {
        let mut random = PythonRandom::new(42);
        for _ in 0..3 {
            assert_eq!(random.choice_index(NonZeroU32::MIN), 0);
        }
        assert_eq!(random.next_u32(), 1_051_802_512);
    }

    #[test]
    fn shuffles_and_samples_are_those_of_cpython() {
        let mut items: Vec<usize> = (0..10).collect();
        PythonRandom::new(42).shuffle(&mut items);
        assert_eq!(items, [7, 3, 2, 8, 5, 6, 9, 4, 0, 1]);
        assert_eq!(PythonRandom::new(42).sample_indices(10, 4), [1, 0, 4, 9]);
        assert_eq!(PythonRandom::new(2026).sample_indices(1000, 4), [121, 327, 514, 974]);
        assert_eq!(PythonRandom::new(7).sample_indices(100, 6), [41, 19, 50, 83, 6, 9]);
        assert_eq!(PythonRandom::new(7).sample_indices(85, 6), [41, 19, 50, 6, 9, 68]);
        assert_eq!(PythonRandom::new(7).sample_indices(50, 12), [20, 9, 25, 41, 3, 4, 34, 6, 23, 37, 45, 32]);
    }

    #[test]
    fn seed_2026_gives_the_outputs_of_cpython() {
        let mut random = PythonRandom::new(2026);
        let outputs = [(); 5].map(|()| random.next_u32());
        assert_eq!(outputs, [511_616_025, 1_372_175_472, 2_158_288_730, 4_085_985_276, 2_198_261_819]);
    }

    proptest! {
        #[test]
        fn below_stays_below(seed in any::<u64>(), n in 1u32..) {
            let mut random = PythonRandom::new(seed);
            prop_assert!(random.below(NonZeroU32::new(n).unwrap()) < n);
            prop_assert!((0.0..1.0).contains(&random.random()));
        }
    }
}
