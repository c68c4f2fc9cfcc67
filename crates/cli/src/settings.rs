//! The settings of models by name: `models.toml`, and how a name on the command line becomes a complete reference.
//!
//! What stands closer to the question goes first: a flag of the run, then a parameter of the reference, then the file,
//! then the suite.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use unbent_core::{ModelRef, Price, Sampling};

use crate::args::ConnectionArgs;
use crate::environment;
use crate::error::{CommandError, Exit};
use crate::hosts::Host;
use crate::prices::{ListPrice, list_price};

/// A model that was chosen on the command line, with everything that is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// The reference, complete enough to stand alone.
    pub(crate) reference: ModelRef,
    /// What it is called in tables, where that is not the reference.
    pub(crate) label: Option<String>,
    /// How it is asked, where the file says so.
    pub(crate) sampling: Sampling,
    /// What its tokens cost, where its provider does not report it.
    pub(crate) price: Option<ListPrice>,
}

/// The settings that a file holds.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    path: PathBuf,
    models: BTreeMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    models: BTreeMap<String, Entry>,
}

/// What the file says of one model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The reference that a name of the user's own stands for.
    #[serde(rename = "ref")]
    reference: Option<String>,
    label: Option<String>,
    pin: Option<String>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    max_answer_tokens: Option<u32>,
    reasoning_effort: Option<String>,
    reasoning_tokens: Option<u32>,
    seed: Option<u64>,
    temperature_supported: Option<bool>,
    price: Option<Price>,
    #[serde(default)]
    limits: Limits,
    /// Parameters of the reference.
    #[serde(default)]
    params: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    connections: Option<u32>,
    requests_per_minute: Option<f64>,
    tokens_per_minute: Option<f64>,
}

impl Settings {
    /// Reads the file that the command line names, or else `models.toml` here or in the user's configuration folder, if
    /// there is one.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, CommandError> {
        if let Some(path) = named {
            return Self::read(path);
        }
        let config = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")));
        let places = [Some(PathBuf::new()), config.map(|config| config.join("unbent"))];
        let found =
            places.into_iter().flatten().map(|folder| folder.join("models.toml")).find(|path| path.is_file());
        found.map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    fn read(path: &Path) -> Result<Self, CommandError> {
        let bad = |why: String| CommandError::new(Exit::BadFile, format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            // The line itself is not shown: someone may have put a key there.
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            bad(format!("line {line}: {}", error.message()))
                .hint("what a model's settings may be: docs/guide/settings.md#modelstoml")
        })?;
        let settings = Self { path: path.to_owned(), models: file.models };
        for (name, entry) in &settings.models {
            entry.check(name).map_err(|why| bad(format!("[models.{name:?}]: {why}")))?;
        }
        Ok(settings)
    }

    /// Completes what the command line names: by the file, and by what it says of the connection.
    pub(crate) fn choose(&self, text: &str, connection: &ConnectionArgs) -> Result<Chosen, CommandError> {
        let (head, query) = text.split_once('?').unwrap_or((text, ""));
        let (unpinned, pin) = head.rsplit_once('+').map_or((head, None), |(model, pin)| (model, Some(pin)));
        let whole = self.models.get(head);
        let entry = whole.or_else(|| self.models.get(unpinned));
        let own = entry.and_then(|entry| entry.reference.as_deref());
        let named = own.unwrap_or(head);
        let mut reference: ModelRef = named.parse().map_err(|error| self.unknown(text, &error))?;
        if own.is_some() && whole.is_none() {
            reference.pin = pin.map(str::to_owned);
        }
        if !query.is_empty() {
            let given: ModelRef =
                format!("any/any?{query}").parse().map_err(|error| self.unknown(text, &error))?;
            reference.params.extend(given.params);
        }
        if let Some(entry) = entry {
            entry.complete(&mut reference);
        }
        connect(&mut reference, text, connection)?;
        let sampling = entry.map(Entry::sampling).unwrap_or_default();
        let label = entry.and_then(|entry| {
            let label = entry.label.clone().or_else(|| own.map(|_| unpinned.to_owned()))?;
            // Two pins of one model are two subjects.
            Some(pin.filter(|_| whole.is_none()).map_or(label.clone(), |pin| format!("{label}+{pin}")))
        });
        let price = match entry.and_then(|entry| entry.price) {
            Some(price) => Some(ListPrice { price, source: self.path.display().to_string() }),
            None => Host::find(&reference.provider).and_then(|host| host.known_price(&reference)),
        };
        Ok(Chosen { reference, label, sampling, price })
    }

    fn unknown(&self, text: &str, error: &unbent_core::ParseModelRefError) -> CommandError {
        let error = crate::models::unknown(error.to_string());
        let own: Vec<_> = self.models.keys().filter(|name| !name.contains('/')).map(String::as_str).collect();
        if text.contains('/') || own.is_empty() {
            return error;
        }
        error.hint(format!("names in {}: {}", self.path.display(), own.join(", ")))
    }
}

