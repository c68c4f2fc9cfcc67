//! Ids for tool calls of servers that give none. Knows no dialect.

use unbent_core::{Ask, derive_seed};

/// An id for the call at place `n` of an answer that came without one: the same for the same call at the same place of
/// a conversation, and of nine letters and digits, which is the only form that Mistral's models take back.
pub(crate) fn generated_id(n: usize, name: &str, arguments: &str, ask: &Ask) -> String {
    let place = format!("{} {n} {name} {arguments}", ask.messages.len());
    let hash = derive_seed(0, "tool call id", &place);
    format!("c{:08x}", hash >> 32)
}
