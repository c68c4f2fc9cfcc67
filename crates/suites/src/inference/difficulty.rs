//! How hard each case is, and how well it tells subjects apart.

use std::collections::BTreeMap;

use unbent_core::Manifest;
use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Interval, Level, t_interval};

use super::estimate::weights_of;
use super::{Better, Standings};

/// A case that so much of what could be reached is reached in by every subject is one that everybody passes; so little, fails.
const NEARLY_ALL: f64 = 0.99;

/// So many subjects are needed for a correlation.
const FEWEST: usize = 3;

/// How hard a case is.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    case: u32,
    cluster: u32,
    /// How well each subject did in it, 0 to 1, by row.
    scores: BTreeMap<usize, f64>,
    n: u64,
    missing: u64,
}

impl Item {
    fn mean(&self) -> Option<f64> {
        (!self.scores.is_empty()).then(|| self.scores.values().sum::<f64>() / self.scores.len() as f64)
    }

    fn interval(&self) -> Option<Interval> {
        let values: Vec<f64> = self.scores.values().copied().collect();
        Some(t_interval(&values, Level::P95)?.clamped(0.0, 1.0))
    }

    fn flag(&self, discrimination: Option<f64>) -> Option<&'static str> {
        let all = |test: &dyn Fn(f64) -> bool| {
            self.scores.len() > 1 && self.scores.values().all(|score| test(*score))
        };
        if all(&|score| score >= NEARLY_ALL) {
            Some("all pass")
        } else if all(&|score| score <= 1.0 - NEARLY_ALL) {
            Some("all fail")
        } else {
            discrimination.filter(|correlation| *correlation < 0.0).map(|_| "against the rest")
        }
    }
}

/// The cases, each with how well every row did in it.
fn items(standings: &Standings, rows: &[usize]) -> Vec<Item> {
    let tallied = standings.tallied();
    let metric = tallied.metric;
    let mut items: BTreeMap<u32, Item> = BTreeMap::new();
    for row in rows {
        let cells = &tallied.rows[*row].cells;
        let asked = || tallied.cells.iter().zip(cells).filter(|(_, sums)| sums.n + sums.missing > 0);
        let mut occurring: Vec<&str> = asked().map(|(cell, _)| cell.part).collect();
        occurring.sort_unstable();
        occurring.dedup();
        let weights = weights_of(metric, &occurring);
        // By case: what was reached, and what could be, both weighted.
        let mut reached: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for (cell, sums) in asked() {
            let item = items.entry(cell.case).or_insert_with(|| Item {
                case: cell.case,
                cluster: cell.cluster,
                scores: BTreeMap::new(),
                n: 0,
                missing: 0,
            });
            item.n += sums.n;
            item.missing += sums.missing;
            let Some(mean) = sums.mean() else { continue };
            let weight = weights[cell.part];
            let is_good = (weight > 0.0) == (metric.better == Better::Higher);
            let sum = reached.entry(cell.case).or_default();
            sum.0 += weight.abs() * if is_good { mean } else { 1.0 - mean };
            sum.1 += weight.abs();
        }
        for (case, (got, most)) in reached {
            if let Some(item) = items.get_mut(&case).filter(|_| most > 0.0) {
                item.scores.insert(*row, got / most);
            }
        }
    }
    items.into_values().collect()
}

/// How well an item agrees with all others: the correlation over subjects of its score with the mean of their scores in the
/// other items (corrected item-total correlation, Henrysson 1963). None for fewer than three subjects or without a spread.
fn discrimination(item: &Item, totals: &BTreeMap<usize, (f64, u64)>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = item
        .scores
        .iter()
        .filter_map(|(row, score)| {
            let (sum, count) = totals.get(row)?;
            (*count > 1).then(|| (*score, (sum - score) / (count - 1) as f64))
        })
        .collect();
    if pairs.len() < FEWEST {
        return None;
    }
    let n = pairs.len() as f64;
    let (x, y) =
        (pairs.iter().map(|pair| pair.0).sum::<f64>() / n, pairs.iter().map(|pair| pair.1).sum::<f64>() / n);
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
    let (xx, yy) = (sum(&|pair| (pair.0 - x).powi(2)), sum(&|pair| (pair.1 - y).powi(2)));
    let both = (xx * yy).sqrt();
    (both > 1e-12).then(|| (sum(&|pair| (pair.0 - x) * (pair.1 - y)) / both).clamp(-1.0, 1.0))
}

