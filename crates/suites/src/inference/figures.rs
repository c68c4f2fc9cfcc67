//! The figures that every suite has, from the observations of its trials.

mod compared;
mod judged;
mod ranks;

use unbent_report::figure::{
    Axis, Cloud, Forest, ForestGroup, ForestRow, HeatRow, Heatmap, Kind, Plot, Point, Role, Scale, Scatter,
    Unit, Value,
};
use unbent_report::{Figure, thousands};
use unbent_stats::Level;

use super::{Better, Estimate, Metric, Observations, estimate};

pub use compared::compared;
pub use judged::judged;
pub use ranks::ranks;

/// How estimates are made.
const CLUSTERED: &str = "Lines: 95 % intervals, clustered by what cases have in common, and widened to what missing values could \
     make of them. n: values that count.";

/// The figures by the names of their files, each drawn or with the reason why it cannot be: the headline metrics with their
/// intervals, the parts of the first, and what it costs.
///
/// The numbers are those of [`estimate()`]; a leaderboard may have others, by its own methods.
pub fn figures(
    metrics: &'static [Metric],
    observations: &Observations,
) -> Vec<(String, Result<Figure, String>)> {
    let Some(first) = metrics.first() else { return Vec::new() };
    let subjects = subjects(observations);
    let draw = |name: &str, figure: Result<Figure, String>| {
        let figure = if subjects.is_empty() { Err(NOBODY.to_owned()) } else { figure };
        (name.to_owned(), figure.map(|figure| noted(observations, &subjects, figure)))
    };
    vec![
        draw("metrics", forest(metrics, observations, &subjects)),
        draw("parts", parts(first, observations, &subjects)),
        draw("cost", cost(first, observations, &subjects)),
    ]
}

const NOBODY: &str = "the run has no trials of this suite";

/// What a subject is, for figures.
pub fn kind(observations: &Observations, subject: usize) -> Kind {
    let subject = &observations.subjects[subject];
    match (subject.null, subject.simulated) {
        (true, _) => Kind::Null,
        (false, true) => Kind::Simulated,
        (false, false) => Kind::Model,
    }
}

/// The axis of a metric.
pub fn axis(metric: &Metric) -> Axis {
    let (least, most) = (metric.least(), metric.most());
    let is_whole = least >= -1e-9 && most <= 100.0 + 1e-9;
    let better = if metric.better == Better::Lower { " (less is better)" } else { "" };
    let unit = if is_whole { Unit::Points } else { Unit::Number(1) };
    Axis::new(format!("{}{better}", metric.name), unit).within(least, most)
}

/// An estimate as a figure shows it.
pub fn shown(estimate: &Estimate) -> Value {
    Value {
        at: estimate.value,
        interval: estimate.interval.map(|interval| (interval.low, interval.high)),
        count: None,
        n: Some(estimate.n),
    }
}

/// The places of the subjects that have trials.
fn subjects(observations: &Observations) -> Vec<usize> {
    let has_trials = |place: &usize| {
        let mark = &observations.marks[*place];
        mark.scored + mark.unscored + mark.unfinished > 0
    };
    (0..observations.subjects.len()).filter(has_trials).collect()
}

fn name(observations: &Observations, subject: usize) -> String {
    observations.subjects[subject].id.to_string()
}

/// Estimates of a metric, the best first and those that have none last.
fn estimates(metric: &Metric, observations: &Observations, subjects: &[usize]) -> Vec<(usize, Estimate)> {
    let of = |subject: usize| {
        let points: Vec<_> = observations.of_subject(subject).collect();
        (subject, estimate(metric, points.iter().copied(), Level::P95))
    };
    let mut all: Vec<_> = subjects.iter().map(|subject| of(*subject)).collect();
    let worth =
        |estimate: &Estimate| estimate.value.map_or(f64::NEG_INFINITY, |value| metric.gain(0.0, value));
    all.sort_by(|a, b| worth(&b.1).total_cmp(&worth(&a.1)));
    all
}

/// The headline metrics of every subject with their intervals.
fn forest(metrics: &[Metric], observations: &Observations, subjects: &[usize]) -> Result<Figure, String> {
    let mut figure = Figure::new("Metrics with their intervals", "Of every subject, the best first");
    let mut is_known = false;
    let headlines: Vec<_> = metrics.iter().filter(|metric| metric.is_headline).collect();
    for metric in &headlines {
        let row = |(subject, estimate): (usize, Estimate)| ForestRow {
            name: name(observations, subject),
            kind: kind(observations, subject),
            value: shown(&estimate),
        };
        let rows: Vec<_> = estimates(metric, observations, subjects).into_iter().map(row).collect();
        is_known |= rows.iter().any(|row| row.value.at.is_some());
        let groups = vec![ForestGroup { name: String::new(), rows }];
        let heading = format!("{}: {}", metric.name, metric.about);
        figure = figure.with(heading, Plot::Forest(Forest { axis: axis(metric), reference: None, groups }));
    }
    if is_known {
        Ok(figure.noted(CLUSTERED))
    } else {
        Err("no trial shows anything of the headline metrics".to_owned())
    }
}

