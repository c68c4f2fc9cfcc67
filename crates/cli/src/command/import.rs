//! `unbent import`: reads someone else's recorded runs into a run file.

mod instrument_trap;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unbent_core::{Case, Clock as _};
use unbent_store::import::ImportError;
use unbent_store::import::independence_bench::import_independence_bench;
use unbent_suites::kit::Setup;

use super::run::program;
use crate::args::{ImportArgs, ImportFormat};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::progress::{ImportBar, Telling};
use crate::session::{ProgramClock, open_suite};

pub(super) fn import(args: &ImportArgs, json: bool) -> Result<Exit, CommandError> {
    match args.format {
        ImportFormat::IndependenceBench => match args.paths.as_slice() {
            [path] => independence_bench(path, &args.out, json),
            _ => Err(CommandError::usage("independence-bench takes one folder").hint(
                "name the folder that holds its cache, and import other copies into files of their own",
            )),
        },
        ImportFormat::InstrumentTrap => instrument_trap::import(&args.paths, &args.out, json),
    }
}

/// Every case that the reference's cache can hold.
pub(super) fn cases() -> Result<Vec<Case>, CommandError> {
    let all = [("system", "strong,neutral"), ("delivery", "tool_role,user_role"), ("names", "true")];
    let params = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(open_suite("independence", &Setup { params, ..Setup::default() })?.cases())
}

fn independence_bench(path: &Path, out: &Path, json: bool) -> Result<Exit, CommandError> {
    let now_ms = ProgramClock::from_environment().now_ms();
    let bar = ImportBar::new(Telling::suiting(json));
    let report = import_independence_bench(path, &cases()?, out, now_ms, program(), &mut |at| bar.show(at));
    bar.end();
    let report = report.map_err(import_error)?;
    if json {
        let told = json!({
            "file": out,
            "configs": report.configs,
            "runs": report.runs,
            "files": report.files,
            "trials": report.trials,
            "finished": report.finished,
            "unfinished": report.unfinished,
            "damaged": listed(&report.damaged),
            "skipped": listed(&report.skipped),
        });
        output::line(&format!("{told:#}"));
    } else {
        let file = out.display();
        output::line(&format!(
            "{file}: {} files of {} configurations in {} runs; {} of {} trials have their grade",
            report.files, report.configs, report.runs, report.finished, report.trials
        ));
        for (path, why) in &report.skipped {
            output::err_line(&format!("skipped: {}: {why}", path.display()));
        }
        for (path, why) in &report.damaged {
            output::err_line(&format!("damaged: {}: {why}", path.display()));
        }
        if output::is_watched() {
            output::err_line(&format!("see how they rank: unbent leaderboard {file} --method published"));
        }
    }
    Ok(if report.damaged.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// Files with what must be said of them, as JSON.
fn listed(files: &[(PathBuf, String)]) -> Vec<Value> {
    files.iter().map(|(path, why)| json!({ "path": path, "why": why })).collect()
}

/// The error of an import that did not come about.
pub(super) fn import_error(error: ImportError) -> CommandError {
    let message = error.to_string();
    match error {
        ImportError::NotFound { .. } | ImportError::Missing { .. } => {
            CommandError::new(Exit::BadFile, message).hint("check the path")
        }
        ImportError::Foreign { .. } => CommandError::new(Exit::BadFile, message)
            .hint("independence-bench wants the cache folder of AI Independence Bench: cache/CONFIG/run_N/…"),
        ImportError::Useless { .. } => CommandError::new(Exit::BadFile, message).hint(
            "instrument-trap wants *_responses.jsonl, benchmark_9b_sample.jsonl, benchmark_base_*.jsonl, \
             *_evaluated.jsonl or *_results.json of an identity comparison, or a folder with such files",
        ),
        ImportError::Io { .. } => CommandError::new(Exit::Io, message),
        ImportError::Store(error) => CommandError::from_making(error),
    }
}