/// The table; none if no case has a value.
pub(super) fn table(standings: &Standings, manifest: &Manifest) -> Option<Table> {
    let counts = |label: &unbent_core::SubjectId| {
        let subject = manifest.subjects.iter().find(|subject| subject.id == *label);
        subject.is_some_and(|subject| !subject.null && subject.regraded.is_none())
    };
    let rows: Vec<usize> =
        (0..standings.labels().len()).filter(|row| counts(&standings.labels()[*row].0)).collect();
    let mut items = items(standings, &rows);
    items.retain(|item| item.n > 0);
    let mut totals: BTreeMap<usize, (f64, u64)> = BTreeMap::new();
    for (row, score) in items.iter().flat_map(|item| &item.scores) {
        let total = totals.entry(*row).or_default();
        *total = (total.0 + score, total.1 + 1);
    }
    items.sort_by(|a, b| {
        a.mean().unwrap_or(2.0).total_cmp(&b.mean().unwrap_or(2.0)).then(a.case.cmp(&b.case))
    });
    if items.is_empty() {
        return None;
    }
    let metric = standings.metric();
    let programs = |key| Column::number(key, "").shown(Shown::ToPrograms);
    let mut table = Table::new(
        format!(
            "Difficulty of cases: how much of {} was reached, in percent, the hardest first",
            metric.name
        ),
        vec![
            Column::text("case", "Case"),
            Column::text("cluster", "Cluster"),
            Column::number("mean", "Mean"),
            Column::number("interval", "95 %").shown(Shown::ToPeople),
            programs("mean_low"),
            programs("mean_high"),
            Column::number("discrimination", "Discr."),
            Column::text("flag", "Flag"),
            Column::number("subjects", "Subjects"),
            Column::number("n", "n"),
            Column::number("missing", "Missing"),
        ],
    );
    let tallied = standings.tallied();
    for item in &items {
        let interval = item.interval();
        let discrimination = discrimination(item, &totals);
        let end = |of: fn(Interval) -> f64| Cell::number(interval.map(|interval| 100.0 * of(interval)), 1);
        table.rows.push(vec![
            Cell::Text(tallied.cases[item.case as usize].to_string()),
            Cell::Text(tallied.clusters[item.cluster as usize].clone()),
            Cell::number(item.mean().map(|mean| 100.0 * mean), 1),
            interval.map_or(Cell::Missing, |interval| {
                Cell::Range(100.0 * interval.low, 100.0 * interval.high, 1)
            }),
            end(|interval| interval.low),
            end(|interval| interval.high),
            Cell::number(discrimination, 2),
            item.flag(discrimination).map_or(Cell::Missing, |flag| Cell::Text(flag.to_owned())),
            Cell::Count(item.scores.len() as u64),
            Cell::Count(item.n),
            Cell::Count(item.missing),
        ]);
    }
    table.notes = notes(&items, rows.len());
    Some(table)
}

fn notes(items: &[Item], subjects: usize) -> Vec<String> {
    let mut notes = vec![
        "Mean: over subjects, each counting once, of 100 where a subject could not do better; its interval is over subjects \
         like these (Student's t). Null and regraded subjects do not count."
            .to_owned(),
    ];
    if subjects >= FEWEST {
        notes.push(
            "Discr.: correlation over subjects of the case with all other cases (corrected item-total). Near 0 the case tells \
             subjects apart no better than chance; below 0 it goes against the rest."
                .to_owned(),
        );
    } else {
        notes.push(format!("Discr. needs {FEWEST} subjects; there are {subjects}."));
    }
    let alike = items.iter().filter(|item| matches!(item.flag(None), Some("all pass" | "all fail"))).count();
    if alike > 0 {
        notes.push(format!(
            "{alike} of {} cases are passed or failed by every subject: they tell none from another.",
            items.len()
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::{discrimination, items};
    use crate::inference::Standings;
    use crate::inference::test_rows::{SHARE, of_rows};

    #[test]
    fn an_item_is_held_against_all_others_and_not_against_itself() {
        // By row: the first item goes with the rest, the second against it, the third is passed by all.
        let rows =
            [[1.0, 0.0, 1.0, 1.0], [0.5, 0.5, 1.0, 0.6], [0.0, 1.0, 1.0, 0.0]].map(|row| row.map(Some));
        let standings = Standings::of(of_rows(&SHARE, &[&rows[0], &rows[1], &rows[2]]));
        let items = items(&standings, &[0, 1, 2]);
        let totals = (0..3).map(|row| (row, (items.iter().map(|item| item.scores[&row]).sum(), 4))).collect();
        let all: Vec<_> = items.iter().map(|item| discrimination(item, &totals)).collect();
        // Item 1 is 1, 0.5, 0; the others together 2, 2.1, 2: no correlation. Without the correction it would have one.
        assert!(all[0].unwrap().abs() < 1e-9, "{all:?}");
        // Item 2 is 0, 0.5, 1 and the others 3, 2.1, 1: -2 / sqrt(2 * 2.00667) of deviations.
        assert!((all[1].unwrap() + 0.998_337_6).abs() < 1e-6, "{all:?}");
        assert_eq!(all[2], None);
        let flags: Vec<_> =
            items.iter().zip(&all).map(|(item, discrimination)| item.flag(*discrimination)).collect();
        assert_eq!(flags, [None, Some("against the rest"), Some("all pass"), None]);
        assert!((items[3].mean().unwrap() - 1.6 / 3.0).abs() < 1e-12);
    }
}
