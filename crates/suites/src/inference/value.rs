//! What a point cost.

use unbent_core::Manifest;
use unbent_report::{Cell, Column, Table};

use super::{Better, Standings};

/// The table, the cheapest point first; none if nothing was paid or it is not known what.
pub(super) fn table(standings: &Standings, manifest: &Manifest) -> Option<Table> {
    let metric = standings.metric();
    let is_null = |row: usize| {
        manifest.subjects.iter().any(|subject| subject.id == standings.labels()[row].0 && subject.null)
    };
    let mut rows: Vec<usize> = (0..standings.labels().len()).filter(|row| !is_null(*row)).collect();
    if !rows.iter().any(|row| standings.cost_usd(*row).is_some_and(|usd| usd > 0.0)) {
        return None;
    }
    rows.sort_by(|a, b| {
        let cost = |row: &usize| standings.usd_per_point(*row).unwrap_or(f64::INFINITY);
        cost(a).total_cmp(&cost(b)).then(a.cmp(b))
    });
    let mut table = Table::new(
        format!("What a point of {} cost", metric.name),
        vec![
            Column::text("config", "Subject"),
            Column::text("condition", "Condition"),
            Column::number("value", metric.name),
            Column::number("cost_usd", "Cost"),
            Column::number("usd_per_point", "Per point"),
            Column::number("usd_per_value", "Per answer that counts"),
            Column::number("n", "n"),
            Column::number("missing", "Missing"),
        ],
    );
    for row in rows {
        let (label, arm) = &standings.labels()[row];
        let [n, missing] = standings.counts(&[row]);
        let usd = |usd: Option<f64>| usd.map_or(Cell::Missing, Cell::Usd);
        let cost = standings.cost_usd(row);
        table.rows.push(vec![
            Cell::Text(label.to_string()),
            arm.clone().map_or(Cell::Missing, Cell::Text),
            Cell::number(standings.value(row), 1),
            usd(cost),
            usd(standings.usd_per_point(row)),
            usd(cost.filter(|_| n > 0).map(|cost| cost / n as f64)),
            Cell::Count(n),
            Cell::Count(missing),
        ]);
    }
    let points = match metric.better {
        Better::Higher => "above the least that there is",
        Better::Lower => "below the most that there is",
    };
    table.notes = vec![format!(
        "A point is one of 100 {points}. Cost is all that was paid for the subject: its own answers and those of who judged or \
         guarded them, under all conditions together. It grows with the number of cases: compare rows over the same cases only."
    )];
    Some(table)
}
