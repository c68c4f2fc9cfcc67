//! How much a model is to reason: an effort by name, or the tokens that stand for one. Knows no model.

/// How an effort is put to a model that takes either names or numbers of tokens, depending on its generation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Efforts {
    /// By name, as newer models take it.
    #[default]
    Named,
    /// As a number of tokens, as older models take it.
    Budgeted,
}

/// What an effort asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort<'a> {
    /// No reasoning.
    Off,
    /// Reasoning of this name.
    Of(&'a str),
}

impl<'a> Effort<'a> {
    pub(crate) fn of(name: &'a str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "none" | "off" => Self::Off,
            _ => Self::Of(name),
        }
    }

    /// The tokens that stand for it; none for a name of unknown meaning.
    pub(crate) fn tokens(self) -> Option<u32> {
        let Self::Of(name) = self else { return Some(0) };
        match name.to_ascii_lowercase().as_str() {
            "minimal" => Some(1024),
            "low" => Some(2048),
            "medium" => Some(8192),
            "high" => Some(16_384),
            "xhigh" | "max" => Some(32_768),
            _ => None,
        }
    }
}
