//! What a set of cases holds: counts, duplicates, and how many independent prompts it is worth.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use unbent_report::{Cell, Column, Table};

use super::case::{Language, TrapCase};
use super::category::{Category, Names};
use super::family::Family;

/// The text without case, punctuation and white space: two prompts that fold to the same are no two prompts.
///
/// A text of nothing but signs, which would fold to nothing, stays as it is.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        for byte in text.bytes().filter(u8::is_ascii_alphanumeric) {
            folded.push(char::from(byte.to_ascii_lowercase()));
        }
    } else {
        folded.extend(text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase));
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

/// A case with its texts as numbers: equal texts have equal numbers.
struct Numbered<'a> {
    case: &'a TrapCase,
    prompt: usize,
    folded: usize,
    template: usize,
}

/// Gives every text a number, in the order of first sight.
struct Numbers<K>(HashMap<K, usize>);

impl<K: Hash + Eq> Numbers<K> {
    fn with_room(texts: usize) -> Self {
        Self(HashMap::with_capacity(texts))
    }

    fn of(&mut self, text: K) -> usize {
        let next = self.0.len();
        *self.0.entry(text).or_insert(next)
    }
}

fn numbered(cases: &[TrapCase]) -> Vec<Numbered<'_>> {
    let (mut prompts, mut templates) =
        (Numbers::<&str>::with_room(cases.len()), Numbers::<&str>::with_room(0));
    let mut folds = Numbers::<String>::with_room(cases.len());
    let mut fold_of_prompt = Vec::new();
    let number = |case| {
        let case: &TrapCase = case;
        let prompt = prompts.of(&case.prompt);
        if prompt == fold_of_prompt.len() {
            fold_of_prompt.push(folds.of(fold(&case.prompt)));
        }
        Numbered { case, prompt, folded: fold_of_prompt[prompt], template: templates.of(&case.template) }
    };
    cases.iter().map(number).collect()
}

impl Count {
    fn of(cases: &[&Numbered<'_>]) -> Self {
        let prompts = tally(cases, |case| case.prompt);
        let templates = tally(cases, |case| case.template);
        let folded = tally(cases, |case| case.folded);
        let mut languages = BTreeMap::new();
        for case in cases {
            *languages.entry(case.case.language).or_insert(0) += 1;
        }
        let largest_template = templates.iter().copied().max().unwrap_or(0);
        Self {
            cases: cases.len(),
            distinct: prompts.len(),
            distinct_folded: folded.len(),
            most_repeats: prompts.iter().copied().max().unwrap_or(0),
            effective: effective(&prompts),
            templates: templates.len(),
            effective_by_template: effective(&templates),
            largest_template_share: if cases.is_empty() {
                0.0
            } else {
                largest_template as f64 / cases.len() as f64
            },
            languages,
        }
    }
}

/// How often each number that occurs does so.
fn tally(cases: &[&Numbered<'_>], number: impl Fn(&Numbered<'_>) -> usize) -> Vec<usize> {
    let highest = cases.iter().map(|case| number(case)).max().unwrap_or(0);
    let mut counts = vec![0; highest + 1];
    for case in cases {
        counts[number(case)] += 1;
    }
    counts.retain(|count| *count > 0);
    counts
}

/// Kish (1965): the size of a sample of equal weight that is worth as much as one in which clusters answer as one.
fn effective(counts: &[usize]) -> f64 {
    let (sum, squares) =
        counts.iter().fold((0.0, 0.0), |(sum, squares), m| (sum + *m as f64, squares + (m * m) as f64));
    if squares == 0.0 { 0.0 } else { sum * sum / squares }
}

/// The counts of a category.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryCount {
    /// The category.
    pub category: Category,
    /// Of all its cases.
    pub count: Count,
    /// Of its families, in order; those that have no case are left out.
    pub families: Vec<(Family, Count)>,
}

/// The counts of a set of cases, by category and family.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// By category, in order; those that have no case are left out.
    pub categories: Vec<CategoryCount>,
    /// Of all.
    pub all: Count,
}

impl Census {
    /// Counts.
    pub fn of(cases: &[TrapCase]) -> Self {
        let numbered = numbered(cases);
        let all: Vec<_> = numbered.iter().collect();
        let part = |holds: &dyn Fn(&TrapCase) -> bool| {
            let part: Vec<_> = all.iter().copied().filter(|numbered| holds(numbered.case)).collect();
            (!part.is_empty()).then(|| Count::of(&part))
        };
        let categories = Category::ALL
            .into_iter()
            .filter_map(|category| {
                let count = part(&|case| case.category == category)?;
                let families = Family::of(category)
                    .filter_map(|family| Some((family, part(&|case| case.family == family)?)))
                    .collect();
                Some(CategoryCount { category, count, families })
            })
            .collect();
        Self { categories, all: Count::of(&all) }
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
        for CategoryCount { category, count, families } in &self.categories {
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
