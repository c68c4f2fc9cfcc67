//! Sandboxes that were started before anybody wants them: what they are told last, their world, makes them what they are.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::spawn::{Begun, Recipe};

/// How many are kept; the oldest ends for a newer one of another kind.
const KEPT: usize = 2;

/// What was started in advance. None, once it is closed.
pub(super) struct Spares(Mutex<Option<VecDeque<(Recipe, Begun)>>>);

impl Spares {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Some(VecDeque::new())))
    }

    fn held(&self) -> MutexGuard<'_, Option<VecDeque<(Recipe, Begun)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of this kind.
    pub(super) fn take(&self, recipe: &Recipe) -> Option<Begun> {
        let mut held = self.held();
        let held = held.as_mut()?;
        let place = held.iter().position(|(kind, _)| kind == recipe)?;
        held.remove(place).map(|(_, begun)| begun)
    }

    /// Whether there is none of this kind and one may be kept.
    pub(super) fn lacks(&self, recipe: &Recipe) -> bool {
        self.held().as_ref().is_some_and(|held| held.iter().all(|(kind, _)| kind != recipe))
    }

    /// Keeps one.
    pub(super) fn put(&self, recipe: Recipe, begun: Begun) {
        if let Some(held) = self.held().as_mut() {
            held.push_back((recipe, begun));
            if held.len() > KEPT {
                held.pop_front();
            }
        }
    }

    /// Ends all of them, and keeps none from now on.
    pub(super) fn close(&self) {
        *self.held() = None;
    }
}
