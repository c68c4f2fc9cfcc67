//! What the name of a model asks for, and the answer that follows. Knows no dialect.

use serde_json::Value;

use crate::ask::{Ask, Tool, Wanted};
use crate::dialect::Dialect;
use crate::fault::FaultKind;
use crate::issued::Issued;
use crate::options::Options;
use crate::reply::{Arguments, Call, Finish, Reply, Usage};
use crate::schema::instance;
use crate::text::text_of;

/// What the name of a model asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario<'a> {
    Text,
    Tools,
    TalkByTool,
    ParallelTools,
    BadArguments,
    Reasoning,
    ReasoningTools,
    Length,
    Refusal,
    Logprobs,
    Cached,
    Image,
    Unpinned,
    Priced,
    Fault(FaultKind),
    /// Refuses the parameter of this name.
    Strict(&'a str),
}

impl<'a> Scenario<'a> {
    /// Reads a model's name; only what follows its last slash counts, and an unknown name answers with text.
    pub(crate) fn of_model(model: &'a str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        match name {
            "tools" => Self::Tools,
            "talk-by-tool" => Self::TalkByTool,
            "parallel-tools" => Self::ParallelTools,
            "bad-arguments" => Self::BadArguments,
            "reasoning" => Self::Reasoning,
            "reasoning-tools" => Self::ReasoningTools,
            "length" => Self::Length,
            "refusal" => Self::Refusal,
            "logprobs" => Self::Logprobs,
            "cached" => Self::Cached,
            "image" => Self::Image,
            "unpinned" => Self::Unpinned,
            "priced" => Self::Priced,
            _ => {
                let fault = name.strip_prefix("fault-").and_then(|kind| kind.parse().ok()).map(Self::Fault);
                let strict = || name.strip_prefix("strict-").map(Self::Strict);
                fault.or_else(strict).unwrap_or(Self::Text)
            }
        }
    }

    /// How many tools are called at once, and whether a result of one ends the calling.
    fn calling(self) -> Option<(usize, bool)> {
        match self {
            Self::Tools | Self::BadArguments | Self::ReasoningTools => Some((1, true)),
            Self::ParallelTools => Some((2, true)),
            Self::TalkByTool => Some((1, false)),
            _ => None,
        }
    }
}

/// The names that `GET …/models` lists.
pub(crate) const LISTED: &[&str] = &[
    "text",
    "tools",
    "talk-by-tool",
    "parallel-tools",
    "bad-arguments",
    "reasoning",
    "reasoning-tools",
    "length",
    "refusal",
    "logprobs",
    "cached",
    "image",
    "unpinned",
    "priced",
];

/// Writes the answer to a request.
pub(crate) fn reply_to(ask: &Ask<'_>, scenario: Scenario<'_>, options: &Options, created: i64) -> Reply {
    let nonce = ask.identity as u64;
    let mut reply = Reply {
        issued: Issued(nonce),
        model: ask.model.to_string(),
        created,
        reasons: matches!(scenario, Scenario::Reasoning | Scenario::ReasoningTools),
        text: String::new(),
        calls: calls(ask, scenario),
        finish: Finish::Stop,
        usage: Usage::default(),
        logprobs: scenario == Scenario::Logprobs,
        image: scenario == Scenario::Image && ask.dialect.shows_images(),
        provider: None,
        hollow: false,
        encrypted: ask.wants_encrypted(),
    };
    match scenario {
        Scenario::Length => reply.finish = Finish::Length,
        Scenario::Refusal => reply.finish = Finish::Refusal,
        _ if !reply.calls.is_empty() => reply.finish = Finish::Tools,
        _ => {}
    }
    if reply.calls.is_empty() && !reply.image && reply.finish != Finish::Refusal {
        (reply.text, reply.calls) = words(ask, nonce, options.answer_bytes);
        if !reply.calls.is_empty() {
            reply.finish = Finish::Tools;
        }
    }
    if ask.dialect == Dialect::OpenRouter {
        let pinned = ask.pinned_provider().filter(|_| scenario == Scenario::Unpinned);
        let drawn = if scenario == Scenario::Unpinned && nonce >> 32 & 1 == 1 { "Beta" } else { "Alpha" };
        reply.provider = Some(pinned.unwrap_or_else(|| drawn.to_owned()));
    }
    reply.usage = usage(&reply, ask.body.len());
    if scenario == Scenario::Cached {
        (reply.usage.cache_read, reply.usage.cache_write) = (1024, 256);
        reply.usage.input += 1280;
    }
    reply.usage.cost_usd = (scenario == Scenario::Priced).then_some(options.price_usd);
    reply
}

fn calls(ask: &Ask<'_>, scenario: Scenario<'_>) -> Vec<Call> {
    let Some((many, ends)) = scenario.calling() else { return Vec::new() };
    if ends && ask.ends_in_a_tool_result() {
        return Vec::new();
    }
    let tools = ask.tools();
    let Some(first) = tools.first() else { return Vec::new() };
    let call = |tool: &Tool<'_>| Call {
        name: tool.name.to_owned(),
        arguments: match scenario {
            Scenario::BadArguments => Arguments::CutOff,
            _ => Arguments::Whole(instance(tool.parameters)),
        },
    };
    (0..many).map(|place| call(tools.get(place).unwrap_or(first))).collect()
}

/// The text of an answer: what a schema asks for, and a text like any other if none does. A tool that must be called is
/// a schema too, and gives a call.
fn words(ask: &Ask<'_>, nonce: u64, bytes: usize) -> (String, Vec<Call>) {
    match ask.wanted() {
        Wanted::Text => (text_of(nonce, bytes), Vec::new()),
        Wanted::Json(schema) => (instance(schema).to_string(), Vec::new()),
        Wanted::AnyJson => (r#"{"answer":"as the rubric says"}"#.to_owned(), Vec::new()),
        Wanted::Call(tool) => {
            let arguments = Arguments::Whole(instance(tool.parameters));
            (String::new(), vec![Call { name: tool.name.to_owned(), arguments }])
        }
    }
}

/// About a token for four bytes, and never none.
fn usage(reply: &Reply, asked_bytes: usize) -> Usage {
    let tokens = |bytes: usize| (bytes as u64 / 4).max(1);
    let reasoning = if reply.reasons { tokens(reply.issued.thinking().len()) } else { 0 };
    let called: usize = reply.calls.iter().map(|call| call.name.len() + call.arguments.text().len()).sum();
    Usage {
        input: tokens(asked_bytes),
        output: tokens(reply.text.len() + called) + reasoning,
        reasoning,
        ..Usage::default()
    }
}

/// The parameters of a tool that names none.
pub(crate) static NO_PARAMETERS: Value = Value::Null;

#[cfg(test)]
mod tests {
    use super::Scenario;
    use crate::fault::FaultKind;

    #[test]
    fn the_last_part_of_a_models_name_selects_the_scenario() {
        assert_eq!(Scenario::of_model("org/tools"), Scenario::Tools);
        assert_eq!(Scenario::of_model("gpt-9"), Scenario::Text);
        assert_eq!(Scenario::of_model("fault-hang-up"), Scenario::Fault(FaultKind::HangUp));
        assert_eq!(Scenario::of_model("strict-max_tokens"), Scenario::Strict("max_tokens"));
    }
}
