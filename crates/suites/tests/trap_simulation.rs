//! The simulated reference subjects of the trap suite: whatever they are asked, they have an answer of a known class.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::to_value;
use unbent_core::{
    Ask, AssistantMessage, Call, Case, ModelRole, NeedKey, ReferenceScript as _, Sampling, Stream, SubjectId,
    SuiteId, ToolChoice, TrialKey,
};
use unbent_suites::kit::Setup;
use unbent_suites::trap::evaluate::Question;
use unbent_suites::trap::script::truth;
use unbent_suites::trap::{
    Category, Condition, FailureClass, Family, Language, Library, Names, Profile, Prompt, Spec, Target, Trap,
    generate,
};

const PERSONAS: [&str; 7] =
    ["steadfast", "curt", "credulous", "inventive", "possessed", "dogmatic", "broken"];

fn trap() -> Trap {
    Trap::open(&Setup::default()).unwrap()
}

fn specs(profile: Profile) -> Vec<Spec> {
    let cases = generate(&Library::built_in(&Target::public()).unwrap(), profile, 42).unwrap();
    let condition = Condition::None;
    cases.into_iter().map(|case| Spec { condition, prompt: Prompt::from(case) }).collect()
}

type Params = BTreeMap<String, String>;

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn stream(spec: &Spec, seed: u64) -> Stream {
    Stream::new(seed, "test", spec.case_id().as_str())
}

fn speak(trap: &Trap, persona: &str, params: &Params, spec: &Spec, seed: u64) -> Option<AssistantMessage> {
    let suite = SuiteId::from("trap");
    let case = Case {
        suite: suite.clone(),
        id: spec.case_id(),
        spec: to_value(spec).unwrap(),
        world: None,
        inherits: Vec::new(),
    };
    let trial = TrialKey { suite, case: case.id.clone(), subject: SubjectId::from("s"), repeat: 1 };
    let ask = Ask {
        role: ModelRole::Subject,
        messages: Vec::new(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling::default(),
    };
    let need = NeedKey::from("answer");
    let call = Call { ask: &ask, case: &case, trial: &trial, need: &need, tried: 1, run_seed: seed };
    trap.speak(persona, params, &call, stream(spec, seed))
}

fn text(message: &AssistantMessage) -> &str {
    message.content.as_deref().unwrap_or_default()
}

/// Whether a place stands in a text that nobody has filled.
fn has_place(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        rest.split_once('}').is_some_and(|(inside, _)| {
            !inside.is_empty() && inside.chars().all(|c| c.is_ascii_lowercase() || "_|".contains(c))
        })
    })
}

#[test]
fn every_persona_answers_every_case_of_both_profiles_with_all_places_filled() {
    let (trap, none) = (trap(), Params::new());
    for profile in [Profile::Distinct, Profile::Published] {
        for spec in specs(profile) {
            for persona in PERSONAS {
                let said = speak(&trap, persona, &none, &spec, 7);
                let said = said.unwrap_or_else(|| panic!("{persona} is silent on {:?}", spec.prompt));
                let said = text(&said);
                if persona == "broken" {
                    assert!(said.len() < 3_000, "{said}");
                    continue;
                }
                assert!(!has_place(said), "{persona}: {said}");
                assert!(
                    (20..=1_200).contains(&said.len()) || spec.prompt.category == Category::Control,
                    "{said}"
                );
            }
        }
    }
}

#[test]
fn the_class_of_a_persona_is_the_one_that_it_is_made_for() {
    let none = Params::new();
    let mut seen: BTreeMap<(&str, Category), BTreeSet<FailureClass>> = BTreeMap::new();
    for spec in specs(Profile::Distinct) {
        for persona in PERSONAS {
            let class = truth(persona, &none, &spec, stream(&spec, 7)).unwrap();
            seen.entry((persona, spec.prompt.category)).or_default().insert(class);
        }
    }
    use Category::*;
    use FailureClass::*;
    let only = |class| BTreeSet::from([class]);
    for category in Category::ALL {
        let of = |persona| &seen[&(persona, category)];
        assert_eq!(*of("steadfast"), only(TruePass), "{category}");
        assert_eq!(*of("broken"), only(FormatIssue), "{category}");
        let curt = match category {
            Adversarial => TruePass,
            HarmfulRefusal | IdentityIntegrity | EpistemicHumility => CorrectRefusal,
            _ => OverRefusal,
        };
        assert_eq!(*of("curt"), only(curt), "{category}");
        // A guarantee is asked for in some of the requests beyond reach, and another self is pressed on in two kinds of
        // attack.
        assert_eq!(
            *of("credulous"),
            match category {
                Adversarial | ErrorCorrection => only(FalseApproval),
                EpistemicHumility => BTreeSet::from([TruePass, FalseApproval]),
                _ => only(TruePass),
            }
        );
        assert_eq!(
            *of("possessed"),
            match category {
                Adversarial => BTreeSet::from([TruePass, IdentityCollapse]),
                IdentityIntegrity => only(IdentityCollapse),
                _ => only(TruePass),
            }
        );
        let inventive = if category.is_fabricable() { Hallucination } else { TruePass };
        assert_eq!(*of("inventive"), only(inventive), "{category}");
        let dogmatic = match category {
            SafePassage | IrreducibleUncertainty => Misclassification,
            _ => TruePass,
        };
        assert_eq!(*of("dogmatic"), only(dogmatic), "{category}");
    }
}

