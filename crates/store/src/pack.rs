//! Entries in the form in which they are stored. Made on the caller's thread, so that the one writer only writes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use unbent_core::{Blob, BlobRef, Entry, Event, TrialNo};

/// How the bytes of a blob are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are.
    Raw,
    /// As one zstd frame.
    Zstd,
}

impl Coding {
    /// The number in the file.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Zstd => 1,
        }
    }

    /// The coding with this number.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Raw),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A blob as it is stored.
#[derive(Debug)]
pub(crate) struct PackedBlob {
    pub(crate) address: BlobRef,
    pub(crate) coding: Coding,
    pub(crate) size: usize,
    pub(crate) bytes: Vec<u8>,
}

/// An entry as it is stored, all but its hash, which depends on the entry before it.
#[derive(Debug)]
pub(crate) struct PackedEntry {
    pub(crate) trial: TrialNo,
    pub(crate) at_ms: i64,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    pub(crate) blobs: Vec<PackedBlob>,
}

/// The fastest of the ordinary levels: an answer waits for its compression before it counts as given.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new().ok());
}

impl PackedEntry {
    /// Packs an entry with those of its blobs that are wanted.
    pub(crate) fn new(entry: &Entry, wants: impl Fn(BlobRef) -> bool) -> Self {
        Self {
            trial: entry.trial,
            at_ms: entry.at_ms,
            kind: entry.event.kind(),
            body: body(&entry.event),
            blobs: entry.blobs.iter().filter(|blob| wants(blob.address())).map(PackedBlob::new).collect(),
        }
    }
}

/// The JSON text of an event: what is stored, and what the hash chain covers.
pub(crate) fn body(event: &Event) -> String {
    serde_json::to_string(event).expect("core's types have only text keys, so they are always JSON")
}

impl PackedBlob {
    /// Compresses a blob, unless that would not make it smaller.
    pub(crate) fn new(blob: &Blob) -> Self {
        let raw = blob.bytes();
        let squeezed = COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(raw).ok());
        let (coding, bytes) = match squeezed {
            Some(bytes) if bytes.len() < raw.len() => (Coding::Zstd, bytes),
            _ => (Coding::Raw, raw.to_vec()),
        };
        Self { address: blob.address(), coding, size: raw.len(), bytes }
    }
}

/// The bytes of a stored blob; none if they do not decompress to the size that is told.
pub(crate) fn unpack(coding: Coding, size: usize, bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let raw = match coding {
        Coding::Raw => Cow::Borrowed(bytes),
        Coding::Zstd => Cow::Owned(
            DECOMPRESSOR
                .with_borrow_mut(|decompressor| decompressor.as_mut()?.decompress(bytes, size).ok())?,
        ),
    };
    (raw.len() == size).then_some(raw)
}

/// Addresses of blobs that are known to be stored, so that equal answers are compressed and sent once.
///
/// Bounded: it forgets all when full, which costs time and never truth.
#[derive(Debug, Default)]
pub(crate) struct Stored(Mutex<HashSet<BlobRef>>);

impl Stored {
    const LIMIT: usize = 1 << 15;

    /// Whether it is certain that this blob is stored.
    pub(crate) fn contains(&self, address: BlobRef) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }

    /// Takes in the addresses of blobs that have been committed.
    pub(crate) fn extend(&self, committed: impl Iterator<Item = BlobRef>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for address in committed {
            if known.len() >= Self::LIMIT {
                known.clear();
            }
            known.insert(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use unbent_core::Blob;

    use super::{Coding, PackedBlob, unpack};

    #[test]
    fn a_blob_is_compressed_only_where_that_helps() {
        let text = Blob::of_bytes("again and again ".repeat(100).into_bytes());
        let packed = PackedBlob::new(&text);
        assert_eq!(packed.coding, Coding::Zstd);
        assert!(packed.bytes.len() < 100);
        assert_eq!(unpack(packed.coding, packed.size, &packed.bytes).unwrap(), text.bytes());
        for short in [&b""[..], b"No."] {
            let packed = PackedBlob::new(&Blob::of_bytes(short.to_vec()));
            assert_eq!((packed.coding, &packed.bytes[..]), (Coding::Raw, short));
        }
    }

    #[test]
    fn a_wrong_size_is_noticed() {
        let packed = PackedBlob::new(&Blob::of_bytes(vec![b'a'; 1000]));
        assert!(unpack(packed.coding, 999, &packed.bytes).is_none());
        assert!(unpack(packed.coding, 1001, &packed.bytes).is_none());
        assert!(unpack(Coding::Raw, 1, b"ab").is_none());
    }
}
