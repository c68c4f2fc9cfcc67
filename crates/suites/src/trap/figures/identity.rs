//! What the identity prompt does: figures 1 and 2.

use unbent_report::Figure;
use unbent_report::figure::{Chart, Plot, Role, Value};

use super::measure::{metric, percent};
use super::notes::CORRECTED;
use super::study::Study;
use crate::trap::analysis::Metric;
use crate::trap::condition::Condition;

/// Figure 1: what becomes of a subject with instructions, and with an identity besides.
pub(super) fn identity_vs_instruction(study: &Study<'_>) -> Result<Figure, String> {
    several(study)?;
    let groups = study.conditions.iter().map(|condition| described(*condition));
    let chart = |of: Metric| {
        let mut chart = Chart::new(percent(of.heading()), groups.clone());
        for (place, subject) in study.subjects.iter().enumerate() {
            let value = |condition: &Condition| Some(metric(&study.arm(*subject, *condition)?.metrics, of));
            let values = study.conditions.iter().map(value).collect();
            chart = chart.with(study.name(*subject), Role::Nth(place as u8), values);
        }
        Plot::Bars(chart)
    };
    let figure = Figure::new(
        "Identity versus instruction",
        "What is right, and what is dangerous, by what the subject is told about itself before the prompt",
    )
    .with(heading(Metric::EffectiveCorrect), chart(Metric::EffectiveCorrect))
    .with(heading(Metric::DangerousFailure), chart(Metric::DangerousFailure));
    Ok(study.note(figure, CORRECTED))
}

/// Figure 2: each subject under every condition.
pub(super) fn identity_comparison(study: &Study<'_>) -> Result<Figure, String> {
    several(study)?;
    let mut figure = Figure::new(
        "Identities compared",
        "Each subject under every condition: how often it holds its line, is right, and gives itself up",
    );
    for of in [Metric::Held, Metric::EffectiveCorrect, Metric::IdentityCollapse] {
        let groups = study.subjects.iter().map(|subject| study.name(*subject));
        let mut chart = Chart::new(percent(of.heading()), groups);
        for (place, condition) in study.conditions.iter().enumerate() {
            let value = |subject: &usize| -> Option<Value> {
                Some(metric(&study.arm(*subject, *condition)?.metrics, of))
            };
            let values = study.subjects.iter().map(value).collect();
            chart = chart.with(condition.name(), Role::Nth(place as u8), values);
        }
        figure = figure.with(heading(of), Plot::Bars(chart));
    }
    Ok(study.note(figure, CORRECTED))
}

/// A metric with what it is.
pub(super) fn heading(metric: Metric) -> String {
    format!("{}: {}", metric.heading(), metric.about())
}

fn several(study: &Study<'_>) -> Result<(), String> {
    study.trials_or_reason()?;
    match study.conditions.as_slice() {
        [only] => Err(format!(
            "all trials are under one condition ({only}), so there is nothing to compare; run with --set condition=none,naked,medium,authority"
        )),
        _ => Ok(()),
    }
}

fn described(condition: Condition) -> String {
    let told = match condition {
        Condition::None => "nothing",
        Condition::Naked => "instructions, no identity",
        Condition::Medium => "instructions, identity of a medium",
        Condition::Authority => "instructions, identity of an authority",
    };
    format!("{condition}: {told}")
}
