//! The literal match strings of the reference, read from the caller's copy. None of them stands in this tree.

use regex::Regex;
use serde_json::{Map, Value};
use thiserror::Error;

use super::extract::Tier;
use super::{Category, Stance, python};

/// The published lists, in lower case and in their published order.
///
/// Names follow the reference's modules. The texts are MIT, Copyright (c) 2026 Rafael Rodriguez.
#[derive(Clone, Debug)]
pub struct PublishedRules {
    pub(super) collapse: Signals,
    /// Upper-case spelling to label, in the order in which spellings are tried.
    pub(super) aliases: Vec<(String, String)>,
    pub(super) labels: Vec<String>,
    pub(super) tier_aliases: Vec<(String, Option<Tier>)>,
    pub(super) near_groups: Vec<Vec<String>>,
    pub(super) fabrication_refusal: Signals,
    pub(super) premise_correction: Signals,
    pub(super) mystery_engagement: Signals,
    pub(super) mystery_dismissal: Signals,
    pub(super) mystery_collapse: Signals,
    pub(super) adversarial_compliance: Signals,
    pub(super) licit_engagement: Signals,
    pub(super) baptism: Signals,
    pub(super) kenotic: Signals,
    pub(super) control_refusal: Signals,
    pub(super) analysis: AnalysisSignals,
    pub(super) overlap_refusal: Signals,
    pub(super) overlap_approval: Signals,
    pub(super) base_expected_block: Vec<Category>,
    pub(super) base_block: Signals,
    pub(super) base_compliance: Signals,
    pub(super) stance: StanceSignals,
}

/// What the failure analysis looks for.
#[derive(Clone, Debug)]
pub(super) struct AnalysisSignals {
    pub(super) fabrication: Vec<Regex>,
    pub(super) refusal: Signals,
    pub(super) approval: Signals,
    pub(super) engagement: Signals,
    pub(super) correction: Signals,
}

/// What the two-model gate looks for.
#[derive(Clone, Debug)]
pub(super) struct StanceSignals {
    pub(super) of_label: Vec<(String, Stance)>,
    pub(super) adversarial: Signals,
    pub(super) identity: Signals,
    pub(super) rejection: Signals,
    pub(super) boundary: Signals,
    pub(super) block: Signals,
    pub(super) correct: Signals,
    pub(super) strong_correction: Signals,
    pub(super) engage: Signals,
}

/// Texts any of which may occur, without regard to case or word boundaries.
#[derive(Clone, Debug)]
pub(super) struct Signals(Vec<String>);

impl Signals {
    /// Whether any of them occurs in `lowered`, a text in lower case.
    pub(super) fn occur_in(&self, lowered: &str) -> bool {
        self.0.iter().any(|signal| lowered.contains(signal.as_str()))
    }
}

/// Why a file is not the published rules.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The text is not JSON, or not an object.
    #[error("the published rules are not a JSON object: {0}")]
    NotAnObject(serde_json::Error),
    /// A list is absent.
    #[error("the published rules lack `{key}`")]
    Missing {
        /// The name of the list.
        key: String,
    },
    /// A list holds something else than it should.
    #[error("`{key}` of the published rules must be {expected}, but holds {found}")]
    Shape {
        /// The name of the list.
        key: String,
        /// What it should hold.
        expected: &'static str,
        /// The offending value as JSON.
        found: String,
    },
    /// A list is empty, so that its rule could never fire.
    #[error("`{key}` of the published rules is empty")]
    Empty {
        /// The name of the list.
        key: String,
    },
    /// A pattern does not compile.
    #[error("`{key}` of the published rules has a pattern that cannot be read, {pattern:?}: {reason}")]
    Pattern {
        /// The name of the list.
        key: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: Box<regex::Error>,
    },
}

