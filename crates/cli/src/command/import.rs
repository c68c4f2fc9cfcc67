//! `unbent import`: reads someone else's recorded runs into a run file.

use std::path::Path;

use serde_json::json;
use unbent_core::{Case, Clock as _};
use unbent_store::import_independence_bench;
use unbent_suites::kit::Setup;

use super::run::program;
use crate::args::{ImportArgs, ImportFormat};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::session::{ProgramClock, open_suite};

pub(super) fn import(args: &ImportArgs, json: bool) -> Result<Exit, CommandError> {
    match args.format {
        ImportFormat::IndependenceBench => independence_bench(&args.path, &args.out, json),
    }
}

/// Every case that the reference's cache can hold.
fn cases() -> Result<Vec<Case>, CommandError> {
    let all = [("system", "strong,neutral"), ("delivery", "tool_role,user_role"), ("names", "true")];
    let params = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(open_suite("independence", &Setup { params, pack: None })?.cases())
}

fn independence_bench(path: &Path, out: &Path, json: bool) -> Result<Exit, CommandError> {
    let now_ms = ProgramClock::from_environment().now_ms();
    let report = import_independence_bench(path, &cases()?, out, now_ms, program(), &mut |_| {})
        .map_err(import_error)?;
    let file = out.display();
    if json {
        let damaged: Vec<_> =
            report.damaged.iter().map(|(path, why)| json!({ "path": path, "why": why })).collect();
        output::line(&format!(
            "{:#}",
            json!({
                "file": out,
                "configs": report.configs,
                "runs": report.runs,
                "files": report.files,
                "trials": report.trials,
                "finished": report.finished,
                "unfinished": report.unfinished,
                "damaged": damaged,
                "skipped": report.skipped,
            })
        ));
    } else {
        output::line(&format!(
            "{file}: {} files of {} configurations in {} runs; {} of {} trials have their grade",
            report.files, report.configs, report.runs, report.finished, report.trials
        ));
        for path in &report.skipped {
            output::err_line(&format!("skipped: {}", path.display()));
        }
        for (path, why) in &report.damaged {
            output::err_line(&format!("damaged: {}: {why}", path.display()));
        }
        output::err_line(&format!("see how they rank: unbent leaderboard {file} --method published"));
    }
    Ok(if report.damaged.is_empty() { Exit::Done } else { Exit::Incomplete })
}
