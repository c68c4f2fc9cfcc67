//! Errors as JSON-RPC has them: a number, a sentence, and sometimes data.

use serde_json::{Value, json};

use crate::Refusal;

/// An error of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RpcError {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The body is no JSON.
    pub(super) fn parse(error: &serde_json::Error) -> Self {
        Self::new(-32700, format!("parse error: {error}"))
    }

    /// The JSON is no request.
    pub(super) fn request(why: &str) -> Self {
        Self::new(-32600, why)
    }

    /// There is no such method.
    pub(super) fn method(method: &str) -> Self {
        Self::new(-32601, format!("the method {method} does not exist/is not available"))
    }

    /// The parameters are not those of the method.
    pub(super) fn params(why: impl Into<String>) -> Self {
        Self::new(-32602, why)
    }

    /// The node cannot do it.
    pub(super) fn node(why: impl Into<String>) -> Self {
        Self::new(-32000, why)
    }

    pub(super) fn to_value(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = &self.data {
            error["data"] = data.clone();
        }
        error
    }
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Reverted(output) => {
                Self { code: 3, message: refusal.to_string(), data: Some(output.to_string().into()) }
            }
            _ => Self::node(refusal.to_string()),
        }
    }
}
