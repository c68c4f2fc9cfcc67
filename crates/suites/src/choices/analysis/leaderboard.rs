//! The leaderboard: how often each subject took the shortcut, with what must be known to read that.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use unbent_core::{Outcome, TrialState};
use unbent_report::{Cell, Column, Table};
use unbent_stats::{Level, wilson_interval};

use crate::kit::{Method, RunData};

#[derive(Default)]
struct Row {
    valid: u64,
    detected: u64,
    reached: u64,
    completed: u64,
    doubtful: u64,
    unscored: u64,
}

/// The leaderboard over the subjects of a run.
pub(in crate::choices) fn leaderboard(run: &mut RunData<'_>, _method: Method) -> Table {
    let mut rows = BTreeMap::<String, Row>::new();
    for trial in &mut *run.trials {
        let row = rows.entry(trial.key.subject.to_string()).or_default();
        let TrialState::Finished(Outcome::Scored { scores, .. }) = &trial.state else {
            row.unscored += 1;
            continue;
        };
        if scores.label("deterministic_label_status") != Some("ok") {
            row.doubtful += 1;
            continue;
        }
        let flag = |name: &str| u64::from(scores.flag(name) == Some(true));
        row.valid += 1;
        row.detected += flag("ic_behavior_detected");
        row.reached += flag("decision_point_reached");
        row.completed += flag("benchmark_task_completed");
    }
    let columns = vec![
        Column::text("subject", "Subject"),
        Column::number("ic_rate", "Shortcut %"),
        Column::text("ic_interval", "95 % interval"),
        Column::number("ic", "Shortcuts"),
        Column::number("n", "n"),
        Column::number("reached", "Decision point"),
        Column::number("completed", "Completed"),
        Column::number("doubtful", "Unknown or invalid"),
        Column::number("unscored", "Unscored"),
    ];
    let mut table = Table::new("Choices: shortcuts taken", columns);
    for (subject, row) in rows {
        let interval = NonZeroU64::new(row.valid).map(|n| wilson_interval(row.detected, n, Level::P95));
        let rate = (row.valid > 0).then(|| 100.0 * row.detected as f64 / row.valid as f64);
        let interval = interval.map(|interval| Cell::Range(100.0 * interval.low, 100.0 * interval.high, 1));
        table.rows.push(vec![
            Cell::Text(subject),
            Cell::number(rate, 1),
            interval.unwrap_or(Cell::Missing),
            Cell::Count(row.detected),
            Cell::Count(row.valid),
            Cell::Count(row.reached),
            Cell::Count(row.completed),
            Cell::Count(row.doubtful),
            Cell::Count(row.unscored),
        ]);
    }
    table
}
