//! Sorts the trials of a run by subject, set and kind of scenario: what both methods of scoring start from.
//!
//! A run may have a million trials, so of each there is kept only which scenario it is of and which grades it has, and
//! equal ones are kept once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use unbent_core::{CaseId, Outcome, RoleMeters, Scores, SubjectId, TrialState, TrialView};

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

/// A graded scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) kind: Kind,
    /// The name of its case.
    pub(super) case: String,
}

/// The scores that either method reads.
const SCORES: [&str; 11] = [
    "distinctiveness",
    "non_assistant_likeness",
    "internal_consistency",
    "drift_from_initial",
    "name_changed",
    "gender_changed",
    "resistance_score",
    "quality_of_reasoning",
    "identity_maintained",
    "consistency_score",
    "graceful_handling",
];

/// The scores of a trial as far as a method reads them, as numbers: the place among [`SCORES`], and the bits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Grades(Vec<(u8, u64)>);

impl Grades {
    /// What is read of these scores.
    pub(super) fn of(scores: &Scores) -> Self {
        let place = |name: &str| SCORES.iter().position(|known| *known == name);
        let number = |name: &String| Some((place(name)? as u8, scores.number(name)?.to_bits()));
        let mut numbers: Vec<(u8, u64)> = scores.0.keys().filter_map(number).collect();
        numbers.sort_unstable();
        Self(numbers)
    }

    /// The score as a number; a flag counts 0 or 1.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        let (_, bits) = self.0.iter().find(|(place, _)| SCORES[usize::from(*place)] == name)?;
        Some(f64::from_bits(*bits))
    }
}

/// A trial as far as scoring minds it.
#[derive(Debug, Clone)]
pub(super) struct Graded {
    pub(super) scenario: Arc<Scenario>,
    /// Its grades, if it has scores.
    pub(super) grades: Option<Arc<Grades>>,
}

/// One set of trials: all scenarios once.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    pub(super) trials: Vec<Graded>,
}

impl Set {
    /// The grades of trials of these kinds.
    pub(super) fn grades(&self, wanted: impl Fn(Kind) -> bool) -> impl Iterator<Item = &Grades> {
        let wanted = move |trial: &&Graded| wanted(trial.scenario.kind);
        self.trials.iter().filter(wanted).filter_map(|trial| trial.grades.as_deref())
    }

    /// Whether anything was scored.
    pub(super) fn is_scored(&self) -> bool {
        self.trials.iter().any(|trial| trial.grades.is_some())
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

/// What equal trials share: each scenario and each combination of grades, once.
#[derive(Default)]
struct Shared {
    /// By the name of the case; none for one that is not graded.
    scenarios: HashMap<CaseId, Option<Arc<Scenario>>>,
    grades: HashMap<Grades, Arc<Grades>>,
}

impl Shared {
    /// The scenario of a case; none for one that is not graded.
    fn scenario(&mut self, case: &CaseId) -> Option<Arc<Scenario>> {
        if let Some(known) = self.scenarios.get(case) {
            return known.clone();
        }
        let case_name = case.as_str().to_owned();
        let scenario = Kind::of_case(&case_name).map(|kind| Arc::new(Scenario { kind, case: case_name }));
        self.scenarios.entry(case.clone()).or_insert(scenario).clone()
    }

    fn grades(&mut self, scores: &Scores) -> Arc<Grades> {
        let grades = Grades::of(scores);
        match self.grades.get(&grades) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(self.grades.entry(grades.clone()).or_insert_with(|| Arc::new(grades))),
        }
    }
}

/// Sorts trials by subject.
pub(super) fn by_subject(trials: &mut dyn Iterator<Item = TrialView>) -> BTreeMap<SubjectId, SubjectSets> {
    let mut subjects: HashMap<SubjectId, SubjectSets> = HashMap::new();
    let mut shared = Shared::default();
    for trial in trials {
        let subject = subjects.entry(trial.key.subject.clone()).or_default();
        subject.paid.absorb(&trial.meters.subject);
        subject.paid.absorb(&trial.meters.judge);
        if let Some((setting, _)) = trial.key.case.as_str().rsplit_once('/')
            && !subject.settings.contains(setting)
        {
            subject.settings.insert(setting.to_owned());
        }
        let Some(scenario) = shared.scenario(&trial.key.case) else { continue };
        let grades = match &trial.state {
            TrialState::Finished(Outcome::Scored { scores, .. }) => Some(shared.grades(scores)),
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
        set.trials.push(Graded { scenario, grades });
    }
    subjects.into_iter().collect()
}
