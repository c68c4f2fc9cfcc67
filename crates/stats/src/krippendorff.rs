//! Krippendorff's alpha: agreement of any number of raters, of whom any may have left any item out.

use std::collections::BTreeMap;

use crate::agreement::{AgreementError, check_plan};
use crate::bootstrap::ResamplePlan;
use crate::interval::Level;
use crate::resampled::Resampled;

/// What the values of a rating mean, and so how much two of them disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Names: any two differ alike.
    Nominal,
    /// Ranks: by how many ratings lie between two values, squared.
    Ordinal,
    /// Measurements: by the square of their difference.
    Interval,
}

/// Returns Krippendorff's alpha of `items`, each with the ratings that it got, in any order.
///
/// 1 is full agreement, 0 is chance. Items with fewer than two ratings tell nothing and are left out. Krippendorff (2011),
/// "Computing Krippendorff's Alpha-Reliability". The two zeros are one value.
///
/// # Errors
///
/// [`AgreementError::Undefined`] when no item has two ratings, all ratings are equal, or one is NaN or infinite.
pub fn krippendorff_alpha(items: &[Vec<f64>], scale: Scale) -> Result<f64, AgreementError> {
    Coded::new(items)?.alpha(0..items.len(), scale).ok_or(AgreementError::Undefined)
}

/// Returns the percentile bootstrap interval of Krippendorff's alpha over resampled items.
///
/// It resamples whole items, which keeps the ratings of one item together; Krippendorff's own resampling of pairs takes
/// them apart and gives shorter intervals.
///
/// # Errors
///
/// Those of [`krippendorff_alpha`], and when the plan is for another number of items.
pub fn krippendorff_alpha_interval(
    items: &[Vec<f64>],
    scale: Scale,
    plan: &ResamplePlan,
    level: Level,
) -> Result<Resampled, AgreementError> {
    check_plan(plan, items.len())?;
    let coded = Coded::new(items)?;
    coded.alpha(0..items.len(), scale).ok_or(AgreementError::Undefined)?;
    let alpha = |rows: &[u32]| coded.alpha(rows.iter().map(|&row| row as usize), scale);
    Resampled::percentile(plan, level, alpha).ok_or(AgreementError::Undefined)
}

/// Ratings as positions among the values that occur, ascending.
struct Coded {
    values: Vec<f64>,
    items: Vec<Vec<usize>>,
}

impl Coded {
    fn new(items: &[Vec<f64>]) -> Result<Coded, AgreementError> {
        if items.iter().flatten().any(|value| !value.is_finite()) {
            return Err(AgreementError::Undefined);
        }
        let mut values: Vec<f64> = items.iter().flatten().map(|value| value + 0.0).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let positions: BTreeMap<u64, usize> =
            values.iter().enumerate().map(|(position, value)| (value.to_bits(), position)).collect();
        let code = |value: &f64| positions[&(value + 0.0).to_bits()];
        let items = items.iter().map(|ratings| ratings.iter().map(code).collect()).collect();
        Ok(Coded { values, items })
    }

    /// Alpha over these items, which may recur; `None` where it is not defined.
    fn alpha(&self, rows: impl Iterator<Item = usize>, scale: Scale) -> Option<f64> {
        let size = self.values.len();
        let mut coincidences = vec![0.0; size * size];
        for ratings in rows.map(|row| &self.items[row]).filter(|ratings| ratings.len() > 1) {
            let weight = 1.0 / (ratings.len() - 1) as f64;
            for (at, &one) in ratings.iter().enumerate() {
                for &other in ratings[..at].iter().chain(&ratings[at + 1..]) {
                    coincidences[one * size + other] += weight;
                }
            }
        }
        let totals: Vec<f64> = coincidences.chunks(size.max(1)).map(|row| row.iter().sum()).collect();
        let n: f64 = totals.iter().sum();
        let distance = self.distances(&totals, scale);
        let (mut observed, mut expected) = (0.0, 0.0);
        for one in 0..size {
            for other in 0..size {
                observed += coincidences[one * size + other] * distance(one, other);
                expected += totals[one] * totals[other] * distance(one, other);
            }
        }
        (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
    }

    fn distances<'a>(&'a self, totals: &[f64], scale: Scale) -> impl Fn(usize, usize) -> f64 + use<'a> {
        // Twice the middle rank of each value among all ratings: the ratings up to it and those below it.
        let mut ranks = Vec::with_capacity(totals.len());
        let mut below = 0.0;
        for total in totals {
            ranks.push(2.0 * below + total);
            below += total;
        }
        move |one, other| match scale {
            Scale::Nominal => f64::from(u8::from(one != other)),
            Scale::Ordinal => ((ranks[one] - ranks[other]) / 2.0).powi(2),
            Scale::Interval => (self.values[one] - self.values[other]).powi(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCALES: [Scale; 3] = [Scale::Nominal, Scale::Ordinal, Scale::Interval];

    // Krippendorff (2011), section C: four observers, twelve units, missing data.
    fn published() -> Vec<Vec<f64>> {
        let rows =
            "1 2 3 3 2 1 4 1 2 . . .|1 2 3 3 2 2 4 1 2 5 . 3|. 3 3 3 2 3 4 2 2 5 1 .|1 2 3 3 2 4 4 1 2 5 1 .";
        let rows: Vec<Vec<Option<f64>>> =
            rows.split('|').map(|row| row.split(' ').map(|cell| cell.parse().ok()).collect()).collect();
        (0..12).map(|unit| rows.iter().filter_map(|row| row[unit]).collect()).collect()
    }

    #[test]
    fn krippendorff_s_published_examples_are_met() {
        for (scale, expect) in SCALES.into_iter().zip([0.743, 0.815, 0.849]) {
            let got = krippendorff_alpha(&published(), scale).unwrap();
            assert!((got - expect).abs() < 5e-4, "{scale:?}: {got}");
        }
    }

    #[test]
    fn nothing_to_disagree_on_is_undefined() {
        for items in [vec![], vec![vec![1.0], vec![2.0]], vec![vec![1.0, 1.0]], vec![vec![f64::NAN, 1.0]]] {
            assert_eq!(
                krippendorff_alpha(&items, Scale::Nominal),
                Err(AgreementError::Undefined),
                "{items:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn alpha_ignores_the_order_of_items_and_raters_and_shifts(
            items in prop::collection::vec(prop::collection::vec(0u8..4, 1..5), 2..15), shift in -3.0f64..3.0,
        ) {
            let items: Vec<Vec<f64>> =
                items.iter().map(|ratings| ratings.iter().map(|&rating| f64::from(rating)).collect()).collect();
            let mut turned = items.clone();
            turned.reverse();
            for ratings in &mut turned {
                ratings.reverse();
            }
            let shifted: Vec<Vec<f64>> =
                items.iter().map(|ratings| ratings.iter().map(|rating| 2.0 * rating + shift).collect()).collect();
            for scale in SCALES {
                let alpha = krippendorff_alpha(&items, scale);
                for other in [&turned, &shifted] {
                    match (alpha, krippendorff_alpha(other, scale)) {
                        (Ok(one), Ok(other)) => prop_assert!((one - other).abs() < 1e-9 && one <= 1.0 + 1e-12),
                        (one, other) => prop_assert_eq!(one, other),
                    }
                }
            }
        }
    }
}
