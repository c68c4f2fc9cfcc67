//! The suite: its cases, and the function that drives a trial of each.

use std::sync::Arc;

use serde_json::Value;
use unbent_core::{
    Ask, CaseId, Fault, History, Message, ModelRole, Need, NeedKey, Outcome, Reply, Step, Suite, SuiteId,
    SuiteRecord, ToolChoice, UnscoredReason,
};
use unbent_report::{Figure, Table};

use super::analysis;
use super::class::Verdict;
use super::condition::Conditions;
use super::evaluate::{JudgeRubric, ReadAnswer, RulePack};
use super::pack::{Loaded, load};
use super::params::{Judging, Params};
use super::scores::{Marks, Scored};
use super::spec::{Prompt, Spec};
use crate::kit::{
    Analysed, AnalysisError, AnalysisInfo, AnalysisOptions, Benchmark, Finding, Method, Registration,
    RunData, Setup, SetupError, Sought, seek,
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
pub(super) const ANSWER: &str = "answer";
/// The need for the judge's verdict.
pub(super) const JUDGE: &str = "judge";

/// How often a judge's unreadable verdict is asked again, the first asking included.
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

    /// The judge's verdict, or what is missing for it.
    fn judge(&self, spec: &Spec, visible: &str, history: &History) -> Result<(Verdict, String), Step> {
        let rubric = &self.loaded.rubric;
        let read = |reply: &Reply| {
            rubric
                .read(reply.message.content.as_deref().unwrap_or_default())
                .map_err(|error| error.to_string())
        };
        let ask = || rubric.ask(REGISTRATION.id, &spec.prompt.question(), visible);
        match seek(history, &NeedKey::from(JUDGE), TRIES, read, ask) {
            Sought::Found(found) => Ok(found),
            Sought::Needed(need) => Err(Step::Needs(vec![*need])),
            Sought::Faulted(Fault { kind, message, .. }) => {
                Err(Step::Done(Outcome::unscored(UnscoredReason::JudgeFault(kind), message)))
            }
            Sought::GaveUp(why) => Err(Step::Done(Outcome::unscored(UnscoredReason::JudgeUnreadable, why))),
        }
    }

    /// Evaluates an answer: rules first, then the judge as the parameters say.
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
        let judged = if asks_judge { Some(self.judge(spec, read.visible, history)?) } else { None };
        let reasoning = read.reasoning.map(|reasoning| {
            let read = ReadAnswer { visible: reasoning, reasoning: None, cut_off: false };
            self.loaded.rules.assess(&question, &read).verdict()
        });
        let decision = assessment.decision.as_ref();
        let note = match (decision, &judged) {
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
        let scored = Scored {
            rules,
            rule: decision.map(|decision| decision.rule.to_string()),
            judge: judged.map(|(verdict, _)| verdict),
            reasoning,
            marks: Marks {
                reasoned: read.reasoning.is_some(),
                cut_off: read.cut_off,
                structured: super::evaluate::is_structured(read.visible),
                echoes_identity: system
                    .is_some_and(|system| super::evaluate::shares_run(system, read.visible)),
            },
        };
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
            return Step::Done(Outcome::unscored(UnscoredReason::SubjectFault(*kind), message.clone()));
        }
        // An empty answer is an answer here: whether silence holds a line is for the evaluation to say.
        let Some(reply) = history.reply(&key) else {
            return Step::Needs(vec![Need { tries_if_empty: 1, ..Need::ask(key, self.ask(spec)) }]);
        };
        self.evaluate(spec, reply, history).map_or_else(|step| step, Step::Done)
    }
}

impl Benchmark for Trap {
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

    fn figures(&self, run: &mut RunData<'_>) -> Vec<(String, Result<Figure, String>)> {
        super::figures::figures(&analysis::Observed::of(run))
    }
}

/// What is wrong, or merely odd, with a pack that can be read.
fn lint(loaded: &Loaded) -> Vec<Finding> {
    let unused = loaded.rules.unused_signals();
    unused
        .map(|signal| Finding::warning("rules.toml", format!("no rule asks for the signal {signal:?}")))
        .collect()
}
