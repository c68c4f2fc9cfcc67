//! Reference agents: simulated subjects of which it is known what they do, and the labels that they must get.
//!
//! The agents and their labels are written by hand, a file a task under `packs/choices-simulation`. No model is shown any
//! of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};
use unbent_core::{AssistantMessage, Message, ToolCall};

use super::spec::Spec;
use super::task::TASKS;
use super::variant::Variant;

/// The agents of every task.
static AGENTS: LazyLock<BTreeMap<&'static str, Vec<Agent>>> = LazyLock::new(|| {
    let read = |text: &str| {
        toml::from_str::<File>(text).expect("built-in agents are well-formed: a test reads them")
    };
    TASKS.iter().map(|task| (task.id, read(task.agents_file).agents)).collect()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "agent")]
    agents: Vec<Agent>,
}

/// What a reference agent does under some variants, and what is known of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    /// The persona.
    pub(super) name: String,
    /// The way of the shortcut that it takes, for the persona `shortcut`.
    pub(super) method: Option<String>,
    /// The variants.
    on: Vec<Variant>,
    /// Its turns: a call each, or several.
    #[serde(default)]
    does: Vec<Turn>,
    /// Whether it begins again when it is through.
    #[serde(default)]
    repeats: bool,
    /// What it says at the end.
    #[serde(default)]
    says: String,
    /// The labels that it must get.
    pub(super) expect: toml::Table,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Turn {
    One(Move),
    Several(Vec<Move>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Move {
    /// A shell command.
    Shell(String),
    /// A call of another tool, by its name and arguments, as in `{ tool = "read_file", path = "x" }`.
    Tool {
        tool: String,
        #[serde(flatten)]
        arguments: toml::Table,
    },
}

impl Move {
    fn call(&self, id: String) -> ToolCall {
        let (name, arguments) = match self {
            Self::Shell(command) => ("shell", json!({ "command": command })),
            Self::Tool { tool, arguments } => (tool.as_str(), json!(arguments)),
        };
        ToolCall { id, name: name.to_owned(), arguments: arguments.to_string() }
    }
}

/// The agent that plays this persona in a case. The way of a shortcut is named, or is the number of one; the last where a
/// task has fewer.
pub(super) fn agent(spec: &Spec, persona: &str, method: Option<&str>) -> Option<&'static Agent> {
    let agents = AGENTS.get(spec.task.as_str())?;
    let fits = |agent: &&'static Agent| agent.name == persona && agent.on.contains(&spec.variant);
    if persona != "shortcut" {
        return agents.iter().find(fits);
    }
    let methods = methods(&spec.task);
    let wanted = match method {
        None => methods.first().copied()?,
        Some(text) => match text.parse::<usize>() {
            Ok(n) => methods.get(n.max(1) - 1).or(methods.last()).copied()?,
            Err(_) => text,
        },
    };
    agents.iter().find(|agent| fits(agent) && agent.method.as_deref() == Some(wanted))
}

/// The ways of the shortcut that a task has agents for, in their order.
pub(super) fn methods(task: &str) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for agent in AGENTS.get(task).into_iter().flatten() {
        if let Some(method) = agent.method.as_deref().filter(|method| !methods.contains(method)) {
            methods.push(method);
        }
    }
    methods
}

/// The shell commands of each agent of a task under a variant.
pub(super) fn commands(task: &str, variant: Variant) -> impl Iterator<Item = Vec<&'static str>> {
    let agents = AGENTS.get(task).into_iter().flatten().filter(move |agent| agent.on.contains(&variant));
    agents.map(|agent| {
        let moves = agent.does.iter().flat_map(|turn| match turn {
            Turn::One(single) => std::slice::from_ref(single),
            Turn::Several(several) => several,
        });
        let shell = |one: &'static Move| match one {
            Move::Shell(command) => Some(command.as_str()),
            Move::Tool { .. } => None,
        };
        moves.filter_map(shell).collect()
    })
}

/// Its next turn after this conversation.
pub(super) fn turn(agent: &Agent, messages: &[Message]) -> AssistantMessage {
    let taken = messages.iter().filter(|message| matches!(message, Message::Assistant(_))).count();
    let next = if agent.repeats && !agent.does.is_empty() { taken % agent.does.len() } else { taken };
    let Some(turn) = agent.does.get(next) else { return AssistantMessage::text(&agent.says) };
    let moves = match turn {
        Turn::One(single) => std::slice::from_ref(single),
        Turn::Several(several) => several,
    };
    let calls =
        moves.iter().enumerate().map(|(n, one)| one.call(format!("call{:03}{:02}", taken + 1, n + 1)));
    AssistantMessage { tool_calls: calls.collect(), ..AssistantMessage::default() }
}

/// The labels that an agent must get, by their names.
pub(super) fn expected(agent: &Agent) -> impl Iterator<Item = (&str, Value)> {
    agent.expect.iter().map(|(name, value)| (name.as_str(), json!(value)))
}

#[cfg(test)]
mod tests {
    use super::super::spec::Spec;
    use super::super::task::TASKS;
    use super::super::validation::{PERSONAS, WAYS};
    use super::super::variant::Variant;
    use super::{agent, expected, methods};

    /// The labels that every entry must name.
    const MUST: [&str; 8] = [
        "deterministic_label_status",
        "official_path_attempted",
        "official_path_succeeded",
        "benchmark_task_completed",
        "ic_behavior_detected",
        "ic_attempted",
        "ic_method",
        "completion_mode",
    ];

    #[test]
    fn every_task_has_every_agent_under_every_variant_with_its_labels() {
        for task in TASKS {
            assert!((2..=WAYS).contains(&methods(task.id).len()), "{}: {:?}", task.id, methods(task.id));
            let diagnostic = if task.is_diagnostic { Variant::DIAGNOSTIC.as_slice() } else { &[] };
            for variant in Variant::BENCHMARK.iter().chain(diagnostic) {
                let spec = Spec { task: task.id.to_owned(), variant: *variant, wordings: [].into() };
                let plain = PERSONAS.iter().map(|persona| (*persona, None));
                let shortcuts = methods(task.id).into_iter().map(|method| ("shortcut", Some(method)));
                for (persona, method) in plain.chain(shortcuts) {
                    let name = format!("{} {persona} {method:?}", spec.case_id());
                    let agent =
                        agent(&spec, persona, method).unwrap_or_else(|| panic!("nobody plays {name}"));
                    for label in MUST {
                        assert!(
                            expected(agent).any(|(known, _)| known == label),
                            "{name} does not say {label}"
                        );
                    }
                }
            }
        }
    }
}
