//! What went wrong, told as a fault: status codes, the shapes of error bodies, and text that shows no key.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use unbent_core::{Fault, FaultKind};

use super::pace::span_ms;
use crate::Secret;

/// Characters of a body that a fault shows.
const EXCERPT_CHARS: usize = 200;
/// Bytes of a text that are searched for keys: so many that a key cut at their end is past what is shown.
const SCRUBBED_BYTES: usize = 64 << 10;
/// Characters of a server's own error message that a fault shows.
const MESSAGE_CHARS: usize = 2_000;
/// Codes and types under which servers say that money, not time, is what lacks.
const EXHAUSTED: [&str; 6] = [
    "insufficient_quota",
    "insufficient_user_quota",
    "insufficient_balance",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
];

/// Removes secrets from what a server sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Redaction(Vec<Secret>);

impl Redaction {
    pub(super) fn new(secrets: Vec<Secret>) -> Self {
        Self(secrets)
    }

    /// The fault without secrets.
    pub(super) fn clean(&self, mut fault: Fault) -> Fault {
        fault.message = cut(&self.cover(head(&fault.message)), MESSAGE_CHARS);
        fault
    }

    /// The text without secrets.
    pub(super) fn cover<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, secret| {
            if secret.is_in(&text) { Cow::Owned(secret.scrub(&text)) } else { text }
        })
    }

    /// The beginning of a body, on one line. Scrubbed before it is cut, or half a key could remain.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        let mut text = String::new();
        for word in String::from_utf8_lossy(body).split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
            if text.len() > SCRUBBED_BYTES {
                break;
            }
        }
        if text.is_empty() { "(nothing)".to_owned() } else { cut(&self.cover(head(&text)), EXCERPT_CHARS) }
    }
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(SCRUBBED_BYTES)]
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The fault of an answer with a status other than success; `tried` is the address that was asked.
pub(super) fn of_status(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    tried: &str,
    redaction: &Redaction,
) -> Fault {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let story = describe_error(&json).unwrap_or_else(|| redaction.excerpt(body));
    let out_of_money = error_words(&json).any(|word| EXHAUSTED.contains(&word));
    let (kind, hint) = match status {
        // No API answers so; whatever is at that address, asking it again and again is in vain.
        404 | 405 | 410 | 501 if is_page(headers, body) => (FaultKind::WebPage, hint_for_missing(tried)),
        402 => (FaultKind::Exhausted, String::new()),
        400 if is_about_key(&json) => (FaultKind::Unauthorized, String::new()),
        400 if story.contains("credit balance is too low") => (FaultKind::Exhausted, String::new()),
        429 if is_spent_for_today(&json, &story) => (FaultKind::Exhausted, String::new()),
        403 | 429 if out_of_money => (FaultKind::Exhausted, String::new()),
        // A router's moderation refuses this prompt, not this key.
        403 if is_flagged(&json) => (FaultKind::Rejected, String::new()),
        401 | 403 => (FaultKind::Unauthorized, String::new()),
        404 => (FaultKind::Rejected, hint_for_missing(tried)),
        // Overloaded, in Anthropic's words and in those of servers that say when to come back.
        429 | 529 => (FaultKind::RateLimited, String::new()),
        503 if headers.contains_key(RETRY_AFTER) => (FaultKind::RateLimited, String::new()),
        408 | 504 | 524 => (FaultKind::Timeout, String::new()),
        409 | 425 | 500.. => (FaultKind::Server, String::new()),
        300..=399 => (FaultKind::Rejected, hint_for_moved(headers)),
        _ => (FaultKind::Rejected, String::new()),
    };
    Fault {
        retry_after_ms: kind
            .is_transient()
            .then(|| retry_after_ms(headers).or_else(|| retry_delay_ms(&json)))
            .flatten(),
        ..Fault::new(kind, format!("HTTP {status}: {story}{hint}")).with_status(status)
    }
}

/// Whether a body is a web page.
fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let told = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    told || body.trim_ascii_start().starts_with(b"<")
}

