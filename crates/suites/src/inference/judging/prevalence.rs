//! A judge against the labels of people: what it finds and passes over, and what that makes of the rate that it reports.

use std::num::NonZeroU64;

use unbent_stats::{Interval, Level, corrected_prevalence, wilson_interval};

use super::Gradings;

/// How a judge does against labels, in a rating.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// The place of the rating.
    pub rating: u32,
    /// The place of the judge.
    pub rater: u32,
    /// Labelled answers that the judge rated too.
    pub n: u64,
    /// Of those, answers of which one of the two says no verdict. They count in no share.
    pub undetermined: u64,
    /// Labelled positive: found, and how many.
    pub found: (u64, u64),
    /// Labelled negative: passed over, and how many.
    pub passed_over: (u64, u64),
    /// All answers that the judge rated: positive, and how many.
    pub reported: (u64, u64),
    /// The share of positives, corrected for the judge's errors, with its interval. None where the judge tells nothing
    /// apart, or no answer of one kind is labelled.
    pub corrected: Option<(f64, Interval)>,
}

/// How each judge does against the labels; judges that rated no labelled answer are left out.
pub fn against_labels(gradings: &Gradings) -> Vec<Against> {
    let Some(human) = gradings.raters.iter().position(|rater| rater.is_human) else { return Vec::new() };
    let mut all = Vec::new();
    for (rating, place) in gradings.ratings.iter().zip(0..) {
        let first = gradings.first(place);
        for rater in (0..gradings.raters.len()).filter(|rater| *rater != human) {
            let mut against = Against {
                rating: place,
                rater: rater as u32,
                n: 0,
                undetermined: 0,
                found: (0, 0),
                passed_over: (0, 0),
                reported: (0, 0),
                corrected: None,
            };
            for by in first.values() {
                let Some(said) = by.get(&(rater as u32)).copied() else { continue };
                let is_positive = rating.is_positive(said);
                if rating.is_determined(said) {
                    against.reported.0 += u64::from(is_positive);
                    against.reported.1 += 1;
                }
                let Some(truth) = by.get(&(human as u32)).copied() else { continue };
                against.n += 1;
                if !rating.is_determined(said) || !rating.is_determined(truth) {
                    against.undetermined += 1;
                } else if rating.is_positive(truth) {
                    against.found.0 += u64::from(is_positive);
                    against.found.1 += 1;
                } else {
                    against.passed_over.0 += u64::from(!is_positive);
                    against.passed_over.1 += 1;
                }
            }
            against.corrected = corrected(against.reported, against.found, against.passed_over);
            if against.n > 0 {
                all.push(against);
            }
        }
    }
    all
}

impl Against {
    /// Wilson's interval of the share of positives that the judge finds.
    pub fn sensitivity_interval(&self) -> Option<Interval> {
        wilson(self.found)
    }

    /// Wilson's interval of the share of negatives that it passes over.
    pub fn specificity_interval(&self) -> Option<Interval> {
        wilson(self.passed_over)
    }
}

fn wilson((hits, n): (u64, u64)) -> Option<Interval> {
    Some(wilson_interval(hits, NonZeroU64::new(n)?, Level::P95))
}

/// Rogan and Gladen's rate; each pair is hits out of cases.
fn corrected(reported: (u64, u64), found: (u64, u64), passed_over: (u64, u64)) -> Option<(f64, Interval)> {
    let of = |(hits, n): (u64, u64)| Some((hits, NonZeroU64::new(n)?));
    let rate = corrected_prevalence(of(reported)?, of(found)?, of(passed_over)?, Level::P95).ok()?;
    Some((rate.corrected, rate.interval))
}
