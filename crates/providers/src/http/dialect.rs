//! What a wire dialect is: between our words and those of an API. Pure; knows no socket and no key.

use std::fmt;

use unbent_core::{Ask, Fault, FaultKind, Reply, Wasted};

/// How one family of APIs spells questions and answers.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// The path that is appended to the base URL, such as `chat/completions`.
    fn path(&self) -> String;

    /// The query of the address, such as `alt=sse`.
    fn query(&self) -> Option<&'static str> {
        None
    }

    /// The path of the list of models, appended to the base URL.
    fn list_path(&self) -> &'static str {
        "models"
    }

    /// Where the key goes.
    fn key_header(&self) -> KeyHeader {
        KeyHeader::Bearer
    }

    /// Headers that every request carries.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The request for a question.
    ///
    /// # Errors
    ///
    /// `Rejected` for a question that the API has no words for.
    fn request(&self, ask: &Ask) -> Result<Request, Fault>;

    /// Reads the body of a response that met status 200 and was not streamed; `ask` is what was asked.
    ///
    /// # Errors
    ///
    /// A fault for an error in place of an answer, an answer that says nothing and JSON of another shape.
    fn reply(&self, body: &str, ask: &Ask) -> Result<Reply, Failure>;

    /// Puts a stream together to the body that the API would have sent without streaming.
    ///
    /// # Errors
    ///
    /// `Cut` for a stream without its end mark, and whatever an error among the events says.
    fn assemble(&self, _stream: &str) -> Result<String, Failure> {
        Err(Fault::new(FaultKind::Malformed, "the answer is streamed, which was not asked for").into())
    }
}

impl<D: Dialect + 'static> From<D> for Box<dyn Dialect> {
    fn from(dialect: D) -> Self {
        Box::new(dialect)
    }
}

/// Where a key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// A header of its own.
    Named(&'static str),
}

/// A request ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The JSON body.
    pub body: Vec<u8>,
    /// Whether the answer will be streamed.
    pub streamed: bool,
    /// Parameters of the question that the body does not carry.
    pub unsent: Vec<String>,
}

impl Request {
    /// A request with this body, for an answer in one piece.
    pub fn of(request: &impl serde::Serialize, unsent: Vec<String>) -> Self {
        // Room for most requests, so that it need not grow over and over.
        let mut body = Vec::with_capacity(4096);
        serde_json::to_writer(&mut body, request)
            .expect("a request has only text keys, so it is always JSON");
        Self { body, streamed: false, unsent }
    }
}

/// A fault, with what the call used all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The fault.
    pub fault: Fault,
    /// What the call used.
    pub wasted: Wasted,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, wasted: Wasted::default() }
    }
}
