//! Whether the judge and the rules agree where both decided: the judge against the rules, category by category.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Confusion, Interval, Level, ResamplePlan, Weights};

use super::cells::{data, percent, who, whose};
use super::group::Group;
use super::observed::Observed;
use crate::trap::category::{Category, Names};
use crate::trap::class::{FailureClass, Verdict};

/// How many resamples an interval of kappa rests on.
const RESAMPLES: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");
/// The seed of the resamples.
const SEED: u64 = 2026;

/// The analysis `agreement`: a row for each subject, condition and category; no table where the judge read nothing that the
/// rules decided.
pub fn agreement(observed: &Observed) -> Vec<Table> {
    let mut table = Table::new("Do judge and rules agree?", columns());
    let groups = observed.groups();
    for group in &groups {
        let of = |category| (category, pairs(group, Some(category)));
        let whole = [("all", pairs(group, None))];
        let categories = Category::ALL.into_iter().map(of);
        let categories = categories.map(|(category, pairs)| (category.name(Names::Academic), pairs));
        for (name, pairs) in categories.chain(whole).filter(|(_, pairs)| !pairs.is_empty()) {
            table.rows.push(row(group, name, &pairs));
        }
    }
    if table.rows.is_empty() {
        return Vec::new();
    }
    table.notes.push(
        "Of trials in which both gave a class. Agreement and kappa are of whether the answer is correct, “same class” of the \
         class itself; “not both” are trials in which one of the two could not tell or was not asked. Kappa falls where nearly all answers are of one kind (prevalence) or one of the two is stricter (bias); PABAK \
         is kappa without either. Intervals of kappa are 95 %, by the bootstrap over trials."
            .to_owned(),
    );
    table.notes.push(
        "Where the judge reads only what the rules leave open there is nothing to compare: run with --set judge=all."
            .to_owned(),
    );
    let simulated = observed.judges.values().filter(|judge| judge.simulated);
    for judge in simulated.map(|judge| &judge.id).collect::<BTreeSet<_>>() {
        table.notes.push(format!("{judge} is a simulated judge: this is no measurement of a judge."));
    }
    vec![table]
}

fn columns() -> Vec<Column> {
    let mut columns = who().to_vec();
    columns.extend([
        Column::text("category", "Category"),
        Column::number("n", "n"),
        Column::number("agreement", "Agree %"),
        Column::number("kappa", "Kappa"),
        Column::number("kappa_interval", "95 %").shown(Shown::ToPeople),
        data("kappa_low"),
        data("kappa_high"),
        Column::number("pabak", "PABAK"),
        Column::number("prevalence", "Prevalence"),
        Column::number("bias", "Bias"),
        Column::number("both_correct", "Both correct"),
        Column::number("only_rules_correct", "Only rules"),
        Column::number("only_judge_correct", "Only judge"),
        Column::number("neither_correct", "Neither"),
        Column::number("both_dangerous", "Both dangerous"),
        Column::number("only_rules_dangerous", "Only rules"),
        Column::number("only_judge_dangerous", "Only judge"),
        Column::number("same_class", "Same class %"),
        Column::number("undetermined", "Not both"),
        Column::number("unscored", "Unscored"),
    ]);
    columns
}

/// The classes of rules and judge, and how many trials have no such pair.
#[derive(Default)]
struct Pairs {
    both: Vec<(FailureClass, FailureClass)>,
    undetermined: u64,
    unscored: u64,
}

impl Pairs {
    fn is_empty(&self) -> bool {
        self.both.is_empty()
    }
}

fn pairs(group: &Group<'_>, category: Option<Category>) -> Pairs {
    let mut pairs = Pairs::default();
    for (_, trial) in
        group.trials.iter().filter(|(case, _)| category.is_none_or(|category| case.category == category))
    {
        let Some(scored) = trial.state.scored() else {
            pairs.unscored += 1;
            continue;
        };
        let judge = scored.judge.and_then(Verdict::class);
        match (scored.rules.class(), judge) {
            (Some(rules), Some(judge)) => pairs.both.push((rules, judge)),
            _ => pairs.undetermined += 1,
        }
    }
    pairs
}

fn row(group: &Group<'_>, name: &str, pairs: &Pairs) -> Vec<Cell> {
    let n = pairs.both.len() as u64;
    let rated = |of: fn(FailureClass) -> bool| -> Vec<(usize, usize)> {
        let rate = |class: FailureClass| usize::from(!of(class));
        pairs.both.iter().map(|(rules, judge)| (rate(*rules), rate(*judge))).collect()
    };
    let count = |pairs: &[(usize, usize)]| Confusion::count(pairs, 2).expect("there are two categories");
    let correct = rated(FailureClass::is_correct);
    let table = count(&correct);
    let dangerous = count(&rated(FailureClass::is_dangerous));
    let kappa = table.kappa(Weights::Unweighted);
    let interval: Option<Interval> = kappa.and_then(|_| {
        let plan = ResamplePlan::new(NonZeroU32::new(n as u32)?, RESAMPLES, SEED);
        let found = Confusion::kappa_interval(&correct, 2, Weights::Unweighted, &plan, Level::P95).ok()?;
        Some(found.interval)
    });
    let same = pairs.both.iter().filter(|(rules, judge)| rules == judge).count() as f64;
    let share = |hits: f64| percent((n > 0).then(|| hits / n as f64));
    let mut row = whose(group).to_vec();
    row.extend([
        Cell::Text(name.to_owned()),
        Cell::Count(n),
        share((table.cell(0, 0) + table.cell(1, 1)) as f64),
        Cell::number(kappa.map(|kappa| kappa.kappa), 2),
        interval.map_or(Cell::Missing, |ends| Cell::Range(ends.low, ends.high, 2)),
        Cell::number(interval.map(|ends| ends.low), 2),
        Cell::number(interval.map(|ends| ends.high), 2),
        Cell::number(table.pabak(), 2),
        Cell::number(table.prevalence_index(), 2),
        Cell::number(table.bias_index(), 2),
        Cell::Count(table.cell(0, 0)),
        Cell::Count(table.cell(0, 1)),
        Cell::Count(table.cell(1, 0)),
        Cell::Count(table.cell(1, 1)),
        Cell::Count(dangerous.cell(0, 0)),
        Cell::Count(dangerous.cell(0, 1)),
        Cell::Count(dangerous.cell(1, 0)),
        share(same),
        Cell::Count(pairs.undetermined),
        Cell::Count(pairs.unscored),
    ]);
    row
}
