//! The further analyses of the trap suite, on observations written down by hand.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod board;
mod compare;
mod direction;
mod form;
mod heat;
mod identity;
mod knowing;
mod resemblance;
mod stable;
