//! What becomes of one file.

use super::*;

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
        ..
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
