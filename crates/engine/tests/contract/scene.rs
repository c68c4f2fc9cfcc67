//! A suite of one question a trial, put in the ways that a dialect must be able to put it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use unbent_core::{
    Ask, CaseId, History, Message, ModelRole, Need, Outcome, Sampling, Score, Step, Suite, SuiteId,
    ToolChoice, ToolSpec, UnscoredReason,
};

/// The suite.
pub(crate) struct Scene;

/// How the question is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Without tools.
    Plain,
    /// With a tool.
    Tool,
    /// With a tool, whose result goes back with a second question.
    ToolAndBack,
}

pub(crate) const SHAPES: [Shape; 3] = [Shape::Plain, Shape::Tool, Shape::ToolAndBack];

/// The question of a shape; every parameter is one that some dialects have no word for.
pub(crate) fn question(shape: Shape) -> Ask {
    let parameters =
        json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
    let say = ToolSpec { name: "say".into(), description: "Says it.".into(), parameters };
    Ask {
        role: ModelRole::Subject,
        messages: vec![Message::user("Hello?")],
        tools: if shape == Shape::Plain { vec![] } else { vec![say] },
        tool_choice: ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling {
            temperature: Some(0.5),
            max_tokens: Some(64),
            top_k: Some(5),
            repeat_penalty: Some(1.1),
            seed: Some(7),
            // Without it the Responses API is not asked for the reasoning that goes back.
            reasoning_effort: (shape == Shape::ToolAndBack).then(|| "high".to_owned()),
            ..Sampling::default()
        },
    }
}

impl Suite for Scene {
    type Spec = Shape;

    fn id(&self) -> SuiteId {
        "scene".into()
    }

    fn specs(&self) -> Vec<(CaseId, Shape)> {
        SHAPES.into_iter().map(|shape| (CaseId::new(format!("{shape:?}")), shape)).collect()
    }

    fn next(&self, shape: &Shape, history: &History) -> Step {
        if let Some(fault) = history.keys().find_map(|key| history.fault(key)) {
            let reason = UnscoredReason::SubjectFault(fault.kind);
            return Step::Done(Outcome::unscored(reason, fault.message.clone()));
        }
        let need =
            |key: &str, ask| Step::Needs(vec![Need { tries_if_empty: 2, ..Need::ask(key.into(), ask) }]);
        let mut ask = question(*shape);
        let Some(first) = history.reply(&"first".into()) else { return need("first", ask) };
        let said = match (shape, history.reply(&"back".into())) {
            (Shape::ToolAndBack, None) => {
                let message = first.message.clone();
                let results = message.tool_calls.iter().map(|call| Message::tool(call.id.clone(), "done"));
                let results: Vec<_> = results.collect();
                ask.messages.push(Message::Assistant(message));
                ask.messages.extend(results);
                return need("back", ask);
            }
            (_, back) => back.unwrap_or(first).message.content.clone().unwrap_or_default(),
        };
        let scores: BTreeMap<_, _> = [("said".to_owned(), Score::Label(said))].into();
        Step::Done(Outcome::Scored { scores: scores.into_iter().collect(), note: None })
    }
}
