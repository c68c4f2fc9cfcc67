//! `unbent models`: lists the providers, and puts one cheap question to a model to see what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use unbent_core::{Ask, Call, Case, ModelRef, Provider, ReferenceScript, Returned, Sampling, TrialKey};

use crate::args::{CheckArgs, ConnectionArgs, ModelsCommand};
use crate::checking::{Asking, Checked, Report, question, trouble};
use crate::error::{CommandError, Exit};
use crate::hosts::{HOSTS, Host};
use crate::models::{self, OFFLINE};
use crate::output;
use crate::session::Scripts;

/// How long a check waits where the reference does not say, in seconds; a local server may have to load the model.
const PATIENCE_S: &str = "120";

pub(super) fn models(command: Option<ModelsCommand>, json: bool) -> Result<Exit, CommandError> {
    match command.unwrap_or(ModelsCommand::List) {
        ModelsCommand::List => Ok(list(json)),
        ModelsCommand::Check(args) => check(&args, json),
    }
}

/// Whether a variable of the environment holds more than blanks.
pub(super) fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.to_string_lossy().trim().is_empty())
}

fn list(json: bool) -> Exit {
    if json {
        let hosts = HOSTS.iter().map(|host| {
            let keys: Vec<_> =
                host.keys.iter().map(|name| json!({ "variable": name, "set": is_set(name) })).collect();
            json!({ "provider": host.id, "about": host.about, "base_url": host.base_url, "keys": keys })
        });
        let offline = OFFLINE
            .iter()
            .map(|(id, about)| json!({ "provider": id, "about": about, "base_url": null, "keys": [] }));
        output::line(&format!("{:#}", hosts.chain(offline).collect::<Value>()));
        return Exit::Done;
    }
    for host in HOSTS {
        output::line(&format!("{}/{}", host.id, host.about));
        let keys: Vec<_> = host
            .keys
            .iter()
            .map(|name| format!("{name} ({})", if is_set(name) { "set" } else { "not set" }))
            .collect();
        let key = if keys.is_empty() { "no key".to_owned() } else { format!("key {}", keys.join(" or ")) };
        output::line(&format!("    {}; {key}", host.base_url.unwrap_or("no address of its own")));
    }
    for (id, about) in OFFLINE {
        output::line(&format!("{id}/{about}"));
    }
    output::line("\nSee whether one answers: unbent models check REF");
    Exit::Done
}

fn check(args: &CheckArgs, json: bool) -> Result<Exit, CommandError> {
    let mut reference = complete(args)?;
    let Some(host) = Host::find(&reference.provider) else { return check_offline(&reference, json) };
    reference.params.entry("timeout_s".to_owned()).or_insert_with(|| PATIENCE_S.to_owned());
    if let Some(warning) = models::warning(&reference) {
        output::warn(&warning, json);
    }
    let provider = provider(&reference)?;
    let ask = question(&Asking {
        max_tokens: args.max_tokens.into(),
        reasoning_effort: args.reasoning_effort.clone(),
        tools: args.tools,
    });
    let unsent = provider.unsent(&ask);
    let variables = host.key_variables(&reference);
    let key_variable = variables.iter().find(|name| is_set(name));
    let started = Instant::now();
    let returned = put(&*provider, &ask)?;
    let checked = Checked {
        reference: &reference,
        ask: &ask,
        unsent: &unsent,
        key_variable: key_variable.map(String::as_str),
        is_versioned: host.is_versioned(),
        returned: &returned,
        took_ms: started.elapsed().as_millis() as u64,
    };
    let report = Report::of(checked);
    if json {
        output::line(&format!("{:#}", report.to_json()));
    } else {
        output::out(&report.to_text(output::terminal_width()));
        for warning in &report.warnings {
            output::warn(&output::harmless(warning), json);
        }
    }
    let typed = typed(args)?;
    trouble(&checked, &typed, &flags(args)).map_or(Ok(Exit::Done), Err)
}

/// The reference as it was typed.
fn typed(args: &CheckArgs) -> Result<ModelRef, CommandError> {
    args.reference.parse().map_err(|error| models::unknown(format!("{error}")))
}

/// The reference with what the command line says of the connection.
fn complete(args: &CheckArgs) -> Result<ModelRef, CommandError> {
    let mut reference = typed(args)?;
    if let Some(host) = Host::find(&reference.provider) {
        if host.wants_address() {
            let base_url = args.base_url.clone().or_else(|| std::env::var("UNBENT_BASE_URL").ok());
            let connection = ConnectionArgs { base_url, api_key_env: args.api_key_env.clone() };
            return models::parse_reference(&args.reference, &connection);
        }
        for (name, value) in [("base_url", &args.base_url), ("api_key_env", &args.api_key_env)] {
            if let Some(value) = value {
                reference.params.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }
    Ok(reference)
}

/// What stood beside the reference, to be typed again.
fn flags(args: &CheckArgs) -> String {
    [
        ("base-url", &args.base_url),
        ("api-key-env", &args.api_key_env),
        ("reasoning-effort", &args.reasoning_effort),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.as_ref().map(|value| format!(" --{name} {value}")))
    .collect()
}

fn provider(reference: &ModelRef) -> Result<Arc<dyn Provider>, CommandError> {
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(BTreeMap::new()));
    models::provider(&models::describe(reference, Sampling::default()), &script)
}

/// Simulated and recorded models are there if their names are.
fn check_offline(reference: &ModelRef, json: bool) -> Result<Exit, CommandError> {
    provider(reference)?;
    let why = "it needs no network and no key, so there is nothing more to check";
    if json {
        let told = json!({ "reference": reference.to_string(), "ok": true, "offline": true, "note": why });
        output::line(&format!("{told:#}"));
    } else {
        output::line(&format!("{reference} is there; {why}"));
    }
    Ok(Exit::Done)
}

/// Asks once.
fn put(provider: &dyn Provider, ask: &Ask) -> Result<Returned, CommandError> {
    let case = Case {
        suite: "check".into(),
        id: "check".into(),
        spec: Value::Null,
        world: None,
        inherits: Vec::new(),
    };
    let trial = TrialKey { suite: "check".into(), case: "check".into(), subject: "check".into(), repeat: 1 };
    let need = "check".into();
    let call = Call { ask, case: &case, trial: &trial, need: &need, tried: 1, run_seed: 0 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        CommandError::new(Exit::Io, format!("the system refuses to start a runtime: {error}"))
    })?;
    Ok(runtime.block_on(provider.ask(&call)))
}
