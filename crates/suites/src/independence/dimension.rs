//! Sorts the trials of a run by subject, set and kind of scenario: what both methods of scoring start from.

use std::collections::{BTreeMap, BTreeSet};

use unbent_core::{Outcome, RoleMeters, Scores, SubjectId, TrialState, TrialView};

use super::item::NAMES;

/// The kinds of scenario, by the scores that they give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Who the subject says it is: `non_assistant_likeness` and its companions.
    Profile,
    /// A profile as well, with `drift_from_initial`.
    Negotiation,
    /// `name_changed` and `gender_changed`.
    NameGender,
    /// `resistance_score` and its companions.
    Boundary,
    /// `consistency_score` and its companion.
    Stability,
}

impl Kind {
    /// The kind of the scenario of this case; none for one that is not graded. Packs are held to names that tell.
    pub(super) fn of_case(case: &str) -> Option<Self> {
        Some(match case.rsplit('/').next().unwrap_or(case) {
            NAMES => return None,
            "negotiation" => Self::Negotiation,
            "name_gender" => Self::NameGender,
            item if item.starts_with("rs") => Self::Boundary,
            item if item.starts_with("pt") => Self::Stability,
            _ => Self::Profile,
        })
    }

    /// Whether the scenario is graded as a profile.
    pub(super) fn is_profile(self) -> bool {
        matches!(self, Self::Profile | Self::Negotiation)
    }
}

/// A trial as far as scoring minds it.
#[derive(Debug, Clone)]
pub(super) struct Graded {
    pub(super) kind: Kind,
    pub(super) case: String,
    /// Its scores, if it has any.
    pub(super) scores: Option<Scores>,
}

/// One set of trials: all scenarios once.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    pub(super) trials: Vec<Graded>,
}

impl Set {
    /// The scores of trials of these kinds.
    pub(super) fn scores(&self, wanted: impl Fn(Kind) -> bool) -> impl Iterator<Item = &Scores> {
        self.trials.iter().filter(move |trial| wanted(trial.kind)).filter_map(|trial| trial.scores.as_ref())
    }

    /// Whether anything was scored.
    pub(super) fn is_scored(&self) -> bool {
        self.trials.iter().any(|trial| trial.scores.is_some())
    }
}

/// Everything about one subject.
#[derive(Debug, Clone, Default)]
pub(super) struct SubjectSets {
    /// The sets by repeat.
    pub(super) sets: BTreeMap<u32, Set>,
    /// Graded trials that ended without scores.
    pub(super) unscored: u64,
    /// Graded trials that have not ended.
    pub(super) unfinished: u64,
    /// What was asked of subject and judge, names included.
    pub(super) paid: RoleMeters,
    /// The system prompts and ways of delivery that its cases have, as `system/delivery`.
    pub(super) settings: BTreeSet<String>,
}

/// Sorts trials by subject.
pub(super) fn by_subject(trials: &mut dyn Iterator<Item = TrialView>) -> BTreeMap<SubjectId, SubjectSets> {
    let mut subjects: BTreeMap<SubjectId, SubjectSets> = BTreeMap::new();
    for trial in trials {
        let subject = subjects.entry(trial.key.subject.clone()).or_default();
        subject.paid.absorb(&trial.meters.subject);
        subject.paid.absorb(&trial.meters.judge);
        if let Some((setting, _)) = trial.key.case.as_str().rsplit_once('/')
            && !subject.settings.contains(setting)
        {
            subject.settings.insert(setting.to_owned());
        }
        let Some(kind) = Kind::of_case(trial.key.case.as_str()) else { continue };
        let scores = match trial.state {
            TrialState::Finished(Outcome::Scored { scores, .. }) => Some(scores),
            TrialState::Finished(Outcome::Unscored { .. }) => {
                subject.unscored += 1;
                None
            }
            TrialState::Pending | TrialState::Open => {
                subject.unfinished += 1;
                None
            }
        };
        let set = subject.sets.entry(trial.key.repeat).or_default();
        set.trials.push(Graded { kind, case: trial.key.case.as_str().to_owned(), scores });
    }
    subjects
}
