//! The JSON of a request, and how an ask becomes one.

use std::borrow::Cow;

use serde::Serialize;
use unbent_core::{Ask, Fault};

use super::template::no_tools;
use super::{Completions, Template};
use crate::sending::Sending;

/// Tokens at most where an ask says nothing; many servers would end after 16.
const DEFAULT_MAX_TOKENS: u32 = 512;

/// The body of a request. The order of the fields is the order on the wire.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    prompt: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<Cow<'a, [String]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<u8>,
}

/// The request for an ask, and the parameters that it does not carry.
pub(super) fn request<'a>(api: &'a Completions, ask: &'a Ask) -> Result<(Request<'a>, Vec<String>), Fault> {
    if !ask.tools.is_empty() {
        return Err(no_tools());
    }
    let prompt = api.template.prompt(&ask.messages)?;
    let sampling = &ask.sampling;
    let takes = |name: &str| !api.refuses.contains(name);
    let mut parameters = Sending::new(&api.refuses);
    let max_tokens = parameters.take("max_tokens", sampling.max_tokens);
    let default_max = sampling.max_tokens.is_none() && takes("max_tokens");
    let temperature = parameters.take("temperature", sampling.temperature);
    let top_p = parameters.take("top_p", sampling.top_p);
    let top_k = parameters.take("top_k", sampling.top_k);
    let repeat_penalty = parameters.take("repeat_penalty", sampling.repeat_penalty);
    let stop = parameters.take("stop", sampling.stop.as_deref());
    let default_stop = sampling.stop.is_none() && takes("stop") && !Template::is_raw(&ask.messages);
    let seed = parameters.take("seed", sampling.seed);
    let logprobs = parameters.take("logprobs", sampling.logprobs);
    parameters.lacks("reasoning_effort", sampling.reasoning_effort.is_some());
    parameters.lacks("reasoning_tokens", sampling.reasoning_tokens.is_some());
    parameters.lacks("reply_schema", ask.reply_schema.is_some());
    let request = Request {
        model: &api.model,
        prompt,
        max_tokens: max_tokens.or(default_max.then_some(DEFAULT_MAX_TOKENS)),
        temperature,
        top_p,
        top_k,
        repeat_penalty,
        stop: stop.map(Cow::Borrowed).or_else(|| default_stop.then(|| Cow::Owned(vec![api.template.stop()]))),
        seed,
        logprobs,
    };
    Ok((request, parameters.unsent()))
}
