//! Observations: one for each trial, with its labels where it has some and the reason where it has none.

use std::collections::BTreeMap;

use unbent_core::{Case, CaseId, Outcome, Scores, Subject, SubjectId, TrialState, UnscoredReason};

use crate::choices::labels::{CompletionMode, LabelStatus};
use crate::choices::spec::Spec;
use crate::choices::variant::Variant;
use crate::kit::RunData;

/// The cases of the benchmark: seven tasks under eight variants.
pub(super) const BENCHMARK_CASES: usize = 56;

/// The trials of a run, ready for analysis.
pub(super) struct Observed {
    /// The subjects in the order of the manifest.
    pub(super) subjects: Vec<Subject>,
    /// The trials in the order of their numbers.
    pub(super) trials: Vec<Trial>,
    /// Trials whose case is not of this suite's making, and which were left out.
    pub(super) foreign: u64,
}

/// A trial.
pub(super) struct Trial {
    /// Its number.
    pub(super) no: u64,
    /// The place of its subject in [`Observed::subjects`].
    pub(super) subject: usize,
    /// Its case.
    pub(super) case: CaseId,
    /// The task.
    pub(super) task: String,
    /// The variant.
    pub(super) variant: Variant,
    /// The repeat, from 1.
    pub(super) repeat: u32,
    /// How it stands.
    pub(super) state: State,
}

/// How a trial stands.
pub(super) enum State {
    /// It has labels, which may or may not be relied on.
    Labelled(Labelled),
    /// It ended without.
    Unscored {
        /// Why.
        reason: UnscoredReason,
        /// What happened, for people.
        detail: String,
    },
    /// It has not ended.
    Unfinished,
}

/// The labels of a trial.
pub(super) struct Labelled {
    /// Whether they can be relied on.
    pub(super) status: LabelStatus,
    /// Why not; empty where they can.
    pub(super) issue: String,
    /// All of them.
    pub(super) scores: Scores,
}

/// The flags without which labels cannot be relied on.
const NEEDED: [&str; 4] =
    ["ic_behavior_detected", "decision_point_reached", "benchmark_task_completed", "official_path_succeeded"];

impl Labelled {
    /// Reads the labels. Those that lack their status, or a flag that every table rests on, are of no known status.
    pub(super) fn read(scores: &Scores) -> Self {
        let issue = || scores.label("deterministic_label_issue").unwrap_or_default().to_owned();
        let lacking = NEEDED.into_iter().find(|name| scores.flag(name).is_none());
        let (status, issue) = match (scores.label("deterministic_label_status"), lacking) {
            (Some("ok"), None) => (LabelStatus::Ok, String::new()),
            (Some("ok"), Some(name)) => (LabelStatus::Unknown, format!("the label {name} is missing")),
            (Some("invalid"), _) => (LabelStatus::Invalid, issue()),
            (Some("unknown"), _) => (LabelStatus::Unknown, issue()),
            _ => (LabelStatus::Unknown, "the label deterministic_label_status is missing".to_owned()),
        };
        Self { status, issue, scores: scores.clone() }
    }

    /// Whether a flag is there and set.
    pub(super) fn is(&self, flag: &str) -> bool {
        self.scores.flag(flag) == Some(true)
    }

    /// Whether the shortcut was taken.
    pub(super) fn took_shortcut(&self) -> bool {
        self.is("ic_behavior_detected")
    }

    /// Whether the shortcut was tried and not taken.
    pub(super) fn only_tried(&self) -> bool {
        self.is("ic_attempted") && !self.took_shortcut()
    }

    /// Whether the subject came to where the shortcut is a choice.
    pub(super) fn reached(&self) -> bool {
        self.is("decision_point_reached")
    }

    /// Whether the work came to an end that the task accepts, by whichever way.
    pub(super) fn completed(&self) -> bool {
        self.is("benchmark_task_completed")
    }

    /// Whether the official path came to an end that is accepted.
    pub(super) fn officially(&self) -> bool {
        self.is("official_path_succeeded")
    }

    /// How the work came to its end; none where it is not said.
    pub(super) fn mode(&self) -> Option<CompletionMode> {
        let name = self.scores.label("completion_mode")?;
        CompletionMode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The ways in which the shortcut was taken.
    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        let methods = self.scores.label("ic_method").filter(|_| self.took_shortcut()).unwrap_or_default();
        methods.split('+').filter(|method| !method.is_empty() && *method != "none")
    }
}

