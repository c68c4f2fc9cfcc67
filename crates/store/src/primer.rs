//! What the blobs of a run have in common, learnt from its first ones, so that later ones are stored by what is new.
//!
//! The requests of a run share instructions and rubrics, and what crossed the network repeats request and answer. A primer
//! is a dictionary of such texts. It is a blob itself, in the file before any blob that needs it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use unbent_core::{Blob, BlobRef};
use zstd::zstd_safe::CDict;

use crate::pack::{self, PackedBlob};

/// A dictionary to compress with.
pub(crate) struct Primer {
    pub(crate) address: BlobRef,
    pub(crate) dictionary: CDict<'static>,
}

/// Learns a primer from the first blobs of a run, once.
pub(crate) struct Learner {
    samples: Mutex<Samples>,
    learnt: OnceLock<Arc<Primer>>,
}

enum Samples {
    Gathering { texts: Vec<Vec<u8>>, bytes: usize },
    Enough,
}

/// It is learnt from so many bytes of blobs …
const LEARNT_FROM: usize = 256 << 10;
/// … and has so many bytes at most.
const LONGEST: usize = 64 << 10;
/// Blobs shorter than this teach nothing, in bytes.
const SHORTEST: usize = 512;
/// A text is taken up if what is taken up already does not bring it down to this share.
const KNOWN_SHARE: usize = 4;

impl Learner {
    /// One that will learn.
    pub(crate) fn new() -> Self {
        let samples = Mutex::new(Samples::Gathering { texts: Vec::new(), bytes: 0 });
        Self { samples, learnt: OnceLock::new() }
    }

    /// One that never learns, for a file of a version that has no primers.
    pub(crate) fn unable() -> Self {
        Self { samples: Mutex::new(Samples::Enough), learnt: OnceLock::new() }
    }

    /// What was learnt.
    pub(crate) fn primer(&self) -> Option<&Primer> {
        self.learnt.get().map(|primer| &**primer)
    }

    /// Shows a blob that is about to be stored. When there have been enough, once, gives the primer and its blob, which
    /// must be handed over to be stored before [`Learner::publish`] is called.
    pub(crate) fn show(&self, blob: &Blob) -> Option<(Arc<Primer>, PackedBlob)> {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let Samples::Gathering { texts, bytes } = &mut *samples else { return None };
        if blob.bytes().len() < SHORTEST {
            return None;
        }
        *bytes += blob.bytes().len();
        texts.push(blob.bytes().to_vec());
        if *bytes < LEARNT_FROM {
            return None;
        }
        let texts = std::mem::take(texts);
        *samples = Samples::Enough;
        drop(samples);
        let text = Blob::of_bytes(distil(texts));
        let primer = Primer { address: text.address(), dictionary: pack::dictionary(text.bytes())? };
        Some((Arc::new(primer), PackedBlob::new(&text)))
    }

    /// From now on the primer is used: its blob is on the way to the file, ahead of whatever is handed over later.
    pub(crate) fn publish(&self, primer: Arc<Primer>) {
        // There is only one to publish.
        let _ = self.learnt.set(primer);
    }
}

/// The texts without those that the others tell already.
fn distil(mut texts: Vec<Vec<u8>>) -> Vec<u8> {
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let mut distilled = Vec::with_capacity(LONGEST);
    for text in texts {
        let room = LONGEST - distilled.len();
        if room == 0 {
            break;
        }
        let known = pack::dictionary(&distilled)
            .and_then(|known| pack::compress(&text, &known))
            .is_some_and(|packed| packed.len() * KNOWN_SHARE < text.len());
        if !known {
            distilled.extend_from_slice(&text[..text.len().min(room)]);
        }
    }
    distilled
}

#[cfg(test)]
mod tests {
    use unbent_core::Blob;

    use super::{LEARNT_FROM, LONGEST, Learner, distil};

    fn text(n: usize) -> Vec<u8> {
        let rules =
            (0..200).map(|line| format!("rule {} of many; ", line * line)).collect::<Vec<_>>().concat();
        format!("{rules}case {n}").into_bytes()
    }

    #[test]
    fn what_texts_share_is_taken_up_once() {
        let distilled = distil((0..100).map(text).collect());
        assert!(distilled.len() < 2 * text(0).len(), "{}", distilled.len());
        let noise = |n: u64| (0..3_000).map(|i: u64| ((i * i * (n + 7)) >> 3) as u8).collect::<Vec<_>>();
        assert!(distil((0..100).map(noise).collect()).len() <= LONGEST);
    }

    #[test]
    fn it_learns_once_and_only_when_it_has_seen_enough() {
        let learner = Learner::new();
        let shown = LEARNT_FROM.div_ceil(text(0).len()) + 1;
        let learnt: Vec<_> = (0..2 * shown).filter_map(|_| learner.show(&Blob::of_bytes(text(1)))).collect();
        assert_eq!(learnt.len(), 1);
        assert!(learner.primer().is_none(), "not before it is published");
        assert!(Learner::unable().show(&Blob::of_bytes(vec![b'a'; LEARNT_FROM])).is_none());
    }
}
