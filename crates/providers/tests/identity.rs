//! What an answer may depend on is in a question's identity, and no credential is.

use std::collections::BTreeSet;
use std::time::Duration;

use unbent_core::{Ask, Message, ModelRole, Provider as _, Sampling, ToolChoice};
use unbent_providers::http::Dialect;
use unbent_providers::{
    Anthropic, Completions, Endpoint, Flavour, Gemini, HttpModel, Ollama, OllamaMode, OpenAiChat,
    OpenAiResponses, Secret,
};

const BASE: &str = "http://127.0.0.1:9/v1";

fn ask(text: &str, sampling: Sampling) -> Ask {
    Ask {
        role: ModelRole::Subject,
        messages: vec![Message::user(text)],
        tools: vec![],
        tool_choice: ToolChoice::Auto,
        reply_schema: None,
        sampling,
    }
}

fn identity_of(endpoint: Endpoint, dialect: impl Into<Box<dyn Dialect>>, ask: &Ask) -> String {
    let model = HttpModel::new(endpoint, dialect).expect("a good configuration");
    String::from_utf8(model.identity(ask).expect("an API has identities")).expect("all of it is text")
}

#[test]
fn whatever_can_change_the_answer_changes_the_identity() {
    let plain = || OpenAiChat::new("m");
    let pinned = |pin: Option<&str>| OpenAiChat {
        flavour: Flavour::OpenRouter,
        pin: pin.map(str::to_owned),
        ..plain()
    };
    let hello = ask("Hello?", Sampling::default());
    let warm = ask("Hello?", Sampling { temperature: Some(1.0), ..Sampling::default() });
    let short = ask("Hello?", Sampling { max_tokens: Some(5), ..Sampling::default() });
    let with = |name: &str, value: &str| Endpoint {
        extra_headers: vec![(name.to_owned(), Secret::new(value))],
        ..Endpoint::new(BASE)
    };
    let base = || Endpoint::new(BASE);
    let all = [
        identity_of(base(), plain(), &hello),
        identity_of(base(), plain(), &ask("Hallo?", Sampling::default())),
        identity_of(base(), plain(), &warm),
        identity_of(base(), plain(), &short),
        identity_of(Endpoint::new("http://127.0.0.1:10/v1"), plain(), &hello),
        identity_of(Endpoint { allows_zero_usage: true, ..base() }, plain(), &hello),
        identity_of(with("x-title", "one thing"), plain(), &hello),
        identity_of(with("x-title", "another"), plain(), &hello),
        identity_of(base(), OpenAiChat::new("n"), &hello),
        identity_of(base(), OpenAiChat { streams: true, ..plain() }, &hello),
        identity_of(base(), pinned(None), &hello),
        identity_of(base(), pinned(Some("Alpha")), &hello),
        identity_of(base(), pinned(Some("Beta")), &hello),
        identity_of(base(), OpenAiResponses::new("m"), &hello),
        identity_of(base(), OpenAiResponses { streams: true, ..OpenAiResponses::new("m") }, &hello),
        identity_of(base(), Anthropic::new("m"), &hello),
        identity_of(base(), Anthropic { streams: true, ..Anthropic::new("m") }, &hello),
        identity_of(base(), Gemini::new("m"), &hello),
        identity_of(base(), Completions::new("m"), &hello),
        identity_of(base(), Ollama { mode: OllamaMode::Chat, ..Ollama::new("m") }, &hello),
        identity_of(base(), Ollama { mode: OllamaMode::Generate, ..Ollama::new("m") }, &hello),
        identity_of(base(), Ollama { num_ctx: Some(512), ..Ollama::new("m") }, &hello),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:#?}");
}

#[test]
fn neither_the_key_nor_the_patience_is_part_of_it_and_no_secret_shows() {
    let hello = ask("Hello?", Sampling::default());
    let with = |key: Option<&str>, seconds| Endpoint {
        api_key: key.map(Secret::new),
        timeout: Duration::from_secs(seconds),
        extra_headers: vec![("x-token".to_owned(), Secret::new("hush-hush-hush"))],
        ..Endpoint::new(BASE)
    };
    let bare = identity_of(with(None, 1), OpenAiChat::new("m"), &hello);
    assert_eq!(identity_of(with(Some("sk-live-0123456789"), 60), OpenAiChat::new("m"), &hello), bare);
    assert!(!bare.contains("hush-hush"), "{bare}");
}
