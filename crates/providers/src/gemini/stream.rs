//! Puts the events of a streamed answer together to the body of an unstreamed one. Each event is an answer of its own,
//! with the parts that are new; the one that says why the answer ends is the last.

use serde_json::{Map, Value};
use unbent_core::{Fault, FaultKind, Wasted};

use super::reply::usage_of;
use crate::answer::error_inside;
use crate::http::{Failure, is_error, sse_events};

/// An answer as far as its events have come.
#[derive(Debug, Default)]
struct Answer {
    /// The latest of each field of the answer.
    fields: Map<String, Value>,
    /// The latest of each field of the candidate; none before there is one.
    candidate: Option<Map<String, Value>>,
    parts: Vec<Value>,
}

/// The body that these events are the pieces of.
///
/// # Errors
///
/// `Cut` without the reason for the end, `Malformed` for an event that is not JSON, and whatever an error among the
/// events says.
pub(super) fn assemble(stream: &str) -> Result<String, Failure> {
    let mut answer = Answer::default();
    for event in sse_events(stream) {
        let data: Map<String, Value> = serde_json::from_str(&event.data).map_err(|error| {
            let story = format!("an event of the stream is not JSON ({error})");
            answer.failure(Fault::new(FaultKind::Malformed, story))
        })?;
        if let Some(error) = data.get("error").filter(|error| is_error(error)) {
            return Err(answer.failure(error_inside(error)));
        }
        answer.take(data);
    }
    answer.whole()
}

impl Answer {
    fn take(&mut self, mut event: Map<String, Value>) {
        let candidate = match event.remove("candidates") {
            Some(Value::Array(candidates)) => candidates.into_iter().next(),
            _ => None,
        };
        self.fields.extend(event);
        let Some(Value::Object(mut candidate)) = candidate else { return };
        if let Some(Value::Array(parts)) = candidate.remove("content").map(|content| content["parts"].clone())
        {
            for part in parts {
                self.add(part);
            }
        }
        let so_far = self.candidate.get_or_insert_default();
        if let (Some(before), Some(more)) =
            (so_far.get_mut("logprobsResult"), candidate.get("logprobsResult"))
        {
            append_lists(before, more);
            candidate.remove("logprobsResult");
        }
        so_far.extend(candidate);
    }

    /// Adds a part. A text that goes on with the one before is one text with it, unless one of them is signed: a
    /// signature is of its own part.
    fn add(&mut self, part: Value) {
        if let Some(last) = self.parts.last_mut()
            && let (Some(before), Some(more)) = (plain_text(last), plain_text(&part))
            && last["thought"] == part["thought"]
        {
            let joined = format!("{before}{more}");
            last["text"] = joined.into();
        } else {
            self.parts.push(part);
        }
    }

    fn whole(self) -> Result<String, Failure> {
        if self.fields.is_empty() && self.candidate.is_none() {
            return Err(self.failure(Fault::new(FaultKind::Cut, "the stream ended without an event")));
        }
        let has_reason =
            |candidate: &Map<String, Value>| candidate.get("finishReason").is_some_and(Value::is_string);
        if self.candidate.as_ref().is_some_and(|candidate| !has_reason(candidate)) {
            let fault = Fault::new(FaultKind::Cut, "the stream ended without saying why the answer does");
            return Err(self.failure(fault));
        }
        let mut body = self.fields;
        if let Some(mut candidate) = self.candidate {
            if !self.parts.is_empty() {
                let content = [("role".to_owned(), "model".into()), ("parts".to_owned(), self.parts.into())];
                candidate.insert("content".into(), Value::Object(Map::from_iter(content)));
            }
            body.insert("candidates".into(), vec![Value::Object(candidate)].into());
        }
        Ok(Value::Object(body).to_string())
    }

    fn failure(&self, fault: Fault) -> Failure {
        let usage = self.fields.get("usageMetadata").map(usage_of).unwrap_or_default();
        Failure { fault, wasted: Wasted { usage, cost: None } }
    }
}

/// The text of a part that holds nothing else.
fn plain_text(part: &Value) -> Option<&str> {
    let is_plain =
        |part: &Map<String, Value>| part.keys().all(|name| matches!(name.as_str(), "text" | "thought"));
    part.as_object().filter(|part| is_plain(part))?.get("text")?.as_str()
}

/// Adds the lists of an object to those of another.
fn append_lists(before: &mut Value, more: &Value) {
    for (name, more) in more.as_object().into_iter().flatten() {
        match (&mut before[name.as_str()], more) {
            (Value::Array(before), Value::Array(more)) => before.extend(more.iter().cloned()),
            (before, more) => *before = more.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use unbent_core::{FaultKind, Usage};

    use super::assemble;

    fn stream(events: &[Value]) -> String {
        events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect::<Vec<_>>().concat()
    }

    fn event(part: &Value) -> Value {
        json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}, "responseId": "r1"})
    }

    fn last(part: &Value) -> Value {
        let mut last = event(part);
        last["candidates"][0]["finishReason"] = "STOP".into();
        last["usageMetadata"]["candidatesTokenCount"] = 9.into();
        last
    }

    #[test]
    fn texts_become_one_and_signed_parts_stay_their_own() {
        let signed = json!({"text": "", "thoughtSignature": "c2ln"});
        let body = assemble(&stream(&[
            event(&json!({"text": "Hm", "thought": true})),
            event(&json!({"text": "m.", "thought": true})),
            event(&json!({"text": "Let me "})),
            event(&json!({"text": "look."})),
            event(&json!({"functionCall": {"name": "look", "args": {}}})),
            last(&signed),
        ]))
        .unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body["candidates"][0]["content"]["parts"],
            json!([
                {"text": "Hmm.", "thought": true},
                {"text": "Let me look."},
                {"functionCall": {"name": "look", "args": {}}},
                signed,
            ])
        );
        assert_eq!(body["candidates"][0]["finishReason"], "STOP");
        assert_eq!(body["usageMetadata"]["candidatesTokenCount"], 9);
    }

    #[test]
    fn likelihoods_of_all_events_come_together() {
        let with = |mut event: Value, token: &str| {
            event["candidates"][0]["logprobsResult"] = json!({"chosenCandidates": [{"token": token}]});
            event
        };
        let events = [with(event(&json!({"text": "a"})), "a"), with(last(&json!({"text": "b"})), "b")];
        let body: Value = serde_json::from_str(&assemble(&stream(&events)).unwrap()).unwrap();
        assert_eq!(
            body["candidates"][0]["logprobsResult"]["chosenCandidates"],
            json!([{"token": "a"}, {"token": "b"}])
        );
    }

    #[test]
    fn a_stream_that_breaks_off_is_cut_and_costs_what_it_told() {
        let failure = assemble(&stream(&[event(&json!({"text": "Let me "}))])).unwrap_err();
        assert_eq!(failure.fault.kind, FaultKind::Cut);
        assert_eq!(failure.wasted.usage, Usage { input: 3, output: 1, ..Usage::default() });
        assert_eq!(assemble("").unwrap_err().fault.kind, FaultKind::Cut);
        assert_eq!(assemble("data: {\"cand\n\n").unwrap_err().fault.kind, FaultKind::Malformed);
        let error = json!({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}});
        let failure = assemble(&stream(&[event(&json!({"text": "a"})), error])).unwrap_err();
        assert!(failure.fault.kind == FaultKind::Server && failure.fault.message.contains("overloaded"));
        let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
        assert!(assemble(&stream(&[blocked])).unwrap().contains("blockReason"));
    }
}
