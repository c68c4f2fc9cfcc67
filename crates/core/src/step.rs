//! What a trial wants next, and what it gets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Ask, NeedKey, Outcome, Reply};

/// What a trial says when it is shown its history.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Every need that is ready and not answered yet, those in flight included. They may be met in parallel and in
    /// any order. Never empty.
    Needs(Vec<Need>),
    /// The trial is over.
    Done(Outcome),
}

/// Something that a trial needs from the world.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Its name within the trial.
    pub key: NeedKey,
    /// What is needed.
    pub kind: NeedKind,
    /// How often a model is asked in all while it answers with nothing; 1 takes the first empty answer for final.
    pub tries_if_empty: u32,
}

impl Need {
    /// The need to ask a model, up to three times while it answers with nothing.
    pub fn ask(key: NeedKey, ask: Ask) -> Self {
        Self { key, kind: NeedKind::Ask(ask), tries_if_empty: 3 }
    }

    /// The need to run a tool.
    pub fn act(key: NeedKey, act: Act) -> Self {
        Self { key, kind: NeedKind::Act(act), tries_if_empty: 1 }
    }

    /// The need to take a picture of the world's state.
    pub fn observe(key: NeedKey, observe: Observe) -> Self {
        Self { key, kind: NeedKind::Observe(observe), tries_if_empty: 1 }
    }
}

/// The kinds of need.
#[expect(clippy::large_enum_variant, reason = "nearly every need asks a model, so a box would only cost")]
#[derive(Debug, Clone, PartialEq)]
pub enum NeedKind {
    /// Ask a model.
    Ask(Ask),
    /// Run a tool in the trial's sandbox.
    Act(Act),
    /// Take a picture of the state of the trial's world.
    Observe(Observe),
}

/// A tool to run in the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
}

/// What a tool did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    /// What it returned.
    pub output: Value,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub elapsed_ms: u64,
}

/// A picture to take of the world's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observe {
    /// Which part of the state, in the words of the suite.
    pub scope: String,
}

/// A picture of the world's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The state.
    pub state: Value,
}

/// What the world supplied for a need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// A model's answer.
    Reply(Box<Reply>),
    /// A tool's result.
    Acted(Acted),
    /// A picture of the state.
    Observation(Observation),
}
