//! Why a check met no answer, and what to type next.

use serde_json::Value;
use unbent_core::{Fault, FaultKind, ModelRef};

use super::parameters::asked;
use super::report::Checked;
use crate::error::{CommandError, Exit};
use crate::output::harmless;

/// Characters of a response that a message shows.
const EXCERPT_CHARS: usize = 200;

/// Fields of which every answer of a model API has one, in any dialect.
const ANSWER_FIELDS: [&str; 6] = ["choices", "output", "content", "candidates", "message", "response"];

/// What APIs call our parameters.
const SPELLINGS: [(&str, &[&str]); 8] = [
    ("temperature", &["temperature"]),
    ("top_p", &["top_p", "topp"]),
    (
        "max_tokens",
        &["max_tokens", "max_completion_tokens", "max_output_tokens", "maxoutputtokens", "num_predict"],
    ),
    ("stop", &["stop", "stop_sequences", "stopsequences"]),
    ("seed", &["seed"]),
    ("logprobs", &["logprobs", "top_logprobs", "responselogprobs", "message.output_text.logprobs"]),
    (
        "reasoning_effort",
        &["reasoning_effort", "reasoning.effort", "effort", "thinking", "thinkinglevel", "think"],
    ),
    ("tools", &["tools", "functiondeclarations"]),
];

/// The parameters, by our names, that the API refused the request for.
pub(super) fn refused_parameters(checked: &Checked<'_>) -> Vec<&'static str> {
    let Err(fault) = &checked.returned.result else { return Vec::new() };
    if fault.kind != FaultKind::Rejected || !matches!(fault.status, Some(400 | 422)) {
        return Vec::new();
    }
    let body: Value = checked
        .returned
        .wire
        .as_deref()
        .and_then(|wire| serde_json::from_str(&wire.response).ok())
        .unwrap_or_default();
    let named = body["error"]["param"].as_str().map(str::to_lowercase);
    let story = fault.message.to_lowercase();
    let sent = asked(checked.ask)
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !checked.unsent.iter().any(|u| u == name));
    let is_meant = |name: &&str| {
        let spellings =
            SPELLINGS.iter().find(|(ours, _)| ours == name).map_or(&[][..], |(_, spellings)| spellings);
        match &named {
            Some(param) if !param.is_empty() => spellings.contains(&param.as_str()),
            _ => spellings.iter().any(|spelling| names(&story, spelling)),
        }
    };
    sent.filter(is_meant).collect()
}

/// Whether a text names a parameter: as a word of its own, and `stop`, which is a word of any text, only in quotes or
/// with a colon.
fn names(text: &str, parameter: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(parameter).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + parameter.len()..].chars().next();
        let is_word = !before.is_some_and(is_part) && !after.is_some_and(is_part);
        let is_marked = before.is_some_and(|c| "'\"`".contains(c)) || after == Some(':');
        is_word && (parameter != "stop" || is_marked)
    })
}

/// Why no answer came; none if one came. `typed` is the reference as it was given, and `flags` what stood beside it.
pub(crate) fn trouble(checked: &Checked<'_>, typed: &ModelRef, flags: &str) -> Option<CommandError> {
    let fault = checked.returned.result.as_ref().err()?;
    let again = |reference: &ModelRef| format!("unbent models check '{reference}'{flags}");
    let told = format!("{typed}: {}", harmless(&fault.message));
    let error = match fault.kind {
        FaultKind::Unauthorized => match checked.key_variable {
            Some(variable) => CommandError::new(Exit::Refused, format!("{typed}: the key is refused: {}", harmless(&fault.message)))
                .hint(format!("the key came from {variable}: export the right one, or name another variable with --api-key-env NAME")),
            None => CommandError::new(Exit::Refused, format!("{typed}: a key is wanted and none was sent: {}", harmless(&fault.message)))
                .hint(format!("export a key and name its variable: {} --api-key-env NAME", again(typed))),
        },
        FaultKind::Exhausted => CommandError::new(Exit::Refused, told).hint("the key is good; add credit to its account, or use another key"),
        FaultKind::Connection => CommandError::new(Exit::Refused, told)
            .hint("is the server running, and the address right? --base-url URL, or base_url=URL in the reference")
            .hint("what the way there looks like: unbent doctor --online"),
        FaultKind::Timeout => CommandError::new(Exit::Refused, told)
            .hint(format!("wait longer: {}", again(&with_param(typed, "timeout_s", "600")))),
        FaultKind::RateLimited => CommandError::new(Exit::Incomplete, told).hint(match fault.retry_after_ms {
            Some(ms) => format!("the server asks to wait {} s; then: {}", ms.div_ceil(1000), again(typed)),
            None => format!("wait a while; then: {}", again(typed)),
        }),
        FaultKind::Rejected => return Some(rejected(checked, fault, typed, flags)),
        FaultKind::WebPage => not_an_api(checked, typed, "with a web page"),
        FaultKind::Malformed | FaultKind::Empty if !has_form(checked) => {
            not_an_api(checked, typed, "but not as a model does")
        }
        FaultKind::Empty => CommandError::new(Exit::Incomplete, told)
            .hint(format!("a model that reasons may need more: {} --max-tokens 2048", again(typed))),
        FaultKind::ZeroUsage => CommandError::new(Exit::Incomplete, told)
            .hint(format!("if that is how this server is: {}", again(&with_param(typed, "zero_usage", "allow")))),
        _ => with_version_hint(CommandError::new(Exit::Incomplete, told), checked)
            .hint(format!("it may pass: {}", again(typed))),
    };
    Some(error)
}

