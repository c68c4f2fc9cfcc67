//! One folder a wire dialect, and the simulated and replayed subjects.
//!
//! Each implements [`unbent_core::Provider`]: one ask, one answer or one [`unbent_core::Fault`]. Nothing here retries,
//! waits for a rate limit, counts money or knows a concrete suite. Nothing here reads the environment for a credential:
//! keys are handed in as a [`Secret`], which no reply, fault, log line or `Debug` output shows.

mod answer;
pub mod anthropic;
pub mod completions;
mod effort;
pub mod gemini;
pub mod http;
mod lenient;
pub mod ollama;
pub mod openai_chat;
pub mod openai_responses;
mod openai_usage;
pub mod replay;
mod secret;
mod sending;
pub mod sim;
mod tool_calls;

pub use anthropic::Anthropic;
pub use completions::{Completions, Template};
pub use effort::Efforts;
pub use gemini::Gemini;
pub use http::{ConfigError, Endpoint, HttpModel};
pub use ollama::{Ollama, OllamaMode};
pub use openai_chat::{Flavour, OpenAiChat};
pub use openai_responses::OpenAiResponses;
pub use replay::{MatchMode, ParseMatchModeError, ReplayProvider};
pub use secret::Secret;
pub use sim::{ParsePersonaError, PersonaInfo, SimPersona, SimProvider, known_personas};
