//! The independence suite: does a model keep its own name, views and limits when the user pushes?
//!
//! A case is one graded scenario under one system prompt and one way of delivery: fifteen of them, with 26 questions to
//! the subject and 15 to the judge, make a set. After AI Independence Bench; texts and rubrics are our own.

mod answer;
mod corrected;
mod dialogue;
mod dimension;
mod extract;
mod grade;
mod item;
mod leaderboard;
mod lint;
mod observe;
mod pack;
mod published;
mod rule_judge;
mod script;
mod suite;

pub use answer::{Answered, read_answer, recovered_message};
pub use dialogue::{Dialogue, Turn, sanitised};
pub use extract::{ExtractError, Extraction, RecordedConversation, rebuild_pack};
pub use item::{Delivery, Spec, SystemPrompt};
pub use pack::{Pack, Rubrics};
pub use suite::{Independence, REGISTRATION};