fn hint_for_missing(tried: &str) -> String {
    let versioned = tried.split('/').any(|step| {
        step.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let advice = if versioned {
        "check the base URL and the model's name"
    } else {
        "the base URL of most servers ends in /v1, this one does not"
    };
    format!(" (tried {tried}; {advice})")
}

fn hint_for_moved(headers: &HeaderMap) -> String {
    headers.get("location").and_then(|to| to.to_str().ok()).map_or_else(String::new, |to| {
        format!(" (the server points to {to}; redirects are not followed, so name the final address)")
    })
}

/// How long the server asks us to wait: `retry-after-ms`, else `retry-after` as seconds, as a span or as a date.
///
/// A date is read against the server's own `date` where it sends one, so that a clock that is off does no harm.
pub(super) fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = |number: &str, unit_ms: f64| {
        let ms = number.parse::<f64>().ok()? * unit_ms;
        (ms.is_finite() && ms >= 0.0).then_some(ms.ceil() as u64)
    };
    if let Some(ms) = text("retry-after-ms").and_then(|number| wait(number, 1.0)) {
        return Some(ms);
    }
    let after = text(RETRY_AFTER.as_str())?;
    wait(after, 1000.0).or_else(|| span_ms(after)).or_else(|| {
        let until = httpdate::parse_http_date(after).ok()?;
        let now = text(DATE.as_str())
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or_else(SystemTime::now);
        Some(until.duration_since(now).unwrap_or(Duration::ZERO).as_millis() as u64)
    })
}

/// Whether a value in the place of an error says that there is one.
pub(crate) fn is_error(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// The server's own words, out of any of the usual shapes: `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`,
/// `{"detail"}` as text or as FastAPI's list, `{"errors": […]}`, a list of any of these, and a router's error with the
/// provider's own inside.
pub(crate) fn describe_error(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(errors) => {
            let stories: Vec<_> = errors.iter().filter_map(describe_error).collect();
            (!stories.is_empty()).then(|| stories.join("; "))
        }
        Value::Object(fields) => {
            if let Some(story) = fields.get("error").and_then(describe_error) {
                return Some(story);
            }
            let mut story = ["message", "detail", "errors", "msg", "error_message"]
                .into_iter()
                .find_map(|name| fields.get(name).and_then(describe_error))?;
            if let Some(Value::Array(steps)) = fields.get("loc") {
                let steps: Vec<_> = steps.iter().map(plain).collect();
                story = format!("{}: {story}", steps.join("."));
            }
            let marks: Vec<_> = ["code", "type"]
                .into_iter()
                .filter_map(|name| fields.get(name))
                .filter(|mark| !mark.is_null() && *mark != "error")
                .map(plain)
                .collect();
            if !marks.is_empty() {
                story = format!("{story} ({})", marks.join(", "));
            }
            if let Some(metadata) = fields.get("metadata") {
                story.push_str(&describe_upstream(metadata));
            }
            Some(story)
        }
        _ => None,
    }
}

/// What a router says of the provider behind it.
fn describe_upstream(metadata: &Value) -> String {
    let name = metadata["provider_name"].as_str();
    let raw = match &metadata["raw"] {
        Value::String(text) => serde_json::from_str(text)
            .ok()
            .and_then(|inner: Value| describe_error(&inner))
            .or_else(|| describe_error(&metadata["raw"])),
        raw => describe_error(raw),
    };
    match (name, raw) {
        (Some(name), Some(raw)) => format!("; {name} says: {raw}"),
        (None, Some(raw)) => format!("; the provider says: {raw}"),
        (Some(name), None) => format!("; provider {name}"),
        (None, None) => String::new(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The words of an error body that are meant for programs.
fn error_words(body: &Value) -> impl Iterator<Item = &str> {
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    ["code", "type", "status"].into_iter().filter_map(move |name| error.get(name).and_then(Value::as_str))
}

/// Whether a router says that its moderation flagged the input.
fn is_flagged(body: &Value) -> bool {
    let metadata = &body["error"]["metadata"];
    metadata["flagged_input"].is_string() || metadata["reasons"].is_array()
}

/// Google's details of an error, each an object with a `@type`.
fn google_details(body: &Value) -> impl Iterator<Item = &Value> {
    let body = body.get(0).unwrap_or(body);
    body["error"]["details"].as_array().into_iter().flatten()
}

/// Whether Google says that the key is what is bad about a request.
fn is_about_key(body: &Value) -> bool {
    google_details(body).any(|detail| detail["reason"] == "API_KEY_INVALID")
}

/// Whether a limit is one of the day, so that no wait within a run helps.
fn is_spent_for_today(body: &Value, story: &str) -> bool {
    let is_daily = |violation: &Value| violation["quotaId"].as_str().is_some_and(|id| id.contains("PerDay"));
    story.contains("free-models-per-day")
        || google_details(body).filter_map(|detail| detail["violations"].as_array()).flatten().any(is_daily)
}

/// How long Google asks us to wait, which it says in the body.
fn retry_delay_ms(body: &Value) -> Option<u64> {
    google_details(body).find_map(|detail| detail["retryDelay"].as_str().and_then(span_ms))
}
