//! What is expected of a simulated subject under a simulated judge: summed up over every course that a trial may take, through
//! the suite's own steps and scoring. Nothing is drawn.

use std::collections::BTreeMap;

use serde_json::Value;
use unbent_core::{
    Ask, AssistantMessage, Case, CaseId, History, Manifest, ModelRole, NeedKind, Outcome, Reply, Step,
    TrialKey, TrialNo, TrialState, TrialView,
};

use super::estimate::part_weights;
use super::{Metric, Point};
use crate::kit::{Benchmark, RunData};

/// One way in which a simulated subject may go through a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// How probable it is. Those of a case sum to 1.
    pub probability: f64,
    /// What it says, by need.
    pub replies: BTreeMap<String, String>,
}

/// Every grade that a simulated judge may give, with its probability.
pub type JudgeChance<'a> = &'a dyn Fn(&Ask) -> Vec<(f64, Value)>;

/// Why nothing can be expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectationError {
    /// The suite does not tell what the subject may say.
    #[error("what sim/{persona} may say in the case {case} is not known")]
    Unknown {
        /// The persona.
        persona: String,
        /// The case.
        case: CaseId,
    },
    /// A trial wants something that no course holds.
    #[error("a trial of the case {case} wants {need}, which is not known of a simulated subject")]
    Stuck {
        /// The case.
        case: CaseId,
        /// The need.
        need: String,
    },
    /// The suite does not understand its case.
    #[error("{message}")]
    Suite {
        /// What it says.
        message: String,
    },
}

/// The expected value of each metric, in points; a metric without a value is left out.
///
/// Exact where every course is scored. Where some are not, it is the mean over those that are, weighted by their
/// probability, which is where the means of many repeats tend to. `manifest` is that of a run with one subject.
///
/// # Errors
///
/// A persona or a case of which it is not known what may be said.
pub fn expectation(
    benchmark: &dyn Benchmark,
    manifest: &Manifest,
    cases: &[Case],
    (persona, params): (&str, &BTreeMap<String, String>),
    judge: JudgeChance<'_>,
) -> Result<BTreeMap<&'static str, f64>, ExpectationError> {
    let Some(subject) = manifest.subjects.first() else { return Ok(BTreeMap::new()) };
    let (mut trials, mut probabilities) = (Vec::new(), Vec::new());
    for case in cases {
        let courses = benchmark.courses(persona, params, case).ok_or_else(|| ExpectationError::Unknown {
            persona: persona.to_owned(),
            case: case.id.clone(),
        })?;
        let mut ends = Vec::new();
        for course in &courses {
            follow(benchmark, case, course, judge, (course.probability, History::new()), &mut ends)?;
        }
        for (probability, outcome) in ends {
            // The repeat tells the ends of a case apart.
            let repeat = probabilities.len() as u32;
            let key = TrialKey {
                suite: case.suite.clone(),
                case: case.id.clone(),
                subject: subject.id.clone(),
                repeat,
            };
            let state = TrialState::Finished(outcome);
            trials.push(TrialView { state, ..TrialView::pending(TrialNo(u64::from(repeat)), key) });
            probabilities.push(probability);
        }
    }
    let cases = cases.iter().map(|case| (case.id.clone(), case.clone())).collect();
    let mut trials = trials.into_iter();
    let observed = benchmark.observe(&mut RunData {
        manifest,
        judges: &BTreeMap::new(),
        cases: &cases,
        trials: &mut trials,
    });
    let value = |metric: &Metric| Some((metric.id, expected(metric, &observed.points, &probabilities)?));
    Ok(benchmark.metrics().iter().filter_map(value).collect())
}

/// Follows a trial to all its ends.
fn follow(
    benchmark: &dyn Benchmark,
    case: &Case,
    course: &Course,
    judge: JudgeChance<'_>,
    (probability, mut history): (f64, History),
    ends: &mut Vec<(f64, Outcome)>,
) -> Result<(), ExpectationError> {
    loop {
        let step = benchmark
            .next(case, &history)
            .map_err(|error| ExpectationError::Suite { message: error.to_string() })?;
        let needs = match step {
            Step::Needs(needs) => needs,
            Step::Done(outcome) => {
                ends.push((probability, outcome));
                return Ok(());
            }
        };
        let Some(need) = needs.into_iter().next() else { return Ok(()) };
        let stuck = || ExpectationError::Stuck { case: case.id.clone(), need: need.key.to_string() };
        let NeedKind::Ask(ask) = &need.kind else { return Err(stuck()) };
        let reply = |text: String| Reply::of(AssistantMessage::text(text));
        match ask.role {
            ModelRole::Subject => {
                let said = course.replies.get(need.key.base()).ok_or_else(stuck)?;
                history = history.with_reply(need.key.clone(), reply(said.clone()));
            }
            ModelRole::Judge => {
                for (share, grade) in judge(ask) {
                    let graded = history.clone().with_reply(need.key.clone(), reply(grade.to_string()));
                    follow(benchmark, case, course, judge, (probability * share, graded), ends)?;
                }
                return Ok(());
            }
            ModelRole::Guard => return Err(stuck()),
        }
    }
}

/// The metric over points that count as much as they are probable.
fn expected(metric: &Metric, points: &[Point], probabilities: &[f64]) -> Option<f64> {
    let weights = part_weights(metric, points);
    let mut means: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for point in points {
        let (Some(value), Some(probability)) = (point.value, probabilities.get(point.repeat as usize)) else {
            continue;
        };
        let (sum, total) = means.entry(point.part).or_default();
        *sum += probability * value;
        *total += probability;
    }
    let is_whole = |group: &super::Group| group.parts.iter().any(|part| weights.contains_key(part));
    if !metric.groups.iter().all(is_whole) {
        return None;
    }
    let mut value = metric.offset;
    for (part, weight) in &weights {
        let (sum, total) = means.get(part)?;
        value += weight * sum / total;
    }
    Some(value)
}
