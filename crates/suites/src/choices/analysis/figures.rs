//! The figures of a run: shortcuts by subject, by task, and what each circumstance changes.

use unbent_core::Subject;
use unbent_report::Figure;
use unbent_report::figure::{
    Axis, Chart, ContrastGroup, Contrasts, HeatRow, Heatmap, Kind, Plot, Role, Unit, Value,
};

use super::observed::{Labelled, Observed, Trial};
use super::pairing::Paired;
use super::rate::{Cluster, Rate, Tally};
use crate::choices::variant::CONTRASTS;
use crate::kit::RunData;

/// The figures by the names of their files, or why a run has not what one needs.
pub(in crate::choices) fn figures(run: &mut RunData<'_>) -> Vec<(String, Result<Figure, String>)> {
    let observed = Observed::of(run);
    type Draw = fn(&Observed) -> Result<Figure, String>;
    let all: [(&str, Draw); 4] =
        [("shortcuts", shortcuts), ("tasks", tasks), ("task_heatmap", heatmap), ("contrasts", contrasts)];
    let draw = |(name, draw): (&str, Draw)| {
        let figure = draw(&observed).map(|figure| noted(&observed, figure));
        (name.to_owned(), figure)
    };
    all.into_iter().map(draw).collect()
}

/// The figure with what holds of the whole run: what is missing, and who is no model.
fn noted(observed: &Observed, mut figure: Figure) -> Figure {
    for place in observed.present() {
        let tally = Tally::of(observed.of_subject(place));
        if tally.missing() > 0 {
            let Tally { valid, unknown, invalid, unscored, unfinished } = tally;
            figure.notes.push(format!(
                "{}: {valid} trials whose labels hold, {unknown} unknown, {invalid} invalid, {unscored} unscored, {unfinished} unfinished.",
                observed.name(place)
            ));
        }
    }
    let named = |is: fn(&Subject) -> bool| {
        let places = observed.present().into_iter().filter(|place| is(&observed.subjects[*place]));
        places.map(|place| observed.name(place)).collect::<Vec<_>>()
    };
    let simulated = named(|subject| subject.simulated || subject.null);
    if !simulated.is_empty() {
        figure.notes.push(format!("SIMULATED, no measurement of any model: {}.", simulated.join(", ")));
    }
    figure
}

const INTERVALS: &str = "Bars: trials whose labels hold. Lines: 95 %, clustered by task where bars are over tasks and by variant \
     within one, with what is missing bounded.";

fn names(observed: &Observed) -> Result<Vec<String>, String> {
    let names: Vec<String> = observed.present().into_iter().map(|place| observed.name(place)).collect();
    if names.is_empty() { Err("the run has no trials of this suite".to_owned()) } else { Ok(names) }
}

fn value(rate: &Rate) -> Option<Value> {
    (rate.n > 0).then(|| Value {
        at: rate.share.map(|share| share * 100.0),
        interval: rate.interval.map(|interval| (interval.low * 100.0, interval.high * 100.0)),
        count: Some(rate.hits),
        n: Some(rate.n),
    })
}

/// How often each subject took the shortcut, at all and where it had come to the decision point.
fn shortcuts(observed: &Observed) -> Result<Figure, String> {
    let names = names(observed)?;
    let benchmark = |place: usize| observed.of_subject(place).filter(|trial| trial.is_benchmark());
    let rates = |hit: fn(&Labelled) -> Option<bool>| {
        let rate = |place: usize| value(&Rate::of(benchmark(place), Cluster::Task, hit));
        observed.present().into_iter().map(rate).collect::<Vec<_>>()
    };
    let chart = Chart::new(Axis::new("Shortcuts", Unit::Percent), names)
        .with("of all trials", Role::Nth(0), rates(|labels| Some(labels.took_shortcut())))
        .with(
            "of those at the decision point",
            Role::Nth(1),
            rates(|labels| labels.reached().then(|| labels.took_shortcut())),
        )
        .with("came to the decision point", Role::Open, rates(|labels| Some(labels.reached())));
    Ok(Figure::new("Shortcuts taken", "Over the eight variants of every task, by subject")
        .with("", Plot::Bars(chart))
        .noted(INTERVALS)
        .noted("Where few trials come to the decision point, that few shortcuts are taken says nothing."))
}

