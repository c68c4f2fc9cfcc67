//! What tests over real providers share: models behind the mock server, and a clock that does not wait.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../../../providers/tests/support/dialects.rs"]
pub(crate) mod dialects;

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use unbent_core::{BoxFuture, Clock, FaultKind};
use unbent_mock::{FaultKind as Scripted, MockServer, Options};

/// Time that passes only where someone waits, and then at once.
#[derive(Default)]
pub(crate) struct Skipping {
    now_ms: AtomicI64,
    waits: Mutex<Vec<u64>>,
}

impl Skipping {
    /// Every wait that was asked for, in milliseconds.
    pub(crate) fn waits(&self) -> Vec<u64> {
        self.waits.lock().unwrap().clone()
    }
}

impl Clock for Skipping {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        self.waits.lock().unwrap().push(ms);
        let until = self.now_ms().saturating_add_unsigned(ms);
        self.now_ms.fetch_max(until, Ordering::SeqCst);
        Box::pin(tokio::task::yield_now())
    }
}

/// A server whose runtime is not the test's.
pub(crate) fn serve(options: Options) -> MockServer {
    std::thread::spawn(|| MockServer::start(options)).join().unwrap()
}

/// The fault that a scripted one is in a dialect, and the status that it comes with.
pub(crate) fn kind_and_status(dialect: &str, fault: Scripted) -> (FaultKind, Option<u16>) {
    let api = dialect.split([' ', '-']).next().unwrap_or_default();
    let (kind, status) = match fault {
        Scripted::RateLimit | Scripted::RateLimitDate | Scripted::RateLimitBare => {
            (FaultKind::RateLimited, 429)
        }
        // Google says "quota" of a busy minute too; only one of the day is used up.
        Scripted::Quota if api == "gemini" => (FaultKind::RateLimited, 429),
        Scripted::Quota if matches!(api, "openrouter" | "messages" | "ollama") => (FaultKind::Exhausted, 402),
        Scripted::Quota => (FaultKind::Exhausted, 429),
        Scripted::Overloaded if api == "messages" => (FaultKind::RateLimited, 529),
        Scripted::Overloaded => (FaultKind::Server, 503),
        Scripted::Server => (FaultKind::Server, 500),
        Scripted::BadGateway => (FaultKind::Server, 502),
        Scripted::ErrorIn200 if api == "messages" => (FaultKind::RateLimited, 200),
        Scripted::ErrorIn200 => (FaultKind::Server, 200),
        Scripted::NoChoices | Scripted::Empty => (FaultKind::Empty, 200),
        Scripted::ZeroUsage => (FaultKind::ZeroUsage, 200),
        Scripted::Cut => (FaultKind::Cut, 200),
        Scripted::Html => (FaultKind::WebPage, 200),
        Scripted::NotUtf8 | Scripted::NotJson => (FaultKind::Malformed, 200),
        Scripted::HangUp => return (FaultKind::Connection, None),
        Scripted::Silence => return (FaultKind::Timeout, None),
        Scripted::Unauthorized => (FaultKind::Unauthorized, 401),
        Scripted::BadRequest => (FaultKind::Rejected, 400),
        Scripted::NotFound => (FaultKind::Rejected, 404),
    };
    (kind, Some(status))
}
