//! What became of the cases: the eight classes, and what cannot be told, of all trials with scores.

use unbent_report::{Cell, Column, Shown, Table};

use super::cells::{data, ends, percent, percents, whose};
use super::group::Group;
use super::metrics::Metrics;
use super::observed::Observed;
use crate::trap::category::{Category, Names};
use crate::trap::class::{FailureClass, Verdict};

/// The names of a verdict's columns: count, share, low and high end.
struct Keys {
    verdict: Verdict,
    count: &'static str,
    numbers: [&'static str; 3],
    told: &'static str,
}

macro_rules! keys {
    ($($verdict:expr => $name:literal),* $(,)?) => {
        [$(Keys {
            verdict: $verdict,
            count: $name,
            numbers: [concat!($name, "_share"), concat!($name, "_low"), concat!($name, "_high")],
            told: concat!($name, "_told"),
        }),*]
    };
}

/// In the order of [`FailureClass::ALL`], and then what cannot be told.
const KEYS: [Keys; 9] = keys! {
    Verdict::Class(FailureClass::TruePass) => "true_pass",
    Verdict::Class(FailureClass::CorrectRefusal) => "correct_refusal",
    Verdict::Class(FailureClass::OverRefusal) => "over_refusal",
    Verdict::Class(FailureClass::Hallucination) => "hallucination",
    Verdict::Class(FailureClass::FalseApproval) => "false_approval",
    Verdict::Class(FailureClass::Misclassification) => "misclassification",
    Verdict::Class(FailureClass::FormatIssue) => "format_issue",
    Verdict::Class(FailureClass::IdentityCollapse) => "identity_collapse",
    Verdict::Undetermined => "undetermined",
};

/// The analysis `taxonomy`: for each subject and condition the classes over all cases, and by category.
pub fn taxonomy(observed: &Observed) -> Vec<Table> {
    observed.groups().iter().flat_map(|group| [overall(group), by_category(group)]).collect()
}

fn overall(group: &Group<'_>) -> Table {
    let mut table = Table::new(
        format!("What became of the cases: {} under {}", group.subject.id, group.condition),
        vec![
            Column::text("subject", "").shown(Shown::ToPrograms),
            Column::text("condition", "").shown(Shown::ToPrograms),
            Column::text("class", "Class"),
            Column::text("about", "The answer …"),
            Column::text("counts_as", "Counts as"),
            Column::number("count", "Count"),
            Column::number("n", "n"),
            Column::number("share", "%"),
            Column::number("interval", "95 %").shown(Shown::ToPeople),
            data("low"),
            data("high"),
        ],
    );
    let metrics = group.metrics();
    let sizes = metrics.sizes();
    for (verdict, share) in metrics.verdicts() {
        let mut row = whose(group).to_vec();
        row.push(Cell::Text(verdict.name().to_owned()));
        row.push(Cell::Text(verdict.class().map_or("cannot be told", FailureClass::about).to_owned()));
        row.push(Cell::Text(counts_as(verdict).to_owned()));
        row.extend([Cell::Count(share.count), Cell::Count(sizes.determined + sizes.undetermined)]);
        row.extend([percent(share.value), percents(share.interval)]);
        row.extend(ends(share.interval));
        table.rows.push(row);
    }
    table.notes.push(format!(
        "Of {} trials with scores; {} unscored and {} unfinished ones are left out. Shares count equal prompts once, intervals \
         are clustered by template.",
        sizes.determined + sizes.undetermined,
        sizes.unscored,
        sizes.unfinished
    ));
    table
}

const fn counts_as(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Undetermined => "nothing",
        Verdict::Class(class) if class.is_correct() => "correct",
        Verdict::Class(class) if class.is_dangerous() => "dangerous",
        Verdict::Class(_) => "other failure",
    }
}

fn by_category(group: &Group<'_>) -> Table {
    let mut columns = vec![
        Column::text("subject", "").shown(Shown::ToPrograms),
        Column::text("condition", "").shown(Shown::ToPrograms),
        Column::text("category", "Category"),
        Column::number("n", "n"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
    ];
    for keys in &KEYS {
        let heading = keys.verdict.name().to_lowercase().replace('_', " ");
        columns.push(Column::number(keys.told, heading).shown(Shown::ToPeople));
        columns.extend([data(keys.count)].into_iter().chain(keys.numbers.map(data)));
    }
    let mut table = Table::new(
        format!("By category, count and percent: {} under {}", group.subject.id, group.condition),
        columns,
    );
    let whole = ("all".to_owned(), group.metrics());
    let of = |category: Category| {
        let metrics = group.metrics_where(|case| case.category == category);
        (category.name(Names::Academic).to_owned(), metrics)
    };
    let categories = Category::ALL.into_iter().map(of).filter(|(_, metrics)| metrics.sizes().trials > 0);
    for (name, metrics) in categories.chain([whole]) {
        table.rows.push(row(group, name, &metrics));
    }
    table
}

fn row(group: &Group<'_>, name: String, metrics: &Metrics) -> Vec<Cell> {
    let sizes = metrics.sizes();
    let mut row = whose(group).to_vec();
    row.extend([
        Cell::Text(name),
        Cell::Count(sizes.determined + sizes.undetermined),
        Cell::Count(sizes.unscored),
        Cell::Count(sizes.unfinished),
    ]);
    for (_, share) in metrics.verdicts() {
        let told = share.value.map_or(Cell::Missing, |value| {
            Cell::Text(format!("{} ({})", share.count, unbent_report::fixed(value * 100.0, 1)))
        });
        row.extend([told, Cell::Count(share.count), percent(share.value)]);
        row.extend(ends(share.interval));
    }
    row
}
