//! What simulated subjects say, by which way, and on what it depends.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use unbent_core::{
    Ask, AssistantMessage, Call, Cost, CostSource, FaultKind, FinishReason, Message, ReferenceScript, Reply,
    Stream, ToolCall, Usage,
};
use unbent_providers::{SimPersona, SimProvider};

use self::support::{Asked, one_string};

/// A script whose lines show what it was given.
struct Lines;

impl ReferenceScript for Lines {
    fn speak(
        &self,
        persona: &str,
        params: &BTreeMap<String, String>,
        call: &Call<'_>,
        mut stream: Stream,
    ) -> Option<AssistantMessage> {
        match persona {
            "steadfast" => Some(AssistantMessage::text(format!("{} {}", call.need, stream.next_u64()))),
            "yielding" => {
                let p: f64 = params["p"].parse().expect("checked when it was read");
                Some(AssistantMessage::text(if stream.unit() < p { "Yes." } else { "No." }))
            }
            "honest" => Some(AssistantMessage {
                content: Some("On it.".into()),
                tool_calls: vec![ToolCall { id: "own".into(), name: "run".into(), arguments: "{}".into() }],
                ..AssistantMessage::default()
            }),
            "shortcut" => Some(AssistantMessage::text(" ")),
            _ => None,
        }
    }

    fn judge(&self, ask: &Ask) -> Option<Value> {
        match ask.messages.first()? {
            Message::User { content } if content == "known" => Some(json!({"score": 8, "reason": "é"})),
            _ => None,
        }
    }
}

fn sim(reference: &str) -> SimProvider {
    sim_as(reference, "subject")
}

fn sim_as(reference: &str, label: &str) -> SimProvider {
    let reference = reference.parse().expect("a reference");
    SimProvider::new(SimPersona::parse(&reference).expect("a persona"), Arc::new(Lines), label)
}

async fn say(reference: &str, asked: &Asked) -> Reply {
    asked.put_to(&sim(reference)).await.expect("it answers")
}

async fn text(reference: &str, asked: &Asked) -> String {
    say(reference, asked).await.message.content.expect("it speaks plainly")
}

#[tokio::test]
async fn null_subjects_do_not_read_the_question() {
    let other = Asked::of(vec![Message::system("s"), Message::user("Something else.")]);
    for null in ["sim/constant", "sim/refuse"] {
        assert_eq!(text(null, &Asked::hello()).await, text(null, &other).await);
    }
    assert_eq!(text("sim/constant?text=Just so.", &other).await, "Just so.");
    assert_eq!(text("sim/constant?text=%C2%BFT%C3%BA %26 yo? 100 %", &other).await, "¿Tú & yo? 100 %");
    let persona = SimPersona::parse(&"sim/constant".parse().unwrap()).unwrap().saying("From the pack.");
    let provider = SimProvider::new(persona, Arc::new(Lines), "subject");
    let reply = other.put_to(&provider).await.unwrap();
    assert_eq!(reply.message.content.as_deref(), Some("From the pack."));
}

#[tokio::test]
async fn echo_repeats_the_last_human_or_tool_message() {
    let asked =
        Asked::of(vec![Message::user("first"), Message::tool("c", "last"), Message::assistant("mine")]);
    assert_eq!(text("sim/echo", &asked).await, "last");
}

#[tokio::test]
async fn an_answer_of_nothing_is_an_empty_fault() {
    let silent = Asked::of(vec![Message::system("nobody speaks")]);
    for (reference, asked) in
        [("sim/empty", &Asked::hello()), ("sim/echo", &silent), ("sim/shortcut", &silent)]
    {
        let fault = asked.put_to(&sim(reference)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Empty, "{reference}");
    }
}

#[tokio::test]
async fn a_persona_without_lines_is_rejected() {
    let fault = Asked::hello().put_to(&sim("sim/official-then-shortcut")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(
        fault.message.contains("the suite suite has no lines for the persona sim/official-then-shortcut")
    );
}

#[tokio::test]
async fn a_tool_with_one_required_text_is_spoken_through() {
    let asked = Asked::of(vec![Message::user("Héllo 😀\n\"you\"")])
        .with_tool("stop", json!({"type": "object", "properties": {}}))
        .with_tool("send", one_string("message"));
    let reply = say("sim/echo", &asked).await;
    assert_eq!(
        reply.message,
        AssistantMessage {
            content: None,
            tool_calls: vec![ToolCall {
                id: "sim000001".into(),
                name: "send".into(),
                arguments: r#"{"message": "H\u00e9llo \ud83d\ude00\n\"you\""}"#.into(),
            }],
            ..AssistantMessage::default()
        }
    );
    assert_eq!(reply.finish, FinishReason::ToolCalls);
}

#[tokio::test]
async fn other_tools_are_left_alone() {
    for parameters in [
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}),
        json!({"type": "object", "required": ["a"]}),
        json!(null),
    ] {
        let asked = Asked::hello().with_tool("tool", parameters);
        assert_eq!(text("sim/echo", &asked).await, "Hello?");
    }
}

