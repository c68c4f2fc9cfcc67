//! Connections: of tools at the socket, and of whoever posts to the port.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use crate::wire::{Call, LONGEST_CALL, Said, framed, unframed};

/// How many are served at once; the others wait.
pub(crate) const AT_ONCE: usize = 64;

/// How much is read in one go: bytes.
const GO: usize = 64 << 10;

/// One end of a connection.
pub(crate) trait End: Read + Write + AsRawFd {}

impl<T: Read + Write + AsRawFd> End for T {}

/// Bytes in and out that never keep us waiting.
pub(crate) struct Line {
    end: Box<dyn End>,
    pub(crate) come: Vec<u8>,
    going: Vec<u8>,
    /// Whether it is closed when everything has gone out.
    pub(crate) last: bool,
}

/// Whether a connection stands.
#[derive(PartialEq)]
pub(crate) enum Stands {
    Yes,
    No,
}

impl Line {
    /// The end must not block.
    pub(crate) fn new(end: Box<dyn End>) -> Self {
        Self { end, come: Vec::new(), going: Vec::new(), last: false }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.end.as_raw_fd()
    }

    pub(crate) fn has_more_to_say(&self) -> bool {
        !self.going.is_empty()
    }

    /// Takes what has come.
    pub(crate) fn hear(&mut self) -> Stands {
        let mut part = [0; GO];
        match self.end.read(&mut part) {
            Ok(0) => Stands::No,
            Ok(n) => {
                self.come.extend_from_slice(&part[..n]);
                if self.come.len() > 2 * LONGEST_CALL { Stands::No } else { Stands::Yes }
            }
            Err(error) if would_block(&error) => Stands::Yes,
            Err(_) => Stands::No,
        }
    }

    /// Says this, now or when there is room.
    pub(crate) fn say(&mut self, bytes: &[u8]) -> Stands {
        self.going.extend_from_slice(bytes);
        while !self.going.is_empty() {
            match self.end.write(&self.going) {
                Ok(n) => drop(self.going.drain(..n)),
                Err(error) if would_block(&error) => return Stands::Yes,
                Err(_) => return Stands::No,
            }
        }
        if self.last { Stands::No } else { Stands::Yes }
    }
}

fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// A tool that was called.
pub(crate) struct Tool {
    pub(crate) line: Line,
    asked: bool,
}

impl Tool {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { line: Line::new(Box::new(stream)), asked: false })
    }

    /// What it asks, when it is there; nothing a second time.
    pub(crate) fn asks(&mut self) -> Result<Option<Call>, Stands> {
        if self.asked {
            return if self.line.come.is_empty() { Ok(None) } else { Err(Stands::No) };
        }
        let call = unframed(&mut self.line.come, LONGEST_CALL).map_err(|_| Stands::No)?;
        self.asked = call.is_some();
        Ok(call)
    }

    pub(crate) fn answer(&mut self, said: &Said) -> Stands {
        self.line.last = true;
        self.line.say(&framed(said))
    }
}
