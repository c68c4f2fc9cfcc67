//! What a run tells of its calls: who served them, what was paid and kept, and what was not sent.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::{Value, json};

use self::program::server::{ModelServer, Request, Response};
use self::program::{Ended, Place};

/// A good answer with fields of its own.
fn well_with(request: &Request, fields: &Value) -> Response {
    let Response::Http(status, headers, body) = Response::well(request) else { panic!("an answer") };
    let mut answer: Value = serde_json::from_str(&body).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        answer[name] = value.clone();
    }
    Response::Http(status, headers, answer.to_string())
}

fn run(place: &Place, server: &ModelServer, model: &str, extra: &[&str]) -> Ended {
    let base_url = server.base_url();
    let mut line = vec!["run", "independence", "--parallel", "1", "--out", "a.unbent", "--model", model];
    line.extend(["--judge", "openai-compatible/j", "--base-url", &base_url]);
    line.extend(extra);
    place.unbent(line)
}

#[test]
fn answers_of_different_providers_are_not_pooled_silently() {
    let place = Place::new();
    let server = ModelServer::start(|request| {
        let provider = if request.number % 2 == 0 { "Alpha" } else { "Beta" };
        well_with(request, &json!({ "provider": provider }))
    });
    let ran = run(&place, &server, "openai-compatible/m", &[]);
    assert_eq!(ran.code, Some(0), "a run is not lost for it: {}", ran.stderr);
    assert!(
        ran.stdout.contains("POOLED: the answers of openai-compatible/m were served by"),
        "{}",
        ran.stdout
    );

    let refused = place.unbent(["leaderboard", "a.unbent"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    for told in ["openai-compatible/m by", "Alpha", "Beta", "of 26)", "--pool-providers"] {
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
    }
    let pooled = place.unbent(["leaderboard", "a.unbent", "--pool-providers", "--json"]);
    assert_eq!(pooled.code, Some(0), "{}", pooled.stderr);
    assert!(
        pooled.stderr.contains("POOLED")
            && pooled.stderr.contains("The judge openai-compatible/j was served by")
    );
    let rows: Value = serde_json::from_str(&pooled.stdout).unwrap();
    let served = rows[0]["served_by"].as_str().unwrap();
    assert!(served.contains("Alpha") && served.contains("Beta") && served.contains(" %"), "{served}");
}

#[test]
fn the_leaderboard_names_the_one_provider_that_served_and_a_grading_keeps_it() {
    let place = Place::new();
    let server = ModelServer::start(|request| {
        // The judge comes from elsewhere, which is no reason to refuse.
        let provider = if request.model() == "j" { "Gamma" } else { "Alpha" };
        well_with(request, &json!({ "provider": provider }))
    });
    assert_eq!(run(&place, &server, "openai-compatible/m", &[]).code, Some(0));
    let graded = place.unbent(["rejudge", "a.unbent", "--judge", "sim/rule-judge"]);
    assert_eq!(graded.code, Some(0), "{}", graded.stderr);
    let rows = place.leaderboard("a.unbent", "corrected");
    let served: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["served_by"].as_str().unwrap()).collect();
    assert_eq!(served, ["Alpha", "Alpha"]);
    let shown = place.unbent(["leaderboard", "a.unbent"]).stdout;
    assert!(shown.lines().nth(1).unwrap().contains("Served by"), "{shown}");

    let plain = Place::new();
    let server = ModelServer::start(Response::well);
    assert_eq!(run(&plain, &server, "openai-compatible/m", &[]).code, Some(0));
    assert!(plain.leaderboard("a.unbent", "corrected")[0].get("served_by").is_none());
}

#[test]
fn a_run_tells_what_it_paid_and_what_it_keeps_of_that() {
    let place = Place::new();
    // One answer comes empty: it is paid for, and asked for again.
    let server = ModelServer::start(|request| {
        let priced = json!({ "usage": { "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.01 } });
        if request.number != 1 {
            return well_with(request, &priced);
        }
        let message = json!({ "role": "assistant", "content": "" });
        let choices = json!([{ "index": 0, "message": message, "finish_reason": "stop" }]);
        well_with(request, &json!({ "usage": priced["usage"], "choices": choices }))
    });
    let ran = run(&place, &server, "openai-compatible/m", &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(server.seen().len(), 26 + 15 + 1);
    let last = ran.json_lines().pop().unwrap();
    let near = |value: &Value, wanted: f64| (value.as_f64().unwrap() - wanted).abs() < 1e-9;
    assert!(near(&last["paid"]["usd"], 0.42) && near(&last["kept"]["usd"], 0.41), "{last}");
    assert_eq!((&last["paid"]["tokens"], &last["kept"]["tokens"]), (&json!(42 * 15), &json!(41 * 15)));
    let roles = &last["roles"];
    assert!(
        near(&roles["subject"]["paid"]["usd"], 0.27) && near(&roles["judge"]["kept"]["usd"], 0.15),
        "{roles}"
    );

    let shown = place.unbent(["show", "a.unbent"]).stdout;
    assert!(shown.contains("$0.42 paid in all (630 tokens), $0.41 of it for answers that count"), "{shown}");
    assert!(shown.contains("openai-compatible/j"), "{shown}");
    let shown: Value = serde_json::from_str(&place.unbent(["show", "a.unbent", "--json"]).stdout).unwrap();
    assert_eq!(shown["paid"], last["paid"]);
}

#[test]
fn a_parameter_that_is_not_sent_is_told_before_the_run_and_after_it() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let ran = run(&place, &server, "openai-compatible/m?refuses=temperature", &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let warnings: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = warnings
        .iter()
        .filter(|line| line["event"] == "warning")
        .map(|line| line["message"].as_str().unwrap())
        .filter(|message| message.contains("takes no temperature"))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("takes no temperature: 0.7 is not sent"), "{told:?}");
    assert!(told[1].ends_with("takes no temperature: 0.7 was asked for and not sent"), "{told:?}");
    let shown = place.unbent(["show", "a.unbent"]).stdout;
    assert!(shown.contains("takes no temperature: 0.7 was asked for and not sent"), "{shown}");
}
