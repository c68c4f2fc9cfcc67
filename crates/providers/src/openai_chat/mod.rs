//! OpenAI-compatible chat completions over HTTP: OpenAI, OpenRouter, LM Studio, vLLM, llama.cpp, Ollama and others.
//!
//! One POST an ask, without streaming, redirects or retries. Knows no model by name: what a server needs is in its
//! configuration. Keys are never in a fault; answers are passed on as they came.

mod config;
mod convert;
mod fault;
mod tls;
mod usage;
mod wire;

use std::error::Error as _;
use std::fmt;
use std::time::{Duration, Instant};

use reqwest::{Client, Response, Url};
use unbent_core::{BoxFuture, Call, Fault, FaultKind, Provider, Reply, Sampling};

pub use self::config::{ConfigError, OpenAiChatConfig};
use self::fault::Redaction;

/// Bytes of a response that are read at most.
const BODY_LIMIT: usize = 32 << 20;

/// A model behind an OpenAI-compatible server.
///
/// Holds a pool of connections that grows with the calls in flight; share one rather than building many.
pub struct OpenAiChat {
    client: Client,
    base_url: String,
    endpoint: Url,
    model: String,
    timeout: Duration,
    default_settings: Sampling,
    redaction: Redaction,
}

impl fmt::Debug for OpenAiChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiChat")
            .field("endpoint", &self.endpoint.as_str())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl OpenAiChat {
    /// Makes the provider; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if no request could be made from the configuration.
    pub fn new(config: OpenAiChatConfig) -> Result<Self, ConfigError> {
        let endpoint = config::endpoint(&config.base_url)?;
        if config.model.trim().is_empty() {
            return Err(ConfigError::NoModel);
        }
        let client = config::client(&endpoint, config::headers(&config)?)?;
        Ok(Self {
            client,
            redaction: Redaction::new(config::secrets(&config)),
            base_url: config.base_url,
            endpoint,
            model: config.model,
            timeout: config.timeout,
            default_settings: config.default_settings,
        })
    }

    /// The address that is asked.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// The body of the request for an ask, as it is sent.
    pub fn request_body(&self, ask: &unbent_core::Ask) -> Vec<u8> {
        let sampling = ask.sampling.or(&self.default_settings);
        serde_json::to_vec(&convert::request(&self.model, ask, &sampling))
            .expect("a request has only text keys, so it is always JSON")
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Reply, Fault> {
        let started = Instant::now();
        let response = self
            .client
            .post(self.endpoint.clone())
            .body(self.request_body(call.ask))
            .send()
            .await
            .map_err(|error| self.unreached(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let (body, end) = read_body(response).await;
        if !status.is_success() {
            let tried = self.endpoint.as_str();
            return Err(fault::of_status(status.as_u16(), &headers, &body, tried, &self.redaction));
        }
        let malformed = |what: &str| {
            let excerpt = self.redaction.excerpt(&body);
            Fault::new(FaultKind::Malformed, format!("{what}; the body begins: {excerpt}"))
        };
        let answered = match end {
            End::Whole => self.read(&body, call).map_err(|unread| match unread {
                Unread::Fault(fault) => fault,
                Unread::Shape(what) => malformed(&what),
            }),
            End::Cut(why) => {
                Err(malformed(&format!("the answer broke off after {} bytes ({why})", body.len())))
            }
            End::TooLong => Err(malformed(&format!("the answer is longer than {} MiB", BODY_LIMIT >> 20))),
        };
        let mut reply = answered.map_err(|fault| fault.with_status(status.as_u16()))?;
        reply.latency_ms = Some(started.elapsed().as_millis() as u64);
        Ok(reply)
    }

    fn read(&self, body: &[u8], call: &Call<'_>) -> Result<Reply, Unread> {
        let text = str::from_utf8(body).map_err(|_| Unread::Shape("the answer is not UTF-8".into()))?;
        let text = self.redaction.answer(text.trim_start_matches('\u{feff}'));
        let response: wire::Response = serde_json::from_str(&text).map_err(|error| {
            Unread::Shape(if text.trim_start().starts_with('<') {
                format!("the answer is a web page; is {} the right base URL?", self.base_url)
            } else {
                format!("the answer is not a chat completion ({error})")
            })
        })?;
        convert::reply(response, call.ask).map_err(Unread::Fault)
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

impl Provider for OpenAiChat {
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let late = |_| {
                let seconds = self.timeout.as_secs_f64();
                let story = format!("no complete answer from {} within {seconds} s", self.base_url);
                Err(Fault::new(FaultKind::Timeout, story))
            };
            tokio::time::timeout(self.timeout, self.exchange(call))
                .await
                .unwrap_or_else(late)
                .map_err(|fault| self.redaction.clean(&fault))
        })
    }
}

/// Why a body gave no reply.
enum Unread {
    /// It is in the format and tells of a fault.
    Fault(Fault),
    /// It is not in the format.
    Shape(String),
}

/// How a body ended.
enum End {
    Whole,
    Cut(String),
    TooLong,
}

async fn read_body(mut response: Response) -> (Vec<u8>, End) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => return (body, End::TooLong),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return (body, End::Whole),
            Err(error) => return (body, End::Cut(root_cause(&error))),
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
