//! One contract for every dialect, as far as the run file: what the server does, and the events that follow.

mod played;
mod scene;
#[path = "../wired/mod.rs"]
mod wired;

use unbent_core::{
    Answer, Ask, Cost, CostSource, Event, FaultKind, FinishReason, ModelRole, Source as _, TrialState,
};
use unbent_mock::{FaultKind as Scripted, Options};

use self::played::{LONGEST_WAIT_MS, Played, play};
use self::scene::{Shape, question};
use self::wired::dialects::{DIALECTS, KEY, Spoken};
use self::wired::{kind_and_status, serve};

/// What a server that is too busy asks for, in milliseconds.
const ASKED_WAIT_MS: u64 = 2_000;
const PRICE_USD: f64 = 0.25;

fn options() -> Options {
    Options { retry_after_ms: ASKED_WAIT_MS, price_usd: PRICE_USD, ..Options::default() }
}

/// The API of a dialect, however it is asked.
fn api(of: Spoken) -> &'static str {
    of.0.split([' ', '-']).next().unwrap_or_default()
}

/// What a trial's log says when every call meets this fault.
fn story_of(kind: FaultKind, status: Option<u16>) -> Vec<String> {
    let status = status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
    let line = |tried: u32, next: &str| format!("faulted {tried}: {kind} ({status}), {next}");
    let (given_up, unscored) = (line(1, "given up"), format!("unscored: subject {kind}"));
    let opened = "opened".to_owned();
    match kind {
        // Whoever asks next would meet it too: the run stops, and the trial stays open.
        FaultKind::Unauthorized | FaultKind::Exhausted => vec![opened, given_up, format!("stopped: {kind}")],
        FaultKind::Rejected => vec![opened, given_up, unscored],
        _ => vec![opened, line(1, "again"), line(2, "given up"), unscored],
    }
}

/// How long was waited between two tries, in milliseconds, at least and at most.
fn waits_of(kind: FaultKind, fault: Scripted, api: &str) -> Option<(u64, u64)> {
    let says_when = matches!(fault, Scripted::RateLimit | Scripted::RateLimitDate);
    match kind {
        FaultKind::Unauthorized | FaultKind::Exhausted | FaultKind::Rejected => None,
        FaultKind::Empty => Some((0, 0)),
        // A date has no fractions of a second, so that up to one of them is lost.
        _ if says_when && fault == Scripted::RateLimitDate && api != "gemini" => {
            Some((ASKED_WAIT_MS - 1_000, ASKED_WAIT_MS + LONGEST_WAIT_MS))
        }
        _ if says_when => Some((ASKED_WAIT_MS, ASKED_WAIT_MS + LONGEST_WAIT_MS)),
        _ => Some((0, LONGEST_WAIT_MS)),
    }
}

fn check_fault(of: Spoken, fault: Scripted, played: &Played) {
    let place = format!("{} {fault}", of.0);
    let (kind, status) = kind_and_status(of.0, fault);
    assert_eq!(played.story(), story_of(kind, status), "{place}");
    let is_open = matches!(played.log.views()[0].state, TrialState::Open);
    assert_eq!(is_open, kind.stops_the_run(), "{place}");
    let waits = waits_of(kind, fault, api(of));
    assert_eq!(played.waits.len(), usize::from(waits.is_some()), "{place}: {:?}", played.waits);
    for (waited, (least, most)) in played.waits.iter().zip(waits) {
        assert!((least..=most).contains(waited), "{place}: {waited}");
    }

    let (mut input, mut output, mut calls) = (0, 0, 0);
    for event in played.events() {
        let Event::Faulted { role, fault, meter, .. } = event else { continue };
        assert_eq!(role, Some(ModelRole::Subject), "{place}");
        assert!(!fault.message.is_empty() && !fault.message.contains(KEY), "{place}: {fault}");
        input += meter.usage.input;
        output += meter.usage.output;
        calls += 1;
    }
    // A call that failed costs what the server told before it did.
    assert_eq!((input, output), (played.told.input_tokens, played.told.output_tokens), "{place}");
    let wires = played.wires();
    assert_eq!(wires.len(), calls, "{place}");
    for wire in wires {
        assert_eq!(wire.status, status, "{place}");
        let text = serde_json::to_string(&wire).expect("a record is JSON");
        assert!(wire.request.contains("Hello?") && !text.contains(KEY), "{place}: {text}");
    }
}

#[tokio::test]
async fn every_fault_leaves_its_events_in_every_dialect() {
    let server = serve(options());
    for of in DIALECTS {
        for fault in Scripted::all() {
            let played = play(&server, of, &format!("fault-{fault}"), Shape::Plain).await;
            check_fault(of, fault, &played);
        }
    }
}

