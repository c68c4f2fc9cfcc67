//! The dialects: how an answer looks on the wire, whole and as a stream. Knows nothing of requests, faults and limits.

pub(crate) mod chat;
mod completions;
pub(crate) mod error;
mod gemini;
mod messages;
mod ollama;
pub(crate) mod responses;

use bytes::Bytes;
use serde_json::Value;

use crate::ledger::Tokens;
use crate::reply::Reply;

/// A wire dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenAI's chat completions.
    Chat,
    /// The same as a router writes it.
    OpenRouter,
    /// OpenAI's completions of raw text.
    Completions,
    /// OpenAI's Responses API.
    Responses,
    /// Anthropic's Messages API.
    Messages,
    /// Google's generateContent.
    Gemini,
    /// Ollama's chat.
    OllamaChat,
    /// Ollama's generate.
    OllamaGenerate,
}

/// How the events of a stream are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON value a line.
    Lines,
    /// One JSON array.
    Array,
}

/// An event of a stream, with its name where the dialect names events.
pub(crate) struct Event {
    pub(crate) name: Option<&'static str>,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn plain(data: Value) -> Self {
        Self { name: None, data }
    }

    /// An event whose name is its `type` too.
    pub(crate) fn named(name: &'static str, mut data: Value) -> Self {
        if let Some(fields) = data.as_object_mut() {
            fields.shift_insert(0, "type".to_owned(), Value::from(name));
        }
        Self { name: Some(name), data }
    }
}

/// Into how many pieces the text of a stream is cut.
const PIECES: usize = 6;

impl Dialect {
    /// Whether an answer can be an image.
    pub(crate) fn shows_images(self) -> bool {
        matches!(self, Self::OpenRouter | Self::Responses | Self::Gemini)
    }

    /// How a stream is framed; `is_sse` is whether the request asks for events, which matters to Gemini only.
    pub(crate) fn framing(self, is_sse: bool) -> Framing {
        match self {
            Self::OllamaChat | Self::OllamaGenerate => Framing::Lines,
            Self::Gemini if !is_sse => Framing::Array,
            _ => Framing::Sse,
        }
    }

    /// What a stream has told of its tokens once it has begun.
    pub(crate) fn told_at_start(self, reply: &Reply) -> Tokens {
        match self {
            Self::Messages => Tokens { output: reply.usage.output.min(1), ..reply.usage.tokens() },
            // Every event tells all of them.
            Self::Gemini => reply.usage.tokens(),
            _ => Tokens::default(),
        }
    }

    /// The answer as one JSON value.
    pub(crate) fn whole(self, reply: &Reply) -> Value {
        match self {
            Self::Chat | Self::OpenRouter => chat::whole(self, reply),
            Self::Completions => completions::whole(reply),
            Self::Responses => responses::whole(reply),
            Self::Messages => messages::whole(reply),
            Self::Gemini => gemini::whole(reply),
            Self::OllamaChat | Self::OllamaGenerate => ollama::whole(self, reply),
        }
    }

    /// The answer as events, the last of which ends it.
    pub(crate) fn events(self, reply: &Reply, includes_usage: bool) -> Vec<Event> {
        match self {
            Self::Chat | Self::OpenRouter => chat::events(self, reply, includes_usage),
            Self::Completions => completions::events(reply, includes_usage),
            Self::Responses => responses::events(reply),
            Self::Messages => messages::events(reply),
            Self::Gemini => gemini::events(reply),
            Self::OllamaChat | Self::OllamaGenerate => ollama::events(self, reply),
        }
    }

    /// Whether a stream ends in `data: [DONE]`.
    fn says_done(self) -> bool {
        matches!(self, Self::Chat | Self::OpenRouter | Self::Completions)
    }

    /// Puts events on the wire, each a piece. Without its end a stream lacks what would have closed it.
    pub(crate) fn pieces(self, events: &[Event], framing: Framing, has_end: bool) -> Vec<Bytes> {
        let framed = |place: usize, event: &Event| match framing {
            Framing::Sse => match event.name {
                Some(name) => format!("event: {name}\ndata: {}\n\n", event.data),
                None => format!("data: {}\n\n", event.data),
            },
            Framing::Lines => format!("{}\n", event.data),
            Framing::Array => format!("{}{}", if place == 0 { "[" } else { ",\r\n" }, event.data),
        };
        let mut pieces: Vec<Bytes> =
            events.iter().enumerate().map(|(place, event)| Bytes::from(framed(place, event))).collect();
        match framing {
            Framing::Sse if has_end && self.says_done() => {
                pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
            }
            Framing::Array if has_end => pieces.push(Bytes::from_static(b"]")),
            _ => {}
        }
        pieces
    }
}
