//! A run over HTTP: which calls it makes, and which of them again.

mod program;

use std::collections::BTreeMap;

use self::program::Place;
use self::program::server::{ModelServer, Request, Response};

/// Calls of the subject and of the judge that one set of the suite takes.
const SUBJECT_CALLS: usize = 26;
const JUDGE_CALLS: usize = 15;

fn over_http<'a>(base_url: &'a str, repeats: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut line =
        vec!["run", "independence", "--json", "--repeats", repeats, "--parallel", "4", "--out", out];
    line.extend(["--model", "openai-compatible/m", "--judge", "openai-compatible/j", "--base-url", base_url]);
    line
}

fn calls_of(seen: &[Request], model: &str) -> usize {
    seen.iter().filter(|request| request.model() == model).count()
}

fn count_by_body(bodies: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for body in bodies {
        *counts.entry(body).or_default() += 1;
    }
    counts
}

#[test]
fn the_server_sees_exactly_26_calls_a_repeat() {
    let place = Place::new();
    let server = ModelServer::start(Response::well);
    let run = place.unbent(over_http(&server.base_url(), "3", "a.unbent"));
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let seen = server.seen();
    assert_eq!((calls_of(&seen, "m"), calls_of(&seen, "j")), (SUBJECT_CALLS * 3, JUDGE_CALLS * 3));

    let again = place.unbent(["resume", "a.unbent", "--json"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(server.seen().len(), seen.len(), "a finished run asks nothing");
}

#[test]
fn a_server_that_fails_at_times_sees_only_the_calls_that_failed_again() {
    let place = Place::new();
    let server = ModelServer::start(|request| match request.number {
        3 => Response::status(500, "{\"error\": \"out of breath\"}"),
        20 => Response::Http(429, vec![("retry-after-ms", "0".to_owned())], "{}".to_owned()),
        _ => Response::well(request),
    });
    let run = place.unbent(over_http(&server.base_url(), "1", "a.unbent"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let seen = server.seen();
    assert_eq!(seen.len(), SUBJECT_CALLS + JUDGE_CALLS + 2);
    let counts = count_by_body(seen.iter().map(|request| request.body.clone()));
    let twice: Vec<_> = counts.iter().filter(|(_, n)| **n > 1).map(|(body, _)| body).collect();
    assert_eq!(twice.len(), 2);
    assert!(twice.contains(&&seen[2].body) && twice.contains(&&seen[19].body));
    let faults = run.json_lines().into_iter().filter(|line| line["event"] == "faulted").count();
    assert_eq!(faults, 2);
}