/// What becomes of a question.
enum Comes {
    /// These answers, by why they ended.
    Answers(&'static [FinishReason]),
    /// A fault of this kind with this status.
    Fault(FaultKind, Option<u16>),
}

/// A model of the server, how it is asked and what comes of it, by the API.
type Scenario = (&'static str, Shape, fn(&str) -> Comes);

const STOP: Comes = Comes::Answers(&[FinishReason::Stop]);
const CALL: Comes = Comes::Answers(&[FinishReason::ToolCalls]);

const SCENARIOS: &[Scenario] = &[
    ("text", Shape::Plain, |_| STOP),
    ("tools", Shape::Tool, |_| CALL),
    ("tools", Shape::ToolAndBack, |_| Comes::Answers(&[FinishReason::ToolCalls, FinishReason::Stop])),
    ("parallel-tools", Shape::Tool, |_| CALL),
    ("bad-arguments", Shape::Tool, |_| CALL),
    ("reasoning", Shape::Plain, |_| STOP),
    ("reasoning-tools", Shape::ToolAndBack, |_| {
        Comes::Answers(&[FinishReason::ToolCalls, FinishReason::Stop])
    }),
    ("length", Shape::Plain, |_| Comes::Answers(&[FinishReason::Length])),
    ("refusal", Shape::Plain, |api| match api {
        "openrouter" => Comes::Answers(&[FinishReason::ContentFilter]),
        "chat" | "responses" | "ollama" => STOP,
        _ => Comes::Fault(FaultKind::Empty, Some(200)),
    }),
    ("cached", Shape::Plain, |_| STOP),
    ("priced", Shape::Plain, |_| STOP),
    ("unpinned", Shape::Plain, |_| STOP),
    ("image", Shape::Plain, |api| match api {
        "openrouter" | "responses" | "gemini" => Comes::Fault(FaultKind::Rejected, Some(200)),
        _ => STOP,
    }),
    ("strict-temperature", Shape::Plain, |_| Comes::Fault(FaultKind::Rejected, Some(400))),
];

/// The parameters of the question that an API has no word for.
fn unsent(api: &str) -> &'static [&'static str] {
    match api {
        "messages" => &["repeat_penalty", "seed"],
        "gemini" => &["repeat_penalty"],
        "responses" => &["top_k", "repeat_penalty", "seed"],
        _ => &[],
    }
}

fn check_answers(of: Spoken, (name, shape, _): &Scenario, finishes: &[FinishReason], played: &Played) {
    let place = format!("{} {name} {shape:?}", of.0);
    let needs = ["first", "back"];
    let mut story = vec!["opened".to_owned()];
    story.extend(needs.iter().zip(finishes).map(|(need, finish)| format!("answered {need} 1: {finish:?}")));
    story.push("scored".to_owned());
    assert_eq!(played.story(), story, "{place}");
    assert_eq!(played.waits, Vec::<u64>::new(), "{place}");
    let (mut input, mut output) = (0, 0);
    let events = played.events();
    for event in &events {
        let Event::Answered { need, role, request, answer, meter, served, cached, unsent: left_out, .. } =
            event
        else {
            continue;
        };
        assert_eq!((*role, *cached), (ModelRole::Subject, false), "{place}");
        let blob = |address| played.log.blob(address).expect("it is kept");
        let asked: Ask = serde_json::from_slice(&blob(request.expect("it was asked"))).expect("it is JSON");
        if need.as_str() == "first" {
            assert_eq!(asked, question(*shape), "{place}");
        }
        let answer: Answer = serde_json::from_slice(&blob(*answer)).expect("it is JSON");
        let Answer::Reply(reply) = answer else { panic!("{place}: a model gives replies") };
        assert_eq!((reply.usage, &reply.served), (meter.usage, served), "{place}");
        assert_eq!(
            reply.message.reasoning.is_some(),
            name.starts_with("reasoning") && api(of) != "completions",
            "{place}"
        );
        assert_eq!(served.model.as_deref(), Some(*name), "{place}");
        assert_eq!(served.provider.is_some(), api(of) == "openrouter", "{place}");
        // Beside an effort, APIs take fewer parameters; each dialect's own tests say which.
        if *shape != Shape::ToolAndBack {
            assert_eq!(left_out, unsent(api(of)), "{place}");
        }
        let tells = !matches!(api(of), "messages" | "gemini" | "ollama");
        let cost =
            (*name == "priced" && tells).then_some(Cost { usd: PRICE_USD, source: CostSource::Provider });
        assert_eq!(
            (meter.cost_usd, meter.cost_source),
            (cost.map(|c| c.usd), cost.map(|c| c.source)),
            "{place}"
        );
        assert!(meter.latency_ms.is_some(), "{place}");
        // Ollama tells nothing of its cache.
        assert_eq!(meter.usage.cached_input > 0, *name == "cached" && api(of) != "ollama", "{place}");
        input += meter.usage.input;
        output += meter.usage.output;
    }
    assert_eq!((input, output), (played.told.input_tokens, played.told.output_tokens), "{place}");
    let wires = played.wires();
    assert_eq!(wires.len(), finishes.len(), "{place}");
    for wire in wires {
        assert_eq!(wire.status, Some(200), "{place}");
        assert!(!serde_json::to_string(&wire).expect("a record is JSON").contains(KEY), "{place}");
    }
}

#[tokio::test]
async fn every_answer_leaves_its_events_in_every_dialect() {
    let server = serve(options());
    let mut wrong = Vec::new();
    for of in DIALECTS {
        for scenario in SCENARIOS.iter().filter(|(_, shape, _)| of.2 || *shape == Shape::Plain) {
            let played = play(&server, of, scenario.0, scenario.1).await;
            let check = || match (scenario.2)(api(of)) {
                Comes::Answers(finishes) => check_answers(of, scenario, finishes, &played),
                Comes::Fault(kind, status) => {
                    assert_eq!(played.story(), story_of(kind, status), "{} {}", of.0, scenario.0);
                }
            };
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err() {
                wrong.push(format!("{} {}", of.0, scenario.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
