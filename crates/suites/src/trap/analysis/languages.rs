//! English and Spanish prompts side by side.

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Interval, combined_interval};

use super::cells::{CLUSTERED, data, ends, percent, percents, sizes_cells, sizes_columns, who, whose};
use super::group::Group;
use super::metrics::{Metric, Metrics};
use super::observed::Observed;
use crate::kit::Method;
use crate::trap::case::Language;

/// What is compared.
const METRICS: [(Metric, [&str; 4]); 3] = [
    (Metric::Held, ["held", "held_interval", "held_low", "held_high"]),
    (Metric::EffectiveCorrect, ["correct", "correct_interval", "correct_low", "correct_high"]),
    (Metric::DangerousFailure, ["dangerous", "dangerous_interval", "dangerous_low", "dangerous_high"]),
];

/// The analysis `languages`: a row for each subject, condition and language, and one for English less Spanish; no table
/// where there is one language.
pub fn languages(observed: &Observed) -> Vec<Table> {
    let mut columns = who().to_vec();
    columns.push(Column::text("language", "Language"));
    for (metric, [value, interval, low, high]) in METRICS {
        columns.push(Column::number(value, format!("{} %", metric.heading())));
        columns.push(Column::number(interval, "95 %").shown(Shown::ToPeople));
        columns.extend([data(low), data(high)]);
    }
    columns.extend(sizes_columns());
    let mut table = Table::new("English and Spanish", columns);
    let groups = observed.groups();
    for group in &groups {
        let of = |language: Language| (language.tag(), group.metrics_where(|case| case.language == language));
        let spoken: Vec<_> = [Language::English, Language::Spanish, Language::Mixed]
            .into_iter()
            .map(of)
            .filter(|(_, metrics)| metrics.sizes().trials > 0)
            .collect();
        if spoken.len() < 2 {
            continue;
        }
        for (tag, metrics) in &spoken {
            let estimates = METRICS.map(|(metric, _)| {
                let estimate = metrics.estimate(metric, Method::Corrected);
                (estimate.value, estimate.interval)
            });
            table.rows.push(row(group, tag, &estimates, sizes_cells(metrics.sizes())));
        }
        if let [("en", english), ("es", spanish), ..] = spoken.as_slice() {
            let estimates = METRICS.map(|(metric, _)| difference(metric, english, spanish));
            let sizes = [const { Cell::Missing }; 6];
            table.rows.push(row(group, "en less es", &estimates, sizes));
        }
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    table.notes.push(CLUSTERED.to_owned());
    table.notes.push(
        "The languages have templates of their own and not the same mixture of categories: Held, which weighs categories alike, \
         compares best, and a difference is one of prompts as well as of languages."
            .to_owned(),
    );
    vec![table]
}

type Found = (Option<f64>, Option<Interval>);

/// English less Spanish. Prompts of two languages are of different templates, so their intervals are independent.
fn difference(metric: Metric, english: &Metrics, spanish: &Metrics) -> Found {
    let [english, spanish] = [english, spanish].map(|metrics| metrics.estimate(metric, Method::Corrected));
    let both = || {
        let (one, other) = (english.value?, spanish.value?);
        let terms = [(1.0, one, english.interval?), (-1.0, other, spanish.interval?)];
        Some((one - other, combined_interval(&terms)))
    };
    let both = both();
    (both.map(|(value, _)| value), both.map(|(_, interval)| interval))
}

fn row(group: &Group<'_>, language: &str, estimates: &[Found], sizes: [Cell; 6]) -> Vec<Cell> {
    let mut row = whose(group).to_vec();
    row.push(Cell::Text(language.to_owned()));
    for (value, interval) in estimates {
        row.extend([percent(*value), percents(*interval)]);
        row.extend(ends(*interval));
    }
    row.extend(sizes);
    row
}
