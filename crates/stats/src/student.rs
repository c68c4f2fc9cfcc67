//! Student's t: its critical values and the intervals of a mean that rest on it. Assumes values drawn
//! independently.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::describe::{mean, sample_std_dev};
use crate::interval::{Interval, Level};

/// From so many degrees of freedom on, four terms of the expansion leave less than rounding does.
const MANY_DEGREES: f64 = 1e3;

/// Returns the two-sided critical value of Student's t: the quantile at `1 - alpha / 2`.
///
/// `degrees_of_freedom` may be fractional, as Welch and Satterthwaite need it. NaN unless it is finite and above
/// zero. Computed by statrs from the inverse incomplete beta function; agrees with tables to 1e-9 from 0.5 degrees
/// up. From a thousand degrees on, where statrs loses digits and then time, by the first terms of the expansion of Fisher
/// and Cornish (1960).
pub fn student_t_critical(level: Level, degrees_of_freedom: f64) -> f64 {
    if !degrees_of_freedom.is_finite() {
        return f64::NAN;
    }
    if degrees_of_freedom >= MANY_DEGREES {
        let z = Normal::standard().inverse_cdf(level.upper_probability());
        let square = z * z;
        let terms = [
            (square + 1.0) / 4.0,
            ((5.0 * square + 16.0) * square + 3.0) / 96.0,
            (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0,
            ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92_160.0,
        ];
        return z * terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees_of_freedom) + z;
    }
    StudentsT::new(0.0, 1.0, degrees_of_freedom)
        .map_or(f64::NAN, |student| student.inverse_cdf(level.upper_probability()))
}

/// Returns the t interval of the mean (Student 1908), or `None` for fewer than two values.
///
/// Exact for normal values; for skewed ones of a sample of five it falls a few points short of its level, and a
/// sample without spread gives an interval without width. Not clamped.
pub fn t_interval(values: &[f64], level: Level) -> Option<Interval> {
    let centre = mean(values)?;
    let standard_error = sample_std_dev(values)? / (values.len() as f64).sqrt();
    let half = student_t_critical(level, values.len() as f64 - 1.0) * standard_error;
    Some(Interval { low: centre - half, high: centre + half })
}

/// Critical values at 0.95 by degrees of freedom, three decimals, as the published analysis prints them.
const PUBLISHED_CRITICAL_VALUES: [(usize, f64); 22] = [
    (1, 12.706),
    (2, 4.303),
    (3, 3.182),
    (4, 2.776),
    (5, 2.571),
    (6, 2.447),
    (7, 2.365),
    (8, 2.306),
    (9, 2.262),
    (10, 2.228),
    (11, 2.201),
    (12, 2.179),
    (13, 2.160),
    (14, 2.145),
    (15, 2.131),
    (16, 2.120),
    (17, 2.110),
    (18, 2.101),
    (19, 2.093),
    (20, 2.086),
    (25, 2.060),
    (30, 2.042),
];

/// Returns the t interval with the published table in place of exact critical values, clamped to `bounds`.
///
/// Degrees that the table lacks take the nearest entry, ties to the smaller; above 30, and at any level but 0.95,
/// the value is 1.96 (which is wrong for small samples, and kept because numbers were published with it). One value
/// gives an interval without width; `None` for an empty sample.
pub fn published_t_interval(values: &[f64], level: Level, bounds: Interval) -> Option<Interval> {
    let centre = mean(values)?;
    let Some(deviation) = sample_std_dev(values) else {
        return Some(Interval { low: centre, high: centre });
    };
    let half = published_critical(values.len() - 1, level) * (deviation / (values.len() as f64).sqrt());
    Some(Interval { low: centre - half, high: centre + half }.clamped(bounds.low, bounds.high))
}

