//! A model behind an HTTP API: one POST an ask, without redirects or retries.
//!
//! Knows no model and no dialect by name. Keys are in no reply, fault or record of what crossed the network.

mod dialect;
mod endpoint;
mod fault;
mod pace;
mod reach;
mod sse;
mod tls;

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Response, Url};
use serde_json::Value;
use unbent_core::{
    Ask, BlobRef, BoxFuture, Call, Fault, FaultKind, Pace, Provider, Reply, Returned, Wasted, Wire,
};

pub use self::dialect::{Dialect, Failure, KeyHeader, Request};
pub use self::endpoint::{ConfigError, Endpoint};
use self::fault::Redaction;
pub(crate) use self::fault::{describe_error, is_error};
pub use self::reach::Reached;
pub(crate) use self::sse::sse_events;
pub use self::tls::{Roots, roots};

/// Bytes of a response that are read at most.
const BODY_LIMIT: usize = 32 << 20;

/// A model behind an HTTP API.
///
/// Holds a pool of connections that grows with the calls in flight; share one rather than building many.
pub struct HttpModel {
    dialect: Box<dyn Dialect>,
    client: Client,
    base_url: String,
    address: Url,
    timeout: Duration,
    allows_zero_usage: bool,
    /// The extra headers: names, and hashes of values, which may be secret.
    extra_headers: Vec<(String, BlobRef)>,
    redaction: Redaction,
}

impl fmt::Debug for HttpModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpModel")
            .field("address", &self.address.as_str())
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

impl HttpModel {
    /// Makes the provider; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if no request could be made from the configuration.
    pub fn new(endpoint: Endpoint, dialect: impl Into<Box<dyn Dialect>>) -> Result<Self, ConfigError> {
        let dialect = dialect.into();
        let mut address = endpoint::address(&endpoint.base_url, &dialect.path())?;
        address.set_query(dialect.query());
        let client = endpoint::client(&address, endpoint::headers(&endpoint, &*dialect)?)?;
        Ok(Self {
            dialect,
            client,
            redaction: Redaction::new(endpoint::secrets(&endpoint)),
            extra_headers: endpoint
                .extra_headers
                .iter()
                .map(|(name, value)| (name.clone(), BlobRef::of(value.reveal().as_bytes())))
                .collect(),
            base_url: endpoint.base_url,
            address,
            timeout: endpoint.timeout,
            allows_zero_usage: endpoint.allows_zero_usage,
        })
    }

    /// The address that is asked.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The body of the request for an ask, as it is sent.
    ///
    /// # Errors
    ///
    /// `Rejected` if the API has no words for it.
    pub fn request_body(&self, ask: &Ask) -> Result<Vec<u8>, Fault> {
        Ok(self.dialect.request(ask)?.body)
    }

    async fn exchange(&self, call: &Call<'_>) -> Returned {
        let request = match self.dialect.request(call.ask) {
            Ok(request) => request,
            Err(fault) => return Err(fault).into(),
        };
        let started = Instant::now();
        let mut wire = Wire {
            url: self.redaction.cover(self.address.as_str()).into_owned(),
            request: self.redaction.cover(&String::from_utf8_lossy(&request.body)).into_owned(),
            status: None,
            headers: Vec::new(),
            response: String::new(),
        };
        let mut pace = Pace::default();
        let (result, wasted) = match self.send_and_read(call.ask, &request, &mut wire, &mut pace).await {
            Ok(reply) => {
                let latency_ms = Some(started.elapsed().as_millis() as u64);
                (Ok(Reply { latency_ms, unsent: request.unsent, ..reply }), Wasted::default())
            }
            Err(Failure { fault, wasted }) => {
                let status = fault.status.or(wire.status);
                (Err(self.redaction.clean(Fault { status, ..fault })), wasted)
            }
        };
        Returned { result, wasted, wire: Some(Box::new(wire)), pace }
    }

