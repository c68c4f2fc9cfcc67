//! The first process of a closed room, and every tool in it: which of the two it is follows from its number.
//!
//! Knows the standard library only, no names of whoever keeps the room, and decides nothing: it starts what it is told to,
//! carries messages, and shows files.

mod begin;
mod calls;
mod clock;
mod files;
mod output;
mod posts;
mod rounds;
mod serve;
mod shell;
mod sys;
mod tool;
#[path = "../src/wire.rs"]
#[allow(dead_code, reason = "each side sends what the other reads")]
mod wire;

fn main() {
    let code = if std::process::id() == 1 { serve::serve() } else { tool::call() };
    std::process::exit(code);
}
