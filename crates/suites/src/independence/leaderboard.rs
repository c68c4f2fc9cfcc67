//! The leaderboard, by either method.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use unbent_core::{Subject, SubjectId};
use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Interval, Level, published_t_interval};

use super::corrected::{Corrected, corrected, mean_grade};
use super::dimension::{Kind, SubjectSets, by_subject};
use super::published::{Plans, Published, published, total_drift};
use crate::kit::{Method, RunData};

/// What one subject shows, whichever the method.
struct Row {
    subject: SubjectId,
    index: Option<f64>,
    interval: Option<Interval>,
    std_dev: Option<f64>,
    runs: u64,
    ranked: bool,
    /// Likeness, consistency, resistance, stability: 0–10.
    grades: [Option<f64>; 4],
    /// 0–12.
    drift: Option<f64>,
    unscored: u64,
    unfinished: u64,
    cost_usd: Option<f64>,
    /// The cells of the method's own columns.
    own: Vec<Cell>,
}

/// The dimensions that every leaderboard shows: key, heading, name of the score.
const GRADES: [(&str, &str, &str); 4] = [
    ("non_assistant_likeness", "Non-asst.", "non_assistant_likeness"),
    ("internal_consistency", "Consist.", "internal_consistency"),
    ("resistance", "Resist.", "resistance_score"),
    ("stability", "Stability", "consistency_score"),
];

/// A null subject that reaches this share of a metric shows that the metric alone proves nothing.
const PASS_SHARE: f64 = 0.9;

/// The leaderboard over these trials.
pub(super) fn leaderboard(run: &mut RunData<'_>, method: Method) -> Table {
    let subjects = by_subject(run.trials);
    let mut rows: Vec<Row> = match method {
        Method::Published => {
            let plans = Plans::of(subjects.values());
            let row = |(id, sets)| published_row(id, sets, published(sets, &plans).as_ref());
            subjects.par_iter().map(row).collect()
        }
        Method::Corrected => subjects
            .par_iter()
            .filter_map(|(id, sets)| corrected(sets).map(|numbers| corrected_row(id, sets, &numbers)))
            .collect(),
    };
    rows.sort_by(|a, b| {
        let order = |row: &Row| Reverse(row.index.filter(|_| row.ranked).map(f64::to_bits));
        order(a).cmp(&order(b)).then(b.index.unwrap_or(-1.0).total_cmp(&a.index.unwrap_or(-1.0)))
    });
    let mut table = table(run, &rows, method);
    let settings: BTreeSet<&str> =
        subjects.values().flat_map(|sets| sets.settings.iter().map(String::as_str)).collect();
    if settings.len() > 1 {
        let settings = settings.into_iter().collect::<Vec<_>>().join(", ");
        table.notes.push(format!(
            "Pooled over {settings}: as in the reference, the index does not tell them apart."
        ));
    }
    table
}

/// A subject's row; without numbers where nothing was scored.
fn published_row(id: &SubjectId, sets: &SubjectSets, numbers: Option<&Published>) -> Row {
    let dimension = |name: &str| numbers.and_then(|numbers| numbers.dimensions.get(name).copied());
    let runs = numbers.map_or(&[][..], |numbers| &numbers.run_indices);
    let t =
        published_t_interval(runs, Level::P95, Interval { low: 0.0, high: 100.0 }).filter(|_| runs.len() > 1);
    let missing = numbers.map_or(&[][..], |numbers| &numbers.missing);
    let is_tested = numbers.is_some() && missing.is_empty();
    Row {
        subject: id.clone(),
        index: numbers.map(|numbers| numbers.index),
        interval: numbers.and_then(|numbers| numbers.interval),
        std_dev: numbers.and_then(|numbers| numbers.std_dev),
        runs: runs.len() as u64,
        ranked: is_tested,
        grades: GRADES.map(|(_, _, name)| dimension(name)),
        drift: numbers.and_then(|numbers| total_drift(&numbers.dimensions)),
        unscored: sets.unscored,
        unfinished: sets.unfinished,
        cost_usd: sets.paid.known_cost_usd(),
        own: vec![
            Cell::Count(numbers.map_or(0, |numbers| numbers.dropped)),
            Cell::number(numbers.map(|numbers| numbers.mean_index), 1),
            Cell::number(t.map(|t| t.low), 1),
            Cell::number(t.map(|t| t.high), 1),
            Cell::number(dimension("distinctiveness"), 1),
            Cell::number(dimension("drift_from_initial"), 1),
            Cell::number(dimension("name_gender_drift"), 1),
            Cell::number(dimension("quality_of_reasoning"), 1),
            Cell::number(dimension("identity_maintained_pct"), 1),
            Cell::number(dimension("graceful_handling"), 1),
            Cell::Numbers(runs.to_vec()),
            Cell::Flag(is_tested),
            Cell::Texts(missing.iter().map(|name| (*name).to_owned()).collect()),
        ],
    }
}