fn rejected(checked: &Checked<'_>, fault: &Fault, typed: &ModelRef, flags: &str) -> CommandError {
    let told = CommandError::usage(format!("{typed}: {}", harmless(&fault.message)));
    let refused: Vec<_> = refused_parameters(checked);
    let leavable: Vec<_> = refused.iter().copied().filter(|name| *name != "tools").collect();
    if !refused.is_empty() {
        let without = |names: &[&str]| {
            let mut all: Vec<_> =
                typed.params.get("refuses").into_iter().flat_map(|names| names.split(',')).collect();
            all.extend(names);
            with_param(typed, "refuses", &all.join(","))
        };
        // Where two do not go together, leaving one out is enough.
        let is_either = leavable.len() > 1 && fault.message.contains("both");
        let left: Vec<_> = if is_either { leavable[leavable.len() - 1..].to_vec() } else { leavable };
        let mut told = told;
        if !left.is_empty() {
            told = told.hint(format!("leave it out: unbent models check '{}'{flags}", without(&left)));
            told = told
                .hint("and give the same reference to `unbent run`; what is left out stands in the run file");
        }
        if fault.message.contains("max_completion_tokens") && typed.provider == "openai-compatible" {
            told = told
                .hint("the server speaks as OpenAI's own does: openai/MODEL?base_url=URL&api_key_env=NAME");
        }
        if refused.contains(&"tools") {
            told = told.hint("the model takes no tools: check it without --tools");
        }
        return told;
    }
    match fault.status {
        Some(404 | 405 | 300..=399) if !says_error(checked) => {
            not_an_api(checked, typed, "but not as a model API does")
        }
        Some(404) => with_version_hint(told, checked)
            .hint("or the model has another name: see the provider's list of models"),
        _ => with_version_hint(told, checked),
    }
}

/// The error of an address behind which is something else.
fn not_an_api(checked: &Checked<'_>, typed: &ModelRef, how: &str) -> CommandError {
    let wire = checked.returned.wire.as_deref();
    let address = wire.map_or("the server", |wire| wire.url.as_str());
    let status =
        wire.and_then(|wire| wire.status).map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let error = CommandError::usage(format!(
        "{typed}: {address} answers{status} {how}; it begins: {}",
        excerpt(wire.map_or("", |wire| wire.response.as_str()))
    ));
    with_version_hint(error, checked).hint("--base-url is the address that `chat/completions` or the like is appended to, such as http://127.0.0.1:1234/v1")
}

/// The beginning of a text, on one line and without what could steer a terminal.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => harmless(&format!("{}…", &line[..end])),
        None if line.is_empty() => "(nothing)".to_owned(),
        None => harmless(&line),
    }
}

/// Whether the response has the form of an answer, whatever it lacks.
fn has_form(checked: &Checked<'_>) -> bool {
    let Some(wire) = checked.returned.wire.as_deref() else { return false };
    let body: Value = serde_json::from_str(&wire.response).unwrap_or_default();
    let streams = wire.response.lines().any(|line| line.starts_with("data:") || line.starts_with("event:"));
    streams || ANSWER_FIELDS.iter().any(|field| body.get(field).is_some())
}

/// Whether the response is an error of a program for programs.
fn says_error(checked: &Checked<'_>) -> bool {
    let body: Option<Value> =
        checked.returned.wire.as_deref().and_then(|wire| serde_json::from_str(&wire.response).ok());
    body.is_some_and(|body| body.is_object() || body.is_array())
}

fn with_version_hint(error: CommandError, checked: &Checked<'_>) -> CommandError {
    match checked.reference.params.get("base_url") {
        Some(base) if checked.is_versioned && !has_version(base) => {
            error.hint(format!("did you forget /v1? --base-url {}/v1", base.trim_end_matches('/')))
        }
        _ => error,
    }
}

