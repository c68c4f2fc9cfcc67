//! Agreement of two judges, and of all.

use std::collections::BTreeMap;

use unbent_stats::agreement::{Confusion, Weights};
use unbent_stats::{Interval, Scale as Distance, krippendorff_alpha};

use super::sureness::{clustered_mean, resampled, units};
use super::{Gradings, Units};

/// How two judges agree in a rating.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The place of the rating.
    pub rating: u32,
    /// The places of the judges.
    pub raters: (u32, u32),
    /// Answers that both rated.
    pub n: u64,
    /// Answers that one alone rated.
    pub one_only: u64,
    /// The share of `n` in which they say the same.
    pub agreed: f64,
    /// Cohen's kappa; with quadratic weights for graded scales. None where all grades are one and the same.
    pub kappa: Option<f64>,
    /// Its bootstrap interval.
    pub kappa_interval: Option<Interval>,
    /// Kappa were all categories as frequent.
    pub pabak: Option<f64>,
    /// The mean of the second less the first: points of the scale, or the difference of their shares of positives.
    pub difference: f64,
    /// Its clustered t interval.
    pub difference_interval: Option<Interval>,
    /// What the intervals go by.
    pub units: Units,
    /// How often the first said this and the second that, where it happened.
    pub confusion: Vec<((u8, u8), u64)>,
}

/// What two judges said of the answers that both rated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairedGrades {
    /// The place of the rating.
    pub rating: u32,
    /// The places of the judges.
    pub raters: (u32, u32),
    /// By the place of the answer: the category of the first, and that of the second. The first grade of each counts.
    pub grades: Vec<(u32, (u8, u8))>,
    /// Answers that one alone rated.
    pub one_only: u64,
}

/// What each pair of judges said, by rating; also of pairs that rated no answer in common.
pub fn paired_grades(gradings: &Gradings) -> impl Iterator<Item = PairedGrades> {
    (0..gradings.ratings.len() as u32).flat_map(|rating| {
        let (first, raters) = (gradings.first(rating), gradings.raters.len() as u32);
        (0..raters).flat_map(move |one| (one + 1..raters).map(move |other| (one, other))).map(
            move |(one, other)| {
                let both = |by: &BTreeMap<u32, u8>| Some((*by.get(&one)?, *by.get(&other)?));
                let grades = first.iter().filter_map(|(item, by)| Some((*item, both(by)?))).collect();
                let alone =
                    first.values().filter(|by| by.contains_key(&one) != by.contains_key(&other)).count();
                PairedGrades { rating, raters: (one, other), grades, one_only: alone as u64 }
            },
        )
    })
}

/// How each pair of judges agrees in each rating; pairs that rated no answer in common are left out.
pub fn agreements(gradings: &Gradings) -> Vec<Agreement> {
    paired_grades(gradings)
        .filter_map(|paired| {
            agreement(gradings, paired.rating, paired.raters, &paired.grades, paired.one_only)
        })
        .collect()
}

fn agreement(
    gradings: &Gradings,
    rating: u32,
    raters: (u32, u32),
    pairs: &[(u32, (u8, u8))],
    one_only: u64,
) -> Option<Agreement> {
    let of = &gradings.ratings[rating as usize];
    let n = pairs.len();
    if n == 0 {
        return None;
    }
    let weights = if of.is_graded() { Weights::Quadratic } else { Weights::Unweighted };
    let categories: Vec<(usize, usize)> =
        pairs.iter().map(|(_, (one, other))| (usize::from(*one), usize::from(*other))).collect();
    let table = Confusion::count(&categories, of.categories()).ok()?;
    let items: Vec<u32> = pairs.iter().map(|(item, _)| *item).collect();
    let (names, units) = units(gradings, &items);
    let kappa = |places: &[usize]| {
        let taken: Vec<_> = places.iter().map(|place| categories[*place]).collect();
        Some(Confusion::count(&taken, of.categories()).ok()?.kappa(weights)?.kappa)
    };
    let value = |category: u8| {
        if of.is_graded() { f64::from(category) } else { f64::from(u8::from(of.is_positive(category))) }
    };
    let apart: Vec<f64> = pairs.iter().map(|(_, (one, other))| value(*other) - value(*one)).collect();
    let (difference, difference_interval) = clustered_mean(&apart, &names)?;
    let mut confusion = BTreeMap::new();
    for (_, pair) in pairs {
        *confusion.entry(*pair).or_default() += 1;
    }
    Some(Agreement {
        rating,
        raters,
        n: n as u64,
        one_only,
        agreed: categories.iter().filter(|(one, other)| one == other).count() as f64 / n as f64,
        kappa: table.kappa(weights).map(|kappa| kappa.kappa),
        kappa_interval: table.kappa(weights).and_then(|_| resampled(&names, kappa)),
        pabak: table.pabak(),
        difference,
        difference_interval,
        units,
        confusion: confusion.into_iter().collect(),
    })
}

/// Krippendorff's alpha over all judges, people included.
#[derive(Debug, Clone, PartialEq)]
pub struct Alpha {
    /// The place of the rating.
    pub rating: u32,
    /// Judges that rated an answer which another rated too.
    pub raters: u64,
    /// Answers with two grades or more.
    pub n: u64,
    /// Alpha: on the interval scale for grades, nominal else. None where all grades are one and the same.
    pub alpha: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<Interval>,
    /// What the interval goes by.
    pub units: Units,
}

/// Alpha of a rating; none if no answer has two grades.
pub fn alpha(gradings: &Gradings, rating: u32) -> Option<Alpha> {
    let of = &gradings.ratings[rating as usize];
    let scale = if of.is_graded() { Distance::Interval } else { Distance::Nominal };
    let rated: Vec<_> = gradings.first(rating).into_iter().filter(|(_, by)| by.len() > 1).collect();
    let items: Vec<u32> = rated.iter().map(|(item, _)| *item).collect();
    let values: Vec<Vec<f64>> =
        rated.iter().map(|(_, by)| by.values().map(|said| f64::from(*said)).collect()).collect();
    let raters: std::collections::BTreeSet<u32> =
        rated.iter().flat_map(|(_, by)| by.keys().copied()).collect();
    if values.is_empty() {
        return None;
    }
    let (names, units) = units(gradings, &items);
    let alpha = krippendorff_alpha(&values, scale).ok();
    let of_places = |places: &[usize]| {
        let taken: Vec<Vec<f64>> = places.iter().map(|place| values[*place].clone()).collect();
        krippendorff_alpha(&taken, scale).ok()
    };
    let interval = alpha.and_then(|_| resampled(&names, of_places));
    Some(Alpha { rating, raters: raters.len() as u64, n: values.len() as u64, alpha, interval, units })
}
