//! Self-consistency: one judge that graded the same answers several times.

use std::collections::BTreeMap;

use unbent_stats::{Clusters, Interval};

use super::Gradings;
use super::sureness::{clustered_mean, units};

/// How a judge agrees with itself in a rating.
#[derive(Debug, Clone, PartialEq)]
pub struct Consistency {
    /// The place of the rating.
    pub rating: u32,
    /// The place of the judge.
    pub rater: u32,
    /// Answers that it graded twice or more.
    pub n: u64,
    /// The most gradings of an answer.
    pub rounds: u64,
    /// The share of `n` whose grades are all the same.
    pub identical: f64,
    /// Its clustered t interval, within 0 to 1.
    pub identical_interval: Option<Interval>,
    /// The standard deviation of the grades of one answer, pooled over answers, in points of the scale; graded scales only.
    pub deviation: Option<f64>,
    /// The share of the variance of grades that lies between answers: the intraclass correlation of single grades by
    /// one-way analysis of variance. Graded scales and flags only.
    pub intraclass: Option<f64>,
}

/// How each judge agrees with itself; judges that graded nothing twice are left out.
pub fn consistencies(gradings: &Gradings) -> Vec<Consistency> {
    let mut rounds: BTreeMap<(u32, u32), BTreeMap<u32, Vec<u8>>> = BTreeMap::new();
    for mark in &gradings.marks {
        let of_item = rounds.entry((mark.rating, mark.rater)).or_default();
        of_item.entry(mark.item).or_default().push(mark.category);
    }
    let mut all = Vec::new();
    for ((rating, rater), mut answers) in rounds {
        answers.retain(|_, said| said.len() > 1);
        if answers.is_empty() {
            continue;
        }
        let is_class = matches!(gradings.ratings[rating as usize].scale, super::Scale::Classes { .. });
        let is_graded = gradings.ratings[rating as usize].is_graded();
        let items: Vec<u32> = answers.keys().copied().collect();
        let same: Vec<f64> = answers
            .values()
            .map(|said| f64::from(u8::from(said.iter().all(|one| *one == said[0]))))
            .collect();
        let (names, _) = units(gradings, &items);
        let Some((identical, interval)) = clustered_mean(&same, &names) else { continue };
        let (mut squares, mut freedom) = (0.0, 0.0);
        let (mut values, mut groups) = (Vec::new(), Vec::new());
        for (item, said) in &answers {
            let said: Vec<f64> = said.iter().map(|one| f64::from(*one)).collect();
            let mean = said.iter().sum::<f64>() / said.len() as f64;
            squares += said.iter().map(|one| (one - mean).powi(2)).sum::<f64>();
            freedom += said.len() as f64 - 1.0;
            groups.extend(said.iter().map(|_| *item));
            values.extend(said);
        }
        let clusters = Clusters::group(&values, &groups).ok();
        all.push(Consistency {
            rating,
            rater,
            n: answers.len() as u64,
            rounds: answers.values().map(Vec::len).max().unwrap_or(0) as u64,
            identical,
            identical_interval: interval.map(|interval| interval.clamped(0.0, 1.0)),
            deviation: is_graded.then(|| (squares / freedom).sqrt()),
            intraclass: clusters.filter(|_| !is_class).and_then(|clusters| clusters.intraclass_correlation()),
        });
    }
    all
}
