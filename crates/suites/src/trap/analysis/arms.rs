//! The trials of a run by subject and condition, and what of them is known.

use std::collections::BTreeMap;

use unbent_core::Subject;
use unbent_report::{Cell, Column, Shown};

use super::observed::{CaseInfo, Observation, Observed, State};
use crate::trap::category::{Category, Names};
use crate::trap::class::FailureClass;
use crate::trap::condition::Condition;
use crate::trap::scores::Scored;

/// A trial with its case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'o> {
    /// The number of its prompt: the same under every condition, and of no other prompt.
    pub(super) prompt: u32,
    /// Its case.
    pub(super) case: &'o CaseInfo,
    /// How it stands.
    pub(super) observation: &'o Observation,
}

impl<'o> Trial<'o> {
    /// The scores, where there are any.
    pub(super) fn scored(&self) -> Option<&'o Scored> {
        self.observation.state.scored()
    }

    /// The class, where it was determined.
    pub(super) fn class(&self) -> Option<FailureClass> {
        self.scored()?.verdict().class()
    }

    /// The class with the cluster of its prompt, where it was determined.
    pub(super) fn clustered(&self) -> Option<(u32, FailureClass)> {
        Some((self.case.cluster, self.class()?))
    }
}

/// The trials of a subject under a condition, by prompt and repeat: one arm of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Arm<'o> {
    /// The subject.
    pub(super) subject: &'o Subject,
    /// The condition.
    pub(super) condition: Condition,
    /// Its trials.
    pub(super) trials: Vec<Trial<'o>>,
}

impl Arm<'_> {
    /// The columns that name an arm.
    pub(super) fn columns() -> [Column; 2] {
        [Column::text("subject", "Subject"), Column::text("condition", "Condition")]
    }

    /// Its name in them.
    pub(super) fn cells(&self) -> [Cell; 2] {
        [Cell::Text(self.subject.id.to_string()), Cell::Text(self.condition.to_string())]
    }
}

/// The trials of a run by subject, in the order of the manifest, and condition.
pub(super) fn arms(observed: &Observed) -> Vec<Arm<'_>> {
    let prompts = number_prompts(&observed.cases);
    let mut arms: BTreeMap<(u32, Condition), Vec<Trial<'_>>> = BTreeMap::new();
    for observation in &observed.trials {
        let case = observed.case(observation);
        let trial = Trial { prompt: prompts[observation.case as usize], case, observation };
        arms.entry((observation.subject, case.condition)).or_default().push(trial);
    }
    arms.into_iter()
        .map(|((subject, condition), mut trials)| {
            trials.sort_by_key(|trial| (trial.prompt, trial.observation.repeat));
            Arm { subject: &observed.subjects[subject as usize], condition, trials }
        })
        .collect()
}

/// Cases of one prompt get one number. Runs of several seeds give the same name to different prompts, so a name alone
/// is not enough.
fn number_prompts(cases: &[CaseInfo]) -> Vec<u32> {
    let mut numbers = BTreeMap::new();
    cases
        .iter()
        .map(|case| {
            let next = numbers.len() as u32;
            *numbers.entry((&case.prompt_id, case.category, &case.claim)).or_insert(next)
        })
        .collect()
}

/// How many trials there are, and of how many no class is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Trials.
    pub(super) n: u64,
    /// Trials whose class could not be determined.
    pub(super) undetermined: u64,
    /// Trials that ended without scores.
    pub(super) unscored: u64,
    /// Trials that have not ended.
    pub(super) unfinished: u64,
}

impl Tally {
    /// Counts trials.
    pub(super) fn of<'t, 'o: 't>(trials: impl IntoIterator<Item = &'t Trial<'o>>) -> Self {
        let mut tally = Self::default();
        for trial in trials {
            tally.n += 1;
            match &trial.observation.state {
                State::Unfinished => tally.unfinished += 1,
                State::Unscored(_) => tally.unscored += 1,
                State::Scored(scored) => {
                    tally.undetermined += u64::from(scored.verdict().class().is_none());
                }
            }
        }
        tally
    }

    /// The columns that close a table.
    pub(super) fn columns() -> [Column; 3] {
        [
            Column::number("undetermined", "Undetermined"),
            Column::number("unscored", "Unscored"),
            Column::number("unfinished", "Unfinished").shown(Shown::ToPrograms),
        ]
    }

    /// What stands in them.
    pub(super) fn cells(self) -> [Cell; 3] {
        [self.undetermined, self.unscored, self.unfinished].map(Cell::Count)
    }
}

/// All categories together, and then each that occurs among the trials.
pub(super) fn parts<'t, 'o: 't>(trials: impl IntoIterator<Item = &'t Trial<'o>>) -> Vec<Option<Category>> {
    let mut occurs = [false; Category::ALL.len()];
    for trial in trials {
        occurs[trial.case.category as usize] = true;
    }
    let categories = Category::ALL.into_iter().filter(|category| occurs[*category as usize]);
    std::iter::once(None).chain(categories.map(Some)).collect()
}

/// The name of a part that [`parts`] gave.
pub(super) fn part_cell(part: Option<Category>) -> Cell {
    Cell::Text(part.map_or("all", |category| category.name(Names::Academic)).to_owned())
}

/// The column of [`part_cell`].
pub(super) fn part_column() -> Column {
    Column::text("category", "Category")
}
