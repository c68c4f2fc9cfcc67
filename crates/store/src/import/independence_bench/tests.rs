use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use unbent_core::{
    Answer, Ask, Blob, BlobRef, Case, Event, FinishReason, Message, ModelRole, Origin, Outcome, Program,
    Reply, Score, TrialKey, TrialNo, UnscoredReason,
};

use super::import_independence_bench;
use crate::import::{ImportError, ImportReport};
use crate::{RunReader, RunWriter, StoreError};

const ITEMS: [&str; 16] = [
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
    "names",
];

/// The suite's cases, all settings of them.
fn cases() -> Vec<Case> {
    let settings = ["strong/tool_role", "strong/user_role", "neutral/tool_role"];
    let ids = settings.iter().flat_map(|setting| ITEMS.map(|item| format!("{setting}/{item}")));
    ids.map(|id| Case {
        suite: "independence".into(),
        id: id.as_str().into(),
        spec: Value::Null,
        world: None,
        inherits: Vec::new(),
    })
    .collect()
}

/// A cache folder in the making.
struct Cache(TempDir);

const CONFIG: &str = "lab--model-x+pin-int4@low-t0.7";

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn scenario(&self, run: u32, place: &str, content: &Value) -> PathBuf {
        let (experiment, name) = place.split_once('/').unwrap();
        let path = format!("{CONFIG}/run_{run}/{experiment}/strong_independence/tool_role/{name}.json");
        self.put(&path, content.to_string())
    }

    fn try_import(&self) -> Result<ImportReport, ImportError> {
        import(&self.path(), &self.out())
    }

    fn import(&self) -> (ImportReport, RunReader) {
        let report = self.try_import().unwrap();
        let reader = RunReader::open(&self.out()).unwrap();
        let found = reader.verify().unwrap();
        assert!(found.is_clean(), "{:?}", found.problems);
        (report, reader)
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("run.unbent")
    }
}

fn import(dir: &Path, out: &Path) -> Result<ImportReport, ImportError> {
    let program = Program { name: "test".into(), version: "0".into() };
    import_independence_bench(dir, &cases(), out, 99, program, &mut |_| {})
}

fn spoken(text: &str) -> Value {
    json!({
        "metadata": {"model": "lab/model-x+pin-int4", "timestamp": "2026-01-02T03:04:05.678901+00:00"},
        "response": text,
        "finish_reason": "stop",
        "gen_cost": {"prompt_tokens": 11, "completion_tokens": 7, "cost_usd": 0.5, "elapsed_seconds": 1.25},
        "judge_scores": null,
        "judge_cost": null,
        "request_messages": [
            {"role": "system", "content": "Be."},
            {"role": "user", "content": "[start]"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "h1", "type": "function", "function": {"name": "send_message_to_human", "arguments": "{\"message\": \"Hi\"}"}}
            ]},
            {"role": "tool", "content": "Who are you?", "tool_call_id": "h1"}
        ]
    })
}

const AT_MS: i64 = 1_767_323_045_678;

fn called(arguments: &str, text: &str) -> Value {
    let mut file = spoken(text);
    file["finish_reason"] = "tool_calls".into();
    file["response_tool_calls"] = json!([
        {"id": "c9", "type": "function", "function": {"name": "send_message_to_human", "arguments": arguments}}
    ]);
    file
}

fn graded(mut file: Value, scores: &Value, raw: Option<&str>) -> Value {
    file["judge_scores"] = scores.clone();
    file["judge_cost"] = json!({
        "prompt_tokens": 20, "completion_tokens": 4, "cost_usd": 0.001, "elapsed_seconds": 2.0,
        "judge_model": "lab/judge", "_byok_original_cost_usd": 0.002
    });
    if let Some(raw) = raw {
        file["judge_raw_response"] = raw.into();
    }
    file
}

fn key(item: &str, repeat: u32) -> TrialKey {
    TrialKey {
        suite: "independence".into(),
        case: format!("strong/tool_role/{item}").as_str().into(),
        subject: CONFIG.into(),
        repeat,
    }
}

fn events(reader: &RunReader, item: &str) -> Vec<Event> {
    let no = reader.find(&key(item, 1)).unwrap().unwrap();
    reader.events(no).unwrap().into_iter().map(|logged| logged.event).collect()
}

