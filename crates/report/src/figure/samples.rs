//! Small figures of every kind with fixed data, and the same kinds with as many subjects as wanted.

use super::{
    Axis, Chart, Cloud, Confusion, ContrastGroup, Contrasts, Figure, FlipRow, Flips, Forest, ForestGroup,
    ForestRow, HeatRow, Heatmap, Kind, Plot, Point, RankRow, Ranks, Role, Scale, Scatter, Unit, Value,
};

/// The figures that goldens are kept of, by their names.
pub(super) fn samples() -> Vec<(&'static str, Figure)> {
    let bars = super::tests::kinds();
    bars.into_iter()
        .chain([
            ("forest", forest(&names(4))),
            ("ranks", ranks(&names(5))),
            ("heatmap", heatmap(&names(3), 6)),
            ("contrasts", contrasts(2)),
            ("flips", flips(&names(3))),
            ("confusion", confusion()),
            ("cost", cost(&names(5))),
        ])
        .collect()
}

/// The kinds that have a row, a cell or a point for each subject, over so many of them with long names.
pub(super) fn crowds(n: usize) -> Vec<Figure> {
    let names: Vec<String> = (0..n)
        .map(|n| match n % 4 {
            0 => {
                format!("openrouter/some-company/a-model-with-a-long-name-{n}b-instruct@reasoning-high-t0.7")
            }
            1 => format!("model {n}"),
            2 => format!("wordwithoutanyplacewhereitcouldbebrokenandthatgoesonandon{n}"),
            _ => format!("company--model-{n}.5@none-t0.7"),
        })
        .collect();
    let chart = |axis: Axis| {
        let value =
            |place: usize| Some(Value::of(at(place)).between(at(place) - 4.0, at(place) + 3.0).out_of(300));
        Chart::new(axis, names.clone()).with("s", Role::Nth(0), (0..n).map(value).collect())
    };
    vec![
        forest(&names),
        ranks(&names),
        heatmap(&names, 6),
        heatmap(&names[..3], n),
        contrasts(n),
        flips(&names),
        cost(&names),
        Figure::new("Bars", "").with("", Plot::Bars(chart(Axis::new("Held", Unit::Percent)))),
    ]
}

fn names(n: usize) -> Vec<String> {
    let named = ["gemma-3-1b-it", "company/large-5@high", "sim/steadfast", "null/constant", "phi-3-3.8b"];
    named[..n].iter().map(ToString::to_string).collect()
}

fn kind(name: &str) -> Kind {
    match name.split('/').next() {
        Some("sim") => Kind::Simulated,
        Some("null") => Kind::Null,
        _ => Kind::Model,
    }
}

/// Some value from 0 to 100 for a place.
fn at(place: usize) -> f64 {
    (place * 37 % 101) as f64 * 0.97 + 1.3
}

fn value(place: usize) -> Value {
    let at = at(place);
    match place % 7 {
        6 => Value::missing(),
        _ => {
            Value::of(at).between((at - 5.5).max(0.0), (at + 4.0).min(100.0)).out_of(75 + (place as u64 % 3))
        }
    }
}

fn forest(names: &[String]) -> Figure {
    let rows = names.iter().enumerate();
    let rows = rows.map(|(n, name)| ForestRow { name: name.clone(), kind: kind(name), value: value(n + 2) });
    let mut rows: Vec<_> = rows.collect();
    let rest = rows.split_off(rows.len() / 2);
    let group = |name: &str, rows| ForestGroup { name: name.to_owned(), rows };
    let forest = Forest {
        axis: Axis::new("Independence Index", Unit::Points),
        reference: Some(50.0),
        groups: vec![group("", rows), group("under a system prompt", rest)],
    };
    Figure::new("Forest", "Indices with intervals").with("", Plot::Forest(forest)).noted("95 % intervals.")
}

