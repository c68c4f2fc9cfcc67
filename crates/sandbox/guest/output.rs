//! What a command prints: the first and the last of it, however much it is.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::wire::Cut;

/// How much is read in one go, so that one output does not keep others waiting: bytes.
const GO: usize = 64 << 10;

pub(crate) struct Output {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    missing: u64,
    longest: usize,
}

/// Whether more may come.
#[derive(PartialEq)]
pub(crate) enum More {
    Now,
    Later,
    Never,
}

impl Output {
    pub(crate) fn new(longest: u64) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), missing: 0, longest: longest as usize }
    }

    /// Takes what has come.
    pub(crate) fn take(&mut self, from: &mut impl Read) -> More {
        let mut part = [0; GO];
        match from.read(&mut part) {
            Ok(0) => More::Never,
            Ok(n) => {
                self.push(&part[..n]);
                More::Now
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => More::Now,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => More::Later,
            Err(_) => More::Never,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let half = self.longest / 2;
        let (head, rest) = bytes.split_at(bytes.len().min(half - self.head.len()));
        self.head.extend_from_slice(head);
        let last = &rest[rest.len().saturating_sub(half)..];
        let over = (self.tail.len() + last.len()).saturating_sub(half);
        self.tail.drain(..over);
        self.tail.extend(last);
        self.missing += (over + rest.len() - last.len()) as u64;
    }

    pub(crate) fn cut(self) -> Cut {
        let (head, tail) = (self.head, Vec::from(self.tail));
        if self.missing == 0 {
            return Cut { head: [head, tail].concat(), missing: 0, tail: Vec::new() };
        }
        Cut { head, missing: self.missing, tail }
    }
}
