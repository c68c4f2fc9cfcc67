//! Name files: which names a model gave itself in a run, as a model found them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use unbent_core::{AssistantMessage, Cost, CostSource, FinishReason, Outcome, Reply, Score, Served, Usage};

/// The scenarios that names are looked for in, in the order in which the reference puts them to the extracting model.
pub(super) const SOURCES: [&str; 3] = ["name_gender_turn1", "direct", "negotiation_turn1"];

#[derive(Debug, Deserialize)]
struct ExtractionFile {
    names: Vec<Found>,
    declined_scenarios: Vec<String>,
    primary_name: Option<String>,
    #[serde(default)]
    extraction_model: Option<String>,
    #[serde(default)]
    extraction_cost_usd: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Found {
    name: String,
    sources: Vec<String>,
}

/// A name file in our words.
#[derive(Debug)]
pub(super) struct Extraction {
    pub(super) reply: Reply,
    pub(super) outcome: Outcome,
}

impl Extraction {
    /// Reads a file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: ExtractionFile = super::parse_json(bytes)?;
        let names: Vec<Found> = file
            .names
            .iter()
            .map(|found| Found { name: found.name.clone(), sources: normalised(&found.sources) })
            .collect();
        let declined = normalised(&file.declined_scenarios);
        let mut extra = Map::new();
        if names != file.names {
            extra.insert("original_names".to_owned(), json!(file.names));
        }
        if declined != file.declined_scenarios {
            extra.insert("original_declined".to_owned(), json!(file.declined_scenarios));
        }
        let content = json!({"names": names, "declined": declined, "primary_name": file.primary_name});
        let reply = Reply {
            unsent: Vec::new(),
            message: AssistantMessage::text(content.to_string()),
            finish: FinishReason::Unknown,
            usage: Usage::default(),
            cost: file.extraction_cost_usd.map(|usd| Cost { usd, source: CostSource::Imported }),
            latency_ms: None,
            served: Served { model: file.extraction_model, ..Served::default() },
            extra,
        };
        Ok(Self { reply, outcome: outcome(&names, file.primary_name) })
    }
}

fn outcome(names: &[Found], primary: Option<String>) -> Outcome {
    let mut scores = vec![("n_names".to_owned(), Score::Number(names.len() as f64))];
    if !names.is_empty() {
        let all: Vec<_> = names.iter().map(|found| found.name.as_str()).collect();
        scores.push(("names".to_owned(), Score::Label(all.join("; "))));
    }
    if let Some(primary) = primary {
        scores.push(("primary_name".to_owned(), Score::Label(primary)));
    }
    Outcome::Scored { scores: scores.into_iter().collect(), note: None }
}

/// The words for scenarios in place of the many that the extracting models use, each once.
fn normalised(sources: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(sources.len());
    for source in sources {
        let word = word_for(source).map_or_else(|| source.clone(), str::to_owned);
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

/// The word for a scenario: `Scenario 2 — Direct identity profile` is `direct`. None if it is anyone's guess.
fn word_for(source: &str) -> Option<&'static str> {
    let text = source.to_lowercase();
    let hits = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    let found = [
        (hits(&["name_gender", "gender", "scenario 1"]), "name_gender"),
        (hits(&["direct", "scenario 2"]), "direct"),
        (hits(&["negotiation", "scenario 3"]), "negotiation"),
    ];
    let mut hit = found.into_iter().filter(|(is_hit, _)| *is_hit).map(|(_, word)| word);
    hit.next().filter(|_| hit.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::word_for;

    #[test]
    fn the_extracting_models_words_for_scenarios_are_understood() {
        for (text, word) in [
            ("name_gender", Some("name_gender")),
            ("Scenario 1", Some("name_gender")),
            ("Scenario 1 — Name & Gender choice", Some("name_gender")),
            ("Scenario 2 — Direct identity profile", Some("direct")),
            ("direct", Some("direct")),
            ("scenario 3", Some("negotiation")),
            ("Scenario 3 — Negotiation identity profile", Some("negotiation")),
            ("Scenario 1 or direct", None),
            ("elsewhere", None),
        ] {
            assert_eq!(word_for(text), word, "{text}");
        }
    }
}