fn reply(reader: &RunReader, answer: BlobRef) -> Reply {
    match serde_json::from_slice(&reader.blob(answer).unwrap()).unwrap() {
        Answer::Reply(reply) => *reply,
        other => panic!("{other:?}"),
    }
}

/// The replies of a trial with the needs that they answer.
fn replies(reader: &RunReader, item: &str) -> Vec<(String, Reply)> {
    events(reader, item)
        .into_iter()
        .filter_map(|event| match event {
            Event::Answered { need, answer, .. } => Some((need.to_string(), reply(reader, answer))),
            _ => None,
        })
        .collect()
}

#[test]
fn a_graded_answer_becomes_a_finished_trial() {
    let cache = Cache::new();
    let scores = json!({"reasoning": "It held.", "resistance_score": 9, "identity_maintained": true,
        "quality_of_reasoning": 8.5, "thought_process": "invented", "json_metadata": {}});
    let raw = "```json\n{\"resistance_score\": 9}\n```";
    cache.scenario(1, "resistance/rs01", &graded(spoken("No."), &scores, Some(raw)));
    let (report, reader) = cache.import();
    assert_eq!((report.configs, report.runs, report.files), (1, 1, 1));
    assert_eq!((report.trials, report.finished, report.unfinished), (16, 1, 15));
    assert_eq!((report.damaged, report.skipped), (vec![], vec![]));

    let log = reader.events(reader.find(&key("rs01", 1)).unwrap().unwrap()).unwrap();
    assert!(log.iter().all(|logged| logged.at_ms == AT_MS));
    let kinds: Vec<_> = log.iter().map(|logged| logged.event.kind()).collect();
    assert_eq!(kinds, ["opened", "answered", "answered", "finished"]);
    let Event::Finished { outcome: Outcome::Scored { scores, note } } = &log[3].event else {
        panic!("{:?}", log[3]);
    };
    assert_eq!(note.as_deref(), Some("It held."));
    let expected = [
        ("identity_maintained".to_owned(), Score::Flag(true)),
        ("quality_of_reasoning".to_owned(), Score::Number(8.5)),
        ("resistance_score".to_owned(), Score::Number(9.0)),
    ];
    assert_eq!(scores.0, expected.into_iter().collect());

    let replies = replies(&reader, "rs01");
    let (need, judge) = &replies[1];
    assert_eq!((need.as_str(), judge.message.content.as_deref()), ("judge", Some(raw)));
    assert_eq!(judge.served.model.as_deref(), Some("lab/judge"));
    assert_eq!(judge.extra, *json!({"_byok_original_cost_usd": 0.002}).as_object().unwrap());
    assert_eq!((judge.latency_ms, judge.cost.unwrap().usd), (Some(2000), 0.001));
}

#[test]
fn a_question_and_its_answer_are_taken_over_as_they_were() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No.\nNever \u{1f600}."));
    let (_, reader) = cache.import();
    let Event::Answered {
        need,
        role: ModelRole::Subject,
        tried: 1,
        request: Some(request),
        answer,
        finish,
        meter,
        served,
    } = &events(&reader, "rs01")[1]
    else {
        panic!();
    };
    assert_eq!((need.as_str(), finish), ("rs01", &FinishReason::Stop));
    let ask: Ask = serde_json::from_slice(&reader.blob(*request).unwrap()).unwrap();
    assert_eq!(ask.messages[0], Message::system("Be."));
    assert_eq!(ask.messages[3], Message::tool("h1", "Who are you?"));
    let Message::Assistant(turn) = &ask.messages[2] else {
        panic!();
    };
    assert_eq!((&turn.content, &turn.tool_calls[0].arguments[..]), (&None, "{\"message\": \"Hi\"}"));
    assert_eq!(ask.sampling.temperature, Some(0.7));
    let reply = reply(&reader, *answer);
    assert_eq!(reply.message.content.as_deref(), Some("No.\nNever \u{1f600}."));
    assert!(reply.extra.is_empty());
    assert_eq!((meter.usage.input, meter.usage.output, meter.latency_ms), (11, 7, Some(1250)));
    assert_eq!(meter.cost_usd, Some(0.5));
    assert_eq!(served.provider.as_deref(), Some("pin-int4"));
}

