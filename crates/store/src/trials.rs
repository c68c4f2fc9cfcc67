//! The trials of a run as a stream of folds.

use std::vec;

use unbent_core::TrialView;

use crate::error::StoreError;
use crate::gist::Notes;
use crate::portion::Portion;
use crate::read::PORTION;
use crate::reader::RunReader;

/// The trials of a run in the order of their numbers; see [`RunReader::trials`].
///
/// While one portion is folded, on all cores, the next is read.
#[derive(Debug)]
pub struct Trials<'r> {
    reader: &'r RunReader,
    notes: Notes,
    ready: vec::IntoIter<TrialView>,
    ahead: Option<Result<Portion, StoreError>>,
    /// A portion that has been folded, for the memory that it has.
    spent: Portion,
    #[cfg(test)]
    most_held: usize,
}

impl<'r> Trials<'r> {
    pub(crate) fn new(reader: &'r RunReader, notes: Notes) -> Self {
        Self {
            reader,
            notes,
            ready: Vec::new().into_iter(),
            ahead: Some(Portion::default().read(reader, 0, notes)),
            spent: Portion::default(),
            #[cfg(test)]
            most_held: 0,
        }
    }

    /// The most trials that were held at once.
    #[cfg(test)]
    pub(crate) fn most_held(&self) -> usize {
        self.most_held
    }

    /// The trials of the next portion, all at once; those of one that was begun by [`Iterator::next`] are left out.
    pub fn portion(&mut self) -> Option<Result<Vec<TrialView>, StoreError>> {
        let mut portion = match self.ahead.take()? {
            Ok(portion) => portion,
            Err(error) => return Some(Err(error)),
        };
        let (reader, notes, last) = (self.reader, self.notes, portion.trials.last()?.no.0.cast_signed());
        let path = reader.path();
        let (folded, ahead) = if portion.trials.len() < PORTION as usize {
            (portion.fold(path, notes), None)
        } else {
            let spent = std::mem::take(&mut self.spent);
            let (folded, ahead) =
                rayon::join(|| portion.fold(path, notes), || spent.read(reader, last, notes));
            (folded, Some(ahead))
        };
        self.spent = portion;
        match folded {
            Ok(trials) => {
                #[cfg(test)]
                {
                    let waiting = ahead.iter().flatten().map(|portion| portion.trials.len());
                    self.most_held = self.most_held.max(trials.len() + waiting.sum::<usize>());
                }
                self.ahead = ahead;
                Some(Ok(trials))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Iterator for Trials<'_> {
    type Item = Result<TrialView, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(view) = self.ready.next() {
            return Some(Ok(view));
        }
        match self.portion()? {
            Ok(trials) => {
                self.ready = trials.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => Some(Err(error)),
        }
    }
}
