//! The suite: its cases, and the function that drives a trial of each.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use unbent_core::{
    Ask, Case, CaseId, Fault, History, Inherit, ModelRole, NeedKey, Outcome, Reply, Sampling, Step, Suite,
    SuiteId, SuiteRecord, UnscoredReason,
};
use unbent_report::Table;

use super::answer::{Answered, read_answer};
use super::dialogue::{Dialogue, Note, Turn};
use super::grade;
use super::item::{Beat, Delivery, Item, NAME_SOURCES, NAMES, Spec, SystemPrompt};
use super::leaderboard::leaderboard;
use super::lint::lint;
use super::observe::{METRICS, lens};
use super::pack::{Loaded, load};
use crate::inference::judging::Rating;
use crate::inference::{Course, Lens, Metric};
use crate::kit::{
    Benchmark, Grade, Method, ParamInfo, Registration, RunData, Setup, SetupError, Severity, Sought, seek,
};

/// The suite as the program finds it.
pub const REGISTRATION: Registration = Registration {
    id: "independence",
    about: "Does a model keep its own name, views and limits when the user pushes? 15 graded scenarios, index 0-100",
    params: &[
        ParamInfo {
            name: "system",
            default: "strong",
            about: "system prompts, separated by commas: strong, neutral",
        },
        ParamInfo {
            name: "delivery",
            default: "tool_role",
            about: "how the human's words reach the subject, separated by commas: tool_role, user_role",
        },
        ParamInfo {
            name: "names",
            default: "false",
            about: "true to have the judge list the names that the subject chose (one more question a set)",
        },
    ],
    files: &[],
    open: |setup| Ok(Arc::new(Independence::open(setup)?)),
    lint: |setup| {
        let loaded = load(setup.pack.as_ref())?;
        Ok(lint(&loaded.pack, &loaded.rubrics))
    },
};

/// How often an unusable answer of the subject or the judge is asked again, the first asking included.
const TRIES: u32 = 3;

/// The suite with its pack and parameters fixed.
#[derive(Debug, Clone)]
pub struct Independence {
    pub(super) loaded: Loaded,
    systems: Vec<SystemPrompt>,
    deliveries: Vec<Delivery>,
    names: bool,
}

impl Independence {
    /// Opens the suite.
    pub fn open(setup: &Setup) -> Result<Self, SetupError> {
        if let Some(name) =
            setup.params.keys().find(|name| REGISTRATION.params.iter().all(|p| p.name != **name))
        {
            return Err(SetupError::UnknownParam { name: name.clone() });
        }
        let loaded = load(setup.pack.as_ref())?;
        let suite = Self {
            systems: list(&setup.params, "system", "strong", &SystemPrompt::ALL)?,
            deliveries: list(&setup.params, "delivery", "tool_role", &Delivery::ALL)?,
            names: flag(&setup.params, "names")?,
            loaded,
        };
        if suite.systems.contains(&SystemPrompt::Neutral) && suite.loaded.pack.system.neutral.is_none() {
            let takes = "the pack has no neutral system prompt; use strong".to_owned();
            return Err(SetupError::BadParam { name: "system".into(), value: "neutral".into(), takes });
        }
        let broken = lint(&suite.loaded.pack, &suite.loaded.rubrics)
            .into_iter()
            .find(|finding| finding.severity == Severity::Error);
        match broken {
            Some(finding) => {
                let (file, place) = finding.place.split_once(": ").unwrap_or((&finding.place, ""));
                Err(SetupError::BadPack {
                    file: file.to_owned(),
                    why: format!("{place}: {}", finding.message),
                })
            }
            None => Ok(suite),
        }
    }

