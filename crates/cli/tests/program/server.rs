//! A server on the loopback that speaks OpenAI's chat completions, with a thread for each connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use serde_json::{Map, Value, json};

/// What a client asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// The header, or nothing.
    pub(crate) authorization: String,
    /// The body as it came.
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The model that is asked.
    pub(crate) fn model(&self) -> String {
        self.json()["model"].as_str().unwrap().to_owned()
    }
}

/// What a client gets.
#[derive(Debug, Clone)]
pub(crate) enum Response {
    /// A status, headers and a body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Response {
    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Http(status, Vec::new(), body.into())
    }

    /// What a subject says through its tool, or the grade that a judge gives: the same for equal requests.
    pub(crate) fn well(request: &Request) -> Self {
        let asked = request.json();
        let schema = &asked["response_format"]["json_schema"]["schema"];
        let message = if schema.is_null() {
            let arguments = json!({ "message": format!("I keep to what I said, {} messages on.", asked["messages"].as_array().unwrap().len()) });
            let function = json!({ "name": "send_message_to_human", "arguments": arguments.to_string() });
            json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "call00001", "type": "function", "function": function }] })
        } else {
            json!({ "role": "assistant", "content": grade(schema).to_string() })
        };
        let answer = json!({
            "id": "x1",
            "model": asked["model"],
            "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 10, "completion_tokens": 5 },
        });
        Self::status(200, answer.to_string())
    }
}

/// A value for every property of a schema.
fn grade(schema: &Value) -> Value {
    let value = |property: &Value| match property["type"].as_str() {
        Some("string") if property["enum"].is_array() => property["enum"][0].clone(),
        Some("integer") => json!(7),
        Some("boolean") => json!(false),
        Some("string") => json!("as the rubric says"),
        Some("array") => json!([]),
        None if property["type"].is_array() || property["anyOf"].is_array() => Value::Null,
        other => panic!("no grade for the type {other:?}"),
    };
    let properties = schema["properties"].as_object().unwrap();
    Value::Object(
        properties.iter().map(|(name, property)| (name.clone(), value(property))).collect::<Map<_, _>>(),
    )
}

/// A server that runs until the test ends.
pub(crate) struct ModelServer {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    answer: Box<dyn Fn(&Request) -> Response + Send + Sync>,
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    seen: Vec<Request>,
    connections: usize,
}

impl ModelServer {
    /// A server that answers so.
    pub(crate) fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(State { answer: Box::new(answer), log: Mutex::default(), changed: Condvar::new() });
        thread::spawn({
            let state = Arc::clone(&state);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    state.log().connections += 1;
                    let state = Arc::clone(&state);
                    thread::spawn(move || {
                        // A client that was killed hangs up where it likes.
                        let _ = state.serve(stream);
                        state.log().connections -= 1;
                        state.changed.notify_all();
                    });
                }
            }
        });
        Self { address, state }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state.log().seen.clone()
    }

    /// Waits until as many requests have come.
    pub(crate) fn wait_for(&self, requests: usize) {
        let log = self.state.log();
        drop(self.state.changed.wait_while(log, |log| log.seen.len() < requests).unwrap());
    }

    /// Waits until every request of clients that are gone has been taken in.
    pub(crate) fn settle(&self) {
        // Connections are accepted in their order: when this one has been closed, all before it are being served.
        let mut last = TcpStream::connect(self.address).unwrap();
        last.shutdown(Shutdown::Write).unwrap();
        assert_eq!(last.read(&mut [0]).unwrap(), 0);
        let log = self.state.log();
        drop(self.state.changed.wait_while(log, |log| log.connections > 0).unwrap());
    }
}

impl State {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some((authorization, body)) = read_request(&mut reader)? {
            let request = {
                let mut log = self.log();
                let request = Request { number: log.seen.len() + 1, authorization, body };
                log.seen.push(request.clone());
                request
            };
            self.changed.notify_all();
            match (self.answer)(&request) {
                Response::Http(status, headers, body) => {
                    let mut head = format!("HTTP/1.1 {status} as told\r\ncontent-length: {}\r\n", body.len());
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
                }
                Response::Silence => {
                    reader.read_to_end(&mut Vec::new())?;
                }
            }
        }
        Ok(())
    }
}

/// The authorization and the body of the next request; none if the client has hung up.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(String, String)>> {
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => value.clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((authorization, String::from_utf8(body).unwrap())))
}
