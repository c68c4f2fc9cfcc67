//! The suite's pack: the texts of the conditions, the rules, what judge and guard are asked, the library and the target.

use std::collections::BTreeMap;

use unbent_core::PackRef;

use super::condition::{self, Conditions};
use super::evaluate::{JudgeRubric, RulePack, judging as judging_file, pack as rules_file};
use super::generate::distinct;
use super::guard::{self, GuardRubric};
use super::library::Library;
use super::spec::Prompt;
use super::target::Target;
use super::user_cases;
use crate::kit::{FileInfo, PackFiles, Setup, SetupError, hash_files};

/// The files that the command line may give by themselves.
pub(super) const FILES: &[FileInfo] = &[
    FileInfo { name: "cases", about: "cases of your own: the reference's JSON array, or JSON Lines" },
    FileInfo {
        name: "rules",
        about: "a rule pack in place of the built-in one: see docs/format/trap-rules.md",
    },
    FileInfo { name: "target", about: "the names of the system under test: see docs/method/trap.md" },
];

/// The file of a pack that holds the target profile.
const TARGET_FILE: &str = "target.toml";

/// Everything that the suite reads.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) conditions: Conditions,
    pub(super) rules: RulePack,
    pub(super) rubric: JudgeRubric,
    pub(super) guard: GuardRubric,
    pub(super) library: Library,
    /// The user's own cases, in place of those that the library makes.
    pub(super) cases: Option<Cases>,
    /// What a run file keeps: what its trials need to go on and to be read.
    pub(super) files: BTreeMap<String, String>,
    pub(super) reference: PackRef,
}

/// A user's own cases.
#[derive(Debug, Clone)]
pub(super) struct Cases {
    pub(super) prompts: Vec<Prompt>,
    pub(super) name: String,
    /// BLAKE3 of the file.
    pub(super) hash: String,
}

/// Reads the pack; a file that is not given is the built-in one.
pub(super) fn load(setup: &Setup) -> Result<Loaded, SetupError> {
    let pack = setup.pack.as_ref();
    let is_known = |name: &str| {
        [condition::FILE, rules_file::FILE, judging_file::FILE, guard::FILE, TARGET_FILE].contains(&name)
    };
    if let Some(stray) =
        pack.and_then(|pack| pack.files.keys().find(|name| !is_known(name) && !name.starts_with("library/")))
    {
        let why = format!(
            "a pack of this suite has the files {}, {}, {}, {}, {TARGET_FILE} and library/FAMILY.toml only",
            condition::FILE,
            rules_file::FILE,
            judging_file::FILE,
            guard::FILE
        );
        return Err(SetupError::BadPack { file: stray.clone(), why });
    }
    let given = |name: &str| pack.and_then(|pack| pack.get(name));
    let single = |name: &str| setup.files.get(name);
    let (target_name, target_text) = match (single("target"), given(TARGET_FILE)) {
        (Some(file), _) => (file.name.as_str(), Some(file.text.as_str())),
        (None, text) => (TARGET_FILE, text),
    };
    let target = target_text.map_or_else(
        || Ok(Target::public()),
        |text| {
            Target::parse(target_name, text)
                .map_err(|error| SetupError::BadPack { file: error.file, why: error.why })
        },
    )?;
    let (rules_name, rules_text) = match single("rules") {
        Some(file) => (file.name.as_str(), file.text.as_str()),
        None => (rules_file::FILE, given(rules_file::FILE).unwrap_or(rules_file::BUILT_IN)),
    };
    let rules = RulePack::parse(rules_name, rules_text).map_err(|error| SetupError::BadPack {
        why: format!("line {}, column {}: {}", error.line, error.column, error.why),
        file: error.file,
    })?;
    let conditions_text = given(condition::FILE).unwrap_or(condition::BUILT_IN);
    let judge_text = given(judging_file::FILE).unwrap_or(judging_file::BUILT_IN);
    let guard_text = given(guard::FILE).unwrap_or(guard::BUILT_IN);
    let library = Library::load(pack, &target).map_err(|error| {
        let first = error.0.first();
        SetupError::BadPack {
            file: first.map_or_else(|| "library".to_owned(), |problem| problem.file.clone()),
            why: error.to_string(),
        }
    })?;
    // A library of one's own may be too small; that is found out here and not in the middle of a run.
    if pack.is_some_and(|pack| pack.files.keys().any(|name| name.starts_with("library/"))) {
        distinct::generate(&library, 42, distinct::CASES)
            .map_err(|error| SetupError::BadPack { file: "library".to_owned(), why: error.to_string() })?;
    }
    let cases = single("cases").map(|file| {
        Ok(Cases {
            prompts: user_cases::read(&file.name, &file.text)?,
            name: file.name.clone(),
            hash: blake3::hash(file.text.as_bytes()).to_hex().to_string(),
        })
    });
    let mut files: BTreeMap<String, String> = [
        (condition::FILE, conditions_text),
        (rules_file::FILE, rules_text),
        (judging_file::FILE, judge_text),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into();
    // Where nobody guards, what a guard would read is no part of the run.
    if given(guard::FILE).is_some() || setup.params.get("guard").is_some_and(|guard| guard == "on") {
        files.insert(guard::FILE.to_owned(), guard_text.to_owned());
    }
    if let Some(text) = target_text {
        files.insert(TARGET_FILE.to_owned(), text.to_owned());
    }
    let mut hashed: BTreeMap<String, String> = files.clone();
    hashed.insert("library".to_owned(), library.hash.clone());
    Ok(Loaded {
        conditions: Conditions::parse(conditions_text, &target)?,
        rubric: JudgeRubric::parse(judge_text)?,
        guard: GuardRubric::parse(guard_text)?,
        reference: PackRef {
            id: rules.id.clone(),
            version: rules.version.clone(),
            hash: hash_files(&hashed),
            path: pack.and_then(|pack: &PackFiles| pack.path.clone()),
        },
        rules,
        library,
        cases: cases.transpose()?,
        files,
    })
}
