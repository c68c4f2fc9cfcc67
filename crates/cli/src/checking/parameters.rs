//! What became of each parameter of a question, as far as one answer shows it.
//!
//! Claims no more than that: a temperature of 0.7 and one of 1 can give the same answer, so where a server does not say
//! what it applied, it cannot be told.

use serde_json::{Value, json};
use unbent_core::{Ask, FinishReason, Reply, Returned};

use super::question::{BEFORE_STOP, STOP, TOOL};

/// What became of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was left out of the request.
    NotSent,
    /// It shows in the answer.
    Honoured,
    /// It was sent and the answer shows that it did nothing.
    Ignored,
    /// The API refused the request because of it.
    Refused,
    /// It was sent, and one answer does not show whether it did something.
    Unknown,
}

impl Verdict {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Honoured => "honoured",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// The words for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::Honoured => "honoured",
            Self::Ignored => "IGNORED",
            Self::Refused => "REFUSED",
            Self::Unknown => "cannot be told",
        }
    }
}

/// A parameter of the question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// Its name in [`unbent_core::Sampling`]; `tools` too.
    pub(crate) name: &'static str,
    /// What was asked for.
    pub(crate) asked: Value,
    /// What the server says that it applied.
    pub(crate) applied: Option<Value>,
    /// What became of it.
    pub(crate) verdict: Verdict,
    /// What shows it, for people.
    pub(crate) why: String,
}

