//! From a request to its response: key, limits, fault, wait, answer, in this order. Knows no socket.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use serde_json::{Value, json};

use crate::ask::{Ask, Invalid};
use crate::chance::{drawn, identity, unit};
use crate::compose::{JSON, Moment, Prepared, Sent, Streaming, answer, refused};
use crate::dialect::Dialect;
use crate::dialect::error::{ApiError, ErrorKind};
use crate::fault::FaultKind;
use crate::faulty::{faulty, rate_limited};
use crate::ledger::{Book, Ending, Kept, Ticket};
use crate::limits::{Allowance, Bucket, as_reset};
use crate::options::Options;
use crate::outgoing::{HungUp, Outgoing};
use crate::routes::{CallRoute, Route, key, route};
use crate::scenario::{LISTED, Scenario};
use crate::text::hex;

/// What all connections of a server share.
pub(crate) struct Site {
    options: Options,
    pub(crate) book: Arc<Book>,
    bucket: Option<Mutex<Bucket>>,
    /// Numbers the calls for their identifiers.
    calls: AtomicU64,
}

const JITTER: u64 = 0x717e;
const SAMPLED: u64 = 0x5a3b;

impl Site {
    pub(crate) fn new(options: Options) -> Self {
        let bucket = options.rpm.map(|rpm| Mutex::new(Bucket::new(rpm, Instant::now())));
        let book = Arc::new(Book::new(options.price_usd, options.keep_requests));
        Self { options, book, bucket, calls: AtomicU64::new(0) }
    }

    /// Answers a request, or says that the connection is to be closed.
    pub(crate) async fn serve(&self, request: Request<Incoming>) -> Result<Response<Outgoing>, HungUp> {
        let (parts, body) = request.into_parts();
        // A client that breaks off while it asks gets no answer.
        let body = body.collect().await.map_err(|_| HungUp)?.to_bytes();
        let due = match route(&parts.method, &parts.uri, &parts.headers) {
            Route::Call(route) => Ok(self.prepare(&Call {
                headers: &parts.headers,
                uri: &parts.uri,
                body: &body,
                route,
                key: key(&parts.headers, &parts.uri),
            })),
            other => Err(self.inform(&other)),
        };
        if !is_about_the_server(parts.uri.path()) {
            let Parts { method, uri, headers, .. } = parts;
            self.book.keep(Kept { method, uri, headers, body });
        }
        match due {
            Ok(due) => due.sent().await,
            Err(response) => Ok(response),
        }
    }

    /// Decides what becomes of a call.
    fn prepare(&self, call: &Call<'_>) -> Due {
        let dialect = call.route.dialect;
        let identity = identity(call.uri.path(), call.body);
        let model = call.route.model.clone();
        let ask = Ask::read(dialect, identity, call.body, model, call.route.streams);
        let ticket = self.book.enter(identity, ask.as_ref().map_or("", |ask| ask.model.as_ref()));
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("req_{}", hex(number));
        let moment = Moment { now: jiff::Timestamp::now().as_second(), request_id };
        let mut allowance = None;
        let (prepared, wait) = match self.turned_away(call, &ticket, &moment, &mut allowance) {
            Some(prepared) => (prepared, Duration::ZERO),
            None => match ask {
                Err(invalid) => (Prepared::invalid(dialect, invalid, &moment), Duration::ZERO),
                Ok(ask) => self.answered(call, ask, &moment),
            },
        };
        let headers = stamps(dialect, &moment, allowance);
        Due { prepared, ticket, wait, headers }
    }

    /// What a call meets before anyone reads what it says.
    fn turned_away(
        &self,
        call: &Call<'_>,
        ticket: &Ticket,
        moment: &Moment,
        allowance: &mut Option<Allowance>,
    ) -> Option<Prepared> {
        let dialect = call.route.dialect;
        if self.options.key.as_deref().is_some_and(|wanted| call.key != Some(wanted)) {
            let error = ApiError::new(ErrorKind::Unauthorized, "Incorrect API key provided.");
            return Some(Prepared::error(dialect, &error, moment, "key"));
        }
        let taken = self
            .bucket
            .as_ref()
            .map(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()));
        *allowance = taken;
        let refuse = |wait_ms, name| {
            let mut prepared = rate_limited(dialect, FaultKind::RateLimit, wait_ms, moment);
            prepared.ending = Ending::Fault(name);
            Some(prepared)
        };
        if let Some(wait) = taken.and_then(|allowance| allowance.refused_for) {
            return refuse(wait.as_millis() as u64 + 1, "rpm");
        }
        if self.options.max_in_flight.is_some_and(|most| ticket.among() > most) {
            return refuse(self.options.retry_after_ms, "max-in-flight");
        }
        None
    }

    fn answered(&self, call: &Call<'_>, mut ask: Ask<'_>, moment: &Moment) -> (Prepared, Duration) {
        let options = &self.options;
        let scenario = Scenario::of_model(&ask.model);
        let streaming = Streaming { is_sse: call.route.is_sse };
        let lacks_version =
            ask.dialect == Dialect::Messages && !call.headers.contains_key("anthropic-version");
        let invalid = if lacks_version {
            Some(Invalid::new("anthropic-version: header is required"))
        } else {
            refused(&ask, scenario)
        };
        if let Some(invalid) = invalid {
            return (Prepared::invalid(ask.dialect, invalid, moment), Duration::ZERO);
        }
        let most = options.max_faults_in_a_row;
        let (seen, drawn_fault) = self.book.draw_fault(&options.faults, options.seed, ask.identity, most);
        let fault = if let Scenario::Fault(kind) = scenario { Some(kind) } else { drawn_fault };
        let jitter = unit(drawn(options.seed, JITTER, ask.identity, seen)) * options.jitter_ms as f64;
        if options.sampled {
            ask.identity = u128::from(drawn(options.seed, SAMPLED, ask.identity, seen));
        }
        let prepared = match fault {
            Some(kind) => faulty(&ask, kind, scenario, call.key, options, moment, &streaming),
            None => answer(&ask, scenario, options, moment, &streaming),
        };
        (prepared, Duration::from_secs_f64((options.latency_ms as f64 + jitter) / 1000.0))
    }

    /// Answers what is not a call of a model.
    fn inform(&self, route: &Route<'_>) -> Response<Outgoing> {
        let (status, value) = match route {
            Route::Models(dialect) => (StatusCode::OK, models(*dialect)),
            Route::Tags => (StatusCode::OK, tags()),
            Route::Version => (StatusCode::OK, json!({"version": "0.13.0"})),
            Route::Health => (StatusCode::OK, json!({"status": "ok"})),
            Route::Ledger => (StatusCode::OK, json!(self.book.ledger())),
            Route::Last(n) => (StatusCode::OK, json!(self.book.last(*n))),
            Route::Reset => {
                self.book.reset();
                (StatusCode::OK, json!({"status": "ok"}))
            }
            Route::Call(_) | Route::Unknown => (
                StatusCode::NOT_FOUND,
                json!({"error": {"message": "Nothing is here.", "type": "not_found"}}),
            ),
        };
        let mut response = Response::new(Outgoing::whole(Bytes::from(value.to_string()), None));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        response
    }
}