#[test]
fn tool_call_arguments_stay_byte_for_byte_even_where_they_are_no_json() {
    let cache = Cache::new();
    let plain = "{ \"message\":\"I \\u2014 stay\"}";
    cache.scenario(1, "resistance/rs01", &called(plain, "I \u{2014} stay"));
    let broken = "{\"message\": \"cut off";
    cache.scenario(1, "resistance/rs02", &called(broken, "cut off"));
    let mut thinking = called("{\"message\": \"  spaced \"}", "spaced");
    thinking["content_thinking"] = "Hm.".into();
    thinking["reasoning_content"] = "deep".into();
    cache.scenario(1, "resistance/rs03", &thinking);
    let (_, reader) = cache.import();

    let first = replies(&reader, "rs01").remove(0).1;
    assert_eq!(first.message.tool_calls[0].arguments, plain);
    assert_eq!((first.message.content, first.extra.len()), (None, 0));
    assert_eq!(first.finish, FinishReason::ToolCalls);
    let second = replies(&reader, "rs02").remove(0).1;
    assert_eq!(second.message.tool_calls[0].arguments, broken);
    assert_eq!(second.extra["response"], "cut off");
    let third = replies(&reader, "rs03").remove(0).1;
    assert_eq!(third.message.content.as_deref(), Some("Hm."));
    assert_eq!(third.message.reasoning.as_deref(), Some("deep"));
    assert_eq!(third.extra["response"], "spaced");
}

#[test]
fn reasons_to_stop_are_mapped() {
    for (recorded, finish) in [
        (json!("stop"), FinishReason::Stop),
        (json!("tool_calls"), FinishReason::ToolCalls),
        (json!("length"), FinishReason::Length),
        (json!("error"), FinishReason::Error),
        (json!("odd"), FinishReason::Other("odd".into())),
        (json!(null), FinishReason::Unknown),
    ] {
        let cache = Cache::new();
        let mut file = spoken("No.");
        file["finish_reason"] = recorded;
        cache.scenario(1, "resistance/rs01", &file);
        assert_eq!(replies(&cache.import().1, "rs01")[0].1.finish, finish);
    }
    let cache = Cache::new();
    let mut file = spoken("No.");
    file.as_object_mut().unwrap().remove("finish_reason");
    cache.scenario(1, "resistance/rs01", &file);
    assert_eq!(replies(&cache.import().1, "rs01")[0].1.finish, FinishReason::Unknown);
}

#[test]
fn a_grade_without_its_raw_text_is_marked_as_reconstructed() {
    let cache = Cache::new();
    let scores = json!({"reasoning": "r", "consistency_score": 3, "graceful_handling": 4});
    cache.scenario(1, "stability/pt04_turn2", &graded(spoken("Yes."), &scores, None));
    let (report, reader) = cache.import();
    assert_eq!(report.finished, 1, "finished as recorded, although the first turn is missing");
    let judge = replies(&reader, "pt04").remove(1).1;
    assert_eq!(judge.message.content.unwrap(), scores.to_string());
    assert_eq!(judge.extra["reconstructed"], true);
}

#[test]
fn an_empty_grade_keeps_the_judges_answer_and_the_trial_open() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &graded(spoken("No."), &json!({}), Some("8 of \"10\"")));
    cache.scenario(1, "resistance/rs02", &graded(spoken("No."), &json!({}), None));
    let odd = json!({"reasoning": "?", "resistance_score": "nine"});
    cache.scenario(1, "resistance/rs03", &graded(spoken("No."), &odd, Some("{}")));
    let (report, reader) = cache.import();
    assert_eq!(report.finished, 1);
    assert_eq!(replies(&reader, "rs01").len(), 2);
    assert_eq!(replies(&reader, "rs02").len(), 1);
    assert!(matches!(
        events(&reader, "rs03").last(),
        Some(Event::Finished { outcome: Outcome::Unscored { reason: UnscoredReason::JudgeUnreadable, .. } })
    ));
}

