//! What is read of a request. Knows where each dialect puts it, and nothing of answers.
//!
//! The hot path reads a few borrowed fields; the whole body is parsed only when tools, schemas or earlier turns matter.

mod carried;
mod format;
mod tools;

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use tools::Tool;

use crate::dialect::Dialect;

/// The fields of all dialects that are looked at before anything else.
#[derive(Deserialize, Default)]
struct Head<'a> {
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    stream: Option<bool>,
    #[serde(borrow)]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    contents: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    max_tokens: Option<IgnoredAny>,
    tools: Option<IgnoredAny>,
    response_format: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
    format: Option<IgnoredAny>,
    output_config: Option<IgnoredAny>,
    #[serde(alias = "generation_config", rename = "generationConfig")]
    generation_config: Option<IgnoredAny>,
}

/// A request that could be read.
pub(crate) struct Ask<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) identity: u128,
    pub(crate) body: &'a [u8],
    pub(crate) model: Cow<'a, str>,
    head: Head<'a>,
    /// Whether the path alone asks for a stream.
    path_streams: bool,
    whole: OnceCell<Value>,
}

/// What kind of text an answer is to be.
pub(crate) enum Wanted<'v> {
    Text,
    /// An instance of this schema.
    Json(&'v Value),
    /// Any JSON object.
    AnyJson,
    /// A call of this tool.
    Call(Tool<'v>),
}

/// A request that is refused because of what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

impl Invalid {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), param: None, code: None }
    }

    fn missing(param: &str, dialect: Dialect) -> Self {
        let message = match dialect {
            Dialect::Messages => format!("{param}: Field required"),
            Dialect::Gemini => format!("* GenerateContentRequest.{param}: {param} is not specified"),
            Dialect::OllamaChat | Dialect::OllamaGenerate => format!("{param} is required"),
            _ => format!("Missing required parameter: '{param}'."),
        };
        Self { message, param: Some(param.to_owned()), code: Some("missing_required_parameter") }
    }
}

impl<'a> Ask<'a> {
    /// Reads a request; `path_model` and `path_streams` are what a path says in the place of the body.
    pub(crate) fn read(
        dialect: Dialect,
        identity: u128,
        body: &'a [u8],
        path_model: Option<Cow<'a, str>>,
        path_streams: bool,
    ) -> Result<Self, Invalid> {
        let head: Head<'a> = serde_json::from_slice(body).map_err(|error| {
            Invalid::new(format!("We could not parse the JSON body of your request: {error}"))
        })?;
        let model = path_model.or_else(|| head.model.clone()).unwrap_or_default();
        Ok(Self { dialect, identity, body, model, head, path_streams, whole: OnceCell::new() })
    }

    /// Says what the API would refuse in any request: a field that must be there and is not.
    pub(crate) fn missing(&self) -> Option<Invalid> {
        let (subject, said) = match self.dialect {
            Dialect::Responses => ("input", self.head.input),
            Dialect::Completions | Dialect::OllamaGenerate => ("prompt", self.head.prompt),
            Dialect::Gemini => ("contents", self.head.contents),
            _ => ("messages", self.head.messages),
        };
        if self.model.is_empty() {
            return Some(Invalid::missing("model", self.dialect));
        }
        // Ollama loads a model when it is asked nothing.
        let is_ollama = matches!(self.dialect, Dialect::OllamaChat | Dialect::OllamaGenerate);
        let said = said.map_or("", RawValue::get);
        let is_list = said.starts_with('[') && said.trim_start_matches(['[', ' ', '\n', '\r', '\t']) != "]";
        let may_be_text = matches!(self.dialect, Dialect::Responses | Dialect::Completions);
        if !(is_ollama || is_list || may_be_text && said.starts_with('"')) {
            return Some(Invalid::missing(subject, self.dialect));
        }
        let wants_limit = self.dialect == Dialect::Messages && self.head.max_tokens.is_none();
        wants_limit.then(|| Invalid::missing("max_tokens", self.dialect))
    }

    /// Whether the answer is streamed.
    pub(crate) fn is_streamed(&self) -> bool {
        match self.dialect {
            Dialect::Gemini => self.path_streams,
            Dialect::OllamaChat | Dialect::OllamaGenerate => self.head.stream.unwrap_or(true),
            _ => self.head.stream.unwrap_or(false),
        }
    }

    /// Whether a stream ends with its usage, where that has to be asked for.
    pub(crate) fn includes_usage(&self) -> bool {
        #[derive(Deserialize)]
        struct StreamOptions {
            include_usage: Option<bool>,
        }
        let options = self.head.stream_options.map(RawValue::get);
        options
            .and_then(|text| serde_json::from_str::<StreamOptions>(text).ok())
            .and_then(|options| options.include_usage)
            .unwrap_or(false)
    }

    /// The whole body.
    pub(crate) fn whole(&self) -> &Value {
        self.whole.get_or_init(|| serde_json::from_slice(self.body).unwrap_or_default())
    }

    /// Whether a parameter is given at its top, or in the configuration of Gemini or the options of Ollama.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        let whole = self.whole();
        let nested = ["generationConfig", "generation_config", "options"];
        let given = |value: &Value| value.get(name).is_some_and(|value| !value.is_null());
        given(whole) || nested.iter().filter_map(|at| whole.get(at)).any(given)
    }

    /// The provider that a request to a router names first.
    pub(crate) fn pinned_provider(&self) -> Option<String> {
        let provider = self.whole().get("provider")?;
        let first = |list: &str| provider.get(list)?.get(0)?.as_str().map(str::to_owned);
        first("order").or_else(|| first("only"))
    }

    /// Whether the client asked for the encrypted reasoning, which only the Responses API has to be asked for.
    pub(crate) fn wants_encrypted(&self) -> bool {
        if self.dialect != Dialect::Responses {
            return true;
        }
        let include = self.whole().get("include").and_then(Value::as_array);
        include.is_some_and(|include| include.iter().any(|item| item == "reasoning.encrypted_content"))
    }

    /// What kind of text is asked for.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        let head = &self.head;
        let names_none = head.tools.is_none()
            && head.response_format.is_none()
            && head.text.is_none()
            && head.format.is_none()
            && head.output_config.is_none()
            && head.generation_config.is_none();
        if names_none { Wanted::Text } else { format::wanted(self) }
    }

    /// The tools that are offered and may be used.
    pub(crate) fn tools(&self) -> Vec<Tool<'_>> {
        if self.head.tools.is_none() { Vec::new() } else { tools::offered(self) }
    }

    /// Whether the request answers a call of a tool.
    pub(crate) fn ends_in_a_tool_result(&self) -> bool {
        tools::ends_in_a_result(self)
    }

    /// Checks that what was signed or encrypted comes back as it was given out, where the API wants it back.
    pub(crate) fn check_carried(&self) -> Result<(), Invalid> {
        carried::check(self)
    }
}

/// A field under either of its two spellings; Gemini takes both.
fn either<'v>(value: &'v Value, camel: &str, snake: &str) -> Option<&'v Value> {
    value.get(camel).or_else(|| value.get(snake))
}

/// The elements of a list, none if it is no list.
fn elements(value: Option<&Value>) -> impl DoubleEndedIterator<Item = &Value> + Clone {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// A text field, empty if it is not there.
fn text_at<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
