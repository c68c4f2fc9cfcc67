//! The suite: its cases, and the function that drives a trial of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;
use unbent_core::{
    Ask, AssistantMessage, Case, CaseId, Fault, FaultKind, History, Message, ModelRole, Need, NeedKey,
    Outcome, Reply, Step, Suite, SuiteId, SuiteRecord, ToolChoice, UnscoredReason,
};
use unbent_report::{Figure, Table};

use super::analysis;
use super::class::Verdict;
use super::condition::Conditions;
use super::evaluate::{JudgeRubric, ReadAnswer, RulePack};
use super::guard::{GuardRubric, GuardVerdict, Guarded};
use super::pack::{Loaded, load};
use super::params::{Judging, Params};
use super::scores::{Marks, Scored};
use super::spec::{Prompt, Spec};
use crate::inference::judging::Rating;
use crate::inference::{Course, Lens, Metric};
use crate::kit::{
    Analysed, AnalysisError, AnalysisInfo, AnalysisOptions, Benchmark, Chance, Finding, Method, Registration,
    RunData, Setup, SetupError, Sought, Validated, Validation, seek,
};

/// The suite as the program finds it.
pub const REGISTRATION: Registration = Registration {
    id: "trap",
    about: "Does an identity prompt make a model unsafe? Eight kinds of prompt, rules then judge, eight classes of failure",
    params: super::params::PARAMS,
    files: super::pack::FILES,
    open: |setup| Ok(Arc::new(Trap::open(setup)?)),
    lint: |setup| Ok(lint(&load(setup)?)),
};

/// The need for the subject's answer.
pub const ANSWER: &str = "answer";
/// The need for the judge's verdict.
pub(super) const JUDGE: &str = "judge";
/// The need for the guard's decision.
pub(super) const GUARD: &str = "guard";

/// How often an unreadable verdict of a judge or a guard is asked again, the first asking included.
const TRIES: u32 = 3;

/// The suite with its pack and parameters fixed.
#[derive(Debug, Clone)]
pub struct Trap {
    pub(super) loaded: Loaded,
    pub(super) params: Params,
}

impl Trap {
    /// Opens the suite.
    ///
    /// # Errors
    ///
    /// A parameter, or a file of the pack, that cannot be used.
    pub fn open(setup: &Setup) -> Result<Self, SetupError> {
        Ok(Self { params: Params::read(&setup.params)?, loaded: load(setup)? })
    }

    /// The rules of the first pass.
    pub fn rules(&self) -> &RulePack {
        &self.loaded.rules
    }

    /// What the judge of the second pass is asked.
    pub fn rubric(&self) -> &JudgeRubric {
        &self.loaded.rubric
    }

    /// What a guard is asked.
    pub fn guard_rubric(&self) -> &GuardRubric {
        &self.loaded.guard
    }

    /// The texts of the conditions.
    pub fn conditions(&self) -> &Conditions {
        &self.loaded.conditions
    }

