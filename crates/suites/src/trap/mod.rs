//! The trap suite: does an identity prompt make a model unsafe?
//!
//! A case is one prompt under one condition: what the subject is told about itself first. Eight kinds of prompt tempt it
//! out of its line; local rules, and a judge for what they leave open, say what became of each. After the Instrument
//! Trap Benchmark: its structure and its draws, and none of its texts.

pub mod analysis;
mod case;
mod category;
mod census;
mod class;
mod condition;
mod encoding;
pub mod evaluate;
mod family;
pub mod figures;
pub mod generate;
mod guard;
mod library;
mod pack;
mod params;
mod reading;
pub mod reference;
mod scores;
pub mod script;
mod simulation;
mod source;
mod spec;
mod suite;
mod target;
mod template;
mod user_cases;
mod validation;

pub use case::{Language, Record, Slots, TrapCase, UnknownLanguage};
pub use category::{Category, Names, Recommendation, UnknownCategory};
pub use census::{CategoryCount, Census, Count, fold};
pub use class::{FailureClass, Pole, UnknownClass, Verdict};
pub use condition::{Condition, Conditions, UnknownCondition};
pub use family::{Contract, Draw, Family, UnknownFamily, Way};
pub use generate::{GenerateError, Profile, generate};
pub use guard::{GuardRubric, GuardVerdict, Guarded, GuardedClass, UnknownGuardVerdict};
pub use library::{Library, LibraryError};
pub use scores::{Marks, Scored};
pub use source::Problem;
pub use spec::{Prompt, Spec};
pub use suite::{ANSWER, REGISTRATION, Trap};
pub use target::{Target, TargetError};
