//! Entries in the form in which they are stored. Made on the caller's thread, so that the one writer only writes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use unbent_core::{Blob, BlobRef, Entry, Event, TrialNo};
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound};

use crate::primer::Primer;

/// How the bytes of a blob are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are.
    Raw,
    /// As one zstd frame.
    Zstd,
    /// The address of another blob, which is not coded so, and then one zstd frame that has the content of that blob as
    /// its dictionary.
    Primed,
}

impl Coding {
    /// The number in the file.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Zstd => 1,
            Self::Primed => 2,
        }
    }

    /// The coding with this number.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Raw),
            1 => Some(Self::Zstd),
            2 => Some(Self::Primed),
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

/// A blob shorter than this is stored as it is: compressing it takes longer than it saves.
const SHORTEST: usize = 256;

/// The length of the address before a primed frame.
const ADDRESS: usize = 32;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new().ok());
    static PRIMED_COMPRESSOR: RefCell<Option<CCtx<'static>>> = RefCell::new(CCtx::try_create());
    static PRIMED_DECOMPRESSOR: RefCell<Option<DCtx<'static>>> = RefCell::new(DCtx::try_create());
    /// The dictionary that was used last to decompress; nearly all blobs of a run have the same.
    static LAST_DICTIONARY: RefCell<Option<(BlobRef, DDict<'static>)>> = const { RefCell::new(None) };
}

/// A dictionary to compress with; none if there is no memory for it.
pub(crate) fn dictionary(text: &[u8]) -> Option<CDict<'static>> {
    CDict::try_create(text, LEVEL)
}

/// One zstd frame of these bytes, made with a dictionary; none if that fails.
pub(crate) fn compress(raw: &[u8], dictionary: &CDict<'_>) -> Option<Vec<u8>> {
    let mut frame = Vec::with_capacity(compress_bound(raw.len()));
    PRIMED_COMPRESSOR.with_borrow_mut(|context| {
        context.as_mut()?.compress_using_cdict(&mut frame, raw, dictionary).ok()
    })?;
    Some(frame)
}

impl PackedEntry {
    /// Packs an entry with those of its blobs that are wanted.
    pub(crate) fn new(entry: &Entry, primer: Option<&Primer>, wants: impl Fn(BlobRef) -> bool) -> Self {
        let wanted = entry.blobs.iter().filter(|blob| wants(blob.address()));
        Self {
            trial: entry.trial,
            at_ms: entry.at_ms,
            kind: entry.event.kind(),
            body: body(&entry.event),
            blobs: wanted.map(|blob| PackedBlob::primed(blob, primer)).collect(),
        }
    }
}

/// The JSON text of an event: what is stored, and what the hash chain covers.
pub(crate) fn body(event: &Event) -> String {
    let mut json = Vec::with_capacity(512);
    serde_json::to_writer(&mut json, event)
        .expect("core's types have only text keys, so they are always JSON");
    String::from_utf8(json).expect("JSON is written as UTF-8")
}

impl PackedBlob {
    /// Compresses a blob, unless that would not make it smaller.
    pub(crate) fn new(blob: &Blob) -> Self {
        let raw = blob.bytes();
        if raw.len() < SHORTEST {
            return Self::raw(blob);
        }
        let squeezed = COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(raw).ok());
        match squeezed {
            Some(bytes) if bytes.len() < raw.len() => {
                Self { address: blob.address(), coding: Coding::Zstd, size: raw.len(), bytes }
            }
            _ => Self::raw(blob),
        }
    }

    /// Compresses a blob with a primer, if there is one and that makes it smaller.
    pub(crate) fn primed(blob: &Blob, primer: Option<&Primer>) -> Self {
        let (raw, Some(primer)) = (blob.bytes(), primer) else { return Self::new(blob) };
        match compress(raw, &primer.dictionary) {
            Some(frame) if ADDRESS + frame.len() < raw.len() => {
                let bytes = [primer.address.as_bytes(), &frame[..]].concat();
                Self { address: blob.address(), coding: Coding::Primed, size: raw.len(), bytes }
            }
            _ => Self::raw(blob),
        }
    }

    fn raw(blob: &Blob) -> Self {
        let bytes = blob.bytes().to_vec();
        Self { address: blob.address(), coding: Coding::Raw, size: bytes.len(), bytes }
    }
}

