//! Student's t for an estimate whose standard error and degrees of freedom are known: tests of a difference and of
//! equivalence, and what would be found. Assumes an estimate that is about normal.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::interval::Level;
use crate::student::student_t_critical;

/// An estimate's error: its standard error, above 0, and the degrees of freedom that it is known with, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EstimateError {
    standard_error: f64,
    degrees_of_freedom: f64,
}

impl EstimateError {
    /// Returns the error, or `None` unless both are finite and above 0.
    pub fn new(standard_error: f64, degrees_of_freedom: f64) -> Option<Self> {
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        (is_positive(standard_error) && is_positive(degrees_of_freedom))
            .then_some(Self { standard_error, degrees_of_freedom })
    }

    /// Returns the standard error.
    pub fn standard_error(self) -> f64 {
        self.standard_error
    }

    /// Returns the degrees of freedom.
    pub fn degrees_of_freedom(self) -> f64 {
        self.degrees_of_freedom
    }

    /// Returns the distance from the estimate to either end of its two-sided interval.
    pub fn reach(self, level: Level) -> f64 {
        student_t_critical(level, self.degrees_of_freedom) * self.standard_error
    }

    /// Returns the two-sided p-value of an estimate against zero (Student 1908).
    pub fn p_value(self, estimate: f64) -> f64 {
        (2.0 * self.beyond(estimate.abs())).min(1.0)
    }

    /// Returns the p-value of two one-sided tests (Schuirmann 1987): whether what is estimated lies within `margin` of
    /// zero, for an estimate that lies anywhere from `low` to `high`. Below `alpha`, the interval at level `1 - 2 alpha` about
    /// all of these lies within the margin.
    pub fn equivalence_p_value(self, low: f64, high: f64, margin: f64) -> f64 {
        self.beyond(low + margin).max(self.beyond(margin - high))
    }

    /// Returns the smallest difference that a two-sided test at one minus `level` finds with a probability of `power`
    /// (Bloom 1995, Evaluation Review 19, 547): the error times the sum of two quantiles of t. `None` for a power that is
    /// not above a half and below 1.
    pub fn detectable(self, level: Level, power: f64) -> Option<f64> {
        let of_power = Level::parse(2.0 * power - 1.0).ok()?;
        Some(self.reach(level) + self.reach(of_power))
    }

    /// The probability that an estimate of zero comes out above this.
    fn beyond(self, estimate: f64) -> f64 {
        StudentsT::new(0.0, 1.0, self.degrees_of_freedom)
            .map_or(f64::NAN, |student| student.sf(estimate / self.standard_error))
    }
}

#[cfg(test)]
mod tests {
    use super::EstimateError;
    use crate::{Level, tost_paired_means};

    #[test]
    fn an_error_without_size_is_none() {
        for (error, degrees) in [(0.0, 3.0), (1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(EstimateError::new(error, degrees), None);
        }
    }

    // The sample 1, 2, 3, 4, 10; with four degrees the distribution has a closed form, which gives 0.064676894.
    #[test]
    fn the_p_value_is_that_of_a_t_test() {
        let error = EstimateError::new(12.5_f64.sqrt() / 5.0_f64.sqrt(), 4.0).unwrap();
        assert!((error.p_value(4.0) - 0.064_676_893_956_353).abs() < 1e-12, "{}", error.p_value(4.0));
        assert!((error.p_value(4.0) - error.p_value(-4.0)).abs() < 1e-15);
        assert!((error.p_value(0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equivalence_is_that_of_paired_means_and_wider_ends_are_less_equivalent() {
        let (first, second) = ([1.0, 2.5, 3.0, 2.0], [1.5, 2.0, 2.5, 2.5]);
        let whole = tost_paired_means(&first, &second, 1.0).unwrap();
        // Differences -0.5, 0.5, 0.5, -0.5: deviation 0.57735, over the root of 4.
        let error = EstimateError::new(0.5 / 3.0_f64.sqrt(), 3.0).unwrap();
        assert!((error.equivalence_p_value(0.0, 0.0, 1.0) - whole.p_value()).abs() < 1e-12);
        assert!(error.equivalence_p_value(-0.2, 0.1, 1.0) > whole.p_value());
    }

    #[test]
    fn with_many_degrees_the_detectable_difference_is_2_8_errors() {
        let error = EstimateError::new(1.0, 1e5).unwrap();
        assert!((error.detectable(Level::P95, 0.8).unwrap() - (1.959_964 + 0.841_621)).abs() < 1e-4);
        assert_eq!(error.detectable(Level::P95, 0.4), None);
        assert_eq!(error.detectable(Level::P95, 1.0), None);
    }
}