    /// The conversations of a case.
    pub fn dialogue(&self, spec: &Spec) -> Dialogue<'_> {
        Dialogue::new(&self.loaded.pack, spec.system, spec.delivery)
    }

    /// What the subject said in this reply.
    fn answer_in(&self, reply: &Reply) -> Option<Answered> {
        let tool = &self.loaded.pack.tool;
        read_answer(&reply.message, &tool.name, &tool.parameter)
    }

    /// Goes through the conversation of a scenario until something is missing; the subject's answers if nothing is.
    fn converse(&self, spec: &Spec, item: Item<'_>, history: &History) -> Result<Vec<String>, Step> {
        let dialogue = self.dialogue(spec);
        let note = if matches!(item, Item::ToolContext) { Note::Surroundings } else { Note::None };
        let (mut turns, mut answers) = (Vec::new(), Vec::new());
        for beat in item.beats(&self.loaded.pack) {
            match beat {
                Beat::Human(text) => turns.push(Turn::Human(text)),
                Beat::Scripted(text) => turns.push(Turn::Companion { text: text.to_owned(), thought: None }),
                Beat::Reply(key) => {
                    let read = |reply: &Reply| {
                        self.answer_in(reply).ok_or_else(|| "no text for the human".to_owned())
                    };
                    let ask = || Ask {
                        role: ModelRole::Subject,
                        messages: dialogue.messages(&turns, note),
                        tools: dialogue.tools(),
                        tool_choice: unbent_core::ToolChoice::Auto,
                        reply_schema: None,
                        sampling: subject_sampling(),
                    };
                    let Answered { text, thought } = found(
                        seek(history, &key, TRIES, read, ask),
                        UnscoredReason::SubjectFault,
                        UnscoredReason::NoAnswer,
                    )?;
                    answers.push(text.clone());
                    turns.push(Turn::Companion { text, thought });
                }
            }
        }
        Ok(answers)
    }

    /// The grade of a scenario, or what is missing for it.
    fn judge(&self, item: Item<'_>, answers: &[String], history: &History, key: &str) -> Result<Grade, Step> {
        let rubric = grade::rubric(item, &self.loaded.rubrics);
        let read = |reply: &Reply| {
            let text = reply.message.content.as_deref().unwrap_or_default();
            rubric.read(text).map_err(|error| error.to_string())
        };
        let ask = || {
            let materials = grade::materials(item, &self.loaded.pack, rubric, answers);
            rubric.ask(REGISTRATION.id, &self.loaded.rubrics.judge, &materials, grade::judge_sampling())
        };
        let sought = seek(history, &NeedKey::from(key), TRIES, read, ask);
        found(sought, UnscoredReason::JudgeFault, UnscoredReason::JudgeUnreadable)
    }

    fn graded(&self, spec: &Spec, item: Item<'_>, history: &History) -> Result<Outcome, Step> {
        let answers = self.converse(spec, item, history)?;
        let grade = self.judge(item, &answers, history, "judge")?;
        Ok(grade::outcome(grade::rubric(item, &self.loaded.rubrics), &grade))
    }

    fn named(&self, history: &History) -> Result<Outcome, Step> {
        let said = |need: &str| history.reply(&need.into()).and_then(|reply| self.answer_in(reply));
        let answers: Vec<_> = NAME_SOURCES.iter().map(|(_, need)| said(need)).collect();
        if answers.iter().all(Option::is_none) {
            let detail = "none of the three scenarios has an answer";
            return Ok(Outcome::unscored(UnscoredReason::NothingToScore, detail));
        }
        let text =
            |answer: Option<Answered>| answer.map_or_else(|| "(no answer)".to_owned(), |answer| answer.text);
        let answers: Vec<_> = answers.into_iter().map(text).collect();
        Ok(grade::names_outcome(&self.judge(Item::Names, &answers, history, NAMES)?))
    }
}

fn found<T>(
    sought: Sought<T>,
    faulted: fn(unbent_core::FaultKind) -> UnscoredReason,
    gave_up: UnscoredReason,
) -> Result<T, Step> {
    match sought {
        Sought::Found(found) => Ok(found),
        Sought::Needed(need) => Err(Step::Needs(vec![*need])),
        Sought::Faulted(Fault { kind, message, .. }) => {
            Err(Step::Done(Outcome::unscored(faulted(kind), message)))
        }
        Sought::GaveUp(why) => Err(Step::Done(Outcome::unscored(gave_up, why))),
    }
}

/// The sampling that the reference asks of a subject.
fn subject_sampling() -> Sampling {
    Sampling { temperature: Some(0.7), max_tokens: Some(2048), ..Sampling::default() }
}

impl Suite for Independence {
    type Spec = Spec;

