//! For every claim the most alike text of a training file, exactly: common words are counted for all claims at once.
//!
//! The claims are indexed and the training texts go past them, so memory is that of the claims and time is linear in the
//! texts. Words of many claims have a row of bytes, which a text adds to the counters in one sweep; rare ones a list.

use std::collections::HashMap;

use super::words::{jaccard, needed, words};

/// A word stands in a row if it is in more than one of so many claims.
const DENSE: usize = 32;

/// The sets of words of claims, each set once, from short to long.
pub(super) struct ClaimSets {
    /// Where the set of each claim stands; none of a claim without words.
    pub(super) of_claim: Vec<Option<u32>>,
    /// The words of each set, ascending.
    pub(super) sets: Vec<Box<[u32]>>,
    /// The number of each word.
    pub(super) numbers: HashMap<Box<str>, u32>,
}

impl ClaimSets {
    /// Reads the words of claims.
    pub(super) fn of<'c>(claims: impl Iterator<Item = &'c str>) -> Self {
        let mut numbers: HashMap<Box<str>, u32> = HashMap::new();
        let mut places: HashMap<Box<[u32]>, usize> = HashMap::new();
        let mut of_claim = Vec::new();
        for claim in claims {
            let lowered = words(claim);
            let mut set: Vec<u32> = lowered
                .iter()
                .map(|word| {
                    if let Some(number) = numbers.get(word) {
                        return *number;
                    }
                    let next = numbers.len() as u32;
                    numbers.insert(word.into(), next);
                    next
                })
                .collect();
            set.sort_unstable();
            set.dedup();
            if set.is_empty() {
                of_claim.push(None);
                continue;
            }
            let next = places.len();
            of_claim.push(Some(*places.entry(set.into()).or_insert(next)));
        }
        let mut sets: Vec<(Box<[u32]>, usize)> = places.into_iter().collect();
        sets.sort_unstable_by(|one, other| (one.0.len(), &one.0).cmp(&(other.0.len(), &other.0)));
        let mut moved = vec![0; sets.len()];
        for (place, (_, before)) in sets.iter().enumerate() {
            moved[*before] = place as u32;
        }
        let of_claim =
            of_claim.into_iter().map(|place: Option<usize>| place.map(|place| moved[place])).collect();
        Self { of_claim, sets: sets.into_iter().map(|(set, _)| set).collect(), numbers }
    }

    /// The words of a text that occur in claims, ascending, and how many different words it has in all.
    pub(super) fn read<'t>(&self, text: &'t super::words::Lowered<'t>, known: &mut Vec<u32>) -> usize {
        known.clear();
        let mut unknown: Vec<&str> = Vec::new();
        for word in text.iter() {
            match self.numbers.get(word) {
                Some(number) => known.push(*number),
                None => unknown.push(word),
            }
        }
        known.sort_unstable();
        known.dedup();
        unknown.sort_unstable();
        unknown.dedup();
        known.len() + unknown.len()
    }
}

/// The sets in which a word occurs.
enum Occurrence {
    List(Vec<u32>),
    Row(Vec<u8>),
}

/// For each set the index of the most alike text, if that is `threshold` or more, else 0.
pub(super) fn nearest<'t>(
    sets: &ClaimSets,
    texts: impl Iterator<Item = &'t str>,
    threshold: f64,
) -> Vec<f64> {
    let mut best = vec![0.0; sets.sets.len()];
    let Some(longest) = sets.sets.last().map(|set| set.len()) else { return best };
    let occurrences = occurrences(sets);
    let runs = runs(&sets.sets);
    let mut least: Vec<usize> = Vec::new();
    let mut known = Vec::new();
    let (mut bytes, mut wide) = (vec![0_u8; sets.sets.len()], Vec::<u32>::new());
    for text in texts {
        let lowered = words(text);
        let size = sets.read(&lowered, &mut known);
        if known.is_empty() {
            continue;
        }
        // Sizes between which sets can be alike, and of those the runs that the common words suffice for.
        let (low, high) = (threshold * size as f64, size as f64 / threshold);
        let reach = longest.min(high.floor() as usize + 1);
        while least.len() <= size + reach {
            least.push(needed(least.len(), threshold));
        }
        let fits = |run: &&Run| {
            run.size as f64 >= low - 1e-9
                && run.size as f64 <= high + 1e-9
                && least[size + run.size] <= known.len().min(run.size)
        };
        let near: Vec<&Run> = runs.iter().filter(fits).collect();
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        let span = first.start..last.end;
        let mut found = |place: usize, common: usize, set: usize| {
            let index = jaccard(common, size, set);
            if index > best[place] {
                best[place] = index;
            }
        };
        if known.len() < 256 {
            bytes[span.clone()].fill(0);
            for word in &known {
                match &occurrences[*word as usize] {
                    Occurrence::List(list) => {
                        for place in within(list, &span) {
                            bytes[*place as usize] = bytes[*place as usize].wrapping_add(1);
                        }
                    }
                    Occurrence::Row(row) => {
                        for (count, one) in bytes[span.clone()].iter_mut().zip(&row[span.clone()]) {
                            // Of fewer than 256 words none counts further; wrapping lets a sweep be vectors.
                            *count = count.wrapping_add(*one);
                        }
                    }
                }
            }
            for run in near {
                let needed = least[size + run.size] as u8;
                for (chunk, counts) in bytes[run.start..run.end].chunks(64).enumerate() {
                    if counts.iter().copied().fold(0, u8::max) < needed {
                        continue;
                    }
                    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count >= needed) {
                        found(run.start + chunk * 64 + at, usize::from(*count), run.size);
                    }
                }
            }
        } else {
            wide.clear();
            wide.resize(sets.sets.len(), 0);
            for word in &known {
                match &occurrences[*word as usize] {
                    Occurrence::List(list) => list.iter().for_each(|place| wide[*place as usize] += 1),
                    Occurrence::Row(row) => {
                        wide.iter_mut().zip(row).for_each(|(count, one)| *count += u32::from(*one));
                    }
                }
            }
            for run in near {
                for (at, count) in wide[run.start..run.end].iter().enumerate() {
                    if *count as usize >= least[size + run.size] {
                        found(run.start + at, *count as usize, run.size);
                    }
                }
            }
        }
    }
    best
}

/// The part of an ascending list that lies in a span.
fn within<'l>(list: &'l [u32], span: &std::ops::Range<usize>) -> &'l [u32] {
    let from = list.partition_point(|place| (*place as usize) < span.start);
    let to = list.partition_point(|place| (*place as usize) < span.end);
    &list[from..to]
}

fn occurrences(sets: &ClaimSets) -> Vec<Occurrence> {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); sets.numbers.len()];
    for (place, set) in sets.sets.iter().enumerate() {
        for word in set {
            lists[*word as usize].push(place as u32);
        }
    }
    let n = sets.sets.len();
    lists
        .into_iter()
        .map(|list| {
            if list.len() * DENSE <= n {
                return Occurrence::List(list);
            }
            let mut row = vec![0; n];
            for place in list {
                row[place as usize] = 1;
            }
            Occurrence::Row(row)
        })
        .collect()
}

/// Sets of one size, which stand together.
struct Run {
    size: usize,
    start: usize,
    end: usize,
}

fn runs(sets: &[Box<[u32]>]) -> Vec<Run> {
    let mut start = 0;
    sets.chunk_by(|one, other| one.len() == other.len())
        .map(|run| {
            let from = start;
            start += run.len();
            Run { size: run[0].len(), start: from, end: start }
        })
        .collect()
}
