//! Subjects against each other: by size, by category, side by side. Figures 3, 6 and 9.

use unbent_report::Figure;
use unbent_report::figure::{Axis, Chart, Cloud, Plot, Point, Role, Scale, Scatter, Unit};

use super::measure::{metric, percent};
use super::notes::CORRECTED;
use super::size::billions;
use super::study::{Arm, Study, category_name};
use crate::trap::analysis::Metric;

/// Figure 3: what is right against the size of the model.
pub(super) fn against_size(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let size = |arm: &Arm<'_>| billions(&study.observed.subjects[arm.subject]);
    let clouds: Vec<Cloud> = study
        .conditions
        .iter()
        .enumerate()
        .map(|(place, condition)| {
            let arms = study.arms.iter().filter(|arm| arm.condition == *condition);
            let point = |arm: &Arm<'_>| {
                let value = metric(&arm.metrics, Metric::EffectiveCorrect);
                Some(Point { label: arm.label.clone(), x: size(arm)?, value })
            };
            let points: Vec<_> = arms.filter_map(point).collect();
            Cloud { name: condition.to_string(), role: Role::Nth(place as u8), points }
        })
        .filter(|cloud| !cloud.points.is_empty())
        .collect();
    if clouds.is_empty() {
        return Err(
            "no subject's model says how large it is; a name such as gemma-3-1b does, and so does a label or ?params=1b"
                .to_owned(),
        );
    }
    let scatter = Scatter {
        x: Axis::new("Parameters in billions, as the names of the models say; logarithmic", Unit::Number(1)),
        scale: Scale::Log,
        y: percent(Metric::EffectiveCorrect.heading()),
        series: clouds,
    };
    let mut figure = Figure::new("Effective correct and size", "What is right, by the size of the model")
        .with("", Plot::Scatter(scatter));
    if study.conditions.len() > 1 {
        figure.notes.push("Points of one size are drawn beside each other.".to_owned());
    }
    let unsized_ones =
        study.subjects.iter().filter(|place| billions(&study.observed.subjects[**place]).is_none());
    let unsized_ones: Vec<_> = unsized_ones.map(|subject| study.name(*subject)).collect();
    if !unsized_ones.is_empty() {
        figure
            .notes
            .push(format!("Not drawn, because their size is not known: {}.", unsized_ones.join(", ")));
    }
    Ok(study.note(figure, CORRECTED))
}

/// Figure 6: every category, the smaller models first.
pub(super) fn by_category(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let mut arms: Vec<&Arm<'_>> = study.arms.iter().collect();
    let size = |arm: &Arm<'_>| billions(&study.observed.subjects[arm.subject]).unwrap_or(f64::INFINITY);
    arms.sort_by(|a, b| size(a).total_cmp(&size(b)));
    let categories = study.categories();
    let mut chart = Chart::new(
        percent(Metric::EffectiveCorrect.heading()),
        categories.iter().copied().map(category_name),
    );
    for arm in arms {
        let value = |category| Some(metric(&arm.metrics_of(category), Metric::EffectiveCorrect));
        let label = match billions(&study.observed.subjects[arm.subject]) {
            Some(size) => format!("{} ({size} billion)", arm.label),
            None => arm.label.clone(),
        };
        chart = chart.with(label, arm.role, categories.iter().copied().map(value).collect());
    }
    let figure = Figure::new(
        "Effective correct by category",
        "What is right in each category; where sizes are known, the smaller models come first",
    )
    .with("", Plot::Bars(chart));
    Ok(study.note(figure, CORRECTED))
}

/// Figure 9: subjects side by side, such as a base model and what was made of it.
pub(super) fn side_by_side(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    if let [only] = study.subjects.as_slice() {
        return Err(format!(
            "there is one subject only ({}); name run files of several, or several --model in one run",
            study.name(*only)
        ));
    }
    let categories = study.categories();
    let mut figure = Figure::new(
        "Subjects side by side",
        "What is right in each category and over all cases, such as of a base model and of one that was tuned",
    );
    for condition in &study.conditions {
        let groups = categories.iter().copied().map(category_name).chain(["OVERALL"]);
        let mut chart = Chart::new(percent(Metric::EffectiveCorrect.heading()), groups);
        for (place, subject) in study.subjects.iter().enumerate() {
            let Some(arm) = study.arm(*subject, *condition) else { continue };
            let by_category = categories.iter().map(|category| arm.metrics_of(*category));
            let mut values: Vec<_> =
                by_category.map(|metrics| Some(metric(&metrics, Metric::EffectiveCorrect))).collect();
            values.push(Some(metric(&arm.metrics, Metric::EffectiveCorrect)));
            chart = chart.with(study.name(*subject), Role::Nth(place as u8), values);
        }
        let heading =
            if study.conditions.len() > 1 { format!("Condition: {condition}") } else { String::new() };
        figure = figure.with(heading, Plot::Bars(chart));
    }
    Ok(study.note(figure, CORRECTED))
}
