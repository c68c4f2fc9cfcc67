//! A report for people and for programs.

use serde_json::{Value, json};
use unbent_core::{Allowance, CostSource, FinishReason, Reply};
use unbent_report::{Cell, Column, Table, thousands};

use super::parameters::{Parameter, Verdict};
use super::report::{Key, Report};
use crate::output::harmless;

/// Characters of the answer that people are shown.
const SHOWN_CHARS: usize = 80;

impl Report<'_> {
    /// The report for programs.
    pub(crate) fn to_json(&self) -> Value {
        let reply = self.reply();
        let pace = &self.checked.returned.pace;
        let parameters: Vec<_> = self.parameters.iter().map(parameter_to_json).collect();
        json!({
            "reference": self.checked.reference.to_string(),
            "ok": reply.is_some(),
            "address": self.address,
            "reached": self.status.is_some() || reply.is_some(),
            "status": self.status,
            "latency_ms": self.checked.took_ms,
            "key": { "verdict": self.key.name(), "variable": self.checked.key_variable },
            "served": reply.map(|reply| &reply.served),
            "request_id": self.request_id(),
            "usage": reply.map(|reply| &reply.usage),
            "cost": reply.map(|reply| &reply.cost),
            "finish": reply.map(|reply| &reply.finish),
            "answer": reply.map(|reply| &reply.message),
            "parameters": parameters,
            "pace": { "requests": allowance_to_json(pace.requests), "tokens": allowance_to_json(pace.tokens) },
            "warnings": self.warnings,
            "fault": self.checked.returned.result.as_ref().err(),
        })
    }

    /// The report for people.
    pub(crate) fn to_text(&self, width: Option<u16>) -> String {
        let mut text = String::new();
        for (name, value) in self.facts() {
            text.push_str(&format!("{name:15} {}\n", harmless(&value)));
        }
        let is_told = self.parameters.iter().any(|parameter| parameter.verdict == Verdict::Refused);
        if self.reply().is_none() && !is_told {
            return text;
        }
        let columns = vec![
            Column::text("name", "parameter"),
            Column::text("asked", "asked"),
            Column::text("verdict", "became"),
            Column::text("why", "what shows it"),
        ];
        let mut table = Table::new("", columns);
        table.rows = self.parameters.iter().map(row).collect();
        text.push_str(&table.to_text(width));
        text
    }

    fn request_id(&self) -> Option<&str> {
        self.header(&["x-request-id", "request-id", "x-goog-request-id", "cf-ray"])
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("model", self.checked.reference.to_string()),
            ("address", self.address.unwrap_or("none was asked").to_owned()),
            ("reached", self.reached()),
            ("key", self.key()),
        ];
        if let Some(reply) = self.reply() {
            facts.extend(facts_of(reply));
        }
        facts.extend(self.request_id().map(|id| ("request id", id.to_owned())));
        let pace = &self.checked.returned.pace;
        facts.extend(left(pace.requests).map(|left| ("requests left", left)));
        facts.extend(left(pace.tokens).map(|left| ("tokens left", left)));
        facts
    }

    fn reached(&self) -> String {
        let took = thousands(self.checked.took_ms);
        match self.status {
            Some(status) => format!("yes: HTTP {status} after {took} ms"),
            None => format!("no, given up after {took} ms"),
        }
    }

    fn key(&self) -> String {
        let variable = self.checked.key_variable.unwrap_or_default();
        match self.key {
            Key::Accepted => format!("accepted, from {variable}"),
            Key::Refused => format!("REFUSED, from {variable}"),
            Key::NotNeeded => "none sent, none needed".to_owned(),
            Key::Missing => "none sent, and one is wanted".to_owned(),
            Key::Unknown if variable.is_empty() => "none sent; it did not come to that".to_owned(),
            Key::Unknown => format!("from {variable}; it did not come to that"),
        }
    }
}

fn facts_of(reply: &Reply) -> Vec<(&'static str, String)> {
    let served = &reply.served;
    let usage = &reply.usage;
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "the API does not say".to_owned());
    let mut facts = vec![("served model", said(&served.model))];
    facts.extend(served.provider.clone().map(|provider| ("served by", provider)));
    facts.push(("fingerprint", said(&served.fingerprint)));
    facts.extend(served.response_id.clone().map(|id| ("response id", id)));
    let mut tokens = format!("{} read, {} written", thousands(usage.input), thousands(usage.output));
    for (n, what) in [
        (usage.reasoning, "to reason"),
        (usage.cached_input, "from the cache"),
        (usage.cache_write, "to the cache"),
    ] {
        if n > 0 {
            tokens.push_str(&format!(", {} {what}", thousands(n)));
        }
    }
    facts.push(("tokens", tokens));
    facts.push((
        "cost",
        match reply.cost {
            Some(cost) if cost.source == CostSource::Provider => {
                format!("${:.8}, as the provider says", cost.usd)
            }
            Some(cost) => format!("${:.8}", cost.usd),
            None => "the API does not say".to_owned(),
        },
    ));
    facts.push(("finished", finish(&reply.finish)));
    let text = reply.message.content.as_deref().unwrap_or_default();
    let shown: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN_CHARS).collect();
    facts.push(("answer", if shown.is_empty() { "no text".to_owned() } else { format!("{shown:?}") }));
    facts
}

fn finish(reason: &FinishReason) -> String {
    match reason {
        FinishReason::Stop => "by itself or at a stop".to_owned(),
        FinishReason::ToolCalls => "to call tools".to_owned(),
        FinishReason::Length => "at the token limit".to_owned(),
        FinishReason::ContentFilter => "withheld by the provider".to_owned(),
        FinishReason::Error => "with an error of the provider".to_owned(),
        FinishReason::Unknown => "the API does not say why".to_owned(),
        FinishReason::Other(reason) => reason.clone(),
    }
}

fn left(allowance: Allowance) -> Option<String> {
    let left = allowance.remaining.map(thousands);
    let resets = allowance.resets_in_ms.map(|ms| format!("all again in {:.1} s", ms as f64 / 1e3));
    match (left, resets) {
        (None, None) => None,
        (left, resets) => Some(left.into_iter().chain(resets).collect::<Vec<_>>().join(", ")),
    }
}

fn allowance_to_json(allowance: Allowance) -> Value {
    json!({ "remaining": allowance.remaining, "resets_in_ms": allowance.resets_in_ms })
}

fn parameter_to_json(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "asked": parameter.asked,
        "applied": parameter.applied,
        "verdict": parameter.verdict.name(),
        "why": parameter.why,
    })
}

fn row(parameter: &Parameter) -> Vec<Cell> {
    let asked = match &parameter.asked {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    vec![
        Cell::Text(parameter.name.to_owned()),
        Cell::Text(asked),
        Cell::Text(parameter.verdict.words().to_owned()),
        Cell::Text(harmless(&parameter.why)),
    ]
}
