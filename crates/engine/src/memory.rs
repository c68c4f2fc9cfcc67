//! A log in memory: for rehearsals, and for tests that crash and resume.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use unbent_core::{
    BlobRef, BoxFuture, Entry, Event, PlannedTrial, Sink, SinkError, Source, SourceError, TrialKey, TrialNo,
    TrialView,
};

/// A log in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    trials: BTreeMap<TrialNo, TrialKey>,
    entries: Vec<(TrialNo, Event)>,
    blobs: HashMap<BlobRef, Vec<u8>>,
    room: Option<usize>,
}

impl MemoryLog {
    /// An empty log of these trials, numbered from 1.
    pub fn new(trials: impl IntoIterator<Item = TrialKey>) -> Self {
        let trials = (1..).map(TrialNo).zip(trials).collect();
        Self(Arc::new(Mutex::new(State { trials, ..State::default() })))
    }

    /// The trials.
    pub fn trials(&self) -> Vec<PlannedTrial> {
        self.with(|state| {
            state.trials.iter().map(|(no, key)| PlannedTrial { no: *no, key: key.clone() }).collect()
        })
    }

    /// Every event in the order of arrival.
    pub fn entries(&self) -> Vec<(TrialNo, Event)> {
        self.with(|state| state.entries.clone())
    }

    /// The trials as their events tell them.
    pub fn views(&self) -> Vec<TrialView> {
        self.with(|state| {
            let mut views: BTreeMap<_, _> =
                state.trials.iter().map(|(no, key)| (*no, TrialView::pending(*no, key.clone()))).collect();
            for (no, event) in &state.entries {
                if let Some(view) = views.get_mut(no) {
                    view.apply(event);
                }
            }
            views.into_values().collect()
        })
    }

    /// A log of the same trials that holds the first `n` events of this one: what a crash after event `n` leaves.
    #[must_use]
    pub fn cut_after(&self, n: usize) -> Self {
        self.with(|state| {
            Self(Arc::new(Mutex::new(State {
                trials: state.trials.clone(),
                entries: state.entries[..n].to_vec(),
                blobs: state.blobs.clone(),
                room: None,
            })))
        })
    }

    /// The same log, which takes `n` more events and then fails.
    #[must_use]
    pub fn failing_after(self, n: usize) -> Self {
        self.with(|state| state.room = Some(n));
        self
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for MemoryLog {
    fn append(&self, entries: Vec<Entry>) -> BoxFuture<'static, Result<(), SinkError>> {
        let result = self.with(|state| {
            for entry in entries {
                if let Some(room) = &mut state.room {
                    *room = room.checked_sub(1).ok_or_else(|| SinkError {
                        message: "the log in memory is full".to_owned(),
                        disk_full: true,
                    })?;
                }
                for blob in entry.blobs {
                    state.blobs.insert(blob.address(), blob.bytes().to_vec());
                }
                state.entries.push((entry.trial, entry.event));
            }
            Ok(())
        });
        Box::pin(std::future::ready(result))
    }
}

impl Source for MemoryLog {
    fn find(&self, key: &TrialKey) -> Result<Option<TrialNo>, SourceError> {
        Ok(self.with(|state| state.trials.iter().find(|(_, other)| *other == key).map(|(no, _)| *no)))
    }

    fn events(&self, trial: TrialNo) -> Result<Vec<Event>, SourceError> {
        Ok(self.with(|state| {
            state.entries.iter().filter(|(no, _)| *no == trial).map(|(_, event)| event.clone()).collect()
        }))
    }

    fn blob(&self, address: BlobRef) -> Result<Vec<u8>, SourceError> {
        self.with(|state| state.blobs.get(&address).cloned())
            .ok_or_else(|| SourceError { message: format!("the log in memory has no blob {address}") })
    }
}
