//! Subjects that are one model with one setting varied, such as its seed or its temperature.

use unbent_core::{Regraded, Sampling, Subject};

use super::arms::Arm;
use crate::trap::condition::Condition;

/// Which settings may differ within a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// The seed.
    Seed,
    /// The temperature, and the seed.
    Temperature,
}

/// The arms of one model under one condition with equal settings but for those that may differ, in the order of the
/// first of each. Answers that were graded again make a series of their own for each grading.
pub(super) fn series<'g, 'o>(arms: &'g [Arm<'o>], aside: Aside) -> Vec<Vec<&'g Arm<'o>>> {
    let mut found: Vec<(Key<'_>, Vec<&Arm<'_>>)> = Vec::new();
    for arm in arms {
        let key = Key::of(arm, aside);
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(arm),
            None => found.push((key, vec![arm])),
        }
    }
    found.into_iter().map(|(_, members)| members).collect()
}

#[derive(PartialEq)]
struct Key<'g> {
    model: &'g str,
    settings: Sampling,
    condition: Condition,
    grading: Option<(&'g Subject, u32)>,
}

impl<'g> Key<'g> {
    fn of(arm: &'g Arm<'_>, aside: Aside) -> Self {
        let mut settings = arm.subject.settings.clone();
        settings.seed = None;
        if aside == Aside::Temperature {
            settings.temperature = None;
        }
        let grading = |regraded: &'g Regraded| (&regraded.judge, regraded.round);
        Self {
            model: &arm.subject.model,
            settings,
            condition: arm.condition,
            grading: arm.subject.regraded.as_deref().map(grading),
        }
    }
}
