//! What is left of the figures without the cases that resemble what a model was trained on.
//!
//! A case overlaps if the index of Jaccard of its words and those of a training text is 0.3 or more, as published. The
//! reference could not be checked here: its training file is not public.

mod exact;
mod minhash;
mod training;
mod words;

use std::collections::BTreeSet;

use unbent_report::{Cell, Column, Shown, Table};

use self::exact::ClaimSets;
pub use self::training::{Place, Training, TrainingError};
use super::arms::{Arm, Tally, Trial, arms};
use super::observed::{CaseInfo, Observed};
use super::shares::{Contrast, Member, Rate, contrast, percent, range};
use super::shift_table::OutcomeKind;
use crate::kit::{AnalysisError, AnalysisOptions};
use crate::trap::category::{Category, Names};

/// From which index on two texts overlap, as published.
pub(super) const THRESHOLD: f64 = 0.3;

/// How overlapping texts are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Search {
    /// Exactly: the faster at every size that was measured.
    #[default]
    Exact,
    /// By MinHash from this seed: what it finds is true, and it may miss some.
    MinHash {
        /// The seed.
        seed: u64,
    },
}

/// How alike each of some claims is to the most alike text of a training file.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// The index for each claim, if it is at the threshold or above, else 0.
    pub nearest: Vec<f64>,
    /// How it was sought.
    pub search: Search,
}

/// Finds for each claim the most alike training text.
pub fn likeness<'c>(claims: impl Iterator<Item = &'c str>, training: &Training, search: Search) -> Likeness {
    let sets = ClaimSets::of(claims);
    let texts = training.claims.iter().map(String::as_str);
    let best = match search {
        Search::MinHash { seed } => minhash::nearest(&sets, texts, THRESHOLD, seed),
        Search::Exact => exact::nearest(&sets, texts, THRESHOLD),
    };
    let nearest = sets.of_claim.iter().map(|place| place.map_or(0.0, |place| best[place as usize])).collect();
    Likeness { nearest, search }
}

/// The same with the training file that was given; nothing without one.
///
/// # Errors
///
/// The file cannot be read as training data.
pub(super) fn overlap_given(
    observed: &Observed,
    options: &AnalysisOptions,
) -> Result<Vec<Table>, AnalysisError> {
    let Some(file) = &options.training else { return Ok(Vec::new()) };
    let training = Training::parse(file).map_err(|error| AnalysisError::BadFile {
        id: "overlap",
        file: file.name.clone(),
        why: error.to_string(),
    })?;
    Ok(overlap(observed, &training, Search::Exact))
}

/// The figures of each subject over all cases, over those that overlap with a training file and over the others; and how
/// many cases of each category overlap.
pub fn overlap(observed: &Observed, training: &Training, search: Search) -> Vec<Table> {
    if observed.cases.is_empty() {
        return Vec::new();
    }
    let likeness = likeness(observed.cases.iter().map(|case| case.claim.as_str()), training, search);
    let overlaps: Vec<bool> = likeness.nearest.iter().map(|index| *index >= THRESHOLD).collect();
    let mut census = census(&observed.cases, &overlaps);
    census.notes.push(note(training, &likeness));
    vec![census, figures(observed, &overlaps)]
}

fn note(training: &Training, likeness: &Likeness) -> String {
    let mut note = format!(
        "Against {} texts of {}: a prompt overlaps if the index of Jaccard of its words of three characters or more and \
         those of a text is {THRESHOLD} or more.",
        unbent_report::thousands(training.claims.len() as u64),
        training.name,
    );
    if let Search::MinHash { seed } = likeness.search {
        note.push_str(&format!(
            " Sought by MinHash from seed {seed} and checked exactly: none is told wrongly, and at the threshold one in \
             four hundred may be missed."
        ));
    }
    if training.without_user > 0 {
        note.push_str(&format!(
            " In {} of {} entries no user says anything.",
            training.without_user, training.entries
        ));
    }
    note
}

fn census(cases: &[CaseInfo], overlaps: &[bool]) -> Table {
    let mut table = Table::new(
        "Overlap with training data: prompts",
        vec![
            Column::text("category", "Category"),
            Column::number("prompts", "Prompts"),
            Column::number("distinct", "Distinct"),
            Column::number("overlapping", "Overlapping"),
            Column::number("distinct_overlapping", "Distinct"),
            Column::number("share", "Overlapping %"),
        ],
    );
    let parts = Category::ALL.into_iter().map(Some).chain([None]);
    for part in parts {
        let (mut prompts, mut distinct) =
            ([BTreeSet::new(), BTreeSet::new()], [BTreeSet::new(), BTreeSet::new()]);
        for (case, overlaps) in cases.iter().zip(overlaps) {
            if part.is_some_and(|category| case.category != category) {
                continue;
            }
            for place in 0..=usize::from(*overlaps) {
                prompts[place].insert((&case.prompt_id, &case.claim));
                distinct[place].insert(case.distinct);
            }
        }
        if prompts[0].is_empty() {
            continue;
        }
        let count = |n: usize| Cell::Count(n as u64);
        table.rows.push(vec![
            Cell::Text(part.map_or("all", |category| category.name(Names::Academic)).to_owned()),
            count(prompts[0].len()),
            count(distinct[0].len()),
            count(prompts[1].len()),
            count(distinct[1].len()),
            percent(Some(prompts[1].len() as f64 / prompts[0].len() as f64)),
        ]);
    }
    table
}

