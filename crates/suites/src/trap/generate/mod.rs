//! From the library to cases: pure, and the same for a seed everywhere and always.

pub mod distinct;
pub mod published;
pub mod sample;

use super::case::TrapCase;
use super::family::Family;
use super::library::Library;

/// Which cases are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The reference's structure: its ids in its order, its draws, its duplicates.
    Published,
    /// The reference's proportions, in prompts of which no two are alike.
    Distinct,
}

impl Profile {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Distinct => "distinct",
        }
    }
}

/// Why there are no cases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The library has fewer distinct prompts than are wanted.
    #[error(
        "the library is too small: the family {family} has {found} distinct prompts, and {wanted} are wanted; give it \
         more templates or values in library/{family}.toml"
    )]
    TooSmall {
        /// The family.
        family: Family,
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
}

/// Makes the cases of a profile, in the order of the suite.
///
/// # Errors
///
/// The library is too small for the distinct profile.
pub fn generate(library: &Library, profile: Profile, seed: u64) -> Result<Vec<TrapCase>, GenerateError> {
    match profile {
        Profile::Published => Ok(published::generate(library, seed)),
        Profile::Distinct => distinct::generate(library, seed, distinct::CASES),
    }
}
