//! The loopback server of a measurement, as a process, and what it says of itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::Failure;

/// A server; it ends when this is dropped.
pub(super) struct Server {
    process: Child,
    address: String,
}

/// Length of its answers, in bytes: some sentences.
const ANSWER_BYTES: usize = 1_000;
/// How many requests it keeps to be asked for.
const KEPT_REQUESTS: usize = 20_000;

impl Server {
    /// Starts a server that answers after this time, equal requests with different texts.
    pub(super) fn start(mock: &Path, latency_ms: u64) -> Result<Self, Failure> {
        let mut process = Command::new(mock)
            .args(["--sampled", "--latency-ms", &latency_ms.to_string()])
            .args(["--answer-bytes", &ANSWER_BYTES.to_string()])
            .args(["--keep-requests", &KEPT_REQUESTS.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim_end().strip_prefix("listening on http://").map(str::to_owned);
        let mut server = Self { process, address: String::new() };
        server.address =
            address.ok_or_else(|| format!("the server does not say where it listens: {line}"))?;
        Ok(server)
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has been asked and has answered since it was reset.
    pub(super) fn ledger(&self) -> Result<Value, Failure> {
        self.fetch("GET", "/mock/ledger")
    }

    /// Makes it forget what it was asked.
    pub(super) fn reset(&self) -> Result<(), Failure> {
        self.fetch("POST", "/mock/reset").map(|_| ())
    }

    /// The bodies of the latest `n` requests.
    pub(super) fn last(&self, n: usize) -> Result<Vec<String>, Failure> {
        let requests = self.fetch("GET", &format!("/mock/last?n={n}"))?;
        let bodies: Vec<_> = requests
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|request| Some(request["body"].as_str()?.to_owned()))
            .collect();
        if bodies.len() == n {
            Ok(bodies)
        } else {
            Err(format!("{} requests kept, not {n}", bodies.len()).into())
        }
    }

    /// The processor time that it has used, in ms. None is told where the system has no /proc.
    pub(super) fn cpu_ms(&self) -> Result<f64, Failure> {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())) else {
            return Ok(f64::NAN);
        };
        // The name before the last bracket may hold blanks; user and system time are the 12th and 13th after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| -> Result<f64, Failure> {
            Ok(fields.get(place).ok_or("/proc/PID/stat is shorter than it should be")?.parse()?)
        };
        // Linux tells them in hundredths of a second on every architecture.
        Ok((ticks(11)? + ticks(12)?) * 10.0)
    }

    fn fetch(&self, method: &str, path: &str) -> Result<Value, Failure> {
        let mut stream = TcpStream::connect(&self.address)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) =
            answer.split_once("\r\n\r\n").ok_or("the server's answer has no end of its head")?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("{method} {path}: {head}").into());
        }
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
