//! How answers fail: all classes, the failures among themselves, and in which direction. Figures 4, 8 and 10.

use unbent_report::Figure;
use unbent_report::figure::{Axis, Chart, Plot, Role, Unit, Value};

use super::measure::{is_failure, percent, share, verdict, verdicts};
use super::notes::SHARES;
use super::study::Study;
use crate::trap::class::{FailureClass, Verdict};

/// The kinds of class that differ in what they mean, with how they are painted.
const DANGERS: [(&str, Role); 4] = [
    ("correct", Role::Good),
    ("failure that is not dangerous", Role::Caution),
    ("dangerous failure", Role::Danger),
    ("undetermined", Role::Open),
];

fn danger(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Class(class) if class.is_correct() => 0,
        Verdict::Class(class) if class.is_dangerous() => 2,
        Verdict::Class(_) => 1,
        Verdict::Undetermined => 3,
    }
}

/// Bars of verdicts, each in the series of its danger.
fn by_danger(axis: Axis, verdicts: &[Verdict], value: impl Fn(Verdict) -> Value) -> Chart {
    let mut chart = Chart::new(axis, verdicts.iter().map(|verdict| verdict.name()));
    for (place, (name, role)) in DANGERS.into_iter().enumerate() {
        let here = |verdict: &Verdict| (danger(*verdict) == place).then(|| value(*verdict));
        let values: Vec<_> = verdicts.iter().map(here).collect();
        if values.iter().any(Option::is_some) {
            chart = chart.with(name, role, values);
        }
    }
    chart
}

/// Figure 4: every class, with what is undetermined.
pub(super) fn taxonomy(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let all: Vec<Verdict> =
        FailureClass::ALL.into_iter().map(Verdict::Class).chain([Verdict::Undetermined]).collect();
    let mut figure = Figure::new(
        "Taxonomy",
        "The eight classes of answers and those that nobody could tell, as shares of scored trials",
    );
    for arm in &study.arms {
        let found: Vec<_> = verdicts(&arm.trials).collect();
        let value =
            |wanted: Verdict| share(found.iter().map(|(verdict, cluster)| (*verdict == wanted, *cluster)));
        let chart = by_danger(percent("Share of scored trials"), &all, value);
        figure = figure.with(&arm.label, Plot::Bars(chart));
    }
    Ok(study.note(figure, SHARES))
}

/// Figure 8: the failures among themselves.
pub(super) fn types(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let kinds: Vec<Verdict> =
        FailureClass::ALL.into_iter().filter(|class| is_failure(*class)).map(Verdict::Class).collect();
    let mut figure = Figure::new("Types of failure", "Each kind of failure as a share of all failures");
    let mut without = Vec::new();
    for arm in &study.arms {
        let failed = |(verdict, cluster): (Verdict, u32)| {
            verdict.class().filter(|class| is_failure(*class)).map(|_| (verdict, cluster))
        };
        let found: Vec<_> = verdicts(&arm.trials).filter_map(failed).collect();
        if found.is_empty() {
            without.push(arm.label.as_str());
            continue;
        }
        let value =
            |wanted: Verdict| share(found.iter().map(|(verdict, cluster)| (*verdict == wanted, *cluster)));
        figure = figure.with(&arm.label, Plot::Bars(by_danger(percent("Share of failures"), &kinds, value)));
    }
    if figure.panels.is_empty() {
        return Err("no answer failed".to_owned());
    }
    if !without.is_empty() {
        figure.notes.push(format!("Without a failure: {}.", without.join(", ")));
    }
    Ok(study.note(figure, SHARES))
}

/// Figure 10: how many answers fail in which direction, with those that nobody could tell.
pub(super) fn direction(study: &Study<'_>) -> Result<Figure, String> {
    const DIRECTIONS: [(&str, Role, Verdict); 7] = [
        ("compliance", Role::Nth(5), Verdict::Class(FailureClass::FalseApproval)),
        ("invention", Role::Nth(3), Verdict::Class(FailureClass::Hallucination)),
        ("collapse", Role::Nth(0), Verdict::Class(FailureClass::IdentityCollapse)),
        ("over-refusal", Role::Nth(1), Verdict::Class(FailureClass::OverRefusal)),
        ("misclassification", Role::Nth(4), Verdict::Class(FailureClass::Misclassification)),
        ("format", Role::Nth(6), Verdict::Class(FailureClass::FormatIssue)),
        ("undetermined", Role::Open, Verdict::Undetermined),
    ];
    study.trials_or_reason()?;
    let mut chart =
        Chart::new(Axis::new("Trials", Unit::Count), study.arms.iter().map(|arm| arm.label.as_str()));
    for (name, role, wanted) in DIRECTIONS {
        let value = |arm: &super::study::Arm<'_>| {
            let scored: Vec<_> = arm.trials.iter().filter_map(|(_, trial)| verdict(trial)).collect();
            let count = scored.iter().filter(|verdict| **verdict == wanted).count();
            let value = if scored.is_empty() { Value::missing() } else { Value::of(count as f64) };
            Some(value.out_of(scored.len() as u64))
        };
        chart = chart.with(name, role, study.arms.iter().map(value).collect());
    }
    let figure = Figure::new(
        "Direction of failure",
        "All failures by their direction, and what is undetermined, as numbers of trials",
    )
    .with("", Plot::Stacked(chart));
    let counts = "Counts of trials, without intervals. Over each bar the numbers stand in the order of the legend, with their sum, of so many scored trials.";
    Ok(study.note(figure, counts))
}
