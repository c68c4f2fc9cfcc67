//! Google's generateContent.
//!
//! After <https://ai.google.dev/api/generate-content>.

use serde_json::{Value, json};

use super::{Event, PIECES};
use crate::reply::{Finish, PIXEL, Reply, likely_tokens};
use crate::text::{hex, pieces};

/// Writes the answer as one value.
pub(super) fn whole(reply: &Reply) -> Value {
    if reply.hollow {
        let mut answer = answer(reply, &json!([]));
        if let Some(fields) = answer.as_object_mut() {
            fields.shift_remove("candidates");
        }
        return answer;
    }
    answer(reply, &json!([candidate(reply, &parts(reply), true)]))
}

fn answer(reply: &Reply, candidates: &Value) -> Value {
    let usage = &reply.usage;
    let mut told = json!({
        "promptTokenCount": usage.input,
        // The thoughts are counted beside the candidates here.
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    });
    if usage.cache_read > 0 {
        told["cachedContentTokenCount"] = json!(usage.cache_read);
    }
    if usage.reasoning > 0 {
        told["thoughtsTokenCount"] = json!(usage.reasoning);
    }
    json!({
        "candidates": candidates,
        "usageMetadata": told,
        "modelVersion": reply.model,
        "responseId": hex(reply.issued.0),
    })
}

fn candidate(reply: &Reply, parts: &[Value], is_last: bool) -> Value {
    let is_refused = reply.finish == Finish::Refusal;
    let mut candidate = json!({"index": 0});
    if !is_refused {
        candidate["content"] = json!({"role": "model", "parts": parts});
    }
    if is_last {
        candidate["finishReason"] = json!(match reply.finish {
            Finish::Stop | Finish::Tools => "STOP",
            Finish::Length => "MAX_TOKENS",
            Finish::Refusal => "SAFETY",
        });
    }
    if is_refused {
        candidate["safetyRatings"] =
            json!([{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true}]);
    }
    if reply.logprobs && is_last {
        let entry = |token: &str, logprob: f64| json!({"token": token, "tokenId": token.len(), "logProbability": logprob});
        let chosen: Vec<Value> =
            likely_tokens(&reply.text).map(|likely| entry(likely.token, likely.logprob)).collect();
        let top: Vec<Value> = likely_tokens(&reply.text)
            .map(|likely| {
                json!({"candidates": [entry(likely.token, likely.logprob), entry(likely.other, likely.other_logprob)]})
            })
            .collect();
        let sum: f64 = likely_tokens(&reply.text).map(|likely| likely.logprob).sum();
        candidate["avgLogprobs"] = json!(sum / chosen.len().max(1) as f64);
        candidate["logprobsResult"] = json!({"topCandidates": top, "chosenCandidates": chosen});
    }
    candidate
}

fn parts(reply: &Reply) -> Vec<Value> {
    let mut parts = thoughts(reply);
    if reply.image {
        parts.push(json!({"inlineData": {"mimeType": "image/png", "data": PIXEL}}));
    } else if reply.calls.is_empty() {
        let mut part = json!({"text": reply.text});
        if reply.reasons {
            part["thoughtSignature"] = json!(reply.issued.sealed("text"));
        }
        parts.push(part);
    }
    parts.extend(calls(reply));
    parts
}

fn thoughts(reply: &Reply) -> Vec<Value> {
    if reply.reasons { vec![json!({"text": reply.issued.thinking(), "thought": true})] } else { Vec::new() }
}

/// Of calls in parallel only the first is signed.
fn calls(reply: &Reply) -> impl Iterator<Item = Value> + '_ {
    reply.calls.iter().enumerate().map(|(place, call)| {
        let mut part = json!({"functionCall": {"name": call.name, "args": call.arguments.value()}});
        if reply.reasons && place == 0 {
            part["thoughtSignature"] = json!(reply.issued.sealed(&call.name));
        }
        part
    })
}

/// Writes the answer as events; the last of them says why it ends.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    if reply.hollow || reply.image || reply.finish == Finish::Refusal {
        return vec![Event::plain(whole(reply))];
    }
    let mut steps: Vec<Value> = thoughts(reply);
    steps.extend(pieces(&reply.text, PIECES).into_iter().map(|piece| json!({"text": piece})));
    steps.extend(calls(reply));
    if reply.calls.is_empty() {
        // The signature of a text comes with the last, empty part.
        let mut end = json!({"text": ""});
        if reply.reasons {
            end["thoughtSignature"] = json!(reply.issued.sealed("text"));
        }
        steps.push(end);
    }
    let last = steps.len() - 1;
    let told = |(at, part)| {
        let answer = answer(reply, &json!([candidate(reply, &[part], at == last)]));
        Event::plain(answer)
    };
    steps.into_iter().enumerate().map(told).collect()
}
