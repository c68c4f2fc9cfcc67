//! Observations: one line for each trial, with all that analyses ask of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use unbent_core::{ByRole, CaseId, Outcome, RoleMeters, Subject, SubjectId, TrialState, UnscoredReason};

use crate::kit::RunData;
use crate::trap::case::Language;
use crate::trap::category::Category;
use crate::trap::census::fold;
use crate::trap::condition::Condition;
use crate::trap::family::Family;
use crate::trap::scores::Scored;
use crate::trap::spec::Spec;

/// A case as analyses see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseInfo {
    /// The name of the prompt, the same under every condition.
    pub prompt_id: String,
    /// The condition.
    pub condition: Condition,
    /// What is wanted of an answer.
    pub category: Category,
    /// Its family, if it was made from our library.
    pub family: Option<Family>,
    /// Its language.
    pub language: Language,
    /// Prompts that are the same after folding case and punctuation have the same number.
    pub distinct: u32,
    /// Prompts of one template have the same number; a prompt without a template shares it with its equals only.
    pub cluster: u32,
    /// The template, if there is one.
    pub template: Option<Arc<str>>,
    /// The prompt.
    pub claim: String,
}

/// How a trial stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It was evaluated.
    Scored(Scored),
    /// It ended without scores, for this reason.
    Unscored(UnscoredReason),
    /// It has not ended.
    Unfinished,
}

impl State {
    /// The scores, where there are any.
    pub fn scored(&self) -> Option<&Scored> {
        match self {
            Self::Scored(scored) => Some(scored),
            _ => None,
        }
    }
}

/// A trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The place of its case in [`Observed::cases`].
    pub case: u32,
    /// The place of its subject in [`Observed::subjects`].
    pub subject: u32,
    /// The repeat, from 1.
    pub repeat: u32,
    /// How it stands.
    pub state: State,
}

/// The trials of a run, ready for analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The cases in the order of their names.
    pub cases: Vec<CaseInfo>,
    /// The subjects in the order of the manifest.
    pub subjects: Vec<Subject>,
    /// Who judged what the rules left open of the answers of each subject.
    pub judges: BTreeMap<SubjectId, Subject>,
    /// The guard of the run; none where there was none, or where runs with several are read as one.
    pub guard: Option<Subject>,
    /// The trials in the order of their numbers.
    pub trials: Vec<Observation>,
    /// What was paid for each subject, by role.
    pub paid: BTreeMap<SubjectId, ByRole<RoleMeters>>,
    /// Cases that are not of this suite's making, and so were left out.
    pub foreign: u64,
}

impl Observed {
    /// Reads the trials of a run.
    pub fn of(run: &mut RunData<'_>) -> Self {
        let (cases, places, foreign) = read_cases(run.cases);
        let subjects = run.manifest.subjects.clone();
        let subject_places: BTreeMap<SubjectId, u32> =
            subjects.iter().zip(0..).map(|(subject, place)| (subject.id.clone(), place)).collect();
        let mut paid: BTreeMap<SubjectId, ByRole<RoleMeters>> = BTreeMap::new();
        let mut trials = Vec::new();
        for trial in &mut *run.trials {
            let sums = match paid.get_mut(&trial.key.subject) {
                Some(sums) => sums,
                None => paid.entry(trial.key.subject.clone()).or_default(),
            };
            sums.absorb(&trial.meters);
            let (Some(case), Some(subject)) =
                (places.get(&trial.key.case), subject_places.get(&trial.key.subject))
            else {
                continue;
            };
            let state = match &trial.state {
                TrialState::Finished(Outcome::Scored { scores, .. }) => Scored::read(scores)
                    .map_or(State::Unscored(UnscoredReason::NothingToScore), State::Scored),
                TrialState::Finished(Outcome::Unscored { reason, .. }) => State::Unscored(*reason),
                TrialState::Pending | TrialState::Open => State::Unfinished,
            };
            trials.push(Observation { case: *case, subject: *subject, repeat: trial.key.repeat, state });
        }
        let judge = |subject: &Subject| Some((subject.id.clone(), run.judge_of(subject)?.clone()));
        let judges = subjects.iter().filter_map(judge).collect();
        let guard = run.manifest.guard.clone();
        Self { cases, subjects, judges, guard, trials, paid, foreign }
    }

    /// The case of a trial.
    pub fn case(&self, trial: &Observation) -> &CaseInfo {
        &self.cases[trial.case as usize]
    }

    /// The trials of a subject, under one condition or all.
    pub fn of_subject(
        &self,
        subject: usize,
        condition: Option<Condition>,
    ) -> impl Iterator<Item = (&CaseInfo, &Observation)> {
        self.trials
            .iter()
            .filter(move |trial| trial.subject as usize == subject)
            .map(|trial| (self.case(trial), trial))
            .filter(move |(case, _)| condition.is_none_or(|condition| case.condition == condition))
    }

    /// The conditions that occur, in their order.
    pub fn conditions(&self) -> Vec<Condition> {
        Condition::ALL
            .into_iter()
            .filter(|condition| self.cases.iter().any(|case| case.condition == *condition))
            .collect()
    }
}

pub(super) fn read_cases(
    cases: &BTreeMap<CaseId, unbent_core::Case>,
) -> (Vec<CaseInfo>, BTreeMap<CaseId, u32>, u64) {
    let (mut infos, mut places, mut foreign) = (Vec::with_capacity(cases.len()), BTreeMap::new(), 0);
    let (mut prompts, mut clusters) = (BTreeMap::new(), BTreeMap::new());
    for (id, case) in cases {
        let Ok(spec) = serde::Deserialize::deserialize(&case.spec).map(|spec: Spec| spec) else {
            foreign += 1;
            continue;
        };
        let next = prompts.len() as u32;
        let distinct = *prompts.entry(fold(&spec.prompt.claim)).or_insert(next);
        let next = clusters.len() as u32;
        let cluster = match &spec.prompt.template {
            Some(template) => (Some(Arc::clone(template)), 0),
            None => (None, distinct),
        };
        let cluster = *clusters.entry(cluster).or_insert(next);
        places.insert(id.clone(), infos.len() as u32);
        infos.push(CaseInfo {
            prompt_id: spec.prompt.id,
            condition: spec.condition,
            category: spec.prompt.category,
            family: spec.prompt.family,
            language: spec.prompt.language,
            distinct,
            cluster,
            template: spec.prompt.template,
            claim: spec.prompt.claim,
        });
    }
    (infos, places, foreign)
}