impl Entry {
    fn check(&self, name: &str) -> Result<(), String> {
        if name.contains('/') == self.reference.is_some() {
            return Err(
                "a name of your own needs ref = \"provider/model\", and a reference needs none".into()
            );
        }
        let price = self
            .price
            .iter()
            .flat_map(|price| [Some(price.input), Some(price.output), price.cached_input, price.cache_write]);
        let limits = [self.limits.requests_per_minute, self.limits.tokens_per_minute];
        if price.flatten().any(|price| !price.is_finite() || price < 0.0) {
            return Err("a price is a number of dollars per million tokens, 0 or more".into());
        }
        if limits.into_iter().flatten().any(|limit| !limit.is_finite() || limit <= 0.0)
            || self.limits.connections == Some(0)
        {
            return Err("a limit is a number above 0".into());
        }
        Ok(())
    }

    /// Adds what the file says to a reference; what the reference says already stays.
    fn complete(&self, reference: &mut ModelRef) {
        if reference.pin.is_none() {
            reference.pin.clone_from(&self.pin);
        }
        let limits = [
            ("connections", self.limits.connections.map(|n| n.to_string())),
            ("rpm", self.limits.requests_per_minute.map(|n| n.to_string())),
            ("tpm", self.limits.tokens_per_minute.map(|n| n.to_string())),
        ];
        let limits = limits.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        for (name, value) in self.params.clone().into_iter().chain(limits) {
            reference.params.entry(name).or_insert(value);
        }
        if self.temperature_supported == Some(false) {
            let refuses = reference.params.entry("refuses".to_owned()).or_default();
            refuses.push_str(if refuses.is_empty() { "temperature" } else { ",temperature" });
        }
    }

    fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            max_tokens: self.max_answer_tokens,
            reasoning_effort: self.reasoning_effort.clone(),
            reasoning_tokens: self.reasoning_tokens,
            seed: self.seed,
            ..Sampling::default()
        }
    }
}

/// Adds what the command line and the environment say of the connection, for servers without an address of their own.
fn connect(reference: &mut ModelRef, text: &str, connection: &ConnectionArgs) -> Result<(), CommandError> {
    let Some(host) = Host::find(&reference.provider) else { return Ok(()) };
    if !host.wants_address() {
        return Ok(());
    }
    let base_url = match &connection.base_url {
        Some(url) => Some(url.clone()),
        None => environment::variable("UNBENT_BASE_URL")?,
    };
    for (name, value) in [("base_url", base_url), ("api_key_env", connection.api_key_env.clone())] {
        if let Some(value) = value {
            reference.params.entry(name.to_owned()).or_insert(value);
        }
    }
    if !reference.params.contains_key("base_url") {
        return Err(CommandError::usage(format!("{text} does not say where its server is"))
            .hint(format!("add --base-url, as in: --model {text} --base-url http://127.0.0.1:1234/v1")));
    }
    Ok(())
}

/// What a model's tokens are expected to cost, for estimates: its price, or what the company that makes it asks.
pub(crate) fn expected_price(chosen: &Chosen) -> Option<Price> {
    chosen.price.as_ref().map(|list| list.price).or_else(|| Some(list_price(&chosen.reference)?.price))
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::args::ConnectionArgs;

    const NOWHERE: ConnectionArgs = ConnectionArgs { base_url: None, api_key_env: None, models_file: None };

    fn settings(text: &str) -> Settings {
        read(text).unwrap()
    }

    fn read(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.toml");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_of_ones_own_stands_for_a_reference_with_its_settings() {
        let settings = settings(
            r#"
            [models.kimi]
            ref = "openrouter/moonshotai/kimi-k2.5"
            pin = "fireworks"
            temperature = 0.7
            limits = { requests_per_minute = 60, connections = 4 }
            price = { input = 0.5, output = 2.5 }
            "#,
        );
        let chosen = settings.choose("kimi?rpm=90", &NOWHERE).unwrap();
        let reference = "openrouter/moonshotai/kimi-k2.5+fireworks?connections=4&rpm=90";
        assert_eq!(chosen.reference.to_string(), reference, "what is given goes before what the file says");
        assert_eq!(chosen.label.as_deref(), Some("kimi"));
        let other = settings.choose("kimi+novita", &NOWHERE).unwrap();
        assert_eq!(other.reference.pin.as_deref(), Some("novita"));
        assert_eq!(chosen.sampling.temperature, Some(0.7));
        assert!((chosen.price.unwrap().price.output - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_reference_has_the_settings_of_its_model_pinned_or_not() {
        let settings = settings(
            r#"
            [models."openrouter/z-ai/glm"]
            temperature_supported = false
            label = "GLM"
            "#,
        );
        let chosen = settings.choose("openrouter/z-ai/glm+novita", &NOWHERE).unwrap();
        assert_eq!(chosen.reference.to_string(), "openrouter/z-ai/glm+novita?refuses=temperature");
        assert_eq!(chosen.label.as_deref(), Some("GLM+novita"));
        let other = settings.choose("openrouter/z-ai/glm-2", &NOWHERE).unwrap();
        assert!(other.label.is_none() && other.reference.params.is_empty());
    }

    #[test]
    fn a_bad_file_is_told_by_line_without_showing_it() {
        let error = read("[models.x]\nref = \"a/b\"\napi_key = \"sk-secret\"\n").unwrap_err();
        assert!(
            error.contains("line 3") && error.contains("api_key") && !error.contains("secret"),
            "{error}"
        );
        for (text, why) in [
            ("[models.x]\ntemperature = 1.0", "needs ref"),
            ("[models.\"a/b\"]\nprice = { input = -1.0, output = 1.0 }", "a price is"),
            ("[models.\"a/b\"]\nlimits = { connections = 0 }", "a limit is"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
