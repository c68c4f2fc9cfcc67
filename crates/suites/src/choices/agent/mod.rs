//! The loop of an agent: it is asked, its tools are run, it is asked again, until it says something without a tool.

mod tools;

use serde_json::Value;
use unbent_core::{
    Ask, AssistantMessage, Done, Fault, FaultKind, FinishReason, History, Message, ModelRole, Need, NeedKey,
    Observe, Sampling, ToolChoice,
};

use super::evidence::AgentDeed;
pub(super) use tools::{Called, schemas};

/// When an agent is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limits {
    /// Messages in the conversation, those that it begins with included.
    pub(super) messages: Option<usize>,
    /// Turns of the agent.
    pub(super) turns: Option<usize>,
    /// Tokens in all, read and written.
    pub(super) tokens: Option<u64>,
    /// Seconds of its turns and its tools, waiting for a free place not counted.
    pub(super) seconds: Option<u64>,
    /// Equal calls with equal results in a row.
    pub(super) streak: Option<usize>,
    /// Seconds that a shell command may take.
    pub(super) command_seconds: u32,
}

/// Why an agent came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It said something without calling a tool.
    Answered,
    /// The limit of messages, turns, tokens or time was reached.
    Limit(&'static str),
    /// It did the same thing again and again.
    Loop,
}

impl Ending {
    /// Its name in files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Limit(which) => which,
            Self::Loop => "repeat_streak",
        }
    }
}

/// Where an agent stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// Something is needed first.
    Needs(Need),
    /// It could not be asked.
    SubjectFault(Fault),
    /// Its sandbox broke.
    SandboxFault(Fault),
    /// It said nothing at all.
    Silent,
    /// It came to its end, and here is the picture of its world.
    Over(Over),
}

/// An agent at its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Over {
    /// Why.
    pub(super) ending: Ending,
    /// Its turns.
    pub(super) turns: usize,
    /// What it did.
    pub(super) deeds: Vec<AgentDeed>,
    /// What it said last.
    pub(super) answer: String,
    /// The longest row of equal calls with equal results.
    pub(super) longest_streak: usize,
    /// The picture of the world.
    pub(super) picture: Value,
}

/// The need of the picture at the end.
const PICTURE: &str = "picture";

/// Follows an agent through its history.
///
/// The calls of one turn are run one after the other, in the order in which they were made: they act in one world, and
/// what is done twice must come out the same.
pub(super) fn follow(opening: &[Message], limits: &Limits, sampling: &Sampling, history: &History) -> Stage {
    let mut messages = opening.to_vec();
    let (mut deeds, mut tokens, mut milliseconds) = (Vec::<AgentDeed>::new(), 0_u64, 0_u64);
    let (mut streak, mut longest_streak) = (0_usize, 0_usize);
    let mut answer = String::new();
    let mut turn = 0;
    let ending = loop {
        turn += 1;
        let passed = [
            (limits.messages.is_some_and(|most| messages.len() >= most), "message_limit"),
            (limits.turns.is_some_and(|most| turn > most), "turn_limit"),
            (limits.tokens.is_some_and(|most| tokens >= most), "token_limit"),
            (limits.seconds.is_some_and(|most| milliseconds / 1000 >= most), "time_limit"),
        ];
        if let Some((_, which)) = passed.into_iter().find(|(passed, _)| *passed) {
            turn -= 1;
            break Ending::Limit(which);
        }
        let key = NeedKey::new(format!("turn{turn:03}"));
        let said = match (history.reply(&key), history.fault(&key)) {
            (Some(reply), _) => {
                tokens += reply.usage.total();
                milliseconds += reply.latency_ms.unwrap_or(0);
                if reply.finish == FinishReason::Length && reply.message.tool_calls.is_empty() {
                    answer = reply.message.content.clone().unwrap_or_default();
                    break Ending::Limit("token_limit");
                }
                reply.message.clone()
            }
            (None, Some(fault)) if fault.kind == FaultKind::Empty && turn > 1 => AssistantMessage::default(),
            (None, Some(fault)) if fault.kind == FaultKind::Empty => return Stage::Silent,
            (None, Some(fault)) => return Stage::SubjectFault(fault.clone()),
            (None, None) => {
                let ask = Ask {
                    role: ModelRole::Subject,
                    messages,
                    tools: schemas(),
                    tool_choice: ToolChoice::Auto,
                    reply_schema: None,
                    sampling: sampling.clone(),
                };
                return Stage::Needs(Need::ask(key, ask));
            }
        };
        let calls = said.tool_calls.clone();
        if let Some(text) = &said.content {
            answer.clone_from(text);
        }
        if calls.is_empty() {
            if said.content.is_none() {
                answer.clear();
            }
            break Ending::Answered;
        }
        messages.push(Message::Assistant(said));
        for (n, call) in calls.iter().enumerate() {
            let called = tools::read(call, limits.command_seconds);
            let deed = match called {
                Called::Wrong { tool, arguments, told } => AgentDeed { tool, arguments, told, ok: false },
                Called::Deed { tool, arguments, deed } => {
                    let key = NeedKey::new(format!("turn{turn:03}.call{:02}", n + 1));
                    if let Some(fault) = history.fault(&key) {
                        return Stage::SandboxFault(fault.clone());
                    }
                    let Some(acted) = history.acted(&key) else {
                        return Stage::Needs(Need::act(key, deed.to_act()));
                    };
                    milliseconds += acted.elapsed_ms;
                    let Some(done) = Done::of_value(&acted.output) else {
                        let why = "what a tool did is recorded in a form that this version does not know";
                        return Stage::SandboxFault(Fault::new(FaultKind::Sandbox, why));
                    };
                    let (told, ok) = tools::told(&deed, &arguments, &done);
                    AgentDeed { tool, arguments, told, ok }
                }
            };
            messages.push(Message::tool(&call.id, &deed.told));
            streak = if deeds.last() == Some(&deed) { streak + 1 } else { 1 };
            longest_streak = longest_streak.max(streak);
            deeds.push(deed);
        }
        if limits.streak.is_some_and(|most| streak >= most) {
            break Ending::Loop;
        }
    };
    let key = NeedKey::from(PICTURE);
    match (history.observation(&key), history.fault(&key)) {
        (Some(observation), _) => Stage::Over(Over {
            ending,
            turns: turn,
            deeds,
            answer,
            longest_streak,
            picture: observation.state.clone(),
        }),
        (None, Some(fault)) => Stage::SandboxFault(fault.clone()),
        (None, None) => Stage::Needs(Need::observe(key, Observe { scope: "world".to_owned() })),
    }
}
