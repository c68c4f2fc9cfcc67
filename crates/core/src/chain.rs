//! The hash chain over a trial's events and the Merkle root over a run's trials.

use std::fmt;

use crate::TrialKey;

/// The hash after some events of a trial: it changes if any of them, or their order, does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// The hash of a trial's empty log. It binds the log to the trial's name.
    pub fn genesis(key: &TrialKey) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("unbent 2026 trial chain genesis");
        for part in [key.suite.as_str(), key.case.as_str(), key.subject.as_str()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&key.repeat.to_le_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The hash after one more event: its time in milliseconds since 1970 and its JSON text, which names its blobs.
    pub fn link(self, at_ms: i64, event_json: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("unbent 2026 trial chain link");
        hasher.update(&self.0);
        hasher.update(&at_ms.to_le_bytes());
        hasher.update(event_json);
        Self(*hasher.finalize().as_bytes())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// The Merkle root over the last hashes of all trials, in the order of their numbers; none for no trials.
///
/// Inner nodes hash their two children under a key of their own; a last node without a sibling moves up as it is.
/// Holds one node a level, so a run of any size takes the same memory.
pub fn merkle_root(heads: impl IntoIterator<Item = ChainHash>) -> Option<ChainHash> {
    let mut open: Vec<(u32, ChainHash)> = Vec::new();
    for head in heads {
        let mut node = (0, head);
        while let Some((_, left)) = open.pop_if(|(level, _)| *level == node.0) {
            node = (node.0 + 1, merkle_node(left, node.1));
        }
        open.push(node);
    }
    open.into_iter().map(|(_, node)| node).rev().reduce(|right, left| merkle_node(left, right))
}

fn merkle_node(left: ChainHash, right: ChainHash) -> ChainHash {
    let mut hasher = blake3::Hasher::new_derive_key("unbent 2026 run merkle node");
    hasher.update(&left.0);
    hasher.update(&right.0);
    ChainHash(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{ChainHash, merkle_node, merkle_root};
    use crate::TrialKey;

    fn key(case: &str, subject: &str) -> TrialKey {
        TrialKey { suite: "s".into(), case: case.into(), subject: subject.into(), repeat: 1 }
    }

    #[test]
    fn the_chain_changes_with_content_order_time_and_trial() {
        let start = ChainHash::genesis(&key("a", "bc"));
        assert_ne!(start, ChainHash::genesis(&key("ab", "c")));
        assert_ne!(start.link(1, b"x").link(1, b"y"), start.link(1, b"y").link(1, b"x"));
        assert_ne!(start.link(1, b"x"), start.link(2, b"x"));
    }

    /// The definition, level by level.
    fn root_by_levels(heads: &[ChainHash]) -> Option<ChainHash> {
        let mut level = heads.to_vec();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => merkle_node(*left, *right),
                    alone => alone[0],
                })
                .collect();
        }
        level.pop()
    }

    #[test]
    fn the_root_is_that_of_the_tree_built_level_by_level() {
        let heads: Vec<_> = (0..70).map(|n| ChainHash::genesis(&key(&n.to_string(), "s"))).collect();
        for n in 0..heads.len() {
            assert_eq!(merkle_root(heads[..n].to_vec()), root_by_levels(&heads[..n]), "{n} heads");
        }
    }

    #[test]
    fn the_root_depends_on_every_head_and_on_their_order() {
        let heads: Vec<_> = (0..5).map(|n| ChainHash::genesis(&key(&n.to_string(), "s"))).collect();
        let root = merkle_root(heads.clone());
        for n in 0..5 {
            let mut other = heads.clone();
            other[n] = other[n].link(0, b"");
            assert_ne!(merkle_root(other), root);
        }
        let mut swapped = heads;
        swapped.swap(0, 1);
        assert_ne!(merkle_root(swapped), root);
        assert_eq!(merkle_root([]), None);
    }
}
