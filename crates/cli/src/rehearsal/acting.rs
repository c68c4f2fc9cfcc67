//! Rehearsed agents: so many calls of tools, with outputs of a wanted length, in a sandbox that does nothing.

use serde_json::{Map, Value};
use unbent_core::{
    Act, Acted, Ask, AssistantMessage, BoxFuture, Done, Fault, Message, Observation, Observe, Sandbox,
    SandboxHost, ToolCall, TrialKey, WorldSpec,
};

/// Calls of tools before the answer: few, usual and many. Recorded runs of agents in such tasks have 0 to 37.
const CALLS: [usize; 3] = [4, 14, 36];
/// Bytes that a tool returns.
const OUTPUT: [usize; 3] = [250, 700, 2_000];

/// The turn of a rehearsed agent that calls a tool; none when it is through.
pub(super) fn turn(ask: &Ask, length: usize) -> Option<AssistantMessage> {
    let taken = ask.messages.iter().filter(|message| matches!(message, Message::Assistant(_))).count();
    let tool = ask.tools.first().filter(|_| taken < CALLS[length])?;
    let required = tool.parameters.get("required").and_then(Value::as_array).into_iter().flatten();
    let arguments: Map<_, _> = required
        .filter_map(|name| Some((name.as_str()?.to_owned(), Value::from(format!("rehearsal {taken}")))))
        .collect();
    let call = ToolCall {
        id: format!("call{taken}"),
        name: tool.name.clone(),
        arguments: Value::Object(arguments).to_string(),
    };
    Some(AssistantMessage { tool_calls: vec![call], ..AssistantMessage::text("Next I look at this.") })
}

/// Sandboxes in which nothing happens.
pub(super) struct Empty {
    pub(super) length: usize,
}

impl SandboxHost for Empty {
    fn open<'a>(
        &'a self,
        _trial: &'a TrialKey,
        _world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>> {
        Box::pin(async { Ok(Box::new(Self { length: self.length }) as Box<dyn Sandbox>) })
    }
}

impl Sandbox for Empty {
    fn act<'a>(&'a self, _act: &'a Act) -> BoxFuture<'a, Result<Acted, Fault>> {
        let stdout = "a line of output\n".repeat(OUTPUT[self.length] / 17);
        let done = Done::Exec { code: Some(0), cwd: "/".to_owned(), stdout, stderr: String::new() };
        Box::pin(async move { Ok(Acted { output: done.to_value(), elapsed_ms: 0 }) })
    }

    fn observe<'a>(&'a self, _observe: &'a Observe) -> BoxFuture<'a, Result<Observation, Fault>> {
        Box::pin(async { Ok(Observation { state: Value::Null }) })
    }
}
