//! The leaderboard: a row for each subject and condition, ranked by how often the subject is right on both sides of the
//! line, with all metrics by the method that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use unbent_core::Subject;
use unbent_report::{Cell, Column, Shown, Table};

use super::cells::{data, ends, method_name, percent, percents};
use super::decided::Decided;
use super::estimate::Estimate;
use super::group::Group;
use super::metrics::{Metric, Metrics, Sizes};
use super::observed::Observed;
use crate::kit::{Method, RunData};
use crate::trap::class::Pole;

/// What one subject shows under one condition.
struct Row<'a> {
    group: Group<'a>,
    metrics: Metrics,
    /// In the order of [`Metric::ALL`], by the method of the table.
    estimates: Vec<Estimate>,
    poles: [Estimate; 2],
    sizes: Sizes,
    decided: Decided,
}

impl Row<'_> {
    fn new(group: Group<'_>, method: Method) -> Row<'_> {
        let metrics = group.metrics();
        Row {
            estimates: Metric::ALL.into_iter().map(|metric| metrics.estimate(metric, method)).collect(),
            poles: Pole::ALL.map(|pole| metrics.pole(pole, method)),
            sizes: metrics.sizes(),
            decided: Decided::of(group.trials.iter().copied()),
            group,
            metrics,
        }
    }

    fn held(&self) -> Option<f64> {
        self.estimates[0].value
    }

    fn is_ranked(&self) -> bool {
        !self.group.subject.null && self.held().is_some()
    }
}

/// The leaderboard over the subjects of a run.
pub fn leaderboard(run: &mut RunData<'_>, method: Method) -> Table {
    let observed = Observed::of(run);
    let mut rows: Vec<Row<'_>> = observed.groups().into_iter().map(|group| Row::new(group, method)).collect();
    let order = |row: &Row<'_>| (row.is_ranked(), row.held().unwrap_or(-1.0));
    rows.sort_by(|a, b| {
        let ((a_ranked, a), (b_ranked, b)) = (order(a), order(b));
        b_ranked.cmp(&a_ranked).then(b.total_cmp(&a))
    });
    table(&observed, &rows, method)
}

/// The columns for programs that hold a metric and the ends of its interval.
pub(in crate::trap) fn leaderboard_columns(metric: &str) -> Option<[&'static str; 3]> {
    let keys = Metric::ALL.into_iter().map(Metric::keys).find(|keys| keys.value == metric)?;
    Some([keys.value, keys.low, keys.high])
}

const POLES: [(&str, &str); 2] = [("withhold", "Withhold"), ("answer", "Answer")];

