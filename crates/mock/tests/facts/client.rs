//! A client that sends one request and keeps the bytes that come back. Knows HTTP/1.1 as far as that needs.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use unbent_mock::{MockServer, Options};

/// What came back until the connection was closed.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) head: String,
    /// As it stands on the wire, chunk sizes included.
    pub(crate) raw: Vec<u8>,
    /// Whether the server said nothing until the client's patience ended.
    pub(crate) timed_out: bool,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn declared(&self) -> Option<usize> {
        self.header("content-length").map(|length| length.parse().unwrap())
    }

    /// The body, with chunks joined.
    pub(crate) fn body(&self) -> Vec<u8> {
        if self.header("transfer-encoding") != Some("chunked") {
            return self.raw.clone();
        }
        let mut rest = self.raw.as_slice();
        let mut body = Vec::new();
        loop {
            let line = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body()).unwrap()
    }

    /// The data of server-sent events.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.data().filter_map(|data| serde_json::from_str(&data).ok()).collect()
    }

    pub(crate) fn data(&self) -> impl Iterator<Item = String> {
        let text = self.text();
        let lines: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect();
        lines.into_iter()
    }
}

/// Sends a request as it stands.
pub(crate) fn send(server: &MockServer, method: &str, path: &str, headers: &str, body: &str) -> Got {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\ncontent-length: {length}\r\n"
    );
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    let is_silent = body.contains("fault-silence");
    stream.set_read_timeout(Some(Duration::from_millis(if is_silent { 50 } else { 10_000 }))).unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let timed_out =
        matches!(&ended, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, raw) = split.map_or((String::new(), Vec::new()), |at| {
        (String::from_utf8(bytes[..at].to_vec()).unwrap(), bytes[at + 4..].to_vec())
    });
    let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    Got { status, head, raw, timed_out }
}

/// A dialect with what a call of it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Chat,
    OpenRouter,
    Completions,
    Responses,
    Messages,
    Gemini,
    OllamaChat,
    OllamaGenerate,
}

pub(crate) const APIS: [Api; 8] = [
    Api::Chat,
    Api::OpenRouter,
    Api::Completions,
    Api::Responses,
    Api::Messages,
    Api::Gemini,
    Api::OllamaChat,
    Api::OllamaGenerate,
];

impl Api {
    /// The smallest request.
    pub(crate) fn request(self, said: &str) -> Value {
        let messages = json!([{"role": "user", "content": said}]);
        match self {
            Self::Chat | Self::OpenRouter => json!({"messages": messages}),
            Self::Completions => json!({"prompt": said}),
            Self::Responses => json!({"input": said}),
            Self::Messages => json!({"messages": messages, "max_tokens": 64}),
            Self::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": said}]}]}),
            Self::OllamaChat => json!({"messages": messages, "stream": false}),
            Self::OllamaGenerate => json!({"prompt": said, "stream": false}),
        }
    }

    /// A request with more fields.
    pub(crate) fn with(self, said: &str, more: &Value) -> Value {
        let mut request = self.request(said);
        for (name, value) in more.as_object().unwrap() {
            request[name.as_str()] = value.clone();
        }
        request
    }

    fn path(self, model: &str, is_streamed: bool) -> String {
        match self {
            Self::Chat => "/v1/chat/completions".to_owned(),
            Self::OpenRouter => "/api/v1/chat/completions".to_owned(),
            Self::Completions => "/v1/completions".to_owned(),
            Self::Responses => "/v1/responses".to_owned(),
            Self::Messages => "/v1/messages".to_owned(),
            Self::Gemini if is_streamed => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            Self::Gemini => format!("/v1beta/models/{model}:generateContent"),
            Self::OllamaChat => "/api/chat".to_owned(),
            Self::OllamaGenerate => "/api/generate".to_owned(),
        }
    }

    pub(crate) fn call(self, server: &MockServer, model: &str, request: &Value) -> Got {
        self.call_with(server, model, request, "", false)
    }

    pub(crate) fn stream(self, server: &MockServer, model: &str, request: &Value) -> Got {
        self.call_with(server, model, request, "", true)
    }

    pub(crate) fn call_with(
        self,
        server: &MockServer,
        model: &str,
        request: &Value,
        headers: &str,
        is_streamed: bool,
    ) -> Got {
        let mut request = request.clone();
        if self != Self::Gemini {
            request["model"] = json!(model);
            if is_streamed {
                request["stream"] = json!(true);
            }
        }
        let headers = format!("{headers}anthropic-version: 2023-06-01\r\n");
        send(server, "POST", &self.path(model, is_streamed), &headers, &request.to_string())
    }

    /// The text of an answer.
    pub(crate) fn said(self, answer: &Value) -> String {
        let at = match self {
            Self::Chat | Self::OpenRouter => "/choices/0/message/content",
            Self::Completions => "/choices/0/text",
            Self::Responses => "/output/0/content/0/text",
            Self::Messages => "/content/0/text",
            Self::Gemini => "/candidates/0/content/parts/0/text",
            Self::OllamaChat => "/message/content",
            Self::OllamaGenerate => "/response",
        };
        answer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A server that nothing is wrong with.
pub(crate) fn server() -> MockServer {
    MockServer::start(Options::default())
}