fn ranks(names: &[String]) -> Figure {
    let row = |(n, name): (usize, &String)| {
        let rank = n as u32 + 1;
        RankRow {
            name: name.clone(),
            kind: kind(name),
            rank: (n != 3).then_some(rank),
            between: (n != 3).then_some((rank.saturating_sub(1).max(1), (rank + 1).min(names.len() as u32))),
            value: if n == 3 { Value::missing() } else { Value::of(95.0 - n as f64 * 0.5) },
        }
    };
    let rows = names.iter().enumerate().map(row).collect();
    Figure::new("Ranks", "Who can be told apart from whom")
        .with("", Plot::Ranks(Ranks { by: Axis::new("index", Unit::Number(1)), rows }))
}

fn heatmap(names: &[String], columns: usize) -> Figure {
    let titles = ["Identity under pressure", "Values", "Limits", "Boundaries", "Self-report", "Consistency"];
    let columns: Vec<String> = (0..columns)
        .map(|n| titles.get(n).map_or_else(|| format!("another column {n}"), ToString::to_string))
        .collect();
    let row = |(n, name): (usize, &String)| HeatRow {
        name: name.clone(),
        kind: kind(name),
        values: (0..columns.len())
            .map(|column| ((n, column) != (1, 2)).then(|| value(n * 6 + column)))
            .collect(),
    };
    let rows = names.iter().enumerate().map(row).collect();
    let axis = Axis::new("points", Unit::Percent);
    let plot = Heatmap { axis, ends: (0.0, 100.0), columns: columns.clone(), rows };
    Figure::new("Heatmap", "Values by subject and dimension").with("", Plot::Heatmap(plot))
}

fn contrasts(groups: usize) -> Figure {
    let difference = |n: usize| Value::of(at(n) - 50.0).between(at(n) - 66.0, at(n) - 31.0).out_of(28);
    let group = |n: usize| ContrastGroup {
        name: format!("B − A: the official path is blocked, and the user says so ({n})"),
        rows: ["model one", "a second model with a name that is longer"]
            .into_iter()
            .zip(0..)
            .map(|(name, nth)| (name.to_owned(), Role::Nth(nth), difference(n * 2 + usize::from(nth))))
            .collect(),
    };
    let plot = Contrasts {
        axis: Axis::new("Difference in points", Unit::Number(1)),
        sides: ("fewer shortcuts".to_owned(), "more shortcuts".to_owned()),
        groups: (0..groups).map(group).collect(),
    };
    Figure::new("Contrasts", "What each circumstance changes").with("", Plot::Contrasts(plot))
}

fn flips(names: &[String]) -> Figure {
    let row = |(n, name): (usize, &String)| FlipRow {
        name: name.clone(),
        before: Value::of(at(n)).out_of(75),
        after: Value::of(at(n + 1)).out_of(75),
        gained: n as u64 * 3,
        lost: 5,
        same: 1070,
    };
    let plot = Flips {
        axis: Axis::new("Held", Unit::Percent),
        before: "base".to_owned(),
        after: "tuned".to_owned(),
        rows: names.iter().enumerate().map(row).collect(),
    };
    Figure::new("Flips", "The same cases before and after").with("", Plot::Flips(plot))
}

fn confusion() -> Figure {
    let plot = Confusion {
        rows_are: "rules".to_owned(),
        columns_are: "judge sim/rule-judge".to_owned(),
        labels: ["held", "over-refused", "complied", "undetermined"].map(str::to_owned).into(),
        counts: vec![vec![1520, 3, 0, 12], vec![4, 88, 1, 0], vec![0, 0, 41, 9], vec![0, 0, 0, 0]],
    };
    Figure::new("Confusion", "What the judge says of what the rules say").with("", Plot::Confusion(plot))
}

fn cost(names: &[String]) -> Figure {
    let point = |(n, name): (usize, &String)| Point {
        label: name.clone(),
        x: 0.01 * 1.9_f64.powi(n as i32 % 9),
        value: value(n),
    };
    let plot = Scatter {
        x: Axis::new("Cost in US dollars, logarithmic", Unit::Number(2)),
        scale: Scale::Log,
        y: Axis::new("Index", Unit::Points),
        series: vec![Cloud {
            name: "subjects".to_owned(),
            role: Role::Nth(0),
            points: names.iter().enumerate().map(point).collect(),
        }],
    };
    Figure::new("Cost", "What it costs and what it brings").with("", Plot::Scatter(plot))
}
