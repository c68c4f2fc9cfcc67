//! The figures of two subjects compared: how far each metric differs, and how many pairs changed which way.

use unbent_core::Subject;
use unbent_report::figure::{Axis, FlipRow, Forest, ForestGroup, ForestRow, Kind, Plot, Unit, Value};
use unbent_report::{Figure, figure, thousands};

use crate::inference::difference::{differ, pair_weights};
use crate::inference::{Better, Comparison, Flips, Metric, MetricComparison, Pair, Pairing};

/// The figures of a comparison by the names of their files, each drawn or with the reason why it cannot be: the paired
/// differences with their intervals, and the pairs that changed.
pub fn compared(
    comparison: &Comparison,
    pairing: &Pairing,
    subjects: [&Subject; 2],
) -> Vec<(String, Result<Figure, String>)> {
    let is_known = comparison.metrics.iter().any(|compared| compared.difference.value.is_some());
    let draw = |name: &str, figure: fn(&Comparison, &Pairing) -> Figure| {
        let drawn = if is_known {
            Ok(noted(figure(comparison, pairing), comparison, pairing, subjects))
        } else {
            Err("no metric has a pair with both values for each of its parts".to_owned())
        };
        (name.to_owned(), drawn)
    };
    vec![draw("differences", differences), draw("flips", flips)]
}

/// A metric by name, with its direction where that is the unusual one.
fn named(metric: &Metric) -> String {
    match metric.better {
        Better::Higher => metric.name.to_owned(),
        Better::Lower => format!("{} (less is better)", metric.name),
    }
}

fn differences(comparison: &Comparison, _: &Pairing) -> Figure {
    let row = |compared: &MetricComparison| {
        let difference = &compared.difference;
        ForestRow {
            name: named(&compared.metric),
            kind: Kind::Model,
            value: Value {
                at: difference.value,
                interval: difference.interval.map(|interval| (interval.low, interval.high)),
                count: None,
                n: Some(difference.n),
            },
        }
    };
    let rows = comparison.metrics.iter().map(row).collect();
    let forest = Forest {
        axis: Axis::new("B − A in points", Unit::Number(1)),
        reference: Some(0.0),
        groups: vec![ForestGroup { name: String::new(), rows }],
    };
    Figure::new("Differences", "B less A on the same cases and repeats").with("", Plot::Forest(forest)).noted(
        "Lines: 95 % intervals of the paired difference, clustered by what cases have in common, and widened to what missing \
         values could make of it; one metric at a time. n: pairs with both values. Right of the line B has more.",
    )
}

fn flips(comparison: &Comparison, pairing: &Pairing) -> Figure {
    let of = |value: Option<f64>, n: u64| Value { at: value, n: Some(n), ..Value::missing() };
    let row = |compared: &MetricComparison| {
        let (changed, difference) = (Flips::of(&compared.metric, pairing), &compared.difference);
        FlipRow {
            name: named(&compared.metric),
            before: of(difference.a, difference.n),
            after: of(difference.b, difference.n),
            gained: changed.improved,
            lost: changed.worsened,
            same: changed.same,
        }
    };
    let plot = |axis: Axis, rows| {
        let (before, after) = ("A".to_owned(), "B".to_owned());
        Plot::Flips(figure::Flips { axis, before, after, rows })
    };
    let least = comparison.metrics.iter().map(|compared| compared.metric.least()).fold(0.0, f64::min);
    let most = comparison.metrics.iter().map(|compared| compared.metric.most()).fold(100.0, f64::max);
    let points = Axis::new("Points", Unit::Number(1)).within(least, most);
    let rows = comparison.metrics.iter().map(row).collect();
    let mut figure = Figure::new("Flips", "What changes from A to B on the same cases and repeats")
        .with("", plot(points, rows));
    let Some(first) = comparison.metrics.first() else { return figure };
    let parts = parts(&first.metric, pairing);
    if parts.len() > 1 {
        figure = figure
            .with(format!("Parts of {}", first.metric.name), plot(Axis::new("Mean", Unit::Percent), parts))
            .noted("Parts: their means, in percent of what can be.");
    }
    figure.noted("Gained and lost: pairs whose value is better or worse with B, by however little.")
}

/// What changed in each part of a metric.
fn parts(metric: &Metric, pairing: &Pairing) -> Vec<FlipRow> {
    let weights = pair_weights(metric, &pairing.pairs);
    let row = |(part, weight): (&&str, &f64)| {
        let values: Vec<(f64, f64)> =
            pairing.pairs.iter().filter(|pair| pair.part == *part).filter_map(Pair::values).collect();
        let n = values.len() as u64;
        let mean = |of: fn(&(f64, f64)) -> f64| Value {
            at: (n > 0).then(|| 100.0 * values.iter().map(of).sum::<f64>() / n as f64),
            n: Some(n),
            ..Value::missing()
        };
        let changed = || values.iter().filter(|(a, b)| differ(*a, *b));
        let all = changed().count() as u64;
        let gained = changed().filter(|(a, b)| metric.gain(0.0, weight * (b - a)) > 0.0).count() as u64;
        FlipRow {
            name: part.replace('_', " "),
            before: mean(|(a, _)| *a),
            after: mean(|(_, b)| *b),
            gained,
            lost: all - gained,
            same: n - all,
        }
    };
    weights.iter().map(row).collect()
}

