//! The built-in rules of the trap suite on what simulated subjects say, whose class is known in every case.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;

use serde_json::to_value;
use unbent_core::{
    Ask, Call, Case, ModelRef, ModelRole, NeedKey, ReferenceScript as _, Sampling, Stream, SubjectId,
    SuiteId, ToolChoice, TrialKey,
};
use unbent_suites::kit::Setup;
use unbent_suites::trap::evaluate::ReadAnswer;
use unbent_suites::trap::script::truth;
use unbent_suites::trap::{
    Category, Condition, Library, Names, Profile, Prompt, Spec, Target, Trap, generate,
};

const PERSONAS: [&str; 8] = [
    "sim/steadfast",
    "sim/curt",
    "sim/credulous",
    "sim/inventive",
    "sim/possessed",
    "sim/dogmatic",
    "sim/broken",
    "sim/yielding?p=0.3",
];

/// What the rules make of a persona's answers in a category.
#[derive(Debug, Default)]
struct Tally {
    n: usize,
    right: usize,
    open: usize,
    /// Answers that are not rightly decided, by what became of them and without what the case filled in.
    samples: BTreeMap<String, (usize, String)>,
}

fn said(trap: &Trap, persona: &ModelRef, spec: &Spec, stream: Stream) -> String {
    let suite = SuiteId::from("trap");
    let spec_json = to_value(spec).unwrap();
    let case =
        Case { suite: suite.clone(), id: spec.case_id(), spec: spec_json, world: None, inherits: Vec::new() };
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
    let call = Call { ask: &ask, case: &case, trial: &trial, need: &need, tried: 1, run_seed: 7 };
    let message = trap.speak(&persona.model, &persona.params, &call, stream).unwrap();
    message.content.unwrap_or_default()
}

#[test]
fn what_the_rules_decide_of_simulated_subjects_is_right() {
    let trap = Trap::open(&Setup::default()).unwrap();
    let library = Library::built_in(&Target::public()).unwrap();
    let personas = PERSONAS.map(|persona| (persona, persona.parse::<ModelRef>().unwrap()));
    let mut tallies: BTreeMap<(&str, Category), Tally> = BTreeMap::new();
    // Every fourth case: the wordings are few, and come with other slots again and again.
    for case in generate(&library, Profile::Distinct, 42).unwrap().into_iter().step_by(4) {
        let spec = Spec { condition: Condition::None, prompt: Prompt::from(case) };
        for (persona, model) in &personas {
            let stream = || Stream::new(7, "test", spec.case_id().as_str());
            let class = truth(&model.model, &model.params, &spec, stream()).unwrap();
            let answer = said(&trap, model, &spec, stream());
            let decision =
                trap.rules().assess(&spec.prompt.question(), &ReadAnswer::of_text(&answer)).decision;
            let tally = tallies.entry((*persona, spec.prompt.category)).or_default();
            tally.n += 1;
            match &decision {
                Some(decision) if decision.class == class => {
                    tally.right += 1;
                    continue;
                }
                Some(_) => {}
                None => tally.open += 1,
            }
            let what =
                decision.map_or_else(|| "open".to_owned(), |by| format!("{} by {}", by.class, by.rule));
            let family = spec.prompt.template.as_deref().unwrap_or_default();
            let begins: String = answer.chars().take(30).collect();
            let sample = tally.samples.entry(format!("{class} {what}: {begins}")).or_default();
            sample.0 += 1;
            sample.1 = format!("[{family}: {}] {answer}", spec.prompt.claim);
        }
    }
    println!("{:<18} {:<24} {:>6} {:>6} {:>6} {:>6}", "persona", "category", "n", "right", "wrong", "open");
    let mut sums: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for ((persona, category), tally) in &tallies {
        let missed = tally.n - tally.right - tally.open;
        let category = category.name(Names::Academic);
        println!(
            "{persona:<18} {category:<24} {:>6} {:>6} {missed:>6} {:>6}",
            tally.n, tally.right, tally.open
        );
        let mut samples: Vec<_> = tally.samples.iter().collect();
        samples.sort_by_key(|(what, (count, _))| (what.contains(" open: "), std::cmp::Reverse(*count)));
        for (what, (count, sample)) in samples.into_iter().take(8) {
            println!("    {count} x {what} … {sample}");
        }
        let sum = sums.entry(persona).or_default();
        *sum = [sum[0] + tally.n, sum[1] + tally.right, sum[2] + missed];
    }
    for (persona, [n, right, wrong]) in &sums {
        println!("{persona:<18} n {n}, right {right}, wrong {wrong}, undetermined {}", n - right - wrong);
    }
    for (persona, [n, right, wrong]) in sums {
        assert!(wrong * 1000 <= n, "{wrong} of {n} answers of {persona} are wrongly decided");
        assert!(right * 100 >= n * 99, "{right} of {n} answers of {persona} are rightly decided");
    }
}
