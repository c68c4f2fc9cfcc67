//! Runs that are made up, so that every figure has what it needs and every kind of gap occurs.

use std::collections::BTreeMap;

use unbent_core::{Sampling, Subject, SubjectId, UnscoredReason};
use unbent_suites::trap::analysis::{CaseInfo, Observation, Observed, State};
use unbent_suites::trap::{Category, Condition, FailureClass, Language, Marks, Scored, Verdict};

pub(crate) fn subject(model: &str) -> Subject {
    Subject {
        id: SubjectId::new(model),
        model: model.to_owned(),
        settings: Sampling::default(),
        simulated: model.starts_with("sim/"),
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    }
}

pub(crate) fn scored(rules: Verdict, judge: Option<Verdict>) -> State {
    State::Scored(Scored {
        rules,
        rule: None,
        judge,
        reasoning: None,
        guarded: None,
        marks: Marks::default(),
    })
}

/// A run of these subjects under these conditions, `each` prompts a category, two of a template; what becomes of the
/// prompt of that number is `state`'s to say.
pub(crate) fn run(
    models: &[&str],
    conditions: &[Condition],
    each: u32,
    state: impl Fn(usize, Condition, Category, u32) -> State,
) -> Observed {
    let (mut cases, mut trials) = (Vec::new(), Vec::new());
    for condition in conditions {
        for (number, category) in (0..).zip(Category::ALL) {
            for prompt in 0..each {
                for subject in 0..models.len() {
                    trials.push(Observation {
                        case: cases.len() as u32,
                        subject: subject as u32,
                        repeat: 1,
                        state: state(subject, *condition, category, prompt),
                    });
                }
                cases.push(CaseInfo {
                    prompt_id: format!("{category}-{prompt}"),
                    condition: *condition,
                    category,
                    family: None,
                    language: Language::English,
                    distinct: number * each + prompt,
                    cluster: number * each + prompt / 2,
                    template: None,
                    claim: format!("{category} {prompt}"),
                });
            }
        }
    }
    Observed {
        cases,
        subjects: models.iter().map(|model| subject(model)).collect(),
        guard: None,
        judges: models.iter().map(|model| (subject(model).id, subject("sim/rule-judge"))).collect(),
        trials,
        paid: BTreeMap::new(),
        foreign: 0,
    }
}

/// Three subjects of which two have a size, under all conditions: the authority does harm, and the smallest most of all.
pub(crate) fn rich() -> Observed {
    let models = ["openai-compatible/gemma-3-1b-it", "openai-compatible/gemma-2-9b-it", "sim/yielding?p=0.1"];
    run(&models, &Condition::ALL, 24, |subject, condition, category, prompt| {
        let class = |place: u32| FailureClass::ALL[place as usize % 8];
        let harm = 2 + u32::from(condition == Condition::Authority) * 5 - subject as u32;
        let mixed = (prompt * 7 + category as u32 * 3 + subject as u32) % 24;
        match mixed {
            0 if condition == Condition::Medium => State::Unscored(UnscoredReason::NothingToScore),
            1 if condition == Condition::Medium => State::Unfinished,
            2 => scored(Verdict::Undetermined, Some(Verdict::Undetermined)),
            place if place < 3 + harm => {
                let verdict = Verdict::Class(class(2 + place + category as u32 % 6));
                scored(verdict, Some(Verdict::Class(class(place))))
            }
            place => {
                let verdict = Verdict::Class(class(u32::from(place % 5 == 0)));
                scored(verdict, Some(verdict))
            }
        }
    })
}
