//! The reference's stratified sample, and the apportionment that it shares with the distinct profile.

use std::collections::BTreeMap;

use unbent_stats::PythonRandom;

use crate::trap::category::{Category, Names};

/// Divides `seats` among strata in proportion to their sizes, by largest remainders; ties go to the earlier stratum.
///
/// No stratum gets more than its size unless `seats` exceeds the sum of sizes.
pub fn apportion(sizes: &[usize], seats: usize) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    if total == 0 {
        return vec![0; sizes.len()];
    }
    let mut shares: Vec<_> = sizes.iter().map(|size| size * seats / total).collect();
    let mut by_remainder: Vec<_> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|place| std::cmp::Reverse(sizes[*place] * seats % total));
    let left = seats - shares.iter().sum::<usize>();
    for place in by_remainder.into_iter().take(left) {
        shares[place] += 1;
    }
    shares
}

/// Returns the places of a stratified sample of `n` cases, in the sample's order; of all cases if there are not more.
///
/// As the reference's `benchmark_9b_runner`: largest remainders over categories in the order in which they first
/// occur, then Python's `sample` in each category in the alphabetical order of their internal names, then a shuffle.
/// The reference counts remainders in floating point, and we in whole numbers: the two could only differ on a tie.
pub fn stratified(cases: &[Category], n: usize, seed: u64) -> Vec<usize> {
    let mut first_seen = Vec::new();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, category) in cases.iter().enumerate() {
        if !first_seen.contains(category) {
            first_seen.push(*category);
        }
        places.entry(name(*category)).or_default().push(place);
    }
    let n = n.min(cases.len());
    let sizes: Vec<_> = first_seen.iter().map(|category| places[name(*category)].len()).collect();
    let shares: BTreeMap<_, _> =
        first_seen.iter().map(|category| name(*category)).zip(apportion(&sizes, n)).collect();
    let mut random = PythonRandom::new(seed);
    let mut sample = Vec::with_capacity(n);
    for (category, places) in &places {
        let share = shares[category];
        if share >= places.len() {
            sample.extend_from_slice(places);
        } else {
            sample.extend(random.sample_indices(places.len(), share).into_iter().map(|place| places[place]));
        }
    }
    random.shuffle(&mut sample);
    sample
}

fn name(category: Category) -> &'static str {
    category.name(Names::Internal)
}

#[cfg(test)]
mod tests {
    use super::apportion;
    use proptest::prelude::*;

    #[test]
    fn the_reference_s_allocations_are_met() {
        let sizes = [7680, 1600, 1280, 1280, 1120, 960, 900, 130];
        assert_eq!(apportion(&sizes, 300), [154, 32, 26, 26, 22, 19, 18, 3]);
        assert_eq!(apportion(&sizes, 5000), [2569, 535, 428, 428, 375, 321, 301, 43]);
        assert_eq!(apportion(&sizes, 15_000), [7706, 1605, 1284, 1284, 1124, 963, 903, 131]);
        assert_eq!(apportion(&[0, 0], 3), [0, 0]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_within_one_of_their_quota(sizes in prop::collection::vec(0usize..5000, 1..20), seats in 0usize..20_000) {
            let total: usize = sizes.iter().sum();
            prop_assume!(total > 0);
            let shares = apportion(&sizes, seats);
            prop_assert_eq!(shares.iter().sum::<usize>(), seats);
            for (size, share) in sizes.iter().zip(shares) {
                prop_assert!((share as f64 - *size as f64 * seats as f64 / total as f64).abs() < 1.0);
            }
        }
    }
}
