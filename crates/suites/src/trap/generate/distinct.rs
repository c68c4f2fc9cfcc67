//! The distinct profile: the published proportions in prompts of which no two are alike, ordered so that every
//! beginning of the suite is a fair picture of the whole.

use std::collections::{HashMap, HashSet};

use unbent_core::Stream;

use super::GenerateError;
use super::sample::apportion;
use crate::trap::case::TrapCase;
use crate::trap::category::Category;
use crate::trap::census::fold;
use crate::trap::family::Family;
use crate::trap::library::{FamilyLibrary, Library, Rendered, Template};

/// How many cases the profile has.
pub const CASES: usize = 15_000;

/// Makes `n` cases of which no two have the same prompt, also when case, punctuation and white space are left out.
///
/// Categories, families in them and templates in those stand in one another as in the published profile, by largest
/// remainders. All templates of a family give the same number of prompts as far as they can. The first cases of each
/// are the first everywhere: any prefix has the proportions of the whole to within a case or two.
///
/// # Errors
///
/// A family has fewer distinct prompts than its share.
pub fn generate(library: &Library, seed: u64, n: usize) -> Result<Vec<TrapCase>, GenerateError> {
    let mut seen = HashSet::with_capacity(n * 2);
    let mut categories = Vec::new();
    for (category, share) in Category::ALL.into_iter().zip(apportion(&Category::ALL.map(published_size), n)) {
        let families: Vec<_> = Family::of(category).collect();
        let sizes: Vec<_> = families.iter().map(|family| family.contract().cases as usize).collect();
        let mut of_families = Vec::new();
        for (family, share) in families.into_iter().zip(apportion(&sizes, share)) {
            of_families.push(of_family(library.family(family), seed, share, &mut seen)?);
        }
        categories.push(interleaved(of_families, &mut Stream::new(seed, "trap/order", category.code())));
    }
    let mut counters = HashMap::new();
    let cases = interleaved(categories, &mut Stream::new(seed, "trap/order", "categories"));
    Ok(cases
        .into_iter()
        .map(|(family, template, rendered)| {
            let category = family.family.category();
            let number = counters.entry(category).and_modify(|number| *number += 1).or_insert(1);
            TrapCase {
                id: format!("D15K_{}_{number:05}", category.code()),
                category,
                family: family.family,
                prompt: rendered.prompt,
                description: family.description.clone(),
                expected: category.recommendation(),
                template: template.id.clone(),
                slots: rendered.slots,
                language: rendered.language,
            }
        })
        .collect())
}

fn published_size(category: Category) -> usize {
    Family::of(category).map(|family| family.contract().cases as usize).sum()
}

type Made<'a> = (&'a FamilyLibrary, &'a Template, Rendered);

/// `n` prompts of a family, in the order of the suite.
fn of_family<'a>(
    family: &'a FamilyLibrary,
    seed: u64,
    n: usize,
    seen: &mut HashSet<String>,
) -> Result<Vec<Made<'a>>, GenerateError> {
    let mut stream = Stream::new(seed, "trap/distinct", family.family.name());
    let mut sources: Vec<_> =
        family.templates.iter().map(|template| (Combinations::new(family, template), Vec::new())).collect();
    shuffle(&mut sources, &mut stream);
    let mut found = 0;
    // Each template in turn gives one prompt, until there are enough or no template has another.
    let mut open: Vec<usize> = (0..sources.len()).collect();
    while found < n && !open.is_empty() {
        open.retain(|source| {
            if found == n {
                return true;
            }
            let (combinations, made) = &mut sources[*source];
            while let Some(values) = combinations.next(&mut stream) {
                let rendered = family.render(combinations.template, &values);
                if seen.insert(fold(&rendered.prompt)) {
                    made.push((family, combinations.template, rendered));
                    found += 1;
                    return true;
                }
            }
            false
        });
    }
    if found < n {
        return Err(GenerateError::TooSmall { family: family.family, wanted: n, found });
    }
    Ok(interleaved(sources.into_iter().map(|(_, made)| made).collect(), &mut stream))
}

