//! What is known and what is missing: who decided the verdicts, and which trials have none and why, by category.

use unbent_report::{Cell, Column, Table};

use super::cells::{data, percent, who, whose};
use super::decided::Decided;
use super::group::Group;
use super::observed::Observed;
use crate::trap::category::{Category, Names};

/// The analysis `coverage`: a row for each subject, condition and category.
pub fn coverage(observed: &Observed) -> Vec<Table> {
    let mut columns = who().to_vec();
    columns.extend([
        Column::text("category", "Category"),
        Column::number("trials", "Trials"),
        Column::number("by_rules", "By rules"),
        Column::number("by_rules_share", "%"),
        Column::number("by_judge", "By judge"),
        Column::number("by_judge_share", "%"),
        Column::number("not_judged", "Open, not judged"),
        Column::number("judge_open", "Open after the judge"),
        data("undetermined"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
        Column::number("missing_share", "Missing %"),
        Column::text("reasons", "Unscored because"),
    ]);
    let mut table = Table::new("What is known, and what is missing", columns);
    let groups = observed.groups();
    for group in &groups {
        let of = |category: Category| {
            let trials = group.trials.iter().copied().filter(|(case, _)| case.category == category);
            (category.name(Names::Academic), Decided::of(trials))
        };
        let categories = Category::ALL.into_iter().map(of).filter(|(_, decided)| decided.trials > 0);
        for (name, decided) in categories.chain([("all", Decided::of(group.trials.iter().copied()))]) {
            table.rows.push(row(group, name, &decided));
        }
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    table.notes.push(
        "Shares decided are of the trials with scores, missing is of all trials. Verdicts that are missing more often in one category \
         than in another are not missing at random: an overall rate that leaves them out leans to the other."
            .to_owned(),
    );
    if groups.iter().any(|group| spread(group).is_some_and(|spread| spread > UNEVEN)) {
        table.notes.push(format!(
            "Uneven: for some subject the shares missing of two categories are more than {:.0} points apart.",
            UNEVEN * 100.0
        ));
    }
    vec![table]
}

/// A difference between the missing shares of two categories that is worth a note.
const UNEVEN: f64 = 0.10;

fn missing(decided: &Decided) -> u64 {
    decided.trials - decided.rules - decided.judge
}

/// How far the missing shares of a group's categories are apart.
fn spread(group: &Group<'_>) -> Option<f64> {
    let share = |category: Category| {
        let trials = group.trials.iter().copied().filter(|(case, _)| case.category == category);
        let decided = Decided::of(trials);
        (decided.trials > 0).then(|| missing(&decided) as f64 / decided.trials as f64)
    };
    let shares: Vec<f64> = Category::ALL.into_iter().filter_map(share).collect();
    let most = shares.iter().copied().reduce(f64::max)?;
    Some(most - shares.iter().copied().reduce(f64::min)?)
}

fn row(group: &Group<'_>, name: &str, decided: &Decided) -> Vec<Cell> {
    let reasons = decided.unscored.iter().map(|(reason, n)| format!("{reason}: {n}")).collect();
    let mut row = whose(group).to_vec();
    row.extend([
        Cell::Text(name.to_owned()),
        Cell::Count(decided.trials),
        Cell::Count(decided.rules),
        percent(decided.share(decided.rules)),
        Cell::Count(decided.judge),
        percent(decided.share(decided.judge)),
        Cell::Count(decided.not_judged),
        Cell::Count(decided.judge_open),
        Cell::Count(decided.not_judged + decided.judge_open),
        Cell::Count(decided.unscored.values().sum()),
        Cell::Count(decided.unfinished),
        percent(Some(missing(decided) as f64 / decided.trials as f64)),
        Cell::Texts(reasons),
    ]);
    row
}
