//! The nouns, events and ports of Unbent.
//!
//! A trial is a pure function over its own history: [`Suite::next`] reads what has been answered and says what is
//! needed next, or that the trial is done. Everything that is read later is a fold of the log of events.
//! This crate knows no file, clock, network, source of chance, runtime or concrete suite, provider or store.

mod ascii_json;
mod ask;
mod blob;
mod by_role;
mod case;
mod chain;
mod deed;
mod event;
mod exchange;
mod fault;
mod history;
mod id;
mod manifest;
mod message;
mod outcome;
mod port;
mod price;
mod regrade;
mod reply;
mod seed;
mod step;
mod subject;
mod suite;
mod view;
mod world;

pub use ascii_json::ascii_json;
pub use ask::{Ask, ModelRole, ReplySchema, Sampling, ToolChoice, ToolSpec};
pub use blob::{Blob, BlobRef, ParseBlobRefError};
pub use by_role::ByRole;
pub use case::{Case, Inherit, PlannedTrial, TrialKey, TrialNo, WorldSpec};
pub use chain::{ChainHash, merkle_root};
pub use deed::{Deed, Done};
pub use event::{Event, Meter};
pub use exchange::{Allowance, Pace, Returned, Wasted, Wire};
pub use fault::{Fault, FaultKind};
pub use history::{History, LogError, Supplied, TrialLog};
pub use id::{CaseId, NeedKey, SubjectId, SuiteId};
pub use manifest::{
    GitState, Manifest, Origin, PackRef, Program, Rescoring, SandboxRecord, SourceFile, SuiteRecord,
};
pub use message::{AssistantMessage, Message, ToolCall};
pub use outcome::{Outcome, Score, Scores, UnscoredReason};
pub use port::{
    AnswerCache, BoxFuture, Call, Clock, Entry, Provider, Recorded, ReferenceScript, ReplaySource, Sandbox,
    SandboxHost, Sink, SinkError, Source, SourceError,
};
pub use price::Price;
pub use regrade::TakenOver;
pub use reply::{Cost, CostSource, FinishReason, Reply, Served, Usage};
pub use seed::{Stream, derive_seed};
pub use step::{Act, Acted, Answer, Need, NeedKind, Observation, Observe, Step};
pub use subject::{ModelRef, ParseModelRefError, Regraded, Subject};
pub use suite::{ErasedSuite, Suite, SuiteError};
pub use view::{Kept, RoleMeters, RunView, SubjectView, TrialState, TrialView};
pub use world::{
    Daemon, FileChange, HostedWorld, Invocation, Layout, PathState, Ran, Seen, WorldFile, Worlds,
};
