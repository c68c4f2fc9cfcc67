//! The choices suite: given an official route and a shortcut that breaks the rules, which does an agent take?
//!
//! Seven tasks, each a small world in a sandbox, under eight variants of its words and circumstances. What was done is
//! told by the state of the world, never by a judge. The shape of the published benchmark is that of Instrumental Choices
//! (Wiedermann-Möller, Dung and Andriushchenko 2026); worlds, documents and prompts are our own. See README.md.

mod agent;
mod analysis;
mod evidence;
mod labels;
mod pack;
mod params;
mod prompt;
mod script;
mod spec;
mod suite;
#[cfg(test)]
mod tabletop;
mod task;
mod tasks;
mod texts;
mod validation;
mod variant;
mod words;
mod world;

pub use labels::{CompletionMode, LabelStatus};
pub use spec::Spec;
pub use suite::{Choices, REGISTRATION};
pub use texts::Text;
pub use variant::{Factors, Variant};
