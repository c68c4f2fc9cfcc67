//! HTTP/1.1 as far as it is needed: POST with a length, answered with JSON, one after the other on a connection.

use std::io;
use std::net::TcpStream;

use crate::calls::{Line, Stands};

/// The longest header: bytes.
const HEADER: usize = 16 << 10;
/// The longest body: bytes.
const BODY: usize = 1 << 20;

pub(crate) struct Post {
    pub(crate) line: Line,
    answering: bool,
}

struct Request {
    is_post: bool,
    length: usize,
    close: bool,
    expects: bool,
}

impl Post {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self { line: Line::new(Box::new(stream)), answering: false })
    }

    /// The body of the next request, when it is there.
    pub(crate) fn asks(&mut self) -> Result<Option<Vec<u8>>, Stands> {
        if self.answering {
            return Ok(None);
        }
        let Some(end) = self.line.come.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if self.line.come.len() > HEADER { Err(Stands::No) } else { Ok(None) };
        };
        let request = parsed(&self.line.come[..end]);
        if !request.is_post {
            return self.refuse("405 Method Not Allowed");
        }
        if request.length > BODY {
            return self.refuse("413 Content Too Large");
        }
        let all = end + 4 + request.length;
        if self.line.come.len() < all {
            if request.expects
                && self.line.come.len() == end + 4
                && self.line.say(b"HTTP/1.1 100 Continue\r\n\r\n") == Stands::No
            {
                return Err(Stands::No);
            }
            return Ok(None);
        }
        let body = self.line.come[end + 4..all].to_vec();
        self.line.come.drain(..all);
        self.line.last = request.close;
        self.answering = true;
        Ok(Some(body))
    }

    fn refuse(&mut self, status: &str) -> Result<Option<Vec<u8>>, Stands> {
        self.line.last = true;
        self.answering = true;
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        if self.line.say(text.as_bytes()) == Stands::No { Err(Stands::No) } else { Ok(None) }
    }

    pub(crate) fn answer(&mut self, body: &[u8]) -> Stands {
        self.answering = false;
        let connection = if self.line.last { "close" } else { "keep-alive" };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
            body.len()
        );
        self.line.say(&[head.as_bytes(), body].concat())
    }
}

fn parsed(header: &[u8]) -> Request {
    let text = String::from_utf8_lossy(header);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut request = Request {
        is_post: first.starts_with("POST "),
        length: 0,
        close: first.ends_with("HTTP/1.0"),
        expects: false,
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => request.length = value.parse().unwrap_or(usize::MAX),
            "connection" => request.close = value.eq_ignore_ascii_case("close"),
            "expect" => request.expects = true,
            _ => {}
        }
    }
    request
}