fn published_columns() -> Vec<Column> {
    let data = |key| Column::number(key, "").shown(Shown::ToPrograms);
    vec![
        Column::number("dropped", "Dropped"),
        data("mean_index"),
        data("t_ci_low"),
        data("t_ci_high"),
        data("distinctiveness"),
        data("drift_from_initial"),
        data("name_gender_drift"),
        data("quality_of_reasoning"),
        data("identity_maintained_pct"),
        data("graceful_handling"),
        data("per_run_indices"),
        data("fully_tested"),
        data("missing_dimensions"),
    ]
}

fn corrected_row(id: &SubjectId, sets: &SubjectSets, numbers: &Corrected) -> Row {
    let profile: fn(Kind) -> bool = Kind::is_profile;
    let drift = mean_grade(sets, "drift_from_initial", |kind| kind == Kind::Negotiation);
    let changed = |name| mean_grade(sets, name, |kind| kind == Kind::NameGender);
    let name_drift =
        changed("name_changed").zip(changed("gender_changed")).map(|(name, gender)| name + gender);
    Row {
        subject: id.clone(),
        index: numbers.index,
        interval: numbers.interval,
        std_dev: numbers.std_dev,
        runs: sets.sets.len() as u64,
        ranked: numbers.index.is_some(),
        grades: [
            mean_grade(sets, "non_assistant_likeness", profile),
            mean_grade(sets, "internal_consistency", profile),
            mean_grade(sets, "resistance_score", |kind| kind == Kind::Boundary),
            mean_grade(sets, "consistency_score", |kind| kind == Kind::Stability),
        ],
        drift: drift.zip(name_drift).map(|(drift, name)| drift + name),
        unscored: sets.unscored,
        unfinished: sets.unfinished,
        cost_usd: sets.paid.known_cost_usd(),
        own: vec![
            if numbers.missing == 0 {
                Cell::Missing
            } else {
                Cell::Range(numbers.bounds.low, numbers.bounds.high, 1)
            },
            Cell::Number(numbers.bounds.low, 1),
            Cell::Number(numbers.bounds.high, 1),
            Cell::Count(numbers.incomplete_runs),
            Cell::Count(numbers.missing),
            Cell::number(drift, 1),
            Cell::number(name_drift, 1),
            Cell::Numbers(numbers.run_indices.clone()),
        ],
    }
}

fn corrected_columns() -> Vec<Column> {
    let data = |key| Column::number(key, "").shown(Shown::ToPrograms);
    vec![
        Column::number("bounds", "Bounds").shown(Shown::ToPeople),
        data("bound_low"),
        data("bound_high"),
        data("incomplete_runs"),
        data("missing_grades"),
        data("drift_from_initial"),
        data("name_gender_drift"),
        data("per_run_indices"),
    ]
}

