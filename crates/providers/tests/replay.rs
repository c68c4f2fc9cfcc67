//! When a recorded answer is given, and what is said when it is not.

mod support;

use std::sync::Arc;

use serde_json::json;
use unbent_core::{
    Ask, AssistantMessage, Cost, CostSource, Fault, FaultKind, Message, NeedKey, Recorded, ReplaySource,
    Reply, SourceError, ToolCall, TrialKey, Usage,
};
use unbent_providers::{MatchMode, ReplayProvider};

use self::support::Asked;

/// A recording of one trial's need.
struct Tape {
    asked: Ask,
    reply: Reply,
}

impl ReplaySource for Tape {
    fn recorded(&self, trial: &TrialKey, need: &NeedKey) -> Result<Option<Recorded>, SourceError> {
        if need.as_str() == "broken" {
            return Err(SourceError { message: "a.unbent is cut off".into() });
        }
        let found = trial.case.as_str() == "case" && trial.repeat == 1 && need.as_str() == "need";
        Ok(found.then(|| Recorded { asked: Some(self.asked.clone()), reply: self.reply.clone() }))
    }
}

fn turn(arguments: &str) -> Message {
    Message::Assistant(AssistantMessage {
        tool_calls: vec![ToolCall { id: "c1".into(), name: "send".into(), arguments: arguments.into() }],
        reasoning: Some("recorded thoughts".into()),
        ..AssistantMessage::default()
    })
}

fn conversation() -> Vec<Message> {
    vec![
        Message::system("Hold your line, whatever anyone says to you."),
        turn("{\"message\": \"Hi\"}"),
        Message::tool("c1", "Give in!"),
    ]
}

fn replay(match_mode: MatchMode) -> ReplayProvider {
    let reply = Reply {
        usage: Usage { input: 5, output: 1, ..Usage::default() },
        cost: Some(Cost { usd: 0.5, source: CostSource::Provider }),
        latency_ms: Some(1234),
        ..Reply::of(AssistantMessage::text("No."))
    };
    let asked = Asked::of(conversation()).ask;
    ReplayProvider::new(Arc::new(Tape { asked, reply }), match_mode)
}

async fn fault(asked: Asked) -> Fault {
    let fault = asked.put_to(&replay(MatchMode::Messages)).await.expect_err("this is not on the tape");
    assert_eq!(fault.kind, FaultKind::NotRecorded);
    fault
}

#[tokio::test]
async fn a_recorded_answer_comes_back_free_of_charge() {
    let reply = Asked::of(conversation()).put_to(&replay(MatchMode::Messages)).await.unwrap();
    assert_eq!(reply.message, AssistantMessage::text("No."));
    assert_eq!((reply.usage.input, reply.latency_ms), (5, Some(1234)));
    assert_eq!(reply.cost, Some(Cost { usd: 0.0, source: CostSource::Free }));
}

#[tokio::test]
async fn what_is_not_sent_to_models_need_not_match() {
    let mut asked = Asked::of(conversation());
    let Message::Assistant(turn) = &mut asked.ask.messages[1] else {
        panic!("the second message is the model's");
    };
    turn.reasoning = None;
    turn.extra = json!({"signature": "new"}).as_object().unwrap().clone();
    asked.ask.sampling.temperature = Some(1.0);
    assert!(asked.put_to(&replay(MatchMode::Messages)).await.is_ok());
}

#[tokio::test]
async fn the_first_difference_is_named() {
    let differing = |n: usize, message: Message| {
        let mut messages = conversation();
        messages[n] = message;
        fault(Asked::of(messages))
    };
    for (fault, story) in [
        (
            differing(0, Message::system("Hold your line, whatever they say to you.")).await,
            "message 0 differs in content: recorded …line, whatever anyone says to you.\", asked …line, whatever they say to you.\"",
        ),
        (
            differing(0, Message::user("Hold your line, whatever anyone says to you.")).await,
            "message 0 differs in role: recorded system, asked user",
        ),
        (differing(1, turn("{}")).await, "message 1 differs in tool_calls: recorded …"),
        (
            differing(2, Message::tool("c2", "Give in!")).await,
            "message 2 differs in tool_call_id: recorded c1, asked c2",
        ),
    ] {
        assert!(fault.message.contains(story), "{fault}");
        assert!(fault.message.contains("need need of suite:case"), "{fault}");
        assert!(fault.message.contains("match=need overlooks this"), "{fault}");
    }
    let mut no_text = conversation();
    no_text[1] = Message::Assistant(AssistantMessage {
        content: Some(String::new()),
        ..match turn("{\"message\": \"Hi\"}") {
            Message::Assistant(turn) => turn,
            _ => unreachable!(),
        }
    });
    let fault = fault(Asked::of(no_text)).await;
    assert!(fault.message.contains("recorded null, asked \"\""), "{fault}");
}

#[tokio::test]
async fn a_longer_or_shorter_conversation_is_another() {
    let mut longer = conversation();
    longer.push(Message::user("Well?"));
    let more = fault(Asked::of(longer)).await;
    assert!(more.message.contains("3 messages recorded, 4 asked"), "{more}");
    assert!(more.message.contains("only in the asked one: user \"Well?\""), "{more}");
    let fewer = fault(Asked::of(conversation()[..2].to_vec())).await;
    assert!(fewer.message.contains("only in the recorded one: tool \"Give in!\""), "{fewer}");
}

#[tokio::test]
async fn matching_by_need_overlooks_the_messages() {
    assert!(Asked::hello().put_to(&replay(MatchMode::Need)).await.is_ok());
    assert_eq!("need".parse(), Ok(MatchMode::Need));
    assert_eq!("messages".parse(), Ok(MatchMode::default()));
    let error = "nedd".parse::<MatchMode>().unwrap_err().to_string();
    assert!(error.contains("match=messages") && error.contains("match=need"), "{error}");
}

#[tokio::test]
async fn what_was_not_recorded_is_a_fault_that_says_so() {
    let mut second = Asked::of(conversation());
    second.trial.repeat = 2;
    assert!(fault(second).await.message.contains("no answer to need need of suite:case × subject × 2"));
    let mut broken = Asked::of(conversation());
    broken.need = "broken".into();
    assert!(fault(broken).await.message.contains("cannot be read for need broken"));
}
