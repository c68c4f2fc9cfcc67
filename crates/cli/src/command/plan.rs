//! `unbent plan`: what a run asks, and what waits for what.
//!
//! Found by asking the suite: a simulated steadfast subject goes through every case, and a need waits for the answers
//! without which the suite would not name it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{
    Acted, Answer, AssistantMessage, ByRole, Call, Case, Done, History, Message, ModelRole, Need, NeedKey,
    NeedKind, Observation, Reply, Step, Stream, SuiteError, Supplied, ToolCall, TrialKey,
};
use unbent_report::thousands;
use unbent_suites::kit::Benchmark;

use crate::args::PlanArgs;
use crate::error::{CommandError, Exit};
use crate::output;
use crate::session::open_suite;
use crate::setups::setup;

pub(super) fn plan(args: &PlanArgs, json: bool) -> Result<Exit, CommandError> {
    let suite = open_suite(&args.suite, &setup(&args.setup, &args.suite)?)?;
    let mut nodes = Vec::new();
    let cases = suite.cases();
    let acts = cases.iter().any(|case| case.world.is_some());
    for case in cases {
        nodes.push(
            case_nodes(&*suite, &case)
                .map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?,
        );
    }
    let alike = alike(&nodes);
    let nodes: Vec<_> = nodes.iter().flatten().collect();
    if json {
        let rows: Vec<_> = nodes.iter().map(|node| node.to_json()).collect();
        output::line(&format!("{:#}", Value::from(rows)));
        return Ok(Exit::Done);
    }
    for (shape, others) in &alike {
        let Some(first) = shape.first() else { continue };
        match others {
            0 => output::line(&first.case),
            _ => output::line(&format!("{} and {} others", first.case, thousands(*others))),
        }
        for node in *shape {
            let after = if node.after.is_empty() {
                String::new()
            } else {
                format!("  after {}", node.after.join(", "))
            };
            output::line(&format!("  {:20} {:8}{after}", node.need, node.kind));
        }
    }
    let asked = |kind: &str| nodes.iter().filter(|node| node.kind == kind).count();
    let asked = ByRole::of(|role| asked(role.name()));
    let guard = if asked.guard > 0 { format!(", {} to the guard", asked.guard) } else { String::new() };
    let (subject, judge) = (asked.subject, asked.judge);
    output::line(&format!(
        "\n{} nodes a set: {subject} questions to the subject, {judge} to the judge{guard}; each set is asked --repeats times of each --model",
        nodes.len()
    ));
    if acts {
        output::line("an agent's turns go on for as long as it calls tools; one call is shown");
    }
    Ok(Exit::Done)
}

/// Cases in their order with how many others stand for the same; only of a large suite are any taken together.
fn alike(cases: &[Vec<Node>]) -> Vec<(&[Node], u64)> {
    const SHOWN_EACH: usize = 64;
    let same = |a: &[Node], b: &[Node]| {
        let shape = |node: &Node| (node.need.clone(), node.kind, node.after.clone());
        a.iter().map(shape).eq(b.iter().map(shape))
    };
    let mut shown: Vec<(&[Node], u64)> = Vec::new();
    for case in cases {
        match shown.iter_mut().find(|(known, _)| cases.len() > SHOWN_EACH && same(known, case)) {
            Some((_, others)) => *others += 1,
            None => shown.push((case, 0)),
        }
    }
    shown
}

/// Something that a trial needs, and the needs that it waits for.
struct Node {
    case: String,
    need: String,
    kind: &'static str,
    after: Vec<String>,
}

impl Node {
    fn to_json(&self) -> Value {
        json!({ "case": self.case, "need": self.need, "kind": self.kind, "after": self.after })
    }
}

