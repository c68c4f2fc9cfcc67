//! The reference's own figures from its published tables, drawn by our type.

use std::path::Path;

use unbent_report::Figure;
use unbent_report::figure::{Axis, Chart, Cloud, Plot, Point, Role, Scale, Scatter, Unit, Value};

/// A published table, by rows and columns.
struct Published(Vec<Vec<String>>);

impl Published {
    fn read(data: &Path, name: &str) -> Self {
        let text = std::fs::read_to_string(data.join("published").join(format!("{name}.csv"))).unwrap();
        Self(text.lines().skip(1).map(cells).collect())
    }

    fn column(&self, place: usize) -> Vec<String> {
        self.0.iter().map(|row| row[place].clone()).collect()
    }

    fn numbers(&self, place: usize) -> Vec<Option<f64>> {
        self.0.iter().map(|row| row[place].parse().ok()).collect()
    }

    /// The values of a column, with intervals and n where there are columns of them.
    fn values(&self, at: usize, interval: Option<(usize, usize)>, n: Option<usize>) -> Vec<Option<Value>> {
        let value = |row: &Vec<String>| {
            let number = |place: usize| row[place].parse::<f64>().ok();
            Some(Value {
                at: number(at),
                interval: interval.and_then(|(low, high)| number(low).zip(number(high))),
                count: None,
                n: n.and_then(|place| row[place].parse().ok()),
            })
        };
        self.0.iter().map(value).collect()
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

fn percent(title: &str) -> Axis {
    Axis::new(title, Unit::Percent)
}

/// The eleven figures with their names.
pub(crate) fn figures(data: &Path) -> Vec<(&'static str, Figure)> {
    let read = |name: &str| Published::read(data, name);
    let bars = |table: &Published, names: &[(&str, usize, Option<usize>)]| {
        let mut chart = Chart::new(percent("Share"), table.column(0));
        for (place, (name, column, n)) in names.iter().enumerate() {
            chart = chart.with(*name, Role::Nth(place as u8), table.values(*column, None, *n));
        }
        Plot::Bars(chart)
    };
    let figure = |title: &str, plot| Figure::new(title, "as published").with("", plot);

    let table = read("fig1_identity_vs_instruction");
    let groups = table.0.iter().map(|row| format!("{}, told {}", row[0], row[1]));
    let chart =
        Chart::new(percent("Tool use"), groups).with("tool use", Role::Nth(0), table.values(2, None, None));
    let mut all =
        vec![("fig1_identity_vs_instruction", figure("Identity versus instruction", Plot::Bars(chart)))];

    let table = read("fig2_identity_comparison");
    let names = [("behavioural", 3, None), ("classification", 2, None), ("collapse", 4, None)];
    all.push(("fig2_identity_comparison", figure("Identities compared", bars(&table, &names))));

    let table = read("fig3_identity_headroom");
    let cloud = |result: &str, place| {
        let here = table.0.iter().zip(table.numbers(1)).zip(table.numbers(5));
        let here = here.filter(|((row, _), _)| row[4] == result);
        let point = |((row, x), at): ((&Vec<String>, Option<f64>), Option<f64>)| Point {
            label: row[0].clone(),
            x: x.unwrap(),
            value: Value { at, ..Value::default() },
        };
        Cloud { name: result.to_owned(), role: Role::Nth(place), points: here.map(point).collect() }
    };
    let scatter = Scatter {
        x: Axis::new("Parameters in billions", Unit::Number(1)),
        scale: Scale::Log,
        y: percent("Behavioural accuracy"),
        series: vec![cloud("Success", 0), cloud("Failed", 1)],
    };
    all.push(("fig3_architecture_success", figure("Success and size", Plot::Scatter(scatter))));

    let table = read("fig4_failure_taxonomy");
    let shares = table.values(2, None, None).into_iter().zip(table.numbers(1));
    let shares =
        shares.map(|(value, count)| value.map(|value| value.counting(count.unwrap() as u64).out_of(14_950)));
    let chart = Chart::new(percent("Share"), table.column(0)).with("share", Role::Nth(0), shares.collect());
    all.push(("fig4_failure_taxonomy", figure("Taxonomy", Plot::Bars(chart))));

    let table = read("fig5_three_layer_metrics");
    let chart = Chart::new(percent("Share"), table.column(1)).with(
        "1B",
        Role::Nth(0),
        table.values(2, Some((3, 4)), None),
    );
    all.push(("fig5_three_layer_metrics", figure("Three layers", Plot::Bars(chart))));

    let table = read("fig6_cross_scale");
    all.push((
        "fig6_cross_scale",
        figure("By category", bars(&table, &[("1B", 1, Some(4)), ("9B", 2, Some(5))])),
    ));

    let table = read("fig7_evaluator_bias");
    let names =
        [("local pass", 2, Some(1)), ("second judge: correct", 3, Some(1)), ("agreement", 4, Some(1))];
    all.push(("fig7_evaluator_bias", figure("Evaluators", bars(&table, &names))));

    let table = read("fig8_failure_types");
    let shares = table.values(2, None, None).into_iter().zip(table.numbers(1));
    let shares =
        shares.map(|(value, count)| value.map(|value| value.counting(count.unwrap() as u64).out_of(53)));
    let chart = Chart::new(percent("Share"), table.column(0)).with("share", Role::Nth(0), shares.collect());
    all.push(("fig8_failure_types", figure("Types of failure", Plot::Bars(chart))));

    let table = read("fig9_base_vs_finetuned");
    let names = [("base 1B", 1, None), ("base 9B", 2, None), ("tuned 1B", 3, None), ("tuned 9B", 4, None)];
    all.push(("fig9_base_vs_finetuned", figure("Base and tuned", bars(&table, &names))));

    let table = read("fig9_failure_direction");
    let mut chart = Chart::new(Axis::new("Failures", Unit::Count), table.column(0));
    for (place, name) in (1..).zip(["compliance", "over-refusal", "missed refusal", "collapse"]) {
        chart = chart.with(name, Role::Nth(place as u8), table.values(place, None, None));
    }
    all.push(("fig10_failure_direction", figure("Direction of failure", Plot::Stacked(chart))));

    let table = read("full_model_comparison");
    let names = [("pass", 3, Some(2)), ("collapse", 4, Some(2))];
    all.push(("fig11_overall_summary", figure("Overall", bars(&table, &names))));
    all
}