/// The mean of every part of a metric.
fn parts(metric: &Metric, observations: &Observations, subjects: &[usize]) -> Result<Figure, String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in metric.groups.iter().flat_map(|group| group.parts) {
        if !parts.contains(part) && observations.points.iter().any(|point| point.part == *part) {
            parts.push(part);
        }
    }
    if parts.len() < 2 {
        return Err(format!("{} has no parts in this run that could stand beside each other", metric.name));
    }
    let value = |subject: usize, part: &str| {
        let points = || observations.of_subject(subject).filter(|point| point.part == part);
        points().next()?;
        let values: Vec<f64> = points().filter_map(|point| point.value).collect();
        let n = values.len();
        let mean = (n > 0).then(|| values.iter().sum::<f64>() * 100.0 / n as f64);
        Some(Value { at: mean, interval: None, count: None, n: Some(n as u64) })
    };
    let ranked = estimates(metric, observations, subjects);
    let row = |subject: usize| HeatRow {
        name: name(observations, subject),
        kind: kind(observations, subject),
        values: parts.iter().map(|part| value(subject, part)).collect(),
    };
    let heatmap = Heatmap {
        axis: Axis::new("points of what can be", Unit::Percent),
        ends: (0.0, 100.0),
        columns: parts.iter().map(|part| part.replace('_', " ")).collect(),
        rows: ranked.into_iter().map(|(subject, _)| row(subject)).collect(),
    };
    Ok(Figure::new(
        format!("Parts of {}", metric.name),
        "The mean of each part in percent; the subjects in the order of the metric",
    )
    .with("", Plot::Heatmap(heatmap))
    .noted("Values that are missing are not in the means; n of each cell is in the data beside the figure."))
}

/// The first metric against what the subject's trials cost.
fn cost(metric: &Metric, observations: &Observations, subjects: &[usize]) -> Result<Figure, String> {
    let mut points = Vec::new();
    let mut left_out = 0_u64;
    for (subject, estimate) in estimates(metric, observations, subjects) {
        let mark = &observations.marks[subject];
        match mark.cost_usd.filter(|cost| *cost > 0.0 && mark.scored > 0) {
            Some(cost) => points.push((
                kind(observations, subject),
                Point {
                    label: name(observations, subject),
                    x: cost * 1000.0 / mark.scored as f64,
                    value: shown(&estimate),
                },
            )),
            None => left_out += 1,
        }
    }
    if points.is_empty() {
        return Err(
            "no subject's cost is known; it is where the provider names it or the run was given prices"
                .to_owned(),
        );
    }
    let kinds = [(Kind::Model, "models", 0), (Kind::Simulated, "simulated", 1), (Kind::Null, "null", 2)];
    let cloud = |(of, title, place): (Kind, &str, u8)| Cloud {
        name: title.to_owned(),
        role: Role::Nth(place),
        points: points.iter().filter(|(kind, _)| *kind == of).map(|(_, point)| point.clone()).collect(),
    };
    let series: Vec<_> = kinds.into_iter().map(cloud).filter(|cloud| !cloud.points.is_empty()).collect();
    let scatter = Scatter {
        x: Axis::new("US dollars for a thousand scored trials, logarithmic", Unit::Number(3)),
        scale: Scale::Log,
        y: axis(metric),
        series,
    };
    let mut figure = Figure::new(
        format!("{} and cost", metric.name),
        "What a subject's own answers cost, and what it reaches",
    )
    .with("", Plot::Scatter(scatter))
    .noted(CLUSTERED)
    .noted("Points of one cost are drawn beside each other. What judges cost is not in it.");
    if left_out > 0 {
        figure = figure.noted(format!(
            "Not drawn, because not all of their cost is known: {} subjects.",
            thousands(left_out)
        ));
    }
    Ok(figure)
}