/// How often each subject took the shortcut in each task.
fn tasks(observed: &Observed) -> Result<Figure, String> {
    let names = names(observed)?;
    let tasks = observed.tasks();
    let mut chart = Chart::new(Axis::new("Shortcuts", Unit::Percent), tasks.iter().copied());
    for (nth, (place, name)) in observed.present().into_iter().zip(names).enumerate() {
        let rate = |task: &&str| {
            let trials =
                observed.of_subject(place).filter(|trial| trial.is_benchmark() && trial.task == **task);
            value(&Rate::of(trials, Cluster::Case, |labels| Some(labels.took_shortcut())))
        };
        chart = chart.with(name, Role::Nth(nth as u8), tasks.iter().map(rate).collect());
    }
    Ok(Figure::new("Shortcuts by task", "Over the eight variants of each task")
        .with("", Plot::Bars(chart))
        .noted(INTERVALS))
}

/// The same, a row a subject and a column a task.
fn heatmap(observed: &Observed) -> Result<Figure, String> {
    let names = names(observed)?;
    let tasks = observed.tasks();
    let row = |(place, name): (usize, String)| {
        let subject = &observed.subjects[place];
        let rate = |task: &&str| {
            let trials =
                observed.of_subject(place).filter(|trial| trial.is_benchmark() && trial.task == **task);
            value(&Rate::of(trials, Cluster::Case, |labels| Some(labels.took_shortcut())))
        };
        let kind = match (subject.null, subject.simulated) {
            (true, _) => Kind::Null,
            (false, true) => Kind::Simulated,
            (false, false) => Kind::Model,
        };
        HeatRow { name, kind, values: tasks.iter().map(rate).collect() }
    };
    let heatmap = Heatmap {
        axis: Axis::new("shortcuts", Unit::Percent),
        ends: (0.0, 100.0),
        columns: tasks.iter().map(|task| task.replace('_', " ")).collect(),
        rows: observed.present().into_iter().zip(names).map(row).collect(),
    };
    Ok(Figure::new("Shortcuts by task and subject", "Over the eight variants of each task, in percent")
        .with("", Plot::Heatmap(heatmap))
        .noted("n and the interval of each cell are in the data beside the figure."))
}

/// What each circumstance changes.
fn contrasts(observed: &Observed) -> Result<Figure, String> {
    let names = names(observed)?;
    let mut pairs = 0;
    let subjects: Vec<(usize, String, Vec<&Trial>)> = observed
        .present()
        .into_iter()
        .zip(names)
        .map(|(place, name)| (place, name, observed.of_subject(place).collect()))
        .collect();
    let mut group = |(with, without, about): (_, _, &str)| {
        let rows = subjects.iter().enumerate().filter_map(|(nth, (_, name, trials))| {
            let paired = Paired::of(trials.iter().copied(), with, without, Labelled::took_shortcut);
            pairs += paired.counts.total();
            let difference = paired.counts.difference()?;
            let interval = paired.clustered.map(|interval| (interval.low * 100.0, interval.high * 100.0));
            let n = Some(paired.counts.total());
            let value = Value { at: Some(difference * 100.0), interval, count: None, n };
            Some((name.clone(), Role::Nth(nth as u8), value))
        });
        ContrastGroup { name: format!("{with} − {without}: {about}"), rows: rows.collect() }
    };
    let groups: Vec<_> = CONTRASTS.into_iter().map(&mut group).collect();
    if pairs == 0 {
        return Err(
            "no two variants that are compared have trials of one task and repeat; run with --set variants=all"
                .to_owned(),
        );
    }
    let contrasts = Contrasts {
        axis: Axis::new("Difference in points", Unit::Number(1)),
        sides: ("fewer".to_owned(), "more shortcuts".to_owned()),
        groups,
    };
    Ok(Figure::new(
        "What a circumstance changes",
        "Shortcuts with it less shortcuts without, on the same tasks and repeats",
    )
    .with("", Plot::Contrasts(contrasts))
    .noted("Lines: 95 % by tasks; none where there is only one."))
}
