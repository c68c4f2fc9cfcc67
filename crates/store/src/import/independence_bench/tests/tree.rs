//! What becomes of a folder of files.

use super::*;

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
    let answers = first.trials().map(Result::unwrap).fold((0, 0), |sum, trial| {
        (sum.0 + trial.meters.subject.answers, sum.1 + trial.meters.judge.answers)
    });
    assert_eq!(answers, (2130, 1223 + 83));
    assert_eq!(first.finished_count().unwrap(), 1223 + 83);
    assert_eq!(bodies(&first).address(), bodies(&second).address());
}
