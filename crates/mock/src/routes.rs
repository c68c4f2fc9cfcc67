//! What a method and a path ask for. Does not read bodies.

use std::borrow::Cow;

use hyper::{HeaderMap, Method, Uri};

use crate::dialect::Dialect;

/// What a method and a path ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    /// A call of a model.
    Call(CallRoute<'p>),
    /// The list of models, as OpenAI, Anthropic or Google write it.
    Models(Dialect),
    /// The list of models, as Ollama writes it.
    Tags,
    /// The version of the server, as Ollama writes it.
    Version,
    /// Whether the server is there.
    Health,
    /// The accounts.
    Ledger,
    /// The latest requests.
    Last(usize),
    /// Forget everything.
    Reset,
    /// Nothing is there.
    Unknown,
}

/// What a path says about a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CallRoute<'p> {
    pub(crate) dialect: Dialect,
    /// The model, where the path names it.
    pub(crate) model: Option<Cow<'p, str>>,
    /// Whether the path asks for a stream.
    pub(crate) streams: bool,
    /// Whether the query asks for server-sent events.
    pub(crate) is_sse: bool,
}

/// Reads a method and a path.
pub(crate) fn route<'p>(method: &Method, uri: &'p Uri, headers: &HeaderMap) -> Route<'p> {
    let path = uri.path().trim_end_matches('/');
    let query = uri.query().unwrap_or_default();
    if *method == Method::POST { posted(path, query) } else { fetched(path, query, headers) }
}

fn posted<'p>(path: &'p str, query: &str) -> Route<'p> {
    if path == "/mock/reset" {
        return Route::Reset;
    }
    if let Some((model, verb)) = path.rsplit_once("/models/").and_then(|(_, rest)| rest.rsplit_once(':')) {
        let streams = match verb {
            "generateContent" => false,
            "streamGenerateContent" => true,
            _ => return Route::Unknown,
        };
        let is_sse = parameter(query, "alt") == Some("sse");
        let model = Some(decoded(model));
        return Route::Call(CallRoute { dialect: Dialect::Gemini, model, streams, is_sse });
    }
    let dialect = if path.ends_with("/chat/completions") {
        if path.contains("/api/v1/") { Dialect::OpenRouter } else { Dialect::Chat }
    } else if path.ends_with("/completions") {
        Dialect::Completions
    } else if path.ends_with("/responses") {
        Dialect::Responses
    } else if path.ends_with("/messages") {
        Dialect::Messages
    } else if path.ends_with("/api/chat") {
        Dialect::OllamaChat
    } else if path.ends_with("/api/generate") {
        Dialect::OllamaGenerate
    } else {
        return Route::Unknown;
    };
    Route::Call(CallRoute { dialect, model: None, streams: false, is_sse: true })
}

fn fetched<'p>(path: &str, query: &str, headers: &HeaderMap) -> Route<'p> {
    match path {
        "/health" => Route::Health,
        "/mock/ledger" => Route::Ledger,
        "/mock/last" => Route::Last(parameter(query, "n").and_then(|n| n.parse().ok()).unwrap_or(1)),
        "/api/tags" => Route::Tags,
        "/api/version" => Route::Version,
        _ if !path.ends_with("/models") => Route::Unknown,
        _ if headers.contains_key("anthropic-version") => Route::Models(Dialect::Messages),
        _ if path.contains("/v1beta") => Route::Models(Dialect::Gemini),
        _ => Route::Models(Dialect::Chat),
    }
}

/// The value of a parameter in a query.
fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Reads `%2F` and `%3A`, which clients write in the names of models.
fn decoded(model: &str) -> Cow<'_, str> {
    if !model.contains('%') {
        return Cow::Borrowed(model);
    }
    let pairs = [("%2F", "/"), ("%2f", "/"), ("%3A", ":"), ("%3a", ":"), ("%40", "@")];
    Cow::Owned(pairs.iter().fold(model.to_owned(), |model, (coded, plain)| model.replace(coded, plain)))
}

/// The key that a request carries, wherever an API wants it.
pub(crate) fn key<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Option<&'r str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    bearer
        .or_else(|| header("x-api-key"))
        .or_else(|| header("x-goog-api-key"))
        .or_else(|| header("api-key"))
        .or_else(|| parameter(uri.query().unwrap_or_default(), "key"))
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, Method, Uri};

    use super::{Route, route};
    use crate::dialect::Dialect;

    fn dialect_of(path: &'static str) -> Option<(Dialect, Option<String>, bool)> {
        let uri = Uri::from_static(path);
        match route(&Method::POST, &uri, &HeaderMap::new()) {
            Route::Call(call) => Some((call.dialect, call.model.map(String::from), call.streams)),
            _ => None,
        }
    }

    #[test]
    fn a_path_names_its_dialect_under_any_prefix() {
        let plain = |dialect| Some((dialect, None, false));
        assert_eq!(dialect_of("/v1/chat/completions"), plain(Dialect::Chat));
        assert_eq!(dialect_of("/openai/deployments/x/chat/completions?v=1"), plain(Dialect::Chat));
        assert_eq!(dialect_of("/api/v1/chat/completions"), plain(Dialect::OpenRouter));
        assert_eq!(dialect_of("/v1/completions"), plain(Dialect::Completions));
        assert_eq!(dialect_of("/v1/responses"), plain(Dialect::Responses));
        assert_eq!(dialect_of("/v1/messages"), plain(Dialect::Messages));
        assert_eq!(dialect_of("/api/chat"), plain(Dialect::OllamaChat));
        assert_eq!(dialect_of("/api/generate"), plain(Dialect::OllamaGenerate));
        assert_eq!(dialect_of("/v1/embeddings"), None);
    }

    #[test]
    fn the_model_of_gemini_stands_in_the_path() {
        let named = |model: &str, streams| Some((Dialect::Gemini, Some(model.to_owned()), streams));
        assert_eq!(dialect_of("/v1beta/models/tools:generateContent"), named("tools", false));
        assert_eq!(
            dialect_of("/v1beta/models/org%2Ftools:streamGenerateContent?alt=sse"),
            named("org/tools", true)
        );
    }
}
