//! `unbent suites`: lists, shows and checks suites and their packs, and rebuilds a reference's texts.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use unbent_core::{Ask, Clock as _, Event, ModelRole};
use unbent_report::thousands;
use unbent_store::RunReader;
use unbent_store::import::independence_bench::import_independence_bench;
use unbent_suites::independence::{RecordedConversation, rebuild_pack};
use unbent_suites::kit::{Finding, Registration, Setup, Severity};

use crate::args::{PackFormat, SuiteArgs, SuitesCommand};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::packs::read_pack;
use crate::session::{ProgramClock, open_suite};
use crate::setups::setup;

pub(super) fn suites(command: Option<SuitesCommand>, json: bool) -> Result<Exit, CommandError> {
    match command.unwrap_or(SuitesCommand::List) {
        SuitesCommand::List => Ok(list(json)),
        SuitesCommand::Show { suite, setup } => show(&suite, &setup, json),
        SuitesCommand::Lint { suite, pack } => lint(suite.as_deref(), pack.as_deref(), json),
        SuitesCommand::ExtractPack { format: PackFormat::IndependenceBench, path, out } => {
            extract_pack(&path, &out, json)
        }
    }
}

/// So many cases are listed for people.
const LISTED: usize = 64;

fn list(json: bool) -> Exit {
    let suites = unbent_suites::registry();
    if json {
        let rows: Vec<_> =
            suites.iter().map(|suite| json!({ "id": suite.id, "about": suite.about })).collect();
        output::line(&format!("{:#}", Value::from(rows)));
    } else {
        for suite in suites {
            output::line(&format!("{:14} {}", suite.id, suite.about));
        }
    }
    Exit::Done
}

fn show(id: &str, args: &SuiteArgs, json: bool) -> Result<Exit, CommandError> {
    let suite = open_suite(id, &setup(args, id)?)?;
    let Registration { about, params, files, .. } =
        unbent_suites::find(id).ok_or_else(|| CommandError::usage(format!("there is no suite {id:?}")))?;
    let record = suite.record();
    let cases: Vec<_> = suite.cases().into_iter().map(|case| case.id).collect();
    if json {
        let params: Vec<_> = params
            .iter()
            .map(|param| json!({ "name": param.name, "default": param.default, "about": param.about }))
            .collect();
        let shown = json!({ "id": id, "about": about, "params": params, "set": record.params, "pack": record.pack, "cases": cases });
        output::line(&format!("{shown:#}"));
        return Ok(Exit::Done);
    }
    output::line(&format!("{id}: {about}\n\nparameters (--set NAME=VALUE)"));
    for param in *params {
        let value = record.params.get(param.name).and_then(Value::as_str).unwrap_or(param.default);
        output::line(&format!("  {:15} = {value:12} {}", param.name, param.about));
    }
    if !files.is_empty() {
        output::line("\nfiles");
    }
    for file in *files {
        output::line(&format!("  --{:10} {}", file.name, file.about));
    }
    if let Some(pack) = &record.pack {
        let place = pack.path.as_deref().unwrap_or("built in");
        output::line(&format!("\npack {} {} ({place})\n  BLAKE3 {}", pack.id, pack.version, pack.hash));
    }
    output::line(&format!("\n{} cases", thousands(cases.len() as u64)));
    for case in cases.iter().take(LISTED) {
        output::line(&format!("  {case}"));
    }
    if cases.len() > LISTED {
        output::line(&format!("  … and {} more; --json lists all", thousands((cases.len() - LISTED) as u64)));
    }
    Ok(Exit::Done)
}

fn lint(only: Option<&str>, pack: Option<&Path>, json: bool) -> Result<Exit, CommandError> {
    if let Some(only) = only {
        open_known(only)?;
    }
    let setup = Setup { pack: pack.map(read_pack).transpose()?, ..Setup::default() };
    let mut findings: Vec<(&str, Finding)> = Vec::new();
    for suite in unbent_suites::registry().iter().filter(|suite| only.is_none_or(|only| only == suite.id)) {
        let found =
            (suite.lint)(&setup).map_err(|error| CommandError::new(Exit::BadFile, error.to_string()))?;
        findings.extend(found.into_iter().map(|finding| (suite.id, finding)));
    }
    let word = |severity| if severity == Severity::Error { "error" } else { "warning" };
    if json {
        let rows: Vec<_> = findings
            .iter()
            .map(|(suite, found)| {
                json!({ "suite": suite, "severity": word(found.severity), "place": found.place, "message": found.message })
            })
            .collect();
        output::line(&format!("{:#}", Value::from(rows)));
    } else {
        for (suite, found) in &findings {
            output::line(&format!("{}: {suite}: {}: {}", word(found.severity), found.place, found.message));
        }
        let errors = findings.iter().filter(|(_, found)| found.severity == Severity::Error).count();
        output::line(&format!("{errors} errors, {} warnings", findings.len() - errors));
    }
    let is_broken = findings.iter().any(|(_, found)| found.severity == Severity::Error);
    Ok(if is_broken { Exit::Incomplete } else { Exit::Done })
}

