//! Rate-limit headers: how much is left, and when it is all there again.
//!
//! Three families: `x-ratelimit-*` with spans such as `6m0s` (OpenAI, Groq, Mistral and others) or a moment in
//! milliseconds since 1970 (OpenRouter), and `anthropic-ratelimit-*` with RFC 3339 moments.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap};
use unbent_core::{Allowance, Pace};

/// What the headers of a response say.
pub(super) fn pace(headers: &HeaderMap) -> Pace {
    Pace { requests: allowance(headers, "requests"), tokens: allowance(headers, "tokens") }
}

fn allowance(headers: &HeaderMap, of: &str) -> Allowance {
    let text = |name: String| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let either = |what: &str| {
        text(format!("x-ratelimit-{what}-{of}"))
            .or_else(|| text(format!("anthropic-ratelimit-{of}-{what}")))
            .or_else(|| (of == "requests").then(|| text(format!("x-ratelimit-{what}"))).flatten())
    };
    Allowance {
        remaining: either("remaining").and_then(|n| n.parse().ok()),
        resets_in_ms: either("reset").and_then(|reset| resets_in_ms(reset, now_ms(headers))),
    }
}

/// The server's own time, so that a clock that is off does no harm.
fn now_ms(headers: &HeaderMap) -> u64 {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

fn resets_in_ms(text: &str, now_ms: u64) -> Option<u64> {
    if let Ok(number) = text.parse::<f64>() {
        return match number {
            number if !number.is_finite() || number < 0.0 => None,
            moment_ms if moment_ms > 1e12 => Some((moment_ms as u64).saturating_sub(now_ms)),
            moment_s if moment_s > 1e9 => Some(((moment_s * 1e3) as u64).saturating_sub(now_ms)),
            seconds => Some((seconds * 1e3).ceil() as u64),
        };
    }
    span_ms(text).or_else(|| {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(u64::try_from(moment.as_millisecond()).ok()?.saturating_sub(now_ms))
    })
}

/// A span such as `1h2m3.5s` or `250ms`, as Go prints them.
pub(super) fn span_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut ms = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        ms += number
            * match &rest[digits..unit_end] {
                "ms" => 1.0,
                "s" => 1e3,
                "m" => 60e3,
                "h" => 3600e3,
                "d" => 86_400e3,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(ms.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use unbent_core::{Allowance, Pace};

    use super::{pace, span_ms};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn spans_are_read_as_go_prints_them() {
        assert_eq!(span_ms("6m0s"), Some(360_000));
        assert_eq!(span_ms("1h2m3.5s"), Some(3_723_500));
        assert_eq!(span_ms("250ms"), Some(250));
        for bad in ["", "6", "s", "2026-11-21T00:00:00Z", "5 s"] {
            assert_eq!(span_ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_family_of_headers_is_understood() {
        let openai = headers(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        let tokens = Allowance { remaining: Some(149_984), resets_in_ms: Some(360_000) };
        let none_left = Allowance { remaining: Some(0), resets_in_ms: Some(1000) };
        assert_eq!(pace(&openai), Pace { requests: none_left, tokens });
        let anthropic = headers(&[
            ("date", "Sat, 21 Nov 2026 10:00:00 GMT"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-11-21T10:00:01Z"),
        ]);
        assert_eq!(pace(&anthropic).requests, none_left);
        let openrouter = headers(&[
            ("date", "Sat, 21 Nov 2026 10:00:00 GMT"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795255201000"),
        ]);
        assert_eq!(pace(&openrouter).requests, none_left);
        assert_eq!(pace(&HeaderMap::new()), Pace::default());
    }
}
