//! Private keys: whose signature makes a transaction theirs.

use std::fmt;

use alloy_consensus::crypto::secp256k1::public_key_to_address;
use alloy_primitives::{Address, B256, Signature, keccak256};
use k256::ecdsa::SigningKey;

/// A private key on the curve secp256k1. It is not shown when it is printed.
#[derive(Clone)]
pub struct Key {
    signing: SigningKey,
}

/// Bytes that are no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a private key is a number from 1 to below the order of secp256k1, in 32 bytes")]
pub struct KeyError;

impl Key {
    /// The key of these bytes.
    ///
    /// # Errors
    ///
    /// If the number is zero or not below the order of the curve.
    pub fn try_from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        SigningKey::from_bytes(&bytes.into()).map(|signing| Self { signing }).map_err(|_| KeyError)
    }

    /// The key that belongs to a name, always the same. Whoever knows the name has the key, so it guards nothing of worth.
    pub fn of_name(name: &str) -> Self {
        let mut bytes = keccak256(name.as_bytes());
        loop {
            // Fewer than one hash in 2^127 is no key; then the next one is taken.
            if let Ok(key) = Self::try_from_bytes(bytes.0) {
                return key;
            }
            bytes = keccak256(bytes);
        }
    }

    /// The address of the account that the key belongs to.
    pub fn address(&self) -> Address {
        public_key_to_address(*self.signing.verifying_key())
    }

    /// The bytes, big end first: for whoever hands the key to a program that signs by itself.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.signing.to_bytes().into()
    }

    /// Signs a hash. Deterministic (RFC 6979), with the low one of the two possible `s` (EIP-2).
    pub(crate) fn sign(&self, hash: B256) -> Signature {
        let (signature, recovery) = self
            .signing
            .sign_prehash_recoverable(hash.as_slice())
            .expect("a hash of 32 bytes can be signed by any key");
        Signature::from((signature, recovery))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(of {})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyError};

    #[test]
    fn a_printed_key_shows_its_address_and_not_itself() {
        let key = Key::try_from_bytes([0x46; 32]).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"), "{shown}");
        assert!(!shown.contains("4646"), "{shown}");
    }

    #[test]
    fn zero_and_what_lies_beyond_the_order_are_no_keys() {
        assert_eq!(Key::try_from_bytes([0; 32]).unwrap_err(), KeyError);
        assert_eq!(Key::try_from_bytes([0xff; 32]).unwrap_err(), KeyError);
    }

    #[test]
    fn a_name_has_one_key() {
        assert_eq!(Key::of_name("a").to_bytes(), Key::of_name("a").to_bytes());
        assert_ne!(Key::of_name("a").address(), Key::of_name("b").address());
    }
}
