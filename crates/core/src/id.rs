//! Names of things. Each is text that a person can read, with a type of its own so that they are not mixed up. A copy shares
//! the text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Makes the id from its text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    };
}

text_id! {
    /// Names a benchmark suite, such as `independence`.
    SuiteId
}
text_id! {
    /// Names a case within its suite, such as `strong/tool_role/rs01`.
    CaseId
}
text_id! {
    /// Names a subject within a run: the label under which it stands in every table.
    SubjectId
}
text_id! {
    /// Names a need within its trial, such as `rs01` or `judge`. A key is answered at most once in an attempt.
    NeedKey
}

impl NeedKey {
    /// The key under which a suite asks once more after an unusable answer; `n` counts from 1, the first asking.
    pub fn again(&self, n: u32) -> Self {
        if n <= 1 { self.clone() } else { Self::new(format!("{}~{n}", self.0)) }
    }

    /// The key without the mark of a repeated asking.
    pub fn base(&self) -> &str {
        self.0.split_once('~').map_or(&self.0, |(base, _)| base)
    }
}

#[cfg(test)]
mod tests {
    use super::NeedKey;

    #[test]
    fn a_repeated_asking_has_its_own_key_and_keeps_its_base() {
        let key = NeedKey::from("judge");
        assert_eq!(key.again(1), key);
        assert_eq!(key.again(3).as_str(), "judge~3");
        assert_eq!(key.again(3).base(), "judge");
    }
}