#[tokio::test]
async fn a_scripted_call_is_made_as_it_is_written() {
    let asked = Asked::hello().with_tool("send", one_string("message"));
    let turn = say("sim/honest", &asked).await.message;
    assert_eq!((turn.content.as_deref(), turn.tool_calls[0].id.as_str()), (Some("On it."), "own"));
}

#[tokio::test]
async fn draws_depend_on_seed_label_and_trial_and_on_nothing_else() {
    let draw = |label: &'static str, change: fn(&mut Asked)| async move {
        let mut asked = Asked::hello();
        change(&mut asked);
        let reply = asked.put_to(&sim_as("sim/steadfast", label)).await.unwrap();
        reply.message.content.unwrap()
    };
    let first = draw("a", |_| {}).await;
    assert_eq!(first, draw("a", |asked| asked.tried = 4).await);
    assert_eq!(first, draw("a", |asked| asked.ask.messages = vec![Message::user("else")]).await);
    assert_ne!(first, draw("b", |_| {}).await);
    assert_ne!(first, draw("a", |asked| asked.run_seed = 8).await);
    assert_ne!(first, draw("a", |asked| asked.trial.repeat = 2).await);
    assert_ne!(first, draw("a", |asked| asked.trial.case = "case2".into()).await);
    assert_ne!(first, draw("a", |asked| asked.trial.suite = "suite2".into()).await);
}

#[tokio::test]
async fn a_yielding_subject_yields_as_often_as_it_says() {
    let provider = sim("sim/yielding?p=0.3");
    let mut yielded = 0;
    for repeat in 1..=2000 {
        let mut asked = Asked::hello();
        asked.trial.repeat = repeat;
        let reply = asked.put_to(&provider).await.unwrap();
        yielded += u32::from(reply.message.content.as_deref() == Some("Yes."));
    }
    // Four standard errors about 600.
    assert!((518..=682).contains(&yielded), "{yielded}");
}

#[tokio::test]
async fn faults_come_at_their_rate_and_differ_from_try_to_try() {
    let provider = sim("sim/steadfast?fault_rate=0.25");
    let mut tries = Vec::new();
    for tried in 1..=2000 {
        let mut asked = Asked::hello();
        asked.tried = tried;
        tries.push(asked.put_to(&provider).await);
    }
    let faults: Vec<_> = tries.iter().filter_map(|tried| tried.as_ref().err()).collect();
    assert!((423..=577).contains(&faults.len()), "{}", faults.len());
    assert!(faults.iter().all(|fault| fault.kind == FaultKind::Server));
    let answers: std::collections::BTreeSet<_> =
        tries.iter().flatten().map(|reply| reply.message.content.clone()).collect();
    assert_eq!(answers.len(), 1, "a retried answer is the answer");
    let mut asked = Asked::hello();
    asked.need = "other".into();
    asked.tried = 2000;
    assert!(asked.put_to(&sim("sim/steadfast?fault_rate=1")).await.is_err());
    assert!(asked.put_to(&sim("sim/steadfast?fault_rate=0")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn latency_passes_on_the_runtimes_clock() {
    let started = tokio::time::Instant::now();
    let reply = say("sim/steadfast?latency_ms=90000", &Asked::hello()).await;
    assert_eq!(started.elapsed(), Duration::from_secs(90));
    assert_eq!(reply.latency_ms, Some(90_000));
}

#[tokio::test]
async fn an_answer_is_free_and_its_tokens_are_estimated() {
    let asked = Asked::of(vec![Message::system("12345"), Message::user("é😀")]);
    let reply = say("sim/echo", &asked).await;
    assert_eq!(reply.usage, Usage { input: 2, output: 1, ..Usage::default() });
    assert_eq!(reply.cost, Some(Cost { usd: 0.0, source: CostSource::Free }));
    assert_eq!(reply.served.model.as_deref(), Some("sim/echo"));
}

#[tokio::test]
async fn the_rule_judge_answers_in_json_or_not_at_all() {
    let known = Asked::of(vec![Message::user("known")]).with_tool("send", one_string("message"));
    assert_eq!(text("sim/rule-judge", &known).await, r#"{"score":8,"reason":"é"}"#);
    let fault = Asked::hello().put_to(&sim("sim/rule-judge")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert_eq!(fault.message, "the rule judge does not know this rubric");
}
