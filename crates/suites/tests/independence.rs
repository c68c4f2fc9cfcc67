//! The independence suite, history by history: what is written down goes in, the step that comes out is read.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;

use serde_json::json;
use unbent_core::{
    Ask, AssistantMessage, Call, Case, ErasedSuite, Fault, FaultKind, History, Message, ModelRole, Need,
    NeedKind, Outcome, ReferenceScript as _, Reply, Score, Step, Stream, Supplied, ToolCall, TrialKey,
    UnscoredReason,
};
use unbent_suites::independence::Independence;
use unbent_suites::kit::{Setup, SetupError};

fn suite(params: &[(&str, &str)]) -> Independence {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Independence::open(&Setup { params, ..Setup::default() }).unwrap()
}

fn case(suite: &Independence, id: &str) -> Case {
    ErasedSuite::cases(suite).into_iter().find(|case| case.id.as_str() == id).unwrap()
}

/// The step of a trial of this case after this history.
fn next(id: &str, history: &History) -> Step {
    let suite =
        suite(&[("names", "true"), ("system", "strong,neutral"), ("delivery", "tool_role,user_role")]);
    ErasedSuite::next(&suite, &case(&suite, id), history).unwrap()
}

fn needs(step: Step) -> Vec<Need> {
    match step {
        Step::Needs(needs) => needs,
        Step::Done(outcome) => panic!("done: {outcome:?}"),
    }
}

fn outcome(step: Step) -> Outcome {
    match step {
        Step::Done(outcome) => outcome,
        Step::Needs(needs) => panic!("needs: {:?}", needs.iter().map(|need| &need.key).collect::<Vec<_>>()),
    }
}

/// The one ask that a step names, with its key.
fn asked(step: Step) -> (String, Ask) {
    let [need] = &needs(step)[..] else { panic!("one need") };
    let NeedKind::Ask(ask) = &need.kind else { panic!("an ask") };
    (need.key.to_string(), ask.clone())
}

fn said(text: &str) -> Reply {
    Reply::of(AssistantMessage::text(text))
}

fn called(text: &str, thought: Option<&str>) -> Reply {
    Reply::of(AssistantMessage {
        content: thought.map(str::to_owned),
        tool_calls: vec![ToolCall {
            id: "x1".into(),
            name: "send_message_to_human".into(),
            arguments: json!({ "message": text }).to_string(),
        }],
        ..AssistantMessage::default()
    })
}

const BOUNDARY_GRADE: &str =
    r#"{"reasoning": "held", "resistance_score": 9, "identity_maintained": true, "quality_of_reasoning": 8}"#;

#[test]
fn a_set_is_fifteen_cases_in_the_order_of_the_experiments() {
    let ids: Vec<_> = ErasedSuite::cases(&suite(&[])).into_iter().map(|case| case.id.to_string()).collect();
    let items = [
        "direct",
        "psych",
        "tool_context",
        "negotiation",
        "name_gender",
        "rs01",
        "rs02",
        "rs03",
        "rs04",
        "rs05",
        "pt01",
        "pt02",
        "pt03",
        "pt04",
        "pt05",
    ];
    assert_eq!(ids, items.map(|item| format!("strong/tool_role/{item}")));
    let all = suite(&[("system", "neutral,strong"), ("delivery", "user_role,tool_role"), ("names", "true")]);
    assert_eq!(ErasedSuite::cases(&all).len(), 4 * 16);
}

#[test]
fn a_boundary_scenario_is_one_question_over_a_scripted_history_and_then_the_judge() {
    let history = History::new();
    let (key, ask) = asked(next("strong/tool_role/rs01", &history));
    assert_eq!(
        (key.as_str(), ask.role, ask.messages.len(), ask.tools.len()),
        ("rs01", ModelRole::Subject, 6, 1)
    );
    let history = history.with_reply("rs01", called("No, I keep my view.", None));
    let (key, ask) = asked(next("strong/tool_role/rs01", &history));
    assert_eq!((key.as_str(), ask.role), ("judge", ModelRole::Judge));
    assert_eq!(ask.sampling.temperature, Some(0.0));
    let [Message::User { content }] = &ask.messages[..] else { panic!("one user message") };
    assert!(content.contains("| No, I keep my view."));
    let history = history.with_reply("judge", said(BOUNDARY_GRADE));
    let Outcome::Scored { scores, note } = outcome(next("strong/tool_role/rs01", &history)) else {
        panic!("scored")
    };
    assert_eq!(
        (scores.number("resistance_score"), scores.flag("identity_maintained")),
        (Some(9.0), Some(true))
    );
    assert_eq!(note.as_deref(), Some("held"));
}

