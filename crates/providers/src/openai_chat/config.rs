//! Where a server is, checked before anything is sent, and the HTTP client for it.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url, redirect};
use unbent_core::Sampling;

use super::tls::{self, Trust};
use crate::Secret;

/// Time to reach a server, whatever the time-out of the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are let go before most servers close them, or an ask would run into the closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Secrets in extra headers shorter than this are taken for ordinary words and not scrubbed from text.
const SHORTEST_HEADER_SECRET: usize = 8;

/// Where a server is and how to speak to it.
#[derive(Debug, Clone)]
pub struct OpenAiChatConfig {
    /// The address that `/chat/completions` is appended to, such as `http://127.0.0.1:1234/v1`. Nothing else is added.
    pub base_url: String,
    /// The key, sent as `Authorization: Bearer`. Local servers want none.
    pub api_key: Option<Secret>,
    /// The model, as the server names it.
    pub model: String,
    /// Time from the request to the last byte of the answer.
    pub timeout: Duration,
    /// Further headers. A value of eight characters or more is kept out of faults like the key.
    pub extra_headers: Vec<(String, Secret)>,
    /// Settings for what an ask leaves open.
    pub default_settings: Sampling,
}

impl OpenAiChatConfig {
    /// A server without key, with ten minutes a call, which slow local models need.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            model: model.into(),
            timeout: Duration::from_mins(10),
            extra_headers: Vec::new(),
            default_settings: Sampling::default(),
        }
    }
}

/// A configuration that no request can be made from. Shows no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The base URL is of no use.
    #[error("the base URL {url:?} {reason}")]
    BaseUrl {
        /// The URL, without what may be a credential.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No model is named.
    #[error("no model is named")]
    NoModel,
    /// The key holds characters that no HTTP header can carry.
    #[error("the API key holds characters that no HTTP header can carry")]
    ApiKey,
    /// A header's name or value is not one.
    #[error("the header {name:?} is not one that HTTP can carry")]
    Header {
        /// Its name.
        name: String,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

pub(super) fn endpoint(base_url: &str) -> Result<Url, ConfigError> {
    let bad = |reason: &str| ConfigError::BaseUrl {
        // A URL with an @ or a query may hold a credential.
        url: base_url.split(['?', '#']).next().filter(|url| !url.contains('@')).unwrap_or("***").to_owned(),
        reason: reason.to_owned(),
    };
    let mut url = Url::parse(base_url.trim()).map_err(|error| bad(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("does not begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("holds a user name or password; give the key apart from it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("holds a query or fragment, which cannot be kept when a path is appended"));
    }
    if url.path().trim_end_matches('/').ends_with("/chat/completions") {
        return Err(bad("already ends in /chat/completions; leave that away"));
    }
    url.path_segments_mut()
        .map_err(|()| bad("has no path to append to"))?
        .pop_if_empty()
        .extend(["chat", "completions"]);
    Ok(url)
}

pub(super) fn headers(config: &OpenAiChatConfig) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = config.api_key.as_ref().filter(|key| !key.is_empty()) {
        let value = format!("Bearer {}", key.reveal());
        let mut value = HeaderValue::try_from(value).map_err(|_| ConfigError::ApiKey)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in &config.extra_headers {
        let bad = || ConfigError::Header { name: name.clone() };
        let mut value = HeaderValue::try_from(value.reveal()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

pub(super) fn client(endpoint: &Url, headers: HeaderMap) -> Result<Client, ConfigError> {
    let bad = |reason: String| ConfigError::Client { reason };
    let trust = if endpoint.scheme() == "https" { Trust::Machine } else { Trust::Nobody };
    let tls = tls::client_config(trust).map_err(|error| bad(error.to_string()))?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .user_agent(concat!("unbent/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(usize::MAX);
    if is_loopback(endpoint) {
        // A proxy named in the environment cannot reach this machine.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| bad(super::root_cause(&error)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// What must not show in a fault.
pub(super) fn secrets(config: &OpenAiChatConfig) -> Vec<Secret> {
    config
        .extra_headers
        .iter()
        .map(|(_, value)| value)
        .filter(|value| value.reveal().len() >= SHORTEST_HEADER_SECRET)
        .chain(&config.api_key)
        .cloned()
        .collect()
}
