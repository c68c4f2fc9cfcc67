//! Summaries of one sample: mean, spread, middle. Makes no inference.

/// Returns the arithmetic mean, or `None` for an empty sample.
///
/// A plain left-to-right sum of doubles divided by the count, bit for bit what `sum(values) / len(values)` gives in
/// CPython up to 3.11; later CPythons compensate the sum and may differ in the last bit.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| naive_sum(values.iter().copied()) / values.len() as f64)
}

/// Adds left to right from a positive zero, as CPython does; `Iterator::sum` starts from a negative one.
pub(crate) fn naive_sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// Returns the sample standard deviation (divisor `n - 1`), or `None` for fewer than two values.
///
/// The plain two-pass formula in doubles, `sqrt(sum((x - mean)^2) / (n - 1))` with sums from left to right: bit for bit
/// what those words give in CPython up to 3.11, which is how the published deviations were computed. Python's
/// `statistics.stdev` sums exact fractions and rounds once; for values of like magnitude the two agree to about 1e-14 of
/// the largest value, and equal values may give a few units in the last place here instead of zero. Squares overflow
/// above magnitudes of about 1e154.
pub fn sample_std_dev(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    let squares = naive_sum(values.iter().map(|value| (value - centre) * (value - centre)));
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Returns the median, or `None` for an empty sample; the mean of the two middle values when their number is even.
///
/// NaNs sort to the ends, as in `f64::total_cmp`.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sample_too_small_has_no_summary() {
        assert_eq!(mean(&[]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(sample_std_dev(&[]), None);
        assert_eq!(sample_std_dev(&[3.0]), None);
    }

    #[test]
    fn the_mean_adds_from_left_to_right() {
        assert_eq!(mean(&[0.1, 0.2, 0.3]).unwrap().to_bits(), (0.600_000_000_000_000_1f64 / 3.0).to_bits());
        assert_eq!(mean(&[1e16, 1.0, -1e16]), Some(0.0));
        assert_eq!(mean(&[-0.0]).unwrap().to_bits(), 0.0f64.to_bits());
    }

    #[test]
    fn the_median_of_an_even_sample_is_the_middle_of_the_two_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
    }

    /// Sample, deviation by the plain formula in Python 3.11, deviation by its statistics.stdev.
    type Row<'a> = (&'a [f64], f64, f64);

    #[test]
    #[expect(clippy::unreadable_literal, reason = "pasted from Python")]
    fn the_deviation_is_python_s_plain_formula_and_close_to_its_exact_one() {
        let rows: &[Row] = &[
            (&[10.0, 20.0, 30.0, 40.0, 50.0], 15.811388300841896, 15.811388300841896),
            (&[99.75, 99.75, 99.625, 99.75, 99.625], 0.06846531968814577, 0.06846531968814576),
            (
                &[0.3333333333333333, 0.6666666666666666, 0.14285714285714285, 3.3, 9.99],
                4.171468286394982,
                4.171468286394982,
            ),
            (&[97.393, 82.5, 91.1, 68.3, 95.5], 11.905942625428699, 11.905942625428699),
            (&[54.297, 53.5], 0.5635641046056763, 0.5635641046056763),
            (
                &[71.225959457126, 56.2, 81.531295786587, 97.38544712285, 79.3, 98.8],
                16.11622055679175,
                16.11622055679175,
            ),
            (
                &[92.923, 70.956952178573, 55.89, 78.012863850641, 59.036318996197, 78.6],
                13.742016741066985,
                13.742016741066985,
            ),
        ];
        for &(values, plain, exact) in rows {
            let got = sample_std_dev(values).unwrap();
            assert_eq!(got.to_bits(), plain.to_bits(), "{values:?}: {got:?}, not {plain:?}");
            assert!((got / exact - 1.0).abs() < 1e-13, "{values:?}: {got:?}, exactly {exact:?}");
        }
    }

    proptest! {
        #[test]
        fn a_constant_sample_has_no_spread(value in -1e9f64..1e9, n in 2usize..12) {
            prop_assert!(sample_std_dev(&vec![value; n]).unwrap() <= 1e-14 * value.abs());
        }

        #[test]
        fn spread_ignores_order_and_scales(values in prop::collection::vec(0.0f64..100.0, 2..12)) {
            let spread = sample_std_dev(&values).unwrap();
            let mut reversed = values.clone();
            reversed.reverse();
            prop_assert!((spread - sample_std_dev(&reversed).unwrap()).abs() < 1e-12);
            let doubled: Vec<f64> = values.iter().map(|value| value * 2.0).collect();
            prop_assert_eq!((spread * 2.0).to_bits(), sample_std_dev(&doubled).unwrap().to_bits());
        }
    }
}