/// The bytes of a stored blob; none if they do not decompress to the size that is told. `primer` finds the content of the
/// blob that a primed one needs.
pub(crate) fn unpack<E>(
    coding: Coding,
    size: usize,
    bytes: &[u8],
    primer: impl FnOnce(BlobRef) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Cow<'_, [u8]>>, E> {
    let raw = match coding {
        Coding::Raw => Some(Cow::Borrowed(bytes)),
        Coding::Zstd => DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.as_mut()?.decompress(bytes, size).ok())
            .map(Cow::Owned),
        Coding::Primed => unpack_primed(size, bytes, primer)?.map(Cow::Owned),
    };
    Ok(raw.filter(|raw| raw.len() == size))
}

/// Makes the next primed blob look for its primer, so that it is read from where it is now.
pub(crate) fn forget_primer() {
    LAST_DICTIONARY.take();
}

fn unpack_primed<E>(
    size: usize,
    bytes: &[u8],
    primer: impl FnOnce(BlobRef) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Vec<u8>>, E> {
    let Some((address, frame)) = bytes.split_first_chunk::<ADDRESS>() else { return Ok(None) };
    let address = BlobRef::from_bytes(*address);
    LAST_DICTIONARY.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| *known != address) {
            // It is kept under its address, for other files too: so it must be what its address says.
            let Some(text) = primer(address)?.filter(|text| BlobRef::of(text) == address) else {
                return Ok(None);
            };
            *last = DDict::try_create(&text).map(|dictionary| (address, dictionary));
        }
        let mut raw = Vec::with_capacity(size);
        Ok(PRIMED_DECOMPRESSOR
            .with_borrow_mut(|context| {
                let (_, dictionary) = last.as_ref()?;
                context.as_mut()?.decompress_using_ddict(&mut raw, frame, dictionary).ok()
            })
            .map(|_| raw))
    })
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
    use std::borrow::Cow;
    use std::convert::Infallible;

    use unbent_core::{Blob, BlobRef};

    use super::{Coding, PackedBlob, dictionary, unpack};
    use crate::primer::Primer;

    fn unpacked(packed: &PackedBlob, size: usize, primer: Option<&[u8]>) -> Option<Vec<u8>> {
        let primer = |_| Ok::<_, Infallible>(primer.map(<[u8]>::to_vec));
        unpack(packed.coding, size, &packed.bytes, primer).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn a_blob_is_compressed_only_where_that_helps() {
        let text = Blob::of_bytes("again and again ".repeat(100).into_bytes());
        let packed = PackedBlob::new(&text);
        assert_eq!(packed.coding, Coding::Zstd);
        assert!(packed.bytes.len() < 100);
        assert_eq!(unpacked(&packed, packed.size, None).unwrap(), text.bytes());
        for short in [&b""[..], b"No."] {
            let packed = PackedBlob::new(&Blob::of_bytes(short.to_vec()));
            assert_eq!((packed.coding, &packed.bytes[..]), (Coding::Raw, short));
        }
    }

    #[test]
    fn a_primed_blob_holds_what_is_new_and_needs_the_very_primer() {
        let rules =
            (0..200).map(|n| format!("Rule {} is not rule {n}. ", n * n)).collect::<Vec<_>>().concat();
        let primer = Primer {
            address: BlobRef::of(rules.as_bytes()),
            dictionary: dictionary(rules.as_bytes()).unwrap(),
        };
        let text = Blob::of_bytes(format!("{rules}And what do you say?").into_bytes());
        let packed = PackedBlob::primed(&text, Some(&primer));
        assert_eq!(packed.coding, Coding::Primed);
        assert!(packed.bytes.len() < 200, "{}", packed.bytes.len());
        assert_eq!(unpacked(&packed, packed.size, Some(b"something else")), None);
        assert_eq!(unpacked(&packed, packed.size, None), None);
        assert_eq!(unpacked(&packed, packed.size, Some(rules.as_bytes())).unwrap(), text.bytes());
        assert_eq!(unpacked(&packed, packed.size - 1, Some(rules.as_bytes())), None);
        let short = PackedBlob::primed(&Blob::of_bytes(b"No.".to_vec()), Some(&primer));
        assert_eq!((short.coding, &short.bytes[..]), (Coding::Raw, &b"No."[..]));
    }

    #[test]
    fn a_wrong_size_is_noticed() {
        let packed = PackedBlob::new(&Blob::of_bytes(vec![b'a'; 1000]));
        assert!(unpacked(&packed, 999, None).is_none());
        assert!(unpacked(&packed, 1001, None).is_none());
        let raw = PackedBlob::new(&Blob::of_bytes(b"ab".to_vec()));
        assert!(unpacked(&raw, 1, None).is_none());
    }
}
