//! The trap suite: does a model keep to what it may claim?

pub mod reference;
