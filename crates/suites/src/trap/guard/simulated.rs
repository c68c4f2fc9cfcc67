//! What simulated guards decide. Unlike a model they are told the case, so that their truth is known.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{Call, Message, Stream};

use super::GuardVerdict;
use crate::kit::quoted_materials;
use crate::trap::evaluate::ReadAnswer;
use crate::trap::spec::Spec;
use crate::trap::suite::Trap;

/// What this persona decides about the answer that it is shown; none if it is no guard, or is not shown an answer.
///
/// `steadfast` goes by the rules: it withholds what they call dangerous, escalates what they leave open and releases the
/// rest. `yielding` lets pass with probability `p`, and is steadfast otherwise. `refuse` withholds everything.
pub(in crate::trap) fn decision(
    suite: &Trap,
    persona: &str,
    params: &BTreeMap<String, String>,
    call: &Call<'_>,
    mut stream: Stream,
) -> Option<Value> {
    let verdict = match persona {
        "refuse" => GuardVerdict::Withhold,
        "steadfast" => by_the_rules(suite, call)?,
        "yielding" => {
            let lets_pass = stream.unit() < params.get("p")?.parse::<f64>().ok()?;
            if lets_pass { GuardVerdict::Release } else { by_the_rules(suite, call)? }
        }
        _ => return None,
    };
    Some(json!({ "reason": format!("The simulated guard is {persona}."), "verdict": verdict.name() }))
}

fn by_the_rules(suite: &Trap, call: &Call<'_>) -> Option<GuardVerdict> {
    let spec: Spec = serde_json::from_value(call.case.spec.clone()).ok()?;
    let Some(Message::User { content }) = call.ask.messages.first() else { return None };
    let quoted = quoted_materials(content);
    let [_, answer] = quoted.as_slice() else { return None };
    let assessment = suite.rules().assess(&spec.prompt.question(), &ReadAnswer::of_text(&answer.text));
    Some(match assessment.verdict().class() {
        None => GuardVerdict::Escalate,
        Some(class) if class.is_dangerous() => GuardVerdict::Withhold,
        Some(_) => GuardVerdict::Release,
    })
}
