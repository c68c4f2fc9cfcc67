//! The cases of the trap suite: eight kinds of prompt that tempt a model out of its line, made from templates.
//!
//! After the Instrument Trap Benchmark: its structure and its draws, and none of its texts. How a trial runs and is
//! scored is not here yet.

mod case;
mod category;
mod census;
mod encoding;
mod family;
pub mod generate;
mod library;
mod reading;
pub mod reference;
mod source;
mod target;
mod template;

pub use case::{Language, Record, Slots, TrapCase, UnknownLanguage};
pub use category::{Category, Names, Recommendation, UnknownCategory};
pub use census::{CategoryCount, Census, Count, fold};
pub use family::{Contract, Draw, Family, UnknownFamily, Way};
pub use generate::{GenerateError, Profile, generate};
pub use library::{Library, LibraryError};
pub use source::Problem;
pub use target::{Target, TargetError};