    /// The question to the subject.
    fn ask(&self, spec: &Spec) -> Ask {
        let system = self.loaded.conditions.text(spec.condition).map(Message::system);
        Ask {
            role: ModelRole::Subject,
            messages: system.into_iter().chain([Message::user(&spec.prompt.claim)]).collect(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            reply_schema: None,
            sampling: self.params.preset.sampling(),
        }
    }

    /// The judge's verdict, as far as it is there.
    fn judge(&self, spec: &Spec, visible: &str, history: &History) -> Sought<(Verdict, String)> {
        let rubric = &self.loaded.rubric;
        let read = |reply: &Reply| rubric.read(text_of(reply)).map_err(|error| error.to_string());
        let ask = || rubric.ask(REGISTRATION.id, &spec.prompt.question(), visible);
        seek(history, &NeedKey::from(JUDGE), TRIES, read, ask)
    }

    /// The guard's decision, as far as it is there.
    fn guard(&self, spec: &Spec, visible: &str, history: &History) -> Sought<(GuardVerdict, String)> {
        let rubric = &self.loaded.guard;
        let read = |reply: &Reply| rubric.read(text_of(reply)).map_err(|error| error.to_string());
        let ask = || rubric.ask(REGISTRATION.id, &spec.prompt.claim, visible);
        seek(history, &NeedKey::from(GUARD), TRIES, read, ask)
    }

    /// What guard and judge say of an answer, as far as they are asked: neither waits for the other.
    #[expect(clippy::type_complexity, reason = "what each says, with its reason")]
    fn others(
        &self,
        spec: &Spec,
        visible: &str,
        asks_judge: bool,
        history: &History,
    ) -> Result<(Option<(GuardVerdict, String)>, Option<(Verdict, String)>), Step> {
        let guarded = self.params.is_guarded.then(|| self.guard(spec, visible, history));
        let judged = asks_judge.then(|| self.judge(spec, visible, history));
        let mut needs = Vec::new();
        let guarded = settled(guarded, ModelRole::Guard, UnscoredReason::GuardUnreadable, &mut needs);
        let judged = settled(judged, ModelRole::Judge, UnscoredReason::JudgeUnreadable, &mut needs);
        // Which of two faults the trial ends with must not depend on which came first.
        if !needs.is_empty() {
            return Err(Step::Needs(needs));
        }
        Ok((guarded.map_err(Step::Done)?, judged.map_err(Step::Done)?))
    }

    /// Evaluates an answer: rules first, then the judge and the guard as the parameters say.
    fn evaluate(&self, spec: &Spec, reply: &Reply, history: &History) -> Result<Outcome, Step> {
        let read = ReadAnswer::of(reply);
        let question = spec.prompt.question();
        let assessment = self.loaded.rules.assess(&question, &read);
        let rules = assessment.verdict();
        let asks_judge = match self.params.judging {
            Judging::Never => false,
            Judging::Open => rules.class().is_none(),
            Judging::All => true,
        };
        let (guarded, judged) = self.others(spec, read.visible, asks_judge, history)?;
        let reasoning = read.reasoning.map(|reasoning| {
            let read = ReadAnswer { visible: reasoning, reasoning: None, cut_off: false };
            self.loaded.rules.assess(&question, &read).verdict()
        });
        let decision = assessment.decision.as_ref();
        let mut note = match (decision, &judged) {
            (Some(decision), _) => {
                let words = decision.evidence.map(|span| &read.visible[span.start..span.end]);
                words.map_or_else(
                    || format!("rule {}", decision.rule),
                    |words| format!("rule {}: “{words}”", decision.rule),
                )
            }
            (None, Some((_, reason))) => format!("judge: {reason}"),
            (None, None) => "no rule decides, and no judge is asked".to_owned(),
        };
        let system = self.loaded.conditions.text(spec.condition);
        let mut scored = Scored {
            rules,
            rule: decision.map(|decision| decision.rule.to_string()),
            judge: judged.map(|(verdict, _)| verdict),
            guarded: None,
            reasoning,
            marks: Marks {
                reasoned: read.reasoning.is_some(),
                cut_off: read.cut_off,
                structured: super::evaluate::is_structured(read.visible),
                echoes_identity: system
                    .is_some_and(|system| super::evaluate::shares_run(system, read.visible)),
            },
        };
        if let Some((verdict, reason)) = guarded {
            let class = verdict.applied(scored.verdict(), spec.prompt.category);
            scored.guarded = Some(Guarded { verdict, class });
            note.push_str(&format!("\nguard: {verdict}: {reason}"));
            if verdict != GuardVerdict::Release {
                let delivered = self.loaded.guard.delivered(verdict, read.visible);
                note.push_str(&format!("\nthe user gets: {delivered}"));
            }
        }
        Ok(scored.outcome(note))
    }
}

impl Suite for Trap {
    type Spec = Spec;

    fn id(&self) -> SuiteId {
        REGISTRATION.id.into()
    }

    fn specs(&self) -> Vec<(CaseId, Spec)> {
        let prompts: Vec<Prompt> = self.params.prompts(&self.loaded);
        let conditions = self.params.conditions.iter();
        conditions
            .flat_map(|condition| {
                prompts.iter().map(|prompt| Spec { condition: *condition, prompt: prompt.clone() })
            })
            .map(|spec| (spec.case_id(), spec))
            .collect()
    }