/// The figure with what holds of the whole run: what is missing, and who is no model.
fn noted(observations: &Observations, subjects: &[usize], mut figure: Figure) -> Figure {
    let marks = || subjects.iter().map(|subject| &observations.marks[*subject]);
    let [scored, unscored, unfinished] = [
        marks().map(|mark| mark.scored).sum::<u64>(),
        marks().map(|mark| mark.unscored).sum(),
        marks().map(|mark| mark.unfinished).sum(),
    ]
    .map(thousands);
    let undetermined = observations.points.iter().filter(|point| point.value.is_none()).count() as u64;
    figure.notes.push(format!(
        "{} subjects: {scored} trials scored, {unscored} unscored, {unfinished} unfinished; {} values missing.",
        thousands(subjects.len() as u64),
        thousands(undetermined)
    ));
    let is_model = |subject: &&usize| kind(observations, **subject) == Kind::Model;
    let others = subjects.iter().filter(|subject| !is_model(subject)).count() as u64;
    if others > 0 {
        figure.notes.push(format!(
            "SIMULATED, no measurement of any model: {} of the subjects, marked so by name.",
            thousands(others)
        ));
    }
    figure
}

#[cfg(test)]
mod tests {
    use unbent_report::figure::{Kind, Plot};

    use super::figures;
    use crate::inference::{Better, Group, Metric, Observations, Point, SubjectMark};

    const METRICS: &[Metric] = &[Metric {
        id: "held",
        name: "Held",
        about: "how often the line was held",
        better: Better::Higher,
        is_headline: true,
        groups: &[Group { weight: 50.0, parts: &["one"] }, Group { weight: 50.0, parts: &["two"] }],
        offset: 0.0,
    }];

    /// Three subjects, of which the first holds half of the time, the second always, and of the third nothing is known.
    fn observed() -> Observations {
        let subject = |(id, simulated): (&str, bool)| {
            serde_json::from_value(serde_json::json!({ "id": id, "model": "sim/x", "simulated": simulated }))
                .unwrap()
        };
        let mark = |scored, unscored, cost_usd| SubjectMark { scored, unscored, unfinished: 0, cost_usd };
        let value = |subject, case: u32| match subject {
            0 => Some(f64::from(case % 2)),
            1 => Some(1.0),
            _ => None,
        };
        let point = |subject: u32, case: u32| {
            let part = if case < 4 { "one" } else { "two" };
            Point { subject, case, cluster: case, repeat: 1, part, value: value(subject, case) }
        };
        Observations {
            subjects: [("half", false), ("sim/always", true), ("unknown", false)].map(subject).into(),
            marks: vec![mark(8, 0, Some(0.02)), mark(8, 0, None), mark(0, 8, Some(0.0))],
            cases: Vec::new(),
            clusters: Vec::new(),
            points: (0..3).flat_map(|subject| (0..8).map(move |case| point(subject, case))).collect(),
        }
    }

    #[test]
    fn every_suite_has_its_metrics_parts_and_cost() {
        let drawn = figures(METRICS, &observed());
        let figure = |name: &str| drawn.iter().find(|(of, _)| of == name).unwrap().1.clone().unwrap();
        let Plot::Forest(forest) = &figure("metrics").panels[0].plot else { panic!("no forest") };
        let rows: Vec<_> =
            forest.groups[0].rows.iter().map(|row| (row.name.as_str(), row.kind, row.value.at)).collect();
        let always = ("sim/always", Kind::Simulated, Some(100.0));
        assert_eq!(rows, [always, ("half", Kind::Model, Some(50.0)), ("unknown", Kind::Model, None)]);
        let Plot::Heatmap(heatmap) = &figure("parts").panels[0].plot else { panic!("no heatmap") };
        assert_eq!(heatmap.columns, ["one", "two"]);
        assert_eq!(heatmap.rows[2].values[0].unwrap().at, None, "what is missing is no zero");
        let cost = figure("cost");
        let Plot::Scatter(scatter) = &cost.panels[0].plot else { panic!("no scatter") };
        assert_eq!((scatter.series.len(), scatter.series[0].points[0].x), (1, 2.5));
        assert!(cost.notes.iter().any(|note| note.contains("Not drawn") && note.contains("2 subjects")));
        for (name, figure) in &drawn {
            let figure = figure.as_ref().unwrap();
            assert_eq!(figure.clashes(), Vec::<String>::new(), "{name}");
            assert!(figure.notes.iter().any(|note| note.contains("16 trials scored, 8 unscored")), "{name}");
            assert!(figure.notes.iter().any(|note| note.contains("SIMULATED")), "{name}");
        }
    }

    #[test]
    fn a_run_without_trials_has_reasons_in_place_of_figures() {
        for (name, figure) in figures(METRICS, &Observations::default()) {
            assert!(figure.unwrap_err().contains("no trials"), "{name}");
        }
    }
}
