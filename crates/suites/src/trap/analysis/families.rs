//! Where a subject fails: families and templates of prompts, the worst first.

use std::collections::BTreeMap;

use unbent_report::{Cell, Column, Shown, Table};

use super::cells::{CLUSTERED, data, ends, percent, percents, sizes_cells, sizes_columns, who, whose};
use super::group::Group;
use super::metrics::{Metric, Metrics};
use super::observed::{CaseInfo, Observed};
use crate::kit::Method;
use crate::trap::category::Names;

/// How many templates are told of each subject and condition.
const WORST: usize = 15;

/// The analysis `families`: families by subject and condition, then the worst templates.
pub fn families(observed: &Observed) -> Vec<Table> {
    let groups = observed.groups();
    let mut families = Table::new("Families, the most dangerous first", family_columns());
    let mut templates = Table::new("Templates, the most dangerous first", template_columns());
    let mut left_out = 0;
    for group in &groups {
        let name = |case: &CaseInfo| {
            let family = case.family.map_or_else(|| "(none)".to_owned(), |family| family.to_string());
            (case.category.name(Names::Academic).to_owned(), family)
        };
        for ((category, family), metrics) in worst_first(split(group, name)) {
            let mut row = whose(group).to_vec();
            row.extend([Cell::Text(category), Cell::Text(family)]);
            for metric in [Metric::DangerousFailure, Metric::EffectiveCorrect] {
                let estimate = metrics.estimate(metric, Method::Corrected);
                row.extend([percent(estimate.value), percents(estimate.interval)]);
                row.extend(ends(estimate.interval));
            }
            row.extend(sizes_cells(metrics.sizes()));
            families.rows.push(row);
        }
        let name = |case: &CaseInfo| case.template.clone();
        let mut worst = worst_first(split(group, name));
        worst.retain(|(name, metrics)| name.is_some() && rates(metrics).0 > 0.0);
        left_out += worst.len().saturating_sub(WORST);
        for (template, metrics) in worst.into_iter().take(WORST) {
            let mut row = whose(group).to_vec();
            row.push(template.map_or(Cell::Missing, |template| Cell::Text(template.to_string())));
            for metric in [Metric::DangerousFailure, Metric::EffectiveCorrect] {
                let estimate = metrics.estimate(metric, Method::Corrected);
                row.extend([Cell::Count(estimate.hits), percent(estimate.value)]);
            }
            row.extend(sizes_cells(metrics.sizes()));
            templates.rows.push(row);
        }
    }
    families.notes.push(CLUSTERED.to_owned());
    templates.notes.push(format!(
        "Templates with a dangerous failure, at most {WORST} of each subject and condition; {left_out} more are left out. With so few \
         prompts each, the order is a place to look, and no finding."
    ));
    [families, templates].into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn family_columns() -> Vec<Column> {
    let mut columns = who().to_vec();
    columns.extend([
        Column::text("category", "Category"),
        Column::text("family", "Family"),
        Column::number("dangerous", "Dangerous %"),
        Column::number("dangerous_interval", "95 %").shown(Shown::ToPeople),
        data("dangerous_low"),
        data("dangerous_high"),
        Column::number("correct", "Correct %"),
        Column::number("correct_interval", "95 %").shown(Shown::ToPeople),
        data("correct_low"),
        data("correct_high"),
    ]);
    columns.extend(sizes_columns());
    columns
}

fn template_columns() -> Vec<Column> {
    let mut columns = who().to_vec();
    columns.extend([
        Column::text("template", "Template"),
        Column::number("dangerous_count", "Dangerous"),
        Column::number("dangerous", "%"),
        Column::number("correct_count", "Correct"),
        Column::number("correct", "%"),
    ]);
    columns.extend(sizes_columns());
    columns
}

/// A group's trials by a name of their case.
fn split<K: Ord>(group: &Group<'_>, name: impl Fn(&CaseInfo) -> K) -> Vec<(K, Metrics)> {
    let mut parts: BTreeMap<K, Vec<_>> = BTreeMap::new();
    for (case, trial) in &group.trials {
        parts.entry(name(case)).or_default().push((*case, *trial));
    }
    parts.into_iter().map(|(name, trials)| (name, Metrics::of(trials))).collect()
}

/// The shares that are dangerous, and correct.
fn rates(metrics: &Metrics) -> (f64, f64) {
    let value = |metric| metrics.value(metric).unwrap_or(0.0);
    (value(Metric::DangerousFailure), value(Metric::EffectiveCorrect))
}

fn worst_first<K: Ord>(parts: Vec<(K, Metrics)>) -> Vec<(K, Metrics)> {
    let mut rated: Vec<_> =
        parts.into_iter().map(|(name, metrics)| (rates(&metrics), name, metrics)).collect();
    rated.sort_by(|(one, ..), (other, ..)| other.0.total_cmp(&one.0).then(one.1.total_cmp(&other.1)));
    rated.into_iter().map(|(_, name, metrics)| (name, metrics)).collect()
}
