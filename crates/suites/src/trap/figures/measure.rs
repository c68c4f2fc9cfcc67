//! From trials to values with intervals, in percent.

use unbent_report::figure::{Axis, Unit, Value};
use unbent_stats::{Level, ShareUnit, clustered_share};

use crate::kit::Method;
use crate::trap::analysis::{CaseInfo, Observation};
use crate::trap::analysis::{Metric, Metrics};
use crate::trap::class::{FailureClass, Verdict};

/// The axis of shares.
pub(super) fn percent(title: &str) -> Axis {
    Axis::new(title, Unit::Percent)
}

/// A metric by the corrected method, with the number of trials that have a verdict in its denominator.
pub(super) fn metric(metrics: &Metrics, metric: Metric) -> Value {
    let estimate = metrics.estimate(metric, Method::Corrected);
    Value {
        at: estimate.value.map(|value| value * 100.0),
        interval: estimate.interval.map(|interval| (interval.low * 100.0, interval.high * 100.0)),
        count: None,
        n: Some(estimate.n),
    }
}

/// A share of trials, each with whether it is a hit and its cluster. The interval is clustered.
pub(super) fn share(trials: impl IntoIterator<Item = (bool, u32)>) -> Value {
    let unit = |(hit, cluster)| ShareUnit { hits: f64::from(u8::from(hit)), size: 1.0, cluster };
    let units: Vec<_> = trials.into_iter().map(unit).collect();
    let count = units.iter().filter(|unit| unit.hits > 0.0).count() as u64;
    let value = Value::missing().counting(count).out_of(units.len() as u64);
    match clustered_share(&units, Level::P95) {
        Some(share) => Value {
            at: Some(share.share * 100.0),
            interval: Some((share.interval.low * 100.0, share.interval.high * 100.0)),
            ..value
        },
        None => Value { count: None, ..value },
    }
}

/// The verdict on a trial; none if it was not scored.
pub(super) fn verdict(trial: &Observation) -> Option<Verdict> {
    trial.state.scored().map(crate::trap::scores::Scored::verdict)
}

/// Whether a class is neither correct nor undetermined: a failure.
pub(super) fn is_failure(class: FailureClass) -> bool {
    !class.is_correct()
}

/// The trials that were scored, with their verdicts and clusters.
pub(super) fn verdicts<'t>(
    trials: &'t [(&CaseInfo, &Observation)],
) -> impl Iterator<Item = (Verdict, u32)> + 't {
    trials.iter().filter_map(|(case, trial)| Some((verdict(trial)?, case.cluster)))
}
