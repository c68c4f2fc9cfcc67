//! How stable answers are: the same prompts put to the same model several times, by repeats or by seeds.
//!
//! Agreement is taken over the same items; over different samples there is none to take.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Interval, Level, ResamplePlan, fleiss_kappa, fleiss_kappa_clustered_interval};

use super::arms::{Arm, Tally, Trial, arms, part_cell, part_column, parts};
use super::observed::Observed;
use super::series::{Aside, series};
use super::shares::{Rate, percent};
use crate::trap::class::FailureClass;

/// How many resamples of clusters an interval of kappa takes.
const RESAMPLES: NonZeroU32 = NonZeroU32::new(1000).expect("1000 is not zero");

/// Agreement of the draws of each model under each condition; says so where there is one draw only.
pub fn stability(observed: &Observed) -> Vec<Table> {
    let arms = arms(observed);
    if arms.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new("Stability of repeated answers", columns());
    let mut plans = BTreeMap::new();
    let mut once = Vec::new();
    for members in series(&arms, Aside::Seed) {
        let draws: BTreeSet<(&str, u32)> = members.iter().flat_map(|arm| draws(arm)).collect();
        let name = names(&members);
        if draws.len() < 2 {
            once.push(name[0].clone());
            continue;
        }
        let trials: Vec<Trial<'_>> = members.iter().flat_map(|arm| arm.trials.iter().copied()).collect();
        for part in parts(&trials) {
            let of_part: Vec<Trial<'_>> = trials
                .iter()
                .copied()
                .filter(|trial| part.is_none_or(|category| trial.case.category == category))
                .collect();
            let mut row: Vec<Cell> = name.iter().cloned().map(Cell::Text).collect();
            row.push(part_cell(part));
            row.extend(agreement(&of_part, draws.len(), &mut plans));
            row.extend(Tally::of(&of_part).cells());
            table.rows.push(row);
        }
    }
    if !once.is_empty() {
        table.notes.push(format!(
            "Put once only, so that nothing is known of its stability: {}. Run with --repeats 3 or more.",
            once.join(", ")
        ));
    }
    if !table.rows.is_empty() {
        table.notes.push(
            "n: prompts with a class in every draw. Agreement: share of pairs of draws that agree, and Fleiss' kappa with \
             its bootstrap interval over templates; kappa has no value where all draws have one class. Flips: prompts \
             whose draws are not all alike."
                .to_owned(),
        );
    }
    vec![table]
}

fn draws<'g>(arm: &'g Arm<'_>) -> impl Iterator<Item = (&'g str, u32)> {
    arm.trials.iter().map(|trial| (arm.subject.id.as_str(), trial.observation.repeat))
}

/// The subjects and the condition of a series.
fn names(members: &[&Arm<'_>]) -> [String; 2] {
    let ids: Vec<&str> = members.iter().map(|arm| arm.subject.id.as_str()).collect();
    [ids.join(" + "), members[0].condition.to_string()]
}

fn columns() -> Vec<Column> {
    let interval = |key| Column::number(key, "95 %");
    Arm::columns()
        .into_iter()
        .chain([
            part_column(),
            Column::number("draws", "Draws"),
            Column::number("n", "n"),
            Column::number("incomplete", "Incomplete").shown(Shown::ToPrograms),
            Column::number("class_agreement", "Class: agree %"),
            Column::number("class_kappa", "κ"),
            interval("class_kappa_interval"),
            Column::number("class_flips", "Flips %"),
            interval("class_flips_interval"),
            Column::number("correct_agreement", "Correct: agree %"),
            Column::number("correct_kappa", "κ"),
            interval("correct_kappa_interval"),
            Column::number("correct_flips", "Flips %"),
            interval("correct_flips_interval"),
        ])
        .chain(Tally::columns())
        .collect()
}

/// The cells of a part: draws, prompts, and what they agree on by class and by correctness.
fn agreement(
    trials: &[Trial<'_>],
    draws: usize,
    plans: &mut BTreeMap<NonZeroU32, ResamplePlan>,
) -> Vec<Cell> {
    let mut items: BTreeMap<u32, (u32, Vec<FailureClass>)> = BTreeMap::new();
    for trial in trials {
        let item = items.entry(trial.prompt).or_insert((trial.case.cluster, Vec::new()));
        item.1.extend(trial.class());
    }
    let all = items.len();
    items.retain(|_, (_, classes)| classes.len() == draws);
    let mut cells = vec![
        Cell::Count(draws as u64),
        Cell::Count(items.len() as u64),
        Cell::Count((all - items.len()) as u64),
    ];
    let clusters: Vec<u32> = items.values().map(|(cluster, _)| *cluster).collect();
    let distinct = clusters.iter().collect::<BTreeSet<_>>().len() as u32;
    let plan = NonZeroU32::new(distinct)
        .map(|size| &*plans.entry(size).or_insert_with(|| ResamplePlan::new(size, RESAMPLES, 42)));
    let by_class = |class: FailureClass| FailureClass::ALL.iter().position(|one| *one == class);
    let by_correctness = |class: FailureClass| Some(usize::from(!class.is_correct()));
    let rated = |size: usize, category: &dyn Fn(FailureClass) -> Option<usize>| -> Vec<Vec<u64>> {
        let counts = |classes: &Vec<FailureClass>| {
            let mut counts = vec![0; size];
            classes.iter().filter_map(|class| category(*class)).for_each(|place| counts[place] += 1);
            counts
        };
        items.values().map(|(_, classes)| counts(classes)).collect()
    };
    for ratings in [rated(FailureClass::ALL.len(), &by_class), rated(2, &by_correctness)] {
        cells.push(percent(raw_agreement(&ratings, draws)));
        let kappa = fleiss_kappa(&ratings).ok();
        cells.push(Cell::number(kappa, 3));
        let interval = plan.filter(|_| distinct > 1 && kappa.is_some()).and_then(|plan| {
            Some(fleiss_kappa_clustered_interval(&ratings, &clusters, plan, Level::P95).ok()?.interval)
        });
        cells.push(interval.map_or(Cell::Missing, |Interval { low, high }| Cell::Range(low, high, 3)));
        let flips = |counts: &Vec<u64>| counts.iter().filter(|count| **count > 0).count() > 1;
        cells.extend(Rate::of(clusters.iter().copied().zip(ratings.iter().map(flips))).cells());
    }
    cells
}

/// The share of ordered pairs of draws that agree, over all items.
fn raw_agreement(ratings: &[Vec<u64>], draws: usize) -> Option<f64> {
    let agreeing: u64 = ratings.iter().flatten().map(|count| count * count.saturating_sub(1)).sum();
    let pairs = ratings.len() as u64 * (draws * (draws - 1)) as u64;
    (pairs > 0).then(|| agreeing as f64 / pairs as f64)
}
