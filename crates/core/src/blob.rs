//! Content-addressed pieces of a log: requests and answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The address of a blob: the BLAKE3 hash of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobRef([u8; 32]);

impl BlobRef {
    /// The address of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The address from the 32 bytes of a hash.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for BlobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for BlobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobRef({self})")
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a BLAKE3 hash of 64 hexadecimal digits: {text:?}")]
pub struct ParseBlobRefError {
    text: String,
}

impl FromStr for BlobRef {
    type Err = ParseBlobRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| ParseBlobRefError { text: text.to_owned() })?;
        Ok(Self(*hash.as_bytes()))
    }
}

impl Serialize for BlobRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A piece of a log together with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    address: BlobRef,
    bytes: Vec<u8>,
}

impl Blob {
    /// The blob of these bytes.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { address: BlobRef::of(&bytes), bytes }
    }

    /// The blob of a value's JSON text.
    pub fn of_json<T: Serialize>(value: &T) -> Self {
        // Room for most requests and answers, so that it need not grow over and over.
        let mut bytes = Vec::with_capacity(4096);
        serde_json::to_writer(&mut bytes, value)
            .expect("core's types have only text keys, so they are always JSON");
        Self::of_bytes(bytes)
    }

    /// Its address.
    pub fn address(&self) -> BlobRef {
        self.address
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Blob, BlobRef};

    #[test]
    fn an_address_reads_back_from_its_text() {
        let blob = Blob::of_bytes(b"abc".to_vec());
        assert_eq!(blob.address().to_string().parse::<BlobRef>().unwrap(), blob.address());
        assert!("abc".parse::<BlobRef>().is_err());
    }
}
