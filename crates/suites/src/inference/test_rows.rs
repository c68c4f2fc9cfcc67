//! Rows of a leaderboard made by hand, for tests: a cluster for each case, a value for each.

use unbent_core::{CaseId, SubjectId};

use super::estimate::Sums;
use super::tally::{CellOf, Row};
use super::{Better, Group, Metric, Tallied};

/// A share in percent.
pub(super) const SHARE: Metric = Metric {
    id: "share",
    name: "Share",
    about: "a share",
    better: Better::Higher,
    is_headline: true,
    groups: &[Group { weight: 100.0, parts: &["a"] }],
    offset: 0.0,
};

/// The sums of rows named row0, row1 and so on, with these values; none is one that is missing.
pub(super) fn of_rows(metric: &'static Metric, rows: &[&[Option<f64>]]) -> Tallied {
    let clusters = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    let sums = |value: &Option<f64>| {
        let mut sums = Sums::default();
        sums.add(*value);
        sums
    };
    Tallied {
        metric,
        labels: (0..rows.len()).map(|n| (SubjectId::new(format!("row{n}")), None)).collect(),
        cost_usd: vec![Some(3.0); rows.len()],
        rows: rows.iter().map(|row| Row { cells: row.iter().map(sums).collect() }).collect(),
        cells: (0..clusters as u32).map(|cluster| CellOf { part: "a", case: cluster, cluster }).collect(),
        cases: (0..clusters).map(|n| CaseId::new(format!("case{n}"))).collect(),
        clusters: (0..clusters).map(|n| format!("cluster{n}")).collect(),
    }
}
