//! Which family a model belongs to, by its name. The families are data: `families.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Families {
    /// Names of providers that say nothing of the model.
    hosts: Vec<String>,
    family: Vec<Family>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    name: String,
    words: Vec<String>,
}

static FAMILIES: LazyLock<Families> = LazyLock::new(|| {
    toml::from_str(include_str!("families.toml")).expect("the families are well-formed: a test reads them")
});

/// The family of a model; none if the name tells none. A name that a model was derived from counts, whoever derived it: the
/// name of the model goes before that of who serves it.
pub fn family(model: &str) -> Option<&'static str> {
    let model = model.split(['?', '@']).next().unwrap_or(model).to_lowercase();
    if model.starts_with("sim/") {
        return None;
    }
    // The last part of a reference names the model, those before who makes or serves it.
    let parts = model.rsplit('/').filter(|part| FAMILIES.hosts.iter().all(|host| host != part));
    parts.into_iter().find_map(|part| {
        part.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
            let begins = |known: &String| {
                word.strip_prefix(known.as_str())
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            };
            let fits = |family: &&Family| family.words.iter().any(begins);
            FAMILIES.family.iter().find(fits).map(|family| family.name.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn families_are_told_by_the_name_of_the_model() {
        for (model, expected) in [
            ("openai/gpt-5.2-mini", Some("openai")),
            ("openrouter/openai/o3+azure", Some("openai")),
            ("anthropic/claude-opus-4.5", Some("anthropic")),
            ("anthropic--claude-haiku-4.5@none-t0.7", Some("anthropic")),
            ("openai-compatible/qwen3-coder", Some("alibaba")),
            ("openai-compatible/Llama-3.3-70B", Some("meta")),
            ("openrouter/moonshotai/kimi-k2.5+fireworks", Some("moonshot")),
            ("groq/deepseek-r1-distill-llama", Some("deepseek")),
            ("mistral/mistral-large", Some("mistral")),
            ("sim/steadfast", None),
            ("openai-compatible/m", None),
            ("seeded/thing", None),
        ] {
            assert_eq!(family(model), expected, "{model}");
        }
    }
}
