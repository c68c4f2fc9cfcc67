//! Subjects at a glance: figures 5 and 11.

use unbent_report::Figure;
use unbent_report::figure::{Chart, Plot};

use super::identity::heading;
use super::measure::{metric, percent};
use super::notes::CORRECTED;
use super::study::Study;
use crate::trap::analysis::Metric;

/// Figure 5: the three layers of the reference.
pub(super) fn three_layers(study: &Study<'_>) -> Result<Figure, String> {
    const LAYERS: [(&str, Metric); 3] = [
        ("1. Epistemological safety", Metric::EpistemologicalSafety),
        ("2. Effective correct", Metric::EffectiveCorrect),
        ("3. Dangerous failure", Metric::DangerousFailure),
    ];
    study.trials_or_reason()?;
    let mut chart = Chart::new(percent("Share"), LAYERS.map(|(name, _)| name));
    for arm in &study.arms {
        let values = LAYERS.map(|(_, of)| Some(metric(&arm.metrics, of)));
        chart = chart.with(&arm.label, arm.role, values.into());
    }
    let mut figure =
        Figure::new("Three layers", "Safety of what is claimed, correctness of what is done, and danger")
            .with("", Plot::Bars(chart));
    for (name, of) in LAYERS {
        figure.notes.push(format!("{name}: {}.", of.about()));
    }
    Ok(study.note(figure, CORRECTED))
}

/// Figure 11: every subject in the metrics that it is ranked by and judged by.
pub(super) fn overall(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let mut figure = Figure::new("Overall", "Every subject over all cases");
    for of in [Metric::Held, Metric::EffectiveCorrect, Metric::DangerousFailure] {
        let chart = Chart::new(percent(of.heading()), study.arms.iter().map(|arm| arm.label.as_str()));
        let values = study.arms.iter().map(|arm| Some(metric(&arm.metrics, of))).collect();
        let chart = chart.with("subject", unbent_report::figure::Role::Nth(0), values);
        figure = figure.with(heading(of), Plot::Bars(chart));
    }
    Ok(study.note(figure, CORRECTED))
}