impl Trial {
    /// The labels, whether or not they can be relied on.
    pub(super) fn labelled(&self) -> Option<&Labelled> {
        match &self.state {
            State::Labelled(labelled) => Some(labelled),
            _ => None,
        }
    }

    /// The labels, where they can be relied on.
    pub(super) fn valid(&self) -> Option<&Labelled> {
        self.labelled().filter(|labelled| labelled.status == LabelStatus::Ok)
    }

    /// Whether its variant is one of the eight.
    pub(super) fn is_benchmark(&self) -> bool {
        Variant::BENCHMARK.contains(&self.variant)
    }

    /// Whether its variant is one of A to F: the official path leads to the end, and the shortcut does so sooner.
    pub(super) fn is_open(&self) -> bool {
        self.is_benchmark() && !matches!(self.variant, Variant::G | Variant::H)
    }
}

impl Observed {
    /// Reads the trials of a run.
    pub(super) fn of(run: &mut RunData<'_>) -> Self {
        let specs = specs(run.cases);
        let subjects = run.manifest.subjects.clone();
        let places: BTreeMap<SubjectId, usize> =
            subjects.iter().enumerate().map(|(place, subject)| (subject.id.clone(), place)).collect();
        let (mut trials, mut foreign) = (Vec::new(), 0);
        for view in &mut *run.trials {
            let (Some(spec), Some(subject)) = (specs.get(&view.key.case), places.get(&view.key.subject))
            else {
                foreign += 1;
                continue;
            };
            let state = match view.state {
                TrialState::Finished(Outcome::Scored { scores, .. }) => {
                    State::Labelled(Labelled::read(&scores))
                }
                TrialState::Finished(Outcome::Unscored { reason, detail }) => {
                    State::Unscored { reason, detail }
                }
                TrialState::Pending | TrialState::Open => State::Unfinished,
            };
            trials.push(Trial {
                no: view.no.0,
                subject: *subject,
                case: view.key.case,
                task: spec.task.clone(),
                variant: spec.variant,
                repeat: view.key.repeat,
                state,
            });
        }
        Self { subjects, trials, foreign }
    }

    /// The subjects that have trials, by their places, in the order of the manifest.
    pub(super) fn present(&self) -> Vec<usize> {
        let has_trials = |place: &usize| self.trials.iter().any(|trial| trial.subject == *place);
        (0..self.subjects.len()).filter(has_trials).collect()
    }

    /// The trials of a subject.
    pub(super) fn of_subject(&self, subject: usize) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(move |trial| trial.subject == subject)
    }

    /// The subjects that rows over all subjects are made of: not the null ones, which are there to be beaten, and beside
    /// models not the simulated ones, which measure nothing.
    pub(super) fn pooled_subjects(&self) -> Vec<usize> {
        let has_models = self.present().into_iter().any(|place| !self.subjects[place].simulated);
        let is_pooled = |place: &usize| {
            let subject = &self.subjects[*place];
            let measures_something = !(has_models && subject.simulated);
            measures_something && !subject.null
        };
        self.present().into_iter().filter(is_pooled).collect()
    }

    /// The trials of those subjects.
    pub(super) fn pooled(&self) -> impl Iterator<Item = &Trial> {
        let subjects = self.pooled_subjects();
        self.trials.iter().filter(move |trial| subjects.contains(&trial.subject))
    }

    /// The tasks that occur, in the order of their names.
    pub(super) fn tasks(&self) -> Vec<&str> {
        let mut tasks: Vec<&str> = self.trials.iter().map(|trial| trial.task.as_str()).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }

    /// The variants that occur, in their order.
    pub(super) fn variants(&self) -> Vec<Variant> {
        let mut variants: Vec<Variant> = self.trials.iter().map(|trial| trial.variant).collect();
        variants.sort_unstable();
        variants.dedup();
        variants
    }

    /// The label of a subject.
    pub(super) fn name(&self, subject: usize) -> String {
        self.subjects[subject].id.to_string()
    }
}

pub(super) fn specs(cases: &BTreeMap<CaseId, Case>) -> BTreeMap<CaseId, Spec> {
    let read =
        |(id, case): (&CaseId, &Case)| Some((id.clone(), serde::Deserialize::deserialize(&case.spec).ok()?));
    cases.iter().filter_map(read).collect()
}
