//! Many tests at once: p-values adjusted so that they can be read as one would read a single one.

use thiserror::Error;

/// A number among the p-values that is none.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("p-value {value} at position {position} is not between 0 and 1")]
pub struct NoPValue {
    /// What was given.
    pub value: f64,
    /// Where it stands, from zero.
    pub position: usize,
}

/// Returns the p-values adjusted by Holm (1979), in the order given.
///
/// Rejecting those at or below `alpha` keeps the chance of any false rejection at `alpha`, whatever the dependence of the
/// tests. More powerful than Bonferroni and never worse.
///
/// # Errors
///
/// When a value is not between 0 and 1 (NaN included).
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, NoPValue> {
    let order = ascending(p_values)?;
    let count = p_values.len() as f64;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor = 0.0f64;
    for (rank, &position) in order.iter().enumerate() {
        floor = floor.max((count - rank as f64) * p_values[position]).min(1.0);
        adjusted[position] = floor;
    }
    Ok(adjusted)
}

/// Returns the p-values adjusted by Benjamini and Hochberg (1995), in the order given.
///
/// Rejecting those at or below `q` keeps the expected share of false ones among the rejected at `q`, for tests that are
/// independent or positively dependent.
///
/// # Errors
///
/// When a value is not between 0 and 1 (NaN included).
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, NoPValue> {
    let order = ascending(p_values)?;
    let count = p_values.len() as f64;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut ceiling = 1.0f64;
    for (rank, &position) in order.iter().enumerate().rev() {
        ceiling = ceiling.min(count / (rank as f64 + 1.0) * p_values[position]);
        adjusted[position] = ceiling;
    }
    Ok(adjusted)
}

/// Positions by ascending value.
fn ascending(p_values: &[f64]) -> Result<Vec<usize>, NoPValue> {
    let bad = p_values.iter().position(|value| !(0.0..=1.0).contains(value));
    if let Some(position) = bad {
        return Err(NoPValue { value: p_values[position], position });
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_p_value_is_refused() {
        assert_eq!(holm(&[0.5, 1.5]), Err(NoPValue { value: 1.5, position: 1 }));
        assert!(benjamini_hochberg(&[f64::NAN]).is_err());
        assert_eq!(holm(&[]), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn adjusting_raises_keeps_order_and_follows_a_relabelling(p_values in prop::collection::vec(0.0f64..=1.0, 1..30)) {
            let mut reversed = p_values.clone();
            reversed.reverse();
            for method in [holm, benjamini_hochberg] {
                let adjusted = method(&p_values).unwrap();
                let mut other = method(&reversed).unwrap();
                other.reverse();
                prop_assert_eq!(&adjusted, &other);
                for (one, &raw) in p_values.iter().enumerate() {
                    prop_assert!(raw <= adjusted[one] && adjusted[one] <= 1.0);
                    prop_assert!((0..p_values.len()).all(|two| p_values[two] > raw || adjusted[two] <= adjusted[one]));
                }
            }
        }

        #[test]
        fn holm_lies_between_the_false_discovery_rate_and_bonferroni(p_values in prop::collection::vec(0.0f64..=1.0, 1..30)) {
            let (strict, loose) = (holm(&p_values).unwrap(), benjamini_hochberg(&p_values).unwrap());
            for (position, raw) in p_values.iter().enumerate() {
                prop_assert!(loose[position] <= strict[position] + 1e-15);
                prop_assert!(strict[position] <= (raw * p_values.len() as f64).min(1.0) + 1e-15);
            }
        }
    }
}
