//! JSON-RPC 2.0: what is asked of the node, single or batched, and what it answers.

mod error;
mod filter;
mod method;
mod params;
mod shape;

use serde_json::{Map, Value};

use self::error::RpcError;
use self::params::Params;
use crate::Chain;

/// How many requests a batch may hold.
const LARGEST_BATCH: usize = 1000;

/// Answers a body. Empty if it held notifications only, which are not answered.
pub(crate) fn answer(chain: &mut Chain, body: &[u8], now: u64) -> String {
    let answer = match serde_json::from_slice(body) {
        Err(error) => Some(response(Value::Null, Err(RpcError::parse(&error)))),
        Ok(Value::Array(requests)) if requests.is_empty() => {
            Some(response(Value::Null, Err(RpcError::request("empty batch"))))
        }
        Ok(Value::Array(requests)) if requests.len() > LARGEST_BATCH => {
            Some(response(Value::Null, Err(RpcError::request("batch too large"))))
        }
        Ok(Value::Array(requests)) => {
            let answers: Vec<Value> =
                requests.into_iter().filter_map(|request| one(chain, request, now)).collect();
            (!answers.is_empty()).then(|| Value::Array(answers))
        }
        Ok(request) => one(chain, request, now),
    };
    answer.map(|answer| answer.to_string()).unwrap_or_default()
}

/// Answers one request; none if it is a notification.
fn one(chain: &mut Chain, request: Value, now: u64) -> Option<Value> {
    let Value::Object(mut request) = request else {
        return Some(response(Value::Null, Err(RpcError::request("invalid request"))));
    };
    let id = request.remove("id");
    if !matches!(id, None | Some(Value::Null | Value::String(_) | Value::Number(_))) {
        return Some(response(Value::Null, Err(RpcError::request("invalid id"))));
    }
    let of_protocol = request.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let method = match request.get("method") {
        Some(Value::String(method)) if of_protocol => method.clone(),
        _ => {
            let why = if of_protocol { "missing method" } else { "jsonrpc must be \"2.0\"" };
            return Some(response(id.unwrap_or_default(), Err(RpcError::request(why))));
        }
    };
    let result =
        Params::of(request.remove("params")).and_then(|params| method::call(chain, &method, &params, now));
    id.map(|id| response(id, result))
}

fn response(id: Value, result: Result<Value, RpcError>) -> Value {
    let mut response = Map::new();
    response.insert("jsonrpc".into(), "2.0".into());
    response.insert("id".into(), id);
    match result {
        Ok(result) => response.insert("result".into(), result),
        Err(error) => response.insert("error".into(), error.to_value()),
    };
    Value::Object(response)
}
