//! The APIs that a model reference may name: which dialect they speak, where they are and whose key they take.
//!
//! The key of one company is only ever sent to that company's own address: where a reference says another, it must
//! name the variable of the key too.

use std::collections::BTreeSet;
use std::time::Duration;

use unbent_core::{ModelRef, Price};
use unbent_engine::LaneLimits;
use unbent_providers::http::Dialect;
use unbent_providers::{
    Anthropic, Completions, Efforts, Endpoint, Flavour, Gemini, HttpModel, Ollama, OllamaMode, OpenAiChat,
    OpenAiResponses, Secret, Template,
};

use crate::environment;
use crate::error::CommandError;
use crate::prices::{ListPrice, list_price};

/// An API that a reference may name.
pub(crate) struct Host {
    /// The name before the slash.
    pub(crate) id: &'static str,
    /// What follows the slash, and what it is.
    pub(crate) about: &'static str,
    /// Its own address; none where the reference must say it.
    pub(crate) base_url: Option<&'static str>,
    /// The variables that hold its key, the first that is set counts.
    pub(crate) keys: &'static [&'static str],
    /// The ways in which it can be asked, the first by default.
    apis: &'static [Api],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Chat,
    Responses,
    Messages,
    Completions,
    Gemini,
    Ollama,
}

impl Api {
    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Completions => "completions",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }
}

const OPENAI_LIKE: &[Api] = &[Api::Chat, Api::Responses, Api::Completions, Api::Messages];

/// Every API with an address or a dialect of its own.
pub(crate) const HOSTS: &[Host] = &[
    Host {
        id: "openai-compatible",
        about: "MODEL: any server that speaks OpenAI's APIs, at --base-url",
        base_url: None,
        keys: &["UNBENT_API_KEY"],
        apis: OPENAI_LIKE,
    },
    Host {
        id: "openai",
        about: "MODEL: OpenAI",
        base_url: Some("https://api.openai.com/v1"),
        keys: &["OPENAI_API_KEY"],
        apis: OPENAI_LIKE,
    },
    Host {
        id: "anthropic",
        about: "MODEL: Anthropic",
        base_url: Some("https://api.anthropic.com/v1"),
        keys: &["ANTHROPIC_API_KEY"],
        apis: &[Api::Messages],
    },
    Host {
        id: "google",
        about: "MODEL: Google Gemini",
        base_url: Some("https://generativelanguage.googleapis.com/v1beta"),
        keys: &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
        apis: &[Api::Gemini],
    },
    Host {
        id: "openrouter",
        about: "MODEL+PROVIDER: OpenRouter, pinned to the provider that serves it",
        base_url: Some("https://openrouter.ai/api/v1"),
        keys: &["OPENROUTER_API_KEY"],
        apis: &[Api::Chat],
    },
    Host {
        id: "ollama",
        about: "MODEL: a local Ollama; mode=generate asks without a conversation",
        base_url: Some("http://127.0.0.1:11434"),
        keys: &[],
        apis: &[Api::Ollama],
    },
    Host {
        id: "together",
        about: "MODEL: Together",
        base_url: Some("https://api.together.xyz/v1"),
        keys: &["TOGETHER_API_KEY"],
        apis: &[Api::Chat, Api::Completions],
    },
];

/// The parameters of a reference to an API that say how it is reached, not what answers.
pub(crate) const CONNECTION_PARAMS: [&str; 8] =
    ["base_url", "api_key_env", "timeout_s", "zero_usage", "connections", "rpm", "tpm", "cost"];

/// Those of them that only say how fast it is asked.
pub(crate) const PACE_PARAMS: [&str; 4] = ["timeout_s", "connections", "rpm", "tpm"];

const OTHER_PARAMS: [&str; 10] =
    ["api", "stream", "refuses", "mode", "num_ctx", "efforts", "cache", "exacto", "null_content", "params"];

/// Whether a model's key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// It will be asked.
    Needed,
    /// Nobody will be asked: all answers are there already.
    Unneeded,
}