fn open_known(id: &str) -> Result<(), CommandError> {
    open_suite(id, &Setup::default()).map(|_| ())
}

fn extract_pack(path: &Path, out: &Path, json: bool) -> Result<Exit, CommandError> {
    if out.exists() {
        return Err(CommandError::new(Exit::BadFile, format!("{} exists already", out.display()))
            .hint("name another folder with --out"));
    }
    let extraction = rebuild_pack(&recorded_conversations(path)?).map_err(|error| {
        CommandError::new(
            Exit::BadFile,
            format!("the texts cannot be rebuilt from {}: {error}", path.display()),
        )
        .hint(
            "each text is compared with its published fingerprint, so that only the reference's own is taken",
        )
        .hint("a copy of the whole cache folder of AI Independence Bench has every text")
    })?;
    let text = toml::to_string_pretty(&extraction.pack)
        .map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?;
    write_pack(out, &text)?;
    if json {
        let checked: Vec<_> =
            extraction.verified.iter().map(|(text, hash)| json!({ "text": text, "sha256": hash })).collect();
        output::line(&format!("{:#}", json!({ "pack": out, "verified": checked })));
    } else {
        for (text, hash) in &extraction.verified {
            output::line(&format!("{hash}  {text}"));
        }
        output::line(&format!(
            "\n{} texts, each with its published fingerprint, in {}",
            extraction.verified.len(),
            out.display()
        ));
        output::line(&format!("use them: unbent run independence --pack {} --model …", out.display()));
        output::line("The judge's texts are not in the cache: the rubrics stay this project's own.");
    }
    Ok(Exit::Done)
}

/// Enough recordings of each scenario to find one with the published wording.
const RECORDINGS_EACH: usize = 40;

/// Recorded requests of every scenario, out of a run file that the folder is imported into for the moment.
fn recorded_conversations(path: &Path) -> Result<Vec<RecordedConversation>, CommandError> {
    let refused = |error: std::io::Error| {
        CommandError::new(Exit::Io, format!("no temporary folder can be made: {error}"))
    };
    let folder = tempfile::tempdir().map_err(refused)?;
    let file = folder.path().join("recorded.unbent");
    let now_ms = ProgramClock::from_environment().now_ms();
    import_independence_bench(
        path,
        &super::import::cases()?,
        &file,
        now_ms,
        super::run::program(),
        &mut |_| {},
    )
    .map_err(super::import::import_error)?;
    let reader = RunReader::open(&file)?;
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for trial in reader.trials_without_notes() {
        let trial = trial?;
        if !trial.key.case.as_str().starts_with("strong/tool_role/") {
            continue;
        }
        for logged in reader.events(trial.no)? {
            let Event::Answered { need, role: ModelRole::Subject, request: Some(request), .. } = logged.event
            else {
                continue;
            };
            let taken = taken.entry(need.to_string()).or_default();
            if *taken < RECORDINGS_EACH {
                *taken += 1;
                let ask: Ask = serde_json::from_slice(&reader.blob(request)?)
                    .map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?;
                found.push(RecordedConversation { scenario: need.to_string(), messages: ask.messages });
            }
        }
    }
    Ok(found)
}

/// Writes the pack beside its place and then moves it there, so that it is never half there.
fn write_pack(out: &Path, text: &str) -> Result<(), CommandError> {
    let refused = |error: std::io::Error| {
        CommandError::new(Exit::Io, format!("{} cannot be written: {error}", out.display()))
    };
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let staging = tempfile::Builder::new().prefix(".unbent-pack-").tempdir_in(parent).map_err(refused)?;
    std::fs::write(staging.path().join("pack.toml"), text).map_err(refused)?;
    let staged = staging.keep();
    std::fs::rename(&staged, out).map_err(|error| {
        let _ = std::fs::remove_dir_all(&staged);
        refused(error)
    })
}
