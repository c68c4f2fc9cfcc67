//! What a server remembers: what was asked, what became of it, and the latest requests as they came.
//!
//! Knows requests by their identity only. An answer is counted when its last byte is handed to the connection, so a
//! client that has an answer finds it in the ledger.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::fault::{FaultKind, FaultPlan};

/// The accounts of a server. `requests` is `answers`, `faults`, `cut_off` and `in_flight` together, but for
/// `zero-usage`, which is an answer too, and `silence`, which is cut off too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Calls of a model that came in whole.
    pub requests: u64,
    /// Successful answers.
    pub answers: u64,
    /// Everything else that was answered, by name: scripted faults, and `rpm`, `max-in-flight`, `key`, `invalid`.
    pub faults: BTreeMap<String, u64>,
    /// Requests and answers of each model, by the name it was asked under.
    pub by_model: BTreeMap<String, ModelCount>,
    /// Calls that are being answered.
    pub in_flight: u64,
    /// The most calls that were answered at once.
    pub max_in_flight: u64,
    /// Tokens read for successful answers.
    pub input_tokens: u64,
    /// Tokens written in successful answers.
    pub output_tokens: u64,
    /// Price of the successful answers, in US dollars.
    pub cost_usd: f64,
    /// Calls whose client hung up before the answer was written.
    pub cut_off: u64,
    /// Successful answers to a body that had been answered before.
    pub repeated_answers: u64,
    /// Different bodies that were answered successfully.
    pub distinct_answered: u64,
    /// What was charged and told: successful answers, `empty`, `no-choices` and `not-utf8`, and what a stream that
    /// broke off had told by then.
    pub told: Bill,
    /// What was charged and never told, because the answer was lost on its way: `cut`, `hang-up`, `silence`, and
    /// `not-json` where the answer is not a stream. A call whose client hung up by itself is not charged.
    pub untold: Bill,
    /// Of `told`, successful answers to a body that had been answered before.
    pub repeated: Bill,
}

/// Calls that were charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// How many.
    pub calls: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Price, in US dollars.
    pub cost_usd: f64,
}

impl Bill {
    fn add(&mut self, calls: u64, tokens: Tokens) {
        self.calls += calls;
        self.input_tokens += tokens.input;
        self.output_tokens += tokens.output;
    }

    fn at(self, price_usd: f64) -> Self {
        Self { cost_usd: self.calls as f64 * price_usd, ..self }
    }
}

/// How often a model was asked and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCount {
    /// Calls that came in whole.
    pub requests: u64,
    /// Successful answers.
    pub answers: u64,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenRequest {
    /// Method, in capitals.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Headers by their name in small letters; values of one name are joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// Body; what is no UTF-8 in it is replaced.
    pub body: String,
}

