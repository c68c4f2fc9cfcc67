//! Stopping: first let what is in flight come home, then at once.

use tokio::sync::watch;

/// How urgently an execution is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// Go on.
    Run,
    /// Start nothing more; record the answers of calls in flight.
    Drain,
    /// Leave everything as it is.
    Abort,
}

/// The side that stops an execution.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<StopLevel>);

/// The side that is stopped.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<StopLevel>);

impl StopHandle {
    /// A pair of both sides.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(StopLevel::Run);
        (Self(sender), Stop(receiver))
    }

    /// Raises the level; it never falls.
    pub fn raise(&self, level: StopLevel) {
        self.0.send_if_modified(|now| {
            let raised = level > *now;
            *now = level.max(*now);
            raised
        });
    }

    /// The level.
    pub fn level(&self) -> StopLevel {
        *self.0.borrow()
    }
}

impl Stop {
    /// The level.
    pub fn level(&self) -> StopLevel {
        *self.0.borrow()
    }

    /// Whether nothing more may be started.
    pub fn is_stopping(&self) -> bool {
        self.level() > StopLevel::Run
    }

    /// Resolves when the level is reached; never if it is not.
    pub async fn reached(&self, level: StopLevel) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|now| *now >= level).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StopHandle, StopLevel};

    #[tokio::test]
    async fn the_level_rises_and_never_falls() {
        let (handle, stop) = StopHandle::new();
        assert!(!stop.is_stopping());
        handle.raise(StopLevel::Abort);
        handle.raise(StopLevel::Drain);
        assert_eq!(stop.level(), StopLevel::Abort);
        stop.reached(StopLevel::Drain).await;
    }
}
