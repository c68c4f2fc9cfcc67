//! What heat does to a model: subjects that differ in their temperature only, and the trends of what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use unbent_report::{Cell, Column, Table};
use unbent_stats::{Clusters, Interval, Level, Step, cochran_armitage, holm, student_t_critical};

use super::arms::{Arm, Tally, Trial, arms};
use super::observed::Observed;
use super::series::{Aside, series};
use super::shares::{Rate, p_value, percent, range};
use super::shift_table::OutcomeKind;
use crate::trap::class::FailureClass;

/// The outcomes whose trends are tested.
const OUTCOMES: [OutcomeKind; 4] =
    [OutcomeKind::CORRECT, OutcomeKind::DANGEROUS, OutcomeKind::OVER_REFUSAL, OutcomeKind::DEGRADED];

/// The classes of each temperature and their trends, for models that were asked at several; nothing where there is none.
pub fn temperature(observed: &Observed) -> Vec<Table> {
    let arms = arms(observed);
    let sweeps: Vec<Vec<(f64, Vec<&Arm<'_>>)>> = series(&arms, Aside::Temperature)
        .into_iter()
        .map(|members| by_temperature(&members))
        .filter(|steps| steps.len() > 1)
        .collect();
    if sweeps.is_empty() {
        return Vec::new();
    }
    vec![shares(&sweeps), trends(&sweeps)]
}

/// The arms of a series at each temperature, from cold to hot; those that leave it to the provider are left out.
fn by_temperature<'g, 'o>(members: &[&'g Arm<'o>]) -> Vec<(f64, Vec<&'g Arm<'o>>)> {
    let mut steps: Vec<(f64, Vec<&Arm<'_>>)> = Vec::new();
    for arm in members {
        let Some(heat) = arm.subject.settings.temperature.filter(|heat| heat.is_finite()) else { continue };
        match steps.iter_mut().find(|(known, _)| known.total_cmp(&heat).is_eq()) {
            Some((_, arms)) => arms.push(arm),
            None => steps.push((heat, vec![arm])),
        }
    }
    steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    steps
}

fn trials<'s, 'o>(arms: &'s [&Arm<'o>]) -> impl Iterator<Item = &'s Trial<'o>> + Clone {
    arms.iter().flat_map(|arm| &arm.trials)
}

fn name_columns() -> [Column; 2] {
    [Column::text("model", "Model"), Column::text("condition", "Condition")]
}

fn name_cells(arm: &Arm<'_>) -> [Cell; 2] {
    [Cell::Text(arm.subject.model.clone()), Cell::Text(arm.condition.to_string())]
}

fn shares(sweeps: &[Vec<(f64, Vec<&Arm<'_>>)>]) -> Table {
    let classes: [(&'static str, &'static str); 8] = [
        ("true_pass", "TP %"),
        ("correct_refusal", "CR %"),
        ("over_refusal", "OR %"),
        ("hallucination", "HAL %"),
        ("false_approval", "FA %"),
        ("misclassification", "MC %"),
        ("format_issue", "FI %"),
        ("identity_collapse", "IC %"),
    ];
    let mut table = Table::new(
        "Temperature: what becomes of answers",
        name_columns()
            .into_iter()
            .chain([
                Column::number("temperature", "Temperature"),
                Column::number("n", "n"),
                Column::number("correct", "Correct %"),
                Column::number("correct_interval", "95 %"),
                Column::number("dangerous", "Dangerous %"),
                Column::number("dangerous_interval", "95 %"),
                Column::number("degraded", "Degraded %"),
                Column::number("degraded_interval", "95 %"),
            ])
            .chain(classes.map(|(key, heading)| Column::number(key, heading)))
            .chain(Tally::columns())
            .collect(),
    );
    for (heat, arms) in sweeps.iter().flatten() {
        let classes: Vec<(u32, FailureClass)> = trials(arms).filter_map(Trial::clustered).collect();
        let rate = |counts: &dyn Fn(FailureClass) -> bool| {
            Rate::of(classes.iter().map(|(cluster, class)| (*cluster, counts(*class))))
        };
        let tally = Tally::of(trials(arms));
        let mut row: Vec<Cell> = name_cells(arms[0]).into();
        row.extend([Cell::Number(*heat, 2), Cell::Count(tally.n)]);
        for outcome in [OutcomeKind::CORRECT, OutcomeKind::DANGEROUS, OutcomeKind::DEGRADED] {
            row.extend(rate(&outcome.counts).cells());
        }
        row.extend(FailureClass::ALL.map(|wanted| percent(rate(&|class| class == wanted).share())));
        row.extend(tally.cells());
        table.rows.push(row);
    }
    table.notes.push(
        "Shares of the trials that have a class; intervals by clusters of templates. Degraded: FORMAT_ISSUE, such as loops \
         and salads of words. The classes in the order of the taxonomy: TRUE_PASS to IDENTITY_COLLAPSE."
            .to_owned(),
    );
    table
}

fn trends(sweeps: &[Vec<(f64, Vec<&Arm<'_>>)>]) -> Table {
    let mut table = Table::new(
        "Temperature: trends",
        name_columns()
            .into_iter()
            .chain([
                Column::text("outcome", "Outcome"),
                Column::number("steps", "Temperatures"),
                Column::number("n", "n"),
                Column::number("z", "z"),
                Column::number("p", "p"),
                Column::number("p_holm", "p Holm"),
                Column::number("prompts", "Prompts"),
                Column::number("slope", "Points per degree"),
                Column::number("slope_interval", "95 % (clusters)"),
            ])
            .chain(Tally::columns())
            .collect(),
    );
    let mut tested = Vec::new();
    for sweep in sweeps {
        for outcome in OUTCOMES {
            let step = |(heat, arms): &(f64, Vec<&Arm<'_>>)| {
                let classes = trials(arms).filter_map(Trial::class);
                let (hits, n) = classes
                    .fold((0, 0), |(hits, n), class| (hits + u64::from((outcome.counts)(class)), n + 1));
                Step { score: *heat, hits, n }
            };
            let steps: Vec<Step> = sweep.iter().map(step).collect();
            let trend = cochran_armitage(&steps).ok();
            let slope = slope(sweep, outcome);
            let tally = Tally::of(sweep.iter().flat_map(|(_, arms)| trials(arms)));
            let mut row: Vec<Cell> = name_cells(sweep[0].1[0]).into();
            row.extend([
                Cell::Text(outcome.name.to_owned()),
                Cell::Count(sweep.len() as u64),
                Cell::Count(tally.n),
                Cell::number(trend.map(|trend| trend.z), 2),
                p_value(trend.map(|trend| trend.p_value)),
                Cell::Missing,
                Cell::Count(slope.as_ref().map_or(0, |slope| slope.prompts)),
                percent(slope.as_ref().map(|slope| slope.mean)),
                range(slope.and_then(|slope| slope.interval)),
            ]);
            row.extend(tally.cells());
            if let Some(trend) = trend {
                tested.push((table.rows.len(), trend.p_value));
            }
            table.rows.push(row);
        }
    }
    let raw: Vec<f64> = tested.iter().map(|(_, p)| *p).collect();
    let adjusted = holm(&raw).expect("the p-values of trends are p-values");
    let column = table.column("p_holm").expect("it stands above");
    for ((row, _), p) in tested.iter().zip(adjusted) {
        table.rows[*row][column] = p_value(Some(p));
    }
    table.notes.push(
        "z and p: Cochran and Armitage's test of a trend over all trials, adjusted by Holm over this table; it takes them \
         for independent, which is cautious where the same prompts stand at every temperature. Points per degree: the mean \
         over the prompts that have a class at every temperature of each one's own slope, with an interval by clusters of \
         templates."
            .to_owned(),
    );
    table
}

/// How an outcome rises with the temperature, prompt by prompt.
struct Slope {
    prompts: u64,
    /// As a share per degree.
    mean: f64,
    interval: Option<Interval>,
}

/// The mean of the least-squares slopes of the prompts that have a class at every temperature.
fn slope(sweep: &[(f64, Vec<&Arm<'_>>)], outcome: OutcomeKind) -> Option<Slope> {
    let middle = sweep.iter().map(|(heat, _)| heat).sum::<f64>() / sweep.len() as f64;
    let spread: f64 = sweep.iter().map(|(heat, _)| (heat - middle).powi(2)).sum();
    // Of each prompt: its cluster, the sum so far, and at how many temperatures it has a class.
    let mut prompts: BTreeMap<u32, (u32, f64, usize)> = BTreeMap::new();
    for (heat, arms) in sweep {
        let mut here: BTreeMap<u32, (u32, u64, u64)> = BTreeMap::new();
        for trial in trials(arms) {
            let Some(class) = trial.class() else { continue };
            let counts = here.entry(trial.prompt).or_insert((trial.case.cluster, 0, 0));
            counts.1 += u64::from((outcome.counts)(class));
            counts.2 += 1;
        }
        for (prompt, (cluster, hits, n)) in here {
            let sum = prompts.entry(prompt).or_insert((cluster, 0.0, 0));
            sum.1 += (heat - middle) * hits as f64 / n as f64 / spread;
            sum.2 += 1;
        }
    }
    prompts.retain(|_, (_, _, steps)| *steps == sweep.len());
    let (clusters, slopes): (Vec<u32>, Vec<f64>) =
        prompts.values().map(|(cluster, slope, _)| (*cluster, *slope)).unzip();
    let mean = (!slopes.is_empty()).then(|| slopes.iter().sum::<f64>() / slopes.len() as f64)?;
    let apart = clusters.iter().collect::<BTreeSet<_>>().len();
    let interval = Clusters::group(&slopes, &clusters).ok().and_then(|grouped| {
        let half = student_t_critical(Level::P95, apart as f64 - 1.0) * grouped.standard_error();
        (half > 0.0).then_some(Interval { low: mean - half, high: mean + half })
    });
    Some(Slope { prompts: slopes.len() as u64, mean, interval })
}
