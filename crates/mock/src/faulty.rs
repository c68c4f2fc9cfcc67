//! What each fault looks like on the wire. Does not know which requests meet one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::compose::{JSON, Moment, Prepared, Sent, Streaming, spoilable, streamed, written};
use crate::dialect::error::{ApiError, ErrorKind};
use crate::dialect::{Dialect, Event, responses};
use crate::fault::FaultKind;
use crate::ledger::{Ending, Tokens};
use crate::options::Options;
use crate::reply::{Finish, Reply, Usage};
use crate::scenario::Scenario;

/// Stands where bytes that are no UTF-8 are put in the end.
const MARK: &str = "~~";

/// A page as a proxy writes it.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                    Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// Puts a fault on the wire. `key` is what the request carried.
pub(crate) fn faulty(
    ask: &Ask<'_>,
    kind: FaultKind,
    scenario: Scenario<'_>,
    key: Option<&str>,
    options: &Options,
    moment: &Moment,
    streaming: &Streaming,
) -> Prepared {
    let dialect = ask.dialect;
    let mut reply = spoilable(ask, scenario, options, moment);
    let charged = reply.usage.tokens();
    let spoilt = |told| Ending::Spoilt { fault: kind.name(), charged, told };
    let (whole, none) = (spoilt(charged), spoilt(Tokens::default()));
    let at_start = if ask.is_streamed() { dialect.told_at_start(&reply) } else { Tokens::default() };
    let error = |kind_of: ErrorKind, message: &str| {
        Prepared::error(dialect, &ApiError::new(kind_of, message), moment, kind.name())
    };
    match kind {
        FaultKind::RateLimit | FaultKind::RateLimitDate | FaultKind::RateLimitBare => {
            rate_limited(dialect, kind, options.retry_after_ms, moment)
        }
        FaultKind::Quota => error(
            ErrorKind::Quota,
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        FaultKind::Overloaded => error(ErrorKind::Overloaded, "Overloaded"),
        FaultKind::Server => error(
            ErrorKind::Server,
            "The server had an error while processing your request. Sorry about that!",
        ),
        FaultKind::Unauthorized => {
            let key = key.unwrap_or_default();
            let coded = STANDARD.encode(key);
            let message = format!("Incorrect API key provided: {key} (base64: {coded}).");
            error(ErrorKind::Unauthorized, &message)
        }
        FaultKind::BadRequest => error(ErrorKind::BadRequest, "Something in your request is not right."),
        FaultKind::NotFound => {
            error(ErrorKind::NotFound, &format!("The model `{}` does not exist.", ask.model))
        }
        FaultKind::BadGateway => page(502, Ending::Fault(kind.name())),
        FaultKind::Html => page(200, Ending::Fault(kind.name())),
        FaultKind::HangUp => without_body(Sent::HangUp, none),
        FaultKind::Silence => without_body(Sent::Silence, none),
        FaultKind::ErrorIn200 => {
            let ending = Ending::Spoilt { fault: kind.name(), charged: at_start, told: at_start };
            error_in_200(ask, &reply, moment, streaming, ending)
        }
        // What comes after the event that breaks off is read all the same.
        FaultKind::NotJson => not_json(ask, &reply, streaming, if ask.is_streamed() { whole } else { none }),
        FaultKind::Cut => cut(ask, &reply, streaming, spoilt(at_start)),
        FaultKind::NotUtf8 => {
            reply.calls.clear();
            reply.finish = Finish::Stop;
            reply.text = format!("spoilt {MARK} text");
            let mut prepared = written(ask, &reply, streaming, whole);
            match &mut prepared.body {
                Sent::Whole(bytes) => spoil(bytes),
                Sent::Stream(pieces) => pieces.iter_mut().for_each(spoil),
                _ => {}
            }
            prepared
        }
        FaultKind::NoChoices => {
            reply.hollow = true;
            reply.calls.clear();
            reply.finish = Finish::Stop;
            written(ask, &reply, streaming, whole)
        }
        FaultKind::Empty => {
            reply.text.clear();
            reply.calls.clear();
            reply.finish = Finish::Stop;
            written(ask, &reply, streaming, whole)
        }
        FaultKind::ZeroUsage => {
            reply.usage = Usage::default();
            written(ask, &reply, streaming, Ending::FaultyAnswer(kind.name()))
        }
    }
}

fn without_body(body: Sent, ending: Ending) -> Prepared {
    Prepared { status: 200, content_type: JSON, headers: Vec::new(), body, ending }
}

fn page(status: u16, ending: Ending) -> Prepared {
    let body = Sent::Whole(Bytes::from_static(PAGE.as_bytes()));
    Prepared { status, content_type: "text/html; charset=utf-8", headers: Vec::new(), body, ending }
}

/// Refuses a request for now, and says for how long in the way that `kind` asks for.
pub(crate) fn rate_limited(dialect: Dialect, kind: FaultKind, wait_ms: u64, moment: &Moment) -> Prepared {
    let is_bare = kind == FaultKind::RateLimitBare;
    let error =
        ApiError::new(ErrorKind::RateLimit, "Rate limit reached for requests. Please try again later.");
    let body = error.body(dialect, &moment.request_id, (!is_bare).then_some(wait_ms));
    let mut prepared = Prepared::json(429, &body, Ending::Fault(kind.name()));
    let seconds = wait_ms.div_ceil(1000);
    match kind {
        FaultKind::RateLimitBare => {}
        FaultKind::RateLimitDate => {
            prepared.headers.push(("retry-after", http_date(moment.now.saturating_add_unsigned(seconds))));
        }
        _ => {
            prepared.headers.push(("retry-after", seconds.to_string()));
            prepared.headers.push(("retry-after-ms", wait_ms.to_string()));
        }
    }
    prepared
}

/// A date as RFC 9110 wants it in a header.
fn http_date(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn error_in_200(
    ask: &Ask<'_>,
    reply: &Reply,
    moment: &Moment,
    streaming: &Streaming,
    ending: Ending,
) -> Prepared {
    const MESSAGE: &str = "Provider returned error";
    let error = ApiError::new(ErrorKind::Overloaded, MESSAGE);
    let body = error.body(ask.dialect, &moment.request_id, None);
    let is_response = ask.dialect == Dialect::Responses;
    if !ask.is_streamed() {
        let body = if is_response { responses::failed(reply, MESSAGE) } else { body };
        return Prepared::json(200, &body, ending);
    }
    let mut events = ask.dialect.events(reply, false);
    events.truncate(2);
    match ask.dialect {
        Dialect::Responses => {
            let failed = json!({"response": responses::failed(reply, MESSAGE)});
            events.push(Event::named("response.failed", failed));
            events = responses::numbered(events);
        }
        Dialect::Messages => events.push(Event::named("error", body)),
        _ => events.push(Event::plain(body)),
    }
    streamed(ask.dialect, &events, streaming, false, ending)
}

fn not_json(ask: &Ask<'_>, reply: &Reply, streaming: &Streaming, ending: Ending) -> Prepared {
    let mut prepared = written(ask, reply, streaming, ending);
    match &mut prepared.body {
        Sent::Whole(bytes) => bytes.truncate(bytes.len() / 2),
        Sent::Stream(pieces) => {
            // An event whose data break off, ended as an event is.
            let at = pieces.len() / 2;
            let text = String::from_utf8_lossy(&pieces[at]).into_owned();
            let head: String = text.chars().take(text.trim_end().chars().count() * 2 / 3).collect();
            pieces[at] = Bytes::from(format!("{head}\n\n"));
        }
        _ => {}
    }
    prepared
}

fn cut(ask: &Ask<'_>, reply: &Reply, streaming: &Streaming, ending: Ending) -> Prepared {
    if ask.is_streamed() {
        let mut events = ask.dialect.events(reply, ask.includes_usage());
        events.truncate((events.len() / 2).max(1));
        return streamed(ask.dialect, &events, streaming, false, ending);
    }
    let value: Value = ask.dialect.whole(reply);
    without_body(Sent::Cut(Bytes::from(value.to_string())), ending)
}

/// Puts bytes that are no UTF-8 in the place of the mark.
fn spoil(bytes: &mut Bytes) {
    let Some(at) = bytes.windows(MARK.len()).position(|window| window == MARK.as_bytes()) else { return };
    let mut spoilt = bytes.to_vec();
    spoilt[at] = 0xff;
    spoilt[at + 1] = 0xfe;
    *bytes = Bytes::from(spoilt);
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn a_date_is_written_as_headers_want_it() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
