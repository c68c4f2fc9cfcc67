//! Numbers that look random and are functions of a seed and names. Knows no clock and no source of chance.

/// Identity of a request: the first 128 bits of BLAKE3 over its path, a zero byte and its body.
pub(crate) fn identity(path: &str, body: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes());
    hasher.update(&[0]);
    hasher.update(body);
    let mut head = [0; 16];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(head)
}

/// Mixes a number so that each bit depends on all: the finalizer of SplitMix64, Steele et al. (2014).
pub(crate) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Draws a number for a purpose, a request and how often it was seen before.
pub(crate) fn drawn(seed: u64, purpose: u64, identity: u128, seen: u64) -> u64 {
    let start = mixed(seed ^ mixed(purpose));
    let low = mixed(start ^ identity as u64);
    mixed(low ^ mixed((identity >> 64) as u64 ^ mixed(seen)))
}

/// Maps a drawn number to [0, 1).
pub(crate) fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1_u64 << 53) as f64
}