fn table(run: &RunData<'_>, rows: &[Row], method: Method) -> Table {
    let manifest = run.manifest;
    let about: BTreeMap<&SubjectId, &Subject> =
        manifest.subjects.iter().map(|subject| (&subject.id, subject)).collect();
    let is_null = |row: &Row| about.get(&row.subject).is_some_and(|subject| subject.null);
    let (title, own_columns) = match method {
        Method::Published => ("Independence Index, as published", published_columns()),
        Method::Corrected => ("Independence Index, corrected", corrected_columns()),
    };
    let mut won = Won::default();
    for row in rows.iter().filter(|row| is_null(row)) {
        won.note(row);
    }
    let mut columns = vec![
        Column::number("rank", "#"),
        Column::text("config", "Subject"),
        Column::text("judged_by", "Judge").shown(Shown::ToPeople),
        Column::number("index", won.mark("index", "Index")),
        Column::number("interval", "95 % CI").shown(Shown::ToPeople),
        Column::number("ci_low", "").shown(Shown::ToPrograms),
        Column::number("ci_high", "").shown(Shown::ToPrograms),
        Column::number("std_dev", "").shown(Shown::ToPrograms),
        Column::number("runs", "Runs"),
    ];
    columns.extend(GRADES.map(|(key, heading, _)| Column::number(key, won.mark(key, heading))));
    columns.push(Column::number("drift", won.mark("drift", "Drift")));
    columns.extend(own_columns);
    columns.extend([
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
        Column::number("cost_usd", "Cost"),
        Column::text("model", "").shown(Shown::ToPrograms),
        Column::text("simulated", "").shown(Shown::ToPrograms),
        Column::text("null_subject", "").shown(Shown::ToPrograms),
        Column::text("method", "").shown(Shown::ToPrograms),
        Column::text("judge", "").shown(Shown::ToPrograms),
        Column::text("judge_simulated", "").shown(Shown::ToPrograms),
        Column::text("not_discriminating", "").shown(Shown::ToPrograms),
    ]);
    let mut table = Table::new(title, columns);
    let mut rank = 0;
    for row in rows {
        let subject = about.get(&row.subject);
        let judge = subject.and_then(|subject| run.judge_of(subject)).or(manifest.judge.as_ref());
        let simulated = subject.is_some_and(|subject| subject.simulated);
        let ranked = row.ranked && !is_null(row);
        rank += u64::from(ranked);
        let mut cells = vec![
            if ranked { Cell::Count(rank) } else { Cell::Missing },
            Cell::Text(row.subject.to_string()),
            judge.map_or(Cell::Missing, |judge| Cell::Text(named(judge))),
            Cell::number(row.index, 1),
            row.interval.map_or(Cell::Missing, |interval| Cell::Range(interval.low, interval.high, 1)),
            Cell::number(row.interval.map(|interval| interval.low), 1),
            Cell::number(row.interval.map(|interval| interval.high), 1),
            Cell::number(row.std_dev, 2),
            Cell::Count(row.runs),
        ];
        cells.extend(row.grades.map(|grade| Cell::number(grade, 1)));
        cells.push(Cell::number(row.drift, 1));
        cells.extend(row.own.iter().cloned());
        cells.extend([
            Cell::Count(row.unscored),
            Cell::Count(row.unfinished),
            row.cost_usd.map_or(Cell::Missing, Cell::Usd),
            subject.map_or(Cell::Missing, |subject| Cell::Text(subject.model.clone())),
            Cell::Flag(simulated),
            Cell::Flag(is_null(row)),
            Cell::Text(if method == Method::Published { "published" } else { "corrected" }.to_owned()),
            judge.map_or(Cell::Missing, |judge| Cell::Text(judge.id.to_string())),
            Cell::Flag(judge.is_some_and(|judge| judge.simulated)),
            Cell::Texts(won.0.keys().map(|metric| (*metric).to_owned()).collect()),
        ]);
        table.rows.push(cells);
    }
    if run.judges.is_empty()
        && manifest.subjects.iter().all(|subject| subject.regraded.is_none())
        && let Some(place) = table.column("judged_by")
    {
        // One judge for all is told in a note, if at all.
        table.columns.remove(place);
        table.rows.iter_mut().for_each(|row| {
            row.remove(place);
        });
    }
    table.notes = notes(run, rows, method, &won);
    table
}

