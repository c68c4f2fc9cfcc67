//! The ports: everything that the engine may ask of outside.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::{
    Act, Acted, Ask, AssistantMessage, Blob, BlobRef, Case, Event, Fault, NeedKey, Observation, Observe,
    Reply, Returned, Stream, TrialKey, TrialNo, WorldSpec,
};

/// A future that can be held and sent.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One call of a model: the question and where in the run it comes from.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The question, with the settings of the subject applied.
    pub ask: &'a Ask,
    /// The case of the trial.
    pub case: &'a Case,
    /// The trial that asks.
    pub trial: &'a TrialKey,
    /// The need that the answer will meet.
    pub need: &'a NeedKey,
    /// Which try it is, from 1.
    pub tried: u32,
    /// The run's seed.
    pub run_seed: u64,
}

/// Something that answers questions: a model behind an API, a simulation, a recording.
pub trait Provider: Send + Sync {
    /// Asks once; retrying is the engine's.
    fn ask<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Returned>;

    /// Everything that the answer to a question may depend on, as bytes: where it is sent, what is sent and how what
    /// comes back is read. Holds no credential. None if asking costs nothing, so that answers need not be kept.
    fn identity(&self, _ask: &Ask) -> Option<Vec<u8>> {
        None
    }

    /// The parameters of a question that will not be sent, because the model or its API takes none such.
    fn unsent(&self, _ask: &Ask) -> Vec<String> {
        Vec::new()
    }
}

/// Answers that were paid for once, by the content of their questions.
pub trait AnswerCache: Send + Sync {
    /// The answer that is kept under this key.
    fn get(&self, key: BlobRef) -> Result<Option<Reply>, SourceError>;

    /// Keeps an answer. An answer that is kept already stays.
    fn put(&self, key: BlobRef, reply: &Reply) -> Result<(), SourceError>;
}

/// Opens sandboxes.
pub trait SandboxHost: Send + Sync {
    /// Opens a fresh sandbox with this world for a trial.
    fn open<'a>(
        &'a self,
        trial: &'a TrialKey,
        world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>>;
}

/// An open sandbox. Closed when dropped.
pub trait Sandbox: Send + Sync {
    /// Runs a tool.
    fn act<'a>(&'a self, act: &'a Act) -> BoxFuture<'a, Result<Acted, Fault>>;

    /// Takes a picture of the world's state.
    fn observe<'a>(&'a self, observe: &'a Observe) -> BoxFuture<'a, Result<Observation, Fault>>;
}

/// Time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;

    /// Waits.
    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()>;
}

/// An event on its way into a log, with the blobs that it refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The trial that it happened to.
    pub trial: TrialNo,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
    /// The blobs that `event` refers to and that may be new.
    pub blobs: Vec<Blob>,
}

/// Where events go.
pub trait Sink: Send + Sync {
    /// Appends entries. They are queued by the call itself, so calls keep their order whenever their futures are
    /// awaited; when the future resolves, they outlive a crash.
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'static, Result<(), SinkError>>;
}

/// A log that takes no more events.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// What went wrong, with the file's name.
    pub message: String,
    /// Whether the disk is full.
    pub disk_full: bool,
}

/// Where events come from.
pub trait Source: Send + Sync {
    /// The number of the trial of this name, if the run has it.
    fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, SourceError>;

    /// A trial's events in their order.
    fn events(&self, trial: TrialNo) -> Result<Vec<Event>, SourceError>;

    /// The bytes of a blob.
    fn blob(&self, address: BlobRef) -> Result<Vec<u8>, SourceError>;
}

/// A log that cannot be read.
#[derive(Debug, Clone)]
pub struct SourceError {
    /// What went wrong, with the file's name.
    pub message: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SourceError {}

/// Recorded answers, for a provider that replays them.
pub trait ReplaySource: Send + Sync {
    /// The recorded answer to this trial's need, whoever the trial's subject is; none if not recorded.
    fn recorded(&self, trial: &TrialKey, need: &NeedKey) -> Result<Option<Recorded>, SourceError>;
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The question; none where an imported source did not keep it.
    pub asked: Option<Ask>,
    /// The answer.
    pub reply: Reply,
}

/// What reference subjects of known truth, and the reference judge, say in a suite's situations. Each suite has its
/// own; the provider of simulated subjects speaks for them.
pub trait ReferenceScript: Send + Sync {
    /// What this persona says; none if the script does not know the persona.
    ///
    /// `params` are those of the model reference; `stream` is the subject's own source of chance for this trial.
    fn speak(
        &self,
        persona: &str,
        params: &std::collections::BTreeMap<String, String>,
        call: &Call<'_>,
        stream: Stream,
    ) -> Option<AssistantMessage>;

    /// The grade that the reference judge gives, from the text of the question alone; none if it cannot be graded.
    fn judge(&self, ask: &Ask) -> Option<Value>;

    /// What this persona decides as a guard; none if the script does not know the persona as one. Suites without a guard
    /// know none.
    ///
    /// `stream` is the guard's own source of chance for this trial.
    fn guard(
        &self,
        _persona: &str,
        _params: &std::collections::BTreeMap<String, String>,
        _call: &Call<'_>,
        _stream: Stream,
    ) -> Option<Value> {
        None
    }
}