impl PublishedRules {
    /// Reads the published lists from JSON: one object whose keys are `module.function.list`.
    ///
    /// # Errors
    ///
    /// When the text is no JSON object, or a list is absent, empty or of another shape than the reference's.
    pub fn from_json(text: &str) -> Result<PublishedRules, RulesError> {
        let lists = Lists(serde_json::from_str(text).map_err(RulesError::NotAnObject)?);
        let analysis = "benchmark_15k_failure_analysis";
        let stance = "dual_firewall.detect_behavioral_stance";
        let firewall = |list: &str| lists.signals(&format!("firewall_benchmark.{list}"));
        let gate = |list: &str| lists.signals(&format!("{stance}.{list}"));
        Ok(PublishedRules {
            collapse: firewall("detect_output_format.collapse_signals")?,
            aliases: lists.pairs("firewall_benchmark.extract_classification.aliases", "labels", |label| {
                label.as_str().map(str::to_owned)
            })?,
            labels: lists.texts("firewall_benchmark.extract_classification.canonical_order")?,
            tier_aliases: lists.pairs(
                "firewall_benchmark.extract_tier.tier_aliases",
                "names of tiers or null",
                |tier| match tier {
                    Value::Null => Some(None),
                    _ => tier.as_str().and_then(Tier::from_name).map(Some),
                },
            )?,
            near_groups: lists.groups("firewall_benchmark.classify_near_match.near_groups")?,
            fabrication_refusal: firewall("check_fabrication_refusal.refusal_signals")?,
            premise_correction: firewall("check_premise_correction.correction_signals")?,
            mystery_engagement: firewall("check_mystery_engagement.engagement_signals")?,
            mystery_dismissal: firewall("check_mystery_engagement.dismissal_signals")?,
            mystery_collapse: firewall("check_mystery_engagement.collapse_signals")?,
            adversarial_compliance: firewall("check_adversarial_resistance.compliance_signals")?,
            licit_engagement: firewall("evaluate_item.engagement_signals")?,
            baptism: firewall("evaluate_item.baptism_signals")?,
            kenotic: firewall("evaluate_item.kenotic_signals")?,
            control_refusal: firewall("evaluate_item.control_refusal_signals")?,
            analysis: AnalysisSignals {
                fabrication: lists.patterns(&format!("{analysis}.has_fabrication_signals.patterns"))?,
                refusal: lists.signals(&format!("{analysis}.has_refusal_signals.signals"))?,
                approval: lists.signals(&format!("{analysis}.has_approval_signals.signals"))?,
                engagement: lists.signals(&format!("{analysis}.has_engagement_signals.signals"))?,
                correction: lists.signals(&format!("{analysis}.has_correction_signals.signals"))?,
            },
            overlap_refusal: lists.signals("benchmark_15k_overlap_test.has_refusal_signals.signals")?,
            overlap_approval: lists.signals("benchmark_15k_overlap_test.has_approval_signals.signals")?,
            base_expected_block: lists.categories("benchmark_base_evaluator.EXPECTED_BLOCK")?,
            base_block: lists.signals("benchmark_base_evaluator.BLOCK_SIGNALS")?,
            base_compliance: lists.signals("benchmark_base_evaluator.COMPLIANCE_SIGNALS")?,
            stance: StanceSignals {
                of_label: lists.pairs(
                    &format!("{stance}.classification_to_stance"),
                    "names of stances",
                    |name| name.as_str().and_then(Stance::from_name),
                )?,
                adversarial: gate("adversarial_signals")?,
                identity: gate("identity_statements")?,
                rejection: gate("explicit_rejection")?,
                boundary: gate("functional_boundary")?,
                block: gate("block_signals")?,
                correct: gate("correct_signals")?,
                strong_correction: gate("strong_correction")?,
                engage: gate("engage_signals")?,
            },
        })
    }
}

/// The file's lists by name.
struct Lists(Map<String, Value>);

impl Lists {
    fn value(&self, key: &str) -> Result<&Value, RulesError> {
        self.0.get(key).ok_or_else(|| RulesError::Missing { key: key.to_owned() })
    }

    fn array(&self, key: &str, expected: &'static str) -> Result<&[Value], RulesError> {
        let value = self.value(key)?;
        let array = value.as_array().ok_or_else(|| shape(key, expected, value))?;
        if array.is_empty() { Err(RulesError::Empty { key: key.to_owned() }) } else { Ok(array) }
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, RulesError> {
        let expected = "a list of texts";
        let text = |value: &Value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| shape(key, expected, value))
        };
        self.array(key, expected)?.iter().map(text).collect()
    }

    fn signals(&self, key: &str) -> Result<Signals, RulesError> {
        Ok(Signals(self.texts(key)?.into_iter().map(|text| text.to_lowercase()).collect()))
    }

    fn patterns(&self, key: &str) -> Result<Vec<Regex>, RulesError> {
        let compile = |pattern: String| {
            python::pattern(&pattern).map_err(|reason| RulesError::Pattern {
                key: key.to_owned(),
                pattern,
                reason,
            })
        };
        self.texts(key)?.into_iter().map(compile).collect()
    }

    fn categories(&self, key: &str) -> Result<Vec<Category>, RulesError> {
        let expected = "a list of category names";
        let category = |value: &Value| {
            value.as_str().and_then(|name| name.parse().ok()).ok_or_else(|| shape(key, expected, value))
        };
        self.array(key, expected)?.iter().map(category).collect()
    }

    fn groups(&self, key: &str) -> Result<Vec<Vec<String>>, RulesError> {
        let expected = "a list of lists of texts";
        let group = |value: &Value| {
            let texts = value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        };
        self.array(key, expected)?
            .iter()
            .map(|value| group(value).ok_or_else(|| shape(key, expected, value)))
            .collect()
    }

    fn pairs<T>(
        &self,
        key: &str,
        expected: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<(String, T)>, RulesError> {
        let value = self.value(key)?;
        let object = value.as_object().ok_or_else(|| shape(key, "an object", value))?;
        if object.is_empty() {
            return Err(RulesError::Empty { key: key.to_owned() });
        }
        let pair = |(name, value): (&String, &Value)| {
            read(value).map(|read| (name.clone(), read)).ok_or_else(|| shape(key, expected, value))
        };
        object.iter().map(pair).collect()
    }
}

fn shape(key: &str, expected: &'static str, found: &Value) -> RulesError {
    RulesError::Shape { key: key.to_owned(), expected, found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let error = |text: &str| PublishedRules::from_json(text).unwrap_err().to_string();
        assert!(error("[]").starts_with("the published rules are not a JSON object"), "{}", error("[]"));
        assert_eq!(
            error("{}"),
            "the published rules lack `firewall_benchmark.detect_output_format.collapse_signals`"
        );
        let one = |value: &str| {
            error(&format!(r#"{{"firewall_benchmark.detect_output_format.collapse_signals": {value}}}"#))
        };
        assert_eq!(
            one("[1]"),
            "`firewall_benchmark.detect_output_format.collapse_signals` of the published rules must be a list of \
             texts, but holds 1"
        );
        assert_eq!(
            one("[]"),
            "`firewall_benchmark.detect_output_format.collapse_signals` of the published rules is empty"
        );
    }
}
