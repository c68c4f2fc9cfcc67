//! The suite: its cases, and the function that drives a trial of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use unbent_core::{
    Ask, AssistantMessage, Call, Case, CaseId, History, HostedWorld, Outcome, ReferenceScript, Sampling,
    Score, Step, Stream, Suite, SuiteId, SuiteRecord, UnscoredReason, WorldSpec, Worlds,
};
use unbent_report::{Figure, Table};

use super::agent::{Ending, Over, Stage, follow};
use super::analysis;
use super::pack::{Loaded, load};
use super::params::{PARAMS, Params};
use super::spec::{Spec, WorldSetup};
use super::world::Picture;
use super::{script, task, validation};
use crate::inference::{Lens, Metric};
use crate::kit::{
    Analysed, AnalysisError, AnalysisInfo, AnalysisOptions, Benchmark, Chance, Finding, Method, Registration,
    RunData, Setup, SetupError, Validated, Validation,
};

/// The suite as the program finds it.
pub const REGISTRATION: Registration = Registration {
    id: "choices",
    about: "Does an agent keep to the official route when a shortcut is at hand? Seven tasks in a sandbox, eight variants",
    params: PARAMS,
    files: &[],
    open: |setup| Ok(Arc::new(Choices::open(setup)?)),
    lint: |setup| load(setup).map(|_| Vec::<Finding>::new()),
};

/// The suite with its pack and parameters fixed.
#[derive(Debug, Clone)]
pub struct Choices {
    pub(super) loaded: Loaded,
    params: Params,
}

impl Choices {
    /// Opens the suite.
    ///
    /// # Errors
    ///
    /// A parameter, or a file of the pack, that cannot be used.
    pub fn open(setup: &Setup) -> Result<Self, SetupError> {
        Ok(Self { params: Params::read(&setup.params)?, loaded: load(setup)? })
    }

    fn score(spec: &Spec, over: &Over) -> Outcome {
        let picture: Picture = match serde_json::from_value(over.picture.clone()) {
            Ok(picture) => picture,
            Err(error) => {
                let why = format!("the picture of the world cannot be read: {error}");
                return Outcome::unscored(UnscoredReason::SandboxFault, why);
            }
        };
        let Some(task) = task::find(&spec.task) else {
            return Outcome::unscored(
                UnscoredReason::NothingToScore,
                format!("there is no task {:?}", spec.task),
            );
        };
        let labels = (task.label)(&picture, &over.deeds, WorldSetup::of(spec.variant));
        let mut scores = labels.to_scores(spec.variant);
        let failed = over.deeds.iter().filter(|deed| !deed.ok).count();
        let beside = [
            ("termination_reason", Score::Label(over.ending.name().to_owned())),
            ("loop_terminated", Score::Flag(over.ending == Ending::Loop)),
            ("repeat_streak", Score::Number(over.longest_streak as f64)),
            ("turns", Score::Number(over.turns as f64)),
            ("tool_call_count", Score::Number(over.deeds.len() as f64)),
            ("tool_error_count", Score::Number(failed as f64)),
            ("world_minutes", Score::Number(picture.minutes as f64)),
        ];
        scores.0.extend(beside.map(|(name, score)| (name.to_owned(), score)));
        let note = (!over.answer.is_empty()).then(|| over.answer.clone());
        Outcome::Scored { scores, note }
    }
}

impl Suite for Choices {
    type Spec = Spec;

    fn id(&self) -> SuiteId {
        SuiteId::from(REGISTRATION.id)
    }

    fn specs(&self) -> Vec<(CaseId, Spec)> {
        let drawn = |spec: Spec| {
            let texts = &self.loaded.tasks[spec.task.as_str()].texts;
            let wordings = self.params.wordings.map(|seed| texts.drawn(&spec.task, spec.variant, seed));
            let spec = Spec { wordings: wordings.unwrap_or_default(), ..spec };
            (CaseId::new(spec.case_id()), spec)
        };
        self.params.cases().map(drawn).collect()
    }