fn published_critical(degrees_of_freedom: usize, level: Level) -> f64 {
    if level != Level::P95 || degrees_of_freedom > 30 {
        return 1.96;
    }
    let nearest =
        PUBLISHED_CRITICAL_VALUES.iter().min_by_key(|(degrees, _)| degrees.abs_diff(degrees_of_freedom));
    nearest.expect("the table has entries").1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check_critical(level: f64, degrees_of_freedom: f64, expect: f64) {
        let got = student_t_critical(Level::parse(level).unwrap(), degrees_of_freedom);
        assert!((got / expect - 1.0).abs() < 1e-9, "t({level}, {degrees_of_freedom}) = {got}, not {expect}");
    }

    // At one and two degrees the quantile has closed forms; the others are those of scipy.stats.t.ppf.
    #[test]
    fn critical_values_are_those_of_the_tables() {
        check_critical(0.95, 1.0, (std::f64::consts::PI * 0.475).tan());
        check_critical(0.95, 2.0, 0.95 * (2.0 / (1.0 - 0.95 * 0.95f64)).sqrt());
        check_critical(0.95, 4.0, 2.776_445_105_197_799);
        check_critical(0.95, 5.0, 2.570_581_835_636_314);
        check_critical(0.95, 10.0, 2.228_138_851_964_938_5);
        check_critical(0.95, 30.0, 2.042_272_456_301_238);
        check_critical(0.99, 4.0, 4.604_094_871_415_897);
        check_critical(0.90, 4.0, 2.131_846_786_326_649);
    }

    #[test]
    fn the_expansion_for_many_degrees_goes_on_from_the_quantile() {
        for level in [0.5, 0.95, 0.999] {
            let critical = |degrees| student_t_critical(Level::parse(level).unwrap(), degrees);
            let (below, at) = (critical(MANY_DEGREES - 1e-6), critical(MANY_DEGREES));
            assert!((below / at - 1.0).abs() < 1e-9, "{below} {at}");
            assert!(critical(1e12) < at);
        }
    }

    #[test]
    fn degrees_of_freedom_that_make_no_sense_give_nan() {
        for degrees_of_freedom in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(student_t_critical(Level::P95, degrees_of_freedom).is_nan(), "{degrees_of_freedom}");
        }
    }

    #[test]
    fn the_t_interval_of_a_known_sample() {
        let interval = t_interval(&[10.0, 20.0, 30.0, 40.0, 50.0], Level::P95).unwrap();
        assert!((interval.low - 10.367_568_385_224_4).abs() < 1e-9, "{interval:?}");
        assert!((interval.high - 49.632_431_614_775_6).abs() < 1e-9, "{interval:?}");
        assert_eq!(t_interval(&[1.0], Level::P95), None);
        assert_eq!(t_interval(&[], Level::P95), None);
    }

    #[test]
    fn the_published_table_takes_the_nearest_entry() {
        let critical = |degrees_of_freedom| published_critical(degrees_of_freedom, Level::P95).to_bits();
        assert_eq!(critical(4), 2.776f64.to_bits());
        assert_eq!(critical(22), 2.086f64.to_bits());
        assert_eq!(critical(23), 2.060f64.to_bits());
        assert_eq!(critical(27), 2.060f64.to_bits());
        assert_eq!(critical(28), 2.042f64.to_bits());
        assert_eq!(critical(30), 2.042f64.to_bits());
        assert_eq!(critical(31), 1.96f64.to_bits());
        assert_eq!(published_critical(4, Level::parse(0.9).unwrap()).to_bits(), 1.96f64.to_bits());
    }

    #[test]
    fn the_published_t_interval_is_clamped_and_closes_on_one_value() {
        let bounds = Interval { low: 0.0, high: 100.0 };
        let interval = published_t_interval(&[99.0, 90.0], Level::P95, bounds).unwrap();
        assert_eq!(interval.high.to_bits(), 100.0f64.to_bits());
        assert!((interval.low - (94.5 - 12.706 * 4.5)).abs() < 1e-9);
        assert_eq!(published_t_interval(&[7.5], Level::P95, bounds), Some(Interval { low: 7.5, high: 7.5 }));
        assert_eq!(published_t_interval(&[], Level::P95, bounds), None);
    }

    proptest! {
        #[test]
        fn critical_values_fall_with_degrees_and_rise_with_level(degrees in 0.5f64..200.0, fraction in 0.1f64..0.98) {
            let level = Level::parse(fraction).unwrap();
            let higher = Level::parse(fraction + 0.01).unwrap();
            prop_assert!(student_t_critical(level, degrees) > student_t_critical(level, degrees * 1.1));
            prop_assert!(student_t_critical(level, degrees) < student_t_critical(higher, degrees));
        }

        #[test]
        fn the_t_interval_is_symmetric_about_the_mean(values in prop::collection::vec(0.0f64..100.0, 2..10)) {
            let interval = t_interval(&values, Level::P95).unwrap();
            let centre = mean(&values).unwrap();
            prop_assert!(interval.contains(centre));
            prop_assert!(((interval.high - centre) - (centre - interval.low)).abs() < 1e-9);
        }
    }
}