/// Requests about the server itself are not kept.
fn is_about_the_server(path: &str) -> bool {
    path == "/health" || path.starts_with("/mock/")
}

/// A call as it came in.
struct Call<'r> {
    headers: &'r HeaderMap,
    uri: &'r Uri,
    body: &'r Bytes,
    route: CallRoute<'r>,
    key: Option<&'r str>,
}

/// An answer that waits for its time.
struct Due {
    prepared: Prepared,
    ticket: Ticket,
    wait: Duration,
    headers: HeaderMap,
}

impl Due {
    async fn sent(self) -> Result<Response<Outgoing>, HungUp> {
        let Self { prepared, ticket, wait, mut headers } = self;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let ending = prepared.ending;
        let body = match prepared.body {
            Sent::Whole(bytes) => Outgoing::whole(bytes, Some((ticket, ending))),
            Sent::Cut(bytes) => Outgoing::cut(&bytes, Some((ticket, ending))),
            Sent::Stream(pieces) => Outgoing::stream(pieces, Some((ticket, ending))),
            Sent::HangUp => {
                ticket.settle(ending);
                return Err(HungUp);
            }
            Sent::Silence => {
                ticket.note(ending);
                return std::future::pending().await;
            }
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(prepared.content_type));
        for (name, value) in prepared.headers {
            stamp(&mut headers, name, value);
        }
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(prepared.status).unwrap_or(StatusCode::OK);
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn stamp(headers: &mut HeaderMap, name: &'static str, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The headers that every answer of a dialect has.
fn stamps(dialect: Dialect, moment: &Moment, allowance: Option<Allowance>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    let is_anthropic = dialect == Dialect::Messages;
    let id = if is_anthropic { "request-id" } else { "x-request-id" };
    stamp(&mut headers, id, moment.request_id.clone());
    let Some(allowance) = allowance else { return headers };
    let limit = allowance.limit.to_string();
    let remaining = allowance.remaining.to_string();
    if is_anthropic {
        let full_in = i64::try_from(allowance.full_in.as_millis().div_ceil(1000)).unwrap_or(0);
        let full_at = jiff::Timestamp::from_second(moment.now + full_in).unwrap_or_default();
        stamp(&mut headers, "anthropic-ratelimit-requests-limit", limit);
        stamp(&mut headers, "anthropic-ratelimit-requests-remaining", remaining);
        stamp(&mut headers, "anthropic-ratelimit-requests-reset", full_at.to_string());
    } else {
        stamp(&mut headers, "x-ratelimit-limit-requests", limit);
        stamp(&mut headers, "x-ratelimit-remaining-requests", remaining);
        stamp(&mut headers, "x-ratelimit-reset-requests", as_reset(allowance.full_in));
    }
    headers
}

fn models(dialect: Dialect) -> Value {
    let listed = |entry: fn(&str) -> Value| LISTED.iter().map(|name| entry(name)).collect::<Value>();
    match dialect {
        Dialect::Messages => {
            let data = listed(
                |name| json!({"type": "model", "id": name, "display_name": name, "created_at": "2024-01-01T00:00:00Z"}),
            );
            json!({"data": data, "has_more": false, "first_id": LISTED.first(), "last_id": LISTED.last()})
        }
        Dialect::Gemini => json!({"models": listed(|name| {
            json!({"name": format!("models/{name}"), "displayName": name,
                "supportedGenerationMethods": ["generateContent"]})
        })}),
        _ => {
            let data = listed(
                |name| json!({"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "mock"}),
            );
            json!({"object": "list", "data": data})
        }
    }
}

fn tags() -> Value {
    let entry = |name: &&str| {
        json!({"name": name, "model": name, "modified_at": "2024-01-01T00:00:00Z", "size": 1,
            "digest": "0".repeat(64), "details": {"format": "gguf", "family": "mock"}})
    };
    json!({"models": LISTED.iter().map(entry).collect::<Value>()})
}
