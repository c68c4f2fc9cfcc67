//! Whether longer answers get better grades: rank correlation within cases.

use std::collections::BTreeMap;

use unbent_stats::Interval;

use super::Gradings;
use super::sureness::{resampled, units};

/// How a judge's grades go with the length of answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Verbosity {
    /// The place of the rating.
    pub rating: u32,
    /// The place of the judge.
    pub rater: u32,
    /// Answers with a grade and a length, in cases with two of them or more.
    pub n: u64,
    /// Those cases.
    pub cases: u64,
    /// Spearman's correlation of grade and length, ranked within each case and pooled. None where all ranks are tied.
    pub correlation: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<Interval>,
}

/// The association of each judge's grades with the length of answers, by rating.
pub fn verbosity(gradings: &Gradings) -> Vec<Verbosity> {
    let mut all = Vec::new();
    for (rating, place) in gradings.ratings.iter().zip(0..) {
        let first = gradings.first(place);
        for rater in
            (0..gradings.raters.len() as u32).filter(|rater| !gradings.raters[*rater as usize].is_human)
        {
            let mut cases: BTreeMap<u32, Vec<(u32, f64, f64)>> = BTreeMap::new();
            for (item, by) in &first {
                let of = &gradings.items[*item as usize];
                let (Some(category), Some(length)) = (by.get(&rater), of.length) else { continue };
                let value = if rating.is_graded() {
                    f64::from(*category)
                } else {
                    f64::from(u8::from(rating.is_positive(*category)))
                };
                cases.entry(of.case).or_default().push((*item, value, length));
            }
            cases.retain(|_, answers| answers.len() > 1);
            let (mut items, mut pairs) = (Vec::new(), Vec::new());
            for answers in cases.values() {
                let grades = centred_ranks(&answers.iter().map(|(_, value, _)| *value).collect::<Vec<_>>());
                let lengths =
                    centred_ranks(&answers.iter().map(|(_, _, length)| *length).collect::<Vec<_>>());
                items.extend(answers.iter().map(|(item, ..)| *item));
                pairs.extend(grades.into_iter().zip(lengths));
            }
            if pairs.is_empty() {
                continue;
            }
            let (names, _) = units(gradings, &items);
            let of_places = |places: &[usize]| correlation(places.iter().map(|place| pairs[*place]));
            let whole = correlation(pairs.iter().copied());
            all.push(Verbosity {
                rating: place,
                rater,
                n: pairs.len() as u64,
                cases: cases.len() as u64,
                correlation: whole,
                interval: whole.and_then(|_| resampled(&names, of_places)),
            });
        }
    }
    all
}

/// Ranks as shares of the number of values, ties in the middle, less their mean.
fn centred_ranks(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count() as f64;
        let equal = values.iter().filter(|other| other.total_cmp(value).is_eq()).count() as f64;
        (below + equal / 2.0) / n - 0.5
    };
    values.iter().map(rank).collect()
}

/// The correlation of pairs whose means are zero by making.
fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        both += a * b;
        one += a * a;
        other += b * b;
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{centred_ranks, correlation};

    #[test]
    fn ranks_are_centred_with_ties_in_the_middle() {
        assert_eq!(centred_ranks(&[5.0, 1.0, 5.0, 9.0]), [0.0, -0.375, 0.0, 0.375]);
        let up = centred_ranks(&[1.0, 2.0, 3.0]);
        let down = centred_ranks(&[7.0, 5.0, 1.0]);
        let of = |a: &[f64], b: &[f64]| correlation(a.iter().copied().zip(b.iter().copied()));
        assert!((of(&up, &down).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(of(&up, &centred_ranks(&[2.0, 2.0, 2.0])), None);
    }
}
