//! From a request that could be read to what is sent back. Pure but for the time that is handed in.

use bytes::Bytes;
use serde_json::Value;

use crate::ask::{Ask, Invalid};
use crate::dialect::error::{ApiError, ErrorKind};
use crate::dialect::{Dialect, Event, chat};
use crate::ledger::Ending;
use crate::options::Options;
use crate::reply::{Reply, Usage};
use crate::scenario::{Scenario, reply_to};

/// What is sent back.
pub(crate) struct Prepared {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Sent,
    pub(crate) ending: Ending,
}

/// The body that is sent, if any.
pub(crate) enum Sent {
    Whole(Bytes),
    /// Breaks off before its declared length.
    Cut(Bytes),
    Stream(Vec<Bytes>),
    /// The connection is closed instead.
    HangUp,
    /// Nothing ever comes.
    Silence,
}

pub(crate) const JSON: &str = "application/json";

impl Prepared {
    pub(crate) fn json(status: u16, value: &Value, ending: Ending) -> Self {
        let body = Sent::Whole(Bytes::from(value.to_string()));
        Self { status, content_type: JSON, headers: Vec::new(), body, ending }
    }

    /// An error in the words of a dialect.
    pub(crate) fn error(dialect: Dialect, error: &ApiError, moment: &Moment, fault: &'static str) -> Self {
        let body = error.body(dialect, &moment.request_id, None);
        Self::json(error.status(dialect), &body, Ending::Fault(fault))
    }

    /// A refusal of what a request says.
    pub(crate) fn invalid(dialect: Dialect, invalid: Invalid, moment: &Moment) -> Self {
        let Invalid { message, param, code } = invalid;
        let error = ApiError { kind: ErrorKind::BadRequest, message, param, code };
        Self::error(dialect, &error, moment, "invalid")
    }
}

/// What differs from one call to the next.
pub(crate) struct Moment {
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// Identifier in the header.
    pub(crate) request_id: String,
}

/// How a stream of this request is put on the wire.
pub(crate) struct Streaming {
    /// Whether a query asks for server-sent events.
    pub(crate) is_sse: bool,
}

/// Says what in a request its API would refuse.
pub(crate) fn refused(ask: &Ask<'_>, scenario: Scenario<'_>) -> Option<Invalid> {
    if let Some(missing) = ask.missing() {
        return Some(missing);
    }
    match scenario {
        Scenario::Strict(parameter) if ask.has_parameter(parameter) => Some(unsupported(ask, parameter)),
        Scenario::Reasoning | Scenario::ReasoningTools => ask.check_carried().err(),
        _ => None,
    }
}

fn unsupported(ask: &Ask<'_>, parameter: &str) -> Invalid {
    let message = match (ask.dialect, parameter) {
        (Dialect::Messages, _) => format!("{parameter}: Extra inputs are not permitted"),
        (Dialect::Gemini, _) => {
            format!("Invalid JSON payload received. Unknown name \"{parameter}\": Cannot find field.")
        }
        (_, "max_tokens") => "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                              'max_completion_tokens' instead."
            .to_owned(),
        _ => format!("Unsupported parameter: '{parameter}' is not supported with this model."),
    };
    Invalid { message, param: Some(parameter.to_owned()), code: Some("unsupported_parameter") }
}

/// Writes the answer that no fault spoils.
pub(crate) fn answer(
    ask: &Ask<'_>,
    scenario: Scenario<'_>,
    options: &Options,
    moment: &Moment,
    streaming: &Streaming,
) -> Prepared {
    let reply = reply_to(ask, scenario, options, moment.now);
    let ending = Ending::Answer(reply.usage.tokens());
    let is_simple = scenario == Scenario::Text && ask.dialect == Dialect::Chat && reply.calls.is_empty();
    if is_simple && !ask.is_streamed() && is_plain(&reply.text) && is_plain(&reply.model) {
        let body = Sent::Whole(Bytes::from(chat::plain(&reply)));
        return Prepared { status: 200, content_type: JSON, headers: Vec::new(), body, ending };
    }
    written(ask, &reply, streaming, ending)
}

/// Whether a text needs no escape in JSON.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

/// Puts an answer on the wire, whole or as a stream.
pub(crate) fn written(ask: &Ask<'_>, reply: &Reply, streaming: &Streaming, ending: Ending) -> Prepared {
    if ask.is_streamed() {
        let events = ask.dialect.events(reply, ask.includes_usage());
        streamed(ask.dialect, &events, streaming, true, ending)
    } else {
        Prepared::json(200, &ask.dialect.whole(reply), ending)
    }
}

/// Puts events on the wire.
pub(crate) fn streamed(
    dialect: Dialect,
    events: &[Event],
    streaming: &Streaming,
    has_end: bool,
    ending: Ending,
) -> Prepared {
    use crate::dialect::Framing;
    let framing = dialect.framing(streaming.is_sse);
    let content_type = match framing {
        Framing::Sse => "text/event-stream; charset=utf-8",
        Framing::Lines => "application/x-ndjson",
        Framing::Array => JSON,
    };
    let body = Sent::Stream(dialect.pieces(events, framing, has_end));
    Prepared { status: 200, content_type, headers: Vec::new(), body, ending }
}

/// An answer to spoil: a text, with its price where the scenario tells one.
pub(crate) fn spoilable(ask: &Ask<'_>, scenario: Scenario<'_>, options: &Options, moment: &Moment) -> Reply {
    let mut reply = reply_to(ask, Scenario::Text, options, moment.now);
    let cost_usd = (scenario == Scenario::Priced).then_some(options.price_usd);
    reply.usage = Usage { input: reply.usage.input.max(1), cost_usd, ..reply.usage };
    reply
}
