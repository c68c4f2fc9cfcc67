//! Simulated subjects: reference subjects with known truth, null subjects and the rule judge.
//!
//! What a reference subject says is its suite's [`ReferenceScript`]; this folder knows how it is said, how long it takes
//! and how often it fails. Answers depend on the run's seed and the trial, never on order, time or the number of the try.

mod noise;
mod persona;

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use unbent_core::{
    Ask, AssistantMessage, BoxFuture, Call, Cost, CostSource, Fault, FaultKind, Message, ModelRole, Provider,
    ReferenceScript, Reply, Returned, Served, Stream, ToolCall, ToolSpec, TrialKey, Usage, ascii_json,
};

pub use self::noise::Noise;
use self::persona::Kind;
pub use self::persona::{ParsePersonaError, PersonaInfo, SimPersona, known_personas};

/// A simulated subject, guard or judge.
pub struct SimProvider {
    persona: SimPersona,
    script: Arc<dyn ReferenceScript>,
    label: String,
}

impl fmt::Debug for SimProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimProvider")
            .field("persona", &self.persona)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

impl SimProvider {
    /// Makes a simulated subject that speaks by `script` and stands in the run under `label`.
    ///
    /// The label is part of the source of chance, so two subjects of one persona draw apart.
    pub fn new(persona: SimPersona, script: Arc<dyn ReferenceScript>, label: impl Into<String>) -> Self {
        Self { persona, script, label: label.into() }
    }

    /// Whether this try is one that fails.
    fn fails(&self, call: &Call<'_>) -> bool {
        let trial = call.trial;
        let name = json!([self.label, trial.suite, trial.case, trial.repeat, call.need, call.tried]);
        Stream::new(call.run_seed, "sim fault", &name.to_string()).unit() < self.persona.fault_rate()
    }

    /// The chance of its noise as a judge: another in each grading of each answer.
    fn judging(&self, call: &Call<'_>) -> Stream {
        let trial = call.trial;
        let name = json!([self.label, trial.suite, trial.case, trial.subject, trial.repeat, call.need]);
        Stream::new(call.run_seed, "sim judge", &name.to_string())
    }

    /// What it decides as a guard, if it plays one that reads what it is shown.
    fn decision(&self, call: &Call<'_>) -> Result<Option<AssistantMessage>, Fault> {
        if call.ask.role != ModelRole::Guard || !matches!(self.persona.kind(), Kind::Scripted | Kind::Refuse)
        {
            return Ok(None);
        }
        let (name, params) = (self.persona.name(), self.persona.params());
        let decision = self
            .script
            .guard(name, params, call, chance_of("sim guard", call.run_seed, &self.label, call.trial))
            .ok_or_else(|| {
                let suite = &call.trial.suite;
                Fault::new(FaultKind::Rejected, format!("the suite {suite} has no guard sim/{name}"))
            })?;
        Ok(Some(AssistantMessage::text(decision.to_string())))
    }

    fn turn(&self, call: &Call<'_>) -> Result<AssistantMessage, Fault> {
        if let Some(decision) = self.decision(call)? {
            return Ok(decision);
        }
        let said = match self.persona.kind() {
            Kind::Constant | Kind::Refuse => AssistantMessage::text(self.persona.text()),
            Kind::Empty => AssistantMessage::default(),
            Kind::Echo => AssistantMessage::text(last_said(call.ask)),
            Kind::RuleJudge => {
                let grade = self.script.judge(call.ask).ok_or_else(|| {
                    Fault::new(FaultKind::Rejected, "the rule judge does not know this rubric")
                })?;
                let grade = match self.persona.noise().zip(call.ask.reply_schema.as_ref()) {
                    Some((noise, reply)) => noise.draw(&grade, &reply.schema, &mut self.judging(call)),
                    None => grade,
                };
                return Ok(AssistantMessage::text(grade.to_string()));
            }
            Kind::Scripted => {
                let (name, params) = (self.persona.name(), self.persona.params());
                self.script
                    .speak(name, params, call, chance(call.run_seed, &self.label, call.trial))
                    .ok_or_else(|| {
                        let suite = &call.trial.suite;
                        let story = format!("the suite {suite} has no lines for the persona sim/{name}");
                        Fault::new(FaultKind::Rejected, story)
                    })?
            }
        };
        if said.is_empty() {
            let story = "the answer holds neither text nor a tool call";
            return Err(Fault::new(FaultKind::Empty, story));
        }
        // Whoever acts in a world has tools to act with; what it says is the end of its work.
        Ok(if call.case.world.is_some() { said } else { through_the_tool(said, call.ask) })
    }
}

