//! What the contract tests share: a call to put, and a loopback server that answers with any bytes.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod dialects;

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use unbent_core::{
    Ask, Call, Case, Fault, Message, ModelRole, NeedKey, Provider, Reply, Returned, Sampling, ToolChoice,
    ToolSpec, TrialKey,
};
use unbent_providers::http::Dialect;
use unbent_providers::{Endpoint, HttpModel, Secret};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A question with its place in a run.
pub(crate) struct Asked {
    pub(crate) ask: Ask,
    pub(crate) case: Case,
    pub(crate) trial: TrialKey,
    pub(crate) need: NeedKey,
    pub(crate) tried: u32,
    pub(crate) run_seed: u64,
}

impl Asked {
    pub(crate) fn of(messages: Vec<Message>) -> Self {
        Self {
            ask: Ask {
                role: ModelRole::Subject,
                messages,
                tools: vec![],
                tool_choice: ToolChoice::Auto,
                reply_schema: None,
                sampling: Sampling::default(),
            },
            case: Case {
                suite: "suite".into(),
                id: "case".into(),
                spec: Value::Null,
                world: None,
                inherits: vec![],
            },
            trial: TrialKey {
                suite: "suite".into(),
                case: "case".into(),
                subject: "subject".into(),
                repeat: 1,
            },
            need: "need".into(),
            tried: 1,
            run_seed: 7,
        }
    }

    pub(crate) fn hello() -> Self {
        Self::of(vec![Message::user("Hello?")])
    }

    pub(crate) fn with_tool(mut self, name: &str, parameters: Value) -> Self {
        self.ask.tools.push(ToolSpec {
            name: name.into(),
            description: format!("Calls {name}."),
            parameters,
        });
        self
    }

    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            ask: &self.ask,
            case: &self.case,
            trial: &self.trial,
            need: &self.need,
            tried: self.tried,
            run_seed: self.run_seed,
        }
    }

    pub(crate) async fn put_to(&self, provider: &dyn Provider) -> Result<Reply, Fault> {
        provider.ask(&self.call()).await.result
    }
}

/// Where a dialect is served, and with which key it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Served {
    /// The path of the base URL, such as `/v1`.
    pub(crate) base: &'static str,
    /// The key, if the server wants one.
    pub(crate) key: Option<&'static str>,
}

impl Served {
    /// What an ask meets at a server that answers so, and only at `at` below the base; with the request that it got.
    pub(crate) async fn exchange(
        self,
        asked: &Asked,
        dialect: impl Into<Box<dyn Dialect>>,
        at: &str,
        answer: ResponseTemplate,
    ) -> (Returned, Request) {
        let server = MockServer::start().await;
        let at = format!("{}/{at}", self.base);
        Mock::given(method("POST")).and(path(at)).respond_with(answer).mount(&server).await;
        let endpoint = Endpoint {
            api_key: self.key.map(Secret::new),
            ..Endpoint::new(format!("{}{}", server.uri(), self.base))
        };
        let provider = HttpModel::new(endpoint, dialect).expect("a good configuration");
        let returned = provider.ask(&asked.call()).await;
        let mut requests = server.received_requests().await.expect("requests are recorded");
        assert_eq!(requests.len(), 1, "one ask is one request");
        (returned, requests.remove(0))
    }
}

/// The parameters of a tool with one required string.
pub(crate) fn one_string(name: &str) -> Value {
    json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]})
}

/// What a raw server does after its bytes.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    Close,
    Hang,
}

/// A server that answers each request with these bytes, whatever they are.
pub(crate) async fn serve_raw(answer: impl Into<Vec<u8>>, then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("it is bound");
    let answer = Arc::new(answer.into());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                read_request(&mut stream).await;
                // The client may have hung up already, as when it has read all it wants.
                let _ = stream.write_all(&answer).await;
                match then {
                    Then::Close => drop(stream),
                    Then::Hang => std::future::pending().await,
                }
            });
        }
    });
    address
}

/// Reads one request to the end of its body and returns the body.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).await.expect("the client is there");
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().expect("a length"));
            if body.len() >= length {
                return bytes[head.len() + 4..].to_vec();
            }
        }
        assert!(n > 0, "the client hung up in the middle of its request");
    }
}

/// A whole HTTP response.
pub(crate) fn http(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