fn case_nodes(suite: &dyn Benchmark, case: &Case) -> Result<Vec<Node>, SuiteError> {
    let mut history = History::new();
    let mut waits: BTreeMap<NeedKey, Vec<NeedKey>> = BTreeMap::new();
    for inherit in &case.inherits {
        history.supply(inherit.need.clone(), supplied(AssistantMessage::text("I'm Ada.")));
    }
    let mut nodes = Vec::new();
    while let Step::Needs(needs) = suite.next(case, &history)? {
        let fresh: Vec<Need> = needs.into_iter().filter(|need| !waits.contains_key(&need.key)).collect();
        let Some(need) = fresh.first() else { break };
        let mut after = Vec::new();
        for key in history.keys() {
            if !names(suite, case, &without(&history, key), &need.key)? {
                after.push(key.clone());
            }
        }
        // What a need waits for only because something else does goes without saying.
        let implied: Vec<_> = after.iter().filter_map(|key| waits.get(key)).flatten().cloned().collect();
        let direct: Vec<_> =
            after.iter().filter(|key| !implied.contains(key)).map(ToString::to_string).collect();
        let inherited = case.inherits.iter().filter(|_| waits.is_empty());
        let inherited = inherited.map(|inherit| format!("{}: {}", inherit.case, inherit.need));
        let direct: Vec<_> = direct.into_iter().chain(inherited).collect();
        nodes.push(Node {
            case: case.id.to_string(),
            need: need.key.to_string(),
            kind: kind(need),
            after: direct,
        });
        waits.insert(need.key.clone(), after);
        history.supply(need.key.clone(), answer(suite, case, need));
    }
    Ok(nodes)
}

fn kind(need: &Need) -> &'static str {
    match &need.kind {
        NeedKind::Ask(ask) => ask.role.name(),
        NeedKind::Act(_) => "tool",
        NeedKind::Observe(_) => "state",
    }
}

fn names(suite: &dyn Benchmark, case: &Case, history: &History, key: &NeedKey) -> Result<bool, SuiteError> {
    Ok(match suite.next(case, history)? {
        Step::Needs(needs) => needs.iter().any(|need| need.key == *key),
        Step::Done(_) => false,
    })
}

fn without(history: &History, key: &NeedKey) -> History {
    let mut fewer = History::new();
    for other in history.keys().filter(|other| *other != key) {
        if let Some(supplied) = history.get(other) {
            fewer.supply(other.clone(), supplied.clone());
        }
    }
    fewer
}

fn answer(suite: &dyn Benchmark, case: &Case, need: &Need) -> Supplied {
    let ask = match &need.kind {
        NeedKind::Ask(ask) => ask,
        NeedKind::Act(_) => {
            let nothing = String::new();
            let done =
                Done::Exec { code: Some(0), cwd: "/".to_owned(), stdout: nothing.clone(), stderr: nothing };
            return Supplied::Answer(Answer::Acted(Acted { output: done.to_value(), elapsed_ms: 0 }));
        }
        NeedKind::Observe(_) => {
            let state = Observation { state: Value::Null };
            return Supplied::Answer(Answer::Observation(state));
        }
    };
    if case.world.is_some() && !ask.messages.iter().any(|message| matches!(message, Message::Assistant(_))) {
        // An agent that calls one tool, so that it is seen how its turns follow each other.
        let (id, name) = ("plan".to_owned(), "shell".to_owned());
        let call = ToolCall { id, name, arguments: json!({ "command": "true" }).to_string() };
        return supplied(AssistantMessage { tool_calls: vec![call], ..AssistantMessage::default() });
    }
    if ask.role == ModelRole::Judge {
        return supplied(AssistantMessage::text(suite.judge(ask).unwrap_or_default().to_string()));
    }
    let trial =
        TrialKey { suite: case.suite.clone(), case: case.id.clone(), subject: "plan".into(), repeat: 1 };
    let call = Call { ask, case, trial: &trial, need: &need.key, tried: 1, run_seed: 0 };
    let stream = Stream::new(0, "plan", "");
    if ask.role == ModelRole::Guard {
        let decision = suite.guard("steadfast", &BTreeMap::new(), &call, stream).unwrap_or_default();
        return supplied(AssistantMessage::text(decision.to_string()));
    }
    let said = suite.speak("steadfast", &BTreeMap::new(), &call, stream);
    supplied(said.unwrap_or_else(|| AssistantMessage::text("Yes.")))
}

fn supplied(message: AssistantMessage) -> Supplied {
    Supplied::Answer(Answer::Reply(Box::new(Reply::of(message))))
}