impl Host {
    /// The API of this name.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        HOSTS.iter().find(|host| host.id == id)
    }

    /// Whether references to it must say where it is.
    pub(crate) fn wants_address(&self) -> bool {
        self.base_url.is_none()
    }

    /// Whether addresses of its kind end in a version, such as `/v1`.
    pub(crate) fn is_versioned(&self) -> bool {
        !self.apis.iter().any(|api| matches!(api, Api::Gemini | Api::Ollama))
    }

    /// The variables that may hold the key for a reference, the likeliest first.
    pub(crate) fn key_variables(&self, reference: &ModelRef) -> Vec<String> {
        match (reference.params.get("api_key_env"), reference.params.contains_key("base_url")) {
            (Some(named), _) => vec![named.clone()],
            // Not this company's address, so not this company's key.
            (None, true) if self.base_url.is_some() => Vec::new(),
            (None, _) => self.keys.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Whether it says with every answer what that cost.
    pub(crate) fn reports_cost(&self, reference: &ModelRef) -> bool {
        self.id == "openrouter" || reference.params.get("cost").is_some_and(|cost| cost == "reported")
    }

    /// What a model costs, where answers do not come with their cost: by the company's list at its own address, and
    /// nothing on one's own machine.
    pub(crate) fn known_price(&self, reference: &ModelRef) -> Option<ListPrice> {
        if self.reports_cost(reference) || reference.params.contains_key("base_url") {
            return None;
        }
        if self.id == "ollama" {
            let price = Price { input: 0.0, output: 0.0, cached_input: None, cache_write: None };
            return Some(ListPrice { price, source: "a model on this machine".to_owned() });
        }
        list_price(reference)
    }

    /// Makes the provider of a reference.
    pub(crate) fn provider(&self, reference: &ModelRef, keys: Keys) -> Result<HttpModel, CommandError> {
        let known: Vec<_> = CONNECTION_PARAMS.iter().chain(&OTHER_PARAMS).copied().collect();
        super::models::refuse_unknown_params(reference, &known)?;
        let bad = |name: &str, wanted: &str| {
            let value = reference.params.get(name).map_or("", String::as_str);
            CommandError::usage(format!(
                "{}: {name}={value} is not {wanted}",
                super::models::shown(reference)
            ))
        };
        let text = |name: &str| reference.params.get(name).map(String::as_str);
        if reference.pin.is_some() && self.id != "openrouter" {
            let shown = super::models::shown(reference);
            return Err(CommandError::usage(format!("{shown}: only a router's models can be pinned"))
                .hint("pinned: openrouter/MODEL+PROVIDER"));
        }
        let api = match text("api") {
            None => self.apis[0],
            Some(name) => self.apis.iter().copied().find(|api| api.name() == name).ok_or_else(|| {
                let names: Vec<_> = self.apis.iter().map(|api| api.name()).collect();
                bad("api", &format!("one of {}", names.join(", ")))
            })?,
        };
        let mut endpoint = Endpoint::new(text("base_url").or(self.base_url).unwrap_or_default());
        if let Some(seconds) = text("timeout_s") {
            let seconds = seconds.parse().ok().filter(|seconds| *seconds > 0);
            endpoint.timeout =
                Duration::from_secs(seconds.ok_or_else(|| bad("timeout_s", "a whole number of seconds"))?);
        }
        limits(reference)?;
        if text("cost").is_some_and(|cost| cost != "reported") {
            return Err(bad("cost", "reported"));
        }
        endpoint.allows_zero_usage = match text("zero_usage") {
            None => false,
            Some("allow") => true,
            Some(_) => return Err(bad("zero_usage", "allow")),
        };
        endpoint.api_key = match self.key(reference) {
            Err(_) if keys == Keys::Unneeded => None,
            key => key?,
        };
        let refuses: BTreeSet<String> =
            text("refuses").into_iter().flat_map(|names| names.split(',')).map(str::to_owned).collect();
        let efforts = match text("efforts") {
            None | Some("named") => Efforts::Named,
            Some("budgeted") => Efforts::Budgeted,
            Some(_) => return Err(bad("efforts", "named or budgeted")),
        };
        let is_true = |name: &str, is_taken: bool, by: &str| match text(name) {
            None | Some("false") => Ok(false),
            Some("true") if is_taken => Ok(true),
            Some("true") => Err(bad(name, &format!("taken here: it is for {by}"))),
            Some(_) => Err(bad(name, "true or false")),
        };
        let streams = is_true(
            "stream",
            !matches!(api, Api::Completions | Api::Ollama),
            "APIs other than Ollama's and raw completions",
        )?;
        let caches = is_true("cache", api == Api::Messages, "Anthropic's messages")?;
        let has_variant = reference.pin.is_some() || reference.model.contains(':');
        let is_exacto = is_true(
            "exacto",
            self.id == "openrouter" && !has_variant,
            "models of OpenRouter without a pin and without another variant",
        )?;
        let model = reference.model.clone() + if is_exacto { ":exacto" } else { "" };
        let fills_null = match text("null_content") {
            None => false,
            Some("empty") if api == Api::Chat => true,
            Some(_) => return Err(bad("null_content", "empty, for chat completions")),
        };
        let dialect: Box<dyn Dialect> = match api {
            Api::Chat => Box::new(OpenAiChat {
                flavour: match self.id {
                    "openai" => Flavour::OpenAi,
                    "openrouter" => Flavour::OpenRouter,
                    _ => Flavour::Compatible,
                },
                pin: reference.pin.clone(),
                streams,
                refuses,
                fills_null,
                model,
            }),
            Api::Responses => Box::new(OpenAiResponses { model, streams, refuses }),
            Api::Messages => Box::new(Anthropic { model, streams, refuses, efforts, caches }),
            Api::Completions => Box::new(Completions { model, refuses, template: Template::default() }),
            Api::Gemini => Box::new(Gemini { model, streams, refuses, efforts }),
            Api::Ollama => Box::new(Ollama {
                mode: match text("mode") {
                    None | Some("chat") => OllamaMode::Chat,
                    Some("generate") => OllamaMode::Generate,
                    Some(_) => return Err(bad("mode", "chat or generate")),
                },
                num_ctx: text("num_ctx")
                    .map(|n| n.parse().map_err(|_| bad("num_ctx", "a number of tokens")))
                    .transpose()?,
                refuses,
                model,
            }),
        };
        HttpModel::new(endpoint, dialect).map_err(|error| {
            CommandError::usage(error.to_string()).hint("a base URL looks like http://127.0.0.1:1234/v1")
        })
    }

    /// The key for a reference; none where it takes none.
    fn key(&self, reference: &ModelRef) -> Result<Option<Secret>, CommandError> {
        let variables = self.key_variables(reference);
        for variable in &variables {
            if let Some(key) = environment::variable(variable)? {
                return Ok(Some(Secret::new(key)));
            }
        }
        let is_named = reference.params.contains_key("api_key_env");
        let is_own_address = self.base_url.is_some() && !variables.is_empty();
        match variables.first() {
            Some(variable) if is_named || is_own_address => Err(CommandError::usage(format!(
                "the environment variable {variable} holds no key"
            ))
            .hint(if is_named {
                format!(
                    "export {variable}=… or put it into .env and try again, or leave --api-key-env away for servers without keys"
                )
            } else {
                format!(
                    "export {variable}=… or put it into .env and try again; another variable: {reference}?api_key_env=NAME"
                )
            })),
            _ => Ok(None),
        }
    }
}

/// The limits that a reference sets: connections, and requests and tokens a minute.
pub(crate) fn limits(reference: &ModelRef) -> Result<LaneLimits, CommandError> {
    let bad = |name: &str| {
        let value = &reference.params[name];
        CommandError::usage(format!("{reference}: {name}={value} is not a number above 0"))
    };
    let per_minute = |name: &str| {
        let value = reference.params.get(name).map(|text| text.parse().ok());
        value.map(|n| n.filter(|n: &f64| n.is_finite() && *n > 0.0).ok_or_else(|| bad(name))).transpose()
    };
    let connections =
        reference.params.get("connections").map(|text| text.parse().map_err(|_| bad("connections")));
    Ok(LaneLimits {
        connections: connections.transpose()?,
        requests_per_minute: per_minute("rpm")?,
        tokens_per_minute: per_minute("tpm")?,
    })
}
