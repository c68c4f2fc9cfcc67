//! Where a server is, checked before anything is sent, and the HTTP client for it.

use std::time::Duration;

use super::dialect::{Dialect, KeyHeader};
use super::tls::{self, Trust};
use crate::Secret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url, redirect};

/// Time to reach a server, whatever the time-out of the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are let go before most servers close them, or an ask would run into the closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Secrets in extra headers shorter than this are taken for ordinary words and not scrubbed from text.
const SHORTEST_HEADER_SECRET: usize = 8;

/// Where a server is and how to reach it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The address that the dialect's path is appended to, such as `http://127.0.0.1:1234/v1`. Nothing else is added.
    pub base_url: String,
    /// The key; the dialect says in which header. Local servers want none.
    pub api_key: Option<Secret>,
    /// Time from the request to the last byte of the answer; of an answer that is streamed, from byte to byte.
    pub timeout: Duration,
    /// Further headers. A value of eight characters or more is kept out of everything that is recorded, like the key.
    pub extra_headers: Vec<(String, Secret)>,
    /// Whether answers that report zero tokens count all the same; some local servers report nothing else.
    pub allows_zero_usage: bool,
}

impl Endpoint {
    /// A server without key, with ten minutes a call, which slow local models need.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            timeout: Duration::from_mins(10),
            extra_headers: Vec::new(),
            allows_zero_usage: false,
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

/// The address that is asked: `path` appended to the base URL.
pub(super) fn address(base_url: &str, path: &str) -> Result<Url, ConfigError> {
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
    if url.path().trim_end_matches('/').ends_with(&format!("/{path}")) {
        return Err(bad(&format!("already ends in /{path}; leave that away")));
    }
    url.path_segments_mut()
        .map_err(|()| bad("has no path to append to"))?
        .pop_if_empty()
        .extend(path.split('/'));
    Ok(url)
}

/// The headers that every request carries.
pub(super) fn headers(endpoint: &Endpoint, dialect: &dyn Dialect) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let insert = |headers: &mut HeaderMap, name: &str, value: &str| {
        let bad = || ConfigError::Header { name: name.to_owned() };
        let mut value = HeaderValue::try_from(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| bad())?, value);
        Ok(())
    };
    for (name, value) in dialect.headers() {
        insert(&mut headers, name, &value)?;
    }
    if let Some(key) = endpoint.api_key.as_ref().filter(|key| !key.is_empty()) {
        match dialect.key_header() {
            KeyHeader::Bearer => {
                insert(&mut headers, AUTHORIZATION.as_str(), &format!("Bearer {}", key.reveal()))
            }
            KeyHeader::Named(name) => insert(&mut headers, name, key.reveal()),
        }
        .map_err(|_| ConfigError::ApiKey)?;
    }
    for (name, value) in &endpoint.extra_headers {
        insert(&mut headers, name, value.reveal())?;
    }
    Ok(headers)
}

/// The client for an address.
pub(super) fn client(endpoint: &Url, headers: HeaderMap) -> Result<Client, ConfigError> {
    let bad = |reason: String| ConfigError::Client { reason };
    let trust = if endpoint.scheme() == "https" { Trust::Machine } else { Trust::Nobody };
    let tls = tls::client_config(trust).map_err(|error| bad(error.to_string()))?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .tcp_nodelay(true)
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

/// What must not show in anything that is recorded.
pub(super) fn secrets(endpoint: &Endpoint) -> Vec<Secret> {
    endpoint
        .extra_headers
        .iter()
        .map(|(_, value)| value)
        .filter(|value| value.reveal().len() >= SHORTEST_HEADER_SECRET)
        .chain(&endpoint.api_key)
        .cloned()
        .collect()
}
