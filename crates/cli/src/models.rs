//! From a model reference to someone who answers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use unbent_core::{ModelRef, Provider, ReferenceScript, Sampling, Subject, SubjectId};
use unbent_engine::{Caps, Lane, LaneLimits, Respondent};
use unbent_providers::replay::{MatchMode, ReplayProvider};
use unbent_providers::sim::{SimPersona, SimProvider, known_personas};
use unbent_store::{Replay, RunReader};

use crate::error::{CommandError, Exit};
use crate::hosts::{self, CONNECTION_PARAMS, HOSTS, Host, Keys};
use crate::settings::Chosen;

/// The providers without an API that a reference may name, with what follows the slash.
pub(crate) const OFFLINE: [(&str, &str); 2] = [
    ("sim", "PERSONA: a simulated subject, guard or judge, offline"),
    ("replay", "FILE[?subject=LABEL]: the answers recorded in a run file"),
];

/// The judge of runs whose subjects are all simulated.
pub(crate) const SIMULATED_JUDGE: &str = "sim/rule-judge";

/// The error of a reference that names no provider, with those that there are.
pub(crate) fn unknown(message: String) -> CommandError {
    let mut error = CommandError::usage(message);
    for (provider, about) in HOSTS.iter().map(|host| (host.id, host.about)).chain(OFFLINE) {
        error = error.hint(format!("{provider}/{about}"));
    }
    error
}

/// Describes a subject as the manifest records it, with the settings of the run before those of its own. Its label leaves
/// out how it is reached.
pub(crate) fn describe_subject(chosen: &Chosen, settings: &Sampling) -> Subject {
    let settings = settings.or(&chosen.sampling);
    describe(chosen, settings)
}

/// Describes a judge or a guard as the manifest records it. How it draws its answers is the suite's to say, so that grades
/// and decisions compare.
pub(crate) fn describe_beside(chosen: &Chosen) -> Subject {
    let settings = Sampling { temperature: None, top_p: None, top_k: None, ..chosen.sampling.clone() };
    describe(chosen, settings)
}

fn describe(chosen: &Chosen, settings: Sampling) -> Subject {
    let reference = &chosen.reference;
    let mut label = reference.clone();
    label.params.retain(|name, _| !CONNECTION_PARAMS.contains(&name.as_str()));
    let simulated = reference.provider == "sim";
    let null = simulated && SimPersona::parse(reference).is_ok_and(|persona| persona.is_null());
    let (price, price_source) = chosen.price.clone().map(|list| (list.price, list.source)).unzip();
    Subject {
        id: SubjectId::new(chosen.label.clone().unwrap_or_else(|| label.to_string())),
        model: reference.to_string(),
        settings,
        simulated,
        null,
        price,
        price_source,
        regraded: None,
    }
}

/// Refuses to count dollars where an answer's price would not be known.
pub(crate) fn refuse_unpriced<'s>(
    subjects: impl IntoIterator<Item = &'s Subject>,
    caps: Caps,
) -> Result<(), CommandError> {
    if caps.usd.is_none() {
        return Ok(());
    }
    for subject in subjects.into_iter().filter(|subject| subject.price.is_none()) {
        let Ok(reference) = subject.model.parse::<ModelRef>() else { continue };
        let Some(host) = Host::find(&reference.provider) else { continue };
        if host.reports_cost(&reference) {
            continue;
        }
        let (provider, model) = (&reference.provider, &reference.model);
        return Err(CommandError::usage(format!(
            "what {} costs is not known, so --max-cost cannot hold the run to its limit",
            subject.id
        ))
        .hint(format!(
            "say it in models.toml, in dollars per million tokens: [models.\"{provider}/{model}\"] price = {{ input = 1.25, output = 10 }}"
        ))
        .hint(format!("if its server reports what each answer costs: {provider}/{model}?cost=reported"))
        .hint("or limit tokens in place of dollars: --max-tokens N"));
    }
    Ok(())
}

/// The variables that may hold a model's key, if its provider takes one.
pub(crate) fn key_variables(reference: &ModelRef) -> Vec<String> {
    Host::find(&reference.provider).map_or_else(Vec::new, |host| host.key_variables(reference))
}

/// Whether a reference must say where its server is.
pub(crate) fn wants_address(reference: &ModelRef) -> bool {
    Host::find(&reference.provider).is_some_and(Host::wants_address)
}

/// Whether a model is asked over a network.
pub(crate) fn is_hosted(subject: &Subject) -> bool {
    subject.model.parse::<ModelRef>().is_ok_and(|reference| Host::find(&reference.provider).is_some())
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
    keys: Keys,
    lanes: BTreeMap<String, Arc<Lane>>,
}

impl Models {
    /// No models yet; simulated ones will follow this script.
    pub(crate) fn new(script: Arc<dyn ReferenceScript>, parallel: NonZeroUsize, keys: Keys) -> Self {
        Self { script, parallel, keys, lanes: BTreeMap::new() }
    }

    /// Finds who answers for a described model. The same model behind the same server shares its lane.
    pub(crate) fn respondent(&mut self, subject: &Subject) -> Result<Respondent, CommandError> {
        let provider = provider(subject, &self.script, self.keys)?;
        let lane = match self.lanes.entry(subject.model.clone()) {
            Entry::Occupied(lane) => Arc::clone(lane.get()),
            Entry::Vacant(place) => {
                let limits = limits(subject)?;
                let lane = Lane::new(subject.model.clone(), self.parallel, limits);
                Arc::clone(place.insert(Arc::new(lane)))
            }
        };
        Ok(Respondent { provider, settings: subject.settings.clone(), price: subject.price, lane })
    }

    /// The lanes of the models that were found.
    pub(crate) fn into_lanes(self) -> Vec<Arc<Lane>> {
        self.lanes.into_values().collect()
    }
}

/// The limits that a model's reference sets.
fn limits(subject: &Subject) -> Result<LaneLimits, CommandError> {
    let Ok(reference) = subject.model.parse::<ModelRef>() else { return Ok(LaneLimits::default()) };
    Host::find(&reference.provider).map_or_else(|| Ok(LaneLimits::default()), |_| hosts::limits(&reference))
}

/// Finds who answers for a described model.
pub(crate) fn provider(
    subject: &Subject,
    script: &Arc<dyn ReferenceScript>,
    keys: Keys,
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
            Some(host) => Arc::new(host.provider(&reference, keys)?),
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

/// A reference without its parameters, in one of which someone may have put a key.
pub(crate) fn shown(reference: &ModelRef) -> String {
    format!("{}/{}", reference.provider, reference.model)
}

/// Refuses parameters that a provider does not know.
pub(crate) fn refuse_unknown_params(reference: &ModelRef, known: &[&str]) -> Result<(), CommandError> {
    match reference.params.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(CommandError::usage(format!("{} has no parameter {name:?}", shown(reference)))
            .hint(format!("parameters of {} are: {}", reference.provider, known.join(", ")))),
        None => Ok(()),
    }
}
