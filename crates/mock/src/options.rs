//! What a server is told before it starts. Does not know what becomes of it.

use std::net::{Ipv4Addr, SocketAddr};

use crate::fault::FaultPlan;

/// What a server is told before it starts; [`Options::default`] answers at once, without limits and faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long every answer and every scripted fault waits, in milliseconds.
    pub latency_ms: u64,
    /// How much longer at most, in milliseconds: uniform, and a function of the seed and the request.
    pub jitter_ms: u64,
    /// What faults and jitter are drawn from.
    pub seed: u64,
    /// Length of a plain text, in bytes; at least the 16 digits by which texts differ are sent.
    pub answer_bytes: usize,
    /// Whether equal requests get different texts, as from a model that is sampled.
    pub sampled: bool,
    /// Requests a minute beyond which 429 is answered. The bucket is full at the start.
    pub rpm: Option<u32>,
    /// Requests at once beyond which 429 is answered.
    pub max_in_flight: Option<u64>,
    /// Which requests meet a fault.
    pub faults: FaultPlan,
    /// After how many milliseconds a refused client is told to come back.
    pub retry_after_ms: u64,
    /// How many faults in a row one body meets before it is answered.
    pub max_faults_in_a_row: u32,
    /// The key that every call must carry, if any.
    pub key: Option<String>,
    /// Price of an answered call, in US dollars.
    pub price_usd: f64,
    /// Threads that serve; one is a runtime on the current thread.
    pub workers: usize,
    /// How many of the latest requests are kept for assertions.
    pub keep_requests: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            latency_ms: 0,
            jitter_ms: 0,
            seed: 0,
            answer_bytes: 64,
            sampled: false,
            rpm: None,
            max_in_flight: None,
            faults: FaultPlan::default(),
            retry_after_ms: 1000,
            max_faults_in_a_row: 4,
            key: None,
            price_usd: 0.0,
            workers: 1,
            keep_requests: 256,
        }
    }
}