    fn next(&self, spec: &Spec, history: &History) -> Step {
        let key = NeedKey::from(ANSWER);
        if let Some(Fault { kind, message, .. }) = history.fault(&key) {
            // An empty answer is an answer here: whether silence holds a line is for the evaluation to say.
            if *kind == FaultKind::Empty {
                let silence = Reply::of(AssistantMessage::default());
                return self.evaluate(spec, &silence, history).map_or_else(|step| step, Step::Done);
            }
            return Step::Done(Outcome::unscored(UnscoredReason::SubjectFault(*kind), message.clone()));
        }
        let Some(reply) = history.reply(&key) else {
            return Step::Needs(vec![Need { tries_if_empty: 1, ..Need::ask(key, self.ask(spec)) }]);
        };
        self.evaluate(spec, reply, history).map_or_else(|step| step, Step::Done)
    }
}

impl Benchmark for Trap {
    fn metrics(&self) -> &'static [Metric] {
        analysis::METRICS
    }

    fn lens<'r>(&self, cases: &'r BTreeMap<CaseId, Case>) -> Box<dyn Lens + 'r> {
        analysis::lens(cases)
    }

    fn ratings(&self) -> &'static [Rating] {
        super::scores::RATINGS
    }

    fn leaderboard_columns(&self, metric: &str) -> Option<[&'static str; 3]> {
        analysis::leaderboard_columns(metric)
    }

    fn courses(&self, persona: &str, params: &BTreeMap<String, String>, case: &Case) -> Option<Vec<Course>> {
        super::script::courses(persona, params, &Spec::deserialize(&case.spec).ok()?)
    }

    fn record(&self) -> SuiteRecord {
        let params = self.params.record(&self.loaded);
        SuiteRecord {
            id: REGISTRATION.id.into(),
            params: params.into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
            pack: Some(self.loaded.reference.clone()),
            files: self.loaded.files.clone(),
        }
    }

    fn needs_judge(&self) -> bool {
        self.params.judging != Judging::Never
    }

    fn needs_guard(&self) -> bool {
        self.params.is_guarded
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
        options: &AnalysisOptions,
    ) -> Result<Vec<Analysed>, AnalysisError> {
        analysis::analyse(ids, run, options)
    }

    fn validation(&self) -> Option<Validation> {
        Some(super::validation::VALIDATION)
    }

    fn validate(&self, run: &mut RunData<'_>, chance: Chance<'_>) -> Validated {
        super::validation::validate(self, run, chance)
    }

    fn figures(&self, run: &mut RunData<'_>) -> Vec<(String, Result<Figure, String>)> {
        super::figures::figures(&analysis::Observed::of(run))
    }
}

/// What was sought, if it was; what is to be asked goes to the needs, and what cannot be had ends the trial.
fn settled<T>(
    sought: Option<Sought<T>>,
    role: ModelRole,
    unreadable: UnscoredReason,
    needs: &mut Vec<Need>,
) -> Result<Option<T>, Outcome> {
    match sought {
        None => Ok(None),
        Some(Sought::Found(found)) => Ok(Some(found)),
        Some(Sought::Needed(need)) => {
            needs.push(*need);
            Ok(None)
        }
        Some(Sought::Faulted(Fault { kind, message, .. })) => {
            Err(Outcome::unscored(UnscoredReason::fault_of(role, kind), message))
        }
        Some(Sought::GaveUp(why)) => Err(Outcome::unscored(unreadable, why)),
    }
}

fn text_of(reply: &Reply) -> &str {
    reply.message.content.as_deref().unwrap_or_default()
}

/// What is wrong, or merely odd, with a pack that can be read.
fn lint(loaded: &Loaded) -> Vec<Finding> {
    let unused = loaded.rules.unused_signals();
    unused
        .map(|signal| Finding::warning("rules.toml", format!("no rule asks for the signal {signal:?}")))
        .collect()
}
