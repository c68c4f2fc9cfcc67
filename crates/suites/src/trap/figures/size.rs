//! How large a model is, where its name says so.

use unbent_core::{ModelRef, Subject};

/// The parameters of a subject's model in billions, from `?params=`, the model's name, or the subject's label; none where
/// nothing says so, or where what is said is ambiguous.
pub fn billions(subject: &Subject) -> Option<f64> {
    let reference = subject.model.parse::<ModelRef>().ok();
    let named = reference.as_ref().and_then(|reference| reference.params.get("params"));
    if let Some(named) = named {
        return named
            .parse()
            .ok()
            .filter(|size: &f64| *size > 0.0 && size.is_finite())
            .or_else(|| in_name(named));
    }
    let model = reference.map_or_else(|| subject.model.clone(), |reference| reference.model);
    in_name(&model).or_else(|| in_name(subject.id.as_str()))
}

/// The one size that a name speaks of, such as 3.8 in `phi-3-3.8b`. Of a name with several sizes nothing is known.
fn in_name(name: &str) -> Option<f64> {
    let parts = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let mut sizes: Vec<f64> = parts.filter_map(size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    match sizes.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// A part of a name that is a number with `b` or `m` behind it.
fn size(part: &str) -> Option<f64> {
    let part = part.trim_matches('.').to_ascii_lowercase();
    let (digits, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
    let unit = match unit {
        "b" => 1.0,
        "m" => 1e-3,
        _ => return None,
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    digits.parse::<f64>().ok().filter(|size| is_number && *size > 0.0).map(|size| size * unit)
}

#[cfg(test)]
mod tests {
    use unbent_core::{Sampling, Subject, SubjectId};

    use super::billions;

    fn subject(id: &str, model: &str) -> Subject {
        Subject {
            id: SubjectId::new(id),
            model: model.to_owned(),
            settings: Sampling::default(),
            simulated: false,
            price: None,
            price_source: None,
            regraded: None,
            null: false,
        }
    }

    #[test]
    fn sizes_stand_in_names_in_many_ways() {
        let size = |model: &str| billions(&subject("label", model));
        assert_eq!(size("ollama/gemma3:1b"), Some(1.0));
        assert_eq!(size("openai-compatible/Phi-3-3.8B-instruct?base_url=x"), Some(3.8));
        assert_eq!(size("openrouter/org/llama-3.1-405b-instruct:free"), Some(405.0));
        assert_eq!(size("openai-compatible/SmolLM2_135M"), Some(0.135));
        assert_eq!(size("openrouter/qwen/qwen3-30b-a3b"), Some(30.0));
        assert_eq!(size("ollama/mine?params=2.5"), Some(2.5));
        assert_eq!(size("ollama/mine-7b?params=8b"), Some(8.0));
        assert_eq!(billions(&subject("tuned 9b", "openai-compatible/local")), Some(9.0));
    }

    #[test]
    fn nothing_is_guessed() {
        let size = |model: &str| billions(&subject("label", model));
        for model in [
            "anthropic/claude-opus-4.5",
            "x/mixtral-8x7b",
            "x/model-4bit",
            "x/a-1b-to-9b",
            "x/v0.3b1",
            "x/0b",
        ] {
            assert_eq!(size(model), None, "{model}");
        }
    }
}
