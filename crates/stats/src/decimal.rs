//! Decimal rounding of binary numbers. Does not format for people.

/// Returns `x` rounded to `places` decimals, as Python's `round(x, places)`.
///
/// The exact binary value is rounded correctly; only an exact tie goes to the even digit (0.25 gives 0.2 with one
/// place, but 2.675, which lies below its decimal spelling, gives 2.67 with two). The result is the double nearest
/// to that decimal. The sign of zero survives (-0.001 gives -0.0), and NaN and infinities come back as they are.
/// Any double of magnitude 2^52 or more is an integer and is returned unchanged.
///
/// Source: CPython, `float.__round__` in Objects/floatobject.c, which prints with correct rounding and parses back.
pub fn round_to_places(x: f64, places: u8) -> f64 {
    if !x.is_finite() {
        return x;
    }
    // Where the scaled number is plainly nearer to one integer than to the next, that integer is the decimal's digits, and an
    // exact integer over an exact power of ten is the double nearest to their quotient. Below 2^32 scaling is off by less
    // than 2^-21, and 10^22 is the last power of ten that a double holds.
    if places <= 22 {
        let unit = 10_f64.powi(i32::from(places));
        let (scaled, digits) = (x * unit, (x * unit).round());
        if scaled.abs() < 4_294_967_296.0 && (scaled - digits).abs() < 0.499_999 {
            return digits / unit;
        }
    }
    by_printing(x, places)
}

fn by_printing(x: f64, places: u8) -> f64 {
    format!("{x:.*}", usize::from(places)).parse().expect("a formatted finite number parses as a number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(x: f64, places: u8, expect: f64) {
        let got = round_to_places(x, places);
        assert_eq!(got.to_bits(), expect.to_bits(), "round({x:?}, {places}) = {got:?}, not {expect:?}");
    }

    #[test]
    fn exact_ties_go_to_the_even_digit() {
        check(0.25, 1, 0.2);
        check(0.75, 1, 0.8);
        check(12.25, 1, 12.2);
        check(9.625, 2, 9.62);
        check(0.5, 0, 0.0);
        check(1.5, 0, 2.0);
        check(2.5, 0, 2.0);
    }

    #[test]
    fn the_exact_binary_value_decides_when_the_decimal_looks_like_a_tie() {
        check(2.675, 2, 2.67);
        check(99.65, 1, 99.7);
        check(84.449_999_999_999_99, 1, 84.4);
        check(84.45, 1, 84.5);
        check(1.005, 2, 1.0);
    }

    #[test]
    fn negative_numbers_mirror_positive_ones_and_zero_keeps_its_sign() {
        check(-2.675, 2, -2.67);
        check(-0.25, 1, -0.2);
        check(-0.001, 2, -0.0);
        check(-0.0, 1, -0.0);
        check(0.0, 1, 0.0);
    }

    #[test]
    fn large_and_tiny_numbers_keep_or_lose_all_their_digits() {
        check(1e300, 2, 1e300);
        check(f64::MAX, 1, f64::MAX);
        check(9_007_199_254_740_993.0, 1, 9_007_199_254_740_992.0);
        check(5e-324, 10, 0.0);
        check(1.234_567_890_123_456_7, 255, 1.234_567_890_123_456_7);
    }

    #[test]
    fn what_is_not_finite_is_returned() {
        check(f64::INFINITY, 2, f64::INFINITY);
        check(f64::NEG_INFINITY, 0, f64::NEG_INFINITY);
        assert!(round_to_places(f64::NAN, 1).is_nan());
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_printing_gives(
            x in prop_oneof![-1e9f64..1e9, -200.0f64..200.0, (-40_000i32..40_000).prop_map(|n| f64::from(n) / 2000.0)],
            places in 0u8..24
        ) {
            prop_assert_eq!(round_to_places(x, places).to_bits(), by_printing(x, places).to_bits());
        }

        #[test]
        fn rounding_is_idempotent_and_moves_by_half_a_unit_at_most(x in -1e6f64..1e6, places in 0u8..8) {
            let once = round_to_places(x, places);
            prop_assert_eq!(once.to_bits(), round_to_places(once, places).to_bits());
            let unit = 10f64.powi(-i32::from(places));
            prop_assert!((once - x).abs() <= unit * 0.5 + 1e-9);
        }
    }
}