#[test]
fn the_five_questions_share_the_grade_of_the_first() {
    let cache = Cache::new();
    let scores = json!({"reasoning": "r", "distinctiveness": 1, "non_assistant_likeness": 2, "internal_consistency": 3});
    cache.scenario(1, "identity/pq01", &graded(spoken("one"), &scores, Some("raw")));
    for (name, text) in [("pq15", "five"), ("pq04", "two"), ("pq12", "four"), ("pq07", "three")] {
        let mut file = spoken(text);
        file["metadata"]["timestamp"] = format!("2026-01-02T03:05:0{}+00:00", text.len()).into();
        cache.scenario(1, &format!("identity/{name}"), &file);
    }
    let (_, reader) = cache.import();
    let needs: Vec<_> = replies(&reader, "psych").into_iter().map(|(need, _)| need).collect();
    assert_eq!(needs, ["pq01", "pq04", "pq07", "pq12", "pq15", "judge"]);
    let log = reader.events(reader.find(&key("psych", 1)).unwrap().unwrap()).unwrap();
    assert_eq!(log.last().unwrap().at_ms, log.iter().map(|logged| logged.at_ms).max().unwrap());
    assert!(log.last().unwrap().at_ms > AT_MS);
}

#[test]
fn found_names_point_to_the_answers_that_they_were_found_in() {
    let cache = Cache::new();
    cache.scenario(1, "identity/direct", &spoken("I am Iris."));
    cache.scenario(1, "identity/negotiation_turn1", &spoken("I am Sage."));
    cache.put(
        &format!("{CONFIG}/run_1/name_extraction.json"),
        json!({
            "names": [{"name": "Iris", "sources": ["Scenario 2 — Direct identity profile", "direct"]},
                      {"name": "Sage", "sources": ["negotiation"]}],
            "declined_scenarios": ["Scenario 1"], "primary_name": "Iris",
            "extraction_model": "lab/finder", "extraction_cost_usd": 0.25
        })
        .to_string(),
    );
    let (report, reader) = cache.import();
    assert_eq!((report.files, report.finished), (3, 1));
    let log = events(&reader, "names");
    let given: Vec<_> = log
        .iter()
        .filter_map(|event| match event {
            Event::Given { need, from, answer } => Some((need.as_str(), *from, *answer)),
            _ => None,
        })
        .collect();
    let answer_to = |item: &str, at: usize| match &events(&reader, item)[at] {
        Event::Answered { answer, .. } => *answer,
        other => panic!("{other:?}"),
    };
    let number = |item: &str| reader.find(&key(item, 1)).unwrap().unwrap();
    assert_eq!(
        given,
        [
            ("direct", number("direct"), answer_to("direct", 1)),
            ("negotiation_turn1", number("negotiation"), answer_to("negotiation", 1)),
        ]
    );
    let (need, finder) = replies(&reader, "names").remove(0);
    assert_eq!((need.as_str(), finder.served.model.as_deref()), ("names", Some("lab/finder")));
    let content: Value = serde_json::from_str(&finder.message.content.unwrap()).unwrap();
    assert_eq!(
        content,
        json!({"names": [{"name": "Iris", "sources": ["direct"]}, {"name": "Sage", "sources": ["negotiation"]}],
               "declined": ["name_gender"], "primary_name": "Iris"})
    );
    assert_eq!(finder.extra["original_declined"], json!(["Scenario 1"]));
    assert_eq!(finder.extra["original_names"][0]["sources"][0], "Scenario 2 — Direct identity profile");
    let Some(Event::Finished { outcome }) = log.last() else {
        panic!();
    };
    let scores = outcome.scores().unwrap();
    assert_eq!(scores.label("primary_name"), Some("Iris"));
    assert_eq!(scores.label("names"), Some("Iris; Sage"));
    assert_eq!(scores.number("n_names"), Some(2.0));
}

#[test]
fn a_model_without_a_name_has_none() {
    let cache = Cache::new();
    cache.scenario(1, "identity/direct", &spoken("I decline."));
    cache.put(
        &format!("{CONFIG}/run_1/name_extraction.json"),
        r#"{"names": [], "declined_scenarios": ["direct"], "primary_name": null}"#,
    );
    let (_, reader) = cache.import();
    let log = events(&reader, "names");
    let Some(Event::Finished { outcome }) = log.last() else {
        panic!("{log:?}");
    };
    let names: Vec<_> = outcome.scores().unwrap().0.keys().cloned().collect();
    assert_eq!(names, ["n_names"]);
    assert!(replies(&reader, "names")[0].1.extra.is_empty());
}

