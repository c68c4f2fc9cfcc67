//! `unbent models`: lists the providers, and puts one cheap question to a model to see what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use unbent_core::{Ask, Call, Case, ModelRef, Provider, ReferenceScript, Returned, Sampling, TrialKey};

use crate::args::{CheckArgs, ModelsCommand};
use crate::checking::{Asking, Checked, Report, question, trouble};
use crate::environment::is_set;
use crate::error::{CommandError, Exit};
use crate::hosts::{HOSTS, Host, Keys};
use crate::models::{self, OFFLINE};
use crate::output;
use crate::session::Scripts;
use crate::settings::{Chosen, Settings};

/// How long a check waits where the reference does not say, in seconds; a local server may have to load the model.
const PATIENCE_S: &str = "120";

pub(super) fn models(command: Option<ModelsCommand>, json: bool) -> Result<Exit, CommandError> {
    match command.unwrap_or(ModelsCommand::List) {
        ModelsCommand::List => Ok(list(json)),
        ModelsCommand::Check(args) => check(&args, json),
    }
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
    let mut chosen = complete(args)?;
    let Some(host) = Host::find(&chosen.reference.provider) else { return check_offline(&chosen, json) };
    // What is told to be typed again is what was typed, or what a name of the user's own stands for.
    let typed: ModelRef = args.reference.parse().unwrap_or_else(|_| chosen.reference.clone());
    chosen.reference.params.entry("timeout_s".to_owned()).or_insert_with(|| PATIENCE_S.to_owned());
    let reference = &chosen.reference;
    if let Some(warning) = models::warning(reference) {
        output::warn(&warning, json);
    }
    let provider = provider(&chosen)?;
    let ask = question(&Asking {
        max_tokens: args.max_tokens.into(),
        reasoning_effort: args.reasoning_effort.clone(),
        tools: args.tools,
    });
    let unsent = provider.unsent(&ask);
    let variables = host.key_variables(reference);
    let key_variable = variables.iter().find(|name| is_set(name));
    let started = Instant::now();
    let returned = put(&*provider, &ask)?;
    let checked = Checked {
        reference,
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
    trouble(&checked, &typed, &flags(args)).map_or(Ok(Exit::Done), Err)
}

/// The model with what the settings and the command line say of it. Here a company's model may be sought elsewhere too.
fn complete(args: &CheckArgs) -> Result<Chosen, CommandError> {
    let connection = &args.connection;
    let settings = Settings::load(connection.models_file.as_deref())?;
    let mut chosen = settings.choose(&args.reference, connection)?;
    if Host::find(&chosen.reference.provider).is_some_and(|host| !host.wants_address()) {
        for (name, value) in [("base_url", &connection.base_url), ("api_key_env", &connection.api_key_env)] {
            if let Some(value) = value {
                chosen.reference.params.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }
    Ok(chosen)
}

/// What stood beside the reference, to be typed again.
fn flags(args: &CheckArgs) -> String {
    [
        ("base-url", &args.connection.base_url),
        ("api-key-env", &args.connection.api_key_env),
        ("reasoning-effort", &args.reasoning_effort),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.as_ref().map(|value| format!(" --{name} {value}")))
    .collect()
}

fn provider(chosen: &Chosen) -> Result<Arc<dyn Provider>, CommandError> {
    let script: Arc<dyn ReferenceScript> = Arc::new(Scripts(BTreeMap::new()));
    models::provider(&models::describe_subject(chosen, &Sampling::default()), &script, Keys::Needed)
}

/// Simulated and recorded models are there if their names are.
fn check_offline(chosen: &Chosen, json: bool) -> Result<Exit, CommandError> {
    provider(chosen)?;
    let reference = &chosen.reference;
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