/// The figure with who is compared, over what, and what is missing.
fn noted(mut figure: Figure, comparison: &Comparison, pairing: &Pairing, subjects: [&Subject; 2]) -> Figure {
    let missing = comparison.metrics.iter().map(|compared| compared.difference.missing).max();
    let [only_a, only_b] = pairing.unmatched.each_ref().map(|unmatched| thousands(unmatched.trials));
    figure.notes.push(format!("A: {}. B: {}.", subjects[0].id, subjects[1].id));
    figure.notes.push(format!(
        "{} trials of {} cases that both have; left out: {only_a} that only A has, {only_b} that only B has. Pairs that lack a \
         value: at most {} in a metric.",
        thousands(pairing.trials),
        thousands(pairing.cases.len() as u64),
        thousands(missing.unwrap_or_default())
    ));
    let simulated: Vec<&str> = ["A", "B"]
        .into_iter()
        .zip(subjects)
        .filter(|(_, subject)| subject.simulated)
        .map(|(side, _)| side)
        .collect();
    if !simulated.is_empty() {
        figure.notes.push(format!("SIMULATED, no measurement of any model: {}.", simulated.join(" and ")));
    }
    figure
}

#[cfg(test)]
mod tests {
    use unbent_core::{CaseId, Subject};
    use unbent_report::figure::Plot;

    use super::compared;
    use crate::inference::{Better, Group, Metric, Pair, Pairing, compare};

    const HELD: Metric = Metric {
        id: "held",
        name: "Held",
        about: "how often the line was held",
        better: Better::Higher,
        is_headline: true,
        groups: &[Group { weight: 50.0, parts: &["one"] }, Group { weight: 50.0, parts: &["two"] }],
        offset: 0.0,
    };
    const GAVE: Metric = Metric {
        id: "gave",
        name: "Gave in",
        better: Better::Lower,
        groups: &[Group { weight: -100.0, parts: &["one"] }],
        offset: 100.0,
        ..HELD
    };

    fn subject(id: &str, simulated: bool) -> Subject {
        serde_json::from_value(serde_json::json!({ "id": id, "model": "sim/x", "simulated": simulated }))
            .unwrap()
    }

    /// Of four cases of a part, the first two are lost by B, and in the other part the last is gained and one is missing.
    fn paired() -> Pairing {
        let one = [(1.0, Some(0.0)), (1.0, Some(0.0)), (1.0, Some(1.0)), (0.0, Some(0.0))];
        let two = [(1.0, Some(1.0)), (1.0, Some(1.0)), (0.0, Some(1.0)), (0.0, None)];
        let pair = |(case, (part, (a, b))): (u32, (&'static str, (f64, Option<f64>)))| Pair {
            case,
            cluster: case,
            repeat: 1,
            part,
            a: Some(a),
            b,
        };
        let parts = one.map(|values| ("one", values)).into_iter().chain(two.map(|values| ("two", values)));
        Pairing {
            cases: (0..8).map(|n| CaseId::new(format!("case{n}"))).collect(),
            pairs: (0..).zip(parts).map(pair).collect(),
            trials: 8,
            ..Pairing::default()
        }
    }

    #[test]
    fn a_comparison_has_its_differences_and_its_flips() {
        let pairing = paired();
        let comparison = compare(&[HELD, GAVE], &pairing, 2.0);
        let drawn = compared(&comparison, &pairing, [&subject("base", false), &subject("sim/tuned", true)]);
        let figure = |name: &str| drawn.iter().find(|(of, _)| of == name).unwrap().1.clone().unwrap();
        let Plot::Forest(forest) = &figure("differences").panels[0].plot else { panic!("no forest") };
        assert_eq!(forest.reference, Some(0.0));
        let rows = &forest.groups[0].rows;
        assert_eq!((rows[0].value.n, rows[0].value.at), (Some(7), comparison.metrics[0].difference.value));
        assert!(rows[0].value.interval.is_some_and(|(low, high)| low < 0.0 && 0.0 < high), "{:?}", rows[0]);
        assert_eq!((rows[1].name.as_str(), rows[1].value.at), ("Gave in (less is better)", Some(50.0)));
        let flips = figure("flips");
        let counts = |panel: usize| {
            let Plot::Flips(plot) = &flips.panels[panel].plot else { panic!("no flips") };
            let counts =
                |row: &unbent_report::figure::FlipRow| (row.name.clone(), [row.gained, row.lost, row.same]);
            plot.rows.iter().map(counts).collect::<Vec<_>>()
        };
        assert_eq!(counts(0)[0], ("Held".to_owned(), [1, 2, 4]));
        assert_eq!(counts(0)[1].1, [0, 2, 2], "more of what is not wanted is lost");
        assert_eq!(counts(1), [("one".to_owned(), [0, 2, 2]), ("two".to_owned(), [1, 0, 2])]);
        for (name, figure) in &drawn {
            let figure = figure.as_ref().unwrap();
            assert_eq!(figure.clashes(), Vec::<String>::new(), "{name}");
            for said in ["A: base. B: sim/tuned.", "at most 1 in a metric", "any model: B."] {
                assert!(figure.notes.iter().any(|note| note.contains(said)), "{name}: {:?}", figure.notes);
            }
        }
    }

    #[test]
    fn where_nothing_is_paired_there_is_a_reason_in_place_of_a_figure() {
        let pairing = Pairing { pairs: Vec::new(), ..paired() };
        let comparison = compare(&[HELD], &pairing, 2.0);
        let drawn = compared(&comparison, &pairing, [&subject("a", false), &subject("b", false)]);
        assert!(drawn.iter().all(|(_, figure)| figure.as_ref().is_err_and(|why| why.contains("no metric"))));
    }
}
