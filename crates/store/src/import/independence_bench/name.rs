//! The names of configuration folders: `slug[+provider]@effort-ttemperature`.

use unbent_core::Sampling;

/// What the name of a configuration folder says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConfigName {
    /// The model as its provider names it.
    pub(super) model: String,
    /// The pinned provider, with a `-` where its own name may have a `/`.
    pub(super) provider: Option<String>,
    /// The temperature and the reasoning effort.
    pub(super) settings: Sampling,
}

impl ConfigName {
    /// Reads a folder's name from its right end: a model's name may hold every separator but `/`, which is `--`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (left, settings) = name.rsplit_once('@')?;
        let (effort, temperature) = settings.rsplit_once("-t")?;
        let temperature: f64 = temperature.parse().ok()?;
        let (slug, provider) = match left.rsplit_once('+') {
            Some((slug, provider)) => (slug, Some(provider)),
            None => (left, None),
        };
        if slug.is_empty() || effort.is_empty() || provider == Some("") || !temperature.is_finite() {
            return None;
        }
        Some(Self {
            model: slug.replace("--", "/"),
            provider: provider.map(str::to_owned),
            settings: Sampling {
                temperature: Some(temperature),
                reasoning_effort: Some(effort.to_owned()),
                ..Sampling::default()
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ConfigName;

    fn check(name: &str, model: &str, provider: Option<&str>, effort: &str, temperature: f64) {
        let parsed = ConfigName::parse(name).unwrap();
        assert_eq!(parsed.model, model, "{name}");
        assert_eq!(parsed.provider.as_deref(), provider, "{name}");
        assert_eq!(parsed.settings.reasoning_effort.as_deref(), Some(effort), "{name}");
        assert_eq!(parsed.settings.temperature, Some(temperature), "{name}");
    }

    #[test]
    fn the_parts_of_a_name_are_told_apart_from_the_right() {
        check("openai--gpt-5.4-mini@low-t1.0", "openai/gpt-5.4-mini", None, "low", 1.0);
        check("nvidia--moonshotai--kimi-k2.5@none-t0.7", "nvidia/moonshotai/kimi-k2.5", None, "none", 0.7);
        check("stepfun--step-3.5-flash:free@low-t0.0", "stepfun/step-3.5-flash:free", None, "low", 0.0);
        check(
            "moonshotai--kimi-k2.5+moonshotai-int4@none-t0.7",
            "moonshotai/kimi-k2.5",
            Some("moonshotai-int4"),
            "none",
            0.7,
        );
        check("local--google--gemma-4-26b-a4b@low-t0.7", "local/google/gemma-4-26b-a4b", None, "low", 0.7);
        check("a--b@2026+x@x-turbo-t0.5", "a/b@2026", Some("x"), "x-turbo", 0.5);
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "results",
            "openai--gpt@low",
            "openai--gpt@low-tx",
            "openai--gpt@low-tnan",
            "@low-t0.7",
            "+tag@low-t0.7",
            "openai--gpt+@low-t0.7",
            "openai--gpt@-t0.7",
            "openai--gpt-t0.7",
        ] {
            assert_eq!(ConfigName::parse(name), None, "{name}");
        }
    }
}