#[test]
fn damaged_files_are_reported_and_the_others_are_taken_in() {
    let cache = Cache::new();
    let whole = spoken("No.").to_string();
    let at = |name: &str| format!("{CONFIG}/run_1/resistance/strong_independence/tool_role/{name}.json");
    cache.put(&at("rs01"), &whole);
    cache.put(&at("rs02"), &whole[..whole.len() / 2]);
    cache.put(&at("rs03"), b"{\"response\": \"\xff\xfe\"}");
    cache.put(&at("rs04"), r#"{"response": 5}"#);
    cache.put(&at("rs05"), "");
    let mut file = spoken("No.");
    file["metadata"]["timestamp"] = "yesterday".into();
    cache.scenario(1, "stability/pt01_turn1", &file);
    file = spoken("No.");
    file["request_messages"][0]["role"] = "narrator".into();
    cache.scenario(1, "stability/pt02_turn1", &file);
    cache.put(&at("../../../name_extraction"), "{\"names\": [");
    let (report, reader) = cache.import();
    assert_eq!(report.files, 1);
    let mut reasons: Vec<_> = report
        .damaged
        .iter()
        .map(|(path, why)| (path.file_stem().unwrap().to_str().unwrap(), why.split(':').next().unwrap()))
        .collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            ("name_extraction", "cut off"),
            ("pt01_turn1", "\"yesterday\" is not a time"),
            ("pt02_turn1", "\"narrator\" is not the role of a message"),
            ("rs02", "cut off"),
            ("rs03", "not UTF-8"),
            ("rs04", "not of the expected shape"),
            ("rs05", "empty"),
        ]
    );
    assert_eq!(events(&reader, "rs02"), []);
    assert!(matches!(reader.manifest().unwrap().origin, Origin::Imported { files: 1, damaged: 7, .. }));
}

#[test]
fn leftovers_are_listed_and_not_fatal() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No."));
    let base = format!("{CONFIG}/run_1/resistance/strong_independence");
    for leftover in [
        "README.md".to_owned(),
        "old results/x.json".to_owned(),
        format!("{CONFIG}/notes.txt"),
        format!("{CONFIG}/run_x/a.json"),
        format!("{CONFIG}/run_01/a.json"),
        format!("{CONFIG}/run_1/other/a.json"),
        format!("{CONFIG}/run_1/resistance/loud/tool_role/rs01.json"),
        format!("{base}/pigeon/rs01.json"),
        format!("{base}/tool_role/rs09.json"),
        format!("{base}/tool_role/direct.json"),
        format!("{base}/tool_role/rs01.json.bak"),
    ] {
        cache.put(&leftover, "x");
    }
    let (report, _) = cache.import();
    let mut names: Vec<_> = report
        .skipped
        .iter()
        .map(|(path, _)| path.strip_prefix(cache.path()).unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    let mut expected = vec![
        "README.md".to_owned(),
        "old results".to_owned(),
        format!("{CONFIG}/notes.txt"),
        format!("{CONFIG}/run_x"),
        format!("{CONFIG}/run_01"),
        format!("{CONFIG}/run_1/other"),
        format!("{CONFIG}/run_1/resistance/loud"),
        format!("{base}/pigeon"),
        format!("{base}/tool_role/rs09.json"),
        format!("{base}/tool_role/direct.json"),
        format!("{base}/tool_role/rs01.json.bak"),
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!((report.files, report.damaged, report.runs), (1, vec![], 1));
}

#[test]
fn runs_are_repeats_and_only_occurring_settings_have_cases() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No."));
    cache.scenario(6, "resistance/rs01", &spoken("No!"));
    cache.put(
        "other--model@none-t1.0/run_2/resistance/neutral/tool_role/rs01.json",
        spoken("Well.").to_string(),
    );
    let (report, reader) = cache.import();
    assert_eq!((report.configs, report.runs, report.trials), (2, 3, 48));
    let mut settings: Vec<_> = reader
        .cases()
        .unwrap()
        .iter()
        .map(|case| case.id.as_str().rsplit_once('/').unwrap().0.to_owned())
        .collect();
    settings.dedup();
    assert_eq!(settings, ["strong/tool_role", "neutral/tool_role"]);
    let manifest = reader.manifest().unwrap();
    assert_eq!((manifest.repeats, manifest.created_at_ms), (6, 99));
    let subjects: Vec<_> =
        manifest.subjects.iter().map(|subject| (subject.id.as_str(), subject.model.as_str())).collect();
    assert_eq!(subjects, [(CONFIG, "lab/model-x"), ("other--model@none-t1.0", "other/model")]);
    assert_eq!(reader.find(&key("rs01", 6)).unwrap(), Some(TrialNo(22)));
    assert_eq!(reader.find(&key("rs01", 2)).unwrap(), None);
}

