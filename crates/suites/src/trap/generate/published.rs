//! The published profile: the reference's draws, bit for bit.
//!
//! What is drawn depends on the contract of the families only; texts come in when the draws are rendered.

use std::num::NonZeroU32;

use unbent_stats::PythonRandom;

use crate::trap::case::TrapCase;
use crate::trap::category::Category;
use crate::trap::family::{Family, Way};
use crate::trap::library::Library;

/// What was drawn for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The family.
    pub family: Family,
    /// Its number within the category, from 1.
    pub number: u32,
    /// The place of its template.
    pub template: u32,
    /// The place of a value for each slot of the contract, used by the template or not.
    pub values: Vec<u32>,
}

impl Drawn {
    /// The id that the reference gives it.
    pub fn id(&self) -> String {
        format!("M15K_{}_{:05}", self.family.category().code(), self.number)
    }

    /// What the reference drew for it: lengths of lists, and places in them. Empty where it draws nothing.
    pub fn trace(&self) -> Vec<(u32, u32)> {
        let contract = self.family.contract();
        if contract.way != Way::Drawn {
            return Vec::new();
        }
        let lengths = contract.draws.iter().map(|draw| draw.length);
        let values = self.values.iter().copied();
        std::iter::once((contract.templates, self.template)).chain(lengths.zip(values)).collect()
    }
}

/// Cases whose order the reference mixes after they are put together.
const BLOCK: usize = 200;

/// Draws all cases, in the reference's order.
///
/// The stream of Python's `random` runs through: families in order, each case's draws in the contract's order, then
/// the shuffles of attacks, of gaps, of mysteries and of controls where they fall, and last the blocks of 200.
pub fn draw(seed: u64) -> Vec<Drawn> {
    let mut random = PythonRandom::new(seed);
    let mut all = Vec::new();
    for category in Category::ALL {
        let start = all.len();
        let mut number = 0;
        for family in Family::of(category) {
            draw_family(family, &mut number, &mut random, &mut all);
        }
        let is_shuffled = match category {
            Category::Adversarial | Category::HarmfulRefusal | Category::IrreducibleUncertainty => true,
            Category::ErrorCorrection
            | Category::IdentityIntegrity
            | Category::SafePassage
            | Category::EpistemicHumility
            | Category::Control => false,
        };
        if is_shuffled {
            random.shuffle(&mut all[start..]);
        }
    }
    for block in all.chunks_mut(BLOCK) {
        random.shuffle(block);
    }
    all
}

fn draw_family(family: Family, number: &mut u32, random: &mut PythonRandom, all: &mut Vec<Drawn>) {
    let contract = family.contract();
    let mut push = |template, values| {
        *number += 1;
        all.push(Drawn { family, number: *number, template, values });
    };
    match contract.way {
        Way::Drawn => {
            let lengths: Vec<_> = contract.draws.iter().map(|draw| at_least_one(draw.length)).collect();
            for _ in 0..contract.cases {
                let template = random.below(at_least_one(contract.templates));
                push(template, lengths.iter().map(|length| random.below(*length)).collect());
            }
        }
        Way::Crossed => {
            let length = contract.draws[0].length;
            for n in 0..contract.cases {
                push(n / length, vec![n % length]);
            }
        }
        // The reference mixes the questions and numbers them then.
        Way::Each => {
            let mut order: Vec<u32> = (0..contract.templates).collect();
            random.shuffle(&mut order);
            order.into_iter().take(contract.cases as usize).for_each(|template| push(template, Vec::new()));
        }
    }
}

fn at_least_one(length: u32) -> NonZeroU32 {
    NonZeroU32::new(length).expect("no list of the contract is empty")
}

/// Makes the cases of the published profile, in the reference's order.
pub fn generate(library: &Library, seed: u64) -> Vec<TrapCase> {
    draw(seed).iter().map(|drawn| render(library, drawn)).collect()
}

fn render(library: &Library, drawn: &Drawn) -> TrapCase {
    let texts = library.family(drawn.family);
    let template = &texts.templates[drawn.template as usize];
    let values: Vec<_> = template.uses.iter().map(|(slot, _)| drawn.values[*slot] as usize).collect();
    let rendered = texts.render(template, &values);
    let category = drawn.family.category();
    TrapCase {
        id: drawn.id(),
        category,
        family: drawn.family,
        prompt: rendered.prompt,
        description: texts.description.clone(),
        expected: category.recommendation(),
        template: template.id.clone(),
        slots: rendered.slots,
        language: rendered.language,
    }
}
