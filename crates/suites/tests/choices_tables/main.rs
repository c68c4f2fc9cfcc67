//! The tables of the choices suite: over the published counts, which must give the published figures, and over trials
//! whose every number can be counted by hand.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::float_cmp, reason = "counts are whole numbers, and exact")]

mod counted;
mod published;
mod run;
