//! Packs: a suite's texts and rules as files, known by the hash of their content.

use std::collections::BTreeMap;

/// The files of a pack by name, as read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFiles {
    /// Where they were read from, for people; none for a built-in pack.
    pub path: Option<String>,
    /// Content by file name.
    pub files: BTreeMap<String, String>,
}

impl PackFiles {
    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

/// The BLAKE3 hash of a pack: over names and contents, each preceded by its length, in the order of the names.
pub fn hash_files(files: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("unbent 2026 pack");
    for part in files.iter().flat_map(|(name, content)| [name, content]) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::hash_files;

    #[test]
    fn the_hash_depends_on_names_contents_and_their_borders() {
        let hash = |pairs: &[(&str, &str)]| {
            hash_files(
                &pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect(),
            )
        };
        assert_ne!(hash(&[("a", "bc")]), hash(&[("ab", "c")]));
        assert_ne!(hash(&[("a", "b")]), hash(&[("a", "c")]));
        assert_eq!(hash(&[("a", "1"), ("b", "2")]), hash(&[("b", "2"), ("a", "1")]));
    }
}