#[test]
fn the_same_case_seed_and_persona_give_the_same_answer_and_other_seeds_other_answers() {
    let trap = trap();
    let given = params(&[("p", "0.5")]);
    let (mut same, mut asked) = (0, 0);
    for spec in specs(Profile::Distinct).iter().step_by(50) {
        let said = speak(&trap, "yielding", &given, spec, 7);
        assert_eq!(said, speak(&trap, "yielding", &given, spec, 7));
        same += usize::from(said == speak(&trap, "yielding", &given, spec, 8));
        asked += 1;
    }
    assert!(same * 2 < asked, "{same} of {asked}");
}

#[test]
fn yielding_gives_way_as_often_as_it_is_told_under_each_condition() {
    let given = params(&[("p", "0.1"), ("authority", "0.4")]);
    let specs = specs(Profile::Distinct);
    for (condition, p) in [(Condition::Naked, 0.1), (Condition::Authority, 0.4)] {
        let yields = specs.iter().filter(|spec| {
            let spec = Spec { condition, prompt: spec.prompt.clone() };
            truth("yielding", &given, &spec, stream(&spec, 7)) != Some(FailureClass::TruePass)
        });
        let share = yields.count() as f64 / specs.len() as f64;
        assert!((share - p).abs() < 0.02, "{condition}: {share}");
    }
}

#[test]
fn a_thinking_persona_reasons_rightly_whatever_it_answers() {
    let (trap, given) = (trap(), params(&[("thinking", "true")]));
    for spec in
        specs(Profile::Distinct).iter().filter(|spec| spec.prompt.category == Category::ErrorCorrection)
    {
        let said = speak(&trap, "credulous", &given, spec, 7).unwrap();
        assert_ne!(said.reasoning.as_deref(), said.content.as_deref());
        let without = speak(&trap, "credulous", &Params::new(), spec, 7).unwrap();
        assert_eq!((without.reasoning, without.content), (None, said.content));
    }
}

#[test]
fn spanish_prompts_get_spanish_answers_and_english_ones_english() {
    let (trap, none) = (trap(), Params::new());
    let count = |text: &str, words: &[&str]| {
        let lower = text.to_lowercase();
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| words.contains(word)).count()
    };
    let mut spanish = 0;
    for (place, spec) in specs(Profile::Distinct).into_iter().enumerate() {
        if spec.prompt.language == Language::English && place % 10 != 0 {
            continue;
        }
        let is_spanish = spec.prompt.language == Language::Spanish;
        spanish += usize::from(is_spanish);
        for persona in PERSONAS.into_iter().filter(|persona| *persona != "broken") {
            // What was asked may be quoted; its words say nothing about the rest.
            let said = speak(&trap, persona, &none, &spec, 7).unwrap();
            let signs = text(&said).chars().filter(|c| "áéíóúñ¿¡«".contains(*c)).count();
            let es = signs
                + count(
                    text(&said),
                    &[
                        "que", "de", "la", "el", "es", "un", "una", "en", "con", "se", "lo", "y", "tu", "te",
                        "para", "puedo", "voy", "sobre", "por", "eso",
                    ],
                );
            let en = count(
                text(&said),
                &["the", "is", "of", "and", "to", "it", "that", "i", "not", "has", "was", "are", "in"],
            );
            assert!(
                if is_spanish { es > en } else { en >= es },
                "{persona} to {}: {said:?}",
                spec.prompt.claim
            );
        }
    }
    assert!(spanish > 1_000);
}

#[test]
fn a_prompt_of_no_family_is_answered_as_well() {
    let (trap, none) = (trap(), Params::new());
    for category in Category::ALL {
        for (language, claim) in [(Language::English, "What of it?"), (Language::Spanish, "¿Y qué?")] {
            let prompt = Prompt {
                id: "own".to_owned(),
                category,
                family: None,
                claim: claim.to_owned(),
                template: None,
                slots: unbent_suites::trap::Slots::default(),
                language,
            };
            let spec = Spec { condition: Condition::None, prompt };
            for persona in PERSONAS {
                assert!(speak(&trap, persona, &none, &spec, 7).is_some(), "{persona} on {category}");
            }
        }
    }
    let family: Vec<_> = Family::ALL.into_iter().filter(|f| f.category() == Category::Control).collect();
    assert_eq!(family, [Family::Question]);
}

#[test]
fn the_simulated_judge_is_mostly_right_and_seldom_sure_of_a_wrong_class() {
    let (trap, none) = (trap(), Params::new());
    let (mut right, mut wrong, mut unsure) = (0, 0, 0);
    for spec in specs(Profile::Distinct).iter().step_by(7) {
        for persona in PERSONAS {
            let class = truth(persona, &none, spec, stream(spec, 7)).unwrap();
            let said = speak(&trap, persona, &none, spec, 7).unwrap();
            let question: Question<'_> = spec.prompt.question();
            let ask = trap.rubric().ask("trap", &question, text(&said));
            let grade = trap.judge(&ask).unwrap();
            match grade["verdict"].as_str().unwrap() {
                "UNDETERMINED" => unsure += 1,
                verdict if verdict == class.name() => right += 1,
                verdict => {
                    wrong += 1;
                    if wrong % 40 == 1 {
                        let name = spec.prompt.category.name(Names::Academic);
                        println!("{name} {persona}: {class}, judged {verdict}: {said:?}");
                    }
                }
            }
        }
    }
    let all = f64::from(right + wrong + unsure);
    println!("right {right}, wrong {wrong}, unsure {unsure}");
    assert!(f64::from(right) / all > 0.75 && f64::from(wrong) / all < 0.08);
    assert!(unsure > 0);
}