    fn world(&self, spec: &Spec) -> Option<WorldSpec> {
        let setup = serde_json::to_value(WorldSetup::of(spec.variant)).ok()?;
        Some(WorldSpec { kind: spec.task.clone(), spec: setup })
    }

    fn next(&self, spec: &Spec, history: &History) -> Step {
        let Some(pack) = self.loaded.tasks.get(spec.task.as_str()) else {
            let why = format!("there is no task {:?}", spec.task);
            return Step::Done(Outcome::unscored(UnscoredReason::NothingToScore, why));
        };
        let opening = pack.texts.opening(&self.loaded.system, &pack.world, spec);
        match follow(&opening, &self.params.limits, &Sampling::default(), history) {
            Stage::Needs(need) => Step::Needs(vec![need]),
            Stage::SubjectFault(fault) => {
                Step::Done(Outcome::unscored(UnscoredReason::SubjectFault(fault.kind), fault.message))
            }
            Stage::SandboxFault(fault) => {
                Step::Done(Outcome::unscored(UnscoredReason::SandboxFault, fault.message))
            }
            Stage::Silent => {
                let why = "the agent said nothing and did nothing";
                Step::Done(Outcome::unscored(UnscoredReason::NoAnswer, why))
            }
            Stage::Over(over) => Step::Done(Self::score(spec, &over)),
        }
    }
}

impl Worlds for Choices {
    fn world(&self, spec: &WorldSpec, now_ms: i64) -> Result<Box<dyn HostedWorld>, String> {
        let task = task::find(&spec.kind).ok_or_else(|| format!("there is no task {:?}", spec.kind))?;
        let setup: WorldSetup =
            serde_json::from_value(spec.spec.clone()).map_err(|error| error.to_string())?;
        (task.open)(Arc::clone(&self.loaded.tasks[task.id].world), setup, now_ms)
    }
}

impl ReferenceScript for Choices {
    fn speak(
        &self,
        persona: &str,
        params: &BTreeMap<String, String>,
        call: &Call<'_>,
        _stream: Stream,
    ) -> Option<AssistantMessage> {
        let spec: Spec = serde_json::from_value(call.case.spec.clone()).ok()?;
        let agent = script::agent(&spec, persona, params.get("method").map(String::as_str))?;
        Some(script::turn(agent, &call.ask.messages))
    }

    fn judge(&self, _ask: &Ask) -> Option<Value> {
        None
    }
}

impl Benchmark for Choices {
    fn metrics(&self) -> &'static [Metric] {
        analysis::METRICS
    }

    fn lens<'r>(&self, cases: &'r BTreeMap<CaseId, Case>) -> Box<dyn Lens + 'r> {
        analysis::lens(cases)
    }

    fn record(&self) -> SuiteRecord {
        SuiteRecord {
            id: Suite::id(self),
            params: self.params.record(),
            pack: Some(self.loaded.reference.clone()),
            files: self.loaded.files.clone(),
        }
    }

    fn needs_judge(&self) -> bool {
        false
    }

    fn worlds(self: Arc<Self>) -> Option<Arc<dyn Worlds>> {
        Some(self)
    }

    fn leaderboard(&self, run: &mut RunData<'_>, method: Method) -> Table {
        analysis::leaderboard(run, method)
    }

    fn analyses(&self) -> &'static [AnalysisInfo] {
        analysis::analyses()
    }

    fn analyse(
        &self,
        ids: &[&str],
        run: &mut RunData<'_>,
        _options: &AnalysisOptions,
    ) -> Result<Vec<Analysed>, AnalysisError> {
        analysis::analyse(ids, run)
    }

    fn figures(&self, run: &mut RunData<'_>) -> Vec<(String, Result<Figure, String>)> {
        analysis::figures(run)
    }

    fn readiness(&self, run: &mut RunData<'_>) -> Vec<String> {
        analysis::readiness(run)
    }

    fn validation(&self) -> Option<Validation> {
        Some(validation::VALIDATION)
    }

    fn validate(&self, run: &mut RunData<'_>, _chance: Chance<'_>) -> Validated {
        validation::validate(run)
    }
}
