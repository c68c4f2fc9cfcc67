//! Does a share rise or fall along a scale? The test of Cochran and Armitage. Assumes that all cases are drawn
//! independently; for the same cases at every step of the scale, see [`crate::clustered`].

use statrs::function::erf::erfc;
use thiserror::Error;

/// Hits at one step of a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Where it stands on the scale, such as a dose.
    pub score: f64,
    /// Cases that hit.
    pub hits: u64,
    /// Cases.
    pub n: u64,
}

/// What the test of a trend says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Standard normal if there is no trend; above 0 if the share rises with the score.
    pub z: f64,
    /// Two-sided p-value: how often equal shares would give at least so steep a trend.
    pub p_value: f64,
}

/// Why there is no trend to test.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TrendError {
    /// More hits than cases.
    #[error("step {step} has {hits} hits of {n} cases")]
    Hits {
        /// Which step, from 0.
        step: usize,
        /// Its hits.
        hits: u64,
        /// Its cases.
        n: u64,
    },
    /// A score that is no number.
    #[error("step {step} stands at {score}, which is no place on a scale")]
    Score {
        /// Which step, from 0.
        step: usize,
        /// What was given.
        score: f64,
    },
    /// Cases at fewer than two scores, or hits in all cases or in none.
    #[error("a trend needs cases at two scores, and both hits and misses among them")]
    NoSpread,
}

/// Tests whether the share of hits rises or falls in a line with the score (Cochran 1954; Armitage 1955, Biometrics 11,
/// 375), without continuity correction.
///
/// `z = Σ t (r - n p) / √(p (1 - p) (Σ n t² - (Σ n t)² / N))` over steps of `n` cases with `r` hits at score `t`, with the
/// share `p` of hits in all `N`. Only distances between scores count, not their unit. By the normal curve: trust it where
/// hits and misses are more than a handful. Where the same cases stand at every step, answers that resemble each other
/// make it cautious.
///
/// # Errors
///
/// When hits exceed cases, a score is no finite number, or there is no spread in scores or hits.
pub fn cochran_armitage(steps: &[Step]) -> Result<Trend, TrendError> {
    for (step, &Step { score, hits, n }) in steps.iter().enumerate() {
        if hits > n {
            return Err(TrendError::Hits { step, hits, n });
        }
        if !score.is_finite() {
            return Err(TrendError::Score { step, score });
        }
    }
    let sum = |of: &dyn Fn(&Step) -> f64| steps.iter().map(of).sum::<f64>();
    let (cases, hits) = (sum(&|step| step.n as f64), sum(&|step| step.hits as f64));
    let share = hits / cases;
    // Scores are taken from their mean, so that a scale that begins far from zero loses no digits.
    let centre = sum(&|step| step.n as f64 * step.score) / cases;
    let rise = sum(&|step| (step.score - centre) * (step.hits as f64 - step.n as f64 * share));
    let spread = sum(&|step| step.n as f64 * (step.score - centre).powi(2));
    let variance = share * (1.0 - share) * spread;
    if variance.is_nan() || variance <= 0.0 {
        return Err(TrendError::NoSpread);
    }
    let z = rise / variance.sqrt();
    Ok(Trend { z, p_value: erfc(z.abs() / std::f64::consts::SQRT_2) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps(rows: &[(f64, u64, u64)]) -> Vec<Step> {
        rows.iter().map(|&(score, hits, n)| Step { score, hits, n }).collect()
    }

    #[test]
    fn what_has_no_trend_is_refused() {
        for rows in [
            &[][..],
            &[(1.0, 2, 4)],
            &[(1.0, 0, 4), (2.0, 0, 4)],
            &[(1.0, 4, 4), (2.0, 4, 4)],
            &[(1.0, 1, 4), (1.0, 3, 4)],
            &[(1.0, 1, 4), (2.0, 0, 0)],
        ] {
            assert_eq!(cochran_armitage(&steps(rows)), Err(TrendError::NoSpread), "{rows:?}");
        }
        let error = cochran_armitage(&steps(&[(1.0, 1, 4), (2.0, 5, 4)])).unwrap_err();
        assert_eq!(error.to_string(), "step 1 has 5 hits of 4 cases");
        assert!(matches!(
            cochran_armitage(&steps(&[(f64::NAN, 1, 4)])),
            Err(TrendError::Score { step: 0, .. })
        ));
    }

    // Two steps give the pooled test of two proportions: 10 and 18 of 30 by hand.
    #[test]
    fn of_two_steps_it_is_the_test_of_two_proportions() {
        let trend = cochran_armitage(&steps(&[(0.0, 10, 30), (1.0, 18, 30)])).unwrap();
        let pooled: f64 = 28.0 / 60.0;
        let expect = (18.0 - 10.0) / 30.0 / (pooled * (1.0 - pooled) * (2.0 / 30.0)).sqrt();
        assert!((trend.z - expect).abs() < 1e-12, "{trend:?}");
    }

    proptest! {
        #[test]
        fn unit_and_direction_of_the_scale_do_not_matter(
            rows in prop::collection::vec((0.0f64..5.0, 0u64..20, 1u64..20), 2..6),
            by in 0.1f64..50.0,
            from in -100.0f64..100.0,
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(score, hits, n)| (score, hits.min(n), n)).collect();
            if let Ok(trend) = cochran_armitage(&steps(&rows)) {
                prop_assert!((0.0..=1.0).contains(&trend.p_value));
                let moved: Vec<_> = rows.iter().map(|&(score, hits, n)| (from + by * score, hits, n)).collect();
                prop_assert!((cochran_armitage(&steps(&moved)).unwrap().z - trend.z).abs() < 1e-6);
                let misses: Vec<_> = rows.iter().map(|&(score, hits, n)| (score, n - hits, n)).collect();
                prop_assert!((cochran_armitage(&steps(&misses)).unwrap().z + trend.z).abs() < 1e-9);
            }
        }
    }
}
