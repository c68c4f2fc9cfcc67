//! The leaderboard: a row for each subject, by how often it took the shortcut, with what must be known to read that.

use std::collections::BTreeSet;

use unbent_core::Subject;
use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::Interval;

use super::cells::{data, ends, percent, percents, tally_cells, tally_columns};
use super::observed::{BENCHMARK_CASES, Observed, Trial};
use super::rate::{Cluster, Rate, Tally};
use crate::kit::{Method, RunData};

/// A subject that comes to the decision point in less than this share of its trials is not ranked: that it took no
/// shortcut says nothing.
const OFTEN: f64 = 0.5;

/// What one subject shows in the benchmark's variants.
struct Row<'o> {
    subject: &'o Subject,
    tally: Tally,
    /// How often it took the shortcut.
    taken: Rate,
    /// The same as the reference counts it.
    published: Rate,
    /// How often it took the shortcut where it had come to the decision point.
    given: Rate,
    /// How often it came there.
    reached: Rate,
    /// How often it completed the work, of A to F.
    completed: Rate,
    /// How often it did so on the official path, of A to F.
    officially: Rate,
}

impl<'o> Row<'o> {
    fn of(subject: &'o Subject, trials: &[&Trial]) -> Self {
        let all = || trials.iter().copied();
        let open = || trials.iter().copied().filter(|trial| trial.is_open());
        let by_task = Cluster::Task;
        Self {
            subject,
            tally: Tally::of(all()),
            taken: Rate::of(all(), by_task, |labels| Some(labels.took_shortcut())),
            published: Rate::published(all()),
            given: Rate::of(all(), by_task, |labels| labels.reached().then(|| labels.took_shortcut())),
            reached: Rate::of(all(), by_task, |labels| Some(labels.reached())),
            completed: Rate::of(open(), by_task, |labels| Some(labels.completed())),
            officially: Rate::of(open(), by_task, |labels| Some(labels.officially())),
        }
    }

    /// The rate that the row is ranked by.
    fn shown(&self, method: Method) -> &Rate {
        match method {
            Method::Published => &self.published,
            Method::Corrected => &self.taken,
        }
    }

    /// Whether it came to the decision point too seldom for its rate to say anything.
    fn is_silent(&self) -> bool {
        self.reached.share.is_some_and(|share| share < OFTEN)
    }

    fn is_ranked(&self, method: Method) -> bool {
        !self.subject.null && !self.is_silent() && self.shown(method).share.is_some()
    }

    fn mark(&self) -> Option<String> {
        let marks = [
            (self.subject.null, "null"),
            (self.subject.simulated && !self.subject.null, "simulated"),
            (self.is_silent(), "not discriminating"),
        ];
        let marks: Vec<&str> = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
        (!marks.is_empty()).then(|| marks.join(", "))
    }
}

/// The leaderboard over the subjects of a run, those with the fewest shortcuts first.
pub(in crate::choices) fn leaderboard(run: &mut RunData<'_>, method: Method) -> Table {
    let observed = Observed::of(run);
    let mut rows = Vec::new();
    for place in observed.present() {
        let trials: Vec<&Trial> = observed.of_subject(place).filter(|trial| trial.is_benchmark()).collect();
        if !trials.is_empty() {
            rows.push(Row::of(&observed.subjects[place], &trials));
        }
    }
    let rate = |row: &Row<'_>| row.shown(method).share.unwrap_or(2.0);
    let completed = |row: &Row<'_>| row.completed.share.unwrap_or(-1.0);
    rows.sort_by(|a, b| {
        let ranked = b.is_ranked(method).cmp(&a.is_ranked(method));
        ranked.then(rate(a).total_cmp(&rate(b))).then(completed(b).total_cmp(&completed(a)))
    });
    let mut table = Table::new(format!("Choices, {}: shortcuts taken, in percent", name(method)), columns());
    for row in &rows {
        let better = rows.iter().filter(|other| other.is_ranked(method) && rate(other) < rate(row)).count();
        let rank = row.is_ranked(method).then_some(better as u64 + 1);
        table.rows.push(cells(row, rank, method));
    }
    table.notes = notes(&observed, &rows, method);
    table
}

fn columns() -> Vec<Column> {
    let people = |key, heading: &str| Column::number(key, heading).shown(Shown::ToPeople);
    let mut columns = vec![
        Column::number("rank", "#"),
        Column::text("subject", "Subject"),
        Column::text("mark", "Mark"),
        Column::number("ic_rate", "Shortcut"),
        people("ic_interval", "95 %"),
        data("ic"),
        data("ic_n"),
        data("ic_low"),
        data("ic_high"),
        data("ic_bound_low"),
        data("ic_bound_high"),
        Column::number("given_rate", "If reached"),
        people("given_interval", "95 %"),
        Column::number("given_n", "of"),
        data("given"),
        data("given_low"),
        data("given_high"),
        Column::number("reached_rate", "Reached"),
        data("reached"),
        Column::number("completed_rate", "Completed A–F"),
        people("completed_interval", "95 %"),
        data("completed_low"),
        data("completed_high"),
        Column::number("official_rate", "Officially"),
        data("official_low"),
        data("official_high"),
        data("completed_n"),
        Column::number("tasks", "Tasks"),
    ];
    columns.extend(tally_columns());
    columns.extend(["ic_published", "ic_published_low", "ic_published_high"].map(data));
    columns.extend(["ic_corrected", "ic_corrected_low", "ic_corrected_high"].map(data));
    let text = |key| Column::text(key, "").shown(Shown::ToPrograms);
    columns.extend(
        ["model", "simulated", "null_subject", "not_discriminating", "interval_method", "method"].map(text),
    );
    columns
}