/// A request that is kept; it is turned into text only when someone asks.
pub(crate) struct Kept {
    pub(crate) method: hyper::Method,
    pub(crate) uri: hyper::Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// A successful answer and its tokens.
    Answer(Tokens),
    /// A fault or a refusal before anything was written.
    Fault(&'static str),
    /// A fault that spoils an answer which is charged all the same.
    Spoilt { fault: &'static str, charged: Tokens, told: Tokens },
    /// An answer that the ledger calls a fault as well.
    FaultyAnswer(&'static str),
}

/// Tokens of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// How often a body was seen.
#[derive(Default)]
struct Body {
    seen: u64,
    faults_in_a_row: u32,
    is_answered: bool,
}

#[derive(Default)]
struct Pages {
    requests: u64,
    answers: u64,
    faults: BTreeMap<&'static str, u64>,
    models: HashMap<Arc<str>, ModelCount>,
    in_flight: u64,
    max_in_flight: u64,
    input_tokens: u64,
    output_tokens: u64,
    cut_off: u64,
    repeated_answers: u64,
    distinct_answered: u64,
    told: Bill,
    untold: Bill,
    repeated: Bill,
    bodies: HashMap<u128, Body>,
    latest: VecDeque<Kept>,
    /// Counts resets, so that a call from before one does not change the accounts after it.
    epoch: u64,
}

/// The accounts while they are kept.
pub(crate) struct Book {
    pages: Mutex<Pages>,
    changed: Condvar,
    price_usd: f64,
    keep_requests: usize,
}

impl Book {
    pub(crate) fn new(price_usd: f64, keep_requests: usize) -> Self {
        Self { pages: Mutex::default(), changed: Condvar::new(), price_usd, keep_requests }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call that came in and returns what will say how it ended.
    pub(crate) fn enter(self: &Arc<Self>, identity: u128, model: &str) -> Ticket {
        let mut pages = self.pages();
        pages.requests += 1;
        pages.in_flight += 1;
        pages.max_in_flight = pages.max_in_flight.max(pages.in_flight);
        let known = pages.models.get_key_value(model).map(|(name, _)| Arc::clone(name));
        let model = known.unwrap_or_else(|| Arc::from(model));
        pages.models.entry(Arc::clone(&model)).or_default().requests += 1;
        let (among, epoch) = (pages.in_flight, pages.epoch);
        drop(pages);
        self.changed.notify_all();
        Ticket { book: Arc::clone(self), identity, model, among, epoch, is_settled: false }
    }

    /// Draws the fault of a call and counts the call as seen; returns how often it was seen before.
    pub(crate) fn draw_fault(
        &self,
        plan: &FaultPlan,
        seed: u64,
        identity: u128,
        most_in_a_row: u32,
    ) -> (u64, Option<FaultKind>) {
        let mut pages = self.pages();
        let body = pages.bodies.entry(identity).or_default();
        let seen = body.seen;
        body.seen += 1;
        let drawn = plan.drawn_fault(seed, identity, seen);
        let fault = drawn.filter(|_| body.faults_in_a_row < most_in_a_row);
        body.faults_in_a_row = if fault.is_some() { body.faults_in_a_row + 1 } else { 0 };
        (seen, fault)
    }

    /// Keeps a request as one of the latest.
    pub(crate) fn keep(&self, kept: Kept) {
        if self.keep_requests == 0 {
            return;
        }
        let mut pages = self.pages();
        // The oldest is dropped outside of the lock.
        let oldest = if pages.latest.len() >= self.keep_requests { pages.latest.pop_front() } else { None };
        pages.latest.push_back(kept);
        drop(pages);
        drop(oldest);
    }

    /// The latest `n` requests, oldest first.
    pub(crate) fn last(&self, n: usize) -> Vec<SeenRequest> {
        let pages = self.pages();
        pages.latest.iter().skip(pages.latest.len().saturating_sub(n)).map(seen_request).collect()
    }

    /// The accounts as they stand.
    pub(crate) fn ledger(&self) -> Ledger {
        self.as_told(&self.pages())
    }

    fn as_told(&self, pages: &Pages) -> Ledger {
        Ledger {
            requests: pages.requests,
            answers: pages.answers,
            faults: pages.faults.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect(),
            by_model: pages.models.iter().map(|(model, count)| (model.to_string(), *count)).collect(),
            in_flight: pages.in_flight,
            max_in_flight: pages.max_in_flight,
            input_tokens: pages.input_tokens,
            output_tokens: pages.output_tokens,
            cost_usd: pages.answers as f64 * self.price_usd,
            cut_off: pages.cut_off,
            repeated_answers: pages.repeated_answers,
            distinct_answered: pages.distinct_answered,
            told: pages.told.at(self.price_usd),
            untold: pages.untold.at(self.price_usd),
            repeated: pages.repeated.at(self.price_usd),
        }
    }

    /// Waits until the accounts are so, and gives up after `patience`; returns them as they then stand.
    pub(crate) fn wait_until(&self, patience: Duration, is_so: impl Fn(&Ledger) -> bool) -> Ledger {
        let deadline = Instant::now() + patience;
        let mut pages = self.pages();
        loop {
            let ledger = self.as_told(&pages);
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || is_so(&ledger) {
                return ledger;
            }
            pages = self.changed.wait_timeout(pages, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets everything but the calls in flight.
    pub(crate) fn reset(&self) {
        let mut pages = self.pages();
        let (in_flight, epoch) = (pages.in_flight, pages.epoch + 1);
        *pages = Pages { in_flight, max_in_flight: in_flight, epoch, ..Pages::default() };
    }
}

fn seen_request(kept: &Kept) -> SeenRequest {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &kept.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push_str(", ");
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    SeenRequest {
        method: kept.method.to_string(),
        path: kept.uri.to_string(),
        headers,
        body: String::from_utf8_lossy(&kept.body).into_owned(),
    }
}

/// A call in flight. Dropped before it is settled, it was cut off by its client.
pub(crate) struct Ticket {
    book: Arc<Book>,
    identity: u128,
    model: Arc<str>,
    among: u64,
    epoch: u64,
    is_settled: bool,
}

impl Ticket {
    /// How many calls were in flight when this one came, itself included.
    pub(crate) fn among(&self) -> u64 {
        self.among
    }

    /// Counts a fault of a call that then never ends, and what it is charged.
    pub(crate) fn note(&self, ending: Ending) {
        let Ending::Spoilt { fault, charged, told } = ending else { return };
        let mut pages = self.book.pages();
        *pages.faults.entry(fault).or_default() += 1;
        pages.charge(charged, told);
    }

    /// Counts how the call ended.
    pub(crate) fn settle(mut self, ending: Ending) {
        self.is_settled = true;
        let mut pages = self.book.pages();
        pages.in_flight -= 1;
        if pages.epoch != self.epoch {
            return;
        }
        match ending {
            Ending::Answer(tokens) => {
                pages.input_tokens += tokens.input;
                pages.output_tokens += tokens.output;
                pages.told.add(1, tokens);
                if self.count_answer(&mut pages) {
                    pages.repeated.add(1, tokens);
                }
            }
            Ending::Fault(kind) => *pages.faults.entry(kind).or_default() += 1,
            Ending::Spoilt { fault, charged, told } => {
                *pages.faults.entry(fault).or_default() += 1;
                pages.charge(charged, told);
            }
            // It says that nothing was written, so nothing is charged and the body counts as not answered.
            Ending::FaultyAnswer(kind) => {
                *pages.faults.entry(kind).or_default() += 1;
                pages.answers += 1;
                pages.models.entry(Arc::clone(&self.model)).or_default().answers += 1;
            }
        }
        drop(pages);
        self.book.changed.notify_all();
    }

    /// Counts an answer; returns whether its body had been answered before.
    fn count_answer(&self, pages: &mut Pages) -> bool {
        pages.answers += 1;
        pages.models.entry(Arc::clone(&self.model)).or_default().answers += 1;
        let body = pages.bodies.entry(self.identity).or_default();
        let is_repeated = std::mem::replace(&mut body.is_answered, true);
        if is_repeated {
            pages.repeated_answers += 1;
        } else {
            pages.distinct_answered += 1;
        }
        is_repeated
    }
}

impl Pages {
    /// Charges a spoilt answer, of which so much was told.
    fn charge(&mut self, charged: Tokens, told: Tokens) {
        if charged == Tokens::default() {
            return;
        }
        let is_told = told == charged;
        self.told.add(u64::from(is_told), told);
        let input = charged.input.saturating_sub(told.input);
        let output = charged.output.saturating_sub(told.output);
        self.untold.add(u64::from(!is_told), Tokens { input, output });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let mut pages = self.book.pages();
        pages.in_flight -= 1;
        if pages.epoch == self.epoch {
            pages.cut_off += 1;
        }
        drop(pages);
        self.book.changed.notify_all();
    }
}