    async fn send_and_read(
        &self,
        ask: &Ask,
        request: &Request,
        wire: &mut Wire,
        pace: &mut Pace,
    ) -> Result<Reply, Failure> {
        let deadline = tokio::time::Instant::now() + self.timeout;
        let sent = self.client.post(self.address.clone()).body(request.body.clone()).send();
        let response = tokio::time::timeout_at(deadline, sent)
            .await
            .map_err(|_| self.late(""))?
            .map_err(|error| self.unreached(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        *pace = pace::pace(&headers);
        wire.status = Some(status.as_u16());
        wire.headers = self.recorded_headers(&headers);
        let patience =
            if request.streamed { Patience::EachChunk(self.timeout) } else { Patience::Until(deadline) };
        let (bytes, end) = read_body(response, patience).await;
        wire.response = self.redaction.cover(&String::from_utf8_lossy(&bytes)).into_owned();
        if !status.is_success() {
            let tried = self.address.as_str();
            return Err(fault::of_status(status.as_u16(), &headers, &bytes, tried, &self.redaction).into());
        }
        let excerpt = |kind, what: &str| {
            Fault::new(kind, format!("{what}; the body begins: {}", self.redaction.excerpt(&bytes)))
        };
        let text = wire.response.trim_start_matches('\u{feff}').trim_start();
        // A spoilt answer may still say what it used, and that is paid for.
        let used = || match self.read(text, request.streamed, ask) {
            Ok(reply) => Wasted { usage: reply.usage, cost: reply.cost },
            Err(failure) => failure.wasted,
        };
        match end {
            End::Whole => {}
            End::Cut(why) => {
                let what = format!("the answer broke off after {} bytes ({why})", bytes.len());
                return Err(Failure { fault: excerpt(FaultKind::Cut, &what), wasted: used() });
            }
            End::Late => {
                let fault = self.late(&format!(" ({} bytes of it came)", bytes.len()));
                return Err(Failure { fault, wasted: used() });
            }
            End::TooLong => {
                let what = format!("the answer is longer than {} MiB", BODY_LIMIT >> 20);
                return Err(excerpt(FaultKind::Malformed, &what).into());
            }
        }
        if std::str::from_utf8(&bytes).is_err() {
            let fault = excerpt(FaultKind::Malformed, "the answer is not UTF-8");
            return Err(Failure { fault, wasted: used() });
        }
        if text.starts_with('<') {
            let what = format!("the answer is a web page; is {} the right base URL?", self.base_url);
            return Err(excerpt(FaultKind::WebPage, &what).into());
        }
        let told = |failure: Failure| match failure.fault.kind {
            FaultKind::Malformed => {
                Failure { fault: excerpt(FaultKind::Malformed, &failure.fault.message), ..failure }
            }
            _ => failure,
        };
        self.read(text, request.streamed, ask).map_err(told)
    }

    /// Reads the text of an answer that met status 200.
    fn read(&self, text: &str, is_streamed: bool, ask: &Ask) -> Result<Reply, Failure> {
        let body = if is_streamed && !text.starts_with('{') {
            Cow::Owned(self.dialect.assemble(text)?)
        } else {
            Cow::Borrowed(text)
        };
        let reply = self.dialect.reply(&body, ask)?;
        if reply.usage.total() == 0 && !self.allows_zero_usage && reports_usage(&body) {
            let story = "the server reports that the answer took no tokens at all, so no model wrote it \
                         (zero_usage=allow takes such answers)";
            let wasted = Wasted { usage: reply.usage, cost: reply.cost };
            return Err(Failure { fault: Fault::new(FaultKind::ZeroUsage, story), wasted });
        }
        Ok(reply)
    }

    /// The headers of a response as they are recorded: all but cookies.
    fn recorded_headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        headers
            .iter()
            .filter(|(name, _)| *name != SET_COOKIE)
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), self.redaction.cover(&value).into_owned())
            })
            .collect()
    }

    fn late(&self, came: &str) -> Fault {
        let seconds = self.timeout.as_secs_f64();
        let story = format!("no complete answer from {} within {seconds} s{came}", self.base_url);
        Fault::new(FaultKind::Timeout, story)
    }

    /// The fault of a request that met no answer.
    fn unreached(&self, error: &reqwest::Error) -> Fault {
        let cause = root_cause(error);
        let base = &self.base_url;
        Fault::new(
            FaultKind::Connection,
            if error.is_connect() {
                format!(
                    "cannot reach {base}: {cause}; the server may not be running, or the base URL may be wrong"
                )
            } else {
                format!("{base} hung up without an answer: {cause}")
            },
        )
    }
}

/// Whether a body reports tokens at all, in the fields of any dialect.
fn reports_usage(body: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    [
        "/usage/prompt_tokens",
        "/usage/input_tokens",
        "/message/usage/input_tokens",
        "/usageMetadata/promptTokenCount",
        "/prompt_eval_count",
    ]
    .iter()
    .any(|count| body.pointer(count).is_some_and(Value::is_number))
}

impl Provider for HttpModel {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned> {
        Box::pin(self.exchange(call))
    }

    fn identity(&self, ask: &Ask) -> Option<Vec<u8>> {
        let request = self.dialect.request(ask).ok()?;
        let mut identity = self.address.as_str().to_owned();
        for (name, value) in self.dialect.headers() {
            identity.push_str(&format!("\n{name}: {value}"));
        }
        for (name, value) in &self.extra_headers {
            identity.push_str(&format!("\n{name}: hash {value}"));
        }
        if self.allows_zero_usage {
            identity.push_str("\nzero usage is allowed");
        }
        identity.push_str("\n\n");
        let mut identity = identity.into_bytes();
        identity.extend_from_slice(&request.body);
        Some(identity)
    }

    fn unsent(&self, ask: &Ask) -> Vec<String> {
        self.dialect.request(ask).map_or_else(|_| Vec::new(), |request| request.unsent)
    }
}

/// How long to wait for a body.
enum Patience {
    /// For the whole of it, until then.
    Until(tokio::time::Instant),
    /// For each piece of it, so long.
    EachChunk(Duration),
}

/// How a body ended.
enum End {
    Whole,
    Cut(String),
    Late,
    TooLong,
}

async fn read_body(mut response: Response, patience: Patience) -> (Vec<u8>, End) {
    let mut body = Vec::new();
    loop {
        let deadline = match patience {
            Patience::Until(deadline) => deadline,
            Patience::EachChunk(span) => tokio::time::Instant::now() + span,
        };
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() > BODY_LIMIT => return (body, End::TooLong),
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None)) => return (body, End::Whole),
            Ok(Err(error)) => return (body, End::Cut(root_cause(&error))),
            Err(_) => return (body, End::Late),
        }
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}
