//! From a model reference to someone who answers.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use unbent_core::{ModelRef, Provider, ReferenceScript, Sampling, Subject, SubjectId};
use unbent_engine::{Lane, LaneLimits, Respondent};
use unbent_providers::replay::{MatchMode, ReplayProvider};
use unbent_providers::sim::{SimPersona, SimProvider, known_personas};
use unbent_store::{Replay, RunReader};

use crate::args::ConnectionArgs;
use crate::error::{CommandError, Exit};
use crate::hosts::{CONNECTION_PARAMS, HOSTS, Host};

/// The providers without an API that a reference may name, with what follows the slash.
const OFFLINE: [(&str, &str); 2] = [
    ("sim", "PERSONA: a simulated subject or judge, offline"),
    ("replay", "FILE[?subject=LABEL]: the answers recorded in a run file"),
];

/// The judge of runs whose subjects are all simulated.
pub(crate) const SIMULATED_JUDGE: &str = "sim/rule-judge";

/// Reads a reference and completes it with what the command line says of the connection, so that it can stand alone.
pub(crate) fn parse_reference(text: &str, connection: &ConnectionArgs) -> Result<ModelRef, CommandError> {
    let mut reference: ModelRef = text.parse().map_err(|error| unknown(format!("{error}")))?;
    let Some(host) = Host::find(&reference.provider) else { return Ok(reference) };
    if host.wants_address() {
        let given = [("base_url", &connection.base_url), ("api_key_env", &connection.api_key_env)];
        for (name, value) in given {
            if let Some(value) = value {
                reference.params.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
        if !reference.params.contains_key("base_url") {
            return Err(CommandError::usage(format!("{text} does not say where its server is"))
                .hint(format!("add --base-url, as in: --model {text} --base-url http://127.0.0.1:1234/v1")));
        }
    }
    Ok(reference)
}

fn unknown(message: String) -> CommandError {
    let mut error = CommandError::usage(message);
    for (provider, about) in HOSTS.iter().map(|host| (host.id, host.about)).chain(OFFLINE) {
        error = error.hint(format!("{provider}/{about}"));
    }
    error
}

/// Describes a model as the manifest records it. Its label leaves out how it is reached.
pub(crate) fn describe(reference: &ModelRef, settings: Sampling) -> Subject {
    let mut label = reference.clone();
    label.params.retain(|name, _| !CONNECTION_PARAMS.contains(&name.as_str()));
    let simulated = reference.provider == "sim";
    let null = simulated && SimPersona::parse(reference).is_ok_and(|persona| persona.is_null());
    Subject {
        id: SubjectId::new(label.to_string()),
        model: reference.to_string(),
        settings,
        simulated,
        null,
        price: None,
        regraded: None,
    }
}

/// The variables that may hold a model's key, if its provider takes one.
pub(crate) fn key_variables(reference: &ModelRef) -> Vec<String> {
    Host::find(&reference.provider).map_or_else(Vec::new, |host| host.key_variables(reference))
}

/// What is worth knowing about a reference before it is asked.
pub(crate) fn warning(reference: &ModelRef) -> Option<String> {
    (reference.provider == "openrouter" && reference.pin.is_none()).then(|| {
        format!(
            "{reference} is not pinned: any provider may serve any answer, and providers of one model differ; \
             pin it as {}/{}+PROVIDER",
            reference.provider, reference.model
        )
    })
}

/// The models of a run, each with how fast it may be asked.
pub(crate) struct Models {
    script: Arc<dyn ReferenceScript>,
    parallel: NonZeroUsize,
    lanes: BTreeMap<String, Arc<Lane>>,
}

impl Models {
    /// No models yet; simulated ones will follow this script.
    pub(crate) fn new(script: Arc<dyn ReferenceScript>, parallel: NonZeroUsize) -> Self {
        Self { script, parallel, lanes: BTreeMap::new() }
    }

    /// Finds who answers for a described model. The same model behind the same server shares its lane.
    pub(crate) fn respondent(&mut self, subject: &Subject) -> Result<Respondent, CommandError> {
        let provider = provider(subject, &self.script)?;
        let lane = self.lanes.entry(subject.model.clone()).or_insert_with(|| {
            Arc::new(Lane::new(subject.model.clone(), self.parallel, LaneLimits::default()))
        });
        Ok(Respondent {
            provider,
            settings: subject.settings.clone(),
            price: subject.price,
            lane: Arc::clone(lane),
        })
    }

    /// The lanes of the models that were found.
    pub(crate) fn into_lanes(self) -> Vec<Arc<Lane>> {
        self.lanes.into_values().collect()
    }
}

/// Finds who answers for a described model.
pub(crate) fn provider(
    subject: &Subject,
    script: &Arc<dyn ReferenceScript>,
) -> Result<Arc<dyn Provider>, CommandError> {
    let reference: ModelRef = subject.model.parse().map_err(|error| {
        CommandError::new(Exit::BadFile, format!("{} cannot be asked: {error}", subject.id))
            .hint("its answers were imported; a run that must ask more needs a reference to a model")
    })?;
    let provider: Arc<dyn Provider> = match reference.provider.as_str() {
        "sim" => {
            let persona = SimPersona::parse(&reference).map_err(|error| {
                let personas =
                    known_personas().iter().map(|info| format!("sim/{}: {}", info.usage, info.description));
                let message = error.to_string();
                let first = message.lines().next().unwrap_or_default();
                personas.fold(CommandError::usage(first), CommandError::hint)
            })?;
            Arc::new(SimProvider::new(persona, Arc::clone(script), subject.id.as_str()))
        }
        "replay" => replay(&reference)?,
        id => match Host::find(id) {
            Some(host) => Arc::new(host.provider(&reference)?),
            None => return Err(unknown(format!("there is no provider {id:?} in {:?}", subject.model))),
        },
    };
    Ok(provider)
}

fn replay(reference: &ModelRef) -> Result<Arc<dyn Provider>, CommandError> {
    refuse_unknown_params(reference, &["match", "subject"])?;
    let mode = reference.params.get("match").map_or(Ok(MatchMode::default()), |mode| mode.parse());
    let mode = mode.map_err(|error| CommandError::usage(format!("{reference}: {error}")))?;
    let subject = reference.params.get("subject").map(|subject| SubjectId::new(subject.as_str()));
    let mut recorded = RunReader::open(Path::new(&reference.model))?.manifest()?.subjects;
    recorded.retain(|subject| subject.regraded.is_none());
    if subject.is_none() && recorded.len() > 1 {
        let mut error = CommandError::usage(format!("{} holds {} subjects", reference.model, recorded.len()));
        for known in recorded {
            error = error.hint(format!("replay/{}?subject={}", reference.model, known.id));
        }
        return Err(error);
    }
    let source = Replay::open(Path::new(&reference.model), subject)?;
    Ok(Arc::new(ReplayProvider::new(Arc::new(source), mode)))
}

/// Refuses parameters that a provider does not know.
pub(crate) fn refuse_unknown_params(reference: &ModelRef, known: &[&str]) -> Result<(), CommandError> {
    match reference.params.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(CommandError::usage(format!("{reference} has no parameter {name:?}"))
            .hint(format!("parameters of {} are: {}", reference.provider, known.join(", ")))),
        None => Ok(()),
    }
}
