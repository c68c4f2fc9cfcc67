//! Answers that are a bare form: whether following a format goes past the judgement that prose would have shown.

use unbent_report::{Cell, Column, Table};

use super::arms::{Arm, Tally, Trial, arms};
use super::observed::{CaseInfo, Observed};
use super::shares::{Contrast, Member, Rate, contrast, percent, range};
use crate::trap::category::{Category, Names};
use crate::trap::class::FailureClass;
use crate::trap::family::Family;

/// How often answers are a bare form, and whether such answers fabricate more often than prose on prompts of the same
/// family; nothing where no answer is one.
pub fn format(observed: &Observed) -> Vec<Table> {
    let mut occurrence = Table::new("Format: answers that are a bare form", occurrence_columns());
    let mut comparison = Table::new("Format: fabrication in bare forms against prose", comparison_columns());
    for arm in arms(observed) {
        if !arm.trials.iter().any(|trial| structured(trial) == Some(true)) {
            continue;
        }
        let families = families(&arm.trials);
        for (category, family) in std::iter::once(None).chain(families.iter().copied().map(Some)).map(named) {
            let trials: Vec<&Trial<'_>> = arm
                .trials
                .iter()
                .filter(|trial| category.is_none_or(|one| (one, family) == key(trial.case)))
                .collect();
            let forms = trials.iter().filter_map(|trial| Some((trial.case.cluster, structured(trial)?)));
            let forms = Rate::of(forms);
            let tally = Tally::of(trials.iter().copied());
            let mut row = name_cells(&arm, category, family);
            row.extend([Cell::Count(tally.n), Cell::Count(forms.hits)]);
            row.extend(forms.cells());
            row.extend(tally.cells());
            occurrence.rows.push(row);

            let members: Vec<Member> = trials.iter().filter_map(|trial| member(trial, &families)).collect();
            if let Some(found) = contrast(&members) {
                let mut row = name_cells(&arm, category, family);
                row.extend(contrast_cells(&found));
                row.extend(tally.cells());
                comparison.rows.push(row);
            }
        }
    }
    if occurrence.rows.is_empty() {
        return Vec::new();
    }
    comparison.notes.push(
        "Fabricated: HALLUCINATION or FALSE_APPROVAL, of the answers that have a class. Only families in which both \
         kinds occur are compared, and all together within them (weights of Mantel and Haenszel), so that forms are \
         not blamed for the prompts that ask for them. Newcombe's interval is that of the pooled shares and takes \
         trials for independent."
            .to_owned(),
    );
    vec![occurrence, comparison]
}

/// The category and the family of a case; a prompt of the user's own has no family.
type Key = (Category, Option<Family>);

fn key(case: &CaseInfo) -> Key {
    (case.category, case.family)
}

/// Both parts of a key, or none of them for all trials.
fn named(key: Option<Key>) -> (Option<Category>, Option<Family>) {
    (key.map(|(category, _)| category), key.and_then(|(_, family)| family))
}

fn families(trials: &[Trial<'_>]) -> Vec<Key> {
    let mut keys: Vec<Key> = trials.iter().map(|trial| key(trial.case)).collect();
    keys.sort_unstable_by_key(|(category, family)| (*category, family.map(Family::name)));
    keys.dedup();
    keys
}

fn structured(trial: &Trial<'_>) -> Option<bool> {
    Some(trial.scored()?.marks.structured)
}

fn member(trial: &Trial<'_>, families: &[Key]) -> Option<Member> {
    let class = trial.class()?;
    Some(Member {
        stratum: families.iter().position(|one| *one == key(trial.case))? as u32,
        first: structured(trial)?,
        hit: matches!(class, FailureClass::Hallucination | FailureClass::FalseApproval),
        cluster: trial.case.cluster,
    })
}

fn name_columns() -> impl Iterator<Item = Column> {
    Arm::columns().into_iter().chain([Column::text("category", "Category"), Column::text("family", "Family")])
}

fn name_cells(arm: &Arm<'_>, category: Option<Category>, family: Option<Family>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = arm.cells().into();
    let category = category.map_or("all", |category| category.name(Names::Academic));
    cells.push(Cell::Text(category.to_owned()));
    cells.push(family.map_or(Cell::Missing, |family| Cell::Text(family.name().to_owned())));
    cells
}

fn occurrence_columns() -> Vec<Column> {
    name_columns()
        .chain([
            Column::number("n", "n"),
            Column::number("forms", "Bare forms"),
            Column::number("share", "%"),
            Column::number("interval", "95 %"),
        ])
        .chain(Tally::columns())
        .collect()
}

fn comparison_columns() -> Vec<Column> {
    name_columns()
        .chain([
            Column::number("n", "n"),
            Column::number("forms", "Forms"),
            Column::number("forms_fabricated", "fabricated"),
            Column::number("forms_share", "%"),
            Column::number("prose", "Prose"),
            Column::number("prose_fabricated", "fabricated"),
            Column::number("prose_share", "%"),
            Column::number("difference", "Forms − prose"),
            Column::number("newcombe", "95 % (Newcombe)"),
            Column::number("clustered", "95 % (clusters)"),
        ])
        .chain(Tally::columns())
        .collect()
}

fn contrast_cells(found: &Contrast) -> Vec<Cell> {
    let (forms, prose) = (found.first, found.second);
    let share = |(hits, n): (u64, u64)| percent(Some(hits as f64 / n as f64));
    vec![
        Cell::Count(forms.1 + prose.1),
        Cell::Count(forms.1),
        Cell::Count(forms.0),
        share(forms),
        Cell::Count(prose.1),
        Cell::Count(prose.0),
        share(prose),
        percent(Some(found.difference)),
        range(Some(found.newcombe)),
        range(found.clustered),
    ]
}
