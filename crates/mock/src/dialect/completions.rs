//! OpenAI's completions of raw text.
//!
//! After <https://platform.openai.com/docs/api-reference/completions>.

use serde_json::{Value, json};

use super::{Dialect, Event, PIECES, chat};
use crate::reply::{Finish, Reply, likely_tokens};
use crate::text::{hex, pieces};

/// Writes the answer as one value.
pub(super) fn whole(reply: &Reply) -> Value {
    let choices =
        if reply.hollow { json!([]) } else { choices(reply, &reply.text, Some(finish_reason(reply))) };
    let mut answer = chunk(reply, &choices);
    answer["usage"] = chat::usage(Dialect::Completions, &reply.usage);
    answer
}

fn chunk(reply: &Reply, choices: &Value) -> Value {
    json!({
        "id": format!("cmpl-{}", hex(reply.issued.0)),
        "object": "text_completion",
        "created": reply.created,
        "model": reply.model,
        "system_fingerprint": "fp_mock",
        "choices": choices,
    })
}

fn choices(reply: &Reply, text: &str, finish: Option<&str>) -> Value {
    let logprobs = if reply.logprobs { logprobs(text) } else { Value::Null };
    json!([{"text": text, "index": 0, "logprobs": logprobs, "finish_reason": finish}])
}

fn finish_reason(reply: &Reply) -> &'static str {
    match reply.finish {
        Finish::Stop | Finish::Tools => "stop",
        Finish::Length => "length",
        Finish::Refusal => "content_filter",
    }
}

fn logprobs(text: &str) -> Value {
    let mut offset = 0;
    let (mut tokens, mut likelihoods, mut tops, mut offsets) = (vec![], vec![], vec![], vec![]);
    for likely in likely_tokens(text) {
        tokens.push(json!(likely.token));
        likelihoods.push(json!(likely.logprob));
        tops.push(json!({likely.token: likely.logprob, likely.other: likely.other_logprob}));
        offsets.push(json!(offset));
        offset += likely.token.len();
    }
    json!({"tokens": tokens, "token_logprobs": likelihoods, "top_logprobs": tops, "text_offset": offsets})
}

/// Writes the answer as events; `[DONE]` is not one of them.
pub(super) fn events(reply: &Reply, includes_usage: bool) -> Vec<Event> {
    let mut events = Vec::new();
    if reply.hollow {
        events.push(Event::plain(chunk(reply, &json!([]))));
    } else {
        for piece in pieces(&reply.text, PIECES) {
            events.push(Event::plain(chunk(reply, &choices(reply, piece, None))));
        }
        events.push(Event::plain(chunk(reply, &choices(reply, "", Some(finish_reason(reply))))));
    }
    if includes_usage {
        let mut last = chunk(reply, &json!([]));
        last["usage"] = chat::usage(Dialect::Completions, &reply.usage);
        events.push(Event::plain(last));
    }
    events
}