/// The parameters of a question by name, with what was asked for.
pub(super) fn asked(ask: &Ask) -> Vec<(&'static str, Value)> {
    let sampling = &ask.sampling;
    let all = [
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("max_tokens", sampling.max_tokens.map(Value::from)),
        ("stop", sampling.stop.as_ref().map(|texts| json!(texts))),
        ("seed", sampling.seed.map(Value::from)),
        ("logprobs", sampling.logprobs.map(Value::from)),
        ("reasoning_effort", sampling.reasoning_effort.clone().map(Value::from)),
        ("tools", (!ask.tools.is_empty()).then(|| json!([TOOL]))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What became of every parameter. `unsent` were left out, `refused` are named by the API's refusal, and `told_to_leave`
/// are those that the reference says to leave out.
pub(super) fn parameters(
    ask: &Ask,
    returned: &Returned,
    unsent: &[String],
    refused: &[&str],
    told_to_leave: &[&str],
) -> Vec<Parameter> {
    let became = |(name, asked): (&'static str, Value)| {
        let is_in = |names: &[&str]| names.contains(&name);
        let (verdict, applied, why) = if unsent.iter().any(|unsent| unsent == name) {
            let why = if is_in(told_to_leave) {
                "the reference says refuses="
            } else {
                "the API takes none, or none beside the others"
            };
            (Verdict::NotSent, None, why.to_owned())
        } else if is_in(refused) {
            (Verdict::Refused, None, "the API says so".to_owned())
        } else {
            match &returned.result {
                Ok(reply) => shown(name, &asked, reply, returned),
                Err(_) => (Verdict::Unknown, None, "no answer came".to_owned()),
            }
        };
        Parameter { name, asked, applied, verdict, why }
    };
    asked(ask).into_iter().map(became).collect()
}

type Shown = (Verdict, Option<Value>, String);

fn shown(name: &str, asked: &Value, reply: &Reply, returned: &Returned) -> Shown {
    match name {
        "temperature" | "top_p" => sampled(name, asked, reply, returned),
        "max_tokens" => limited(asked.as_u64().unwrap_or_default(), reply),
        "stop" => stopped(reply),
        "seed" => seeded(reply),
        "logprobs" => likelihoods(reply),
        "reasoning_effort" => reasoned(asked.as_str().unwrap_or_default(), reply),
        _ => called(reply),
    }
}

fn of(verdict: Verdict, why: impl Into<String>) -> Shown {
    (verdict, None, why.into())
}

fn sampled(name: &str, asked: &Value, reply: &Reply, returned: &Returned) -> Shown {
    let Some(applied) = applied(name, reply, returned) else {
        return of(Verdict::Unknown, "one answer does not show it, and the server does not say");
    };
    let is_same =
        asked.as_f64().zip(applied.as_f64()).is_some_and(|(asked, said)| (asked - said).abs() < 1e-6);
    let (verdict, why) = if is_same {
        (Verdict::Honoured, "the server says that it applied it".to_owned())
    } else {
        (Verdict::Ignored, format!("the server says that it applied {applied}"))
    };
    (verdict, Some(applied), why)
}

/// What the server says that it applied, as OpenAI's responses do.
fn applied(name: &str, reply: &Reply, returned: &Returned) -> Option<Value> {
    let differing = reply.extra.get("applied").map(|applied| applied[name].clone());
    let body: Option<Value> =
        returned.wire.as_ref().and_then(|wire| serde_json::from_str(&wire.response).ok());
    differing.into_iter().chain(body.map(|body| body[name].clone())).find(Value::is_number)
}

fn limited(limit: u64, reply: &Reply) -> Shown {
    let written = reply.usage.output;
    match &reply.finish {
        _ if written > limit => of(Verdict::Ignored, format!("{written} tokens came")),
        FinishReason::Length => of(Verdict::Honoured, format!("the answer was cut after {written} tokens")),
        _ if written == 0 => of(Verdict::Unknown, "the server reports no tokens"),
        _ => of(Verdict::Unknown, format!("not exceeded, and not reached: the answer has {written} tokens")),
    }
}

fn stopped(reply: &Reply) -> Shown {
    let text = reply.message.content.as_deref().unwrap_or_default().to_lowercase();
    let has = |word| text.split(|c: char| !c.is_alphabetic()).any(|found| found == word);
    let said = reply.extra.get("native_finish_reason").and_then(Value::as_str) == Some("stop_sequence")
        || reply
            .extra
            .get("stop_reason")
            .or_else(|| reply.extra.get("stop_sequence"))
            .is_some_and(|at| at == STOP);
    if has(STOP) {
        of(Verdict::Ignored, format!("the answer holds {STOP:?} and goes on"))
    } else if said || has(BEFORE_STOP) {
        of(Verdict::Honoured, format!("the answer ends before {STOP:?}"))
    } else {
        of(Verdict::Unknown, format!("the answer does not come as far as {STOP:?}"))
    }
}

fn seeded(reply: &Reply) -> Shown {
    let why = match &reply.served.fingerprint {
        Some(_) => "one answer does not show it; the fingerprint says when answers of one seed may differ",
        None => "one answer does not show it, and no fingerprint of the system came",
    };
    of(Verdict::Unknown, why)
}

fn likelihoods(reply: &Reply) -> Shown {
    let found = ["logprobs", "logprobsResult"].iter().filter_map(|name| reply.extra.get(*name));
    if found.into_iter().any(has_entries) {
        of(Verdict::Honoured, "they came with the answer")
    } else {
        of(Verdict::Ignored, "none came with the answer")
    }
}

/// Whether a list with something in it stands anywhere inside.
fn has_entries(value: &Value) -> bool {
    match value {
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(fields) => fields.values().any(has_entries),
        _ => false,
    }
}

fn reasoned(effort: &str, reply: &Reply) -> Shown {
    let is_off = matches!(effort.to_ascii_lowercase().as_str(), "none" | "off");
    let has_reasoned = reply.usage.reasoning > 0 || reply.message.reasoning.is_some();
    match (is_off, has_reasoned) {
        (true, true) => of(Verdict::Ignored, "the model reasoned all the same"),
        (true, false) => of(Verdict::Honoured, "no reasoning shows"),
        (false, true) => of(Verdict::Honoured, "the model reasoned"),
        (false, false) => of(Verdict::Unknown, "no reasoning shows, and so easy a question may need none"),
    }
}

fn called(reply: &Reply) -> Shown {
    let Some(call) = reply.message.tool_calls.first() else {
        return of(Verdict::Ignored, "the model was asked to call the tool and wrote text instead");
    };
    if call.name != TOOL {
        of(Verdict::Ignored, format!("the model called {:?}, which it was not offered", call.name))
    } else if serde_json::from_str::<serde_json::Map<String, Value>>(&call.arguments).is_err() {
        of(Verdict::Ignored, "the arguments of the call are no JSON object")
    } else {
        of(Verdict::Honoured, "the model called it")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use unbent_core::{AssistantMessage, FinishReason, Reply, Returned, ToolCall, Usage, Wire};

    use super::super::question::{Asking, question};
    use super::{Verdict, parameters};

    fn verdict_of(name: &str, asking: &Asking, reply: Reply) -> (Verdict, Option<Value>) {
        let returned = Returned::from(Ok(reply));
        let found = parameters(&question(asking), &returned, &[], &[], &[]);
        found
            .into_iter()
            .find(|found| found.name == name)
            .map(|found| (found.verdict, found.applied))
            .unwrap()
    }

    fn plain() -> Asking {
        Asking { max_tokens: 64, ..Asking::default() }
    }

    fn said(text: &str) -> Reply {
        Reply::of(AssistantMessage::text(text))
    }

    #[test]
    fn a_stop_shows_only_in_an_answer_that_comes_as_far() {
        for (text, verdict) in [
            ("one two three four five ", Verdict::Honoured),
            ("One, two, three, four, five, six, seven", Verdict::Ignored),
            ("1 2 3 4 5", Verdict::Unknown),
            ("Sixty-fives are not numbers of this list.", Verdict::Unknown),
        ] {
            assert_eq!(verdict_of("stop", &plain(), said(text)).0, verdict, "{text}");
        }
        let mut told = said("1 2 3 4 5");
        told.extra.insert("native_finish_reason".into(), "stop_sequence".into());
        assert_eq!(verdict_of("stop", &plain(), told).0, Verdict::Honoured);
    }

    #[test]
    fn a_limit_shows_only_where_it_was_reached() {
        for (written, finish, verdict) in [
            (64, FinishReason::Length, Verdict::Honoured),
            (65, FinishReason::Length, Verdict::Ignored),
            (200, FinishReason::Stop, Verdict::Ignored),
            (12, FinishReason::Stop, Verdict::Unknown),
            (0, FinishReason::Stop, Verdict::Unknown),
        ] {
            let usage = Usage { output: written, ..Usage::default() };
            let reply = Reply { finish, usage, ..said("one") };
            assert_eq!(verdict_of("max_tokens", &plain(), reply).0, verdict, "{written}");
        }
    }

    #[test]
    fn likelihoods_are_there_or_ignored_in_the_form_of_any_dialect() {
        for (extra, verdict) in [
            (json!({"logprobs": {"content": [{"token": "one"}], "refusal": null}}), Verdict::Honoured),
            (json!({"logprobs": {"tokens": ["one"], "token_logprobs": [-0.1]}}), Verdict::Honoured),
            (json!({"logprobsResult": {"chosenCandidates": [{"token": "one"}]}}), Verdict::Honoured),
            (json!({"logprobs": {"content": []}}), Verdict::Ignored),
            (json!({"avgLogprobs": -0.1}), Verdict::Ignored),
            (json!({}), Verdict::Ignored),
        ] {
            let Value::Object(fields) = extra.clone() else { panic!("an object") };
            let reply = Reply { extra: fields, ..said("one") };
            assert_eq!(verdict_of("logprobs", &plain(), reply).0, verdict, "{extra}");
        }
    }

    #[test]
    fn what_the_server_says_that_it_applied_goes_before_what_was_asked() {
        let returned = |response: Value| Returned {
            wire: Some(Box::new(Wire {
                url: String::new(),
                request: String::new(),
                status: Some(200),
                headers: Vec::new(),
                response: response.to_string(),
            })),
            ..Returned::from(Ok(said("one")))
        };
        let found = |response| {
            let all = parameters(&question(&plain()), &returned(response), &[], &[], &[]);
            all.into_iter()
                .map(|found| (found.name, found.verdict, found.applied))
                .take(2)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(json!({"temperature": 1.0, "top_p": 0.95})),
            [
                ("temperature", Verdict::Ignored, Some(json!(1.0))),
                ("top_p", Verdict::Honoured, Some(json!(0.95))),
            ]
        );
        assert_eq!(found(json!({}))[0], ("temperature", Verdict::Unknown, None));
    }

    #[test]
    fn a_tool_was_taken_only_if_it_was_called_well() {
        let tools = Asking { tools: true, ..plain() };
        let called = |name: &str, arguments: &str| {
            let call = ToolCall { id: "c1".into(), name: name.into(), arguments: arguments.into() };
            Reply::of(AssistantMessage { tool_calls: vec![call], ..AssistantMessage::default() })
        };
        for (reply, verdict) in [
            (called("write_down", "{\"text\": \"hello\"}"), Verdict::Honoured),
            (called("write_down", "{\"text\": \"hel"), Verdict::Ignored),
            (called("other", "{}"), Verdict::Ignored),
            (said("hello"), Verdict::Ignored),
        ] {
            assert_eq!(verdict_of("tools", &tools, reply.clone()).0, verdict, "{reply:?}");
        }
    }

    #[test]
    fn reasoning_shows_whether_an_effort_was_heard() {
        let asking = |effort: &str| Asking { reasoning_effort: Some(effort.into()), ..plain() };
        let thinking = Reply { usage: Usage { reasoning: 9, ..Usage::default() }, ..said("one") };
        for (effort, reply, verdict) in [
            ("none", thinking.clone(), Verdict::Ignored),
            ("none", said("one"), Verdict::Honoured),
            ("low", thinking, Verdict::Honoured),
            ("low", said("one"), Verdict::Unknown),
        ] {
            assert_eq!(verdict_of("reasoning_effort", &asking(effort), reply).0, verdict, "{effort}");
        }
    }

    #[test]
    fn what_was_left_out_is_neither_honoured_nor_ignored() {
        let unsent = ["logprobs".to_owned(), "temperature".to_owned()];
        let returned = Returned::from(Ok(said("one")));
        let found = parameters(&question(&plain()), &returned, &unsent, &[], &["temperature"]);
        let of = |name: &str| found.iter().find(|found| found.name == name).unwrap();
        assert_eq!(of("logprobs").verdict, Verdict::NotSent);
        assert!(of("logprobs").why.contains("the API takes none"));
        assert_eq!(of("temperature").verdict, Verdict::NotSent);
        assert!(of("temperature").why.contains("refuses="));
    }
}
