//! How each dialect words an error. Does not know what went wrong.

use serde_json::{Value, json};

use super::Dialect;

/// What kind of error it is, for the names that each dialect has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    RateLimit,
    Quota,
    Overloaded,
    Server,
    Unauthorized,
    BadRequest,
    NotFound,
}

/// An error before it has a dialect.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), param: None, code: None }
    }

    /// The status that a dialect answers with.
    pub(crate) fn status(&self, dialect: Dialect) -> u16 {
        match self.kind {
            ErrorKind::RateLimit => 429,
            ErrorKind::Quota => match dialect {
                Dialect::Chat | Dialect::Completions | Dialect::Responses | Dialect::Gemini => 429,
                Dialect::OpenRouter | Dialect::Messages | Dialect::OllamaChat | Dialect::OllamaGenerate => {
                    402
                }
            },
            ErrorKind::Overloaded if dialect == Dialect::Messages => 529,
            ErrorKind::Overloaded => 503,
            ErrorKind::Server => 500,
            ErrorKind::Unauthorized => 401,
            ErrorKind::BadRequest => 400,
            ErrorKind::NotFound => 404,
        }
    }

    /// The body in a dialect; `retry_after_ms` is for Gemini, which tells it there.
    pub(crate) fn body(&self, dialect: Dialect, request_id: &str, retry_after_ms: Option<u64>) -> Value {
        let message = &self.message;
        match dialect {
            Dialect::Chat | Dialect::Completions | Dialect::Responses => {
                let (kind, code) = self.openai();
                json!({"error": {"message": message, "type": kind, "param": self.param,
                    "code": self.code.or(code)}})
            }
            Dialect::OpenRouter => {
                let status = self.status(dialect);
                json!({"error": {"message": message, "code": status, "metadata": {"provider_name": "Alpha"}},
                    "user_id": "user_mock"})
            }
            Dialect::Messages => {
                json!({"type": "error", "error": {"type": self.anthropic(), "message": message},
                    "request_id": request_id})
            }
            Dialect::Gemini => {
                let mut error =
                    json!({"code": self.status(dialect), "message": message, "status": self.google()});
                if let Some(ms) = retry_after_ms {
                    error["details"] = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
                        "retryDelay": format!("{}s", ms as f64 / 1000.0)}]);
                }
                json!({"error": error})
            }
            Dialect::OllamaChat | Dialect::OllamaGenerate => json!({"error": message}),
        }
    }

    fn openai(&self) -> (&'static str, Option<&'static str>) {
        match self.kind {
            ErrorKind::RateLimit => ("requests", Some("rate_limit_exceeded")),
            ErrorKind::Quota => ("insufficient_quota", Some("insufficient_quota")),
            ErrorKind::Overloaded | ErrorKind::Server => ("server_error", None),
            ErrorKind::Unauthorized => ("invalid_request_error", Some("invalid_api_key")),
            ErrorKind::BadRequest => ("invalid_request_error", None),
            ErrorKind::NotFound => ("invalid_request_error", Some("model_not_found")),
        }
    }

    fn anthropic(&self) -> &'static str {
        match self.kind {
            ErrorKind::RateLimit => "rate_limit_error",
            ErrorKind::Quota => "billing_error",
            ErrorKind::Overloaded => "overloaded_error",
            ErrorKind::Server => "api_error",
            ErrorKind::Unauthorized => "authentication_error",
            ErrorKind::BadRequest => "invalid_request_error",
            ErrorKind::NotFound => "not_found_error",
        }
    }

    fn google(&self) -> &'static str {
        match self.kind {
            ErrorKind::RateLimit | ErrorKind::Quota => "RESOURCE_EXHAUSTED",
            ErrorKind::Overloaded => "UNAVAILABLE",
            ErrorKind::Server => "INTERNAL",
            ErrorKind::Unauthorized => "UNAUTHENTICATED",
            ErrorKind::BadRequest => "INVALID_ARGUMENT",
            ErrorKind::NotFound => "NOT_FOUND",
        }
    }
}
