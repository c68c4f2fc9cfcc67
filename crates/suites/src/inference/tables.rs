//! The metrics of a run's subjects as tables.

use unbent_core::Subject;
use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::Level;

use super::{Better, Estimate, Metric, Observations, estimate};

/// A row for each subject and metric, with interval, bounds and numbers of cases; of the headline metrics, or of all.
///
/// The best by the first metric stands first, null subjects last. Subjects without a trial are left out.
pub fn metric_table(metrics: &[Metric], observations: &Observations, only_headlines: bool) -> Table {
    let data = |key| Column::number(key, "").shown(Shown::ToPrograms);
    let mut table = Table::new(
        if only_headlines { "Headline metrics" } else { "All metrics" },
        vec![
            Column::text("subject", "Subject"),
            Column::text("mark", "Mark"),
            Column::text("metric", "").shown(Shown::ToPrograms),
            Column::text("name", "Metric").shown(Shown::ToPeople),
            Column::number("value", "Value"),
            Column::number("interval", "95 %").shown(Shown::ToPeople),
            data("low"),
            data("high"),
            Column::number("bounds", "Bounds").shown(Shown::ToPeople),
            data("bound_low"),
            data("bound_high"),
            data("standard_error"),
            Column::number("n", "n"),
            Column::number("missing", "Missing"),
            Column::number("clusters", "Clusters"),
            Column::number("unscored", "Unscored"),
            Column::number("unfinished", "Unfinished"),
        ],
    );
    let shown: Vec<&Metric> = metrics.iter().filter(|metric| metric.is_headline || !only_headlines).collect();
    let mut subjects = Vec::new();
    for (place, (subject, mark)) in observations.subjects.iter().zip(&observations.marks).enumerate() {
        let points: Vec<_> = observations.of_subject(place).collect();
        if !points.is_empty() {
            let known = |metric: &&Metric| estimate(metric, points.iter().copied(), Level::P95);
            subjects.push((subject, mark, shown.iter().map(known).collect::<Vec<_>>()));
        }
    }
    if let Some(first) = shown.first() {
        let merit = |(subject, _, known): &(&Subject, _, Vec<Estimate>)| {
            let gain = known[0].value.map_or(f64::NEG_INFINITY, |value| first.gain(0.0, value));
            (!subject.null, gain)
        };
        subjects.sort_by(|a, b| {
            let ((a_counts, a), (b_counts, b)) = (merit(a), merit(b));
            b_counts.cmp(&a_counts).then(b.total_cmp(&a))
        });
    }
    for (subject, mark, estimates) in subjects {
        for (metric, known) in shown.iter().zip(estimates) {
            let marks = [(subject.null, "null"), (subject.simulated && !subject.null, "simulated")];
            let named: Vec<&str> = marks.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
            let mut cells = vec![
                Cell::Text(subject.id.to_string()),
                if named.is_empty() { Cell::Missing } else { Cell::Text(named.join(", ")) },
                Cell::Text(metric.id.to_owned()),
                Cell::Text(format!("{} {}", metric.name, arrow(metric.better))),
            ];
            cells.extend(numbers(&known));
            cells.extend([Cell::Count(mark.unscored), Cell::Count(mark.unfinished)]);
            table.rows.push(cells);
        }
    }
    table.notes.push(
        "In points of 100; ↑ more is better, ↓ less is better. Intervals are 95 %, robust to clusters of cases with a source in \
         common (Student's t), widened by what missing values could move. Missing: of unscored and unfinished \
         trials, or undetermined. A leaderboard's intervals follow its own method and may differ."
            .to_owned(),
    );
    table
}

/// The sign beside a metric that says which way is better.
fn arrow(better: Better) -> char {
    match better {
        Better::Higher => '↑',
        Better::Lower => '↓',
    }
}

/// Value, interval and its ends, bounds and their ends, standard error, numbers.
fn numbers(known: &Estimate) -> [Cell; 11] {
    let range = |range: Option<unbent_stats::Interval>| {
        range.map_or(Cell::Missing, |range| Cell::Range(range.low, range.high, 1))
    };
    let is_open = known.missing > 0 || known.value.is_none();
    [
        Cell::number(known.value, 1),
        range(known.interval),
        Cell::number(known.interval.map(|interval| interval.low), 1),
        Cell::number(known.interval.map(|interval| interval.high), 1),
        range(Some(known.bounds).filter(|_| is_open)),
        Cell::Number(known.bounds.low, 1),
        Cell::Number(known.bounds.high, 1),
        Cell::number(known.standard_error, 2),
        Cell::Count(known.n),
        Cell::Count(known.missing),
        Cell::Count(known.clusters),
    ]
}