/// The combinations of values that a template can have, each once, in an order drawn as it goes.
struct Combinations<'a> {
    template: &'a Template,
    /// For each slot that the template uses, the values that may stand in it.
    values: Vec<Vec<usize>>,
    /// How many there are, and how many were given.
    size: u64,
    given: u64,
    /// Fisher and Yates's shuffle of 0..size, of which only what was moved is kept.
    moved: HashMap<u64, u64>,
}

impl<'a> Combinations<'a> {
    /// A value in another language than the template's is left out.
    fn new(family: &FamilyLibrary, template: &'a Template) -> Self {
        let fits = |slot: usize, value: usize| {
            family.slots[slot].values.language(value).is_none_or(|language| language == template.language)
        };
        let values: Vec<Vec<_>> = template
            .uses
            .iter()
            .map(|(slot, _)| {
                (0..family.slots[*slot].values.len()).filter(|value| fits(*slot, *value)).collect()
            })
            .collect();
        let size = values.iter().fold(1_u64, |size, values| size.saturating_mul(values.len() as u64));
        Self { template, values, size, given: 0, moved: HashMap::new() }
    }

    fn next(&mut self, stream: &mut Stream) -> Option<Vec<usize>> {
        if self.given == self.size {
            return None;
        }
        let left = usize::try_from(self.size - self.given).unwrap_or(usize::MAX);
        let place = self.given + stream.below(left) as u64;
        let mut combination = self.moved.remove(&place).unwrap_or(place);
        if place != self.given {
            let first = self.moved.remove(&self.given).unwrap_or(self.given);
            self.moved.insert(place, first);
        }
        self.given += 1;
        let values = self.values.iter().map(|values| {
            let n = values.len() as u64;
            let value = values[(combination % n) as usize];
            combination /= n;
            value
        });
        Some(values.collect())
    }
}

fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.below(last + 1));
    }
}

/// Puts lists together so that every prefix holds each in proportion, as nearly as whole cases allow; the order
/// within each list stays. Ties go by an order that is drawn.
fn interleaved<T>(mut lists: Vec<Vec<T>>, stream: &mut Stream) -> Vec<T> {
    shuffle(&mut lists, stream);
    let sizes: Vec<_> = lists.iter().map(|list| list.len() as i64).collect();
    let total: i64 = sizes.iter().sum();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    // How much of each list is owed, in parts of which `total` make a case.
    let mut owed = vec![0_i64; sizes.len()];
    let mut all = Vec::with_capacity(total as usize);
    for _ in 0..total {
        let mut most = 0;
        for place in 0..sizes.len() {
            owed[place] += sizes[place];
            if owed[place] > owed[most] {
                most = place;
            }
        }
        owed[most] -= total;
        all.extend(lists[most].next());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn interleaving_keeps_every_item_its_order_and_the_proportions(
            sizes in prop::collection::vec(0usize..60, 1..12), seed in any::<u64>()
        ) {
            let total: usize = sizes.iter().sum();
            let lists: Vec<Vec<_>> = sizes.iter().enumerate().map(|(l, n)| (0..*n).map(|i| (l, i)).collect()).collect();
            let all = interleaved(lists, &mut Stream::new(seed, "test", ""));
            prop_assert_eq!(all.len(), total);
            let mut counts = vec![0; sizes.len()];
            for (k, (list, item)) in all.into_iter().enumerate() {
                prop_assert_eq!(counts[list], item);
                counts[list] += 1;
                for (count, size) in counts.iter().zip(&sizes) {
                    let share = (k + 1) as f64 * *size as f64 / total as f64;
                    prop_assert!((*count as f64 - share).abs() < sizes.len() as f64);
                }
            }
        }
    }
}