fn has_version(url: &str) -> bool {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    path.split('/')
        .skip(1)
        .any(|step| step.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

fn with_param(reference: &ModelRef, name: &str, value: &str) -> ModelRef {
    let mut reference = reference.clone();
    reference.params.insert(name.to_owned(), value.to_owned());
    reference
}

#[cfg(test)]
mod tests {
    use unbent_core::{Fault, FaultKind, ModelRef, Returned, Wire};

    use super::super::question::{Asking, question};
    use super::super::report::Checked;
    use super::{has_version, names, refused_parameters, trouble};
    use crate::error::Exit;

    const BASE: &str = "openai-compatible/m?base_url=http://127.0.0.1:9";

    /// What a check of a model says of a response.
    fn checked<T>(
        reference: &str,
        kind: FaultKind,
        status: u16,
        body: &str,
        read: impl Fn(&Checked<'_>, &ModelRef) -> T,
    ) -> T {
        let reference: ModelRef = reference.parse().unwrap();
        let ask = question(&Asking { max_tokens: 64, ..Asking::default() });
        let returned = Returned {
            wire: Some(Box::new(Wire {
                url: "http://127.0.0.1:9/chat/completions".into(),
                request: String::new(),
                status: Some(status),
                headers: Vec::new(),
                response: body.to_owned(),
            })),
            ..Returned::from(Err(Fault::new(kind, format!("HTTP {status}: {body}")).with_status(status)))
        };
        let checked = Checked {
            reference: &reference,
            ask: &ask,
            unsent: &["seed".to_owned()],
            key_variable: Some("MY_KEY"),
            is_versioned: true,
            returned: &returned,
            took_ms: 1,
        };
        read(&checked, &reference)
    }

    fn refused(body: &str) -> Vec<&'static str> {
        checked("openai/m", FaultKind::Rejected, 400, body, |checked, _| refused_parameters(checked))
    }

    #[test]
    fn a_refusal_names_parameters_in_the_words_of_any_api() {
        for (body, named) in [
            (r#"{"error": {"message": "Unsupported value", "param": "temperature"}}"#, &["temperature"][..]),
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                &["max_tokens"],
            ),
            (
                "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
                &["temperature", "top_p"],
            ),
            ("Logprobs is not enabled for models/gemini-x", &["logprobs"]),
            ("Unknown name \"stopSequences\": Cannot find field.", &["stop"]),
            ("stop: Extra inputs are not permitted", &["stop"]),
            ("please stop sending so much", &[]),
            // Not sent, so not what was refused.
            ("seed is not supported", &[]),
            ("the model does not exist", &[]),
        ] {
            assert_eq!(refused(body), named, "{body}");
        }
    }

    #[test]
    fn a_parameter_is_named_by_whole_words_only() {
        assert!(names("top_p must be", "top_p") && !names("stop_p must be", "top_p"));
        assert!(!names("top_probability", "top_p") && names("'stop' is", "stop"));
    }

    #[test]
    fn only_a_base_url_without_a_version_is_asked_for_one() {
        assert!(
            has_version("http://x/v1")
                && has_version("https://x/api/v1beta/")
                && !has_version("http://v1.example/api")
        );
        let hinted = |reference: &str| {
            checked(reference, FaultKind::WebPage, 200, "<html>", |checked, typed| {
                format!("{:?}", trouble(checked, typed, "").unwrap())
            })
        };
        assert!(hinted(BASE).contains("did you forget /v1? --base-url http://127.0.0.1:9/v1"));
        assert!(!hinted("openai-compatible/m?base_url=http://127.0.0.1:9/v1").contains("forget"));
        assert!(!hinted("openai/m").contains("forget"));
    }

    #[test]
    fn every_trouble_has_its_code() {
        for (kind, status, body, exit) in [
            (FaultKind::Unauthorized, 401, "{}", Exit::Refused),
            (FaultKind::Exhausted, 402, "{}", Exit::Refused),
            (FaultKind::Connection, 0, "", Exit::Refused),
            (FaultKind::Timeout, 0, "", Exit::Refused),
            (FaultKind::RateLimited, 429, "{}", Exit::Incomplete),
            (FaultKind::Server, 500, "{}", Exit::Incomplete),
            (FaultKind::Rejected, 400, "temperature", Exit::Usage),
            (FaultKind::Rejected, 404, "not here", Exit::Usage),
            (FaultKind::WebPage, 200, "<html>", Exit::Usage),
            (FaultKind::Malformed, 200, "pong", Exit::Usage),
            (FaultKind::Empty, 200, "{\"status\": \"ok\"}", Exit::Usage),
            (FaultKind::Empty, 200, "{\"choices\": []}", Exit::Incomplete),
            (FaultKind::ZeroUsage, 200, "{\"choices\": []}", Exit::Incomplete),
        ] {
            let ended = checked(BASE, kind, status, body, |checked, typed| {
                trouble(checked, typed, "").unwrap().exit()
            });
            assert_eq!(ended, exit, "{kind} {status} {body}");
        }
    }

    #[test]
    fn what_came_in_place_of_an_answer_is_shown_short_and_harmless() {
        let page = format!("<html>\u{1b}[2J{}\n{}END", "word ".repeat(20), "x".repeat(400));
        let told = checked(BASE, FaultKind::WebPage, 200, &page, |checked, typed| {
            trouble(checked, typed, "").unwrap().to_string()
        });
        assert!(told.contains("<html>") && !told.contains('\u{1b}') && !told.contains("END"), "{told}");
        assert!(told.chars().count() < 400, "{told}");
    }
}