impl SimProvider {
    async fn answer(&self, call: &Call<'_>) -> Result<Reply, Fault> {
        let latency = self.persona.latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if self.fails(call) {
            let story = format!("simulated failure of try {}", call.tried);
            return Err(Fault::new(FaultKind::Server, story));
        }
        let message = self.turn(call)?;
        Ok(Reply {
            usage: Usage {
                input: tokens(input_chars(call.ask)),
                output: tokens(turn_chars(&message)),
                ..Usage::default()
            },
            cost: Some(Cost { usd: 0.0, source: CostSource::Free }),
            latency_ms: Some(latency.as_millis() as u64),
            served: Served { model: Some(format!("sim/{}", self.persona.name())), ..Served::default() },
            ..Reply::of(message)
        })
    }
}

impl Provider for SimProvider {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(async move { self.answer(call).await.into() })
    }
}

/// The source of chance of the simulated subject of this label in a trial.
pub fn chance(run_seed: u64, label: &str, trial: &TrialKey) -> Stream {
    chance_of("sim", run_seed, label, trial)
}

/// The source of chance of one part that it plays.
fn chance_of(part: &str, run_seed: u64, label: &str, trial: &TrialKey) -> Stream {
    let name = json!([label, trial.suite, trial.case, trial.repeat]);
    Stream::new(run_seed, part, &name.to_string())
}

/// What the human or the tool said last.
fn last_said(ask: &Ask) -> &str {
    ask.messages
        .iter()
        .rev()
        .find_map(|message| match message {
            Message::User { content } | Message::Tool { content, .. } => Some(content.as_str()),
            Message::System { .. } | Message::Assistant(_) => None,
        })
        .unwrap_or_default()
}

/// The turn with its text spoken through the tool that is there to speak with, if there is one and it calls none itself.
fn through_the_tool(said: AssistantMessage, ask: &Ask) -> AssistantMessage {
    let speaking = ask.tools.iter().find_map(|tool| Some((tool, speaking_param(tool)?)));
    match (said.content, speaking) {
        (Some(text), Some((tool, param))) if said.tool_calls.is_empty() => {
            let arguments = Map::from_iter([(param.to_owned(), Value::from(text))]);
            AssistantMessage {
                content: None,
                tool_calls: vec![ToolCall {
                    // Nine letters and digits, and its own in each turn of a conversation, which only grows.
                    id: format!("sim{:06}", ask.messages.len()),
                    name: tool.name.clone(),
                    arguments: ascii_json(&Value::Object(arguments)),
                }],
                ..said
            }
        }
        (content, _) => AssistantMessage { content, ..said },
    }
}

/// The parameter that takes what is said: the one required parameter of a tool, if it is text.
fn speaking_param(tool: &ToolSpec) -> Option<&str> {
    let [Value::String(name)] = tool.parameters.get("required")?.as_array()?.as_slice() else {
        return None;
    };
    let kind = tool.parameters.get("properties")?.get(name)?.get("type")?;
    (kind == "string").then_some(name)
}

/// A deterministic estimate: four characters a token.
fn tokens(chars: usize) -> u64 {
    chars.div_ceil(4) as u64
}

fn input_chars(ask: &Ask) -> usize {
    let messages = ask.messages.iter().map(|message| match message {
        Message::System { content } | Message::User { content } | Message::Tool { content, .. } => {
            content.chars().count()
        }
        Message::Assistant(turn) => turn_chars(turn),
    });
    let tools = ask.tools.iter().map(|tool| {
        tool.name.chars().count()
            + tool.description.chars().count()
            + tool.parameters.to_string().chars().count()
    });
    messages.chain(tools).sum()
}

fn turn_chars(turn: &AssistantMessage) -> usize {
    let calls = turn.tool_calls.iter().flat_map(|call| [&call.name, &call.arguments]);
    turn.content.iter().chain(calls).map(|text| text.chars().count()).sum()
}