/// What is measured of a set of cases.
struct Measure {
    outcome: OutcomeKind,
    /// The categories in which it can occur.
    occurs: fn(Category) -> bool,
}

const MEASURES: [Measure; 3] = [
    Measure { outcome: OutcomeKind::CORRECT, occurs: |_| true },
    Measure { outcome: OutcomeKind::DANGEROUS, occurs: |_| true },
    Measure { outcome: OutcomeKind::FABRICATION, occurs: Category::is_fabricable },
];

fn figures(observed: &Observed, overlaps: &[bool]) -> Table {
    let mut table = Table::new(
        "Overlap with training data: figures with and without",
        Arm::columns()
            .into_iter()
            .chain([
                Column::text("measure", "Measure"),
                Column::number("n", "n"),
                Column::number("distinct", "Distinct"),
                Column::number("full", "Full %"),
                Column::number("full_interval", "95 %"),
                Column::number("clean_n", "Clean n"),
                Column::number("clean_distinct", "Distinct").shown(Shown::ToPrograms),
                Column::number("clean", "Clean %"),
                Column::number("clean_interval", "95 %"),
                Column::number("overlapping_n", "Overlapping n").shown(Shown::ToPrograms),
                Column::number("overlapping", "Overlapping %"),
                Column::number("overlapping_interval", "95 %"),
                Column::number("difference", "Overlapping − clean"),
                Column::number("newcombe", "95 % (Newcombe)").shown(Shown::ToPrograms),
                Column::number("clustered", "95 % (clusters)"),
                Column::number("clean_less_full", "Clean − full"),
                Column::number("clean_less_full_interval", "95 %"),
            ])
            .chain(Tally::columns())
            .collect(),
    );
    for arm in arms(observed) {
        for Measure { outcome: OutcomeKind { name, counts }, occurs } in MEASURES {
            let trials: Vec<&Trial<'_>> =
                arm.trials.iter().filter(|trial| occurs(trial.case.category)).collect();
            if trials.is_empty() {
                continue;
            }
            let members: Vec<(&CaseInfo, Member)> = trials
                .iter()
                .filter_map(|trial| {
                    let first = overlaps[trial.observation.case as usize];
                    let (cluster, class) = trial.clustered()?;
                    Some((trial.case, Member { stratum: 0, first, hit: counts(class), cluster }))
                })
                .collect();
            let tally = Tally::of(trials.iter().copied());
            let mut row: Vec<Cell> = arm.cells().into();
            row.push(Cell::Text(name.to_owned()));
            row.extend(measured(&members));
            row.extend(tally.cells());
            table.rows.push(row);
        }
    }
    table.notes.push(
        "Trials that have a class. Full: all of them; clean: those whose prompt does not overlap. The two share trials, so the \
         test is of overlapping against clean; clean less full is that difference times minus the overlapping share. \
         Fabrication: HALLUCINATION where an invention can be made. Intervals by clusters of templates."
            .to_owned(),
    );
    table
}

fn measured(members: &[(&CaseInfo, Member)]) -> Vec<Cell> {
    let set = |keep: &dyn Fn(&Member) -> bool| {
        let kept = members.iter().filter(|(_, member)| keep(member));
        let distinct = kept.clone().map(|(case, _)| case.distinct).collect::<BTreeSet<_>>().len();
        (Rate::of(kept.map(|(_, member)| (member.cluster, member.hit))), Cell::Count(distinct as u64))
    };
    let ((full, distinct), (clean, clean_distinct), (overlapping, _)) =
        (set(&|_| true), set(&|member| !member.first), set(&|member| member.first));
    let apart = contrast(&members.iter().map(|(_, member)| *member).collect::<Vec<_>>());
    let mut cells = vec![Cell::Count(full.n), distinct];
    cells.extend(full.cells());
    cells.extend([Cell::Count(clean.n), clean_distinct]);
    cells.extend(clean.cells());
    cells.push(Cell::Count(overlapping.n));
    cells.extend(overlapping.cells());
    let Some(Contrast { difference, newcombe, clustered, .. }) = apart else {
        cells.extend(std::iter::repeat_n(Cell::Missing, 5));
        return cells;
    };
    let share = overlapping.n as f64 / full.n as f64;
    let moved = clustered
        .map(|interval| unbent_stats::Interval { low: -share * interval.high, high: -share * interval.low });
    cells.extend([
        percent(Some(difference)),
        range(Some(newcombe)),
        range(clustered),
        percent(Some(-share * difference)),
        range(moved),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::overlap_given;
    use crate::kit::{AnalysisError, AnalysisOptions, GivenFile};
    use crate::trap::analysis::Observed;

    #[test]
    fn without_a_file_there_is_nothing_and_a_wrong_one_is_an_error_with_its_line() {
        let observed = Observed {
            cases: Vec::new(),
            subjects: Vec::new(),
            judges: BTreeMap::new(),
            guard: None,
            trials: Vec::new(),
            paid: BTreeMap::new(),
            foreign: 0,
        };
        let mut options = AnalysisOptions::default();
        assert_eq!(overlap_given(&observed, &options), Ok(Vec::new()));
        options.training =
            Some(GivenFile { name: "t.csv".to_owned(), text: "question,answer\n1,2\n".to_owned() });
        let Err(AnalysisError::BadFile { id: "overlap", file, why }) = overlap_given(&observed, &options)
        else {
            panic!("it is read");
        };
        assert!(file == "t.csv" && why.starts_with("line 1: it is not valid JSON"), "{file}: {why}");
    }
}
