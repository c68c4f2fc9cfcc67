//! The server as a process of its own, which outlives the client that is killed. Knows the command line only.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use unbent_mock::{FaultPlan, MockServer, Options};

/// Answers like the APIs of models do, with faults on request.
#[derive(Parser)]
#[command(name = "unbent-mock", version, after_help = MODELS)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How long every answer waits, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// How much longer at most, in milliseconds.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// What faults and jitter are drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Length of a plain text, in bytes.
    #[arg(long, default_value_t = 64)]
    answer_bytes: usize,
    /// Answer equal requests with different texts, as a sampled model does.
    #[arg(long)]
    sampled: bool,
    /// Requests a minute beyond which 429 is answered.
    #[arg(long)]
    rpm: Option<u32>,
    /// Requests at once beyond which 429 is answered.
    #[arg(long)]
    max_in_flight: Option<u64>,
    /// Which share of requests fails: `0.3`, or `rate-limit=0.1,cut=0.05`.
    #[arg(long, default_value = "")]
    faults: FaultPlan,
    /// After how many milliseconds a refused client is told to come back.
    #[arg(long, default_value_t = 1000)]
    retry_after_ms: u64,
    /// How many faults in a row one body meets before it is answered.
    #[arg(long, default_value_t = 4)]
    max_faults_in_a_row: u32,
    /// The key that every call must carry.
    #[arg(long)]
    key: Option<String>,
    /// Price of an answered call, in US dollars.
    #[arg(long, default_value_t = 0.0)]
    price_usd: f64,
    /// Threads that serve.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// How many of the latest requests are kept for `/mock/last`.
    #[arg(long, default_value_t = 256)]
    keep_requests: usize,
}

const MODELS: &str = "\
Models, by the last part of their name: text (and any unknown name), tools, talk-by-tool, parallel-tools, bad-arguments,
reasoning, reasoning-tools, length, refusal, logprobs, cached, image, unpinned, priced, fault-KIND, strict-PARAMETER.

Faults: rate-limit, rate-limit-date, rate-limit-bare, quota, overloaded, server, bad-gateway, error-in-200, no-choices,
empty, zero-usage, cut, html, not-utf8, not-json, hang-up, silence, unauthorized, bad-request, not-found.

Accounts: GET /mock/ledger, GET /mock/last?n=K, POST /mock/reset.";

fn main() -> ExitCode {
    let given = Arguments::parse();
    allow_many_sockets();
    let started = MockServer::try_start(Options {
        listen: given.listen,
        latency_ms: given.latency_ms,
        jitter_ms: given.jitter_ms,
        seed: given.seed,
        answer_bytes: given.answer_bytes,
        sampled: given.sampled,
        rpm: given.rpm,
        max_in_flight: given.max_in_flight,
        faults: given.faults,
        retry_after_ms: given.retry_after_ms,
        max_faults_in_a_row: given.max_faults_in_a_row,
        key: given.key,
        price_usd: given.price_usd,
        workers: given.workers,
        keep_requests: given.keep_requests,
    });
    match started {
        Ok(server) => {
            // Whoever started the server reads this line; if nobody does, it serves all the same.
            let mut out = std::io::stdout();
            let _ = writeln!(out, "listening on {}", server.url()).and_then(|()| out.flush());
            server.wait();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "error: {error}: {source}");
            ExitCode::FAILURE
        }
    }
}

/// Raises the number of open files to what the system permits; every connection takes one.
fn allow_many_sockets() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Without it fewer connections fit, which accepting copes with.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}
