//! For every claim a text of a training file that is alike, found by MinHash and locality-sensitive hashing (Broder 1997;
//! Indyk and Motwani 1998): candidates are found by chance, and each is checked exactly.
//!
//! So what it finds is true, and it may miss some: a text of index `s` is a candidate with the probability
//! `1 - (1 - s²)^64`, which is 0.998 at 0.3 and 0.98 at 0.245. A claim is missed only if all texts that are alike are.

use std::collections::HashMap;

use super::exact::ClaimSets;
use super::words::{jaccard, words};

/// Bands of a signature.
const BANDS: usize = 64;
/// Hashes in a band: two sets meet in a band if they agree in all of them.
const ROWS: usize = 2;

/// For each set the index of the most alike text that was found, if that is `threshold` or more, else 0.
///
/// Equal seeds give equal results.
pub(super) fn nearest<'t>(
    sets: &ClaimSets,
    texts: impl Iterator<Item = &'t str>,
    threshold: f64,
    seed: u64,
) -> Vec<f64> {
    let seeds: Vec<u64> = (0..BANDS * ROWS).map(|place| mixed(seed ^ mixed(place as u64))).collect();
    let mut by_number = vec![0; sets.numbers.len()];
    for (word, number) in &sets.numbers {
        by_number[*number as usize] = fingerprint(word);
    }
    let mut buckets: Vec<HashMap<u64, Vec<u32>>> = vec![HashMap::new(); BANDS];
    let mut signature = vec![u32::MAX; BANDS * ROWS];
    for (place, set) in sets.sets.iter().enumerate() {
        sign(set.iter().map(|word| by_number[*word as usize]), &seeds, &mut signature);
        for (bucket, key) in buckets.iter_mut().zip(keys(&signature)) {
            bucket.entry(key).or_default().push(place as u32);
        }
    }
    let mut best = vec![0.0; sets.sets.len()];
    let mut seen = vec![0_u32; sets.sets.len()];
    let mut known = Vec::new();
    for (text, round) in texts.zip(1_u32..) {
        let lowered = words(text);
        let size = sets.read(&lowered, &mut known);
        if known.is_empty() {
            continue;
        }
        sign(lowered.iter().map(fingerprint), &seeds, &mut signature);
        for (bucket, key) in buckets.iter().zip(keys(&signature)) {
            for place in bucket.get(&key).into_iter().flatten() {
                let at = *place as usize;
                if seen[at] == round {
                    continue;
                }
                seen[at] = round;
                let set = &sets.sets[at];
                let most = known.len().min(set.len());
                if jaccard(most, size, set.len()) < threshold.max(best[at]) {
                    continue;
                }
                let index = jaccard(common(set, &known), size, set.len());
                if index >= threshold && index > best[at] {
                    best[at] = index;
                }
            }
        }
    }
    best
}

/// The least hash of a set of words under each seed.
fn sign(words: impl Iterator<Item = u64>, seeds: &[u64], signature: &mut [u32]) {
    signature.fill(u32::MAX);
    for word in words {
        for (least, seed) in signature.iter_mut().zip(seeds) {
            *least = (*least).min((mixed(word ^ seed) >> 32) as u32);
        }
    }
}

/// The two hashes of each band as one key.
fn keys(signature: &[u32]) -> impl Iterator<Item = u64> {
    signature.chunks_exact(ROWS).map(|band| band.iter().fold(0, |key, hash| key << 32 | u64::from(*hash)))
}

/// FNV-1a.
fn fingerprint(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// SplitMix64's finisher.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How many numbers two ascending lists have in common.
fn common(one: &[u32], other: &[u32]) -> usize {
    let (mut at, mut count) = (0, 0);
    for number in one {
        while other.get(at).is_some_and(|next| next < number) {
            at += 1;
        }
        if other.get(at) == Some(number) {
            count += 1;
            at += 1;
        }
    }
    count
}
