//! Every metric of every subject, by both methods side by side.

use unbent_report::{Cell, Column, Shown, Table};

use super::cells::{ends, method_name, percent, percents};
use super::estimate::Estimate;
use super::metrics::Metric;
use super::observed::Observed;
use crate::kit::Method;

/// How the interval of an estimate was made, in a few words.
const fn interval_name(method: Method) -> &'static str {
    match method {
        Method::Published => "Wilson, z = 1.96, trials",
        Method::Corrected => "exact, prompts clustered by template",
    }
}

/// The analysis `metrics`: a table a subject and condition.
pub fn metrics_tables(observed: &Observed) -> Vec<Table> {
    let groups = observed.groups();
    let table = |group: &super::Group<'_>| {
        let metrics = group.metrics();
        let reached = metrics.reached();
        let mut table = Table::new(
            format!("Metrics of {} under {}", group.subject.id, group.condition),
            vec![
                Column::text("subject", "").shown(Shown::ToPrograms),
                Column::text("condition", "").shown(Shown::ToPrograms),
                Column::text("metric", "Metric"),
                Column::text("method", "Method"),
                Column::number("k", "k"),
                Column::number("n", "n"),
                Column::text("denominator", "Of"),
                Column::number("value", "%"),
                Column::number("interval", "95 %").shown(Shown::ToPeople),
                Column::number("low", "").shown(Shown::ToPrograms),
                Column::number("high", "").shown(Shown::ToPrograms),
                Column::number("bounds", "Bounds").shown(Shown::ToPeople),
                Column::number("bound_low", "").shown(Shown::ToPrograms),
                Column::number("bound_high", "").shown(Shown::ToPrograms),
                Column::text("interval_method", "").shown(Shown::ToPrograms),
                Column::number("prompts", "Prompts"),
                Column::number("clusters", "Templates"),
                Column::number("effective", "Eff. n"),
                Column::number("undetermined", "Undetermined"),
                Column::number("unscored", "Unscored"),
                Column::number("unfinished", "Unfinished"),
                Column::text("mark", "Mark"),
                Column::text("reached", "Reached"),
            ],
        );
        for metric in Metric::ALL {
            for method in [Method::Corrected, Method::Published] {
                let estimate = metrics.estimate(metric, method);
                let mut row = vec![
                    Cell::Text(group.subject.id.to_string()),
                    Cell::Text(group.condition.to_string()),
                    Cell::Text(metric.heading().to_owned()),
                ];
                row.extend(cells(&estimate));
                let sign = if metric.lower_is_better() { "≤" } else { "≥" };
                row.push(Cell::Text(format!("{sign} {:.0}", metric.pass_mark() * 100.0)));
                row.push(match method {
                    Method::Corrected => Cell::Flag(reached.contains(&metric)),
                    Method::Published => Cell::Missing,
                });
                table.rows.push(row);
            }
        }
        table.notes.push(
            "Corrected: equal prompts count once, intervals are clustered by template, and bounds say where the value lies whatever \
             the missing verdicts would have been. Published: trials as they are, Wilson at 1.96, what is missing left out; Held and \
             Discrimination are not the reference's. Discrimination is in points from -100 to 100."
                .to_owned(),
        );
        table.notes.push(
            "A mark is reached if it is met whatever is missing would have been, by a subject that passes at least half of what is \
             to be answered: low rates of failure are to nobody's merit who never answers."
                .to_owned(),
        );
        table
    };
    groups.iter().map(table).collect()
}

fn cells(estimate: &Estimate) -> [Cell; 18] {
    let Estimate { metric, method, interval, bounds, population, .. } = estimate;
    let ([low, high], [bound_low, bound_high]) = (ends(*interval), ends(*bounds));
    [
        Cell::Text(method_name(*method).to_owned()),
        Cell::Count(estimate.hits),
        Cell::Count(estimate.n),
        Cell::Text(metric.denominator(*method).to_owned()),
        percent(estimate.value),
        percents(*interval),
        low,
        high,
        if population.missing() > 0 { percents(*bounds) } else { Cell::Missing },
        bound_low,
        bound_high,
        Cell::Text(interval_name(*method).to_owned()),
        Cell::Count(population.prompts),
        Cell::Count(population.clusters),
        Cell::number(estimate.effective, 0),
        Cell::Count(population.undetermined),
        Cell::Count(population.unscored),
        Cell::Count(population.unfinished),
    ]
}