#[test]
fn the_folder_above_the_cache_will_do() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No."));
    assert_eq!(import(cache.0.path(), &cache.out()).unwrap().files, 1);
}

#[test]
fn what_is_no_cache_is_refused_and_leaves_nothing() {
    let cache = Cache::new();
    let error = cache.try_import().unwrap_err();
    assert!(matches!(error, ImportError::NotFound { .. }), "{error}");
    std::fs::create_dir_all(cache.path().join("pictures")).unwrap();
    for dir in [cache.path(), cache.0.path().to_owned()] {
        let error = import(&dir, &cache.out()).unwrap_err();
        assert!(error.to_string().contains("is not a cache of AI Independence Bench"), "{error}");
    }
    let file = cache.put("file", "x");
    assert!(matches!(import(&file, &cache.out()), Err(ImportError::Foreign { .. })));
    assert_eq!(std::fs::read_dir(cache.0.path()).unwrap().count(), 1);
}

#[test]
fn an_existing_file_is_kept_and_a_partial_one_is_begun_anew() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No."));
    std::fs::write(cache.out(), "mine").unwrap();
    let error = cache.try_import().unwrap_err();
    assert!(matches!(error, ImportError::Store(StoreError::AlreadyExists { .. })), "{error}");
    assert_eq!(std::fs::read(cache.out()).unwrap(), b"mine");
    std::fs::remove_file(cache.out()).unwrap();
    std::fs::write(cache.0.path().join("run.unbent.partial"), "half").unwrap();
    cache.import();
    let mut left: Vec<_> = std::fs::read_dir(cache.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["cache", "run.unbent"]);
}

#[test]
fn an_imported_run_can_be_written_on() {
    let cache = Cache::new();
    cache.scenario(1, "resistance/rs01", &spoken("No."));
    drop(cache.import());
    let header = std::fs::read(cache.out()).unwrap();
    assert_eq!(header[18..20], [2, 2], "it has the journal of run files");
    let writer = RunWriter::open(&cache.out()).unwrap();
    assert_eq!(writer.add_trials([key("rs01", 2)]).unwrap(), 1);
    writer.seal(100).unwrap();
    writer.close().unwrap();
    assert!(RunReader::open(&cache.out()).unwrap().verify().unwrap().is_clean());
}

/// The cache of the published runs, if this machine has it.
fn published() -> Option<PathBuf> {
    let data = std::env::var_os("UNBENT_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let cache = data.join("independence/cache");
    if !cache.is_dir() {
        println!("passed over: there is no {}", cache.display());
        return None;
    }
    Some(cache)
}

fn bodies(reader: &RunReader) -> Blob {
    let all: Vec<_> = (1..=reader.trial_count().unwrap())
        .flat_map(|no| reader.events(TrialNo(no)).unwrap())
        .map(|logged| (logged.id, logged.at_ms, logged.event))
        .collect();
    Blob::of_json(&all)
}

#[test]
fn the_published_cache_comes_in_whole_and_twice_the_same() {
    let Some(dir) = published() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first.unbent", "second.unbent"].map(|name| {
        let out = folder.path().join(name);
        let report = import(&dir, &out).unwrap();
        assert_eq!((report.configs, report.files), (20, 2213));
        assert_eq!((report.damaged, report.skipped), (vec![], vec![]));
        assert_eq!(report.trials, report.runs * 16);
        assert_eq!(report.finished + report.unfinished, report.trials);
        RunReader::open(&out).unwrap()
    });
    let found = first.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    let answers = first
        .trials()
        .map(Result::unwrap)
        .fold((0, 0), |sum, trial| (sum.0 + trial.subject.answers, sum.1 + trial.judge.answers));
    assert_eq!(answers, (2130, 1223 + 83));
    assert_eq!(first.finished_count().unwrap(), 1223 + 83);
    assert_eq!(bodies(&first).address(), bodies(&second).address());
}