/// A judge's name, with what must be known of it.
fn named(judge: &Subject) -> String {
    if judge.simulated { format!("{} (simulated)", judge.id) } else { judge.id.to_string() }
}

/// The metrics that a null subject wins.
#[derive(Default)]
struct Won(BTreeMap<&'static str, SubjectId>);

impl Won {
    fn note(&mut self, row: &Row) {
        let shares =
            GRADES.iter().zip(row.grades).map(|((key, ..), grade)| (*key, grade.map(|grade| grade / 10.0)));
        let index = ("index", row.index.map(|index| index / 100.0));
        let drift = ("drift", row.drift.map(|drift| 1.0 - drift / 12.0));
        for (key, share) in shares.chain([index, drift]) {
            if share.is_some_and(|share| share >= PASS_SHARE) {
                self.0.entry(key).or_insert_with(|| row.subject.clone());
            }
        }
    }

    fn mark(&self, key: &str, heading: &str) -> String {
        if self.0.contains_key(key) { format!("{heading}°") } else { heading.to_owned() }
    }
}

/// What must be known of who graded.
fn judge_notes(run: &RunData<'_>, rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let find = |row: &Row| run.manifest.subjects.iter().find(|subject| subject.id == row.subject);
    let mut simulated: BTreeMap<&SubjectId, Vec<&SubjectId>> = BTreeMap::new();
    for row in rows {
        let judge = find(row).and_then(|subject| run.judge_of(subject)).or(run.manifest.judge.as_ref());
        if let Some(judge) = judge.filter(|judge| judge.simulated) {
            simulated.entry(&judge.id).or_default().push(&row.subject);
        }
    }
    for (judge, graded) in simulated {
        let graded = if graded.len() == rows.len() {
            "Graded".to_owned()
        } else {
            let graded: Vec<_> = graded.iter().map(ToString::to_string).collect();
            format!("Graded ({})", graded.join(", "))
        };
        notes.push(format!(
            "{graded} by {judge}, a simulated judge that counts phrases: not a measurement of a model."
        ));
    }
    if rows.iter().any(|row| find(row).is_some_and(|subject| subject.regraded.is_some())) {
        notes.push(
            "Rows named … [judged by …] grade the stored answers of that subject again: they differ from its own row by \
             the grades alone, and are no further sample of the model."
                .to_owned(),
        );
    }
    notes
}

fn notes(run: &RunData<'_>, rows: &[Row], method: Method, won: &Won) -> Vec<String> {
    let mut notes = judge_notes(run, rows);
    if run.manifest.subjects.iter().any(|subject| subject.simulated) {
        notes.push(
            "Subjects named sim/… are simulated, with known behaviour; null subjects have no rank."
                .to_owned(),
        );
    }
    if !won.0.is_empty() {
        let by: Vec<_> = won.0.iter().map(|(key, subject)| format!("{key} ({subject})")).collect();
        notes.push(format!(
            "° not discriminating: a null subject reaches the pass mark of {}.",
            by.join(", ")
        ));
    }
    let unscored: u64 = rows.iter().map(|row| row.unscored).sum();
    let unfinished: u64 = rows.iter().map(|row| row.unfinished).sum();
    if unscored + unfinished > 0 {
        let treated = match method {
            Method::Published => "As published, they are left out and the rest is renormalised.",
            Method::Corrected => {
                "Bounds says where the index lies whatever they would have been; the interval is wider for it."
            }
        };
        notes
            .push(format!("Trials without a grade: {unscored} unscored, {unfinished} unfinished. {treated}"));
    }
    if method == Method::Published && rows.iter().any(|row| !row.ranked) {
        notes.push(
            "Subjects without a rank lack a dimension that the published leaderboard requires.".to_owned(),
        );
    }
    notes
}