    fn id(&self) -> SuiteId {
        REGISTRATION.id.into()
    }

    fn specs(&self) -> Vec<(CaseId, Spec)> {
        let items: Vec<_> = Item::graded(&self.loaded.pack).chain(self.names.then_some(NAMES)).collect();
        let pairs = self
            .systems
            .iter()
            .flat_map(|system| self.deliveries.iter().map(move |delivery| (system, delivery)));
        pairs
            .flat_map(|(system, delivery)| {
                items.iter().map(|item| Spec {
                    system: *system,
                    delivery: *delivery,
                    item: (*item).to_owned(),
                })
            })
            .map(|spec| (spec.case_id(), spec))
            .collect()
    }

    fn inherits(&self, spec: &Spec) -> Vec<Inherit> {
        if spec.item != NAMES {
            return Vec::new();
        }
        let from = |item: &str| Spec { item: item.to_owned(), ..spec.clone() }.case_id();
        NAME_SOURCES.iter().map(|(item, need)| Inherit { case: from(item), need: (*need).into() }).collect()
    }

    fn next(&self, spec: &Spec, history: &History) -> Step {
        let outcome = match Item::find(&self.loaded.pack, &spec.item) {
            Some(Item::Names) => self.named(history),
            Some(item) => self.graded(spec, item, history),
            None => {
                let detail = format!("the pack has no scenario {:?}", spec.item);
                Ok(Outcome::unscored(UnscoredReason::NothingToScore, detail))
            }
        };
        outcome.map_or_else(|step| step, Step::Done)
    }
}

impl Benchmark for Independence {
    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    fn lens<'r>(&self, cases: &'r BTreeMap<CaseId, Case>) -> Box<dyn Lens + 'r> {
        lens(cases)
    }

    fn ratings(&self) -> &'static [Rating] {
        grade::RATINGS
    }

    fn leaderboard_columns(&self, metric: &str) -> Option<[&'static str; 3]> {
        (metric == "index").then_some(["index", "ci_low", "ci_high"])
    }

    fn courses(&self, persona: &str, params: &BTreeMap<String, String>, _case: &Case) -> Option<Vec<Course>> {
        super::script::courses(persona, params)
    }

    fn record(&self) -> SuiteRecord {
        let text = |values: &[String]| Value::from(values.join(","));
        let params: Map<_, _> = [
            ("system".to_owned(), text(&self.systems.iter().map(ToString::to_string).collect::<Vec<_>>())),
            (
                "delivery".to_owned(),
                text(&self.deliveries.iter().map(ToString::to_string).collect::<Vec<_>>()),
            ),
            ("names".to_owned(), json!(self.names.to_string())),
        ]
        .into_iter()
        .collect();
        SuiteRecord {
            id: REGISTRATION.id.into(),
            params,
            pack: Some(self.loaded.reference.clone()),
            files: self.loaded.files.clone(),
        }
    }

    fn leaderboard(&self, run: &mut RunData<'_>, method: Method) -> Table {
        leaderboard(run, method)
    }
}

/// A list parameter: values of `all` by their names, each once, in the order of `all`.
fn list<T: Copy + ToString>(
    params: &BTreeMap<String, String>,
    name: &str,
    default: &str,
    all: &[T],
) -> Result<Vec<T>, SetupError> {
    let value = params.get(name).map_or(default, String::as_str);
    let wanted: Vec<_> = value.split(',').map(str::trim).collect();
    let names: Vec<_> = all.iter().map(ToString::to_string).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| names.iter().all(|name| name != *wanted)) {
        let takes = format!("one or several of {}", names.join(", "));
        return Err(SetupError::BadParam { name: name.into(), value: (*unknown).to_owned(), takes });
    }
    Ok(all
        .iter()
        .zip(names)
        .filter(|(_, name)| wanted.contains(&name.as_str()))
        .map(|(value, _)| *value)
        .collect())
}

fn flag(params: &BTreeMap<String, String>, name: &str) -> Result<bool, SetupError> {
    let value = params.get(name).map_or("false", String::as_str);
    bool::from_str(value).map_err(|_| SetupError::BadParam {
        name: name.into(),
        value: value.into(),
        takes: "true or false".into(),
    })
}
