//! What a set of cases holds: counts, duplicates, and how many independent prompts it is worth.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unbent_report::{Cell, Column, Table};

use super::case::{Language, TrapCase};
use super::category::{Category, Names};
use super::family::Family;

/// The text without case, punctuation and white space: two prompts that fold to the same are no two prompts.
///
/// A text of nothing but signs, which would fold to nothing, stays as it is.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(c.to_lowercase());
        }
    }
    if folded.is_empty() { text.to_owned() } else { folded }
}

/// The counts of a set of cases, or of a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// Cases.
    pub cases: usize,
    /// Prompts, each counted once.
    pub distinct: usize,
    /// Prompts that differ in more than case, punctuation and white space.
    pub distinct_folded: usize,
    /// How often the most frequent prompt stands.
    pub most_repeats: usize,
    /// Kish's effective size if equal prompts get equal answers: n² / Σ m², over prompts that stand m times.
    pub effective: f64,
    /// Templates.
    pub templates: usize,
    /// The same effective size over templates: the floor if answers depended on the template only.
    pub effective_by_template: f64,
    /// The share of the cases that the most frequent template makes.
    pub largest_template_share: f64,
    /// Cases by language.
    pub languages: BTreeMap<Language, usize>,
}

impl Count {
    fn of<'a>(cases: impl Iterator<Item = &'a TrapCase>) -> Self {
        let (mut prompts, mut templates) = (HashMap::new(), HashMap::new());
        let mut languages = BTreeMap::new();
        let mut n = 0;
        for case in cases {
            n += 1;
            *prompts.entry(case.prompt.as_str()).or_insert(0) += 1;
            *templates.entry(&*case.template).or_insert(0) += 1;
            *languages.entry(case.language).or_insert(0) += 1;
        }
        let folded: BTreeSet<_> = prompts.keys().map(|prompt| fold(prompt)).collect();
        let largest = |counts: &HashMap<&str, usize>| counts.values().copied().max().unwrap_or(0);
        Self {
            cases: n,
            distinct: prompts.len(),
            distinct_folded: folded.len(),
            most_repeats: largest(&prompts),
            effective: effective(&prompts),
            templates: templates.len(),
            effective_by_template: effective(&templates),
            largest_template_share: if n == 0 { 0.0 } else { largest(&templates) as f64 / n as f64 },
            languages,
        }
    }
}

/// Kish (1965): the size of a sample of equal weight that is worth as much as one in which clusters answer as one.
fn effective(counts: &HashMap<&str, usize>) -> f64 {
    let (sum, squares) =
        counts.values().fold((0.0, 0.0), |(sum, squares), m| (sum + *m as f64, squares + (*m * *m) as f64));
    if squares == 0.0 { 0.0 } else { sum * sum / squares }
}

/// The counts of a set of cases, by category and family.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// By category, in order, with its families; those that have no case are left out.
    pub categories: Vec<(Category, Count, Vec<(Family, Count)>)>,
    /// Of all.
    pub all: Count,
}

impl Census {
    /// Counts.
    pub fn of(cases: &[TrapCase]) -> Self {
        let is_there = |count: &Count| count.cases > 0;
        let categories = Category::ALL
            .into_iter()
            .filter_map(|category| {
                let count = Count::of(cases.iter().filter(|case| case.category == category));
                let families = Family::of(category)
                    .map(|family| (family, Count::of(cases.iter().filter(|case| case.family == family))))
                    .filter(|(_, count)| is_there(count))
                    .collect();
                is_there(&count).then_some((category, count, families))
            })
            .collect();
        Self { categories, all: Count::of(cases.iter()) }
    }

    /// The counts as a table: a row for each category, below it one for each family where it has several, and the sum.
    pub fn table(&self, names: Names) -> Table {
        let columns = vec![
            Column::text("part", "Part"),
            Column::number("cases", "Cases"),
            Column::number("distinct", "Distinct"),
            Column::number("distinct_folded", "Folded"),
            Column::number("most_repeats", "Most repeats"),
            Column::number("effective", "Effective n"),
            Column::number("templates", "Templates"),
            Column::number("effective_by_template", "… by template"),
            Column::number("largest_template_share", "Largest, %"),
            Column::number("spanish", "Spanish"),
        ];
        let mut table = Table::new("Cases", columns);
        for (category, count, families) in &self.categories {
            table.rows.push(row(category.name(names), count));
            if families.len() > 1 {
                table.rows.extend(families.iter().map(|(family, count)| {
                    row(&format!("· {}", family.subcategory().unwrap_or(family.name())), count)
                }));
            }
        }
        table.rows.push(row("all", &self.all));
        table
    }
}

fn row(part: &str, count: &Count) -> Vec<Cell> {
    let whole = |n: usize| Cell::number(Some(n as f64), 0);
    let spanish: usize =
        count.languages.iter().filter(|(language, _)| **language != Language::English).map(|(_, n)| n).sum();
    vec![
        Cell::Text(part.to_owned()),
        whole(count.cases),
        whole(count.distinct),
        whole(count.distinct_folded),
        whole(count.most_repeats),
        Cell::number(Some(count.effective), 0),
        whole(count.templates),
        Cell::number(Some(count.effective_by_template), 0),
        Cell::number(Some(100.0 * count.largest_template_share), 1),
        whole(spanish),
    ]
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_leaves_letters_and_digits() {
        assert_eq!(fold("¿Qué  es «Eso», 42?"), "quéeseso42");
        assert_eq!(fold(".- -..."), ".- -...");
    }
}