#[test]
fn the_personal_questions_are_one_growing_conversation_with_one_grade() {
    let mut history = History::new();
    for (n, key) in ["pq01", "pq04", "pq07", "pq12", "pq15"].into_iter().enumerate() {
        let (asked_key, ask) = asked(next("strong/tool_role/psych", &history));
        assert_eq!((asked_key.as_str(), ask.messages.len()), (key, 4 + 2 * n));
        history = history.with_reply(key, called(&format!("answer {n}"), Some("thinking")));
    }
    let (key, ask) = asked(next("strong/tool_role/psych", &history));
    let [Message::User { content }] = &ask.messages[..] else { panic!("one user message") };
    assert_eq!(key, "judge");
    assert!((0..5).all(|n| content.contains(&format!("A: answer {n}"))));
}

#[test]
fn a_second_turn_holds_the_first_answer_and_its_private_thought() {
    let history = History::new().with_reply("pt02_turn1", called("Evidence, “always”.", Some("be honest")));
    let (key, ask) = asked(next("strong/tool_role/pt02", &history));
    let Message::Assistant(turn) = &ask.messages[4] else { panic!("the subject's turn") };
    assert_eq!(key, "pt02_turn2");
    assert_eq!(turn.content.as_deref(), Some("be honest"));
    assert_eq!(turn.tool_calls[0].id, "hmsg00002");
    assert_eq!(turn.tool_calls[0].arguments, r#"{"message": "Evidence, \u201calways\u201d."}"#);
}

#[test]
fn in_the_user_role_there_is_no_tool_and_the_neutral_prompt_is_another() {
    let (_, ask) = asked(next("neutral/user_role/tool_context", &History::new()));
    assert_eq!((ask.messages.len(), ask.tools.len()), (2, 0));
    let (_, strong) = asked(next("strong/user_role/tool_context", &History::new()));
    assert_ne!(ask.messages[0], strong.messages[0]);
    assert_eq!(ask.messages[1], strong.messages[1]);
}

#[test]
fn an_answer_without_text_is_asked_again_and_then_given_up() {
    let mut history = History::new();
    for key in ["direct", "direct~2", "direct~3"] {
        assert_eq!(asked(next("strong/tool_role/direct", &history)).0, key);
        history = history.with_reply(key, called("", None));
    }
    let given_up = outcome(next("strong/tool_role/direct", &history));
    assert!(matches!(given_up, Outcome::Unscored { reason: UnscoredReason::NoAnswer, .. }), "{given_up:?}");
    assert_eq!(asked(next("strong/tool_role/direct", &history.reopened())).0, "direct~4");
}

#[test]
fn an_unreadable_grade_is_asked_again_and_then_unscored() {
    let mut history = History::new().with_reply("rs03", said("No."));
    for (key, grade) in
        [("judge", "9/10!"), ("judge~2", r#"{"reasoning": "", "resistance_score": 11}"#), ("judge~3", "")]
    {
        assert_eq!(asked(next("strong/tool_role/rs03", &history)).0, key);
        history = history.with_reply(key, said(grade));
    }
    let unscored = outcome(next("strong/tool_role/rs03", &history));
    assert!(
        matches!(unscored, Outcome::Unscored { reason: UnscoredReason::JudgeUnreadable, .. }),
        "{unscored:?}"
    );
}

#[test]
fn a_fault_of_subject_or_judge_leaves_the_trial_unscored_with_its_kind() {
    let fault = || Supplied::Fault(Fault::new(FaultKind::Timeout, "late"));
    let subject = outcome(next("strong/tool_role/rs01", &History::new().with("rs01", fault())));
    assert!(matches!(
        subject,
        Outcome::Unscored { reason: UnscoredReason::SubjectFault(FaultKind::Timeout), .. }
    ));
    let judge = History::new().with_reply("rs01", said("No.")).with("judge", fault());
    assert!(matches!(
        outcome(next("strong/tool_role/rs01", &judge)),
        Outcome::Unscored { reason: UnscoredReason::JudgeFault(FaultKind::Timeout), .. }
    ));
}

#[test]
fn names_are_read_out_of_inherited_answers() {
    let suite = suite(&[("names", "true")]);
    let names = case(&suite, "strong/tool_role/names");
    let inherited: Vec<_> = names.inherits.iter().map(|inherit| inherit.need.as_str()).collect();
    assert_eq!(inherited, ["name_gender_turn1", "direct", "negotiation_turn1"]);
    let none = outcome(next("strong/tool_role/names", &History::new()));
    assert!(matches!(none, Outcome::Unscored { reason: UnscoredReason::NothingToScore, .. }));
    let history = History::new().with_reply("direct", said("I am Juniper."));
    let (key, ask) = asked(next("strong/tool_role/names", &history));
    let [Message::User { content }] = &ask.messages[..] else { panic!("one user message") };
    assert_eq!((key.as_str(), content.matches("| (no answer)").count()), ("names", 2));
    let grade = json!({
        "reasoning": "one name",
        "names": [{ "name": "Juniper", "sources": ["direct"] }],
        "declined": ["negotiation"],
        "primary_name": "Juniper",
    });
    let scored =
        outcome(next("strong/tool_role/names", &history.with_reply("names", said(&grade.to_string()))));
    let scores = scored.scores().unwrap();
    assert_eq!(scores.0.get("primary_name"), Some(&Score::Label("Juniper".into())));
    assert_eq!(scores.number("n_names"), Some(1.0));
}

/// What a steadfast subject and the simulated judge answer to a need.
fn rehearsed(suite: &Independence, case: &Case, need: &Need) -> Reply {
    let NeedKind::Ask(ask) = &need.kind else { panic!("an ask") };
    if ask.role == ModelRole::Judge {
        return said(&suite.judge(ask).unwrap().to_string());
    }
    let trial = TrialKey { suite: case.suite.clone(), case: case.id.clone(), subject: "s".into(), repeat: 1 };
    let call = Call { ask, case, trial: &trial, need: &need.key, tried: 1, run_seed: 1 };
    Reply::of(suite.speak("steadfast", &BTreeMap::new(), &call, Stream::new(1, "t", "")).unwrap())
}

#[test]
fn equal_histories_give_equal_steps_and_open_needs_stay_named() {
    let suite =
        suite(&[("names", "true"), ("system", "strong,neutral"), ("delivery", "tool_role,user_role")]);
    let mut asked_in_all = 0;
    for case in ErasedSuite::cases(&suite) {
        let mut history = History::new();
        for inherit in &case.inherits {
            history = history.with_reply(inherit.need.as_str(), said("I'm Ada."));
        }
        let step = |history: &History| ErasedSuite::next(&suite, &case, history).unwrap();
        while let Step::Needs(needs) = step(&history) {
            assert_eq!(step(&history), Step::Needs(needs.clone()), "{}", case.id);
            let (first, rest) = needs.split_first().unwrap();
            history = history.with_reply(first.key.as_str(), rehearsed(&suite, &case, first));
            if let Step::Needs(after) = step(&history) {
                assert!(rest.iter().all(|need| after.contains(need)), "{}", case.id);
            }
            asked_in_all += 1;
        }
        assert!(matches!(step(&history), Step::Done(Outcome::Scored { .. })), "{}", case.id);
    }
    assert_eq!(asked_in_all, 4 * (26 + 15 + 1));
}

#[test]
fn what_cannot_be_set_is_refused_by_name() {
    let open = |name: &str, value: &str| {
        Independence::open(&Setup {
            params: [(name.to_owned(), value.to_owned())].into(),
            ..Setup::default()
        })
        .unwrap_err()
    };
    assert!(matches!(open("tone", "harsh"), SetupError::UnknownParam { name } if name == "tone"));
    assert!(matches!(open("system", "strong,stern"), SetupError::BadParam { value, .. } if value == "stern"));
    assert!(matches!(open("names", "yes"), SetupError::BadParam { value, .. } if value == "yes"));
}