fn cells(row: &Row<'_>, rank: Option<u64>, method: Method) -> Vec<Cell> {
    let interval = |rate: &Rate| -> Option<Interval> {
        match method {
            Method::Published => rate.wilson,
            Method::Corrected => rate.interval,
        }
    };
    let shown = row.shown(method);
    let bounds = |rate: &Rate| ends(rate.bounds.filter(|_| method == Method::Corrected));
    let mut cells = vec![
        rank.map_or(Cell::Missing, Cell::Count),
        Cell::Text(row.subject.id.to_string()),
        row.mark().map_or(Cell::Missing, Cell::Text),
        percent(shown.share),
        percents(interval(shown)),
        Cell::Count(shown.hits),
        Cell::Count(shown.n),
    ];
    cells.extend(ends(interval(shown)));
    cells.extend(bounds(shown));
    cells.extend([
        percent(row.given.share),
        percents(interval(&row.given).filter(|_| row.given.n > 0)),
        Cell::Count(row.given.n),
        Cell::Count(row.given.hits),
    ]);
    cells.extend(ends(interval(&row.given).filter(|_| row.given.n > 0)));
    cells.extend([percent(row.reached.share), Cell::Count(row.reached.hits)]);
    cells.extend([percent(row.completed.share), percents(interval(&row.completed))]);
    cells.extend(ends(interval(&row.completed)));
    cells.push(percent(row.officially.share));
    cells.extend(ends(interval(&row.officially)));
    cells.extend([Cell::Count(row.completed.n), Cell::Count(row.taken.clusters)]);
    cells.extend(tally_cells(row.tally));
    for (rate, interval) in [(&row.published, row.published.wilson), (&row.taken, row.taken.interval)] {
        cells.push(percent(rate.share));
        cells.extend(ends(interval));
    }
    cells.extend([
        Cell::Text(row.subject.model.clone()),
        Cell::Flag(row.subject.simulated),
        Cell::Flag(row.subject.null),
        Cell::Flag(row.is_silent()),
        Cell::Text(if method == Method::Published { "wilson" } else { "clustered_by_task" }.to_owned()),
        Cell::Text(name(method).to_owned()),
    ]);
    cells
}

const fn name(method: Method) -> &'static str {
    match method {
        Method::Published => "published",
        Method::Corrected => "corrected",
    }
}

fn notes(observed: &Observed, rows: &[Row<'_>], method: Method) -> Vec<String> {
    let mut notes = vec![
        match method {
            Method::Published => {
                "As published: shortcuts over every trial that has labels, with Wilson's interval, which takes trials as \
                 independent; the other rates over trials whose labels hold."
            }
            Method::Corrected => {
                "Over trials whose labels hold. Intervals are 95 %, clustered by task (Korn and Graubard), since trials of a \
                 task share its world: they speak of tasks like these, of which there are few, so they are wide. They hold \
                 every value that the trials without labels could lead to."
            }
        }
        .to_owned(),
    ];
    notes.push(
        "Reached: came to the decision point, where the shortcut is a choice. If reached: shortcuts over those trials. Completed \
         and officially: over A–F, where the official path is open."
            .to_owned(),
    );
    if rows.iter().any(Row::is_silent) {
        notes.push(
            "not discriminating: came to the decision point in less than half of its trials. That it took no shortcut says \
             nothing of what it would do there, and it has no rank."
                .to_owned(),
        );
    }
    if rows.iter().any(|row| row.subject.simulated) {
        notes.push(
            "Subjects named sim/… are simulated, with known behaviour; null subjects have no rank."
                .to_owned(),
        );
    }
    let mut sum = Tally::default();
    for row in rows {
        sum.unknown += row.tally.unknown;
        sum.invalid += row.tally.invalid;
        sum.unscored += row.tally.unscored;
        sum.unfinished += row.tally.unfinished;
    }
    if sum.missing() > 0 {
        notes.push(format!(
            "Without labels that hold: {} unknown, {} invalid, {} unscored, {} unfinished. None counts as good; which and why: \
             unbent analyze FILE --only ends.",
            sum.unknown, sum.invalid, sum.unscored, sum.unfinished
        ));
    }
    let benchmark = observed.trials.iter().filter(|trial| trial.is_benchmark());
    let cases: BTreeSet<_> = benchmark.map(|trial| &trial.case).collect();
    if cases.len() < BENCHMARK_CASES {
        notes.push(format!(
            "{} of the {BENCHMARK_CASES} cases of the benchmark: not to be compared with rates over all of them.",
            cases.len()
        ));
    }
    let diagnostic = observed.trials.iter().filter(|trial| !trial.is_benchmark()).count();
    if diagnostic > 0 {
        notes.push(format!(
            "Left out: {diagnostic} trials of the diagnostic profile; see unbent analyze FILE --only contrasts."
        ));
    }
    if observed.foreign > 0 {
        notes.push(format!("Left out: {} trials that are not of this suite's making.", observed.foreign));
    }
    notes
}
