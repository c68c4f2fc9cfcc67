//! Observations put together by subject and condition.

use crate::trap::analysis::Metrics;
use crate::trap::analysis::{CaseInfo, Observation, Observed};
use crate::trap::category::{Category, Names};
use crate::trap::condition::Condition;

use unbent_report::figure::Role;

/// The trials of a run, ready to be drawn.
pub struct Study<'a> {
    /// What was observed.
    pub observed: &'a Observed,
    /// Subjects under conditions, in the order of the manifest and of the conditions; only those that have trials.
    pub arms: Vec<Arm<'a>>,
    /// The conditions that occur.
    pub conditions: Vec<Condition>,
    /// The subjects that have trials, by their place in [`Observed::subjects`].
    pub subjects: Vec<usize>,
}

/// A subject under a condition.
pub struct Arm<'a> {
    /// The place of the subject in [`Observed::subjects`].
    pub subject: usize,
    /// The condition.
    pub condition: Condition,
    /// How it is named: the subject, and the condition where there are several.
    pub label: String,
    /// How it is painted in every figure.
    pub role: Role,
    /// Its trials.
    pub trials: Vec<(&'a CaseInfo, &'a Observation)>,
    /// The metrics over them.
    pub metrics: Metrics,
}

impl<'a> Study<'a> {
    /// Puts the trials together.
    pub fn of(observed: &'a Observed) -> Self {
        let conditions = observed.conditions();
        let mut sorted: Vec<Vec<(&CaseInfo, &Observation)>> =
            vec![Vec::new(); observed.subjects.len() * conditions.len()];
        for trial in &observed.trials {
            let case = observed.case(trial);
            let condition = conditions.iter().position(|condition| *condition == case.condition);
            let condition = condition.expect("the conditions are those of the cases");
            sorted[trial.subject as usize * conditions.len() + condition].push((case, trial));
        }
        let mut arms: Vec<Arm<'_>> = Vec::new();
        for (place, trials) in sorted.into_iter().enumerate() {
            let (subject, condition) = (place / conditions.len(), conditions[place % conditions.len()]);
            if trials.is_empty() {
                continue;
            }
            let id = &observed.subjects[subject].id;
            let label = if conditions.len() > 1 { format!("{id} · {condition}") } else { id.to_string() };
            let role = Role::Nth(arms.len() as u8);
            let metrics = Metrics::of(trials.iter().copied());
            arms.push(Arm { subject, condition, label, role, trials, metrics });
        }
        let mut subjects: Vec<usize> = arms.iter().map(|arm| arm.subject).collect();
        subjects.dedup();
        Self { observed, arms, conditions, subjects }
    }

    /// The label of a subject.
    pub(super) fn name(&self, subject: usize) -> String {
        self.observed.subjects[subject].id.to_string()
    }

    /// The arm of a subject under a condition.
    pub(super) fn arm(&self, subject: usize, condition: Condition) -> Option<&Arm<'a>> {
        self.arms.iter().find(|arm| (arm.subject, arm.condition) == (subject, condition))
    }

    /// The categories that occur, in their order.
    pub(super) fn categories(&self) -> Vec<Category> {
        let occurs = |category: &Category| self.observed.cases.iter().any(|case| case.category == *category);
        Category::ALL.into_iter().filter(occurs).collect()
    }

    /// The reason why there is no figure of a run without trials.
    pub(super) fn trials_or_reason(&self) -> Result<(), String> {
        if self.arms.is_empty() { Err("the run has no trials of this suite".to_owned()) } else { Ok(()) }
    }
}

impl Arm<'_> {
    /// Its trials of one category.
    pub(super) fn metrics_of(&self, category: Category) -> Metrics {
        Metrics::of(self.trials.iter().copied().filter(|(case, _)| case.category == category))
    }
}

/// The name of a category in figures: that of the reference's figures.
pub(super) fn category_name(category: Category) -> &'static str {
    category.name(Names::Academic)
}