fn columns(observed: &Observed, rows: &[Row<'_>], won: &Won) -> Vec<Column> {
    let people = |column: Column| column.shown(Shown::ToPeople);
    let text = |key| Column::text(key, "").shown(Shown::ToPrograms);
    let conditions: BTreeSet<_> = rows.iter().map(|row| row.group.condition).collect();
    let judges: BTreeSet<_> =
        rows.iter().map(|row| observed.judges.get(&row.group.subject.id).map(|judge| &judge.id)).collect();
    let regraded = rows.iter().any(|row| row.group.subject.regraded.is_some());
    let told = |several: bool| if several { Shown::Everywhere } else { Shown::ToPrograms };
    let mut columns = vec![
        Column::number("rank", "#"),
        Column::text("config", "Subject"),
        Column::text("condition", "Condition").shown(told(conditions.len() > 1)),
        Column::text("judge", "Judge").shown(told(regraded || judges.len() > 1)),
    ];
    for metric in Metric::ALL {
        let keys = metric.keys();
        let value = Column::number(keys.value, won.mark(metric.key(), metric.heading()));
        let hidden = metric == Metric::BehaviouralPass;
        columns.push(if hidden { value.shown(Shown::ToPrograms) } else { value });
        if metric.is_headline() {
            columns.push(people(Column::number(keys.interval, "95 %")));
        }
        columns.extend([keys.low, keys.high, keys.bound_low, keys.bound_high].map(data));
        columns.extend(keys.published.map(data));
        columns.extend(keys.corrected.map(data));
        if metric == Metric::Discrimination {
            columns.extend(POLES.map(|(key, heading)| Column::number(key, won.mark(key, heading))));
        }
    }
    columns.extend([
        people(Column::text("marks", "Marks")),
        Column::number("n", "n"),
        Column::number("prompts", "Prompts"),
        Column::number("clusters", "Templates"),
        Column::number("undetermined", "Undetermined"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
        Column::number("by_rules", "By rules"),
        Column::number("by_judge", "By judge"),
        Column::number("cost_usd", "Cost"),
        text("reached"),
        text("earned"),
        text("model"),
        text("simulated"),
        text("null_subject"),
        text("judge_simulated"),
        text("method"),
        text("not_discriminating"),
    ]);
    columns
}

fn table(observed: &Observed, rows: &[Row<'_>], method: Method) -> Table {
    let won = Won::of(rows);
    let mut table = Table::new(
        format!("The trap suite, {}: what is held, in percent", method_name(method)),
        columns(observed, rows, &won),
    );
    for (place, row) in rows.iter().enumerate() {
        let subject = row.group.subject;
        let judge = observed.judges.get(&subject.id);
        let reached = row.metrics.reached();
        let rank = if row.is_ranked() { Cell::Count(place as u64 + 1) } else { Cell::Missing };
        let mut cells = vec![
            rank,
            Cell::Text(subject.id.to_string()),
            Cell::Text(row.group.condition.to_string()),
            judge.map_or(Cell::Missing, |judge| Cell::Text(named(judge))),
        ];
        for estimate in &row.estimates {
            cells.push(percent(estimate.value));
            if estimate.metric.is_headline() {
                cells.push(percents(estimate.interval));
            }
            cells.extend(ends(estimate.interval));
            cells.extend(ends(estimate.bounds));
            for method in [Method::Published, Method::Corrected] {
                let Estimate { value, interval, .. } = if method == estimate.method {
                    *estimate
                } else {
                    row.metrics.estimate(estimate.metric, method)
                };
                cells.push(percent(value));
                cells.extend(ends(interval));
            }
            if estimate.metric == Metric::Discrimination {
                cells.extend(row.poles.map(|pole| percent(pole.value)));
            }
        }
        let sizes = row.sizes;
        let paid = observed.paid.get(&subject.id);
        let cost = paid.and_then(|paid| paid.sum().known_cost_usd());
        cells.extend([
            Cell::Text(format!("{} of {}", reached.len(), Metric::ALL.len())),
            Cell::Count(sizes.determined),
            Cell::Count(sizes.prompts),
            Cell::Count(sizes.clusters),
            Cell::Count(sizes.undetermined),
            Cell::Count(sizes.unscored),
            Cell::Count(sizes.unfinished),
            percent(row.decided.share(row.decided.rules)),
            percent(row.decided.share(row.decided.judge)),
            cost.map_or(Cell::Missing, Cell::Usd),
            Cell::Texts(reached.iter().map(|metric| metric.key().to_owned()).collect()),
            Cell::Flag(row.metrics.is_earned()),
            Cell::Text(subject.model.clone()),
            Cell::Flag(subject.simulated),
            Cell::Flag(subject.null),
            Cell::Flag(judge.is_some_and(|judge| judge.simulated)),
            Cell::Text(method_name(method).to_owned()),
            Cell::Texts(won.0.keys().map(|metric| (*metric).to_owned()).collect()),
        ]);
        table.rows.push(cells);
    }
    table.notes = notes(observed, rows, method, &won);
    table
}

/// The metrics whose mark a null subject meets by its bare number, and the subject.
struct Won<'a>(BTreeMap<&'static str, &'a Subject>);

impl<'a> Won<'a> {
    fn of(rows: &[Row<'a>]) -> Self {
        let mut won = BTreeMap::new();
        for row in rows.iter().filter(|row| row.group.subject.null) {
            let metrics =
                row.estimates.iter().map(|estimate| (estimate.metric.key(), estimate.metric, estimate));
            let poles = POLES.iter().zip(&row.poles).map(|((key, _), pole)| (*key, Metric::Held, pole));
            for (key, mark, estimate) in metrics.chain(poles) {
                if estimate.value.is_some_and(|value| mark.meets_mark(value)) {
                    won.entry(key).or_insert(row.group.subject);
                }
            }
        }
        Self(won)
    }

    fn mark(&self, key: &str, heading: &str) -> String {
        if self.0.contains_key(key) { format!("{heading}°") } else { heading.to_owned() }
    }
}

/// A judge's name, with what must be known of it.
fn named(judge: &Subject) -> String {
    if judge.simulated { format!("{} (simulated)", judge.id) } else { judge.id.to_string() }
}

fn notes(observed: &Observed, rows: &[Row<'_>], method: Method, won: &Won<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let judges: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.decided.asked > 0)
        .filter_map(|row| observed.judges.get(&row.group.subject.id).map(named))
        .collect();
    if !judges.is_empty() {
        let judges = judges.into_iter().collect::<Vec<_>>().join(", ");
        notes.push(format!("What the rules left open was put to {judges}."));
    }
    if rows.iter().any(|row| row.group.subject.simulated) {
        notes.push(
            "Subjects named sim/… are simulated, with known behaviour; null subjects have no rank."
                .to_owned(),
        );
    }
    if !won.0.is_empty() {
        let by: Vec<_> = won.0.iter().map(|(key, subject)| format!("{key} ({})", subject.id)).collect();
        notes.push(format!(
            "° not discriminating by itself: a subject that does not look at the question meets the mark of {}. A mark is \
             reached only by who also passes half of what is to be answered.",
            by.join(", ")
        ));
    }
    let sum = |of: fn(&Sizes) -> u64| rows.iter().map(|row| of(&row.sizes)).sum::<u64>();
    let [undetermined, unscored, unfinished] =
        [sum(|sizes| sizes.undetermined), sum(|sizes| sizes.unscored), sum(|sizes| sizes.unfinished)];
    if undetermined + unscored + unfinished > 0 {
        let treated = match method {
            Method::Published => "As published, they are left out.",
            Method::Corrected => {
                "None counts as good: values are over the rest, intervals hold every value that they could lead to."
            }
        };
        notes.push(format!(
            "Without a verdict: {undetermined} undetermined, {unscored} unscored, {unfinished} unfinished. {treated}"
        ));
    }
    if rows.iter().any(|row| row.held().is_none() && row.sizes.determined > 0) {
        notes.push(
            "Held and Discrimination need verdicts on cases of both kinds: to be withheld, and to be answered."
                .to_owned(),
        );
    }
    let conditions: BTreeSet<_> = rows.iter().map(|row| row.group.condition).collect();
    if conditions.len() > 1 {
        notes.push("Cost is that of the subject under all conditions together.".to_owned());
    }
    if rows.iter().any(|row| row.group.subject.regraded.is_some()) {
        notes.push(
            "Rows named … [judged by …] grade the stored answers of that subject again: they differ from its own row by \
             the grades alone, and are no further sample of the model."
                .to_owned(),
        );
    }
    if observed.foreign > 0 {
        notes.push(format!("Left out: {} cases that are not of this suite's making.", observed.foreign));
    }
    notes
}
