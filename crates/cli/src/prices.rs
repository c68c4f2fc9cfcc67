//! What models cost by the companies' lists: the table that the program carries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use unbent_core::{ModelRef, Price};

#[derive(Debug, Deserialize)]
struct Table {
    version: String,
    #[serde(flatten)]
    companies: BTreeMap<String, Company>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Company {
    source: String,
    models: BTreeMap<String, Price>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../prices.toml")).expect("the table is tested"));

/// A price and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListPrice {
    pub(crate) price: Price,
    /// The version of the table, and the page to compare it with.
    pub(crate) source: String,
}

/// The list price of a model at the company that makes it; a snapshot has the price of its model.
pub(crate) fn list_price(reference: &ModelRef) -> Option<ListPrice> {
    let price = |company: &str, model: &str| {
        let company = TABLE.companies.get(company)?;
        let price = *company.models.get(model).or_else(|| company.models.get(without_snapshot(model)))?;
        let source = format!("price list {}, not checked against {}", TABLE.version, company.source);
        Some(ListPrice { price, source })
    };
    match reference.provider.as_str() {
        // A router passes on what the company asks, under names of its own.
        "openrouter" => {
            let (company, model) = reference.model.split_once('/')?;
            let model = model.split(':').next().unwrap_or(model);
            if company == "anthropic" {
                price(company, &model.replace('.', "-"))
            } else {
                price(company, model)
            }
        }
        company => price(company, &reference.model),
    }
}

/// The name of a model without the date of a snapshot: `-20251001`, `-2025-10-01`, `-latest`.
fn without_snapshot(model: &str) -> &str {
    if let Some(name) = model.strip_suffix("-latest") {
        return name;
    }
    let shape: Vec<_> = model.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    for date in [&b"-0000-00-00"[..], b"-00000000"] {
        if shape.ends_with(date) {
            return &model[..model.len() - date.len()];
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::{TABLE, list_price};

    fn input(reference: &str) -> Option<f64> {
        list_price(&reference.parse().unwrap()).map(|list| list.price.input)
    }

    #[test]
    fn every_price_of_the_table_makes_sense() {
        assert!(TABLE.companies.len() >= 3);
        for (company, prices) in &TABLE.companies {
            assert!(prices.source.starts_with("https://"), "{company}");
            for (model, price) in &prices.models {
                let cheaper = price.cached_input.is_none_or(|cached| cached > 0.0 && cached < price.input);
                let dearer = price.cache_write.is_none_or(|write| write > price.input);
                assert!(price.input > 0.0 && price.output > price.input && cheaper && dearer, "{model}");
            }
        }
    }

    #[test]
    fn a_model_is_found_by_its_name_its_snapshots_and_through_a_router() {
        let known = input("anthropic/claude-haiku-4-5");
        assert!(known.is_some());
        assert_eq!(input("anthropic/claude-haiku-4-5-20251001"), known);
        assert_eq!(input("openrouter/anthropic/claude-haiku-4.5:exacto+anthropic"), known);
        assert_eq!(input("openai/gpt-4.1-mini-2025-04-14"), input("openai/gpt-4.1-mini"));
        assert_eq!(input("openai/gpt-4.1-maxi"), None);
        assert_eq!(input("openai-compatible/gpt-4.1"), None);
    }
}
